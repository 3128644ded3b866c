"""What a verifier takes of a status stream, what it refuses, and what it then says; rule by rule."""

from datetime import timedelta

import pytest

from rahdari.credentials import (
    Act,
    HeldStream,
    KeyUse,
    Snapshot,
    Standing,
    StatusPlace,
    StreamOutcome,
    VerdictKind,
)
from rahdari.credentials.errors import StatusStreamForked, StatusStreamRefused
from rahdari.credentials.service import keys
from rahdari.kernel import Refused
from rahdari.wire import status_stream
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.status_list import StatusArray, StatusList, sign_cwt
from rahdari.wire.status_stream import FIRST, Change, Delta, Head, Manifest
from tests.fakes.clock import WoundClock
from tests.unit.credentials.scene import OFFICER, Office, person

APPLIED, CONFIRMED, IGNORED, GAP = StreamOutcome
_SECOND = timedelta(seconds=1)


@pytest.fixture
def office() -> Office:
    return Office()


def key_of(office: Office, use: KeyUse = KeyUse.STATUS) -> SoftwareSigner:
    with office.writing() as desk:
        signer = desk.signer(use)
    assert isinstance(signer, SoftwareSigner)
    return signer


def now(office: Office) -> int:
    return int(office.clock.now().timestamp())


def signed(office: Office, message: status_stream.Message, use: KeyUse = KeyUse.STATUS) -> bytes:
    return status_stream.sign(key_of(office, use), message)


def delta(held: HeldStream, at: int, *changes: Change) -> Delta:
    return Delta(held.sequence + 1, at, held.digest, changes or (Change(1, 5, 2),))


def state(held: HeldStream) -> tuple[int, bytes, int]:
    return held.sequence, held.digest, held.as_of


# Rule 1: the whole copy.


