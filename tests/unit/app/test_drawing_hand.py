"""What draws runs in a process of its own, and one picture that does not end is given up."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from rahdari.app.charts import ChartDrawer
from rahdari.app.charts.chart import chart
from rahdari.app.charts.drawing_hand import DrawingHand
from rahdari.app.errors import ChartFailed


def _script(folder: Path, body: str) -> Path:
    """Write a process that answers ``request`` as ``body`` says."""
    path = folder / "process.py"
    path.write_text(
        "import sys, time\n"
        "def say(raw):\n"
        "    sys.stdout.buffer.write(raw); sys.stdout.buffer.flush()\n"
        "for request in sys.stdin.buffer:\n"
        f"    {body}\n",
        encoding="utf-8",
    )
    return path


def test_a_picture_that_does_not_end_is_given_up_and_the_next_one_is_drawn(tmp_path: Path) -> None:
    body = "time.sleep(60) if b'slow' in request else say(b'ok 2\\nhi')"
    hand = DrawingHand(seconds_max=1.0, script=_script(tmp_path, body))
    began = time.monotonic()
    with pytest.raises(ChartFailed, match="longer than 1 seconds"):
        hand.ask({"do": "slow"})
    assert time.monotonic() - began < 20
    patient = DrawingHand(seconds_max=30.0, script=_script(tmp_path, body))
    assert patient.ask({"do": "quick"}) == b"hi"


def test_a_process_that_is_given_up_is_killed_and_gone(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    body = f"import os; open({str(left)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    hand = DrawingHand(seconds_max=1.5, script=_script(tmp_path, body))
    with pytest.raises(ChartFailed, match="given up"):
        hand.ask({"do": "slow"})
    with pytest.raises(ProcessLookupError):
        os.kill(int(left.read_text()), 0)


def test_a_process_that_reads_no_request_is_given_up_though_the_pipe_is_full(tmp_path: Path) -> None:
    script = tmp_path / "deaf.py"
    script.write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    hand = DrawingHand(seconds_max=0.5, script=script)
    began = time.monotonic()
    with pytest.raises(ChartFailed, match="given up"):
        hand.ask({"spec": "x" * 4_000_000})
    assert time.monotonic() - began < 15


def test_an_answer_that_stops_in_its_middle_is_given_up(tmp_path: Path) -> None:
    hand = DrawingHand(seconds_max=1.0, script=_script(tmp_path, "say(b'ok 9\\nhal'); time.sleep(60)"))
    with pytest.raises(ChartFailed, match="given up"):
        hand.ask({})


def test_after_it_was_given_up_the_same_hand_draws_again(tmp_path: Path) -> None:
    body = "sys.exit() if b'slow' in request else say(b'ok 2\\nhi')"
    hand = DrawingHand(seconds_max=30.0, script=_script(tmp_path, body))
    with pytest.raises(ChartFailed, match="has ended"):
        hand.ask({"do": "slow"})
    assert hand.ask({"do": "quick"}) == b"hi"


def test_a_process_that_was_killed_is_started_anew(tmp_path: Path) -> None:
    hand = DrawingHand(script=_script(tmp_path, "import os; say(b'ok 8\\n%8d' % os.getpid())"))
    first = int(hand.ask({}))
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if int(hand.ask({})) != first:
                return
        except ChartFailed:
            continue
    pytest.fail("no new process was started")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("say(b'failed 7\\nno mark')", "no mark"),
        ("say(b'x' * 100)", "answers something else"),
        ("say(b'ok many\\n')", "above"),
        ("say(b'ok 99999999999\\n')", "above"),
        ("sys.exit(3)", "has ended"),
    ],
)
def test_whatever_else_is_answered_is_a_failure_with_its_reason(tmp_path: Path, body: str, what: str) -> None:
    hand = DrawingHand(seconds_max=30.0, script=_script(tmp_path, body))
    with pytest.raises(ChartFailed, match=what):
        hand.ask({})


def test_no_process_at_all_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ChartFailed, match="no process"):
        DrawingHand().ask({})


def test_a_drawn_chart_has_one_name_for_those_who_do_not_see_it() -> None:
    made = chart("one", "Two bars: 1 and 2.", {"data": {"values": [{"x": 1}, {"x": 2}]}, "mark": "bar",
                 "encoding": {"x": {"field": "x", "type": "quantitative"}}})  # fmt: skip
    svg = ChartDrawer().svg(made)
    assert 'role="img" aria-label="Two bars: 1 and 2."' in svg
    assert "<title>Two bars: 1 and 2.</title>" in svg
    assert "graphics-" not in svg
    assert "aria-roledescription" not in svg
