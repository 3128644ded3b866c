"""Our own programs as processes that start at once: forked from one that has imported them already.

A process is as separate as one of ``python -m``: other memory, signals, a standard output of its own. What it lacks
is seconds of imports, dozens of times. That the programs start by ``python -m`` too has tests of its own.
"""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Self, TextIO

GATEWAY = "rahdari.web.exchange"
_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["rahdari.web.__main__", "rahdari.web.exchange.__main__", "rahdari.cli"])


class Program:
    """A running program, handled as a ``subprocess.Popen`` is; ``stdout``, or ``stderr`` of a gateway, is text."""

    def __init__(self, *words: object, environment: Mapping[str, str] | None = None) -> None:
        """Start ``python -m`` with these words: a program of ours, and what it is told."""
        reading, writing = _NURSERY.Pipe(duplex=False)
        told = [str(word) for word in words]
        known = dict(os.environ if environment is None else environment)
        self._process: ForkServerProcess = _NURSERY.Process(
            target=_run, args=(told, known, writing), daemon=True
        )
        self._process.start()
        writing.close()
        self._said: TextIO = os.fdopen(os.dup(reading.fileno()), encoding="utf-8")
        reading.close()
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def stdout(self) -> TextIO:
        """What it says."""
        return self._said

    @property
    def stderr(self) -> TextIO:
        """What it says, where it is a gateway."""
        return self._said

    def send_signal(self, which: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, which)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Tell how it ended; None while it runs."""
        return self._process.exitcode

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and tell how.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        self._process.join(timeout)
        ended = self.poll()
        if ended is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._said.close()
        self.wait()


def _run(words: list[str], environment: dict[str, str], writing: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(writing.fileno(), 2 if words[0] == GATEWAY else 1)
    writing.close()
    raise SystemExit(_program(words))


def _program(words: list[str]) -> int:
    if words[0] == "rahdari.web":
        from rahdari.web.__main__ import main  # noqa: PLC0415  # imported where it runs, not where it is asked for

        return main(words[1:])
    if words[0] == GATEWAY:
        from rahdari.web.exchange.__main__ import main as serve_gateway  # noqa: PLC0415

        return serve_gateway(words[1:])
    from rahdari.cli import run  # noqa: PLC0415

    return run(words[1:])
