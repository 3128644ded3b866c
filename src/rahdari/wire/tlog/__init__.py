"""Tamper-evident logs: RFC 6962 trees, and the C2SP formats for tiles, notes, checkpoints, witnesses, proofs.

Follows RFC 6962 and RFC 9162 (section 2.1 of both), and c2sp.org's signed-note, tlog-checkpoint, tlog-tiles,
tlog-cosignature, tlog-proof and tlog-witness. Pure: storage, clocks and the keeping of old checkpoints belong
to the rooms above.

Example:
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> log = Ed25519NoteSigner("log.example", SoftwareSigner.generate(Algorithm.EDDSA))
    >>> grown = Frontier().append([leaf_hash(entry) for entry in (b"first", b"second", b"third")])
    >>> checkpoint = Checkpoint("log.example", grown.frontier.head)
    >>> note = Note(checkpoint.text, (sign_checkpoint(log, checkpoint, at=0),))
    >>> hashes = prove_inclusion(lambda level, index: grown.levels[level][index], 1, size=3)
    >>> raw = LogProof(1, hashes, note).encode()
    >>> verify_proof(b"second", read_proof(raw), Policy("log.example", (log.key,), quorum=0)).index
    1
"""

from rahdari.wire.tlog.checkpoint import Checkpoint, read_checkpoint, verify_consistency
from rahdari.wire.tlog.log_proof import Logged, LogProof, read_proof, verify_proof
from rahdari.wire.tlog.note import NOTE_BYTES_MAX, SIGNATURES_MAX, Note, NoteSignature, read_note
from rahdari.wire.tlog.note_keys import (
    Ed25519NoteSigner,
    KeyKind,
    MlDsa44NoteSigner,
    NoteKey,
    NoteSigner,
    read_key,
)
from rahdari.wire.tlog.policy import Policy, Vouched, verify_checkpoint
from rahdari.wire.tlog.proofs import prove_consistency, prove_inclusion, verify_growth, verify_inclusion
from rahdari.wire.tlog.refusals import PolicyNotMet, ProofRefused, SplitView
from rahdari.wire.tlog.signing import sign_checkpoint, signed_message, verify_line
from rahdari.wire.tlog.tiles import (
    ENTRY_BYTES_MAX,
    TILE_WIDTH,
    Bundle,
    Tile,
    join_entries,
    join_hashes,
    new_bundles,
    new_tiles,
    read_path,
    reader_of_tiles,
    split_entries,
    split_hashes,
)
from rahdari.wire.tlog.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    SIZE_MAX,
    Frontier,
    Growth,
    HashReader,
    TreeHead,
    leaf_hash,
    node_hash,
    root_of,
)
from rahdari.wire.tlog.witnessing import (
    ADDITION_BYTES_MAX,
    Addition,
    WitnessRefused,
    encode_cosignatures,
    encode_size,
    read_addition,
    read_cosignatures,
    read_size,
    weigh,
)

__all__ = [
    "ADDITION_BYTES_MAX",
    "EMPTY_ROOT",
    "ENTRY_BYTES_MAX",
    "HASH_BYTES",
    "NOTE_BYTES_MAX",
    "SIGNATURES_MAX",
    "SIZE_MAX",
    "TILE_WIDTH",
    "Addition",
    "Bundle",
    "Checkpoint",
    "Ed25519NoteSigner",
    "Frontier",
    "Growth",
    "HashReader",
    "KeyKind",
    "LogProof",
    "Logged",
    "MlDsa44NoteSigner",
    "Note",
    "NoteKey",
    "NoteSignature",
    "NoteSigner",
    "Policy",
    "PolicyNotMet",
    "ProofRefused",
    "SplitView",
    "Tile",
    "TreeHead",
    "Vouched",
    "WitnessRefused",
    "encode_cosignatures",
    "encode_size",
    "join_entries",
    "join_hashes",
    "leaf_hash",
    "new_bundles",
    "new_tiles",
    "node_hash",
    "prove_consistency",
    "prove_inclusion",
    "read_addition",
    "read_checkpoint",
    "read_cosignatures",
    "read_key",
    "read_note",
    "read_path",
    "read_proof",
    "read_size",
    "reader_of_tiles",
    "root_of",
    "sign_checkpoint",
    "signed_message",
    "split_entries",
    "split_hashes",
    "verify_checkpoint",
    "verify_consistency",
    "verify_growth",
    "verify_inclusion",
    "verify_line",
    "verify_proof",
    "weigh",
]
