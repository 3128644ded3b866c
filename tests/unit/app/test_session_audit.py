"""Sessions beside the log: whoever signed in stands in it, and nobody else is signed in unnoticed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from rahdari.access import CardLocked, CeremonyRefused, Purpose
from rahdari.app.house import House
from rahdari.app.session_audit import SIGN_IN, fingerprint_of_session
from rahdari.credentials import Card, Channel
from rahdari.credentials.values.audit import AuditEvent
from tests.fakes.clock import WoundClock
from tests.fakes.telephone import HolderTelephone
from tests.unit.app.founding import founded, issued


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = founded(tmp_path, clock=WoundClock())
    yield made
    made.close()


@pytest.fixture
def card(house: House) -> Card:
    return issued(house)


@pytest.fixture
def phone(house: House, card: Card) -> HolderTelephone:
    made = HolderTelephone(house)
    made.enrol(card.number)
    return made


def sign_ins(house: House) -> list[AuditEvent]:
    with house.foundation.reading() as desk:
        return [one.event for one in desk.store.read_log() if one.event.act == SIGN_IN]


def faults(house: House) -> list[str]:
    return [one.what for one in house.authority.verify_log().faults]


def run(house: House, statement: str) -> None:
    with house.foundation.database.transaction() as connection:
        connection.execute(text(statement))


def test_a_sign_in_stands_in_the_log_by_its_session_and_passkey(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    session = phone.sign_in().session
    (event,) = sign_ins(house)
    assert (event.subject, event.actor) == (session.id, f"holder:{card.number}")
    assert dict(event.details) == {"passkey": session.passkey, "digest": fingerprint_of_session(session)}
    assert faults(house) == []


def test_an_unlock_that_signs_in_stands_in_the_log_too(house: House, phone: HolderTelephone) -> None:
    house.holder_desk.lock(phone.sign_in().text, Channel.LOGIN)
    answer = phone.get(phone.desk.begin_sign_in(Purpose.UNLOCK))
    session = house.holder_desk.unlock_and_sign_in(answer).session
    assert sign_ins(house)[-1].subject == session.id
    assert faults(house) == []


def test_a_use_and_an_end_of_a_session_leave_the_log_intact(house: House, phone: HolderTelephone) -> None:
    first, second = phone.sign_in(), phone.sign_in()
    house.holder_desk.visit(second.text)
    house.holder_desk.sign_out(first.text)
    assert faults(house) == []


def test_whoever_proves_nothing_writes_nothing(house: House, phone: HolderTelephone) -> None:
    answer = phone.get(phone.desk.begin_sign_in())
    phone.desk.sign_in(answer)
    with pytest.raises(CeremonyRefused):
        phone.desk.sign_in(answer)
    house.holder_desk.lock(phone.sign_in().text, Channel.LOGIN)
    with pytest.raises(CardLocked):
        phone.sign_in()
    assert len(sign_ins(house)) == 2


FORGERIES = {
    "another one beside it": (
        "INSERT INTO access_session SELECT 'zzzzzzzzzzzzzzzz', card, passkey, x'00', began_at, used_at "
        "FROM access_session LIMIT 1"
    ),
    "another token": "UPDATE access_session SET digest = x'00'",
    "another card": "UPDATE access_session SET card = '0000-0000-0000'",
    "a longer life": "UPDATE access_session SET began_at = began_at + 1, used_at = used_at + 1",
    "another name": "UPDATE access_session SET id = 'zzzzzzzzzzzzzzzz'",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_session_that_was_put_into_the_table_or_altered_is_found(
    house: House, phone: HolderTelephone, forgery: str
) -> None:
    kept = phone.sign_in().session
    assert faults(house) == []
    run(house, FORGERIES[forgery])
    name = "zzzzzzzzzzzzzzzz" if "zzzz" in FORGERIES[forgery] else kept.id
    assert faults(house) == [f"session {name} is not as the log says"]


def test_a_session_that_was_moved_to_another_passkey_is_found(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    kept = phone.sign_in().session
    other = phone.enrol(card.number)
    run(house, f"UPDATE access_session SET passkey = '{other.id}'")  # noqa: S608 - an id of our own
    assert faults(house) == [f"session {kept.id} is not as the log says"]
