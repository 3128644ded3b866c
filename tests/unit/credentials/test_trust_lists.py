"""Which trust lists and status lists are taken, and which are refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rahdari.credentials import (
    OFFLINE,
    Act,
    KeyRecord,
    KeyUse,
    Snapshot,
    Trust,
    VerdictKind,
    accept,
    accept_list,
    readmit_list,
)
from rahdari.credentials.errors import (
    NotAllowed,
    StatusListRefused,
    TrustExpired,
    TrustRolledBack,
    TrustUnsigned,
    UnknownKey,
)
from rahdari.credentials.rules.status import read_token, sign_list
from rahdari.credentials.service import keys, status
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.status import LIST_LIFE
from rahdari.credentials.values.cards import StatusPlace
from rahdari.kernel import Actor, ActorKind
from rahdari.wire import base64url, jws, status_list
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.status_list import StatusArray, StatusList
from tests.unit.credentials.scene import ISSUER, OFFICER, SECOND, Office, person

NOBODY = Actor("visitor", ActorKind.VISITOR, frozenset())


@pytest.fixture
def office() -> Office:
    return Office()


def take(office: Office, text: str, *, held: int = 0) -> Trust:
    return accept(text, roots=[office.root.public], held_sequence=held, at=office.clock.now())


def test_the_newest_and_the_same_list_are_taken_an_older_one_never(office: Office) -> None:
    first = office.trust_text
    second = office.sign_trust_list()
    assert take(office, first, held=1).listed.sequence == 1
    assert take(office, second, held=1).listed.sequence == 2
    with pytest.raises(TrustRolledBack, match="number 1, number 2"):
        take(office, first, held=2)


def test_a_list_that_is_not_signed_by_the_root_is_refused(office: Office) -> None:
    stranger = SoftwareSigner.generate()
    header, payload, signature = office.trust_text.split(".")
    content = jws.decode(office.trust_text)
    by_stranger = jws.sign(stranger, {"typ": content.header["typ"]}, content.payload)
    with_our_kid = jws.sign(
        stranger, {"typ": content.header["typ"], "kid": content.header["kid"]}, content.payload
    )
    for text in (by_stranger, with_our_kid, f"{header}.{payload}.{'A' * len(signature)}"):
        with pytest.raises(TrustUnsigned):
            take(office, text)
    for text in ("", "a.b.c", payload, f"{header}.{payload}.{signature[:-2]}"):
        with pytest.raises(MalformedInput):
            take(office, text)
    with pytest.raises(TrustUnsigned):
        accept(office.trust_text, roots=[], held_sequence=0, at=office.clock.now())


def test_a_list_that_nobody_signed_is_refused_as_unsigned(office: Office) -> None:
    header, payload, signature = office.trust_text.split(".")
    none = base64url.encode(b'{"alg":"none","typ":"rahdari-trust-list+jwt"}')
    for text in (f"{header}.{payload}.", f"{none}.{payload}.", f"{none}.{payload}.{signature}"):
        with pytest.raises(TrustUnsigned, match="no signature at all; get the signed one"):
            take(office, text)


def test_a_list_is_refused_from_its_expiry_on(office: Office) -> None:
    office.clock.wind(keys.TRUST_LIFE - timedelta(seconds=1))
    assert take(office, office.trust_text).listed.sequence == 1
    office.clock.wind(timedelta(seconds=1))
    with pytest.raises(TrustExpired):
        take(office, office.trust_text)


def test_an_old_pass_of_a_rotated_key_stays_valid_and_new_ones_bear_the_new_key(office: Office) -> None:
    old = office.issued(person(1))
    office.clock.wind(timedelta(days=1))
    office.renew_keys()
    new = office.issued(person(2))
    with office.writing() as desk:
        kids = [desk.store.find_pass(card.number, "qr") for card in (old, new)]
    assert kids[0] is not None
    assert kids[1] is not None
    assert kids[0].kid != kids[1].kid
    by = office.verifier()
    assert office.examine(office.text(old), by=by).verdict is VerdictKind.VALID
    assert office.examine(office.text(new), by=by).verdict is VerdictKind.VALID


def test_what_was_issued_in_the_second_of_the_rotation_stays_valid(office: Office) -> None:
    old = office.issued(person(1))
    office.renew_keys()
    new = office.issued(person(2))
    by = office.verifier()
    assert office.examine(office.text(old), by=by).verdict is VerdictKind.VALID
    assert office.examine(office.text(new), by=by).verdict is VerdictKind.VALID


def test_a_withdrawn_key_kills_what_it_signed_and_a_successor_is_there(office: Office) -> None:
    card = office.issued(person(1))
    with office.writing() as desk:
        kid = desk.key(KeyUse.PASS).public.kid
        keys.withdraw(desk, kid, actor=OFFICER)
    assert office.examine(office.text(card)).verdict is VerdictKind.VALID
    office.sign_trust_list()
    report = office.examine(office.text(card))
    assert (report.verdict, "withdrawn" in report.reason) == (VerdictKind.UNKNOWN_ISSUER, True)
    office.clock.wind(timedelta(seconds=1))
    assert office.examine(office.text(office.issued(person(2)))).verdict is VerdictKind.VALID


def test_only_a_key_officer_touches_keys_and_an_unknown_one_is_refused(office: Office) -> None:
    def rotate(desk: Desk) -> object:
        return keys.rotate(desk, KeyUse.PASS, algorithm=Algorithm.ES256, actor=NOBODY)

    def withdraw(desk: Desk) -> object:
        return keys.withdraw(desk, b"\0" * 8, actor=NOBODY)

    def sign(desk: Desk) -> object:
        return keys.sign_trust_list(desk, office.root, actor=NOBODY)

    for forbidden in (rotate, withdraw, sign):
        with pytest.raises(NotAllowed), office.writing() as desk:
            forbidden(desk)
    with pytest.raises(UnknownKey), office.writing() as desk:
        keys.withdraw(desk, b"\0" * 8, actor=SECOND)


def test_a_status_list_is_taken_in_both_forms(office: Office) -> None:
    office.issued()
    with office.writing() as desk:
        (published,) = status.publish(desk)
        assert desk.store.find_published(1) == published
    held = office.accept(published.uri, published.cwt)
    assert (held.issuer, held.listed.uri) == (ISSUER, published.uri)
    assert office.accept(published.uri, published.jwt.encode()).listed.statuses == held.listed.statuses


def other_authority(office: Office) -> Office:
    """A second issuer in the same trust list."""
    other = Office(issuer="urn:sample:second", clock=office.clock)
    office.sign_trust_list(others=other.trust().listed.issuers)
    return other


def test_a_status_list_of_another_authority_is_refused(office: Office) -> None:
    other = other_authority(office)
    (ours, _), (theirs, raw) = office.lists()[0], other.lists()[0]
    assert office.accept(theirs, raw).issuer == "urn:sample:second"
    with pytest.raises(StatusListRefused, match="not signed by"):
        office.accept(ours, raw)
    with other.writing() as desk:
        signer = desk.signer(KeyUse.STATUS)
    forged = status_list.sign_cwt(signer, replace(read_token(raw).unverified, uri=ours))
    with pytest.raises(StatusListRefused, match="not signed by"):
        office.accept(ours, forged)


def test_a_pass_is_not_saved_by_a_list_of_another_authority(office: Office) -> None:
    other = other_authority(office)
    card = office.issued()
    (uri, raw) = other.lists()[0]
    by = office.verifier(statuses=Snapshot([office.accept(uri, raw)]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.STALE
    assert by.statuses is not None
    assert by.statuses.find_standing(StatusPlace(uri, 0), issuer=ISSUER) is None
    assert by.statuses.find_standing(StatusPlace(uri, 0), issuer="urn:sample:second") is not None


def test_a_status_list_at_another_address_is_refused(office: Office) -> None:
    (uri, raw) = office.lists()[0]
    with pytest.raises(StatusListRefused):
        office.accept(uri[:-1] + "2", raw)
    with pytest.raises(StatusListRefused, match="no trusted issuer"):
        office.accept("https://elsewhere.example/s/1", raw)


def test_an_older_status_list_never_takes_the_place_of_a_newer_one(office: Office) -> None:
    card = office.issued()
    (uri, before) = office.lists()[0]
    office.clock.wind(timedelta(seconds=1))
    office.act(card, Act.SUSPEND)
    (_, after) = office.lists()[0]
    held = office.accept(uri, after)
    with pytest.raises(StatusListRefused, match="older"):
        office.accept(uri, before, held)
    assert office.accept(uri, after, held).listed == held.listed


def test_an_expired_status_list_is_refused_and_one_that_was_held_can_still_condemn(office: Office) -> None:
    (uri, raw) = office.lists()[0]
    trust = office.trust()
    office.clock.wind(LIST_LIFE)
    now, skew = office.clock.now(), OFFLINE.clock_skew
    with pytest.raises(StatusListRefused, match="expired"):
        accept_list(raw, uri=uri, trust=trust, held=None, at=now, clock_skew=skew)
    held = readmit_list(raw, trust=trust)
    assert held.listed.uri == uri


def test_two_status_lists_of_one_second_are_not_both_taken(office: Office) -> None:
    card = office.issued()
    (uri, raw) = office.lists()[0]
    office.act(card, Act.SUSPEND)
    with office.writing() as desk:
        signer = desk.signer(KeyUse.STATUS)
        worse = sign_list(
            desk.store.list_shards()[0],
            desk.store.list_standings(1),
            signer=signer,
            at=datetime.fromtimestamp(read_token(raw).issued_at, UTC),
            life=LIST_LIFE,
            sequence=read_token(raw).unverified.sequence or 0,
        )
    held = office.accept(uri, worse.cwt)
    with pytest.raises(StatusListRefused, match="not newer"):
        office.accept(uri, raw, held)
    assert office.accept(uri, worse.jwt.encode(), held) == held


def test_the_lists_of_a_publisher_grow_in_time_also_within_a_second_and_when_its_clock_is_set_back(
    office: Office,
) -> None:
    card = office.issued()
    office.clock.wind(timedelta(hours=1))

    def published() -> int:
        return read_token(office.lists()[0][1]).issued_at

    first = published()
    assert published() == first, "nothing has changed"
    office.act(card, Act.SUSPEND)
    assert published() == first + 1
    office.clock.wind(timedelta(seconds=-30))
    office.act(card, Act.REINSTATE)
    assert published() == first + 2
    office.clock.wind(timedelta(seconds=90))
    assert published() == first + 60


def test_a_list_is_taken_back_in_only_with_its_publishers_signature(office: Office) -> None:
    (uri, raw) = office.lists()[0]
    trust = office.trust()
    assert readmit_list(raw, trust=trust).listed.uri == uri
    with pytest.raises(StatusListRefused, match="not signed"):
        readmit_list(raw[:-1] + bytes([raw[-1] ^ 1]), trust=trust)
    stranger = status_list.sign_cwt(SoftwareSigner.generate(), read_token(raw).unverified)
    with pytest.raises(StatusListRefused, match="not signed"):
        readmit_list(stranger, trust=trust)


def test_a_status_list_from_the_future_is_refused_beyond_the_clocks_skew(office: Office) -> None:
    (uri, raw) = office.lists()[0]
    office.clock.wind(-OFFLINE.clock_skew)
    with office.writing() as desk:
        key = desk.store.list_keys()[0]
    assert key.not_before > office.clock.now()
    trust = office.trust()
    held = accept_list(
        raw, uri=uri, trust=trust, held=None, at=office.clock.now(), clock_skew=OFFLINE.clock_skew
    )
    assert held.listed.uri == uri
    office.clock.wind(-timedelta(seconds=1))
    with pytest.raises(StatusListRefused):
        accept_list(
            raw, uri=uri, trust=trust, held=None, at=office.clock.now(), clock_skew=OFFLINE.clock_skew
        )


def test_a_status_list_signed_by_a_key_for_passes_is_refused(office: Office) -> None:
    (uri, raw) = office.lists()[0]
    with office.writing() as desk:
        signer = desk.signer(KeyUse.PASS)
    with pytest.raises(StatusListRefused, match="not signed"):
        office.accept(uri, status_list.sign_cwt(signer, read_token(raw).unverified))


def test_junk_in_place_of_a_status_list_is_malformed(office: Office) -> None:
    (uri, raw) = office.lists()[0]
    for junk in (b"", b"eyJ", b"\xd2\x84", raw[:-1], raw + b"\0", b"\x81" * 100_000):
        with pytest.raises(MalformedInput):
            office.accept(uri, junk)


def test_a_status_that_has_no_meaning_here_is_not_valid(office: Office) -> None:
    card = office.issued()
    with office.writing() as desk:
        found = desk.store.find_pass(card.number, "qr")
        signer = desk.signer(KeyUse.STATUS)
    assert found is not None
    seconds = int(office.clock.now().timestamp())
    array = StatusArray.of_size(64, [(found.place.index, 3)])
    raw = status_list.sign_cwt(signer, StatusList(found.place.uri, seconds, array))
    by = office.verifier(statuses=Snapshot([office.accept(found.place.uri, raw)]))
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.REVOKED


def test_a_key_whose_word_is_over_leaves_the_trust_list_and_those_of_passes_and_the_log_stay(
    office: Office,
) -> None:
    card = office.issued()
    old = {one.use: one.public for one in _keys(office)}
    office.renew_keys()
    assert {key.public for key in office.trust().listed.issuers[0].keys} >= set(old.values())
    office.clock.wind(keys.ECHO + timedelta(seconds=1))
    office.sign_trust_list()
    listed = {key.public for key in office.trust().listed.issuers[0].keys}
    assert {use for use, public in old.items() if public in listed} == {KeyUse.PASS, KeyUse.AUDIT}
    assert office.examine(office.text(card)).verdict is VerdictKind.VALID


def _keys(office: Office) -> tuple[KeyRecord, ...]:
    with office.writing() as desk:
        return desk.store.list_keys()
