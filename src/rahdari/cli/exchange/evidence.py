"""``rahdari exchange evidence``: what a gateway can prove of an exchange, and a court's own check of it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType

from rahdari.app.clock import SystemChance
from rahdari.app.exchange.evidence_desk import export_from, read_anchors, unpack_file, verify_file
from rahdari.app.exchange.evidence_purposes import find_purposes
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.evidence_words import file_word, record_document, record_words
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.instants import instant
from rahdari.cli.terminal import Document, pairs, table_of
from rahdari.exchange import Proven, StepName, Verdict, step_clause
from rahdari.wire.ndel.parties import Purpose


def export(request_id: str, /, *, out: Path | None = None, join: Path | None = None, session: Given) -> None:
    """Write all that this gateway has of an exchange into one file.

    Args:
        request_id: Id of the exchange (x-road-request-id).
        out: The file; else evidence-ID.json here.
        join: Evidence file of the other party's gateway, to be put into the same file.
        session: This run.
    """
    raw = export_from(
        gateway_home(session), session.environment, request_id, other=join, chance=SystemChance()
    )
    # What was asked, and of whom, may stand in the particulars.
    path = out or Path(f"evidence-{file_word(request_id)}.json")
    write_whole(path, raw, mode=SECRET_MODE)
    session.terminal.answer(
        {"request_id": request_id, "file": str(path), "size_bytes": len(raw)},
        f"{path}: {len(raw)} bytes. It tells what was asked, perhaps about whom: it is for a court, not for all.",
    )


def verify(  # noqa: PLR0913 - what a verifier trusts, and how much of it must agree
    file: Path,
    /,
    *,
    registry_key: tuple[str, ...] = (),
    tsa_certificate: tuple[Path, ...] = (),
    witness: tuple[str, ...] = (),
    quorum: int | None = None,
    post_quantum: bool = False,
    configuration: tuple[Path, ...] = (),
    demand: tuple[StepName, ...] = (),
    request_body: Path | None = None,
    response_body: Path | None = None,
    unpack: Path | None = None,
    session: Given,
) -> ExitCode:
    """Verify an evidence file offline; trust comes from what is given here, never from the file.

    Args:
        file: The evidence file.
        registry_key: Key of the registry, as INSTANCE=KEY, told by another way than the file's; may be repeated.
            KEY alone will do where there is one, and the file is of one instance.
        tsa_certificate: Certificate of a time-stamping authority (PEM or DER); may be repeated.
        witness: Key of a witness (c2sp.org/signed-note); may be repeated.
        quorum: How many of the witnesses must have countersigned; all, if not said.
        post_quantum: Demand that the log signed with ML-DSA-44 too.
        configuration: Signed configuration of a registry that you fetched yourself (its /configuration.jws): of a
            key withdrawn since, or a member suspended, the file may say nothing; may be repeated.
        demand: Step without which nothing counts as proved, such as time or witnesses; may be repeated.
        request_body: The request's body, where one has it.
        response_body: The response's body, where one has it.
        unpack: Write the parts that hold into this new folder, for openssl and other programs.
        session: This run.
    """
    if not registry_key:
        raise BadUsage("--registry-key is needed: without it anybody could have made this file")
    anchors = read_anchors(
        registry_keys=registry_key,
        stampers=tsa_certificate,
        witnesses=witness,
        quorum=quorum,
        is_post_quantum=post_quantum,
        configurations=configuration,
    )
    proven = verify_file(file, anchors, request_body=request_body, response_body=response_body)
    parts = () if unpack is None else unpack_file(file, unpack, proven)
    purposes = find_purposes(file, anchors, proven)
    lacking = proven.lacking(demand)
    session.terminal.answer(
        {
            **proven_document(proven, purposes),
            "lacking": [name.value for name in lacking],
            "parts": [str(path) for path in parts],
        },
        *_told(proven, purposes),
        table_of(
            ("step", "of", "", "means"),
            (
                (
                    step.name.value,
                    "" if step.record is None else str(step.record),
                    step.state.value,
                    step.says,
                )
                for step in proven.steps
            ),
        ),
        _verdict_text(proven, lacking),
        "" if not proven.not_proved else "Not proved: what is marked absent above.",
    )
    is_enough = proven.verdict is Verdict.PROVED and not lacking
    return ExitCode.DONE if is_enough else ExitCode.NEGATIVE


def _told(proven: Proven, purposes: Mapping[str, Purpose]) -> Iterator[RenderableType]:
    """Tell each record in words, and by when it was in a log."""
    for number, record in enumerate(proven.records):
        yield f"Record {number}"
        yield pairs(record_words(record, purposes))
        yield ""
    if proven.stamped_at is None:
        yield "No time-stamping authority says when this was in a log: the times are the gateways' own word."
    else:
        yield f"In a log before {instant(proven.stamped_at)}, as a time-stamping authority says."
    yield ""


def _verdict_text(proven: Proven, lacking: Sequence[StepName]) -> str:
    if proven.verdict is Verdict.PROVED and lacking:
        names = ", ".join(name.value for name in lacking)
        return f"Not enough: of exchange {proven.request_id} nothing in this file proves what you demand: {names}."
    if proven.verdict is Verdict.PROVED:
        when = "" if proven.stamped_at is not None else " When it was, nobody but the parties says."
        return f"Proved: exchange {proven.request_id}.{when}"
    (role,) = proven.vouched
    return (
        f"One party's word, not proved: nothing of exchange {proven.request_id} in this file was signed by the "
        f"other party, by a key that counts. This is what the {role}'s gateway wrote into its own log; "
        "ask the other party for its evidence."
    )


def proven_document(proven: Proven, purposes: Mapping[str, Purpose]) -> Document:
    """Describe what was proved."""
    return {
        "verdict": proven.verdict.value,
        "vouched": sorted(role.value for role in proven.vouched),
        "request_id": proven.request_id,
        "stamped_at": None if proven.stamped_at is None else instant(proven.stamped_at),
        "steps": [
            {
                "step": step.name.value,
                "record": step.record,
                "state": step.state.value,
                "clause": step_clause(StepName(step.name)),
                "says": step.says,
            }
            for step in proven.steps
        ],
        "exchanges": [record_document(one, purposes) for one in proven.records],
    }
