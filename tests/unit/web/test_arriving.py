"""How long a stranger's body may take."""

from collections.abc import Mapping

import anyio
import pytest

from rahdari.web.arriving import Arriving, Pace
from rahdari.web.doorman import Doorman
from rahdari.web.errors import TooManyRequests, TooSlow
from rahdari.web.limits import Bodies
from rahdari.web.server import build_app
from rahdari.web.visit import Visit
from tests.fakes.wound_loop import run_wound
from tests.unit.web.conftest import Stage
from tests.unit.web.test_crowds import CHECKS, Call

QUICK = Pace(request_seconds=5, seconds=0.2, seconds_max=0.6, bytes_a_second=1000)


def test_bytes_buy_time_up_to_a_bound() -> None:
    pace = Pace()
    assert [pace.allow(taken) for taken in (0, 1000, 320 * 1024)] == [10, 10, 10]
    assert pace.allow(640 * 1024) == 20
    assert pace.allow(10 * 1024 * 1024) == 30


async def arrive(piece: bytes, *, every: float, pieces: int, pace: Pace | None) -> tuple[int, float]:
    """Receive pieces that come one after another; give their number and the seconds it took."""
    came, began = 0, anyio.current_time()

    async def receive() -> Mapping[str, object]:
        await anyio.sleep(every)
        return {"type": "http.request", "body": piece, "more_body": came + 1 < pieces}

    arriving = Arriving(receive, Visit("en"))  # type: ignore[arg-type]
    arriving.expect(Bodies(), pace)
    while came < pieces:
        try:
            await arriving()
        except TooSlow:
            break
        came += 1
    return came, anyio.current_time() - began


def test_a_body_that_keeps_coming_has_longer_and_one_that_trickles_has_not() -> None:
    came, seconds = run_wound(lambda: arrive(b" " * 200, every=0.05, pieces=9, pace=QUICK))
    assert came == 9, "450 ms of 4,000 bytes a second"
    assert seconds > QUICK.seconds
    came, seconds = run_wound(lambda: arrive(b" ", every=0.05, pieces=9, pace=QUICK))
    assert came < 5
    assert seconds == pytest.approx(QUICK.seconds)


def test_no_body_has_longer_than_the_bound_however_fast_it_comes() -> None:
    came, seconds = run_wound(lambda: arrive(b" " * 2000, every=0.05, pieces=100, pace=QUICK))
    assert came < 13
    assert seconds == pytest.approx(QUICK.seconds_max)


def test_whoever_is_proven_has_the_time_of_the_request() -> None:
    came, _ = run_wound(lambda: arrive(b" ", every=0.05, pieces=9, pace=None))
    assert came == 9


def test_a_body_that_is_whole_is_timed_no_more_and_neither_is_an_answer_under_way() -> None:
    async def story(visit: Visit, message: Mapping[str, object]) -> None:
        async def receive() -> Mapping[str, object]:
            await anyio.sleep(0 if not seen else 0.3)
            seen.append(1)
            return message

        seen: list[int] = []
        arriving = Arriving(receive, visit)  # type: ignore[arg-type]
        arriving.expect(Bodies(), QUICK)
        await arriving()
        await arriving()

    anyio.run(story, Visit("en"), {"type": "http.request", "body": b"{}", "more_body": False})
    anyio.run(story, Visit("en", status=200), {"type": "http.request", "body": b"", "more_body": True})
    with pytest.raises(TooSlow):
        anyio.run(story, Visit("en"), {"type": "http.request", "body": b"", "more_body": True})


def test_what_is_refused_is_not_counted_and_what_was_counted_is_given_back() -> None:
    async def story() -> None:
        async def receive() -> Mapping[str, object]:
            return {"type": "http.request", "body": b" " * 60, "more_body": True}

        bodies = Bodies(100)
        arriving = Arriving(receive, Visit("en"))  # type: ignore[arg-type]
        arriving.expect(bodies, None)
        await arriving()
        with pytest.raises(TooManyRequests):
            await arriving()
        assert bodies.held == 60
        arriving.give_back()
        arriving.give_back()
        assert bodies.held == 0

    anyio.run(story)


def test_a_stranger_whose_body_stands_still_is_sent_away_and_an_officer_is_waited_for(stage: Stage) -> None:
    inner = build_app(stage.house).doorman
    assert inner
    doorman = Doorman(stage.house, inner._inner, pace=Pace(request_seconds=1, seconds=0.2))
    stranger = Call(CHECKS, b"{", is_whole=False)
    officer = Call(CHECKS, b"{", token=stage.tokens["officer"], is_whole=False)

    async def story() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(stranger.run, doorman)
            group.start_soon(officer.run, doorman)
            await anyio.sleep(0.6)
            assert (stranger.status, officer.status) == (408, 0)

    anyio.run(story)
    assert stranger.code == "web.too_slow"
    assert (b"connection", b"close") in list(stranger.answered[0]["headers"])  # type: ignore[call-overload]
    assert officer.status == 408, "the time of the request itself"


def test_what_strangers_send_leaves_room_for_what_officers_send(stage: Stage) -> None:
    inner = build_app(stage.house).doorman
    assert inner
    doorman = Doorman(stage.house, inner._inner, bodies=Bodies(10))
    stranger = Call(CHECKS, b" " * 20)
    officer = Call(CHECKS, b" " * 20, token=stage.tokens["officer"])
    anyio.run(stranger.run, doorman)
    anyio.run(officer.run, doorman)
    assert (stranger.status, officer.status) == (429, 400)
