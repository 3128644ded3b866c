"""Receipts: owed, batched, put back, and taken only for the answer they are for."""

import asyncio
from threading import current_thread, main_thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.app.exchange.receipts import (
    BATCH_MAX,
    LOOKED_UP,
    LOOKED_UP_MAX,
    QUEUED_MAX,
    REMEMBERED_MAX,
    OwedReceipts,
    ReceiptDesk,
    read_batch,
    write_batch,
)
from rahdari.exchange import CallRefused, Receipt
from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import SignatureFields, sign_receipt
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.parties_as_json import keyid_of
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ReceiptRecord
from tests.fakes.clock import WoundClock
from tests.fakes.evidence_log import MemoryLog
from tests.unit.exchange.exchange_scene import AT, BANK, BANK_KEY, CERTIFICATE, REGISTRY, Scene, scene

CERTIFICATE_OF_REGISTRY = b"certificate of PK/GOV/1001"


def gateway_of(made: Scene, *, is_bank: bool = True) -> Gateway:
    return made.directory.gateways_of((BANK if is_bank else REGISTRY).member)[0]


def receipt(number: int) -> Receipt:
    return Receipt(f"id-{number}", SignatureFields("sig1=()", f"sig1=:{number}:"))


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_a_batch_is_read_as_it_was_written(words: list[str]) -> None:
    batch = [Receipt(word, SignatureFields(word, word)) for word in words]
    # Line ends of other scripts are escaped or kept within a line.
    assert read_batch(write_batch(batch)) == batch


@pytest.mark.parametrize(
    "raw",
    [b"x", b"{}", b"[]\n", b"\n\n", b'{"request_id":"","signature_input":"a","signature":"b"}', b"\xff"],
)
def test_what_is_no_batch_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_batch(raw)


def test_a_batch_has_an_end() -> None:
    with pytest.raises(MalformedInput, match="at most"):
        read_batch(write_batch(receipt(one) for one in range(BATCH_MAX + 1)))


def test_receipts_are_taken_in_order_and_put_back_in_front() -> None:
    owed, gateway = OwedReceipts(), gateway_of(scene())
    for number in range(BATCH_MAX + 10):
        owed.owe(gateway, receipt(number))
    first = owed.take(gateway.id)
    assert [one.request_id for one in read_batch(b"".join(first[:2]))] == ["id-0", "id-1"]
    assert (len(first), len(owed)) == (BATCH_MAX, 10)
    owed.put_back(gateway.id, first)
    assert owed.take(gateway.id) == first
    assert owed.owed_to() == [gateway.id]
    assert len(owed.take(gateway.id)) == 10
    assert owed.owed_to() == []


def test_a_gateway_that_is_away_for_long_costs_bounded_memory() -> None:
    owed, gateway = OwedReceipts(), gateway_of(scene())
    for number in range(QUEUED_MAX + 5):
        owed.owe(gateway, receipt(number))
    assert (len(owed), owed.dropped) == (QUEUED_MAX, 5)
    assert read_batch(owed.take(gateway.id)[0])[0].request_id == "id-5"


