"""How the demonstration tells itself: a heading, a few honest sentences and the time each step took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import RenderableType

from rahdari.cli.errors import NotAsTold
from rahdari.cli.terminal import Terminal

STEPS = 8


class Story:
    """Tells the steps, and keeps what ``--json`` reports of them."""

    def __init__(self, terminal: Terminal) -> None:
        """Tell it on ``terminal``."""
        self.terminal = terminal
        self._steps: list[dict[str, object]] = []

    @contextmanager
    def step(self, number: int, title: str) -> Iterator[None]:
        """Tell one step, with the seconds that it took at its end."""
        self.terminal.heading(f"{number}/{STEPS}  {title}")
        self._steps.append({"step": number, "title": title})
        began = time.perf_counter()
        yield
        took = round(time.perf_counter() - began, 2)
        self._steps[-1]["seconds"] = took
        self.say(f"({took:.1f} s)", "")

    def say(self, *lines: RenderableType) -> None:
        """Say something."""
        self.terminal.tell(*lines)

    def note(self, **facts: object) -> None:
        """Keep facts of the step for the report."""
        self._steps[-1].update(facts)

    def require(self, *, is_true: bool, what: str) -> None:
        """Go on only if the step went as told. Raises ``NotAsTold``."""
        if not is_true:
            raise NotAsTold(f"the demonstration did not go as told: {what}; please report this")

    def end(self, home: Path) -> None:
        """Give the report under ``--json``, or a last line."""
        self.terminal.answer(
            {"demo": "as told", "home": str(home), "steps": self._steps},
            f"Everything went as told; all files are in {home}/",
            "Without --once, the demonstration ends with web pages to try it out in a browser.",
        )
