"""The life of a card as one table. Screens offer from it, the service obeys it, docs are drawn from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rahdari.credentials.errors import NotAllowed, NothingProposed, SameOfficer, WrongReason, WrongStage
from rahdari.credentials.values.cards import Act, Card, CardNumber, Reason, Stage, Standing
from rahdari.kernel import Actor

REGISTRAR = "registrar"
ISSUER = "issuer"
STATUS_OFFICER = "status_officer"
SUPERVISOR = "supervisor"
KEY_OFFICER = "key_officer"
AUDITOR = "auditor"
VERIFIER = "verifier"
HOLDER = "holder"
SYSTEM = "system"

ROLES = frozenset(
    {REGISTRAR, ISSUER, STATUS_OFFICER, SUPERVISOR, KEY_OFFICER, AUDITOR, VERIFIER, HOLDER, SYSTEM},
)


@dataclass(frozen=True, slots=True)
class Move:
    """Where an act leads, who may do it, and for which reasons (the first one is the default)."""

    to: Stage
    roles: frozenset[str]
    reasons: tuple[Reason, ...]


_REPLACE = (Reason.RENEWED, Reason.DAMAGED, Reason.LOST, Reason.STOLEN)
_REVOKE = (Reason.FRAUD_PROVEN, Reason.ISSUED_IN_ERROR, Reason.DECEASED, Reason.COURT_ORDER)
_SUSPEND = (
    Reason.FRAUD_SUSPECTED,
    Reason.HOLDER_REQUEST,
    Reason.LOST,
    Reason.STOLEN,
    Reason.COURT_ORDER,
)

_HOLDER_REASONS = frozenset({Reason.HOLDER_REQUEST, Reason.LOST, Reason.STOLEN})

_Moves = dict[tuple[Stage | None, Act], Move]


def _revocable(stage: Stage) -> _Moves:
    """Revoking takes two steps by two supervisors; the first leaves the card where it stands."""
    supervisors = frozenset({SUPERVISOR})
    return {
        (stage, Act.PROPOSE_REVOCATION): Move(stage, supervisors, _REVOKE),
        (stage, Act.REVOKE): Move(Stage.REVOKED, supervisors, _REVOKE),
    }


def _replaceable(stage: Stage, role: str = ISSUER) -> _Moves:
    return {(stage, Act.REPLACE): Move(Stage.REPLACED, frozenset({role}), _REPLACE)}


def _expirable(stage: Stage) -> _Moves:
    return {(stage, Act.EXPIRE): Move(Stage.EXPIRED, frozenset({SYSTEM}), (Reason.TERM_ENDED,))}


MOVES: Mapping[tuple[Stage | None, Act], Move] = MappingProxyType(
    {
        (None, Act.APPLY): Move(
            Stage.APPLIED,
            frozenset({REGISTRAR}),
            (Reason.FIRST_CARD, *_REPLACE),
        ),
        (Stage.APPLIED, Act.ISSUE): Move(Stage.ISSUED, frozenset({ISSUER}), (Reason.ENTITLED,)),
        (Stage.ISSUED, Act.ACTIVATE): Move(Stage.ACTIVE, frozenset({ISSUER, REGISTRAR}), (Reason.DELIVERED,)),
        (Stage.ACTIVE, Act.SUSPEND): Move(
            Stage.SUSPENDED, frozenset({STATUS_OFFICER, SUPERVISOR, HOLDER}), _SUSPEND
        ),
        (Stage.SUSPENDED, Act.REINSTATE): Move(
            Stage.ACTIVE,
            frozenset({STATUS_OFFICER, SUPERVISOR}),
            (Reason.CLEARED, Reason.FOUND, Reason.HOLDER_REQUEST, Reason.COURT_ORDER),
        ),
        **_revocable(Stage.ISSUED),
        **_revocable(Stage.ACTIVE),
        **_revocable(Stage.SUSPENDED),
        **_replaceable(Stage.ISSUED),
        **_replaceable(Stage.ACTIVE),
        # A suspicion must not be got rid of by a new card from the counter.
        **_replaceable(Stage.SUSPENDED, SUPERVISOR),
        **_replaceable(Stage.EXPIRED),
        **_expirable(Stage.ISSUED),
        **_expirable(Stage.ACTIVE),
        **_expirable(Stage.SUSPENDED),
    },
)

# Token Status List draft, 7.1: SUSPENDED is temporary, INVALID is not. A card that was not handed over
# yet is dead for the time being, hence suspended.
STANDINGS: Mapping[Stage, Standing] = MappingProxyType(
    {
        Stage.APPLIED: Standing.INVALID,
        Stage.ISSUED: Standing.SUSPENDED,
        Stage.ACTIVE: Standing.VALID,
        Stage.SUSPENDED: Standing.SUSPENDED,
        Stage.REVOKED: Standing.INVALID,
        Stage.EXPIRED: Standing.INVALID,
        Stage.REPLACED: Standing.INVALID,
    },
)

# What the log calls a holder's locks; the channel stands in the details.
LOCK, UNLOCK = "lock", "unlock"

LIVE_STAGES = frozenset({Stage.APPLIED, Stage.ISSUED, Stage.ACTIVE, Stage.SUSPENDED})


def decide_move(stage: Stage | None, act: Act, *, actor: Actor, reason: Reason | None = None) -> Move:
    """Find where ``act`` leads from ``stage``, or refuse.

    ``reason`` None takes the act's first one. The move that is returned carries the decided reason alone.

    Raises:
        WrongStage: no such act from this stage.
        NotAllowed: the actor holds none of the roles.
        WrongReason: the act does not admit the reason.
    """
    move = MOVES.get((stage, act))
    if move is None:
        raise WrongStage(
            f"a card that is {stage or 'new'} cannot be {_done(act)}; possible: {_possible(stage)}"
        )
    if not actor.has_any(move.roles):
        raise NotAllowed(_say_needed(act, move.roles))
    reasons = _reasons_of(move, actor)
    if reason is not None and reason not in reasons:
        admitted = ", ".join(reasons)
        raise WrongReason(f"{reason} is no reason for a card to be {_done(act)}; admitted: {admitted}")
    return Move(move.to, move.roles, (reason or reasons[0],))


def _reasons_of(move: Move, actor: Actor) -> tuple[Reason, ...]:
    """A holder reports a loss or asks; what else a reason may be is for officers to say."""
    if actor.has_any(move.roles - {HOLDER}):
        return move.reasons
    return tuple(one for one in move.reasons if one in _HOLDER_REASONS)


def holder_id(card: CardNumber) -> str:
    """Name the holder of a card as an actor: who signed in with what is bound to that card."""
    return f"holder:{card}"


def require_own_card(card: CardNumber, actor: Actor) -> None:
    """Refuse a holder who acts on another's card. Officers act by their roles. Raises ``NotAllowed``."""
    if actor.roles == {HOLDER} and actor.id != holder_id(card):
        raise NotAllowed("a holder acts on the own card alone")


