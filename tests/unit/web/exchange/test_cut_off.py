"""A gateway that ends in the middle of a call, or lacks what a record is made of: it is recorded what was asked."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import NoReturn

import pytest
import structlog
from typing_extensions import override

from rahdari.app.errors import FolderFailed
from tests.unit.web.exchange.in_memory import Chain, MemoryReply
from tests.unit.web.exchange.test_chain import chain, records_of

__all__ = ["chain"]

CUT_OFF = "server.serverproxy.service_failed.network_error"
LARGE = [b"x" * 100_000] * 40


class Hanging(MemoryReply):
    """An answer that does not come to its end."""

    def __init__(
        self, under_way: asyncio.Event, parts: list[bytes], reply: MemoryReply | None = None
    ) -> None:
        super().__init__(200, [(b"content-type", b"text/plain")] if reply is None else reply.fields, parts)
        self._under_way = under_way

    @override
    async def read(self) -> bytes:
        if part := await super().read():
            return part
        self._under_way.set()
        await asyncio.Event().wait()
        raise AssertionError


async def cut(call: Awaitable[object], under_way: asyncio.Event) -> None:
    task = asyncio.ensure_future(call)
    async with asyncio.timeout(10):
        await under_way.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("parts", [[], [b"half of "], LARGE])
def test_a_provider_that_ends_before_its_system_answered_has_it_on_record(
    chain: Chain, parts: list[bytes]
) -> None:
    async def run() -> None:
        under_way = asyncio.Event()
        chain.systems.answering = lambda *_: Hanging(under_way, list(parts))
        await cut(chain.asking("/loose"), under_way)

    asyncio.run(run())
    (record,) = records_of(chain.registry_log)
    assert record.fault == CUT_OFF


@pytest.mark.parametrize("parts", [[], [b"half of "], LARGE])
def test_a_consumer_that_ends_before_it_was_answered_has_its_question_on_record(
    chain: Chain, parts: list[bytes]
) -> None:
    async def run() -> None:
        under_way = asyncio.Event()
        chain.peers.altering = lambda reply: Hanging(under_way, list(parts), reply)
        await cut(chain.asking("/loose"), under_way)

    asyncio.run(run())
    (record,) = records_of(chain.bank_log)
    assert record.fault == "server.clientproxy.service_failed.network_error"


def test_without_a_months_key_no_system_is_asked_whose_answer_says_whom_it_is_about(chain: Chain) -> None:
    keys = chain.registry.home.keys_folder / "subjects"
    keys.mkdir(parents=True, exist_ok=True)
    (keys / f"{chain.registry.clock.now():%Y-%m}.key").write_bytes(b"")
    told = chain.ask("/answer")
    assert told.error == "server.serverproxy.logging_failed"
    assert chain.systems.asked == []
    (record,) = records_of(chain.registry_log)
    assert record.fault == "server.serverproxy.logging_failed"


def test_what_cannot_be_recorded_of_an_answer_is_refused_by_a_signed_answer_and_recorded(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise FolderFailed("cannot read 2026-11.key: No space left on device")

    chain.systems.answering = lambda *_: MemoryReply(200, [(b"ndel-subject", b"35202-1")], [b"x"])
    parts = replace(chain.registry.provider._parts, subjects=fail)
    monkeypatch.setattr(chain.registry.provider, "_parts", parts)
    with structlog.testing.capture_logs() as said:
        told = chain.ask("/answer")
    assert told.error == "server.serverproxy.logging_failed"
    (record,) = records_of(chain.registry_log)
    assert record.fault == "server.serverproxy.logging_failed"
    assert record.subject is None
    assert [one["event"] for one in said if one["log_level"] == "error"] == ["not_recordable"]
