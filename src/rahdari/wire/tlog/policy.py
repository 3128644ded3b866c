"""Whom a verifier believes about a log: its keys, and how many of which witnesses.

Example:
    >>> Policy("log.example/exchange").log_keys
    ()
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

from rahdari.wire.errors import MalformedInput
from rahdari.wire.tlog.checkpoint import Checkpoint, read_checkpoint
from rahdari.wire.tlog.note import Note
from rahdari.wire.tlog.note_keys import KeyKind, NoteKey
from rahdari.wire.tlog.refusals import PolicyNotMet
from rahdari.wire.tlog.signing import verify_line


@dataclass(frozen=True, slots=True)
class Policy:
    """One log's keys, and the quorum of its witnesses: any ``quorum`` names of ``witnesses``.

    A policy without log keys accepts nothing, nor does one whose quorum exceeds its witnesses; to believe a log
    that nobody watches, ``quorum`` 0 must be written down. A witness with two keys has one name and counts once.
    With ``is_post_quantum`` the log itself must have signed with ML-DSA-44; to demand the same of the
    witnesses, name no other keys of theirs.
    """

    origin: str
    log_keys: tuple[NoteKey, ...] = ()
    witnesses: tuple[NoteKey, ...] = ()
    quorum: int = 1
    is_post_quantum: bool = False

    def __post_init__(self) -> None:
        """Refuse a policy that would count one party twice. Raises ``MalformedInput``."""
        if self.quorum < 0:
            raise MalformedInput(f"a quorum of {self.quorum}; it counts witnesses, from 0")
        # tlog-cosignature: only kinds 0x04 and 0x06 are cosignatures.
        if any(not key.kind.is_timestamped for key in self.witnesses):
            raise MalformedInput("a witness has a key of kind 0x04 or 0x06; 0x01 only signs notes")
        for one, other in combinations((*self.log_keys, *self.witnesses), 2):
            _require_apart(one, other)
        # A log that is its own witness watches nobody.
        if {key.name for key in self.log_keys} & {key.name for key in self.witnesses}:
            raise MalformedInput(
                "a key of the log and one of a witness have one name; a log cannot witness itself"
            )


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint that met a policy: made by ``verify_checkpoint`` alone.

    ``witnessed_at`` holds the time of each witness, the later one of two keys: seconds since 1970, or 0 where it
    says nothing of time. How old or how far ahead of the clock they may be is for the room to say.
    """

    checkpoint: Checkpoint
    witnessed_at: Mapping[str, int]


def verify_checkpoint(note: Note, policy: Policy) -> Vouched:
    """Return the checkpoint only if ``policy`` is met.

    Raises:
        MalformedInput: the text is not a checkpoint.
        BadSignature: a line of a known key is wrong; the whole note is refused (signed-note, Signatures).
        PolicyNotMet: another log; no key of the log signed; too few witnesses; no ML-DSA-44 where it is
            demanded; or extension lines that no key of the log signed.
    """
    checkpoint = read_checkpoint(note.text)
    # (1) tlog-checkpoint, Note text, 1: the origin is the log's identity.
    if checkpoint.origin != policy.origin:
        raise PolicyNotMet(
            "the checkpoint is of another log than the policy's; look for the policy of its origin"
        )
    # (2) signed-note, Signatures: lines of unknown keys MUST be ignored, those of known keys MUST be verified.
    times = _verify_lines(note, policy, checkpoint)
    # (3) Some key of the log signed; of two, one may have been exchanged already.
    kinds = {key.kind for key in policy.log_keys if key in times}
    if not kinds:
        raise PolicyNotMet(f"no key of {len(policy.log_keys)} of the log signed this checkpoint")
    # (4) WASL asks for post-quantum evidence: where it is demanded, an older signature alone does not do.
    if policy.is_post_quantum and KeyKind.ML_DSA_44 not in kinds:
        raise PolicyNotMet(
            "the log has not signed this checkpoint with ML-DSA-44; ask it for a checkpoint that has"
        )
    # (5) tlog-cosignature, ML-DSA-44 signed message: it leaves extension lines out, so anyone may have added them.
    if checkpoint.extensions and kinds == {KeyKind.ML_DSA_44}:
        raise PolicyNotMet(
            "the extension lines of this checkpoint are not covered by any signature of the log"
        )
    # (6) Any k of n, by name: a witness with two keys is one witness.
    witnessed_at = _times_of(policy.witnesses, times)
    if len(witnessed_at) < policy.quorum:
        raise PolicyNotMet(
            f"{len(witnessed_at)} of {policy.quorum} witnesses signed this checkpoint; fetch it again later"
        )
    return Vouched(checkpoint, MappingProxyType(witnessed_at))


def _verify_lines(note: Note, policy: Policy, checkpoint: Checkpoint) -> dict[NoteKey, int]:
    known = {(key.name, key.key_id): key for key in (*policy.log_keys, *policy.witnesses)}
    times: dict[NoteKey, int] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            times[key] = max(verify_line(key, line, checkpoint) or 0, times.get(key, 0))
    return times


def _times_of(witnesses: tuple[NoteKey, ...], times: Mapping[NoteKey, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in witnesses:
        if key in times:
            found[key.name] = max(times[key], found.get(key.name, 0))
    return found


def _require_apart(one: NoteKey, other: NoteKey) -> None:
    # signed-note, Signatures: a collision of name and id makes lines ambiguous.
    if (one.name, one.key_id) == (other.name, other.key_id):
        raise MalformedInput(f"two keys {one.name}+{one.key_id.hex()} in one policy; name each once")
    # tlog-cosignature, Ed25519: the cosigner's name is not signed, so a key under two names would count twice.
    if one.public == other.public and one.name != other.name:
        raise MalformedInput(f"{one.name} and {other.name} have the same key; each party has its own")
