"""Whoever ends the demonstration is heard, wherever the program is at that moment."""

import signal
import subprocess
import sys

import pytest

_PROGRAM = """
import os, signal, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
from rahdari.cli.demo.server import UntilTold, ending_in_order

def tell():
    os.kill(os.getpid(), signal.{how})

class Finalised:
    def __del__(self):
        tell()
        time.sleep(0.05)

{story}
"""

_SWALLOWED = """
try:
    with ending_in_order():
        Finalised()
        print("not heard yet", flush=True)
        time.sleep(20)
        print("never heard", flush=True)
except KeyboardInterrupt:
    print("heard", flush=True)
"""

_WINDING_DOWN = """
try:
    with ending_in_order():
        try:
            tell()
            time.sleep(20)
        finally:
            time.sleep(1.2)
            print("wound down in peace", flush=True)
except KeyboardInterrupt:
    print("heard", flush=True)
time.sleep(0.7)
"""

_STAYING = """
with ending_in_order():
    with UntilTold():
        tell()
        time.sleep(20)
    time.sleep(1.2)
    print("wound down in peace", flush=True)
"""


def _say(story: str, how: str) -> list[str]:
    program = _PROGRAM.format(how=how, story=story)
    done = subprocess.run(  # noqa: S603 - our own interpreter with our own words
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_what_a_finaliser_swallows_is_said_again(how: signal.Signals) -> None:
    assert _say(_SWALLOWED, how.name) == ["not heard yet", "heard"]


@pytest.mark.parametrize(
    ("story", "says"),
    [(_WINDING_DOWN, ["wound down in peace", "heard"]), (_STAYING, ["wound down in peace"])],
)
def test_whoever_was_heard_does_not_say_it_twice(story: str, says: list[str]) -> None:
    assert _say(story, "SIGTERM") == says
