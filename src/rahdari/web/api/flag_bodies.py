"""The JSON bodies of flags: shapes alone, no decisions."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from rahdari.app.flag_looks import FlagLook
from rahdari.credentials import Stage
from rahdari.oversight import NOTE_CHARS_MAX, Enrolled, Flag, FlagKind, FlagState, Ground

FlagIdText = Annotated[str, Meta(max_length=36)]


class EvidenceView(msgspec.Struct, frozen=True):
    """One thing that was seen: ids, times, places and numbers, never a person's name."""

    at: datetime
    facts: dict[str, str | int | float]


class DecisionView(msgspec.Struct, frozen=True):
    """What a fraud officer decided, on which ground."""

    outcome: FlagState
    ground: Ground
    note: str
    by: str
    at: datetime


class FlagView(msgspec.Struct, frozen=True, kw_only=True):
    """Something to look at. ``subject``: a card's number, or a holder's id where ``kind`` is likely_duplicate."""

    id: str
    kind: FlagKind
    subject: str
    state: FlagState
    opened_at: datetime
    evidence: list[EvidenceView]
    evidence_count: int
    decision: DecisionView | None


class ComparedView(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared of one holder, as it is registered now."""

    id: str
    kind: str
    number: str
    family_number: str | None
    date_of_birth: date | None
    name: dict[str, str]


class FlagLookView(FlagView, frozen=True, kw_only=True):
    """A flag with what is needed to judge it.

    ``institutions`` names those of the evidence; ``card_stage`` is the flagged card's. ``holders``: the records
    that were compared, the flagged one first, of a likely duplicate that is not decided yet.
    """

    institutions: dict[str, str]
    card_stage: Stage | None
    holders: list[ComparedView]


class FlagPage(msgspec.Struct, frozen=True):
    """Some flags, the newest first; ``next`` is the ``before`` of the following page."""

    flags: list[FlagView]
    next: str | None


class DecisionMade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision on a flag. ``suspend`` suspends the card of a confirmed flag in the same step."""

    outcome: FlagState
    ground: Ground
    note: Annotated[str, Meta(max_length=NOTE_CHARS_MAX)] = ""
    suspend: bool = False


def render_flag(flag: Flag) -> FlagView:
    """Show a flag."""
    decision = flag.decision
    return FlagView(
        id=flag.id,
        kind=flag.kind,
        subject=flag.subject,
        state=flag.state,
        opened_at=flag.opened_at,
        evidence=[EvidenceView(one.at, dict(one.facts)) for one in flag.evidence],
        evidence_count=flag.evidence_count,
        decision=DecisionView(decision.outcome, decision.ground, decision.note, decision.by, decision.at)
        if decision
        else None,
    )


def render_look(look: FlagLook) -> FlagLookView:
    """Show a flag with what is needed to judge it."""
    flag = render_flag(look.flag)
    return FlagLookView(
        **{name: getattr(flag, name) for name in FlagView.__struct_fields__},
        institutions=dict(look.institutions),
        card_stage=look.stage,
        holders=[_render_compared(one) for one in look.holders],
    )


def _render_compared(one: Enrolled) -> ComparedView:
    return ComparedView(
        id=one.id,
        kind=one.kind,
        number=one.number,
        family_number=one.family_number,
        date_of_birth=one.born,
        name=dict(one.names),
    )
