"""``rahdari audit``: the log of every act."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType

from rahdari.access import Role, require_any
from rahdari.app.checkpoints import Checkpoint
from rahdari.app.errors import BadFile
from rahdari.app.files import read_limited
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, table_of
from rahdari.credentials import AuditEntry

# A checkpoint is a number and a digest.
CHECKPOINT_BYTES_MAX = 4096
LISTED_MAX = 100_000


def verify(*, checkpoint: Path | None = None, session: Given) -> int:
    """Examine the whole log and find any alteration.

    Ends with 1 if there is a fault: a changed, missing or added entry, a wrong seal, a card that is not
    what the log says.

    Args:
        checkpoint: An audit-checkpoint.json that was kept elsewhere; finds a log that was rolled back.
        session: This run.
    """
    noted = _read_checkpoint(checkpoint) if checkpoint else None
    finding = session.house().authority.verify_log(checkpoint=noted)
    faults = [{"sequence": one.sequence, "what": one.what} for one in finding.faults]
    document = {
        "intact": finding.is_intact,
        "entries": finding.entries,
        "head": finding.head.hex(),
        "faults": faults,
    }
    entries = count_of(finding.entries, "entry", "entries")
    if finding.is_intact:
        session.terminal.answer(document, f"The log is intact: {entries}, head {finding.head.hex()}")
        return ExitCode.DONE
    session.terminal.answer(
        document,
        f"THE LOG IS NOT INTACT: {count_of(len(faults), 'fault')} in {entries}.",
        table_of(("entry", "what"), ((one.sequence or "", one.what) for one in finding.faults)),
        "Keep the database as it is and compare it with a backup.",
    )
    return ExitCode.NEGATIVE


def _read_checkpoint(path: Path) -> Checkpoint:
    raw = read_limited(path, size_bytes_max=CHECKPOINT_BYTES_MAX)
    try:
        noted = json.loads(raw)
        return Checkpoint(int(noted["sequence"]), bytes.fromhex(noted["digest"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadFile(
            "the checkpoint is not JSON with sequence and digest; give audit-checkpoint.json"
        ) from None


def log(*, limit: int = 20, session: Given) -> None:
    """Show the last entries of the log.

    Args:
        limit: How many.
        session: This run.
    """
    require_any(session.actor(), frozenset({Role.AUDITOR.value}))
    if not 1 <= limit <= LISTED_MAX:
        raise BadUsage(f"--limit must lie between 1 and {LISTED_MAX}")
    entries, names = session.house().authority.read_log_end(limit), officer_names(session)
    session.terminal.answer(
        {"entries": [entry_document(one, names) for one in entries]}, entry_table(entries, names)
    )


def officer_names(session: Session) -> Mapping[str, str]:
    """Map the id of every officer and institution to its name."""
    return {one.id: one.name for one in session.house().officers.list()}


def entry_document(entry: AuditEntry, names: Mapping[str, str]) -> dict[str, object]:
    """Describe an entry of the log; ``names`` knows officers by id."""
    event = entry.event
    return {
        "sequence": entry.sequence,
        "at": instant(event.at),
        "actor": event.actor,
        "actor_name": names.get(event.actor),
        "act": event.act,
        "subject": event.subject,
        "reason": event.reason,
        "details": dict(event.details),
        "digest": entry.digest.hex(),
    }


def entry_table(entries: Sequence[AuditEntry], names: Mapping[str, str]) -> RenderableType:
    """Draw entries of the log, each in two lines: what was done to what, and when by whom."""
    rows: list[tuple[object, ...]] = []
    for one in entries:
        event = one.event
        rows.append((one.sequence, f"{event.act} {event.reason or ''}".strip(), event.subject))
        rows.append(("", instant(event.at), f"by {_who(event.actor, names)}"))
    return table_of(("entry", "act, at", "subject, actor"), rows)


def _who(actor: str, names: Mapping[str, str]) -> str:
    return f"{names[actor]} {actor}" if actor in names else actor
