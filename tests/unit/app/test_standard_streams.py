"""A program whose standard streams were closed begins, and writes nothing meant for people into its files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from rahdari.app.standard_streams import open_standard_streams
open_standard_streams(is_answer_due={is_answer_due})
opened = os.open({path!r}, os.O_RDWR | os.O_CREAT)
assert opened > 2
sys.stderr.write("for people")
sys.stderr.flush()
failure = ""
try:
    print("an answer", flush=True)
except OSError as error:
    failure = error.strerror
os.write(opened, f"{{sys.stdin.read()}}{{failure}}".encode())
"""


def _run(path: Path, closed: str, *, is_answer_due: bool = False) -> str:
    program = PROGRAM.format(path=str(path), is_answer_due=is_answer_due)
    words = ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, program]
    subprocess.run(words, check=False, timeout=60, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603
    return path.read_text()


@pytest.mark.parametrize("closed", ["", "<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_whichever_were_closed_stand_open_on_nothing(tmp_path: Path, closed: str) -> None:
    assert _run(tmp_path / "file", closed) == ""


def test_an_answer_that_is_due_fails_where_it_cannot_go(tmp_path: Path) -> None:
    assert _run(tmp_path / "file", ">&-", is_answer_due=True) == os.strerror(9)
    assert _run(tmp_path / "other", "2>&-", is_answer_due=True) == ""
