r"""What a log and its witnesses say to one another (c2sp.org/tlog-witness): one call, ``add-checkpoint``.

Pure: whoever answers must hold the lock of the origin and keep the new checkpoint durably before it cosigns.

Example:
    >>> from rahdari.wire.tlog.note import NoteSignature
    >>> note = Note("log.example\n1\n" + "A" * 43 + "=\n", (NoteSignature("log.example", bytes(4), b"x"),))
    >>> asked = read_addition(Addition(0, (), note).encode())
    >>> asked.old_size, asked.checkpoint.head.size
    (0, 1)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from rahdari.kernel import Refused
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.tlog.checkpoint import Checkpoint, read_checkpoint, verify_consistency
from rahdari.wire.tlog.lines import read_count, read_hash, write_base64
from rahdari.wire.tlog.note import NOTE_BYTES_MAX, Note, NoteSignature, read_note
from rahdari.wire.tlog.note_keys import NoteKey
from rahdari.wire.tlog.policy import Policy, verify_checkpoint
from rahdari.wire.tlog.refusals import PolicyNotMet, ProofRefused, SplitView
from rahdari.wire.tlog.signing import verify_line

# "The client MUST NOT send more than 63 consistency proof lines."
PROOF_LINES_MAX: Final = 63
# The old size, 63 hashes of 45 characters, and the note.
ADDITION_BYTES_MAX: Final = NOTE_BYTES_MAX + 4096
# A witness has one key or two, and rarely answers for others; 16 ML-DSA-44 lines have 55 KiB.
ANSWER_BYTES_MAX: Final = 1 << 16
PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
# What a size and its newline have at most.
_SIZE_CHARS_MAX: Final = 20


class WitnessRefused(Refused):
    """A witness does not cosign this checkpoint; ``status`` is that of its HTTP answer.

    ``size`` is what it cosigned last, where it says so (409). ``split`` is what the log has shown, where two
    checkpoints do not belong to one history.
    """

    code: ClassVar[str] = "wire.tlog_witness_refused"

    def __init__(
        self, status: int, message: str, *, size: int | None = None, split: SplitView | None = None
    ) -> None:
        """Take the status and the sentence."""
        self.status, self.size, self.split = status, size, split
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Addition:
    """A new checkpoint for a witness, with the proof that it grew out of the one of ``old_size`` records."""

    old_size: int
    proof: tuple[bytes, ...] = field(repr=False)
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint, not yet vouched for. Raises ``MalformedInput``."""
        return read_checkpoint(self.note.text)

    def encode(self) -> bytes:
        """Write the body of the call. Raises ``TooLarge`` beyond ``PROOF_LINES_MAX``."""
        if len(self.proof) > PROOF_LINES_MAX:
            raise TooLarge(f"a proof of {len(self.proof)} hashes; at most {PROOF_LINES_MAX} are sent")
        lines = (f"old {self.old_size}", *map(write_base64, self.proof), "")
        return "".join(f"{line}\n" for line in lines).encode("ascii") + self.note.encode()


def read_addition(raw: bytes) -> Addition:
    """Read the body of an ``add-checkpoint`` call. Trusts nothing.

    Raises:
        TooLarge: more than ``ADDITION_BYTES_MAX`` bytes or ``PROOF_LINES_MAX`` hashes.
        MalformedInput: any other form than tlog-witness, signed-note and tlog-checkpoint write.
    """
    if len(raw) > ADDITION_BYTES_MAX:
        raise TooLarge(f"a call of {len(raw)} bytes; at most {ADDITION_BYTES_MAX} are read")
    top, gap, note = raw.partition(b"\n\n")
    lines = top.decode("ascii", "replace").split("\n", PROOF_LINES_MAX + 1)
    if not gap or not lines[0].startswith("old "):
        raise MalformedInput("a call begins with the line 'old', and an empty line ends its proof")
    if len(lines) > PROOF_LINES_MAX + 1:
        raise TooLarge(f"a proof of more than {PROOF_LINES_MAX} hashes; no more are read")
    asked = Addition(
        read_count(lines[0].removeprefix("old "), "the old size"),
        tuple(read_hash(line, "a hash of the proof") for line in lines[1:]),
        read_note(note),
    )
    read_checkpoint(asked.note.text)
    return asked


