"""The hand that draws: a process of its own, asked one picture at a time, ended where it takes too long."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from rahdari.app.errors import ChartFailed

# A chart of 20,000 marks takes some 4 seconds on a slow machine, starting the process 1; what takes ten times that
# will not end.
SECONDS_MAX: Final = 40.0
# A drawn chart has 5 to 300 kB, a product space 2 MB, a large PNG 10.
PICTURE_BYTES_MAX: Final = 64 * 1024 * 1024
_HEAD_BYTES_MAX: Final = 64
_SCRIPT: Final = Path(__file__).with_name("drawing_process.py")
_FONTS: Final = Path(__file__).parents[1] / "cards" / "fonts"


class DrawingHand:
    """Asks a process for pictures, one at a time; threads may share one. The process starts with the first picture.

    The library that draws holds its interpreter while it does, so that nothing within it could end it; from outside
    it can be ended. After that, the next picture starts a new process.
    """

    def __init__(self, *, seconds_max: float = SECONDS_MAX, script: Path = _SCRIPT) -> None:
        """Start nothing yet."""
        self._seconds_max, self._script = seconds_max, script
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def ask(self, request: Mapping[str, object]) -> bytes:
        """Give the picture of one request (see ``drawing_process``).

        Raises:
            ChartFailed: the library refuses it, it takes longer than ``seconds_max``, or its process ended.
        """
        line = json.dumps(request, ensure_ascii=True).encode() + b"\n"
        with self._lock:
            process = self._running()
            try:
                status, body = self._talk(process, line)
            except BaseException:
                # Half an answer in the pipe would be taken for the next picture's.
                self._end()
                raise
        if status != b"ok":
            raise ChartFailed(f"the chart cannot be drawn: {body.decode('utf-8', 'replace')}")
        return body

    def _running(self) -> "subprocess.Popen[bytes]":
        process = self._process
        # A child of ours is no child of a fork of ours.
        if process is not None and self._owner == os.getpid() and process.poll() is None:
            return process
        try:
            # Isolated: nothing of the caller's folder or settings is imported.
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own file, no shell
                [sys.executable, "-I", str(self._script), str(_FONTS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Raw pipes: what waits in a buffer would be written at the end, to a process that reads no more.
                bufsize=0,
            )
        except OSError as error:
            raise ChartFailed(f"the chart cannot be drawn: no process for it: {error.strerror}") from None
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        self._process, self._owner = process, os.getpid()
        weakref.finalize(self, _close, process, self._owner)
        return process

    def _talk(self, process: "subprocess.Popen[bytes]", line: bytes) -> tuple[bytes, bytes]:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("a drawing process has both its pipes")
        deadline = time.monotonic() + self._seconds_max
        self._write(process.stdin.fileno(), line, deadline)
        came = b""
        while b"\n" not in came:
            came += self._more(process.stdout.fileno(), deadline)
            if len(came) > _HEAD_BYTES_MAX and b"\n" not in came[:_HEAD_BYTES_MAX]:
                raise ChartFailed("the chart cannot be drawn: the process that draws answers something else")
        head, _, body = came.partition(b"\n")
        status, _, size = head.partition(b" ")
        wanted = int(size) if size.isdigit() else PICTURE_BYTES_MAX + 1
        if wanted > PICTURE_BYTES_MAX:
            raise ChartFailed(f"the chart cannot be drawn: a picture above {PICTURE_BYTES_MAX} bytes")
        parts = [body]
        missing = wanted - len(body)
        while missing > 0:
            parts.append(self._more(process.stdout.fileno(), deadline))
            missing -= len(parts[-1])
        return status, b"".join(parts)

    def _write(self, pipe: int, line: bytes, deadline: float) -> None:
        """Hand the request over; a process that does not read is given up like one that does not answer."""
        rest = memoryview(line)
        while rest:
            self._wait(pipe, selectors.EVENT_WRITE, deadline)
            try:
                rest = rest[os.write(pipe, rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise ChartFailed("the chart cannot be drawn: the process that draws has ended") from None

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            if left <= 0 or not selector.select(left):
                raise ChartFailed(
                    f"the chart took longer than {self._seconds_max:g} seconds and was given up; draw fewer marks"
                )

    def _more(self, pipe: int, deadline: float) -> bytes:
        self._wait(pipe, selectors.EVENT_READ, deadline)
        came = os.read(pipe, 1 << 16)
        if not came:
            raise ChartFailed("the chart cannot be drawn: the process that draws has ended")
        return came

    def _end(self) -> None:
        if self._process is not None:
            _close(self._process, self._owner, is_patient=False)
            self._process = None


def _close(process: "subprocess.Popen[bytes]", owner: int, *, is_patient: bool = True) -> None:
    """End a process: by the end of its input, and where that does not help, or at once, by a signal."""
    if owner != os.getpid():
        return
    if not is_patient:
        process.kill()
    with contextlib.suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        # Nothing can refuse the signal; a machine under load may still take its time.
        process.wait(timeout=2.0 if is_patient else 20.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
