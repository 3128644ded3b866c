"""``rahdari pass``: the acts of a card's life."""

from rahdari.cli.audit import entry_document, entry_table, officer_names
from rahdari.cli.authority import Given
from rahdari.cli.documents import card_document
from rahdari.cli.errors import BadUsage
from rahdari.cli.passes import card_number
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of
from rahdari.credentials import MOVES, Act, Card, Reason, Stage

# Acts for which a reason may be given; the first of the life-cycle table is taken where none is.
_DEFAULTED = frozenset({Act.SUSPEND, Act.REINSTATE})


def _reason(what: Act, word: str | None) -> Reason | None:
    if word is None:
        return None
    admitted = [reason for (_, act), move in MOVES.items() if act is what for reason in move.reasons]
    asked = word.strip().lower().replace("-", "_").replace(" ", "_")
    if asked not in admitted:
        known = ", ".join(dict.fromkeys(admitted))
        raise BadUsage(f"this is no reason to {what.value.replace('_', ' ')} a card; admitted: {known}")
    return Reason(asked)


def _act(session: Session, card: str, what: Act, reason: str | None, said: str) -> Card:
    registry = session.house().registry
    changed = registry.act(card_number(card), what, actor=session.actor(), reason=_reason(what, reason))
    taken = _taken(session, changed, what) if reason is None and what in _DEFAULTED else ""
    session.terminal.answer(
        card_document(changed), f"Card {changed.number} is {changed.stage}. {taken}{said}"
    )
    return changed


def _taken(session: Session, card: Card, what: Act) -> str:
    """Tell the reason that the log has where nobody gave one: it is what others will read."""
    events = (one.event for one in reversed(session.house().registry.get_history(card.number)))
    noted = next((one.reason for one in events if one.act == what), None)
    return f"No reason was given; {noted} was noted. " if noted else ""


def _publish(session: Session) -> str:
    return (
        "The register answers so at once, and where a server runs, connected verifiers have it already. "
        f"For those who carry folders, this writes the lists: {session.command('status publish')}"
    )


def activate(card: str, /, *, session: Given) -> None:
    """Note that an issued card was handed over.

    Args:
        card: Number of the card.
        session: This run.
    """
    _act(session, card, Act.ACTIVATE, None, _publish(session))


def suspend(card: str, /, *, reason: str | None = None, session: Given) -> None:
    """Suspend a card at once; it can be reinstated.

    Args:
        card: Number of the card.
        reason: fraud_suspected, holder_request, lost, stolen or court_order.
        session: This run.
    """
    _act(session, card, Act.SUSPEND, reason, _publish(session))


def reinstate(card: str, /, *, reason: str | None = None, session: Given) -> None:
    """Make a suspended card good again.

    Args:
        card: Number of the card.
        reason: cleared, found, holder_request or court_order.
        session: This run.
    """
    _act(session, card, Act.REINSTATE, reason, _publish(session))


def revoke(card: str, /, *, reason: str | None = None, session: Given) -> None:
    """Revoke a card for ever: one supervisor proposes, another approves.

    The first call proposes; the same command with --as ANOTHER approves.

    Args:
        card: Number of the card.
        reason: fraud_proven, issued_in_error, deceased or court_order; the proposal's reason counts.
        session: This run.
    """
    registry, number, actor = session.house().registry, card_number(card), session.actor()
    standing = registry.get_card(number)
    if standing.revocation_proposed_by is not None:
        if _reason(Act.REVOKE, reason) not in (None, standing.revocation_reason):
            raise BadUsage(
                f"the revocation was proposed for {standing.revocation_reason}; approve it without another --reason"
            )
        ground = f"The reason is {standing.revocation_reason}; both officers are in the log."
        _act(session, card, Act.REVOKE, None, f"{ground} {_publish(session)}")
        return
    proposed = registry.act(
        number, Act.PROPOSE_REVOCATION, actor=actor, reason=_reason(Act.PROPOSE_REVOCATION, reason)
    )
    session.terminal.answer(
        card_document(proposed),
        f"Revocation of card {number} is proposed ({proposed.revocation_reason}"
        f"{'' if reason else ', as no reason was given'}); the card is still {proposed.stage}.",
        "Another supervisor must approve it: "
        f"{session.command(f'pass revoke {number} --as supervisor')}. "
        f"To stop the card meanwhile: {session.command(f'pass suspend {number}')}",
    )


def replace(card: str, /, *, reason: str, session: Given) -> None:
    """Replace a lost, stolen, damaged or outdated card by a new one.

    The old card is dead at once, and the new one is issued; where a supervisor is no issuer, it waits for one.

    Args:
        card: Number of the old card.
        reason: lost, stolen, damaged or renewed.
        session: This run.
    """
    wanted = _reason(Act.REPLACE, reason)
    if wanted is None:
        raise BadUsage("--reason is needed: lost, stolen, damaged or renewed")
    registry = session.house().registry
    old, new = registry.replace(card_number(card), actor=session.actor(), reason=wanted)
    locked = ", ".join(sorted(registry.list_locks(new.number)))
    session.terminal.answer(
        {"old": card_document(old), "new": card_document(new)},
        f"Card {old.number} is {old.stage}; card {new.number} takes its place. {_publish(session)}",
        *([f"What the holder had locked stays locked: {locked}."] if locked else ()),
        f"Next: {session.command(_next_of(new))}",
    )


def _next_of(new: Card) -> str:
    waits = new.stage is Stage.APPLIED
    return f"pass issue {new.holder} --as ISSUER" if waits else f"pass render {new.number} --png"


def expire(*, session: Given) -> None:
    """Note every card whose validity has ended."""
    count = session.house().registry.expire_due()
    session.terminal.answer({"expired": count}, f"{count_of(count, 'card')} came to the end of validity.")


def history(card: str, /, *, session: Given) -> None:
    """Tell the life of a card, from the log.

    Args:
        card: Number of the card.
        session: This run.
    """
    session.actor()
    number, registry = card_number(card), session.house().registry
    registry.get_card(number)
    entries, names = registry.get_history(number), officer_names(session)
    session.terminal.answer(
        {"card": number, "history": [entry_document(one, names) for one in entries]},
        entry_table(entries, names),
    )
