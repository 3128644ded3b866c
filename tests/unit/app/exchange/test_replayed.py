"""What the log knows of requests is found around a time, in a log of any size."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rahdari.app.exchange import replayed
from rahdari.app.exchange.replayed import answered_around, find_first, time_of
from rahdari.wire.ndel.record_bytes import encode_entry, read_entry
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role, SignatureMark
from tests.unit.exchange.exchange_scene import AT, scene


class Shelf:
    """A log that is only read."""

    def __init__(self, entries: list[bytes]) -> None:
        self._entries = entries
        self.read = 0

    @property
    def size(self) -> int:
        return len(self._entries)

    def entry(self, index: int) -> bytes:
        self.read += 1
        return self._entries[index]

    def iterate(self, start: int = 0) -> list[tuple[int, bytes]]:
        return list(enumerate(self._entries))[start:]


def record(number: int, *, ended: int, role: Role = Role.PROVIDER) -> bytes:
    made = scene()
    read = read_entry(made.answer(made.ask()).record)
    assert isinstance(read, ExchangeRecord)
    return encode_entry(replace(read, request_id=f"id-{number}", began=ended, ended=ended, role=role))


_SAMPLE = read_entry(record(0, ended=0))
MINUTE = 60_000
NOW = int(AT.timestamp() * 1000)


def entry(number: int, ended: int, role: Role = Role.PROVIDER) -> bytes:
    assert isinstance(_SAMPLE, ExchangeRecord)
    return encode_entry(replace(_SAMPLE, request_id=f"id-{number}", began=ended, ended=ended, role=role))


def test_those_whose_signatures_could_be_believed_are_told() -> None:
    minutes = [*range(-60, 60)]
    shelf = Shelf([entry(one, NOW + one * MINUTE) for one in minutes])
    told = {request for request, _ in answered_around(shelf, AT)}  # type: ignore[arg-type]
    # Believed are signatures of three minutes before and two after; records may be out of their order.
    assert {f"id-{one}" for one in range(-5, 6)} <= told
    assert "id--60" not in told or len(minutes) < replayed._STEPS_MAX
    assert "id-59" not in told


def test_our_own_questions_and_receipts_are_no_answers() -> None:
    mark = SignatureMark("()", "key", bytes(64))
    receipt = encode_entry(ReceiptRecord("id-9", NOW, mark))
    shelf = Shelf([entry(1, NOW), receipt, entry(2, NOW, Role.CONSUMER)])
    assert [request for request, _ in answered_around(shelf, AT)] == ["id-1"]  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(0, 10_000))
def test_nothing_young_enough_is_left_out(times: list[int], limit: int) -> None:
    ordered = sorted(times)
    entries = [entry(number, time) for number, time in enumerate(ordered)]
    first = find_first(entries.__getitem__, len(entries), limit)
    assert all(time < limit for time in ordered[:first])


def test_a_large_log_is_halved_not_read() -> None:
    reads = 0

    def read(index: int) -> bytes:
        nonlocal reads
        reads += 1
        return entry(index, index)

    assert 500_000 - replayed._STEPS_MAX <= find_first(read, 1_000_000, 500_000) <= 500_000
    assert reads < 50


def test_a_receipt_has_a_time_too() -> None:
    assert time_of(encode_entry(ReceiptRecord("id", 5, SignatureMark("()", "key", bytes(64))))) == 5