def require_second_officer(card: Card, actor: Actor) -> Reason:
    """Refuse a revocation that nobody proposed, or that the proposer would approve alone.

    Raises:
        NothingProposed: there is no proposal.
        SameOfficer: the approver is the proposer.
    """
    if card.revocation_proposed_by is None or card.revocation_reason is None:
        raise NothingProposed("no revocation was proposed for this card; a first supervisor must propose it")
    if card.revocation_proposed_by == actor.id:
        raise SameOfficer("revoking needs two different officers; ask another supervisor to approve")
    return card.revocation_reason


def require_none_proposed(card: Card) -> None:
    """Refuse to replace a card whose revocation is proposed: a new card would shake the proposal off.

    An expired card cannot be revoked any more: there, a supervisor decides (``decide_replacement``).

    Raises:
        WrongStage: it is to be decided first.
    """
    if card.stage is not Stage.EXPIRED and card.revocation_proposed_by is not None:
        raise WrongStage(
            f"a revocation of card {card.number} is proposed, so it cannot be replaced; decide that first: a "
            "second supervisor revokes the card, or it is suspended and reinstated, which drops the proposal"
        )


def expired_in_doubt(card: Card, acts: Iterable[str]) -> bool:
    """Tell whether a card's term ended while it was suspended or proposed for revocation.

    ``acts`` is what the log tells of the card, the oldest first: the register no longer knows.
    """
    if card.stage is not Stage.EXPIRED:
        return False
    turns = [one for one in acts if one in (Act.SUSPEND, Act.REINSTATE)]
    return card.revocation_proposed_by is not None or turns[-1:] == [Act.SUSPEND]


def decide_replacement(card: Card, *, actor: Actor, reason: Reason, in_doubt: bool) -> Move:
    """Find where a replacement leads. A card that expired ``in_doubt`` is still a suspended one in this.

    Raises:
        WrongStage, NotAllowed, WrongReason: as ``decide_move``; also while a revocation is proposed.
    """
    move = decide_move(Stage.SUSPENDED if in_doubt else card.stage, Act.REPLACE, actor=actor, reason=reason)
    require_none_proposed(card)
    return move


# How a card is told that an act was done to it, where the act's own word does not end so.
_DONE = MappingProxyType(
    {
        Act.APPLY: "applied for",
        Act.PROPOSE_REVOCATION: "proposed for revocation",
    }
)


def _say_needed(act: Act, roles: frozenset[str]) -> str:
    needed = roles - {HOLDER}
    if needed == {SYSTEM}:
        return f"a card is {_done(act)} by the system alone, when its term has ended; no officer does it"
    named = " or ".join(sorted(needed))
    return f"for a card to be {_done(act)}, the role {named} is needed; ask an officer who holds it"


def _done(act: Act) -> str:
    """Say what becomes of a card by an act: issued, replaced, proposed for revocation."""
    return _DONE.get(act) or f"{act.value.removesuffix('e')}ed"


def _words(act: Act) -> str:
    return act.value.replace("_", " ")


def _possible(stage: Stage | None) -> str:
    return ", ".join(_words(act) for start, act in MOVES if start is stage) or "nothing"
