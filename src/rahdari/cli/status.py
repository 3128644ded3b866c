"""``rahdari status``: status lists."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.status_sources import FolderSource, HttpSource, StatusSource
from rahdari.cli.authority import Given
from rahdari.cli.documents import instant
from rahdari.cli.errors import BadUsage
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.terminal import count_of, table_of


def publish(*, session: Given) -> None:
    """Sign the status lists as the register stands now."""
    house = session.house()
    published = house.authority.publish()
    session.terminal.answer(
        {
            "folder": str(house.authority.public_folder / "s"),
            "lists": [{"uri": one.uri, "issued_at": instant(one.issued_at)} for one in published],
        },
        table_of(("list", "issued at"), ((one.uri, instant(one.issued_at) or "") for one in published)),
        f"Published in {house.authority.public_folder / 's'}; the server serves them at once.",
    )


def sync(
    *,
    source: Annotated[str | None, Parameter(name="--from")] = None,
    verifier: Path | None = None,
    session: Given,
) -> int:
    """Fetch the status lists of every trusted issuer.

    A list that is refused or cannot be reached leaves the one held as it was, and the command ends with 1.

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
        f"Fetched {count_of(len(result.taken), 'status list')}.",
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


def show(*, verifier: Path | None = None, session: Given) -> None:
    """Show the status lists that the verifier holds.

    Args:
        verifier: The verifier folder, else the one in the home folder.
        session: This run.
    """
    gate = session.gate(verifier)
    held = gate.snapshot(gate.trust()).lists
    rows = [
        {
            "uri": one.listed.uri,
            "issuer": one.issuer,
            "as_of": instant(datetime.fromtimestamp(one.listed.issued_at, UTC)),
            "entries": one.listed.statuses.size,
        }
        for one in held
    ]
    session.terminal.answer(
        {"lists": rows},
        table_of(("list", "issuer", "as of", "places"), (tuple(row.values()) for row in rows)),
        "" if rows else f"No status list is held; run: {session.command('status sync')}",
    )
