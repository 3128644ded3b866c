"""``rahdari exchange evidence``: what a gateway can prove of an exchange, and a court's own check of it."""

from pathlib import Path

from rahdari.app.clock import SystemChance
from rahdari.app.exchange.evidence_desk import export_from, read_anchors, unpack_file, verify_file
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.cli.authority import Given
from rahdari.cli.documents import instant
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.terminal import Document, table_of
from rahdari.exchange import Proven, StepName, step_clause


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
    path = out or Path(f"evidence-{request_id}.json")
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
    request_body: Path | None = None,
    response_body: Path | None = None,
    unpack: Path | None = None,
    session: Given,
) -> None:
    """Verify an evidence file offline; trust comes from what is given here, never from the file.

    Args:
        file: The evidence file.
        registry_key: Key of the registry, as KEY or INSTANCE=KEY, told by another way than the file's; may be
            repeated.
        tsa_certificate: Certificate of a time-stamping authority (PEM or DER); may be repeated.
        witness: Key of a witness (c2sp.org/signed-note); may be repeated.
        quorum: How many of the witnesses must have countersigned; all, if not said.
        post_quantum: Demand that the log signed with ML-DSA-44 too.
        request_body: The request's body, where one has it.
        response_body: The response's body, where one has it.
        unpack: Write the parts into this new folder, for openssl and other programs.
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
    )
    parts = () if unpack is None else unpack_file(file, unpack)
    proven = verify_file(file, anchors, request_body=request_body, response_body=response_body)
    session.terminal.answer(
        {**proven_document(proven), "parts": [str(path) for path in parts]},
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
        f"Proved: exchange {proven.request_id}.",
        "" if not proven.not_proved else "Not proved: what is marked absent above.",
    )


def proven_document(proven: Proven) -> Document:
    """Describe what was proved."""
    return {
        "verdict": "proved",
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
        "exchanges": [
            {
                "role": one.role.value,
                "client": str(one.client),
                "service": str(one.service),
                "operation": one.operation,
                "purpose": one.purpose,
                "status": one.status,
                "began_ms": one.began,
                "ended_ms": one.ended,
                "consent": one.consent_id,
            }
            for one in proven.records
        ],
    }
