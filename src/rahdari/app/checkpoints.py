"""What was told to the world last, and whether the register still knows of it."""

import json
import operator
from dataclasses import dataclass
from pathlib import Path

from rahdari.app.errors import BadFile, FolderFailed, RegisterBehind
from rahdari.app.files import read_limited
from rahdari.app.status_sources import MANIFEST_NAME
from rahdari.credentials.service.desk import Desk
from rahdari.kernel import Refused
from rahdari.wire import status_stream
from rahdari.wire.status_stream import MANIFEST_BYTES_MAX, Manifest

CHECKPOINT_NAME = "audit-checkpoint.json"
# Two numbers and their names.
_CHECKPOINT_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the log at one instant, to be kept where the register's keeper cannot reach it."""

    sequence: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in the public folder: a head of the log, and the last delta that the lists tell of."""

    checkpoint: Checkpoint | None
    manifest: Manifest | None


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint that was written. Raises ``BadFile``, ``FolderFailed``."""
    raw = read_limited(path, size_bytes_max=_CHECKPOINT_BYTES_MAX)
    try:
        noted = json.loads(raw)
        # Only a whole number can be an index; text, fractions and other things raise here.
        sequence, digest = operator.index(noted["sequence"]), bytes.fromhex(noted["digest"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadFile(
            "the checkpoint is not JSON with sequence and digest; give audit-checkpoint.json"
        ) from None
    return Checkpoint(sequence, digest)


def read_told(folder: Path) -> Told:
    """Read what was told last. Before the register is read: what stands here was committed by then.

    A file that is not there or cannot be read says nothing.
    """
    try:
        checkpoint = read_checkpoint(folder / CHECKPOINT_NAME)
    except (BadFile, FolderFailed):
        checkpoint = None
    return Told(checkpoint, _read_manifest(folder / "s" / MANIFEST_NAME))


def _read_manifest(path: Path) -> Manifest | None:
    try:
        found = status_stream.decode(read_limited(path, size_bytes_max=MANIFEST_BYTES_MAX)).unverified
    except (Refused, FolderFailed):
        return None
    return found if isinstance(found, Manifest) else None


def require_known(desk: Desk, told: Told) -> None:
    """Refuse to go on from a register that does not know what was told: it was restored or rolled back.

    To sign from it would bring suspended cards back and wipe the evidence.

    Raises:
        RegisterBehind: the log lacks the checkpoint, or the stream lacks the last delta of the manifest.
    """
    noted, manifest = told.checkpoint, told.manifest
    if noted is not None:
        entry = desk.store.find_entry(noted.sequence)
        if entry is None or entry.digest != noted.digest:
            raise RegisterBehind(_sentence(f"entry {noted.sequence} of the log"))
    if manifest is not None and manifest.sequence:
        found = desk.store.list_deltas(after=manifest.sequence - 1, limit=1)
        if [(one.sequence, one.digest) for one in found] != [(manifest.sequence, manifest.digest)]:
            raise RegisterBehind(_sentence(f"delta {manifest.sequence} of the status stream"))


def _sentence(what: str) -> str:
    return (
        f"{what} was published and is not in the register: the database was restored or rolled back; nothing is "
        "signed from it: see docs/do/back-up-and-restore.md"
    )
