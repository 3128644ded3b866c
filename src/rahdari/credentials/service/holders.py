"""Registering holders, one by one or by the file."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from rahdari.credentials.errors import (
    BadHolder,
    CredentialsRefused,
    HolderTaken,
    UnknownHolder,
    UnknownProduct,
)
from rahdari.credentials.rules import life_cycle
from rahdari.credentials.rules.holders import canonical_number, check_party, find_faults
from rahdari.credentials.rules.products import find_captures
from rahdari.credentials.service.cards import draw_application
from rahdari.credentials.service.desk import Desk, require_role
from rahdari.credentials.values.cards import Act, Card, Reason
from rahdari.credentials.values.holders import Biometric, Holder, HolderId, Party, Person, Portrait
from rahdari.credentials.values.products import CardProduct
from rahdari.kernel import Actor, time_ordered_id


def register(
    desk: Desk, entries: Sequence[tuple[Party, Portrait | None, str]], *, actor: Actor
) -> tuple[tuple[Holder, Card], ...]:
    """Register parties, each with an application for the card product named beside it. All or none.

    The ids of the holders ascend in the order of the entries.

    Raises:
        NotAllowed: the actor is no registrar.
        BadHolder, NotEligible, UnknownProduct: the first entry that cannot be registered.
        HolderTaken: a number is registered already, or stands twice among the entries.
    """
    require_role(actor, life_cycle.REGISTRAR, to="register holders")
    life_cycle.decide_move(None, Act.APPLY, actor=actor)
    now = desk.clock.now()
    # Of one instant, ids are told apart by chance alone: sorted, they keep the order of the entries.
    ids = sorted(HolderId(time_ordered_id(now, desk.chance)) for _ in entries)
    made = [
        (Holder(holder_id, _checked(desk, party, portrait, product, now.date()), now), portrait, product)
        for holder_id, (party, portrait, product) in zip(ids, entries, strict=True)
    ]
    _refuse_taken(desk, [holder for holder, _, _ in made])
    desk.store.add_holders([(holder, portrait) for holder, portrait, _ in made])
    cards = [draw_application(desk, holder, product) for holder, _, product in made]
    desk.store.add_cards(cards)
    events = []
    for card in cards:
        events.append(desk.event(actor, "register", card.holder))
        events.append(
            desk.event(
                actor,
                Act.APPLY,
                card.number,
                reason=Reason.FIRST_CARD,
                holder=card.holder,
                product=str(card.product),
            )
        )
    desk.record(*events)
    return tuple((holder, card) for (holder, _, _), card in zip(made, cards, strict=True))


def _checked(desk: Desk, party: Party, portrait: Portrait | None, product_id: str, day: date) -> Party:
    product = desk.products.get_current(product_id)
    check_party(product, party, day)
    party = replace(party, number=canonical_number(product.number, party.number))
    if portrait is not None and isinstance(party, Person):
        _refuse_forbidden_portrait(product, party, day)
    return party


def _refuse_forbidden_portrait(product: CardProduct, person: Person, day: date) -> None:
    if Biometric.PHOTOGRAPH not in find_captures(product, person, day):
        raise BadHolder("photo", f"{product.ref.id} carries no photograph at this age; leave it out")


def _refuse_taken(desk: Desk, holders: Sequence[Holder]) -> None:
    for kind in {holder.party.kind for holder in holders}:
        numbers = [holder.party.number for holder in holders if holder.party.kind is kind]
        taken = desk.store.find_taken_numbers(kind, numbers)
        if taken or len(set(numbers)) < len(numbers):
            raise HolderTaken(
                f"{len(taken) or len(numbers) - len(set(numbers))} of {len(numbers)} numbers are registered "
                "already or stand twice; nothing was registered: look the holder up by number instead"
            )


def get_holder(desk: Desk, holder: HolderId) -> Holder:
    """Get a holder. Raises ``UnknownHolder``."""
    found = desk.store.find_holder(holder)
    if found is None:
        raise UnknownHolder("there is no holder with this id; look it up by number")
    return found


def find_entry_faults(
    desk: Desk, party: Party, product_id: str, *, unread: Collection[str] = ()
) -> tuple[CredentialsRefused, ...]:
    """Find all that ``register`` would refuse of one entry, the register aside; ``unread`` as ``find_faults``."""
    try:
        product = desk.products.get_current(product_id)
    except UnknownProduct as fault:
        return (fault,)
    return tuple(find_faults(product, party, desk.clock.now().date(), unread=unread))
