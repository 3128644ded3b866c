"""Checkpoints: their text, what each kind of key signs of them, and two of them that do not agree."""

import pytest

from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.tlog import (
    SIZE_MAX,
    Checkpoint,
    Ed25519NoteSigner,
    KeyKind,
    MlDsa44NoteSigner,
    NoteSignature,
    ProofRefused,
    SplitView,
    TreeHead,
    prove_consistency,
    read_checkpoint,
    sign_checkpoint,
    signed_message,
    verify_consistency,
    verify_line,
)
from tests.unit.wire.tlog_world import (
    AT,
    COURT,
    COURT_ML_DSA,
    LOG,
    ORIGIN,
    checkpoint,
    ed25519,
    grown,
    ml_dsa,
    reader,
)

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="  # tlog-checkpoint's example
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
SIGNERS = pytest.mark.parametrize("signer", [LOG, COURT, COURT_ML_DSA], ids=lambda one: one.key.kind.name)


def test_a_checkpoint_is_three_lines() -> None:
    read = read_checkpoint(TEXT)
    assert (read.origin, read.head.size, read.head.root[:2].hex()) == (
        "example.com/behind-the-sofa",
        20852163,
        "0ac5",
    )
    assert read.extensions == ()
    assert read.text == TEXT


def test_extensions_and_odd_origins_are_kept_as_they_are() -> None:
    text = f"a log + \u06c1\n{SIZE_MAX}\n{ROOT}\nfirst 1\nsecond\n"
    read = read_checkpoint(text)
    assert (read.origin, read.head.size, read.extensions) == (
        "a log + \u06c1",
        SIZE_MAX,
        ("first 1", "second"),
    )
    assert read.text == text


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "a\n", "a\n1\n", f"a\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"a\n\n{ROOT}\n", "a\n1\n\n",
        f"a\n1\n{ROOT}\n\n",
        f"a\n1\n{ROOT}\n\nx\n", f"a\n1\n{ROOT}\nx", f"a\n01\n{ROOT}\n", f"a\n+1\n{ROOT}\n", f"a\n-1\n{ROOT}\n",
        f"a\n1 \n{ROOT}\n", f"a\n 1\n{ROOT}\n", f"a\n0x1\n{ROOT}\n", f"a\n\u0661\n{ROOT}\n", f"a\n1_0\n{ROOT}\n",
        f"a\n{SIZE_MAX + 1}\n{ROOT}\n", f"a\n{10**40}\n{ROOT}\n", f"a\n1\n{ROOT[:-1]}\n", f"a\n1\n{ROOT} \n",
        f"a\n1\n{ROOT[:-2]}3=\n", "a\n1\nAAAA\n", f"a\n1\n{ROOT.replace('/', '_')}\n", f"a\n0\n{ROOT}\n",
        f"{'o' * 256}\n1\n{ROOT}\n", f"\ud800\n1\n{ROOT}\n",
    ],
)  # fmt: skip
def test_nothing_else_is_a_checkpoint(text: str) -> None:
    with pytest.raises(MalformedInput):
        read_checkpoint(text)


def test_a_checkpoint_has_few_and_short_extensions() -> None:
    assert len(read_checkpoint(TEXT + "x\n" * 16).extensions) == 16
    with pytest.raises(TooLarge, match="extension"):
        read_checkpoint(TEXT + "x\n" * 17)
    with pytest.raises(TooLarge, match="characters"):
        read_checkpoint(TEXT + "x" * 20_000 + "\n")


def test_a_log_signs_the_text_itself() -> None:
    assert signed_message(LOG.key, checkpoint(3, "more"), at=AT) == checkpoint(3, "more").text.encode()


def test_an_ed25519_witness_signs_the_time_and_the_text() -> None:
    """tlog-cosignature, "Ed25519 signed message", its own example."""
    assert signed_message(COURT.key, read_checkpoint(TEXT + "x\n"), at=1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n" + ROOT.encode() + b"\nx\n"
    )


def test_an_ml_dsa_witness_signs_names_time_and_head() -> None:
    """tlog-cosignature, "ML-DSA-44 signed message", field by field."""
    read = read_checkpoint(TEXT + "x\n")
    assert signed_message(ml_dsa("w.example").key, read, at=1679315147).hex() == "".join(
        (
            b"subtree/v1\n\0".hex(),
            "09", b"w.example".hex(),
            f"{1679315147:016x}",
            "1b", b"example.com/behind-the-sofa".hex(),
            "0000000000000000",
            f"{20852163:016x}",
            read.head.root.hex(),
        )
    )  # fmt: skip


@SIGNERS
def test_a_signature_verifies_and_tells_its_time(signer: Ed25519NoteSigner | MlDsa44NoteSigner) -> None:
    of = checkpoint(5)
    line = sign_checkpoint(signer, of, at=AT)
    assert verify_line(signer.key, line, of) == (None if signer is LOG else AT)
    assert (line.name, line.key_id) == (signer.key.name, signer.key.key_id)


