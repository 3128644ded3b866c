"""A session dies with its card in the same instant, whatever server it is shown to: SQLite and PostgreSQL."""

import threading

import pytest

from rahdari.access import AccessRefused, CardSuspended, NotSignedIn, TicketRefused
from rahdari.app.house import House, open_house
from rahdari.credentials import CardNumber, Channel, Reason, Stage
from tests.contract.test_card_standing import HouseCards, Suspended, house
from tests.fakes.telephone import HolderTelephone

__all__ = ["house"]


class Visitor:
    """Shows one session to a server of its own, without pause, and counts how often it was let in too late."""

    def __init__(self, house: House, text: str, suspended: Suspended, stop: threading.Event) -> None:
        self.house = open_house(house.settings, clock=house.foundation.clock)
        self.leaks, self.let_in, self.refused = 0, 0, 0
        self.text, self._suspended, self._stop = text, suspended, stop
        self.thread = threading.Thread(target=self._visit)

    def _visit(self) -> None:
        while not self._stop.is_set():
            before = self._suspended.turn
            try:
                self.house.holder_desk.visit(self.text)
            except (CardSuspended, NotSignedIn):
                self.refused += 1
                continue
            self.let_in += 1
            self.leaks += 0 < before == self._suspended.turn

    def end(self) -> None:
        self.thread.join()
        self.house.close()


def test_no_server_lets_a_session_in_after_the_suspension_was_acknowledged(house: House) -> None:
    cards = HouseCards(house)
    card = CardNumber(cards.make())
    phone = HolderTelephone(house)
    phone.enrol(card)
    text = phone.sign_in().text
    suspended, stop = Suspended(), threading.Event()
    visitors = [Visitor(house, text, suspended, stop) for _ in range(3)]
    for visitor in visitors:
        visitor.thread.start()
    for turn in range(1, 11):
        cards.suspend(card)
        suspended.turn = turn
        stop.wait(0.02)
        suspended.turn = 0
        cards.reinstate(card)
        # A reinstatement ends what was signed in before: everybody goes on with a new session.
        text = phone.sign_in().text
        for visitor in visitors:
            visitor.text = text
        stop.wait(0.02)
    stop.set()
    for visitor in visitors:
        visitor.end()
    assert [visitor.leaks for visitor in visitors] == [0, 0, 0]
    assert sum(visitor.let_in for visitor in visitors) > 5
    assert sum(visitor.refused for visitor in visitors) > 5


def test_what_one_server_began_every_server_knows(house: House) -> None:
    card = CardNumber(HouseCards(house).make())
    second = open_house(house.settings, clock=house.foundation.clock)
    phone = HolderTelephone(house)
    code = phone.ticket(card)
    passkey = second.holder_desk.finish_enrolment(code, phone.create(house.holder_desk.begin_enrolment(code)))
    fresh = second.holder_desk.sign_in(phone.get(house.holder_desk.begin_sign_in()))
    assert house.holder_desk.visit(fresh.text).passkey == passkey.id
    house.holder_desk.sign_out(fresh.text)
    with pytest.raises(NotSignedIn):
        second.holder_desk.visit(fresh.text)
    second.close()


def test_two_who_hold_one_link_end_with_one_passkey(house: House) -> None:
    card = CardNumber(HouseCards(house).make())
    phones = [HolderTelephone(house) for _ in range(3)]
    code = phones[0].ticket(card)
    answers = [phone.create(house.holder_desk.begin_enrolment(code)) for phone in phones]
    servers = [open_house(house.settings, clock=house.foundation.clock) for _ in phones]
    gate, ended = threading.Barrier(len(phones)), list[str]()

    def finish(server: House, answer: str) -> None:
        gate.wait()
        try:
            server.holder_desk.finish_enrolment(code, answer)
        except TicketRefused as refusal:
            ended.append(refusal.code)
        else:
            ended.append("registered")

    threads = [threading.Thread(target=finish, args=pair) for pair in zip(servers, answers, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for server in servers:
        server.close()
    assert sorted(ended) == ["access.ticket_refused", "access.ticket_refused", "registered"]


def test_a_holder_who_reports_the_card_is_out_on_every_server(house: House) -> None:
    card = CardNumber(HouseCards(house).make())
    second = open_house(house.settings, clock=house.foundation.clock)
    phones = [HolderTelephone(house), HolderTelephone(second)]
    for phone in phones:
        phone.enrol(card)
    sessions = [phone.sign_in() for phone in phones]
    house.holder_desk.report(sessions[0].text, Reason.STOLEN)
    for desk in (house.holder_desk, second.holder_desk):
        for session in sessions:
            with pytest.raises(AccessRefused):
                desk.visit(session.text)
    with pytest.raises(CardSuspended):
        phones[1].sign_in()
    assert house.registry.get_card(card).stage is Stage.SUSPENDED
    second.close()


def test_locking_sign_in_is_known_to_every_server_at_once(house: House) -> None:
    card = CardNumber(HouseCards(house).make())
    second = open_house(house.settings, clock=house.foundation.clock)
    phone = HolderTelephone(house)
    phone.enrol(card)
    text = phone.sign_in().text
    house.holder_desk.lock(text, Channel.LOGIN)
    with pytest.raises(AccessRefused):
        second.holder_desk.visit(text)
    second.close()
