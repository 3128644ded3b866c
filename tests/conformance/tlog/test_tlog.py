"""Published trees, notes and checkpoints of other implementations, and damaged copies of them."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.tlog import (
    Checkpoint,
    Ed25519NoteSigner,
    Frontier,
    KeyKind,
    MlDsa44NoteSigner,
    Note,
    NoteSignature,
    Policy,
    PolicyNotMet,
    ProofRefused,
    TreeHead,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    read_checkpoint,
    read_key,
    read_note,
    verify_checkpoint,
    verify_growth,
    verify_inclusion,
    verify_line,
)

HERE = Path(__file__).parent

# transparency-dev/merkle, proof/verify_test.go: leaves, roots of 1 to 8 of them, and proofs.
ENTRIES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C, D, E, F, G, H = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    ROOTS[3],
)
INCLUSION = [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [D, E, H]), (2, 3, [ROOTS[1]]), (1, 5, [ROOTS[0], B, D])]
CONSISTENCY = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, H]), (2, 5, [B, D]), (6, 7, [F, G, H])]

GROWN = Frontier().append([leaf_hash(entry) for entry in ENTRIES])


def read(level: int, index: int) -> bytes:
    return GROWN.levels[level][index]


def head(size: int) -> TreeHead:
    return TreeHead(size, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_are_ours(size: int) -> None:
    assert Frontier().append([leaf_hash(entry) for entry in ENTRIES[:size]]).frontier.head == head(size)


@pytest.mark.parametrize(("index", "size", "hashes"), INCLUSION)
def test_the_published_inclusion_proofs_are_ours(index: int, size: int, hashes: list[str]) -> None:
    proof = tuple(bytes.fromhex(one) for one in hashes)
    assert prove_inclusion(read, index, size=size) == proof
    verify_inclusion(leaf_hash(ENTRIES[index]), proof, index=index, head=head(size))
    for wrong_index, wrong_head in (
        (index + 1, head(size)),
        (index ^ 2, head(size)),
        (index, TreeHead(2 * size, b"")),
    ):
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf_hash(ENTRIES[index]), proof, index=wrong_index, head=wrong_head)


@pytest.mark.parametrize(("old", "new", "hashes"), CONSISTENCY)
def test_the_published_consistency_proofs_are_ours(old: int, new: int, hashes: list[str]) -> None:
    proof = tuple(bytes.fromhex(one) for one in hashes)
    assert prove_consistency(read, old, size=new) == proof
    verify_growth(proof, old=head(old), new=head(new))
    if old < new:
        for wrong in ((), (*proof, head(new).root), (head(old).root, *proof), proof[:-1]):
            with pytest.raises(ProofRefused):
                verify_growth(wrong, old=head(old), new=head(new))


def note_of(folder: str, name: str = "checkpoint.note") -> Note:
    return read_note((HERE / folder / name).read_bytes())


def test_a_note_of_two_keys_is_read_byte_for_byte() -> None:
    raw = (HERE / "two_keys_note" / "note.txt").read_bytes()
    note = read_note(raw)
    assert note.encode() == raw
    keys = [read_key(text) for text in (HERE / "two_keys_note" / "keys.txt").read_text().split()]
    for key, line in zip(keys, note.signatures, strict=True):
        assert (key.name, key.key_id) == (line.name, line.key_id)
        key.verify(line.signature, note.text.encode())
        with pytest.raises(BadSignature):
            key.verify(line.signature, note.text.encode() + b" ")


def test_signing_as_the_published_signer_gives_the_published_line() -> None:
    """The private key of golang/mod's example note; Ed25519 signs alike each time (RFC 8032, 5.1.6)."""
    seed = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    signer = Ed25519NoteSigner("PeterNeumann", SoftwareSigner(Ed25519PrivateKey.from_private_bytes(seed)))
    note = note_of("two_keys_note", "note.txt")
    signature = signer.sign(note.text.encode())
    assert NoteSignature(signer.key.name, signer.key.key_id, signature) == note.signatures[0]
    assert signer.key.text == (HERE / "two_keys_note" / "keys.txt").read_text().split()[0]


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "bananas.sigstore.dev+12344556",
        "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!",
    ],
)
def test_the_published_bad_keys_are_refused(key: str) -> None:
    with pytest.raises(MalformedInput):
        read_key(key)


