"""Flags beside the log: one that was put into the table, taken out of it or decided in it alone is found.

Whoever could make a flag go away could let a copied card go on; so the log tells of every opening and of every
decision, by whom and on which ground.
"""

from collections.abc import Iterable

from rahdari.credentials import AuditEntry, AuditFault
from rahdari.oversight import Flag, FlagState

OPEN_FLAG, DECIDE_FLAG = "open_flag", "decide_flag"


def find_flag_faults(log: Iterable[AuditEntry], flags: Iterable[Flag]) -> list[AuditFault]:
    """Compare the flags with the acts of the log that opened and decided them."""
    opened: dict[str, tuple[str, str]] = {}
    decided: dict[str, tuple[str, str, str]] = {}
    for entry in log:
        event, details = entry.event, dict(entry.event.details)
        if event.act == OPEN_FLAG:
            opened[event.subject] = details.get("kind", ""), details.get("about", "")
        elif event.act == DECIDE_FLAG:
            decided[event.subject] = details.get("outcome", ""), event.reason or "", event.actor
    kept = {flag.id: flag for flag in flags}
    faults = [
        AuditFault(None, f"flag {flag.id} {wrong} the log says")
        for flag in kept.values()
        if (wrong := _find_wrong(flag, opened.get(flag.id), decided.get(flag.id)))
    ]
    if opened.keys() - kept.keys():
        faults.append(AuditFault(None, "a flag stands in the log and not in the register"))
    return faults


def _find_wrong(
    flag: Flag, opened: tuple[str, str] | None, decided: tuple[str, str, str] | None
) -> str | None:
    # One that the log does not tell yet was opened by a use a moment ago; it cannot have been decided.
    if opened is None and (flag.is_logged or flag.state is not FlagState.OPEN):
        return "was opened otherwise than"
    if opened is not None and opened != (flag.kind.value, flag.subject):
        return "is of something else than"
    stands = flag.decision and (flag.state.value, flag.decision.ground.value, flag.decision.by)
    return None if stands == decided else "is otherwise decided than"