def weigh(asked: Addition, log_keys: tuple[NoteKey, ...] | None, held: Checkpoint | None) -> Checkpoint:
    """Return the checkpoint only if a witness that cosigned ``held`` last may keep and cosign it.

    ``log_keys`` are those of the checkpoint's origin, None if it is unknown; ``held`` None if there is none yet.

    Raises:
        WitnessRefused: with the status that tlog-witness names for each reason.
    """
    checkpoint = asked.checkpoint
    # (1) An unknown origin: 404.
    if log_keys is None:
        raise WitnessRefused(
            404, f"the log {checkpoint.origin} is not known here; ask the witness to follow it"
        )
    # (2) No signature of a key that is trusted for the origin: 403. Lines of unknown keys are ignored.
    try:
        verify_checkpoint(asked.note, Policy(checkpoint.origin, log_keys, quorum=0))
    except (BadSignature, PolicyNotMet) as refused:
        raise WitnessRefused(403, f"no key of {checkpoint.origin} signed this: {refused.message}") from None
    # (3) The old size is not above the new one: 400.
    if asked.old_size > checkpoint.head.size:
        raise WitnessRefused(400, f"a log does not grow from {asked.old_size} to {checkpoint.head.size}")
    # (4) The old size is what was cosigned last: 409 with that size.
    size = 0 if held is None else held.head.size
    split = _split(held, checkpoint)
    if asked.old_size != size:
        raise WitnessRefused(
            409, f"the last checkpoint cosigned here has size {size}", size=size, split=split
        )
    # (5) One size, two roots: 409 without a size, as there is nothing to try again; the log is convicted.
    if split is not None:
        raise WitnessRefused(409, split.message, split=split)
    # (6) The proof leads from one to the other, and is empty from 0 or where nothing grew: 422.
    _require_growth(asked, held, checkpoint)
    return checkpoint


def encode_cosignatures(lines: Sequence[NoteSignature]) -> bytes:
    """Write the body of a witness's answer."""
    return "".join(one.line for one in lines).encode()


def read_cosignatures(
    raw: bytes, checkpoint: Checkpoint, keys: Sequence[NoteKey]
) -> tuple[NoteSignature, ...]:
    """Read a witness's answer; gives the lines that its known ``keys`` made of ``checkpoint``, verified.

    Lines of other keys are ignored ("the client MUST ignore any cosignatures from unknown keys").

    Raises:
        TooLarge: more than ``ANSWER_BYTES_MAX`` bytes. MalformedInput: not signature lines.
        BadSignature: a known key's line is wrong. PolicyNotMet: no known key signed.
    """
    if len(raw) > ANSWER_BYTES_MAX:
        raise TooLarge(f"a witness's answer of {len(raw)} bytes; at most {ANSWER_BYTES_MAX} are read")
    note = read_note(checkpoint.text.encode() + b"\n" + raw)
    # An answer with an empty line of its own would be read as more text.
    if note.text != checkpoint.text:
        raise MalformedInput("a witness answers with signature lines and nothing else")
    known = {(key.name, key.key_id): key for key in keys if key.kind.is_timestamped}
    found = [line for line in note.signatures if (line.name, line.key_id) in known]
    for line in found:
        verify_line(known[line.name, line.key_id], line, checkpoint)
    if not found:
        raise PolicyNotMet("none of the lines is of a key that is known for this witness; renew its keys")
    return tuple(found)


def encode_size(size: int) -> bytes:
    """Write the body of a conflict: the size that was cosigned last."""
    return f"{size}\n".encode("ascii")


def read_size(raw: bytes) -> int:
    """Read the body of a conflict. Raises ``MalformedInput``."""
    text = raw[: _SIZE_CHARS_MAX + 1].decode("ascii", "replace")
    if not text.endswith("\n") or len(raw) > _SIZE_CHARS_MAX:
        raise MalformedInput("a conflict's body is a size and a newline")
    return read_count(text[:-1], "the size of a conflict")


def _split(held: Checkpoint | None, checkpoint: Checkpoint) -> SplitView | None:
    if held is None or held.head.size != checkpoint.head.size or held.head == checkpoint.head:
        return None
    return SplitView(checkpoint.origin, old=held.head, new=checkpoint.head)


def _require_growth(asked: Addition, held: Checkpoint | None, checkpoint: Checkpoint) -> None:
    if asked.old_size == 0 or held is None:
        if asked.proof:
            raise WitnessRefused(422, "from size 0 there is nothing to prove; send no hashes")
        return
    try:
        verify_consistency(held, checkpoint, asked.proof)
    except SplitView as split:
        raise WitnessRefused(422, split.message, split=split) from None
    except ProofRefused as refused:
        raise WitnessRefused(422, refused.message) from None
