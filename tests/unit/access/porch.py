"""A counter and a door: everything a holder needs to come in, in memory."""

from rahdari.access import (
    CardState,
    FreshSession,
    Passkey,
    Purpose,
    Threshold,
    begin_enrolment,
    begin_sign_in,
    open_ticket,
    register,
    sign_in,
    take_challenge,
)
from rahdari.app.ceremonies import WebauthnCeremonies
from rahdari.app.relying_party import RelyingParty
from rahdari.kernel import Actor, ActorKind
from tests.fakes.access import AccessInMemory, StandingInMemory
from tests.fakes.authenticator import SoftAuthenticator
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

CARD, OTHER = "7K3F-9QX2-M4TD", "0000-1111-2222"
CLERK = Actor("officer-3", ActorKind.OFFICER, frozenset({"registrar"}))
PARTY = RelyingParty("cards.example", "https://cards.example", "Sample Authority")


class Porch:
    """A threshold with two good cards, and what tests do on it over and over."""

    def __init__(self) -> None:
        self.clock, self.store, self.standing = WoundClock(), AccessInMemory(), StandingInMemory()
        self.standing.states = dict.fromkeys((CARD, OTHER), CardState.GOOD)
        self.on = Threshold(
            store=self.store,
            standing=self.standing,
            ceremonies=WebauthnCeremonies(PARTY),
            clock=self.clock,
            chance=SeededChance(),
        )

    def ticket(self, card: str = CARD) -> str:
        return open_ticket(self.on, card, by=CLERK).code

    def options(self, code: str) -> str:
        return begin_enrolment(self.on, code, name="Sample card")

    def finish(self, code: str, answer: str) -> Passkey:
        return register(self.on, code, answer, take_challenge(self.on, answer, Purpose.ENROL))[1]

    def enrol(self, phone: SoftAuthenticator, card: str = CARD) -> Passkey:
        code = self.ticket(card)
        return self.finish(code, phone.create(self.options(code)))

    def enter(self, answer: str, purpose: Purpose = Purpose.SIGN_IN, *, previous: str = "") -> FreshSession:
        return sign_in(self.on, answer, take_challenge(self.on, answer, purpose), previous=previous)

    def signed_in(self, phone: SoftAuthenticator) -> FreshSession:
        return self.enter(phone.get(begin_sign_in(self.on)))
