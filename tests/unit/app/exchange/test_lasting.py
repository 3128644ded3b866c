"""Work that no error ends."""

import asyncio

import structlog

from rahdari.app.exchange.lasting import keep_at


def test_what_broke_off_is_begun_anew_and_told_without_its_words() -> None:
    turns = iter(range(3))

    async def run() -> None:
        third = asyncio.Event()

        async def work() -> None:
            if next(turns) < 2:
                raise RuntimeError("a secret of whoever sent it")
            third.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(keep_at("work", work, pause_seconds=0.0))
        async with asyncio.timeout(5):
            await third.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    with structlog.testing.capture_logs() as told:
        asyncio.run(run())
    assert [(one["event"], one["work"], one["kind"]) for one in told] == [
        ("work_broke_off", "work", "RuntimeError")
    ] * 2
    assert all(one["where"].startswith("test_lasting.py:") for one in told)
    assert "secret" not in str(told)


def test_it_does_not_spin() -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        raise OSError

    async def run() -> None:
        task = asyncio.create_task(keep_at("work", work))
        for _ in range(50):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert begun == 1
