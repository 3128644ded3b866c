"""The acts of a card's life, from the application to the end."""

from collections.abc import Sequence
from dataclasses import replace

from rahdari.credentials.errors import CardTaken, UnknownCard, UnknownFeature
from rahdari.credentials.features import find_feature
from rahdari.credentials.rules.audit_chain import digest_of_passes
from rahdari.credentials.rules.holders import check_party
from rahdari.credentials.rules.life_cycle import (
    LIVE_STAGES,
    LOCK,
    decide_move,
    decide_replacement,
    expired_in_doubt,
    require_own_card,
    require_second_officer,
)
from rahdari.credentials.rules.products import find_expiry
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.passes import make_passes
from rahdari.credentials.service.standing import Moved, tell
from rahdari.credentials.values.audit import AuditEvent
from rahdari.credentials.values.cards import Act, Card, CardNumber, Pass, Reason, Stage
from rahdari.credentials.values.holders import Holder, HolderId
from rahdari.kernel import Actor, readable_number


def get_card(desk: Desk, number: CardNumber) -> Card:
    """Get a card. Raises ``UnknownCard``."""
    found = desk.store.find_card(number)
    if found is None:
        raise UnknownCard(f"there is no card {number}; check the number as printed on the back of the card")
    return found


def get_pass(desk: Desk, number: CardNumber, feature: str) -> Pass:
    """Get one pass of a card. Raises ``UnknownCard``, ``UnknownFeature``."""
    card = get_card(desk, number)
    found = desk.store.find_pass(number, feature)
    if found is None:
        raise UnknownFeature(f"card {number} is {card.stage} and carries no {feature} pass")
    return found


def draw_application(desk: Desk, holder: Holder, product_id: str, *, replaces: Card | None = None) -> Card:
    """Draw up an application, not yet written. Raises ``UnknownProduct``, ``BadHolder``, ``NotEligible``."""
    product, now = desk.products.get_current(product_id), desk.clock.now()
    check_party(product, holder.party, now.date())
    return Card(
        number=CardNumber(readable_number(desk.chance)),
        holder=holder.id,
        product=product.ref,
        stage=Stage.APPLIED,
        applied_at=now,
        replaces=replaces.number if replaces else None,
    )


def apply(desk: Desk, holder: Holder, product_id: str, *, actor: Actor) -> Card:
    """Apply for a card of a product for a registered holder.

    Raises:
        NotAllowed, UnknownProduct, BadHolder, NotEligible.
        CardTaken: the holder has a live card of the product, or one that expired in doubt.
    """
    decide_move(None, Act.APPLY, actor=actor)
    _refuse_second_card(desk, holder.id, product_id)
    card = draw_application(desk, holder, product_id)
    desk.store.add_cards([card])
    desk.record(
        desk.event(
            actor,
            Act.APPLY,
            card.number,
            reason=Reason.FIRST_CARD,
            holder=holder.id,
            product=str(card.product),
        )
    )
    return card


def _refuse_second_card(desk: Desk, holder: HolderId, product_id: str) -> None:
    for card in desk.store.find_cards_of(holder):
        # A card that expired in doubt is replaced by a supervisor, and a new application is no way around that.
        if card.product.id == product_id and (card.stage in LIVE_STAGES or _expired_in_doubt(desk, card)):
            raise CardTaken(f"the holder has the card {card.number} ({card.stage}); replace that one")


def _expired_in_doubt(desk: Desk, card: Card) -> bool:
    if card.stage is not Stage.EXPIRED:
        return False
    return expired_in_doubt(card, (one.event.act for one in desk.store.read_log_of(card.number)))


def issue(desk: Desk, cards: Sequence[Card], *, actor: Actor, activate: bool = True) -> tuple[Card, ...]:
    """Issue cards that were applied for: sign their passes and, with ``activate``, hand them over. All or none.

    Raises:
        WrongStage, NotAllowed: of the first card that cannot be issued.
    """
    for card in cards:
        decide_move(card.stage, Act.ISSUE, actor=actor)
        if activate:
            decide_move(Stage.ISSUED, Act.ACTIVATE, actor=actor)
    holders = desk.store.find_holders([card.holder for card in cards])
    stage = Stage.ACTIVE if activate else Stage.ISSUED
    issued = tuple(_issued(desk, card, holders[card.holder], stage) for card in cards)
    desk.store.update_cards(issued, was=Stage.APPLIED)
    passes = make_passes(desk, issued, holders)
    desk.store.add_passes(passes)
    tell(desk, [Moved(one, Stage.APPLIED) for one in issued], Act.ISSUE, Reason.ENTITLED)
    by_card: dict[CardNumber, list[Pass]] = {}
    for one in passes:
        by_card.setdefault(one.card, []).append(one)
    events = (_issue_events(desk, one, by_card[one.number], actor, activate=activate) for one in issued)
    desk.record(*(event for some in events for event in some))
    return issued


