"""Witnessing others' logs, and having one's own witnessed (c2sp.org/tlog-witness).

A witness that cosigned a checkpoint never cosigns another history of that log: what it saw last is on its
disk before it answers. Two checkpoints of a log that do not belong together are kept, signed as they came,
and an alarm is given.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.log import LogReader
from rahdari.app.exchange.posting import NotAnswered, Post, Posted
from rahdari.app.files import read_limited, write_whole
from rahdari.exchange.errors import UnknownExchange
from rahdari.kernel import Clock, Refused
from rahdari.wire.ndel.parties import Witness
from rahdari.wire.tlog import (
    NOTE_BYTES_MAX,
    Addition,
    Checkpoint,
    Note,
    NoteKey,
    NoteSignature,
    NoteSigner,
    WitnessRefused,
    encode_cosignatures,
    encode_size,
    read_addition,
    read_checkpoint,
    read_cosignatures,
    read_note,
    read_size,
    sign_checkpoint,
    weigh,
)
from rahdari.wire.tlog.witnessing import ANSWER_BYTES_MAX, PATH, SIZE_TYPE

# Pairs of checkpoints that do not belong together, for each log: the first convict it, thousands fill a disk.
SPLITS_KEPT_MAX: Final = 64
_CALL_TYPE: Final = "text/plain; charset=utf-8"

# Gives the keys of the log of an origin; None if it is not one to be witnessed.
LogKeysOf = Callable[[str], tuple[NoteKey, ...] | None]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's HTTP answer."""

    status: int
    media_type: str
    body: bytes


