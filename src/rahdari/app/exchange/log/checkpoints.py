"""A log's checkpoints on disk: the latest one, and those that somebody stamped or cosigned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.places import Places
from rahdari.app.files import read_limited
from rahdari.exchange.errors import LogDamaged
from rahdari.kernel import Clock, Refused
from rahdari.wire.timestamps import TOKEN_BYTES_MAX
from rahdari.wire.tlog import (
    NOTE_BYTES_MAX,
    Checkpoint,
    Note,
    NoteKey,
    NoteSignature,
    NoteSigner,
    Policy,
    TreeHead,
    read_checkpoint,
    read_note,
    sign_checkpoint,
    verify_checkpoint,
)

# Checkpoints are stamped and sent to witnesses each minute.
_VOUCHED_LOOKED_AT_MAX: Final = 60
_ADVICE: Final = "keep the folder as it is and restore it from a copy"


@dataclass(frozen=True, slots=True)
class LogName:
    """Which log it is: its origin, and the keys that verify its checkpoints."""

    origin: str
    keys: tuple[NoteKey, ...]

    def read(self, raw: bytes) -> tuple[Note, Checkpoint]:
        """Read a checkpoint of this log and verify its signatures. Raises ``LogDamaged``."""
        try:
            note = read_note(raw)
            vouched = verify_checkpoint(note, Policy(self.origin, self.keys, quorum=0))
        except Refused as refused:
            raise LogDamaged(
                f"the checkpoint is not one that {self.origin} signed: {refused.message}; {_ADVICE}"
            ) from None
        return note, vouched.checkpoint


@dataclass(frozen=True, slots=True)
class LogSigners:
    """Who signs the checkpoints of a log: an Ed25519 key, and an ML-DSA-44 key beside it."""

    origin: str
    signers: Sequence[NoteSigner] = field(repr=False)

    @property
    def name(self) -> LogName:
        """What verifies these signatures."""
        return LogName(self.origin, tuple(one.key for one in self.signers))

    def sign(self, head: TreeHead, clock: Clock) -> Note:
        """Sign the head of the tree, as of now: 0.7 ms of CPU with ML-DSA-44."""
        checkpoint = Checkpoint(self.origin, head)
        at = max(0, int(clock.now().timestamp()))
        return Note(checkpoint.text, tuple(sign_checkpoint(one, checkpoint, at=at) for one in self.signers))


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that was kept, with all its signatures, and its time stamp token (DER) if it was stamped."""

    note: Note
    checkpoint: Checkpoint
    stamp: bytes | None = field(default=None, repr=False)


class Checkpoints:
    """The checkpoints below a log's folder."""

    def __init__(self, places: Places, name: LogName, disk: Disk) -> None:
        """Work on ``places``; what is read there must be signed by ``name``'s keys."""
        self._places = places
        self._disk = disk
        self._latest: tuple[bytes, tuple[Note, Checkpoint]] | None = None
        self.name = name

    def find_latest(self) -> tuple[Note, Checkpoint] | None:
        """Give the latest checkpoint, verified; None before there is one. Raises ``LogDamaged``."""
        if not self._places.checkpoint.is_file():
            return None
        raw = _read(self._places.checkpoint, NOTE_BYTES_MAX)
        if self._latest is None or self._latest[0] != raw:
            self._latest = raw, self.name.read(raw)
        return self._latest[1]

    def put(self, note: Note) -> None:
        """Make ``note`` the latest checkpoint, durably. Raises ``OSError``."""
        self._disk.put_durably(self._places.checkpoint, note.encode())

    def keep_signatures(self, note: Note, signatures: Sequence[NoteSignature]) -> Note:
        """Keep ``note`` with further signatures, beside those it was kept with before. Raises ``OSError``."""
        size = read_checkpoint(note.text).head.size
        kept = self._kept_note(size, note.text)
        whole = (note if kept is None else kept).signed_also(*signatures)
        self._disk.put_durably(self._places.kept_note(size), whole.encode())
        return whole

    def keep_stamp(self, note: Note, token: bytes) -> None:
        """Keep ``note`` with a time stamp token (DER) over its text. Raises ``OSError``."""
        size = read_checkpoint(note.text).head.size
        self.keep_signatures(note, ())
        self._disk.put_durably(self._places.kept_stamp(size), token)

    def find_kept(self, size: int) -> Kept | None:
        """Give the kept checkpoint of ``size`` records. Raises ``LogDamaged``."""
        path, stamp = self._places.kept_note(size), self._places.kept_stamp(size)
        if not path.is_file():
            return None
        note, checkpoint = self.name.read(_read(path, NOTE_BYTES_MAX))
        return Kept(note, checkpoint, _read(stamp, TOKEN_BYTES_MAX) if stamp.is_file() else None)

    def find_stamped(self, index: int) -> Kept | None:
        """Give the first stamped checkpoint whose tree holds record ``index``. Raises ``LogDamaged``."""
        return self._first(index, "tst", lambda _: True)

    def find_cosigned(self, index: int, names: frozenset[str]) -> Kept | None:
        """Give the first kept checkpoint that holds record ``index`` and that any of ``names`` cosigned.

        The lines are not verified here. Raises ``LogDamaged``.
        """
        return self._first(index, "note", lambda kept: any(one.name in names for one in kept.note.signatures))

    def find_last(self, suffix: str = "note") -> Kept | None:
        """Give the newest kept checkpoint; the newest one that was stamped with the suffix ``tst``."""
        size = self._places.last_kept_size(suffix=suffix)
        return None if size is None else self.find_kept(size)

    def find_vouched(self, index: int) -> Kept | None:
        """Give the first checkpoint that holds record ``index`` and is stamped and cosigned by anybody; else None.

        A witness that was down comes an hour later at most: so far it is looked for. The lines are not verified
        here. Raises ``LogDamaged``.
        """
        for size in islice(self._places.kept_sizes(above=index, suffix="tst"), _VOUCHED_LOOKED_AT_MAX):
            kept = self.find_kept(size)
            if kept is not None and len(kept.note.signatures) > len(self.name.keys):
                return kept
        return None

    def sizes(self, suffix: str = "note", *, above: int = 0) -> list[int]:
        """List the sizes of kept checkpoints; those that were stamped with the suffix ``tst``."""
        return list(self._places.kept_sizes(above=above, suffix=suffix))

    def _first(self, index: int, suffix: str, is_wanted: Callable[[Kept], bool]) -> Kept | None:
        for size in self._places.kept_sizes(above=index, suffix=suffix):
            kept = self.find_kept(size)
            if kept is not None and is_wanted(kept):
                return kept
        return None

    def _kept_note(self, size: int, text: str) -> Note | None:
        path = self._places.kept_note(size)
        if not path.is_file():
            return None
        note, _ = self.name.read(_read(path, NOTE_BYTES_MAX))
        # One size has one root: another text was not signed by this log unless it lies.
        return note if note.text == text else None


def _read(path: Path, size_bytes_max: int) -> bytes:
    try:
        return read_limited(path, size_bytes_max=size_bytes_max)
    except (FolderFailed, Refused) as problem:
        raise LogDamaged(f"{problem.message}; {_ADVICE}") from None