def _issued(desk: Desk, card: Card, holder: Holder, stage: Stage) -> Card:
    # Whole seconds: a pass counts its times in seconds (RFC 8392, 2), and the register must say the same.
    now = desk.clock.now().replace(microsecond=0)
    product = desk.products.get(card.product)
    return replace(card, stage=stage, valid_from=now, expires=find_expiry(product, holder.party, now))


def _issue_events(
    desk: Desk, card: Card, passes: Sequence[Pass], actor: Actor, *, activate: bool
) -> tuple[AuditEvent, ...]:
    issued = desk.event(
        actor,
        Act.ISSUE,
        card.number,
        reason=Reason.ENTITLED,
        expires=card.expires.isoformat() if card.expires else "never",
        passes=digest_of_passes(passes),
        product=str(card.product),
    )
    if not activate:
        return (issued,)
    return issued, desk.event(actor, Act.ACTIVATE, card.number, reason=Reason.DELIVERED)


def act(desk: Desk, number: CardNumber, what: Act, *, actor: Actor, reason: Reason | None = None) -> Card:
    """Do one act of the table to a card: activate, suspend, reinstate, propose its revocation, revoke.

    Raises:
        UnknownCard, WrongStage, NotAllowed, WrongReason.
        NothingProposed, SameOfficer: revoking without a proposal, or by its proposer.
    """
    card = get_card(desk, number)
    require_own_card(number, actor)
    move = decide_move(card.stage, what, actor=actor, reason=reason)
    decided = move.reasons[0]
    changed = replace(card, stage=move.to)
    if what is Act.PROPOSE_REVOCATION:
        changed = replace(changed, revocation_proposed_by=actor.id, revocation_reason=decided)
    if what is Act.REVOKE:
        decided = require_second_officer(card, actor)
    if what is Act.REINSTATE:
        # A reinstatement answers the doubts: a proposal made before it does not linger.
        changed = replace(changed, revocation_proposed_by=None, revocation_reason=None)
    desk.store.update_cards([changed], was=card.stage)
    sequence = tell(desk, [Moved(changed, card.stage)], what, decided)
    desk.record(desk.event(actor, what, number, reason=decided, **_carried_by(sequence)))
    return changed


def _carried_by(sequence: int | None) -> dict[str, str]:
    """Name the delta that carries a change, so that the log vouches for the stream."""
    return {} if sequence is None else {"delta": str(sequence)}


def replace_card(desk: Desk, number: CardNumber, *, actor: Actor, reason: Reason) -> tuple[Card, Card]:
    """Replace a card that was lost, stolen or damaged, or is renewed; the old one is dead at once.

    What the holder had locked stays locked: a new card is no way around a lock. Nor around a doubt: while a
    revocation is proposed there is none, and a card that expired while it was suspended takes a supervisor.

    Returns the old card and the application for the new one, which ``issue`` then takes.

    Raises:
        UnknownCard, WrongStage, NotAllowed, WrongReason, BadHolder, NotEligible.
    """
    card = get_card(desk, number)
    in_doubt = _expired_in_doubt(desk, card)
    move = decide_replacement(card, actor=actor, reason=reason, in_doubt=in_doubt)
    old = replace(card, stage=move.to)
    desk.store.update_cards([old], was=card.stage)
    holder = desk.store.find_holders([card.holder])[card.holder]
    new = draw_application(desk, holder, card.product.id, replaces=old)
    desk.store.add_cards([new])
    sequence = tell(desk, [Moved(old, card.stage)], Act.REPLACE, reason)
    desk.record(
        desk.event(actor, Act.REPLACE, old.number, reason=reason, by=new.number, **_carried_by(sequence)),
        desk.event(actor, Act.APPLY, new.number, reason=reason, holder=holder.id, product=str(new.product)),
    )
    for channel in sorted(desk.store.list_locks(old.number)):
        desk.store.set_lock(new.number, channel, desk.clock.now())
        desk.record(desk.event(actor, LOCK, new.number, channel=channel.value))
    return old, new


def expire_due(desk: Desk, *, actor: Actor, limit: int = 1000) -> tuple[Card, ...]:
    """Move cards whose validity has ended to their stage ``expired``; at most ``limit`` a call."""
    due = desk.store.list_due(desk.clock.now(), limit=limit)
    expired: list[Moved] = []
    for card in due:
        move = decide_move(card.stage, Act.EXPIRE, actor=actor)
        changed = replace(card, stage=move.to)
        desk.store.update_cards([changed], was=card.stage)
        expired.append(Moved(changed, card.stage))
    carried = _carried_by(tell(desk, expired, Act.EXPIRE, Reason.TERM_ENDED))
    desk.record(
        *(
            desk.event(actor, Act.EXPIRE, one.card.number, reason=Reason.TERM_ENDED, **carried)
            for one in expired
        )
    )
    return tuple(one.card for one in expired)


def suffix_of(feature: str) -> str:
    """Tell how a file of this feature's passes ends. Raises ``UnknownFeature``."""
    return find_feature(feature).file_suffix
