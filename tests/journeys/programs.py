"""The command line as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENDING_SECONDS_MAX = 30


@contextmanager
def started(*words: object, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the command line as a real process; afterwards it is gone."""
    # Whoever runs these tests under nohup has SIGHUP ignored, and so would what they start.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "rahdari", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            # Whoever does not end says where it stands (exit_code_of).
            env=os.environ | {"COLUMNS": "100", "PYTHONFAULTHANDLER": "1"},
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def exit_code_of(process: subprocess.Popen[str]) -> int:
    """Give the exit code of a process that was told to end."""
    try:
        return process.wait(ENDING_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        _, said = process.communicate()
        raise AssertionError(f"not ended after {ENDING_SECONDS_MAX} s: {said[-4000:]}") from None
