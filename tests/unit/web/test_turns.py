"""Work that takes turns."""

import threading

import anyio
import pytest

from rahdari.web.errors import Busy
from rahdari.web.turns import Turns


def test_few_work_some_wait_and_the_others_are_told_when_to_come_back() -> None:
    may_end, working, most = threading.Event(), list[int](), list[int]()
    made, refused = list[str](), list[int]()

    def work() -> str:
        working.append(1)
        most.append(len(working))
        may_end.wait(10)
        working.pop()
        return "made"

    async def story() -> None:
        turns = Turns(2, 3, wait_seconds=7)

        async def ask() -> None:
            try:
                made.append(await turns.run(work))
            except Busy as busy:
                refused.append(busy.wait_seconds)

        async with anyio.create_task_group() as group:
            for _ in range(9):
                group.start_soon(ask)
            await anyio.sleep(0.1)
            assert refused == [7] * 4
            may_end.set()
        assert await turns.run(work) == "made"

    anyio.run(story)
    assert (made, max(most)) == (["made"] * 5, 2)


def test_whoever_fails_or_gives_up_leaves_the_turn_to_the_next() -> None:
    def fail() -> None:
        raise KeyError

    async def story() -> None:
        turns, may_end = Turns(1, 1, wait_seconds=1), threading.Event()
        for _ in range(3):
            with pytest.raises(KeyError):
                await turns.run(fail)
        async with anyio.create_task_group() as group:
            group.start_soon(turns.run, may_end.wait)
            await anyio.sleep(0.05)
            for _ in range(3):
                with anyio.move_on_after(0.02) as given_up:
                    await turns.run(may_end.wait)
                assert given_up.cancelled_caught
            may_end.set()

    anyio.run(story)
