"""One line of JSON for each request, without personal data: no address, no query, no body, no header.

No line stops what it tells of: where it cannot be written (a full disk, a pipe that nobody reads, a terminal that
was stopped), it is counted, and told as lost once lines can be written again.
"""

import os
import select
import threading
import traceback
from typing import Final

import structlog

from rahdari.wire import strict_json

STANDARD_OUTPUT: Final = 1
# A reader who is slow is waited for so long, once; until lines go through again, no longer.
_PATIENCE_MS: Final = 50
# What a pipe that can be written to takes without waiting (pipe(7), PIPE_BUF).
_AT_ONCE_BYTES: Final = select.PIPE_BUF

_LOG = structlog.get_logger("rahdari.web")


class Lines:
    """Writes whole lines to a descriptor, one by one: never fails, never waits for long. Threads may share it."""

    def __init__(self, descriptor: int = STANDARD_OUTPUT) -> None:
        """Write to ``descriptor``, without a buffer: a line is read at once, also through a pipe."""
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._lock = threading.Lock()
        self._is_cut = False
        self._untold = 0
        self.lost = 0

    def msg(self, line: str) -> None:
        """Write a line, or count it as lost."""
        with self._lock:
            try:
                if self._untold:
                    self._put(
                        strict_json.encode({"event": "lines_lost", "level": "error", "lines": self._untold})
                    )
                    self._untold = 0
                self._put(line.encode("utf-8", "backslashreplace"))
            except OSError:
                self.lost += 1
                self._untold += 1

    debug = info = warning = error = critical = msg

    def _put(self, line: bytes) -> None:
        # What stands of a line that could not be written to its end is a line by itself.
        left = memoryview(b"\n%s\n" % line if self._is_cut else b"%s\n" % line)
        size = len(left)
        try:
            while left:
                if not self._room.poll(0 if self._untold else _PATIENCE_MS):
                    raise BlockingIOError
                left = left[os.write(self._descriptor, left[:_AT_ONCE_BYTES]) :]
        finally:
            self._is_cut = bool(left) and (self._is_cut or len(left) < size)


_LINES: Final = Lines()


def lines_lost() -> int:
    """Count the lines of this process that could not be written."""
    return _LINES.lost


def configure() -> None:
    """Write JSON lines to the standard output, from now on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: _LINES,
        cache_logger_on_first_use=True,
    )


def note_serving(address: str) -> None:
    """Note where the server listens; with port 0 nobody else knows."""
    _LOG.info("serving", address=address)


def note_request(*, method: str, route: str, status: int, seconds: float, principal: str | None) -> None:
    """Note one request. ``route`` is the template (``/api/v1/cards/{number}``), never the path itself."""
    milliseconds = round(seconds * 1000, 1)
    _LOG.info(
        "request", method=method, route=route, status=status, milliseconds=milliseconds, principal=principal
    )


def note_broken(error: BaseException) -> None:
    """Note what broke here and where; the error's own words may quote what was sent, so they stay out."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    _LOG.error("broken", kind=type(error).__name__, where=where)