class TestDesk:
    @pytest.fixture
    def made(self) -> Scene:
        return scene()

    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()

    @pytest.fixture
    def desk(self, made: Scene, log: MemoryLog) -> ReceiptDesk:
        return ReceiptDesk(log, lambda: made.directory, clock=WoundClock(AT), find=log.find)

    def signed(self, made: Scene, request_id: str = "id-1", over: bytes = bytes(64)) -> bytes:
        signed = sign_receipt(
            over, BANK_KEY, keyid=keyid_of(BANK_KEY.public), nonce=request_id, created=int(AT.timestamp())
        )
        return write_batch([Receipt(request_id, signed)])

    def take(self, desk: ReceiptDesk, raw: bytes, certificate: bytes | None) -> tuple[int, int]:
        async def take() -> tuple[int, int]:
            taken = await desk.take(raw, certificate)
            return taken.logged, taken.refused

        return asyncio.run(take())

    def test_a_receipt_is_logged_once(self, made: Scene, log: MemoryLog, desk: ReceiptDesk) -> None:
        desk.await_receipt("id-1", bytes(64), gateway_of(made))
        certificate = CERTIFICATE
        assert self.take(desk, self.signed(made), certificate) == (1, 0)
        assert self.take(desk, self.signed(made), certificate) == (0, 1)
        (record,) = [read_entry(raw) for raw, _ in log.records]
        assert isinstance(record, ReceiptRecord)
        assert (record.request_id, record.receipt.keyid) == ("id-1", keyid_of(BANK_KEY.public))

    @pytest.mark.parametrize("over", [bytes(63) + b"1", bytes(32)])
    def test_one_over_another_answer_is_not(
        self, made: Scene, log: MemoryLog, desk: ReceiptDesk, over: bytes
    ) -> None:
        desk.await_receipt("id-1", bytes(64), gateway_of(made))
        assert self.take(desk, self.signed(made, over=over), CERTIFICATE) == (0, 1)
        assert not log.records

    def test_one_of_another_gateway_is_not(self, made: Scene, desk: ReceiptDesk) -> None:
        desk.await_receipt("id-1", bytes(64), gateway_of(made, is_bank=False))
        assert self.take(desk, self.signed(made), CERTIFICATE) == (0, 1)

    @pytest.mark.parametrize("certificate", [None, b"", b"unknown"])
    def test_a_stranger_is_refused(self, made: Scene, desk: ReceiptDesk, certificate: bytes | None) -> None:
        with pytest.raises(CallRefused) as refused:
            asyncio.run(desk.take(self.signed(made), certificate))
        assert refused.value.status == 403

    def test_after_a_restart_the_answer_is_found_in_the_log(
        self, made: Scene, log: MemoryLog, desk: ReceiptDesk
    ) -> None:
        outgoing = made.ask()
        answered = made.answer(outgoing)
        log.records.append((answered.record, b""))
        batch = self.signed(made, outgoing.route.request_id, answered.response_signature)
        assert self.take(desk, batch, CERTIFICATE) == (1, 0)
        assert self.take(desk, batch, CERTIFICATE) == (0, 1)

    @pytest.mark.parametrize(
        ("round_ms", "rounds"),
        [
            # A receipt takes a tenth of a millisecond, and a turn of an idle loop three: a call comes between.
            (0.0, (64, 90)),
            # Where the calls of a round take 20 ms, receipts take a fifth of the time: five.
            (20.0, (5, 7)),
            # However long a round is, the calls of the next one wait no longer than 10 ms.
            (1000.0, (3, 4)),
        ],
    )
    def test_a_large_batch_lets_calls_through_and_keeps_pace_with_them(
        self, made: Scene, round_ms: float, rounds: tuple[int, int]
    ) -> None:
        milliseconds, turns = 0.0, 0

        def tick() -> float:
            nonlocal milliseconds
            milliseconds += 0.1
            return milliseconds / 1000

        async def answer_calls() -> None:
            nonlocal milliseconds, turns
            while True:
                turns += 1
                milliseconds += round_ms
                await asyncio.sleep(0)

        async def take() -> None:
            calls = asyncio.create_task(answer_calls())
            await desk.take(write_batch(receipt(one) for one in range(BATCH_MAX)), CERTIFICATE)
            calls.cancel()

        desk = ReceiptDesk(MemoryLog(), lambda: made.directory, clock=WoundClock(AT), tick=tick)
        for number in range(BATCH_MAX):
            desk.await_receipt(f"id-{number}", bytes(64), gateway_of(made))
        asyncio.run(take())
        assert rounds[0] <= turns <= rounds[1]

    def test_of_many_batches_one_is_taken_at_a_time_and_no_sender_waits_for_all_of_anothers(
        self, made: Scene
    ) -> None:
        ended: list[str] = []
        busy = ReceiptDesk(MemoryLog(), lambda: made.directory, clock=WoundClock(AT))
        batch = write_batch(receipt(one) for one in range(BATCH_MAX))
        for number in range(BATCH_MAX):
            busy.await_receipt(f"id-{number}", bytes(64), gateway_of(made))

        async def take(certificate: bytes, name: str) -> None:
            await busy.take(batch, certificate)
            ended.append(name)

        async def story() -> None:
            many = [take(CERTIFICATE, "many") for _ in range(5)]
            await asyncio.gather(*many, take(CERTIFICATE_OF_REGISTRY, "one"))

        asyncio.run(story())
        assert ended.index("one") <= 1

    def test_looking_up_has_an_end(self, made: Scene, desk: ReceiptDesk) -> None:
        asked: list[str] = []

        def find(request_id: str) -> list[bytes]:
            asked.append(request_id)
            return []

        busy = ReceiptDesk(MemoryLog(), lambda: made.directory, clock=WoundClock(AT), find=find)
        batch = write_batch(receipt(one) for one in range(BATCH_MAX))
        assert self.take(busy, batch, CERTIFICATE) == (0, BATCH_MAX)
        assert len(asked) == LOOKED_UP_MAX

    def test_another_member_takes_nobodys_receipt_away(
        self, made: Scene, log: MemoryLog, desk: ReceiptDesk
    ) -> None:
        """A known id in another's batch: the answer is awaited of whoever asked, and of nobody else."""
        outgoing = made.ask()
        answered = made.answer(outgoing)
        log.records.append((answered.record, b""))
        batch = self.signed(made, outgoing.route.request_id, answered.response_signature)
        assert self.take(desk, batch, CERTIFICATE_OF_REGISTRY) == (0, 1)
        assert self.take(desk, batch, CERTIFICATE) == (1, 0)

    def test_a_member_looks_up_so_many_a_second_and_keeps_nobody_else_waiting(self, made: Scene) -> None:
        asked: list[str] = []
        tick = 0.0

        def find(request_id: str) -> list[bytes]:
            assert current_thread() is not main_thread(), "files are read beside the loop"
            asked.append(request_id)
            return []

        busy = ReceiptDesk(
            MemoryLog(), lambda: made.directory, clock=WoundClock(AT), find=find, tick=lambda: tick
        )
        for _ in range(5):
            self.take(busy, write_batch(receipt(one) for one in range(BATCH_MAX)), CERTIFICATE)
        assert len(asked) == LOOKED_UP_MAX
        self.take(busy, write_batch([receipt(1)]), CERTIFICATE_OF_REGISTRY)
        assert len(asked) == LOOKED_UP_MAX + 1
        tick += 1.0
        self.take(busy, write_batch(receipt(one) for one in range(BATCH_MAX)), CERTIFICATE)
        assert len(asked) == LOOKED_UP_MAX + 1 + LOOKED_UP.per_second

    def test_what_is_awaited_is_bounded(self, made: Scene, desk: ReceiptDesk) -> None:
        for number in range(REMEMBERED_MAX + 1):
            desk.await_receipt(f"id-{number}", bytes(64), gateway_of(made))
        assert self.take(desk, self.signed(made, "id-0"), CERTIFICATE) == (0, 1)
        assert self.take(desk, self.signed(made, "id-1"), CERTIFICATE) == (1, 0)
