"""``rahdari exchange log``: a gateway's tamper-evident log. The gateway may be running meanwhile."""

from datetime import UTC, datetime

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.log_desk import LogDesk
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of


def show(*, session: Given) -> None:
    """Show how the log stands: its head, its stamps, since when particulars are kept.

    Args:
        session: This run.
    """
    shown = _open(session).show()
    session.terminal.answer(
        {
            "origin": shown.origin,
            "records": shown.head.size,
            "root": shown.head.root.hex(),
            "checkpoints_kept": shown.kept,
            "checkpoints_stamped": shown.stamped,
            "stamped_at": instant(shown.stamped_at),
            "particulars_since": instant(shown.particulars_since),
        },
        f"{shown.origin}: {count_of(shown.head.size, 'record')}, root {shown.head.root.hex()}",
        f"Kept: {count_of(shown.kept, 'checkpoint')}, {shown.stamped} of them stamped, the last one "
        f"{instant(shown.stamped_at) or 'never'}.",
        f"Particulars: {_since(shown.particulars_since)}.",
    )


def verify(*, session: Given) -> int:
    """Read the whole log: every record, tile, kept checkpoint, stamp and cosignature.

    Ends with 1 if there is a fault, whichever; with 6 where there is no log.

    Args:
        session: This run.
    """
    found = _open(session).verify()
    document = {
        "intact": not found.faults,
        "records": found.size,
        "checkpoints": found.kept,
        "stamps": found.stamps,
        "stamps_of_known": found.stamps_known,
        "cosignatures_of_known": found.cosignatures_known,
        "faults": list(found.faults),
    }
    if not found.faults:
        session.terminal.answer(
            document,
            f"The log is intact: {count_of(found.size, 'record')}. "
            f"{count_of(found.kept, 'checkpoint')} kept, {count_of(found.stamps, 'stamp')} "
            f"({found.stamps_known} of authorities known now), "
            f"{count_of(found.cosignatures_known, 'cosignature')} of known witnesses.",
        )
        return ExitCode.DONE
    session.terminal.answer(
        document,
        f"THE LOG IS NOT INTACT: {count_of(len(found.faults), 'fault')}.",
        *found.faults,
        "Keep the folder as it is and compare it with a copy.",
    )
    return ExitCode.NEGATIVE


def erase_particulars(*, before: str, session: Given) -> None:
    """Erase what is kept sealed beside the log, an hour at a time; the log and its proofs stay as they are.

    Without them the parties can no longer show what exactly was asked, only that it was.

    Args:
        before: Day or instant (UTC), as 2026-11-22 or 2026-11-22T09:00; hours that were over then are erased.
        session: This run.
    """
    try:
        at = datetime.fromisoformat(before)
    except ValueError:
        raise BadUsage(f"{before} is no instant; write it as 2026-11-22 or 2026-11-22T09:00") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    hours = _open(session).erase_particulars(at)
    session.terminal.answer(
        {"before": instant(at), "hours": hours},
        f"Particulars of {count_of(hours, 'hour')} erased.",
    )


def _open(session: Session) -> LogDesk:
    return LogDesk(gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance())


def _since(at: datetime | None) -> str:
    return "none are kept" if at is None else f"kept since {instant(at)}"
