"""Signatures and cosignatures of checkpoints (signed-note, Ed25519 signatures; c2sp.org/tlog-cosignature).

A cosignature says that its maker saw the log grow into this checkpoint and never saw another history of it.
CPU a signature, to make and to verify: Ed25519 40 and 120 microseconds, ML-DSA-44 600 and 130.

Example:
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> from rahdari.wire.tlog.note_keys import Ed25519NoteSigner
    >>> from rahdari.wire.tlog.tree import EMPTY_ROOT, TreeHead
    >>> checkpoint = Checkpoint("log.example/exchange", TreeHead(0, EMPTY_ROOT))
    >>> witness = Ed25519NoteSigner("w.example", SoftwareSigner.generate(Algorithm.EDDSA), KeyKind.COSIGNATURE)
    >>> verify_line(witness.key, sign_checkpoint(witness, checkpoint, at=1_800_000_000), checkpoint)
    1800000000
"""

from typing import Final

from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.tlog.checkpoint import Checkpoint
from rahdari.wire.tlog.lines import require_short
from rahdari.wire.tlog.note import NoteSignature
from rahdari.wire.tlog.note_keys import KeyKind, NoteKey, NoteSigner

# tlog-cosignature, Format: the timestamp MUST NOT exceed 2^63 - 1.
SECONDS_MAX: Final = (1 << 63) - 1
_TIME_BYTES: Final = 8
_SUBTREE: Final = b"subtree/v1\n\0"


def signed_message(key: NoteKey, checkpoint: Checkpoint, *, at: int) -> bytes:
    """Write what a key of its kind signs; ``at`` is seconds since 1970, and no part of it for ``ED25519``."""
    if key.kind is KeyKind.ED25519:
        return checkpoint.text.encode()
    if key.kind is KeyKind.COSIGNATURE:
        return f"cosignature/v1\ntime {at}\n{checkpoint.text}".encode()
    return _cosigned_message(key.name, checkpoint, at)


def sign_checkpoint(signer: NoteSigner, checkpoint: Checkpoint, *, at: int) -> NoteSignature:
    """Sign ``checkpoint`` at ``at`` (seconds since 1970) with a log's or witness's key of any kind.

    ML-DSA-44 signs no extension lines; 0 there means that it may not be the largest tree seen.

    Raises:
        MalformedInput: a time outside 0 to ``SECONDS_MAX``, or an origin that the kind cannot sign.
    """
    if not 0 <= at <= SECONDS_MAX:
        raise MalformedInput(f"a cosignature at {at} s; a time is 0 to {SECONDS_MAX} s since 1970")
    signature = signer.sign(signed_message(signer.key, checkpoint, at=at))
    stamp = at.to_bytes(_TIME_BYTES, "big") if signer.key.kind.is_timestamped else b""
    return NoteSignature(signer.key.name, signer.key.key_id, stamp + signature)


def verify_line(key: NoteKey, line: NoteSignature, checkpoint: Checkpoint) -> int | None:
    """Return the time of a signature that ``key`` made of ``checkpoint``; None if the kind has none.

    Raises:
        BadSignature: another key's name or id, another length, a time out of range, or other bytes signed.
    """
    if (line.name, line.key_id) != (key.name, key.key_id):
        raise BadSignature("the signature line is of another key; look for the one with this name and id")
    if not key.kind.is_timestamped:
        key.verify(line.signature, signed_message(key, checkpoint, at=0))
        return None
    at = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    if at > SECONDS_MAX:
        raise BadSignature("the cosignature's time exceeds 2^63 - 1 seconds (tlog-cosignature, Format)")
    key.verify(line.signature[_TIME_BYTES:], signed_message(key, checkpoint, at=at))
    return at


def _cosigned_message(name: str, checkpoint: Checkpoint, at: int) -> bytes:
    """Write the structure ``cosigned_message`` of a whole tree: its start is 0 (ML-DSA-44 signed message)."""
    require_short(checkpoint.origin, "the origin of a checkpoint")
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    numbers = (0).to_bytes(8, "big") + checkpoint.head.size.to_bytes(8, "big")
    return b"".join(
        (
            _SUBTREE,
            bytes((len(cosigner),)), cosigner,
            at.to_bytes(_TIME_BYTES, "big"),
            bytes((len(origin),)), origin,
            numbers,
            checkpoint.head.root,
        )
    )  # fmt: skip
