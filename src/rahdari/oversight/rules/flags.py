"""The life of a flag: opened, fed, decided once."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from rahdari.kernel import Actor
from rahdari.oversight.errors import BadDecision, FlagDecided, NotAllowed
from rahdari.oversight.values import (
    EVIDENCE_MAX,
    GROUNDS,
    NOTE_CHARS_MAX,
    Decision,
    Evidence,
    Flag,
    FlagId,
    FlagKind,
    FlagState,
    Ground,
)

FRAUD_OFFICER = "fraud_officer"


def require_fraud_officer(actor: Actor) -> None:
    """Refuse whoever may not look at flags. Raises ``NotAllowed``."""
    if not actor.has_any(frozenset({FRAUD_OFFICER})):
        raise NotAllowed(f"the role {FRAUD_OFFICER} is needed to look at flags; ask an officer who holds it")


def open_flag(flag_id: FlagId, kind: FlagKind, subject: str, seen: tuple[Evidence, ...]) -> Flag:
    """Open a flag on what was seen first."""
    return Flag(
        id=flag_id,
        kind=kind,
        subject=subject,
        opened_at=seen[0].at,
        evidence=_fair(seen),
        evidence_count=len(seen),
    )


def add_evidence(flag: Flag, seen: tuple[Evidence, ...]) -> Flag:
    """Add what was seen further; past ``EVIDENCE_MAX``, what tells the least makes room for it."""
    return replace(
        flag,
        evidence=_fair((*flag.evidence, *seen)),
        evidence_count=flag.evidence_count + len(seen),
    )


def _fair(seen: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Keep at most ``EVIDENCE_MAX``: those who fill the most room give way, and no flood pushes another out.

    Of whoever gives way, the first one tells how it began and stays; the oldest of the others goes.
    """
    kept = list(seen)
    while len(kept) > EVIDENCE_MAX:
        tellers = Counter(_tellers(one) for one in kept)
        teller, count = max(tellers.items(), key=itemgetter(1))
        mine = [at for at, one in enumerate(kept) if _tellers(one) == teller]
        del kept[mine[min(1, count - 1)]]
    return tuple(kept)


def _tellers(evidence: Evidence) -> frozenset[str]:
    """Name the institutions on whose word a piece of evidence rests; none for what the register itself tells."""
    words = ("institution", "first_institution", "second_institution")
    return frozenset(str(evidence.facts[word]) for word in words if word in evidence.facts)


def decide(flag: Flag, outcome: FlagState, ground: Ground, *, note: str, by: Actor, at: datetime) -> Flag:
    """Decide an open flag.

    Raises:
        NotAllowed: ``by`` is no fraud officer.
        FlagDecided: it is decided already.
        BadDecision: the ground is none of this outcome, or the note is too long or unprintable.
    """
    require_fraud_officer(by)
    if flag.state is not FlagState.OPEN:
        raise FlagDecided(f"flag {flag.id} was {flag.state} already; what was decided stands")
    if ground not in GROUNDS[outcome]:
        admitted = ", ".join(sorted(GROUNDS[outcome])) or "none: a flag is dismissed or confirmed"
        raise BadDecision(f"{ground} is no ground for {outcome}; admitted: {admitted}")
    _check_note(note)
    return replace(flag, state=outcome, decision=Decision(outcome, ground, by.id, at, note))


def _check_note(note: str) -> None:
    if len(note) > NOTE_CHARS_MAX:
        raise BadDecision(f"the note has {len(note)} characters, at most {NOTE_CHARS_MAX}; shorten it")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in note):
        raise BadDecision("the note holds a line end or control character; write it on one line")
