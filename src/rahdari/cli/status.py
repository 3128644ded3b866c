"""``rahdari status``: status lists and status streams."""

import math
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.clock import SystemChance
from rahdari.app.following import Followed, Follower, Turn
from rahdari.app.status_sources import FolderSource, HttpSource, StatusSource
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, table_of

# How long a wait for news may hold up Ctrl-C.
_LISTEN_SECONDS = 1.0


def publish(*, session: Given) -> None:
    """Sign the status lists as the register stands now."""
    session.require_own_address()
    house = session.house()
    published = house.authority.publish()
    session.terminal.answer(
        {
            "folder": str(house.authority.public_folder / "s"),
            "lists": [{"uri": one.uri, "issued_at": instant(one.issued_at)} for one in published],
        },
        table_of(("list", "issued at"), ((one.uri, instant(one.issued_at) or "") for one in published))
        if published
        else "Nothing changed since the lists were signed.",
        f"Published in {house.authority.public_folder / 's'}; the server serves them at once.",
    )


def sync(
    *,
    source: Annotated[str | None, Parameter(name="--from")] = None,
    verifier: Path | None = None,
    session: Given,
) -> int:
    """Bring the statuses of every trusted issuer up to date: by their stream, or list by list.

    What is refused or cannot be reached leaves what is held as it was, and the command ends with 1.

    Args:
        source: A folder that was published (public/), else the addresses that the trust list names.
        verifier: The verifier folder, else the one in the home folder.
        session: This run.
    """
    with _source(source) as asked:
        result = session.gate(verifier).sync(asked)
    failed = [
        {"list": place, "code": problem.code, "what": problem.message} for place, problem in result.failed
    ]
    session.terminal.answer(
        {"taken": list(result.taken), "failed": failed},
        f"{count_of(len(result.taken), 'status list')} up to date.",
        *(f"NOT taken: {one['list']}: {one['what']}" for one in failed),
    )
    return ExitCode.NEGATIVE if failed else ExitCode.DONE


@contextmanager
def _source(word: str | None) -> Iterator[StatusSource]:
    if word is None:
        with closing(HttpSource()) as servers:
            yield servers
        return
    if "://" in word:
        raise BadUsage(
            "--from takes a folder; over HTTP, only addresses that the signed trust list names are asked"
        )
    yield FolderSource(Path(word))


def follow(*, verifier: Path | None = None, seconds: int | None = None, session: Given) -> int:
    """Stay connected with every status stream: a suspension is known here within seconds.

    A line that breaks is taken up again, with waits of up to 30 seconds. Ctrl-C ends it; what came is kept.

    Args:
        verifier: The verifier folder, else the one in the home folder.
        seconds: End after so many seconds, else never; with 1 if a stream was lost then.
        session: This run.
    """
    gate, lines = session.gate(verifier), queue.Queue[Followed]()
    over, last = threading.Event(), dict[str, Followed]()
    with closing(HttpSource()) as servers:
        for publisher in gate.list_publishers():
            follower = Follower(session.gate(verifier), servers, publisher, tell=lines.put)
            # Each line waits on its own server; the process may end while they do.
            threading.Thread(target=_run, args=(follower, over), daemon=True).start()
            last[publisher.prefix] = Followed(publisher.prefix, Turn.LOST, 0, 0)
        try:
            for one in _lines(lines, last, seconds):
                _tell(session, one, last[one.prefix])
                last[one.prefix] = one
        finally:
            over.set()
    rows = [_followed_row(one) for one in last.values()]
    session.terminal.answer(
        {"streams": rows},
        table_of(("lists", "state", "delta", "as of"), (tuple(row.values()) for row in rows)),
    )
    return ExitCode.NEGATIVE if any(one.turn is Turn.LOST for one in last.values()) else ExitCode.DONE


def _run(follower: Follower, over: threading.Event) -> None:
    follower.run(wait=over.wait, tick=time.monotonic, chance=SystemChance())


def _lines(
    lines: "queue.Queue[Followed]", last: Mapping[str, Followed], seconds: int | None
) -> Iterator[Followed]:
    """Give what happens on any line, until the time is over or no publisher has a stream."""
    ends = math.inf if seconds is None else time.monotonic() + seconds
    while any(one.turn is not Turn.NO_STREAM for one in last.values()):
        left = min(_LISTEN_SECONDS, ends - time.monotonic())
        if left <= 0:
            return
        try:
            yield lines.get(timeout=left)
        except queue.Empty:
            continue


def _tell(session: Session, now: Followed, before: Followed) -> None:
    """Tell a change: heads that say that nothing happened are not news."""
    if now.turn is Turn.CONFIRMED and before.turn is not Turn.LOST:
        return
    again = f"trying again in {math.ceil(now.again_in)} s"
    if now.problem and before.problem and now.problem.message == before.problem.message:
        session.terminal.tell(f"{now.prefix}: {again}")
        return
    as_of = instant(datetime.fromtimestamp(now.as_of, UTC)) if now.as_of else "nothing held"
    what = {
        Turn.CONNECTED: "connected",
        Turn.APPLIED: "changed",
        Turn.CONFIRMED: "connected",
        Turn.LOST: f"LOST: {now.problem.message if now.problem else ''}; {again}",
        Turn.NO_STREAM: f"no stream; its lists come with: {session.command('status sync')}",
    }[now.turn]
    session.terminal.tell(f"{now.prefix} delta {now.sequence}, as of {as_of}: {what}")


def _followed_row(one: Followed) -> dict[str, object]:
    as_of = instant(datetime.fromtimestamp(one.as_of, UTC)) if one.as_of else None
    return {"prefix": one.prefix, "state": one.turn.value, "sequence": one.sequence, "as_of": as_of}


def show(*, verifier: Path | None = None, session: Given) -> None:
    """Show the status lists and streams that the verifier holds, and how old they are.

    Args:
        verifier: The verifier folder, else the one in the home folder.
        session: This run.
    """
    gate = session.gate(verifier)
    now = gate.now()
    rows = [
        {
            "uri": one.listed.uri,
            "issuer": one.issuer,
            "as_of": instant(datetime.fromtimestamp(one.listed.issued_at, UTC)),
            "age_seconds": _age(one.listed.issued_at, now),
            "entries": one.listed.statuses.size,
        }
        for one in gate.snapshot(gate.trust()).lists
    ]
    streams = [
        {
            "prefix": one.prefix,
            "issuer": one.issuer,
            "as_of": instant(datetime.fromtimestamp(one.as_of, UTC)),
            "age_seconds": _age(one.as_of, now),
            "sequence": one.sequence,
            "lists": len(one.addresses),
            "forked": gate.is_forked(publisher),
        }
        for publisher in gate.list_publishers()
        if (one := gate.find_stream(publisher)) is not None
    ]
    headings = ("issuer", "as of", "age in seconds")
    session.terminal.answer(
        {"lists": rows, "streams": streams},
        *([table_of(("stream", *headings, "delta", "lists", "forked"), _cells(streams))] if streams else []),
        *([table_of(("list", *headings, "places"), _cells(rows))] if rows else []),
        "" if rows or streams else f"No status is held; run: {session.command('status sync')}",
    )


def _age(as_of: int, now: datetime) -> int:
    return int(now.timestamp()) - as_of


def _cells(rows: Sequence[Mapping[str, object]]) -> Iterator[tuple[object, ...]]:
    return (tuple(row.values()) for row in rows)
