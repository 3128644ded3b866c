"""What a command says: one JSON document or plain words on stdout, everything else on stderr."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn, TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from typing_extensions import override

Document = Mapping[str, object]
Advance = Callable[[int], None]

# Letters of Urdu need joiners (Cf); what turns the reading direction of a whole line does not stand in a name.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Make a stranger's text harmless to a terminal: no escapes, no control characters, no turned lines."""
    return "".join(
        "\ufffd" if letter in _TURNING or unicodedata.category(letter) == "Cc" else letter for letter in text
    )


class PlainConsole(Console):
    """A console that takes every text as it stands, and leaves it to the program what a gone reader means."""

    def __init__(self, file: TextIO) -> None:
        """Write to ``file``."""
        super().__init__(file=file, highlight=False, markup=False, emoji=False)

    @override
    def on_broken_pipe(self) -> NoReturn:
        """Raise what happened instead of ending the process."""
        raise BrokenPipeError


class Terminal:
    """Where a command speaks. Each command calls ``answer`` once, at its end."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        """Speak on the process's own streams, as they are now."""
        self.is_json = is_json
        self._is_quiet = is_quiet
        self._out = PlainConsole(sys.stdout)
        self._err = PlainConsole(sys.stderr)

    def tune(self, *, is_json: bool, is_quiet: bool) -> None:
        """Speak as the parsed options say; before that, mistakes are told by what was typed."""
        self.is_json, self._is_quiet = is_json, is_quiet

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return self._out.width

    def answer(self, document: Document, *lines: RenderableType) -> None:
        """Give the command's result: ``document`` under ``--json``, else ``lines``."""
        if self.is_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
            return
        for line in lines:
            self._out.print(Text(printable(line)) if isinstance(line, str) else line, soft_wrap=True)

    def write(self, text: str) -> None:
        """Write text as it is to stdout: a pass, a QR code."""
        sys.stdout.write(text)

    def heading(self, text: str) -> None:
        """Begin a part of a long command's story; the story is on stdout, under ``--json`` on stderr."""
        self.tell(Rule(Text(text, style="bold"), align="left"))

    def tell(self, *lines: RenderableType) -> None:
        """Go on with the story; not under ``--quiet``."""
        if self._is_quiet:
            return
        story = self._err if self.is_json else self._out
        for line in lines:
            story.print(Text(printable(line)) if isinstance(line, str) else line)

    def draw(self, text: str) -> None:
        """Show a drawing made of characters within the story, never wrapped."""
        if not self._is_quiet:
            stream = sys.stderr if self.is_json else sys.stdout
            stream.write(text)
            stream.flush()

    def note(self, text: str, *, style: str = "") -> None:
        """Say something beside the result, on stderr; not under ``--quiet``."""
        if not self._is_quiet:
            self._err.print(Text(printable(text), style=style), soft_wrap=True)

    def refuse(self, code: str, message: str, exit_code: int, details: Sequence[Document] = ()) -> None:
        """Tell a refusal: a document under ``--json``, and a sentence on stderr otherwise."""
        if self.is_json:
            told = {"code": code, "message": message, "exit_code": exit_code}
            if details:
                told["details"] = list(details)
            sys.stdout.write(json.dumps({"problem": told}, ensure_ascii=False, indent=2) + "\n")
            return
        self._err.print(
            Text.assemble(("Not done: ", "bold red"), printable(message), (f"  [{code}]", "dim")),
            soft_wrap=True,
        )
        if details:
            self._err.print(
                table_of([*details[0]], ([str(cell) for cell in row.values()] for row in details))
            )

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator[Advance]:
        """Show a progress bar on stderr while something long goes on; call what is given with each advance."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._err,
            disable=self._is_quiet or self.is_json,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda count: bar.advance(task, count)


def table_of(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Draw a table; every cell is made harmless first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    return table


def pairs(document: Document) -> Table:
    """Draw names and values under one another; absent values are left out."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in document.items():
        if value not in (None, "", (), [], {}):
            table.add_row(name.replace("_", " "), Text(printable(_plain(value))))
    return table


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "  ".join(f"{_plain(one)}" for one in value.values())
    if isinstance(value, list | tuple | frozenset):
        return ", ".join(_plain(one) for one in value)
    return str(value)
