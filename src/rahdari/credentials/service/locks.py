"""The holder's locks: a card may be closed for some uses while it stays good for others."""

from rahdari.credentials.errors import NotAllowed
from rahdari.credentials.rules.life_cycle import HOLDER, LOCK, STATUS_OFFICER, SUPERVISOR, UNLOCK, holder_id
from rahdari.credentials.service.cards import get_card
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.cards import CardNumber, Channel, Stage
from rahdari.kernel import Actor


def lock(desk: Desk, number: CardNumber, channel: Channel, *, actor: Actor) -> frozenset[Channel]:
    """Lock a channel of a card; gives those that are locked now. To lock what is locked changes nothing.

    Raises:
        UnknownCard: there is no such card.
        NotAllowed: the actor is neither the card's holder nor a status officer.
    """
    _require_entitled(desk, number, actor)
    locked = desk.store.list_locks(number)
    if channel not in locked:
        desk.store.set_lock(number, channel, desk.clock.now())
        desk.record(desk.event(actor, LOCK, number, channel=channel.value))
    return locked | {channel}


def unlock(desk: Desk, number: CardNumber, channel: Channel, *, actor: Actor) -> frozenset[Channel]:
    """Unlock a channel of a card; gives those that are still locked. Raises as ``lock`` does."""
    _require_entitled(desk, number, actor)
    locked = desk.store.list_locks(number)
    if channel in locked:
        desk.store.clear_lock(number, channel)
        desk.record(desk.event(actor, UNLOCK, number, channel=channel.value))
    return locked - {channel}


def _require_entitled(desk: Desk, number: CardNumber, actor: Actor) -> None:
    card = get_card(desk, number)
    if actor.has_any(frozenset({STATUS_OFFICER, SUPERVISOR})):
        return
    if not actor.has_any(frozenset({HOLDER})) or actor.id != holder_id(number):
        raise NotAllowed("a card is locked and unlocked by its holder, or by a status officer")
    if card.stage is not Stage.ACTIVE:
        raise NotAllowed(f"the card is {card.stage}; whatever it opened is shut. Ask at the counter")