@SIGNERS
def test_a_signature_is_of_one_checkpoint(signer: Ed25519NoteSigner | MlDsa44NoteSigner) -> None:
    of = checkpoint(5)
    line = sign_checkpoint(signer, of, at=AT)
    for other in (
        checkpoint(6),
        Checkpoint("another.example", of.head),
        Checkpoint(ORIGIN, TreeHead(6, of.head.root)),
        Checkpoint(ORIGIN, TreeHead(5, bytes(32))),
    ):
        with pytest.raises(BadSignature):
            verify_line(signer.key, line, other)


@SIGNERS
def test_a_signature_of_another_name_id_or_length_is_refused(
    signer: Ed25519NoteSigner | MlDsa44NoteSigner,
) -> None:
    of = checkpoint(5)
    line = sign_checkpoint(signer, of, at=AT)
    for altered in (
        NoteSignature("other.example", line.key_id, line.signature),
        NoteSignature(line.name, bytes(4), line.signature),
        NoteSignature(line.name, line.key_id, line.signature[:-1]),
        NoteSignature(line.name, line.key_id, line.signature + b"\0"),
        NoteSignature(line.name, line.key_id, b"\0"),
    ):
        with pytest.raises(BadSignature):
            verify_line(signer.key, altered, of)


@pytest.mark.parametrize("signer", [COURT, COURT_ML_DSA], ids=lambda one: one.key.kind.name)
def test_the_time_of_a_cosignature_is_signed(signer: Ed25519NoteSigner | MlDsa44NoteSigner) -> None:
    of = checkpoint(5)
    line = sign_checkpoint(signer, of, at=AT)
    later = NoteSignature(line.name, line.key_id, (AT + 1).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(BadSignature):
        verify_line(signer.key, later, of)
    endless = NoteSignature(line.name, line.key_id, b"\x80" + line.signature[1:])
    with pytest.raises(BadSignature, match="time"):
        verify_line(signer.key, endless, of)
    for at in (-1, 2**63):
        with pytest.raises(MalformedInput, match="time"):
            sign_checkpoint(signer, of, at=at)


def test_only_an_ml_dsa_cosignature_commits_to_its_makers_name() -> None:
    one, two = (ed25519(name, KeyKind.COSIGNATURE, "the same key") for name in ("a.example", "b.example"))
    assert signed_message(one.key, checkpoint(2), at=AT) == signed_message(two.key, checkpoint(2), at=AT)
    first, second = ml_dsa("a.example"), ml_dsa("b.example")
    assert signed_message(first.key, checkpoint(2), at=AT) != signed_message(second.key, checkpoint(2), at=AT)


def test_an_ml_dsa_signature_leaves_extensions_out() -> None:
    line = sign_checkpoint(COURT_ML_DSA, checkpoint(2), at=AT)
    assert verify_line(COURT_ML_DSA.key, line, checkpoint(2, "added by anyone")) == AT
    line = sign_checkpoint(COURT, checkpoint(2), at=AT)
    with pytest.raises(BadSignature):
        verify_line(COURT.key, line, checkpoint(2, "added by anyone"))


def test_an_ml_dsa_key_signs_only_what_its_message_can_hold() -> None:
    for origin in ("", "o" * 256):
        with pytest.raises(MalformedInput, match="origin"):
            sign_checkpoint(COURT_ML_DSA, Checkpoint(origin, checkpoint(2).head), at=AT)


READ = reader(grown(40))


def test_a_log_that_only_grew_is_consistent() -> None:
    for old, new in ((1, 40), (7, 9), (16, 33), (40, 40)):
        verify_consistency(checkpoint(old), checkpoint(new), prove_consistency(READ, old, size=new))


def test_two_roots_for_one_size_convict_the_log() -> None:
    honest, other = checkpoint(9), Checkpoint(ORIGIN, TreeHead(9, bytes(32)))
    for proof in ((), (bytes(32),), (b"not a hash",)):
        with pytest.raises(SplitView, match="lied") as told:
            verify_consistency(honest, other, proof)
        assert told.value.is_conclusive
        assert (told.value.origin, told.value.old, told.value.new) == (ORIGIN, honest.head, other.head)
        assert honest.head.root.hex() in str(told.value)
        assert other.head.root.hex() in str(told.value)


def test_a_history_that_does_not_connect_is_a_split_view_with_both_roots() -> None:
    forked = Checkpoint(ORIGIN, TreeHead(9, bytes(32)))
    for proof in (prove_consistency(READ, 9, size=21), (), (bytes(32),) * 3):
        with pytest.raises(SplitView, match="does not connect") as told:
            verify_consistency(forked, checkpoint(21), proof)
        assert not told.value.is_conclusive
        assert (told.value.old, told.value.new) == (forked.head, checkpoint(21).head)
        assert told.value.code == "wire.tlog_split_view"


def test_what_cannot_be_compared_is_no_split_view() -> None:
    proof = prove_consistency(READ, 9, size=21)
    for old, new in (
        (checkpoint(9), Checkpoint("another.example", checkpoint(21).head)),
        (checkpoint(21), checkpoint(9)),
        (checkpoint(0), checkpoint(21)),
        (checkpoint(0), checkpoint(0)),
    ):
        with pytest.raises(ProofRefused):
            verify_consistency(old, new, proof)


def test_a_hash_too_many_between_equal_checkpoints_says_nothing_against_the_log() -> None:
    with pytest.raises(ProofRefused, match="exactly 0"):
        verify_consistency(checkpoint(9), checkpoint(9), (bytes(32),))
