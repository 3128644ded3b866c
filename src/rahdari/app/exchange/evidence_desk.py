"""Evidence at the command line: exported from a gateway's home, verified with keys that the verifier brings."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from cryptography.x509 import load_der_x509_certificate

from rahdari.app.errors import BadFile
from rahdari.app.exchange.certificate_files import read_certificate_file
from rahdari.app.exchange.evidence_export import export_evidence, join_evidence, open_reader
from rahdari.app.exchange.home import open_keys, read_home
from rahdari.app.files import read_limited, write_whole
from rahdari.exchange.rules.evidence import verify_evidence
from rahdari.exchange.values.evidence import (
    Anchors,
    Bodies,
    Proven,
    RegistryKey,
    StepName,
    StepState,
)
from rahdari.kernel import Chance
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel import evidence_file
from rahdari.wire.ndel.configuration import TEXT_CHARS_MAX, read_registry_key
from rahdari.wire.ndel.evidence_file import FILE_BYTES_MAX
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord
from rahdari.wire.tlog import read_key, read_proof

# Bodies are streamed by gateways; a verifier holds one, and courts are shown documents, not films.
BODY_BYTES_MAX: Final = 1 << 30


def export_from(
    folder: Path, environment: Mapping[str, str], request_id: str, *, other: Path | None, chance: Chance
) -> bytes:
    """Give the evidence file of an exchange, with that of the other party's gateway if ``other`` is one.

    Raises:
        NotInitialised, KeysLocked, UnknownExchange, LogDamaged, ConfigurationRefused, EvidenceRefused.
    """
    home = read_home(folder)
    keys = open_keys(home, environment, chance=chance)
    file = export_evidence(home, open_reader(home, keys), request_id)
    if other is not None:
        file = join_evidence(file, evidence_file.decode(read_limited(other, size_bytes_max=FILE_BYTES_MAX)))
    return evidence_file.encode(file)


def read_anchors(
    *,
    registry_keys: tuple[str, ...],
    stampers: tuple[Path, ...] = (),
    witnesses: tuple[str, ...] = (),
    quorum: int | None = None,
    is_post_quantum: bool = False,
    configurations: tuple[Path, ...] = (),
) -> Anchors:
    """Read what a verifier trusts. A registry key is ``INSTANCE=KEY``; ``KEY`` will do where there is one.

    Without ``quorum`` every witness that is named must have countersigned.

    Raises:
        MalformedInput, BadFile, FolderFailed: one of it cannot be read, or it is not said whose key one is.
    """
    if len(registry_keys) > 1 and not all("=" in text for text in registry_keys):
        # Each registry could else sign for the members of all others.
        raise MalformedInput("several registry keys: say of each whose it is, as INSTANCE=KEY")
    return Anchors(
        registry_keys=tuple(_registry_key(text) for text in registry_keys),
        stampers=tuple(load_der_x509_certificate(read_certificate_file(path)) for path in stampers),
        witnesses=tuple(read_key(text) for text in witnesses),
        quorum=len({text.partition("+")[0] for text in witnesses}) if quorum is None else quorum,
        is_post_quantum=is_post_quantum,
        configurations=tuple(_text(path) for path in configurations),
    )


def verify_file(
    path: Path, anchors: Anchors, *, request_body: Path | None = None, response_body: Path | None = None
) -> Proven:
    """Verify an evidence file.

    Raises:
        EvidenceRefused: it does not prove what it says.
        FolderFailed, BadFile: a file cannot be read.
    """
    bodies = Bodies(_body(request_body), _body(response_body))
    return verify_evidence(read_limited(path, size_bytes_max=FILE_BYTES_MAX), anchors, bodies=bodies)


def unpack_file(path: Path, folder: Path, proven: Proven) -> tuple[Path, ...]:
    """Write the parts of an evidence file for other programs: what was held against the log, and nothing else.

    Left out is what nothing in the file vouches for, though it was not refused: header lines whose hash takes a
    body that the verifier did not have, say. Anybody may have put them there.

    Of record N: ``N-record.json``, ``N-proof.txt``, ``N-checkpoint.txt`` (what was stamped), ``N-stamp.tst`` and
    what the gateways signed. ``openssl ts -verify -data N-checkpoint.txt -in N-stamp.tst -token_in -CAfile …``
    verifies the stamp.

    Raises:
        BadFile: the folder is not empty: nothing is overwritten; or this is not the file that was proved.
        MalformedInput, FolderFailed: the file cannot be read, or the folder not be written to.
    """
    file = evidence_file.decode(read_limited(path, size_bytes_max=FILE_BYTES_MAX))
    if folder.exists() and any(folder.iterdir()):
        raise BadFile(f"{folder} is not empty; give a new folder")
    if [read_entry(kept.logged.record) for kept in file.records] != list(proven.records):
        raise BadFile(f"{path} is another file now than the one that was verified; verify it again")
    parts: dict[str, bytes] = {
        f"configuration-{number}.jws": text.encode() for number, text in enumerate(file.configurations)
    }
    for number, kept in enumerate(file.records):
        shown = {
            step.name for step in proven.steps if step.record == number and step.state is StepState.PROVED
        }
        parts |= {
            f"{number}-{name}": raw for name, raw in _parts(kept, proven.records[number], shown).items()
        }
    for name, raw in parts.items():
        write_whole(folder / name, raw)
    return tuple(folder / name for name in sorted(parts))


def _parts(
    kept: evidence_file.KeptEvidence, record: ExchangeRecord, shown: AbstractSet[StepName]
) -> dict[str, bytes]:
    parts = {
        "record.json": kept.logged.record,
        "proof.txt": kept.logged.proof,
        "checkpoint.txt": read_proof(kept.logged.proof).note.text.encode(),
    }
    if kept.stamp is not None:
        parts["stamp.tst"] = kept.stamp
    if kept.particulars is not None:
        parts["request-signed.txt"] = kept.particulars.request_base.encode()
        if StepName.REQUEST_HASH in shown:
            parts["request-header.txt"] = kept.particulars.header_part
        if record.response is not None:
            parts["response-signed.txt"] = (kept.particulars.response_base or "").encode()
        parts["consent.jws"] = (kept.particulars.consent or "").encode()
    for at, receipt in enumerate(kept.receipts):
        parts[f"receipt-{at}.json"] = receipt.record
        parts[f"receipt-{at}-proof.txt"] = receipt.proof
    return {name: raw for name, raw in parts.items() if raw}


def _registry_key(text: str) -> RegistryKey:
    # A key is base64url without padding: an equals sign parts it from an instance.
    instance, mark, key = text.rpartition("=")
    return RegistryKey(read_registry_key(key), instance if mark else None)


def _text(path: Path) -> str:
    try:
        return read_limited(path, size_bytes_max=TEXT_CHARS_MAX).decode("ascii").strip()
    except UnicodeDecodeError:
        raise MalformedInput(f"{path} is no signed configuration: a JWS is ASCII") from None


def _body(path: Path | None) -> bytes | None:
    return None if path is None else read_limited(path, size_bytes_max=BODY_BYTES_MAX)