def test_the_witnesses_of_a_public_log_are_believed() -> None:
    note = note_of("ct_staging_checkpoint")
    log, witness = (
        read_key(text) for text in (HERE / "ct_staging_checkpoint" / "keys.txt").read_text().split()
    )
    assert (log.kind, witness.kind) == (KeyKind.ED25519, KeyKind.COSIGNATURE)
    vouched = verify_checkpoint(note, Policy(log.name, (log,), (witness,)))
    assert vouched.checkpoint.head.size == 1432088532
    assert vouched.witnessed_at == {"remora.n621.de": 1779573024}
    assert len(note.signatures) == 6
    with pytest.raises(PolicyNotMet):
        verify_checkpoint(note, Policy(log.name, (log,), (witness,), quorum=2))
    smaller = replace(note, text=note.text.replace("1432088532", "1432088531"))
    for policy in (Policy(log.name, (log,), quorum=0), Policy(log.name, (log,), (witness,))):
        with pytest.raises(BadSignature):
            verify_checkpoint(smaller, policy)


def test_the_published_cosignature_tells_its_time() -> None:
    """transparency-dev/formats, TestCoSigV1Timestamp: behind the key's id stand 8 bytes of seconds."""
    raw = base64.b64decode(
        "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA=="
    )
    assert int.from_bytes(raw[4:12], "big") == 1727964367
    assert len(raw) == 4 + 8 + 64


ML_DSA = MlDsa44NoteSigner(
    "example.com/mldsa-log",
    MLDSA44PrivateKey.from_seed_bytes(
        bytes.fromhex((HERE / "ml_dsa_44_checkpoint" / "seed.hex").read_text())
    ),
)


def test_the_key_of_the_published_seed_has_the_published_id() -> None:
    assert ML_DSA.key.text.startswith(
        "example.com/mldsa-log+b5df45c5+BuhtcL97l3dcitjZ8Y9J54gmQ1TWn/BMF0yePKpTzhlFCkN6"
    )
    assert read_key(ML_DSA.key.text) == ML_DSA.key


def test_an_ml_dsa_44_signature_of_another_implementation_verifies() -> None:
    note = note_of("ml_dsa_44_checkpoint")
    checkpoint = read_checkpoint(note.text)
    assert checkpoint == Checkpoint("example.com/mldsa-log", TreeHead(1, leaf_hash(b"testonly")))
    assert verify_line(ML_DSA.key, note.signatures[0], checkpoint) == 0
    policy = Policy("example.com/mldsa-log", (ML_DSA.key,), quorum=0, is_post_quantum=True)
    assert verify_checkpoint(note, policy).checkpoint == checkpoint


@pytest.mark.parametrize("bit", [0, 63, 64, 65, 8 * 1000, 8 * 2427 + 7])
def test_with_one_bit_of_it_altered_it_does_not(bit: int) -> None:
    note = note_of("ml_dsa_44_checkpoint")
    line, altered = note.signatures[0], bytearray(note.signatures[0].signature)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        verify_line(ML_DSA.key, replace(line, signature=bytes(altered)), read_checkpoint(note.text))


def test_it_is_of_this_name_origin_size_and_root_alone() -> None:
    line, root = note_of("ml_dsa_44_checkpoint").signatures[0], leaf_hash(b"testonly")
    for origin, size, hash_ in (
        ("example.com/another", 1, root),
        ("example.com/mldsa-log", 2, root),
        ("example.com/mldsa-log", 1, leaf_hash(b"other")),
    ):
        with pytest.raises(BadSignature):
            verify_line(ML_DSA.key, line, Checkpoint(origin, TreeHead(size, hash_)))


def test_the_post_quantum_cosignature_of_a_public_witness_verifies() -> None:
    note = note_of("ml_dsa_44_witness")
    witness = read_key((HERE / "ml_dsa_44_witness" / "keys.txt").read_text().strip())
    checkpoint, line = read_checkpoint(note.text), note.signatures[2]
    assert (witness.kind, checkpoint.head.size) == (KeyKind.ML_DSA_44, 185550722)
    assert verify_line(witness, line, checkpoint) == 1785704691
    with pytest.raises(BadSignature):
        verify_line(witness, replace(line, signature=bytes(8) + line.signature[8:]), checkpoint)
    with pytest.raises(BadSignature):
        verify_line(witness, line, replace(checkpoint, head=TreeHead(42, checkpoint.head.root)))


def test_the_line_of_the_standards_own_vector_verifies() -> None:
    key = read_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    line = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    note = read_note(f"This is an example message.\n\n\u2014 example.com/foo {line}\n".encode())
    key.verify(note.signatures[0].signature, note.text.encode())
    assert note.signatures[0].key_id == key.key_id == bytes.fromhex("530d903a")


def test_a_key_whose_base64_is_full_of_plus_signs_is_taken_apart_rightly() -> None:
    with pytest.raises(UnsupportedAlgorithm, match="0xfb"):
        read_key(f"example.com/foo+00000000+{'+' * 44}")
