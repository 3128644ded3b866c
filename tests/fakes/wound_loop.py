"""An event loop whose clock goes as far as the next timer at once: seconds that no machine makes longer."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from typing_extensions import override

_T = TypeVar("_T")


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: where nothing is ready, the time has gone by."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.seconds += timeout
        return ready


class WoundLoop(asyncio.SelectorEventLoop):
    """Begins at 0 seconds."""

    def __init__(self) -> None:
        self._wound = _Selector()
        super().__init__(self._wound)

    @override
    def time(self) -> float:
        return self._wound.seconds


def run_wound(story: Callable[[], Awaitable[_T]]) -> _T:
    """Run a story that waits for timers alone."""
    return anyio.run(story, backend_options={"loop_factory": WoundLoop})
