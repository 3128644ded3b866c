"""Calls of a member's own systems: limited, and left alone where they keep failing."""

import asyncio
from pathlib import Path

import pytest

from rahdari.exchange import Admitted, CallRefused
from rahdari.web.exchange.bodies import EMPTY
from rahdari.web.exchange.systems import Systems
from tests.unit.web.exchange.in_memory import make_chain

pytestmark = pytest.mark.loopback


@pytest.fixture
def admitted(tmp_path: Path) -> Admitted:
    """A call of a service that nobody answers (port 1)."""
    chain = make_chain(tmp_path)
    chain.ask("/loose")
    return chain.systems.asked[0]


class Time:
    """Seconds that a test winds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(systems: Systems, admitted: Admitted) -> CallRefused:
    with pytest.raises(CallRefused) as refused:
        asyncio.run(systems.ask(admitted, EMPTY))
    return refused.value


def test_a_system_that_keeps_failing_is_left_alone_from_its_last_failure_on(admitted: Admitted) -> None:
    time = Time()
    systems = Systems(time)
    for _ in range(5):
        time.now += 100.0
        assert failing(systems, admitted).status == 500
    assert systems.states() == {str(admitted.service.id): "open"}
    refused = failing(systems, admitted)
    assert (refused.status, refused.retry_after) == (503, 10)
    time.now += 10.0
    assert failing(systems, admitted).status == 500, "one may try"
    assert failing(systems, admitted).retry_after == 20


def test_an_answer_that_broke_off_is_a_failure_and_a_whole_one_none(admitted: Admitted) -> None:
    systems = Systems(Time())
    for _ in range(4):
        failing(systems, admitted)
    systems._under_way[admitted.service.id] = 2
    systems.leave(admitted.service, is_whole=False)
    assert systems.states() == {str(admitted.service.id): "open"}
    systems.leave(admitted.service, is_whole=True)
    assert systems.states() == {str(admitted.service.id): "closed"}
    assert systems._under_way[admitted.service.id] == 0


def test_a_busy_system_is_not_asked_more(admitted: Admitted) -> None:
    systems = Systems(Time())
    systems._under_way[admitted.service.id] = admitted.service.concurrent_max
    refused = failing(systems, admitted)
    assert (refused.status, refused.retry_after) == (503, 1)
