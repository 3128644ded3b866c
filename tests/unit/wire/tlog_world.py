"""A small world of logs for the tests: keys from fixed seeds, trees of numbered entries, notes signed by both."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.tlog import (
    Checkpoint,
    Ed25519NoteSigner,
    Frontier,
    Growth,
    HashReader,
    KeyKind,
    LogProof,
    MlDsa44NoteSigner,
    Note,
    NoteSigner,
    leaf_hash,
    prove_inclusion,
    sign_checkpoint,
)

ORIGIN = "log.example/exchange"
AT = 1_800_000_000


def ed25519(name: str, kind: KeyKind, seed: str = "") -> Ed25519NoteSigner:
    key = Ed25519PrivateKey.from_private_bytes(sha256(f"{seed or name} {kind}".encode()).digest())
    return Ed25519NoteSigner(name, SoftwareSigner(key), kind)


def ml_dsa(name: str) -> MlDsa44NoteSigner:
    return MlDsa44NoteSigner(name, MLDSA44PrivateKey.from_seed_bytes(sha256(name.encode()).digest()))


LOG = ed25519(ORIGIN, KeyKind.ED25519)
LOG_ML_DSA = ml_dsa(ORIGIN)
COURT, REGULATOR, NEIGHBOUR = (
    ed25519(f"{name}.example/w", KeyKind.COSIGNATURE) for name in ("court", "regulator", "neighbour")
)
COURT_ML_DSA = ml_dsa("court.example/w")


def entries(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def grown(count: int) -> Growth:
    return Frontier().append([leaf_hash(entry) for entry in entries(count)])


def reader(growth: Growth) -> HashReader:
    return lambda level, index: growth.levels[level][index]


def checkpoint(count: int, *extensions: str) -> Checkpoint:
    return Checkpoint(ORIGIN, grown(count).frontier.head, extensions)


def signed(of: Checkpoint, *signers: NoteSigner, at: int = AT) -> Note:
    return Note(of.text, tuple(sign_checkpoint(one, of, at=at) for one in signers))


def proof_of(index: int, count: int, *signers: NoteSigner, extra: bytes = b"") -> LogProof:
    hashes = prove_inclusion(reader(grown(count)), index, size=count)
    return LogProof(index, hashes, signed(checkpoint(count), *signers), extra)
