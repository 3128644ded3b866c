"""``rahdari flag``: what fraud officers look at and decide."""

from collections.abc import Iterator

from rahdari.app.flag_looks import FlagLook
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.instants import instant
from rahdari.cli.terminal import Listing, count_of, pairs, table_of
from rahdari.oversight import GROUNDS, Flag, FlagId, FlagState, Ground, Verdict

LISTED_MAX = 500


def list_flags(*, state: str = "open", limit: int = 50, before: str | None = None, session: Given) -> None:
    """List flags, the newest first.

    Args:
        state: open, dismissed or confirmed; or all.
        limit: How many.
        before: Id of the last flag that was listed, to go on from there.
        session: This run.
    """
    if not 1 <= limit <= LISTED_MAX:
        raise BadUsage(f"--limit must lie between 1 and {LISTED_MAX}")
    wanted = None if state == "all" else _state(state)
    last = FlagId(before) if before else None
    found = session.house().oversight.list_flags(
        actor=session.actor(), state=wanted, limit=limit, before=last
    )
    session.terminal.answer(
        {"flags": [flag_document(one) for one in found]},
        table_of(
            ("id", "kind", "of", "opened", "state", "seen"),
            (
                (one.id, one.kind, one.subject, instant(one.opened_at), one.state, one.evidence_count)
                for one in found
            ),
        ),
    )


def show(flag: str, /, *, session: Given) -> None:
    """Show a flag with its evidence.

    Beside it, what is needed to judge: institutions by name, the card's stage; of a likely duplicate that is not
    decided yet, the fields of the holders that were compared.

    Args:
        flag: Id of the flag.
        session: This run.
    """
    look = session.house().oversight.look_at_flag(FlagId(flag), actor=session.actor())
    document = _look_document(look)
    lists = {"evidence", "decision", "institutions", "holders"}
    decision = document["decision"]
    session.terminal.answer(
        document,
        pairs({name: value for name, value in document.items() if name not in lists}),
        table_of(("seen", "what", ""), _evidence_cells(look)),
        *((_compared_table(look),) if look.holders else ()),
        *((pairs(decision),) if isinstance(decision, dict) else ()),
    )


def _evidence_cells(look: FlagLook) -> Iterator[tuple[str | None, str, object]]:
    for one in look.flag.evidence:
        for at, (name, value) in enumerate(one.facts.items()):
            called = look.institutions.get(str(value)) if name.endswith("institution") else None
            yield instant(one.at) if at == 0 else "", name, f"{called} ({value})" if called else value


def _compared_table(look: FlagLook) -> Listing:
    return table_of(
        ("holder", "number", "family number", "born", "name"),
        (
            (one.id, one.number, one.family_number or "", one.born or "", " / ".join(one.names.values()))
            for one in look.holders
        ),
    )


def _look_document(look: FlagLook) -> dict[str, object]:
    return {
        **flag_document(look.flag),
        "card_stage": look.stage.value if look.stage else None,
        "institutions": dict(look.institutions),
        "holders": [
            {
                "id": one.id,
                "kind": one.kind,
                "number": one.number,
                "family_number": one.family_number,
                "date_of_birth": one.born.isoformat() if one.born else None,
                "name": dict(one.names),
            }
            for one in look.holders
        ],
    }


def decide(  # noqa: PLR0913 - each is one option
    flag: str,
    /,
    *,
    confirm: bool = False,
    dismiss: bool = False,
    ground: str,
    note: str = "",
    suspend: bool = False,
    session: Given,
) -> None:
    """Dismiss or confirm a flag, once and for all.

    Args:
        flag: Id of the flag.
        confirm: It is what it looks like.
        dismiss: There is nothing in it.
        ground: To confirm: card_copied, card_lent, misuse_by_institution, same_person, identity_fraud. To
            dismiss: explained_by_holder, wrong_place_told, wrong_clock, busy_service, different_people,
            clerical_error.
        note: A line for colleagues; it is kept with the flag and not in the audit log.
        suspend: Suspend the card of a confirmed flag in the same step; needs the role for it too.
        session: This run.
    """
    if confirm and dismiss:
        raise BadUsage("give --confirm or --dismiss, not both")
    if not confirm and not dismiss:
        raise BadUsage("give --confirm or --dismiss")
    outcome = FlagState.CONFIRMED if confirm else FlagState.DISMISSED
    if ground not in set(Ground):
        raise BadUsage(f"--ground is one of {', '.join(sorted(GROUNDS[outcome]))}")
    verdict = Verdict(outcome, Ground(ground), note)
    decided = session.house().oversight.decide(FlagId(flag), verdict, actor=session.actor(), suspend=suspend)
    suspended = f" Card {decided.subject} is suspended." if suspend else ""
    session.terminal.answer(flag_document(decided), f"Flag {decided.id} is {decided.state}.{suspended}")


def index(*, session: Given) -> None:
    """Index every holder anew, to find likely duplicates.

    For a register that is older than the index, or whose keys/clues.key was lost.

    Args:
        session: This run.
    """
    count = session.house().oversight.build_index(actor=session.actor())
    session.terminal.answer({"indexed": count}, f"{count_of(count, 'holder')} indexed.")


def forget(*, session: Given) -> None:
    """Forget uses that are older than the settings keep them.

    Flags keep their evidence.

    Args:
        session: This run.
    """
    count = session.house().oversight.forget_uses(actor=session.actor())
    session.terminal.answer({"forgotten": count}, f"{count_of(count, 'use')} forgotten.")


def flag_document(flag: Flag) -> dict[str, object]:
    """Describe a flag."""
    decision = flag.decision
    return {
        "id": flag.id,
        "kind": flag.kind.value,
        "subject": flag.subject,
        "state": flag.state.value,
        "opened_at": instant(flag.opened_at),
        "evidence_count": flag.evidence_count,
        "evidence": [{"at": instant(one.at), "facts": dict(one.facts)} for one in flag.evidence],
        "decision": None
        if decision is None
        else {
            "outcome": decision.outcome.value,
            "ground": decision.ground.value,
            "note": decision.note,
            "by": decision.by,
            "at": instant(decision.at),
        },
    }


def _state(text: str) -> FlagState:
    if text not in set(FlagState):
        raise BadUsage("--state is open, dismissed, confirmed or all")
    return FlagState(text)
