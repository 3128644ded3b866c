"""A person gives, pauses, resumes and revokes; what the lists say follows at once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange.consent_book import RENEWED_SECONDS, ConsentBook
from rahdari.database import Database, migrate, open_database
from rahdari.exchange.errors import ConsentFault, ConsentRefused, SubjectUnreadable, UnknownConsent
from rahdari.exchange.migrations import MIGRATIONS
from rahdari.exchange.service import consents
from rahdari.exchange.store.consents import SqlConsents
from rahdari.exchange.values.consents import ConsentAct, ConsentState, Issuer, KeptConsent, Wish
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel import consent_token
from rahdari.wire.ndel.consents import subject_digest
from rahdari.wire.status_list import StatusType, decode_jwt
from rahdari.wire.xroad import MemberId, ServiceId, SubsystemId
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

LISTS = "https://id.example/ndel/consents"
ISSUER = Issuer(MemberId("PK", "GOV", "1001"), SoftwareSigner.generate(Algorithm.EDDSA), bytes(32), LISTS)
WISH = Wish(
    subject=" 35202-1 ",
    consumer=SubsystemId("PK", "COM", "2002", "loans"),
    services=(ServiceId("PK", "GOV", "1001", "registry", "person-status"),),
    purposes=frozenset({"lending"}),
    data_classes=frozenset({"status"}),
    days=90,
)
PERSON = "35202 1"


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path / 'index.db'}") as opened:
        migrate(opened, [MIGRATIONS])
        yield opened


@pytest.fixture
def book(database: Database, clock: WoundClock) -> ConsentBook:
    return ConsentBook(database, ISSUER, clock=clock, chance=SeededChance())


def status_of(book: ConsentBook, kept: KeptConsent, *, is_now: bool = True) -> int:
    answer = book.answer(f"/{kept.list_number}", is_now=is_now)
    assert answer.status == 200
    token = decode_jwt(answer.body.decode())
    token.verify(ISSUER.signer.public)
    assert token.uri == f"{LISTS}/{kept.list_number}" == kept.place.uri
    return token.status_of(kept.place.index)


def test_what_a_person_agreed_to_is_signed_and_names_nobody(book: ConsentBook, clock: WoundClock) -> None:
    kept = book.give(WISH)
    signed = consent_token.decode(kept.text).verify_with([ISSUER.signer.public])
    assert signed.subject.digest == subject_digest(signed.subject.salt, "352021")
    assert (signed.consumer, signed.services, signed.purposes) == (
        WISH.consumer,
        WISH.services,
        WISH.purposes,
    )
    at = int(clock.now().timestamp())
    assert (signed.issued_at, signed.not_before, signed.expires) == (at, at, at + 90 * 86_400)
    assert "35202" not in kept.text
    assert book.list_of(PERSON) == (kept,)
    assert book.list_of("99") == ()


def test_two_consents_of_one_person_share_neither_salt_nor_place(book: ConsentBook) -> None:
    first, second = book.give(WISH), book.give(WISH)
    salts = {consent_token.decode(one.text).unverified.subject.salt for one in (first, second)}
    assert len(salts) == 2
    assert first.place != second.place
    assert first.id != second.id


def test_a_consent_rests_goes_on_and_ends_and_the_list_says_so_at_once(book: ConsentBook) -> None:
    kept = book.give(WISH)
    assert status_of(book, kept) == StatusType.VALID
    for act, state, status in (
        (ConsentAct.PAUSE, ConsentState.PAUSED, StatusType.SUSPENDED),
        (ConsentAct.RESUME, ConsentState.GIVEN, StatusType.VALID),
        (ConsentAct.REVOKE, ConsentState.REVOKED, StatusType.INVALID),
    ):
        assert book.change(kept.id, act, PERSON) is state
        assert status_of(book, kept) == status
        assert status_of(book, kept, is_now=False) == status


@pytest.mark.parametrize(
    ("done", "act"),
    [
        ((), ConsentAct.RESUME),
        ((ConsentAct.PAUSE,), ConsentAct.PAUSE),
        ((ConsentAct.REVOKE,), ConsentAct.RESUME),
        ((ConsentAct.REVOKE,), ConsentAct.PAUSE),
        ((ConsentAct.REVOKE,), ConsentAct.REVOKE),
    ],
)
def test_a_revoked_consent_stays_so_and_no_step_is_taken_twice(
    book: ConsentBook, done: tuple[ConsentAct, ...], act: ConsentAct
) -> None:
    kept = book.give(WISH)
    for one in done:
        book.change(kept.id, one, PERSON)
    with pytest.raises(ConsentRefused):
        book.change(kept.id, act, PERSON)


def test_nobody_changes_anothers_consent_or_learns_that_there_is_one(book: ConsentBook) -> None:
    kept = book.give(WISH)
    told = []
    for consent_id, person in ((kept.id, "99"), ("c-0", PERSON)):
        with pytest.raises(UnknownConsent) as refused:
            book.change(consent_id, ConsentAct.REVOKE, person)
        told.append(refused.value.message)
    assert told[0] == told[1]
    assert status_of(book, kept) == StatusType.VALID


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (replace(WISH, days=0), ConsentRefused),
        (replace(WISH, days=consents.DAYS_MAX + 1), ConsentRefused),
        (replace(WISH, not_before=1), ConsentRefused),
        (replace(WISH, subject="--"), SubjectUnreadable),
        (replace(WISH, services=()), MalformedInput),
        (replace(WISH, purposes=frozenset()), MalformedInput),
        (replace(WISH, covers_subsystems=True), MalformedInput),
    ],
)
def test_what_cannot_be_given_is_not_kept(book: ConsentBook, wish: Wish, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        book.give(wish)
    assert book.list_of(PERSON) == ()


def test_a_list_is_renewed_every_ten_seconds_and_at_once_where_it_is_asked_for(
    book: ConsentBook, clock: WoundClock
) -> None:
    kept = book.give(WISH)

    def issued(*, is_now: bool = False) -> int:
        return decode_jwt(book.answer("/0", is_now=is_now).body.decode()).issued_at

    first = issued()
    clock.wind(timedelta(seconds=RENEWED_SECONDS - 1))
    assert issued() == first
    assert issued(is_now=True) == first + RENEWED_SECONDS - 1
    clock.wind(timedelta(seconds=RENEWED_SECONDS))
    assert issued() == first + 2 * RENEWED_SECONDS - 1
    clock.wind(timedelta(hours=-1))
    assert issued() == first + 2 * RENEWED_SECONDS - 1 - 3600, "a clock that was set back keeps no old list"
    assert dict(book.answer("/0", is_now=True).fields)[b"cache-control"] == b"no-store"
    assert kept.list_number == 0


@pytest.mark.parametrize("path", ["", "/", "/1", "/00", "/-1", "/0/", "/../0", "/٠", "/9999999", "/0x0"])
def test_no_other_path_is_a_list(book: ConsentBook, path: str) -> None:
    book.give(WISH)
    assert book.answer(path).status == 404


def test_a_book_without_consents_has_no_lists(book: ConsentBook) -> None:
    assert book.answer("/0").status == 404


def test_lists_are_written_for_a_host_of_files(book: ConsentBook, tmp_path: Path) -> None:
    kept = book.give(WISH)
    (path,) = book.publish(tmp_path / "public")
    token = decode_jwt(path.read_text())
    token.verify(ISSUER.signer.public)
    assert token.status_of(kept.place.index) == StatusType.VALID
    assert token.ttl == 60


def test_a_list_that_is_half_full_is_followed_by_another(
    book: ConsentBook, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consents, "_PLACES_GIVEN_MAX", 3)
    assert [book.give(WISH).list_number for _ in range(7)] == [0, 0, 0, 1, 1, 1, 2]
    with database.reading() as connection:
        assert SqlConsents(connection).find_list() == (2, 1)
    assert book.answer("/2").status == 200


def test_a_fault_of_time_is_named(book: ConsentBook) -> None:
    with pytest.raises(ConsentRefused) as refused:
        book.give(replace(WISH, days=0))
    assert refused.value.fault is ConsentFault.TIME
