"""A holder's telephone at a whole house: enrols at the counter and signs in, without a browser."""

from urllib.parse import parse_qs, urlsplit

from rahdari.access import FreshSession, Passkey
from rahdari.app.house import House
from rahdari.credentials import CardNumber
from tests.fakes.authenticator import SoftAuthenticator


class HolderTelephone(SoftAuthenticator):
    """An authenticator that stands on the house's own page."""

    def __init__(self, house: House) -> None:
        party = house.holder_desk.party
        super().__init__(origin=party.origin, rp_id=party.id)
        self.desk = house.holder_desk
        self.house = house

    def ticket(self, card: CardNumber) -> str:
        """Let an officer open a link; gives its code."""
        officer = self.house.officers.authenticate_named("officer")
        url = self.desk.open_ticket(card, actor=officer).url
        return parse_qs(urlsplit(url).query)["ticket"][0]

    def enrol(self, card: CardNumber) -> Passkey:
        """Register a passkey for a card."""
        code = self.ticket(card)
        return self.desk.finish_enrolment(code, self.create(self.desk.begin_enrolment(code)))

    def sign_in(self) -> FreshSession:
        """Sign in with the last passkey."""
        return self.desk.sign_in(self.get(self.desk.begin_sign_in()))
