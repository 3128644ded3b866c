"""The holder's desk on a whole house: what it does to the card, what it writes to the log, what it shows."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from rahdari.access import (
    SESSION_IDLE,
    AccessRefused,
    CardLocked,
    CardState,
    CardSuspended,
    CeremonyRefused,
    NotAllowed,
    NotSignedIn,
    PasskeyCloned,
    PasskeyId,
    Purpose,
    TicketRefused,
    UnknownPasskey,
)
from rahdari.app.errors import BadSettings
from rahdari.app.holder_desk import USES_SHOWN, CardUse, HolderDesk
from rahdari.app.house import House
from rahdari.app.relying_party import relying_party_of
from rahdari.credentials import Act, Card, CardNumber, Channel, Reason, Stage
from rahdari.credentials.errors import UnknownCard, WrongReason
from tests.fakes.clock import WoundClock
from tests.fakes.telephone import HolderTelephone
from tests.unit.app.founding import founded, issued, officer, supervisor

Deed = Callable[[HolderDesk, str], object]


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def house(tmp_path: Path, clock: WoundClock) -> Iterator[House]:
    made = founded(tmp_path, clock=clock)
    yield made
    made.close()


@pytest.fixture
def card(house: House) -> Card:
    return issued(house)


@pytest.fixture
def phone(house: House) -> HolderTelephone:
    return HolderTelephone(house)


def acts(house: House, card: Card) -> list[tuple[str, str, str | None]]:
    """Tell what the log says of a card after it was handed over: act, actor, reason."""
    log = [one.event for one in house.registry.get_history(card.number)]
    return [(one.act, one.actor, one.reason) for one in log if one.act not in {"apply", "issue", "activate"}]


def test_the_log_tells_who_opened_the_link_and_that_a_passkey_came_and_went(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    passkey = phone.enrol(card.number)
    house.holder_desk.remove_passkey(phone.sign_in().text, passkey.id)
    holder = f"holder:{card.number}"
    assert acts(house, card) == [
        ("open_passkey_ticket", officer(house).id, None),
        ("register_passkey", holder, None),
        ("remove_passkey", holder, None),
    ]
    assert house.authority.verify_log().is_intact


def test_neither_code_nor_token_nor_key_stands_in_the_log_or_in_the_database(
    house: House, card: Card, phone: HolderTelephone, tmp_path: Path
) -> None:
    code = phone.ticket(card.number)
    phone.desk.finish_enrolment(code, phone.create(phone.desk.begin_enrolment(code)))
    session = phone.sign_in().text
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("rahdari.db*"))
    assert code.encode() not in kept
    assert session.encode() not in kept
    assert session.split("_", 2)[2].encode() not in kept


def test_an_officer_of_another_role_opens_no_link_and_nothing_is_written(house: House, card: Card) -> None:
    with pytest.raises(NotAllowed):
        house.holder_desk.open_ticket(card.number, actor=supervisor(house))
    with pytest.raises(UnknownCard):
        house.holder_desk.open_ticket(CardNumber("0000-0000-0000"), actor=officer(house))
    assert acts(house, card) == []


def test_a_link_for_a_suspended_card_is_refused_and_one_that_is_open_dies_with_it(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    code = phone.ticket(card.number)
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    for refused in (lambda: phone.ticket(card.number), lambda: house.holder_desk.check_ticket(code)):
        with pytest.raises(CardSuspended):
            refused()


def test_the_page_shows_the_card_its_locks_and_its_passkeys(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    passkey = phone.enrol(card.number)
    token = phone.sign_in().text
    house.holder_desk.lock(token, Channel.ONLINE)
    page = house.holder_desk.show(token)
    party = house.registry.get_holder(card.holder).party
    assert (page.card, page.name, page.holder_number) == (card, party.name, party.number)
    assert page.locks == {Channel.ONLINE}
    assert [one.id for one in page.passkeys] == [passkey.id]
    assert page.session.passkey == passkey.id
    assert page.uses == ()


class ManyUses:
    """A source with more uses than a page shows."""

    def list_card_uses(self, card: str, *, limit: int) -> Sequence[CardUse]:
        at = WoundClock().now()
        one = CardUse(at=at, institution=card, purpose="travel", place="", channel="online", verdict="valid")
        return [one] * limit


def test_the_page_shows_the_uses_of_this_card_and_no_more_than_a_page_holds(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    phone.enrol(card.number)
    token = phone.sign_in().text
    page = HolderDesk(house.foundation, ManyUses(), house.signals).show(token)
    assert len(page.uses) == USES_SHOWN
    assert {one.institution for one in page.uses} == {card.number}


class OneWatcher:
    """An institution that is told of every card."""

    def list_watchers(self, card: str) -> Sequence[str]:
        return [f"Bank of {card}"]


def test_the_page_shows_who_is_told_of_a_suspension(house: House, card: Card, phone: HolderTelephone) -> None:
    phone.enrol(card.number)
    token = phone.sign_in().text
    assert house.holder_desk.show(token).watchers == ()
    page = HolderDesk(house.foundation, house.oversight, OneWatcher()).show(token)
    assert page.watchers == (f"Bank of {card.number}",)


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.STOLEN, Reason.HOLDER_REQUEST])
def test_reporting_suspends_at_once_by_the_holder_and_ends_every_session(
    house: House, card: Card, phone: HolderTelephone, reason: Reason
) -> None:
    phone.enrol(card.number)
    sessions = [phone.sign_in().text for _ in range(2)]
    house.holder_desk.report(sessions[0], reason)
    assert house.registry.get_card(card.number).stage is Stage.SUSPENDED
    assert acts(house, card)[-1] == ("suspend", f"holder:{card.number}", reason.value)
    assert house.holder_desk.ask(card.number) is CardState.SUSPENDED
    with pytest.raises(CardSuspended):
        phone.sign_in()
    house.registry.act(card.number, Act.REINSTATE, actor=officer(house))
    for token in sessions:
        with pytest.raises(NotSignedIn):
            house.holder_desk.visit(token)
    assert phone.sign_in().session.card == card.number


@pytest.mark.parametrize("reason", [Reason.COURT_ORDER, Reason.FRAUD_SUSPECTED, Reason.DECEASED])
def test_a_reason_that_is_an_officers_to_give_is_refused_and_nobody_is_signed_out(
    house: House, card: Card, phone: HolderTelephone, reason: Reason
) -> None:
    phone.enrol(card.number)
    token = phone.sign_in().text
    with pytest.raises(WrongReason):
        house.holder_desk.report(token, reason)
    assert house.holder_desk.visit(token).card == card.number
    assert house.registry.get_card(card.number).stage is Stage.ACTIVE


def test_a_lock_on_sign_in_ends_every_session_and_a_fresh_ceremony_undoes_it(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    phone.enrol(card.number)
    tokens = [phone.sign_in().text for _ in range(2)]
    house.holder_desk.lock(tokens[0], Channel.LOGIN)
    with pytest.raises(CardLocked):
        phone.sign_in()
    fresh = phone.desk.unlock_and_sign_in(phone.get(phone.desk.begin_sign_in(Purpose.UNLOCK)))
    assert house.holder_desk.visit(fresh.text).card == card.number
    assert house.registry.list_locks(card.number) == frozenset()
    for token in tokens:
        with pytest.raises(NotSignedIn):
            house.holder_desk.visit(token)
    assert [one[0] for one in acts(house, card)][-2:] == ["lock", "unlock"]


def test_an_answer_for_signing_in_unlocks_nothing(house: House, card: Card, phone: HolderTelephone) -> None:
    phone.enrol(card.number)
    house.holder_desk.lock(phone.sign_in().text, Channel.LOGIN)
    with pytest.raises(CeremonyRefused):
        phone.desk.unlock_and_sign_in(phone.get(phone.desk.begin_sign_in()))
    assert house.registry.list_locks(card.number) == {Channel.LOGIN}


def test_a_copy_of_a_passkey_is_noted_in_the_log_whichever_door_it_tries(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    phone.enrol(card.number)
    phone.sign_in()
    for enter, purpose in (
        (phone.desk.sign_in, Purpose.SIGN_IN),
        (phone.desk.unlock_and_sign_in, Purpose.UNLOCK),
    ):
        phone.keys[0].count = 0
        with pytest.raises(PasskeyCloned):
            enter(phone.get(phone.desk.begin_sign_in(purpose)))
        assert acts(house, card)[-1][0] == "suspect_passkey"
    assert house.authority.verify_log().is_intact


def test_a_use_within_the_idle_time_keeps_a_session_alive(
    house: House, card: Card, phone: HolderTelephone, clock: WoundClock
) -> None:
    phone.enrol(card.number)
    token = phone.sign_in().text
    for _ in range(3):
        clock.wind(SESSION_IDLE - timedelta(seconds=1))
        house.holder_desk.show(token)
    clock.wind(SESSION_IDLE)
    with pytest.raises(NotSignedIn):
        house.holder_desk.show(token)


DEEDS: dict[str, Deed] = {
    "visit": lambda desk, token: desk.visit(token),
    "show": lambda desk, token: desk.show(token),
    "lock": lambda desk, token: desk.lock(token, Channel.PAYMENTS),
    "unlock": lambda desk, token: desk.unlock(token, Channel.PAYMENTS),
    "report": lambda desk, token: desk.report(token, Reason.LOST),
    "remove a passkey": lambda desk, token: desk.remove_passkey(token, PasskeyId("a" * 16)),
    "sign out everywhere": lambda desk, token: desk.sign_out_everywhere(token),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_for_a_suspended_card_nor_for_whoever_is_not_signed_in(
    house: House, card: Card, phone: HolderTelephone, deed: str
) -> None:
    phone.enrol(card.number)
    token = phone.sign_in().text
    before = acts(house, card)
    for presented in ("", "rhs_" + "a" * 16 + "_" + "A" * 43):
        with pytest.raises(NotSignedIn):
            DEEDS[deed](house.holder_desk, presented)
    assert acts(house, card) == before
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    before = acts(house, card)
    with pytest.raises(AccessRefused):
        DEEDS[deed](house.holder_desk, token)
    assert acts(house, card) == before


def test_a_reinstatement_does_not_bring_back_what_was_signed_in(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    phone.enrol(card.number)
    token = phone.sign_in().text
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    with pytest.raises(CardSuspended):
        house.holder_desk.visit(token)
    house.registry.act(card.number, Act.REINSTATE, actor=officer(house))
    with pytest.raises(NotSignedIn):
        house.holder_desk.visit(token)
    assert phone.sign_in().session.card == card.number


def test_a_reinstatement_does_not_bring_back_a_link_that_was_open(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    link = house.holder_desk.open_ticket(card.number, actor=officer(house))
    code = link.url.rpartition("=")[2]
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house), reason=Reason.STOLEN)
    with pytest.raises(CardSuspended):
        house.holder_desk.check_ticket(code)
    house.registry.act(card.number, Act.REINSTATE, actor=officer(house))
    with pytest.raises(TicketRefused):
        house.holder_desk.check_ticket(code)
    assert house.authority.verify_log().is_intact
    assert phone.enrol(card.number).card == card.number


def test_one_holder_cannot_remove_anothers_passkey(house: House, card: Card, phone: HolderTelephone) -> None:
    phone.enrol(card.number)
    theirs = HolderTelephone(house).enrol(issued(house, 2).number)
    with pytest.raises(UnknownPasskey):
        house.holder_desk.remove_passkey(phone.sign_in().text, theirs.id)


# What was put into the tables beside the log.

PLANTED_PASSKEY = (
    "INSERT INTO access_passkey SELECT 'forged', card, ticket, x'00', public_key, handle, 0, registered_at, "
    "NULL, NULL FROM access_passkey LIMIT 1"
)
PLANTED_TICKET = (
    "INSERT INTO access_ticket SELECT 'forged', card, x'00', 'officer', 1, 9999999999999999 "
    "FROM access_passkey LIMIT 1"
)
FORGERIES = {
    "a passkey that nobody registered": (PLANTED_PASSKEY, "passkey forged is otherwise than"),
    "another key": ("UPDATE access_passkey SET public_key = x'00'", "is otherwise than"),
    "another card": ("UPDATE access_passkey SET card = '0000-0000-0000'", "is otherwise than"),
    "a removal that was undone": ("UPDATE access_passkey SET removed_at = NULL", "is otherwise removed than"),
    "a removal that nobody made": (
        "UPDATE access_passkey SET removed_at = 1 WHERE removed_at IS NULL",
        "is otherwise removed than",
    ),
    "a ticket that nobody opened": (PLANTED_TICKET, "ticket forged for a passkey is not as"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_stands_in_the_tables_and_not_in_the_log_is_found(
    house: House, card: Card, phone: HolderTelephone, forgery: str
) -> None:
    kept, removed = phone.enrol(card.number), phone.enrol(card.number)
    token = phone.desk.sign_in(phone.get(phone.desk.begin_sign_in(), phone.keys[0])).text
    house.holder_desk.remove_passkey(token, removed.id)
    phone.ticket(card.number)
    assert house.authority.verify_log().is_intact
    statement, told = FORGERIES[forgery]
    with house.foundation.database.transaction() as connection:
        connection.execute(text("DELETE FROM access_session"))
        connection.execute(text(statement))
    faults = " | ".join(one.what for one in house.authority.verify_log().faults)
    assert told in faults
    assert kept.id


def test_a_passkey_that_vanished_from_the_table_is_found(
    house: House, card: Card, phone: HolderTelephone
) -> None:
    phone.enrol(card.number)
    with house.foundation.database.transaction() as connection:
        connection.execute(text("DELETE FROM access_passkey"))
    assert "a passkey stands in the log and not in the register" in {
        one.what for one in house.authority.verify_log().faults
    }


# For whom passkeys are made.


@pytest.mark.parametrize(
    ("url", "rp_id", "origin"),
    [
        ("https://cards.example", "cards.example", "https://cards.example"),
        ("https://Cards.Example:443/x/", "cards.example", "https://cards.example"),
        ("https://cards.example:8443", "cards.example", "https://cards.example:8443"),
        ("http://localhost:8440", "localhost", "http://localhost:8440"),
        ("http://127.0.0.1:8440", "localhost", "http://localhost:8440"),
        ("http://[::1]:80", "localhost", "http://localhost"),
    ],
)
def test_the_relying_party_is_the_host_of_the_public_address(url: str, rp_id: str, origin: str) -> None:
    party = relying_party_of(url, "Sample Authority")
    assert (party.id, party.origin) == (rp_id, origin)


@pytest.mark.parametrize("url", ["https://192.0.2.7", "https://[2001:db8::7]:8443"])
def test_an_address_that_is_no_name_can_have_no_passkeys(url: str) -> None:
    with pytest.raises(BadSettings):
        relying_party_of(url, "Sample Authority")


def test_the_link_leads_to_the_house_and_carries_a_code_of_128_bits(house: House, card: Card) -> None:
    link = house.holder_desk.open_ticket(card.number, actor=officer(house))
    address, _, code = link.url.partition("?ticket=")
    assert address == "http://localhost:8440/holder/enrol"
    assert len(code) == 22
    assert hashlib.sha256(code.encode()).hexdigest() not in str(acts(house, card))
