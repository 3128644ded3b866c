"""``rahdari signal``: subscriptions of institutions, as the operator sees and mends them."""

from rahdari.app.dispatch import Dispatcher
from rahdari.app.house import House
from rahdari.app.signals import StreamReport
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import Document, count_of, pairs, table_of
from rahdari.signals import State, StreamId


def list_streams(*, session: Given) -> None:
    """List the streams of all institutions, and how they fare."""
    house = session.house()
    names = _names(house)
    reports = [house.signals.report(one.id) for one in house.signals.list_streams()]
    session.terminal.answer(
        {"streams": [report_document(one, names) for one in reports]},
        table_of(
            ("stream", "institution", "method", "state", "last", "pending", "failure"),
            (
                (
                    one.stream.id,
                    names.get(one.stream.institution, one.stream.institution),
                    one.stream.delivery.method.value,
                    one.stream.state.value,
                    str(one.progress.last_order),
                    str(one.pending),
                    one.progress.failure or "",
                )
                for one in reports
            ),
            spare=("failure",),
        ),
    )


def show(stream: str, /, *, session: Given) -> None:
    """Show a stream: its state, what waits, and why. Never a secret.

    Args:
        stream: Id of the stream, as `signal list` tells it.
        session: This run.
    """
    house = session.house()
    _answer(session, house.signals.report(StreamId(stream)))


def pause(stream: str, /, *, reason: str = "", session: Given) -> None:
    """Keep a stream's notices instead of sending them. Its institution is told.

    Args:
        stream: Id of the stream.
        reason: Why; the institution reads it.
        session: This run.
    """
    office = session.house().signals
    office.impose(StreamId(stream), State.PAUSED, reason or None)
    _answer(session, office.report(StreamId(stream)))


def resume(stream: str, /, *, session: Given) -> None:
    """Send a stream's notices again, after a pause or after the house gave up on its receiver.

    Args:
        stream: Id of the stream.
        session: This run.
    """
    office = session.house().signals
    office.impose(StreamId(stream), State.ENABLED)
    _answer(session, office.report(StreamId(stream)))


def replay(stream: str, /, *, after: int = 0, session: Given) -> None:
    """Send everything after an order number again, in order and under the same ids.

    Args:
        stream: Id of the stream.
        after: The last order number that needs no repeating.
        session: This run.
    """
    count = session.house().signals.replay(StreamId(stream), after=after)
    session.terminal.answer(
        {"stream": stream, "after": after, "replayed": count},
        f"{count_of(count, 'notice')} of stream {stream} will be sent again; a running server does so at once.",
    )


def deliver(*, once: bool = False, session: Given) -> None:
    """Deliver what is due now, and end. A running server does this all the time.

    Args:
        once: Must stand here; a deliverer that keeps running is the server.
        session: This run.
    """
    if not once:
        raise BadUsage("--once is needed; what delivers all the time is the server: rahdari serve")
    told = Dispatcher(session.house().signals).run_once()
    session.terminal.answer(
        {"sent": told.sent, "failed": told.failed},
        f"{count_of(told.sent, 'notice')} arrived; {count_of(told.failed, 'stream')} failed, to be tried again.",
    )


def _answer(session: Session, report: StreamReport) -> None:
    document = report_document(report, _names(session.house()))
    session.terminal.answer(document, pairs(document))


def _names(house: House) -> dict[str, str]:
    return {one.id: one.name for one in house.officers.list()}


def report_document(report: StreamReport, names: dict[str, str]) -> Document:
    """Describe a stream; the same names as in the HTTP API."""
    stream, progress = report.stream, report.progress
    return {
        "stream_id": stream.id,
        "institution": names.get(stream.institution, stream.institution),
        "method": stream.delivery.method.value,
        "endpoint_url": stream.delivery.url,
        "status": stream.state.value,
        "reason": stream.why,
        "last_order": progress.last_order,
        "pending": report.pending,
        "subjects": report.watched,
        "attempts": progress.attempts,
        "failure": progress.failure,
        "failing_since": instant(progress.failing_since),
        "next_attempt_at": instant(progress.due_at),
        "created_at": instant(stream.created_at),
    }
