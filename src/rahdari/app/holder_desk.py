"""The holder's desk: passkeys from a counter, signing in, and what a holder does with the own card.

Every method is one transaction, and every use of a session asks in it how the card stands. Signing in takes
two: the first takes the challenge away, so that a failed attempt has spent it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from rahdari import access
from rahdari.access import (
    CardState,
    Ceremonies,
    FreshSession,
    Passkey,
    PasskeyCloned,
    PasskeyId,
    Purpose,
    Session,
    SignedIn,
    Threshold,
)
from rahdari.access.store import SqlStore as AccessStore
from rahdari.app.card_standing import RegisterStanding
from rahdari.app.foundation import Foundation
from rahdari.app.passkey_audit import (
    OPEN_TICKET,
    REGISTER,
    REMOVE,
    SUSPECT,
    fingerprint_of_passkey,
    fingerprint_of_ticket,
)
from rahdari.app.relying_party import RelyingParty, relying_party_of
from rahdari.app.session_audit import SIGN_IN, told_of
from rahdari.credentials import Act, Card, CardNumber, CardProduct, Channel, LocalText, Reason
from rahdari.credentials.rules.life_cycle import HOLDER, holder_id
from rahdari.credentials.service import cards, locks
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.holders import get_holder
from rahdari.kernel import Actor, ActorKind

# What fits a page that is read; who wants more asks at a counter.
USES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUse:
    """One time that a card was verified, as its holder is told of it. ``purpose``, ``channel``: keys of words."""

    at: datetime
    institution: str
    purpose: str
    place: str
    channel: str
    verdict: str


class UseSource(Protocol):
    """Where the uses of a card are read."""

    def list_card_uses(self, card: str, *, limit: int) -> Sequence[CardUse]:
        """List a card's uses, the newest first."""
        ...


class WatcherSource(Protocol):
    """Where it stands who is told when a card is suspended."""

    def list_watchers(self, card: str) -> Sequence[str]:
        """List the institutions' names."""
        ...


@dataclass(frozen=True, slots=True)
class TicketLink:
    """A link that registers one passkey for ``card``, to be shown as a code; it stands nowhere else."""

    card: CardNumber
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderPage:
    """What a holder is shown of the own card."""

    card: Card
    product: CardProduct
    name: LocalText
    holder_number: str
    locks: frozenset[Channel]
    passkeys: tuple[Passkey, ...]
    session: Session
    uses: tuple[CardUse, ...]
    watchers: tuple[str, ...]