def test_a_copy_is_taken_with_every_list_that_its_manifest_names(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    held = office.stream()
    assert (held.sequence, held.as_of, len(held.addresses)) == (1, now(office), 1)
    by = office.verifier(statuses=Snapshot([], [held]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.SUSPENDED
    assert office.examine(office.text(office.issued(person(2))), by=by).verdict is VerdictKind.VALID


def test_a_copy_that_lacks_a_list_or_brings_another_one_is_refused(office: Office) -> None:
    office.act(office.issued(), Act.SUSPEND)
    whole = office.bundle()
    manifest, first = status_stream.read_sequence(whole, items_max=9, size_bytes_max=1 << 20)
    for copy in (
        manifest,
        first,
        manifest + manifest,
        b"",
        first + manifest,
        manifest + first[:-1],
        whole + b"\0",
    ):
        with pytest.raises(Refused):
            HeldStream.bootstrap(copy, office.publisher(), held=None)
    assert HeldStream.bootstrap(whole, office.publisher(), held=None).sequence == 1


def test_a_list_older_than_the_manifest_says_is_refused_and_a_newer_one_is_taken(office: Office) -> None:
    card = office.issued()
    before = list(status_stream.read_sequence(office.bundle(), items_max=9, size_bytes_max=1 << 20))
    office.clock.wind(_SECOND)
    office.act(card, Act.SUSPEND)
    after = list(status_stream.read_sequence(office.bundle(), items_max=9, size_bytes_max=1 << 20))
    with pytest.raises(StatusStreamRefused, match="older than its manifest"):
        HeldStream.bootstrap(after[0] + before[1], office.publisher(), held=None)
    held = HeldStream.bootstrap(before[0] + after[1], office.publisher(), held=None)
    assert held.sequence == 0
    by = office.verifier(statuses=Snapshot([], [held]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.SUSPENDED
    # What the list tells already is not done again: the reinstatement behind it is, whatever came before.
    office.act(card, Act.REINSTATE)
    third = list(status_stream.read_sequence(office.bundle(), items_max=9, size_bytes_max=1 << 20))
    newest = HeldStream.bootstrap(before[0] + third[1], office.publisher(), held=None)
    assert newest.apply(office.deltas()[0]) is APPLIED
    by = office.verifier(statuses=Snapshot([], [newest]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.VALID


@pytest.mark.parametrize("sequence", [None, 0])
def test_a_list_of_another_address_or_of_no_stream_is_refused(office: Office, sequence: int | None) -> None:
    uri = f"{office.authority.status_prefix}{1 if sequence is None else 2}"
    listed = StatusList(uri, now(office), StatusArray.of_size(64), sequence=sequence)
    manifest = Manifest(0, now(office), FIRST, office.authority.status_prefix, (0,))
    with pytest.raises(StatusStreamRefused):
        HeldStream.bootstrap(
            signed(office, manifest) + sign_cwt(key_of(office), listed), office.publisher(), held=None
        )


def test_nothing_signed_by_the_key_of_passes_or_by_a_stranger_is_taken(office: Office) -> None:
    held = office.stream()
    before = state(held)
    at, prefix = now(office) + 1, office.authority.status_prefix
    for message in (delta(held, at), Head(0, at, FIRST), Head(7, at, FIRST)):
        for raw in (
            signed(office, message, KeyUse.PASS), status_stream.sign(SoftwareSigner.generate(), message)
        ):  # fmt: skip
            with pytest.raises(StatusStreamRefused, match="not signed"):
                held.apply(raw)
    manifest = signed(office, Manifest(0, at, FIRST, prefix, ()), KeyUse.PASS)
    with pytest.raises(StatusStreamRefused, match="not signed"):
        HeldStream.bootstrap(manifest, office.publisher(), held=None)
    with pytest.raises(StatusStreamRefused, match="not signed"):
        held.confirm(manifest)
    assert state(held) == before


def test_a_manifest_of_other_lists_and_a_manifest_among_deltas_are_refused(office: Office) -> None:
    held, at = office.stream(), now(office)
    other = signed(office, Manifest(0, at, FIRST, "https://elsewhere.example/s/", ()))
    with pytest.raises(StatusStreamRefused, match="other lists"):
        HeldStream.bootstrap(other, office.publisher(), held=None)
    with pytest.raises(MalformedInput, match="manifest"):
        held.apply(signed(office, Manifest(0, at, FIRST, office.authority.status_prefix, (0,))))
    with pytest.raises(StatusStreamRefused, match="4096"):
        HeldStream.bootstrap(
            signed(office, Manifest(0, at, FIRST, office.authority.status_prefix, (0,) * 4097)),
            office.publisher(),
            held=None,
        )


# Rule 2: deltas.


def test_deltas_are_applied_in_order_once_and_what_is_old_is_passed_over(office: Office) -> None:
    card, held = office.issued(), office.stream()
    office.clock.wind(_SECOND)
    for act in (Act.SUSPEND, Act.REINSTATE, Act.SUSPEND):
        office.act(card, act)
    deltas = office.deltas()
    assert [held.apply(raw) for raw in (deltas[0], deltas[0], deltas[1], deltas[0], deltas[2])] == [
        APPLIED, IGNORED, APPLIED, IGNORED, APPLIED,
    ]  # fmt: skip
    assert (held.sequence, held.as_of) == (3, now(office))
    by = office.verifier(statuses=Snapshot([], [held]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.SUSPENDED


def test_a_gap_changes_nothing_and_says_so(office: Office) -> None:
    card, held = office.issued(), office.stream()
    office.act(card, Act.SUSPEND)
    office.act(card, Act.REINSTATE)
    before = state(held)
    assert held.apply(office.deltas()[1]) is GAP
    assert held.apply(office.head()) is GAP
    assert state(held) == before


def test_two_histories_are_refused_wherever_they_part(office: Office) -> None:
    held, at = office.stream(), now(office)
    first = delta(held, at)
    assert held.apply(signed(office, first)) is APPLIED
    before = state(held)
    other = Delta(1, at, FIRST, (Change(1, 6, 2),))
    parting = Delta(2, at, status_stream.digest_of(other.payload()), (Change(1, 5, 0),))
    for message in (other, parting, Head(1, at, bytes(16))):
        with pytest.raises(StatusStreamForked, match="two histories"):
            held.apply(signed(office, message))
    with pytest.raises(StatusStreamForked):
        held.confirm(signed(office, Manifest(1, at, bytes(16), office.authority.status_prefix, (0,))))
    with pytest.raises(StatusStreamForked):
        HeldStream.bootstrap(
            signed(office, Manifest(1, at, bytes(16), office.authority.status_prefix, ())),
            office.publisher(),
            held=held,
        )
    assert state(held) == before


# Rule 3: heads.


def test_a_head_makes_what_is_held_fresh_and_an_old_one_does_nothing(office: Office) -> None:
    card, held = office.issued(), office.stream()
    old = office.head()
    by = office.verifier(statuses=Snapshot([], [held]))
    office.clock.wind(61 * _SECOND)
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.STALE
    assert held.apply(old) is IGNORED
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.STALE
    assert held.apply(office.head()) is CONFIRMED
    report = office.examine(office.text(card), by=by)
    assert (report.verdict, report.as_of) == (VerdictKind.VALID, office.clock.now())


def test_a_head_of_an_earlier_delta_does_not_make_anything_fresh(office: Office) -> None:
    held = office.stream()
    late = signed(office, Head(0, now(office) + 3600, FIRST))
    office.act(office.issued(), Act.SUSPEND)
    assert held.apply(office.deltas()[0]) is APPLIED
    before = state(held)
    assert held.apply(late) is IGNORED
    assert state(held) == before


# Rule 4: junk.


def test_a_message_altered_anywhere_changes_nothing(office: Office) -> None:
    card, held = office.issued(), office.stream()
    office.act(card, Act.SUSPEND)
    (raw,) = office.deltas()
    before = state(held)
    for message in (raw, office.head()):
        for at in range(len(message)):
            for bit in (1, 0x80):
                with pytest.raises(Refused):
                    held.apply(message[:at] + bytes([message[at] ^ bit]) + message[at + 1 :])
                assert state(held) == before
        for junk in (message[:-1], message + b"\0", b"", message[1:], message * 2):
            with pytest.raises(Refused):
                held.apply(junk)
    assert held.apply(raw) is APPLIED


# Rule 5: rollback.


def test_an_older_copy_is_refused_and_one_of_the_same_delta_keeps_the_later_instant(office: Office) -> None:
    card = office.issued()
    old = office.bundle()
    office.clock.wind(_SECOND)
    office.act(card, Act.SUSPEND)
    same = office.bundle()
    office.clock.wind(_SECOND)
    held = office.stream()
    with pytest.raises(StatusStreamRefused, match="number 1 was held"):
        HeldStream.bootstrap(old, office.publisher(), held=held)
    again = HeldStream.bootstrap(same, office.publisher(), held=held)
    assert state(again) == state(held)
    assert again.as_of == now(office)


# Rule 6: what is said.


def test_what_was_held_once_and_is_lost_makes_good_standings_stale_until_it_is_there_again(
    office: Office,
) -> None:
    card, other, held = office.issued(), office.issued(person(2)), office.stream()
    office.act(card, Act.SUSPEND)
    held.mark_behind(1)
    by = office.verifier(statuses=Snapshot([], [held]))
    verdicts = {office.examine(office.text(one), by=by).verdict for one in (card, other)}
    assert (verdicts, held.is_behind) == ({VerdictKind.STALE}, True)
    assert held.apply(office.deltas()[0]) is APPLIED
    assert not held.is_behind
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.SUSPENDED
    assert office.examine(office.text(other), by=by).verdict is VerdictKind.VALID


def test_a_bad_standing_stays_told_however_old_it_is(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    text, by = office.text(card), office.verifier()
    for _ in range(3):
        office.clock.wind(timedelta(days=20))
        assert office.examine(text, by=by).verdict is VerdictKind.SUSPENDED


def test_a_place_beyond_a_list_and_a_list_beyond_the_stream_are_not_known(office: Office) -> None:
    held, prefix = office.stream(), office.authority.status_prefix
    for place in (
        StatusPlace(f"{prefix}1", 1 << 20), StatusPlace(f"{prefix}2", 0), StatusPlace(f"{prefix}01", 0),
        StatusPlace("https://elsewhere.example/s/1", 0),
    ):  # fmt: skip
        assert held.find_standing(place) is None
    snapshot = Snapshot([], [held])
    assert snapshot.find_standing(StatusPlace(f"{prefix}1", 0), issuer="urn:sample:stranger") is None


def test_of_a_list_that_is_not_held_only_what_is_bad_is_told_until_it_comes(office: Office) -> None:
    held, prefix, at = office.stream(), office.authority.status_prefix, now(office)
    assert held.apply(signed(office, delta(held, at, Change(2, 9, 2), Change(2, 10, 0)))) is APPLIED
    suspended, unknown = StatusPlace(f"{prefix}2", 9), StatusPlace(f"{prefix}2", 10)
    assert held.lacks_a_list
    told = held.find_standing(suspended)
    assert told is not None
    assert (told.standing, held.find_standing(unknown)) == (Standing.SUSPENDED, None)
    manifest = signed(office, Manifest(1, at, held.digest, prefix, (0, 1)))
    assert held.find_missing(manifest) == (f"{prefix}2",)
    # An old form of the new list: what the deltas told since is done to it.
    listed = StatusList(f"{prefix}2", at, StatusArray.of_size(64, [(11, 1)]), sequence=0)
    held.add_list(f"{prefix}2", sign_cwt(key_of(office), listed))
    found = [held.find_standing(StatusPlace(f"{prefix}2", place)) for place in (9, 10, 11)]
    assert [one and one.standing for one in found] == [Standing.SUSPENDED, Standing.VALID, Standing.INVALID]
    assert not held.lacks_a_list


def test_a_status_that_nobody_knows_is_not_valid(office: Office) -> None:
    prefix, at = office.authority.status_prefix, now(office)
    listed = StatusList(f"{prefix}1", at, StatusArray.of_size(64, [(3, 3)]), sequence=0)
    raw = signed(office, Manifest(0, at, FIRST, prefix, (0,))) + sign_cwt(key_of(office), listed)
    told = HeldStream.bootstrap(raw, office.publisher(), held=None).find_standing(
        StatusPlace(f"{prefix}1", 3)
    )
    assert told is not None
    assert told.standing is Standing.INVALID


# Keys.


def test_a_stream_goes_on_under_a_rotated_key_and_ends_with_a_withdrawn_one(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    office.clock.wind(_SECOND)
    office.renew_keys()
    office.clock.wind(_SECOND)
    office.act(card, Act.REINSTATE)
    bundle = office.bundle()
    held = HeldStream.bootstrap(bundle, office.publisher(), held=None)
    assert held.sequence == 2
    with office.writing() as desk:
        keys.withdraw(desk, desk.key(KeyUse.STATUS).public.kid, actor=OFFICER)
    office.sign_trust_list()
    with pytest.raises(StatusStreamRefused, match="not signed"):
        HeldStream.bootstrap(bundle, office.publisher(), held=None)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_every_algorithm_of_the_house_carries_a_stream(algorithm: Algorithm) -> None:
    office = Office(algorithm=algorithm, clock=WoundClock())
    card, held = office.issued(), office.stream()
    office.act(card, Act.SUSPEND)
    assert [held.apply(raw) for raw in office.deltas()] == [APPLIED]


def test_a_copy_that_was_damaged_after_it_was_checked_makes_its_list_unknown_and_not_valid(
    office: Office,
) -> None:
    card = office.issued()
    bundle = office.bundle()
    place = len(bundle) - 1
    held = HeldStream.read(bundle[:place] + bytes([bundle[place] ^ 1]), office.publisher())
    by = office.verifier(statuses=Snapshot([], [held]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.STALE
    assert held.lacks_a_list
