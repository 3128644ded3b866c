"""What a command says: one JSON document or plain words on stdout, everything else on stderr."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from typing_extensions import override

Document = Mapping[str, object]
Advance = Callable[[int], None]
Standing = Callable[[str, int, int], None]

# Columns between two columns of a table.
GAP = 2

# Letters of Urdu need joiners (Cf); what turns the reading direction of a whole line does not stand in a name.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Make a stranger's text harmless to a terminal: no escapes, no control characters, no turned lines."""
    return "".join(
        "\ufffd" if letter in _TURNING or unicodedata.category(letter) == "Cc" else letter for letter in text
    )


class StreamLost(OSError):
    """What was to be said could not be written: the disk behind the stream is full, or it was closed."""


@contextmanager
def _speaking() -> Iterator[None]:
    """Tell a stream that cannot be written to from everything else that may fail."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StreamLost(error.errno, error.strerror) from None


class PlainConsole(Console):
    """A console that takes every text as it stands, and leaves it to the program what a gone reader means."""

    def __init__(self, file: TextIO) -> None:
        """Write to ``file``."""
        super().__init__(file=file, highlight=False, markup=False, emoji=False)

    @override
    def on_broken_pipe(self) -> NoReturn:
        """Raise what happened instead of ending the process."""
        raise BrokenPipeError

    @override
    def print(self, *objects: object, **options: Any) -> None:
        """Write as the library does; raise ``StreamLost`` where that cannot be."""
        with _speaking():
            super().print(*objects, **options)


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
            self.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
            return
        for line in lines:
            self._out.print(Text(printable(line)) if isinstance(line, str) else line, soft_wrap=True)

    def write(self, text: str) -> None:
        """Write text as it is to stdout: a pass, a QR code."""
        with _speaking():
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
            # What is set in from the left is a command or an address: bent, it could not be copied.
            is_whole = isinstance(line, str) and line.startswith("  ")
            story.print(Text(printable(line)) if isinstance(line, str) else line, soft_wrap=is_whole)

    def draw(self, text: str) -> None:
        """Show a drawing made of characters within the story, never wrapped."""
        if not self._is_quiet:
            stream = sys.stderr if self.is_json else sys.stdout
            with _speaking():
                stream.write(text)
                stream.flush()

    def note(self, text: str, *, style: str = "") -> None:
        """Say something beside the result, on stderr; not under ``--quiet``."""
        if not self._is_quiet:
            # Where nobody can be told, what was asked for is done all the same.
            with suppress(OSError):
                self._err.print(Text(printable(text), style=style), soft_wrap=True)

    def tell_lost(self, why: str) -> None:
        """Tell on stderr that the result could not be written to stdout."""
        said = f"The answer could not be written: {why}. What the command did is done; mend where its answer goes."
        with suppress(OSError):
            self._err.print(Text(said), soft_wrap=True)

    def refuse(self, code: str, message: str, exit_code: int, details: Sequence[Document] = ()) -> None:
        """Tell a refusal: a document under ``--json``, and a sentence on stderr otherwise."""
        if self.is_json:
            told = {"code": code, "message": message, "exit_code": exit_code}
            if details:
                told["details"] = list(details)
            self.write(json.dumps({"problem": told}, ensure_ascii=False, indent=2) + "\n")
            return
        with suppress(OSError):
            self._refuse(code, message, details)

    def _refuse(self, code: str, message: str, details: Sequence[Document]) -> None:
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
        """Show a progress bar on stderr while something long goes on; call what is given with each advance.

        Where there is nothing to do, there is no bar: none for a ``total`` of 0, and where nobody knows the total
        none before the first advance.
        """
        if total == 0 or self._is_quiet or self.is_json:
            yield lambda _: None
            return
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._err,
        )
        task = bar.add_task(what, total=total)

        def advance(count: int) -> None:
            bar.start()
            bar.advance(task, count)

        try:
            if total is not None:
                bar.start()
            yield advance
        finally:
            bar.stop()

    @contextmanager
    def standing(self, *, are_bytes: bool) -> Iterator[Standing]:
        """Show on stderr how far something stands: call what is given with its name, what is done, and the whole.

        The whole may be 0 where nobody knows it, and another one when the next thing begins.
        """
        if self._is_quiet or self.is_json:
            yield _told_by_nobody
            return
        counted = DownloadColumn(binary_units=True) if are_bytes else MofNCompleteColumn()
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn(), console=self._err
        )
        task = bar.add_task("", total=None)

        def told(name: str, done: int, whole: int) -> None:
            bar.start()
            bar.update(task, description=printable(name), completed=done, total=whole or None)

        try:
            yield told
        finally:
            # A bar that never began would leave an empty line.
            if bar.live.is_started:
                bar.stop()


def _told_by_nobody(name: str, done: int, whole: int) -> None:
    """Show nothing."""
    del name, done, whole


class Listing:
    """A table that keeps ids whole: too narrow a terminal loses columns or bends sentences, never words."""

    def __init__(
        self, headings: Sequence[str], rows: Iterable[Sequence[object]], *, spare: Sequence[str] = ()
    ) -> None:
        """Take the cells, each made harmless; ``spare`` names the columns that may be left away, in that order."""
        self._headings = tuple(headings)
        self._rows = [[printable(plain_value(cell)) for cell in row] for row in rows]
        self._spare = tuple(spare)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose the columns that fit, or put them under one another, row by row."""
        for left_away in range(len(self._spare) + 1):
            gone = set(self._spare[:left_away])
            shown = [at for at, heading in enumerate(self._headings) if heading not in gone]
            least = [self._width(at, str.split) for at in shown]
            room = options.max_width - sum(least) - GAP * (len(shown) - 1)
            if room >= 0:
                yield self._table(shown, least, room)
                return
        for row in self._rows:
            yield pairs(dict(zip(self._headings, row, strict=True)))
            yield Text("")

    def _width(self, at: int, parts: Callable[[str], list[str]]) -> int:
        cells = [self._headings[at], *(row[at] for row in self._rows)]
        return max((cell_len(part) for cell in cells for part in parts(cell)), default=0)

    def _table(self, shown: Sequence[int], least: Sequence[int], room: int) -> Table:
        """Give each column what its longest word needs, and share the rest among those that want more."""
        wanted = {
            at: self._width(at, str.splitlines) - needed for at, needed in zip(shown, least, strict=True)
        }
        more = dict.fromkeys(shown, 0)
        for left, at in enumerate(sorted(wanted, key=lambda one: wanted[one])):
            more[at] = min(wanted[at], room // (len(shown) - left))
            room -= more[at]
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
        for at, needed in zip(shown, least, strict=True):
            table.add_column(self._headings[at], width=needed + more[at], overflow="fold")
        for row in self._rows:
            table.add_row(*(Text(row[at]) for at in shown))
        return table


def table_of(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, spare: Sequence[str] = ()
) -> Listing:
    """Draw a table; every cell is made harmless first. See ``Listing``."""
    return Listing(headings, rows, spare=spare)


def pairs(document: Document) -> Table:
    """Draw names and values under one another; absent values are left out."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in document.items():
        if value not in (None, "", (), [], {}):
            table.add_row(name.replace("_", " "), Text(printable(plain_value(value))))
    return table


def plain_value(value: object) -> str:
    """Write a value as people read it: yes and no, lists with commas, texts in every language."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "  ".join(plain_value(one) for one in value.values())
    if isinstance(value, list | tuple | frozenset):
        return ", ".join(plain_value(one) for one in value)
    return "" if value is None else str(value)


def count_of(number: int, one: str, many: str = "") -> str:
    """Write a number of things: 1 card, 2 cards.

    Example:
        >>> count_of(1, "card"), count_of(1000, "entry", "entries")
        ('1 card', '1,000 entries')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