class HolderDesk:
    """Lets holders in, and does for them what they may do with their own card."""

    def __init__(self, foundation: Foundation, uses: UseSource, watchers: WatcherSource) -> None:
        """Work on the house's foundation."""
        self._on = foundation
        self._uses = uses
        self._watchers = watchers
        self._known_ceremonies: Ceremonies | None = None

    @property
    def party(self) -> RelyingParty:
        """For whom passkeys are made. Raises ``BadSettings``."""
        settings = self._on.settings
        return relying_party_of(settings.public_url, settings.name)

    def open_ticket(self, number: CardNumber, *, actor: Actor) -> TicketLink:
        """Let the holder before the counter register a passkey. Raises ``AccessRefused``, ``UnknownCard``."""
        with self._on.admitting() as (desk, store):
            cards.get_card(desk, number)
            fresh = access.open_ticket(self._threshold(desk, store), number, by=actor)
            ticket, digest = fresh.ticket, fingerprint_of_ticket(fresh.ticket)
            desk.record(desk.event(actor, OPEN_TICKET, number, ticket=ticket.id, digest=digest))
        return TicketLink(number, f"{self.party.origin}/holder/enrol?ticket={fresh.code}", ticket.expires_at)

    def check_ticket(self, code: str) -> None:
        """Look whether a link still opens, and spend nothing. Raises ``AccessRefused``."""
        with self._on.overseeing() as (desk, store):
            access.get_ticket(self._threshold(desk, store), code)

    def begin_enrolment(self, code: str) -> str:
        """Begin to register a passkey: the browser's options, as JSON. Raises ``AccessRefused``."""
        with self._on.receiving() as (desk, store):
            on = self._threshold(desk, store)
            number = access.get_ticket(on, code).card
            # What the telephone's list of passkeys shows: enough to tell two cards apart, no name.
            return access.begin_enrolment(on, code, name=f"{self._on.settings.name} ···· {number[-4:]}")

    def finish_enrolment(self, code: str, answer: str) -> Passkey:
        """Bind the passkey to the ticket's card. Raises ``AccessRefused``; the ticket is then not spent."""
        challenge = self._take(answer, Purpose.ENROL)
        with self._on.admitting() as (desk, store):
            ticket, passkey = access.register(self._threshold(desk, store), code, answer, challenge)
            digest = fingerprint_of_passkey(passkey)
            desk.record(
                desk.event(
                    actor_of(passkey.card),
                    REGISTER,
                    passkey.card,
                    passkey=passkey.id,
                    ticket=ticket.id,
                    digest=digest,
                )
            )
        return passkey

    def begin_sign_in(self, purpose: Purpose = Purpose.SIGN_IN) -> str:
        """Begin to sign in: the browser's options, as JSON. Raises ``TooManyCeremonies``."""
        with self._on.receiving() as (desk, store):
            return access.begin_sign_in(self._threshold(desk, store), purpose)

    def sign_in(self, answer: str, *, previous: str = "") -> FreshSession:
        """Begin a session; ``previous`` is the token that the browser held. Raises ``AccessRefused``."""
        challenge = self._take(answer, Purpose.SIGN_IN)
        try:
            self._check(answer, challenge)
            with self._on.admitting() as (desk, store):
                return self._begin_session(desk, store, answer, challenge, previous=previous)
        except PasskeyCloned as cloned:
            self._note_suspect(cloned)
            raise

    def _check(self, answer: str, challenge: access.Challenge) -> None:
        """Refuse before the register is locked: whoever proves nothing holds up nobody."""
        with self._on.overseeing() as (desk, store):
            access.check_sign_in(self._threshold(desk, store), answer, challenge)

    def _begin_session(
        self, desk: Desk, store: AccessStore, answer: str, challenge: access.Challenge, *, previous: str
    ) -> FreshSession:
        fresh = access.sign_in(self._threshold(desk, store), answer, challenge, previous=previous)
        session = fresh.session
        desk.record(desk.event(actor_of(session.card), SIGN_IN, session.id, **told_of(session)))
        return fresh

    def unlock_and_sign_in(self, answer: str, *, previous: str = "") -> FreshSession:
        """Undo the holder's own lock on signing in, by a fresh ceremony. Raises ``AccessRefused``."""
        challenge = self._take(answer, Purpose.UNLOCK)
        try:
            self._check(answer, challenge)
            with self._on.admitting() as (desk, store):
                fresh = self._begin_session(desk, store, answer, challenge, previous=previous)
                card = CardNumber(fresh.session.card)
                locks.unlock(desk, card, Channel.LOGIN, actor=actor_of(card))
        except PasskeyCloned as cloned:
            self._note_suspect(cloned)
            raise
        return fresh

    def visit(self, presented: str) -> Session:
        """Tell whose session a token is, of a card in good standing at this instant. Raises ``AccessRefused``."""
        with self._on.overseeing() as (desk, store):
            signed_in = access.use_session(self._threshold(desk, store), presented)
        self._note(signed_in)
        return signed_in.session

    def show(self, presented: str) -> HolderPage:
        """Show the holder the own card. Raises ``AccessRefused``."""
        with self._on.overseeing() as (desk, store):
            on = self._threshold(desk, store)
            signed_in = access.use_session(on, presented)
            page = _draw_up(desk, on, signed_in.session)
        self._note(signed_in)
        number = page.card.number
        uses = tuple(self._uses.list_card_uses(number, limit=USES_SHOWN))
        return replace(page, uses=uses, watchers=tuple(self._watchers.list_watchers(number)))

    def lock(self, presented: str, channel: Channel) -> None:
        """Lock a channel of the own card; locking login ends every session, this one too."""
        with self._on.admitting() as (desk, store):
            card, on = self._own_card(desk, store, presented)
            locks.lock(desk, card, channel, actor=actor_of(card))
            if channel is Channel.LOGIN:
                access.sign_out_everywhere(on, card)

    def unlock(self, presented: str, channel: Channel) -> None:
        """Unlock a channel of the own card. Raises ``AccessRefused``."""
        with self._on.admitting() as (desk, store):
            card, _ = self._own_card(desk, store, presented)
            locks.unlock(desk, card, channel, actor=actor_of(card))

    def report(self, presented: str, reason: Reason) -> None:
        """Suspend the own card at once, as lost, stolen or on request; every session is dead with it.

        Raises:
            AccessRefused: not signed in.
            WrongReason: a reason that is not the holder's to give.
        """
        with self._on.admitting() as (desk, store):
            card, on = self._own_card(desk, store, presented)
            cards.act(desk, card, Act.SUSPEND, actor=actor_of(card), reason=reason)
            access.sign_out_everywhere(on, card)

    def remove_passkey(self, presented: str, passkey: PasskeyId) -> None:
        """Remove a passkey of the own card, and end the sessions that it began. Raises ``AccessRefused``."""
        with self._on.admitting() as (desk, store):
            card, on = self._own_card(desk, store, presented)
            access.remove_passkey(on, card, passkey)
            desk.record(desk.event(actor_of(card), REMOVE, card, passkey=passkey))

    def sign_out(self, presented: str) -> None:
        """End this session; whatever is presented, nothing is refused."""
        with self._on.receiving() as (desk, store):
            access.sign_out(self._threshold(desk, store), presented)

    def sign_out_everywhere(self, presented: str) -> int:
        """End every session of the card; tells how many. Raises ``AccessRefused``."""
        with self._on.receiving() as (desk, store):
            card, on = self._own_card(desk, store, presented)
            return access.sign_out_everywhere(on, card)

    def ask(self, number: CardNumber) -> CardState:
        """Tell how a card stands for signing in, at this instant."""
        with self._on.reading() as desk:
            return RegisterStanding(desk).ask(number, access.Channel.LOGIN)

    def _take(self, answer: str, purpose: Purpose) -> access.Challenge:
        with self._on.receiving() as (desk, store):
            return access.take_challenge(self._threshold(desk, store), answer, purpose)

    def _note(self, signed_in: SignedIn) -> None:
        if signed_in.needs_note:
            with self._on.receiving() as (desk, store):
                access.note_use(self._threshold(desk, store), signed_in.session)

    def _own_card(self, desk: Desk, store: AccessStore, presented: str) -> tuple[CardNumber, Threshold]:
        on = self._threshold(desk, store)
        return CardNumber(access.use_session(on, presented).session.card), on

    def _note_suspect(self, cloned: PasskeyCloned) -> None:
        with self._on.admitting() as (desk, _):
            desk.record(desk.event(actor_of(cloned.card), SUSPECT, cloned.card, passkey=cloned.passkey))

    def _ceremonies(self) -> Ceremonies:
        if self._known_ceremonies is None:
            # Imported here: it takes a fifth of a second, and most commands never meet a holder.
            from rahdari.app.ceremonies import WebauthnCeremonies  # noqa: PLC0415

            self._known_ceremonies = WebauthnCeremonies(self.party)
        return self._known_ceremonies

    def _threshold(self, desk: Desk, store: AccessStore) -> Threshold:
        return Threshold(
            store=store,
            standing=RegisterStanding(desk),
            ceremonies=self._ceremonies(),
            clock=self._on.clock,
            chance=self._on.chance,
        )


def _draw_up(desk: Desk, on: Threshold, session: Session) -> HolderPage:
    card = cards.get_card(desk, CardNumber(session.card))
    party = get_holder(desk, card.holder).party
    return HolderPage(
        card=card,
        product=desk.products.get(card.product),
        name=party.name,
        holder_number=party.number,
        locks=desk.store.list_locks(card.number),
        passkeys=access.find_passkeys(on, card.number),
        session=session,
        uses=(),
        watchers=(),
    )


def actor_of(card: str) -> Actor:
    """Name whoever signed in with what is bound to a card."""
    return Actor(holder_id(CardNumber(card)), ActorKind.HOLDER, frozenset({HOLDER}))
