"""A gateway that is about to begin is not ended by being told to read its files anew."""

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import runpy, signal, sys
sys.argv = ["gateway", "--home", sys.argv[1]]
try:
    runpy.run_module("rahdari.web.exchange", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    print(ended.code, signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
"""


def test_the_signal_to_read_anew_is_ignored_until_there_is_what_could_be(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own interpreter with our own words
        [sys.executable, "-c", _PROGRAM, str(tmp_path)],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout.split() == ["2", "True"]
    assert "holds no gateway" in ended.stderr