class WitnessDesk:
    """The witness: answers ``add-checkpoint``. Blocks for some milliseconds of disk; any thread may call it."""

    def __init__(
        self, folder: Path, signers: Sequence[NoteSigner], keys_of: LogKeysOf, *, clock: Clock,
        alarm: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Remember in ``folder``, cosign with ``signers`` the logs that ``keys_of`` knows, and tell ``alarm``."""
        self._folder = folder
        self._signers = signers
        self._keys_of = keys_of
        self._clock = clock
        self._alarm = alarm
        # From reading what was cosigned last to keeping the next: one call at a time (tlog-witness, the race).
        self._turn = threading.Lock()

    def answer(self, raw: bytes) -> Cosigned:
        """Answer the body of a call; whatever is wrong with it becomes a status, and nothing is raised."""
        try:
            asked = read_addition(raw)
        except Refused as refused:
            return Cosigned(400, _CALL_TYPE, f"{refused.message}\n".encode())
        origin = asked.checkpoint.origin
        try:
            with self._turn:
                return self._cosign(asked, origin)
        except WitnessRefused as refused:
            if refused.status == 409 and refused.size is not None:
                return Cosigned(409, SIZE_TYPE, encode_size(refused.size))
            return Cosigned(refused.status, _CALL_TYPE, f"{refused.message}\n".encode())
        except (FolderFailed, Refused) as problem:
            self._alarm(
                f"the checkpoints of {origin} cannot be kept, and are not cosigned: {problem.message}"
            )
            return Cosigned(503, _CALL_TYPE, b"the witness cannot keep checkpoints now; ask again later\n")

    def last_of(self, origin: str) -> Note | None:
        """Give the checkpoint that was cosigned last for a log. Raises ``FolderFailed``, ``Refused``."""
        path = self._path(origin)
        return read_note(read_limited(path, size_bytes_max=NOTE_BYTES_MAX)) if path.is_file() else None

    def _cosign(self, asked: Addition, origin: str) -> Cosigned:
        keys = self._keys_of(origin)
        held = self.last_of(origin) if keys else None
        seen = None if held is None else read_checkpoint(held.text)
        try:
            checkpoint = weigh(asked, keys, seen)
        except WitnessRefused as refused:
            if refused.split is not None and held is not None:
                self._keep_split(
                    origin, held, _only(asked.note, keys or ()), is_certain=refused.split.is_conclusive
                )
            raise
        if checkpoint != seen:
            write_whole(self._path(origin), _only(asked.note, keys or ()).encode())
        at = max(0, int(self._clock.now().timestamp()))
        lines = [sign_checkpoint(one, checkpoint, at=at) for one in self._signers]
        return Cosigned(200, _CALL_TYPE, encode_cosignatures(lines))

    def _keep_split(self, origin: str, held: Note, shown: Note, *, is_certain: bool) -> None:
        folder = self._folder / "split" / self._path(origin).stem
        name = sha256(held.text.encode() + shown.text.encode()).hexdigest()[:32]
        known = list(folder.glob("*.new")) if folder.is_dir() else []
        if not (folder / f"{name}.new").exists() and len(known) < SPLITS_KEPT_MAX:
            write_whole(folder / f"{name}.old", held.encode())
            write_whole(folder / f"{name}.new", shown.encode())
        verdict = "has signed two histories" if is_certain else "brought no proof that its history is one"
        self._alarm(f"the log {origin} {verdict}: both checkpoints are kept in {folder.name}/{name}")

    def _path(self, origin: str) -> Path:
        return self._folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"


class WitnessCalls:
    """Asks one witness to cosign our checkpoints, and keeps what it signs beside them."""

    def __init__(self, witness: Witness, post: Post) -> None:
        """Ask ``witness`` through ``post``."""
        self.witness = witness
        self._post = post
        self._size = 0

    async def ask(
        self, note: Note, consistency: Callable[[int, int], Sequence[bytes]]
    ) -> tuple[NoteSignature, ...]:
        """Give the witness's lines for ``note``; ``consistency`` proves growth between two sizes.

        Raises:
            NotAnswered: no answer, or one that makes no sense.
            WitnessRefused: it does not cosign; with 409, it has seen more of our log than we have.
        """
        checkpoint = read_checkpoint(note.text)
        answer = await self._send(note, checkpoint, consistency)
        if answer.status == 409 and answer.media_type == SIZE_TYPE:
            # It knows another size than we remembered: once more, from there.
            seen = read_size(answer.body)
            if seen > checkpoint.head.size:
                raise WitnessRefused(
                    409,
                    f"{self.witness.name} has cosigned {seen} records of our log, and we have "
                    f"{checkpoint.head.size}: the folder was restored from an older copy, or another gateway signs "
                    "with our keys",
                    size=seen,
                )
            self._size = seen
            answer = await self._send(note, checkpoint, consistency)
        if answer.status != 200:
            why = _words(answer.body) or f"it answered {answer.status} and does not say why"
            raise WitnessRefused(answer.status, f"{self.witness.name} does not cosign: {why}")
        lines = read_cosignatures(answer.body, checkpoint, self.witness.keys)
        self._size = checkpoint.head.size
        return lines

    async def _send(
        self, note: Note, checkpoint: Checkpoint, consistency: Callable[[int, int], Sequence[bytes]]
    ) -> Posted:
        old = min(self._size, checkpoint.head.size)
        addition = Addition(old, tuple(consistency(old, checkpoint.head.size)), note)
        url = self.witness.url.rstrip("/") + PATH
        return await self._post(url, addition.encode(), _CALL_TYPE, ANSWER_BYTES_MAX)


def proving(reader: LogReader) -> Callable[[int, int], tuple[bytes, ...]]:
    """Prove growth from a log's tiles; sizes that the log has not yet are proved by nothing."""

    def prove(old: int, new: int) -> tuple[bytes, ...]:
        try:
            return reader.consistency(old, new)
        except UnknownExchange as refused:
            raise NotAnswered(refused.message) from None

    return prove


def _only(note: Note, keys: Sequence[NoteKey]) -> Note:
    """Keep the lines of known keys: whatever else came along is not ours to store."""
    known = {(key.name, key.key_id) for key in keys}
    return Note(note.text, tuple(one for one in note.signatures if (one.name, one.key_id) in known))


def _words(body: bytes) -> str:
    text = body[:200].decode("ascii", "replace")
    return "".join(one if one.isprintable() else " " for one in text).strip()
