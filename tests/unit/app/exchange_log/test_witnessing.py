"""A witness cosigns one history of a log, whatever happens to it; a log has its checkpoints cosigned."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rahdari.app.exchange.posting import NotAnswered, Posted
from rahdari.app.exchange.witnessing import SPLITS_KEPT_MAX, WitnessCalls, proving
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.tlog import (
    ADDITION_BYTES_MAX,
    Addition,
    Checkpoint,
    Note,
    TreeHead,
    WitnessRefused,
    encode_cosignatures,
    encode_size,
    prove_consistency,
    read_cosignatures,
    read_note,
    sign_checkpoint,
    verify_line,
)
from tests.fakes.clock import WoundClock
from tests.unit.app.exchange_log.log_scene import ORIGIN, SIGNERS, Place, opened, put, records
from tests.unit.app.exchange_log.vouching_scene import BANK_KEYS, BANK_SIGNERS, WITNESS, Network, desk
from tests.unit.wire.tlog_world import AT, COURT, grown, reader

URL = "https://bank.example/witness/add-checkpoint"


def of_size(size: int, root: bytes | None = None) -> Checkpoint:
    return Checkpoint(ORIGIN, TreeHead(size, root or grown(size).frontier.root))


def signed(of: Checkpoint) -> Note:
    return Note(of.text, tuple(sign_checkpoint(one, of, at=AT) for one in SIGNERS.signers))


def call(old: int, new: int) -> bytes:
    proof = prove_consistency(reader(grown(new)), old, size=new) if old else ()
    return Addition(old, proof, signed(of_size(new))).encode()


def test_a_witness_cosigns_what_grows_with_its_time(tmp_path: Path) -> None:
    clock = WoundClock()
    witness = desk(tmp_path, clock)
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 300)):
        answer = witness.answer(call(old, new))
        assert answer.status == 200
        lines = read_cosignatures(answer.body, of_size(new), BANK_KEYS)
        assert [verify_line(key, line, of_size(new)) for key, line in zip(BANK_KEYS, lines, strict=True)] == [
            int(clock.now().timestamp())
        ] * 2


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"no call", 400),
        (b"x" * (ADDITION_BYTES_MAX + 1), 400),
        (
            Addition(
                0, (), Note("other.example\n3\n" + "A" * 43 + "=\n", signed(of_size(3)).signatures)
            ).encode(),
            404,
        ),
        (Addition(0, (), Note(of_size(4).text, signed(of_size(3)).signatures)).encode(), 403),
        (Addition(4, (), signed(of_size(3))).encode(), 400),
        (Addition(0, (bytes(32),), signed(of_size(3))).encode(), 422),
    ],
)
def test_what_is_wrong_has_its_status(tmp_path: Path, raw: bytes, status: int) -> None:
    assert desk(tmp_path, WoundClock()).answer(raw).status == status
    assert not list(tmp_path.iterdir())


def test_a_conflict_says_the_size_that_was_cosigned(tmp_path: Path) -> None:
    witness = desk(tmp_path, WoundClock())
    witness.answer(call(0, 8))
    for old, new in ((0, 300), (3, 300), (0, 3)):
        answer = witness.answer(call(old, new))
        assert (answer.status, answer.media_type, answer.body) == (409, "text/x.tlog.size", b"8\n")


def test_what_was_cosigned_is_remembered_over_a_restart(tmp_path: Path) -> None:
    desk(tmp_path, WoundClock()).answer(call(0, 8))
    again = desk(tmp_path, WoundClock())
    assert again.answer(call(0, 300)).status == 409
    assert again.answer(call(8, 300)).status == 200
    last = again.last_of(ORIGIN)
    assert last is not None
    assert last.text == of_size(300).text


def test_it_is_on_the_disk_before_it_is_answered_and_without_the_disk_nothing_is_cosigned(
    tmp_path: Path,
) -> None:
    alarms: list[str] = []
    (tmp_path / "witness").write_text("a file where the folder should be")
    answer = desk(tmp_path / "witness", WoundClock(), alarms).answer(call(0, 3))
    assert answer.status == 503
    assert b"\xe2\x80\x94" not in answer.body
    assert alarms


def test_a_damaged_memory_cosigns_nothing(tmp_path: Path) -> None:
    alarms: list[str] = []
    witness = desk(tmp_path, WoundClock(), alarms)
    witness.answer(call(0, 3))
    next(tmp_path.glob("*.checkpoint")).write_bytes(b"")
    assert witness.answer(call(0, 8)).status == 503
    assert alarms


def test_a_second_history_of_one_size_is_kept_and_told(tmp_path: Path) -> None:
    alarms: list[str] = []
    witness = desk(tmp_path, WoundClock(), alarms)
    witness.answer(call(0, 8))
    forked = signed(of_size(8, bytes(32)))
    answer = witness.answer(Addition(8, (), forked).encode())
    assert (answer.status, answer.media_type) == (409, "text/plain; charset=utf-8")
    assert len(alarms) == 1
    assert "two histories" in alarms[0]
    (new,) = (tmp_path / "split").rglob("*.new")
    assert read_note(new.read_bytes()) == forked
    assert read_note(new.with_suffix(".old").read_bytes()).text == of_size(8).text
    # It stays with the history that it cosigned.
    assert witness.answer(call(8, 300)).status == 200


def test_a_fork_that_grew_is_refused_kept_and_told(tmp_path: Path) -> None:
    alarms: list[str] = []
    witness = desk(tmp_path, WoundClock(), alarms)
    witness.answer(call(0, 8))
    proof = prove_consistency(reader(grown(300)), 8, size=300)
    answer = witness.answer(Addition(8, proof, signed(of_size(300, bytes(32)))).encode())
    assert answer.status == 422
    assert "no proof" in alarms[0]
    assert len(list((tmp_path / "split").rglob("*.new"))) == 1


def test_many_histories_do_not_fill_the_disk(tmp_path: Path) -> None:
    witness = desk(tmp_path, WoundClock())
    witness.answer(call(0, 8))
    for number in range(1, SPLITS_KEPT_MAX + 5):
        witness.answer(Addition(8, (), signed(of_size(8, bytes([number]) * 32))).encode())
    assert len(list((tmp_path / "split").rglob("*.new"))) == SPLITS_KEPT_MAX


def test_lines_of_others_are_not_stored(tmp_path: Path) -> None:
    witness = desk(tmp_path, WoundClock())
    of = of_size(3)
    note = signed(of).signed_also(sign_checkpoint(COURT, of, at=AT))
    assert witness.answer(Addition(0, (), note).encode()).status == 200
    last = witness.last_of(ORIGIN)
    assert last is not None
    assert {one.name for one in last.signatures} == {ORIGIN}


def test_of_many_calls_at_once_none_rolls_another_back(tmp_path: Path) -> None:
    """The race that tlog-witness describes: sizes 8 and 300 from 3 at the same time."""
    witness = desk(tmp_path, WoundClock())
    witness.answer(call(0, 3))
    calls = [call(3, new) for new in (4, 5, 6, 8, 100, 300)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(witness.answer, calls))
    assert sorted(one.status for one in answers) == [200] + [409] * 5
    taken = next(one for one in answers if one.status == 200)
    last = witness.last_of(ORIGIN)
    assert last is not None
    assert read_cosignatures(taken.body, Checkpoint(ORIGIN, _head(last)), BANK_KEYS)


def _head(note: Note) -> TreeHead:
    size = int(note.text.split("\n")[1])
    return TreeHead(size, grown(size).frontier.root)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "log")
    grow(place, 0, 10)
    return place


def grow(place: Place, start: int, count: int) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(count, start))

    asyncio.run(run())


def ask(place: Place, calls: WitnessCalls) -> object:
    reader = place.reader()
    return asyncio.run(calls.ask(reader.checkpoint()[0], proving(reader)))


def test_a_log_has_its_checkpoints_cosigned_as_it_grows(place: Place, tmp_path: Path) -> None:
    network = Network()
    network.add_witness(desk(tmp_path / "witness", place.clock))
    calls = WitnessCalls(WITNESS, network.post)
    for size in (10, 10, 300, 700):
        if size > place.reader().size:
            grow(place, place.reader().size, size - place.reader().size)
        lines = ask(place, calls)
        assert [one.name for one in lines] == [BANK_SIGNERS[0].key.name] * 2  # type: ignore[attr-defined]
    assert network.asked == [URL] * 4


def test_a_log_that_forgot_what_was_cosigned_asks_twice(place: Place, tmp_path: Path) -> None:
    network = Network()
    network.add_witness(desk(tmp_path / "witness", place.clock))
    ask(place, WitnessCalls(WITNESS, network.post))
    grow(place, 10, 90)
    assert ask(place, WitnessCalls(WITNESS, network.post))
    assert network.asked == [URL] * 3


def test_a_log_that_was_restored_from_an_older_copy_is_told(place: Place, tmp_path: Path) -> None:
    older = place.copy(tmp_path / "older")
    grow(place, 10, 90)
    network = Network()
    network.add_witness(desk(tmp_path / "witness", place.clock))
    ask(place, WitnessCalls(WITNESS, network.post))
    with pytest.raises(WitnessRefused, match="older copy"):
        ask(older, WitnessCalls(WITNESS, network.post))


def test_a_log_restored_and_grown_anew_is_refused_by_its_witness(place: Place, tmp_path: Path) -> None:
    older = place.copy(tmp_path / "older")
    grow(place, 10, 90)
    grow(older, 5000, 200)
    alarms: list[str] = []
    network = Network()
    network.add_witness(desk(tmp_path / "witness", place.clock, alarms))
    ask(place, WitnessCalls(WITNESS, network.post))
    with pytest.raises(WitnessRefused, match="does not cosign"):
        ask(older, WitnessCalls(WITNESS, network.post))
    assert alarms


def test_a_witness_that_says_nothing_is_told_by_its_status(place: Place) -> None:
    network = Network({URL: lambda _: Posted(403, "text/plain", b"")})
    with pytest.raises(WitnessRefused, match="does not cosign: it answered 403 and does not say why"):
        ask(place, WitnessCalls(WITNESS, network.post))


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500, 503, 200])
def test_a_witness_that_refuses_or_says_nothing_is_no_witness(place: Place, status: int) -> None:
    network = Network({URL: lambda _: Posted(status, "text/plain", b"no\x1b[31m\n")})
    with pytest.raises((WitnessRefused, MalformedInput)) as refused:
        ask(place, WitnessCalls(WITNESS, network.post))
    assert "\x1b" not in str(refused.value)


def test_a_cosignature_of_something_else_is_not_taken(place: Place) -> None:
    lines = [sign_checkpoint(one, of_size(3), at=AT) for one in BANK_SIGNERS]
    network = Network({URL: lambda _: Posted(200, "text/plain", encode_cosignatures(lines))})
    with pytest.raises(BadSignature):
        ask(place, WitnessCalls(WITNESS, network.post))


def test_a_conflict_that_goes_on_ends(place: Place) -> None:
    network = Network({URL: lambda _: Posted(409, "text/x.tlog.size", encode_size(5))})
    with pytest.raises(WitnessRefused):
        ask(place, WitnessCalls(WITNESS, network.post))
    assert len(network.asked) == 2


def test_a_size_that_our_log_has_not_reached_is_never_proved(place: Place) -> None:
    with pytest.raises(NotAnswered):
        proving(place.reader())(5, 11)
