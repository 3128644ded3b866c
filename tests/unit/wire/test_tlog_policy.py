"""Policies and proofs that are carried: whom a verifier believes, and that it believes nobody else."""

import re
from dataclasses import replace

import pytest

from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.tlog import (
    Checkpoint,
    KeyKind,
    Note,
    NoteKey,
    NoteSignature,
    NoteSigner,
    Policy,
    PolicyNotMet,
    ProofRefused,
    TreeHead,
    read_proof,
    sign_checkpoint,
    verify_checkpoint,
    verify_proof,
)
from tests.unit.wire.tlog_world import (
    AT,
    COURT,
    COURT_ML_DSA,
    LOG,
    LOG_ML_DSA,
    NEIGHBOUR,
    ORIGIN,
    REGULATOR,
    checkpoint,
    ed25519,
    ml_dsa,
    proof_of,
    signed,
)

WITNESSES = (COURT.key, REGULATOR.key, NEIGHBOUR.key)
TWO_OF_THREE = Policy(ORIGIN, (LOG.key,), WITNESSES, quorum=2)
ALL = (LOG, COURT, REGULATOR, NEIGHBOUR)


def test_an_empty_policy_accepts_nothing() -> None:
    with pytest.raises(PolicyNotMet, match="no key of 0"):
        verify_checkpoint(signed(checkpoint(5), LOG, LOG_ML_DSA, COURT), Policy(ORIGIN))
    with pytest.raises(PolicyNotMet):
        verify_checkpoint(signed(checkpoint(5), LOG), Policy(ORIGIN, quorum=0))
    with pytest.raises(PolicyNotMet, match="0 of 1"):
        verify_checkpoint(signed(checkpoint(5), LOG), Policy(ORIGIN, (LOG.key,)))


def test_a_log_that_nobody_watches_is_believed_only_if_the_policy_says_so() -> None:
    vouched = verify_checkpoint(signed(checkpoint(5), LOG), Policy(ORIGIN, (LOG.key,), quorum=0))
    assert vouched.checkpoint == checkpoint(5)
    assert vouched.witnessed_at == {}


@pytest.mark.parametrize(
    "signers", [ALL, (LOG, COURT, REGULATOR), (NEIGHBOUR, REGULATOR, LOG), (COURT, LOG, NEIGHBOUR)]
)
def test_any_two_of_three_witnesses_make_a_quorum(signers: tuple[NoteSigner, ...]) -> None:
    vouched = verify_checkpoint(signed(checkpoint(5), *signers), TWO_OF_THREE)
    assert vouched.witnessed_at == {one.key.name: AT for one in signers if one is not LOG}


@pytest.mark.parametrize(
    "signers", [(LOG,), (LOG, COURT), (LOG, NEIGHBOUR, ed25519("stranger.example", KeyKind.COSIGNATURE))]
)
def test_fewer_witnesses_do_not(signers: tuple[NoteSigner, ...]) -> None:
    with pytest.raises(PolicyNotMet, match="of 2 witnesses"):
        verify_checkpoint(signed(checkpoint(5), *signers), TWO_OF_THREE)


def test_witnesses_do_not_stand_in_for_the_log() -> None:
    with pytest.raises(PolicyNotMet, match="of the log signed"):
        verify_checkpoint(signed(checkpoint(5), COURT, REGULATOR, NEIGHBOUR), TWO_OF_THREE)


def test_a_witness_that_signed_twice_or_with_two_keys_counts_once() -> None:
    note = signed(checkpoint(5), LOG, COURT, COURT)
    later = sign_checkpoint(COURT_ML_DSA, checkpoint(5), at=AT + 9)
    policy = Policy(ORIGIN, (LOG.key,), (*WITNESSES, COURT_ML_DSA.key), quorum=2)
    with pytest.raises(PolicyNotMet, match="1 of 2"):
        verify_checkpoint(replace(note, signatures=(*note.signatures, later)), policy)
    assert verify_checkpoint(note.signed_also(later), replace(policy, quorum=1)).witnessed_at == {
        COURT.key.name: AT + 9
    }


def test_a_quorum_larger_than_its_witnesses_is_never_met() -> None:
    with pytest.raises(PolicyNotMet, match="3 of 4"):
        verify_checkpoint(signed(checkpoint(5), *ALL), replace(TWO_OF_THREE, quorum=4))


@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_one_wrong_line_of_a_known_key_refuses_the_whole_note(wrong: int) -> None:
    note = signed(checkpoint(5), *ALL)
    lines = list(note.signatures)
    other = signed(checkpoint(6), *ALL).signatures[wrong]
    lines[wrong] = other
    with pytest.raises(BadSignature):
        verify_checkpoint(replace(note, signatures=tuple(lines)), TWO_OF_THREE)
    with pytest.raises(BadSignature):
        verify_checkpoint(replace(note, signatures=(*note.signatures, other)), TWO_OF_THREE)


def test_lines_of_unknown_keys_are_ignored_even_under_a_known_name_or_id() -> None:
    note = signed(checkpoint(5), *ALL)
    strangers = (
        NoteSignature(LOG.key.name, b"\0\0\0\0", b"anything"),
        NoteSignature("stranger.example", LOG.key.key_id, b"anything"),
        NoteSignature("stranger.example", b"\0\0\0\0", b"anything"),
    )
    kept = replace(note, signatures=(*strangers, *note.signatures))
    assert verify_checkpoint(kept, TWO_OF_THREE).checkpoint == checkpoint(5)
    with pytest.raises(PolicyNotMet):
        verify_checkpoint(replace(note, signatures=strangers), TWO_OF_THREE)


def test_a_checkpoint_of_another_log_is_refused_though_the_same_key_signed_it() -> None:
    with pytest.raises(PolicyNotMet, match="another log"):
        verify_checkpoint(signed(Checkpoint("log2.example", checkpoint(5).head), *ALL), TWO_OF_THREE)


def test_a_text_that_is_no_checkpoint_is_malformed() -> None:
    with pytest.raises(MalformedInput):
        verify_checkpoint(Note("hello\n", signed(checkpoint(5), *ALL).signatures), TWO_OF_THREE)


def test_post_quantum_evidence_is_had_where_it_is_demanded() -> None:
    policy = replace(TWO_OF_THREE, log_keys=(LOG.key, LOG_ML_DSA.key), is_post_quantum=True)
    assert verify_checkpoint(signed(checkpoint(5), LOG_ML_DSA, *ALL), policy).checkpoint == checkpoint(5)
    assert verify_checkpoint(
        signed(checkpoint(5), LOG_ML_DSA, COURT, REGULATOR), policy
    ).checkpoint == checkpoint(5)
    for signers in (ALL, (*ALL, COURT_ML_DSA)):
        with pytest.raises(PolicyNotMet, match="ML-DSA-44"):
            verify_checkpoint(signed(checkpoint(5), *signers), policy)
    witnessed = replace(policy, witnesses=(*WITNESSES, COURT_ML_DSA.key))
    with pytest.raises(PolicyNotMet, match="ML-DSA-44"):
        verify_checkpoint(signed(checkpoint(5), *ALL, COURT_ML_DSA), witnessed)


def test_either_of_two_keys_of_a_log_will_do_where_nothing_else_is_demanded() -> None:
    policy = Policy(ORIGIN, (LOG.key, LOG_ML_DSA.key), quorum=0)
    for signer in (LOG, LOG_ML_DSA):
        assert verify_checkpoint(signed(checkpoint(5), signer), policy).checkpoint == checkpoint(5)


def test_extensions_that_the_log_did_not_sign_are_refused() -> None:
    policy = Policy(ORIGIN, (LOG.key, LOG_ML_DSA.key), quorum=0)
    extended = checkpoint(5, "added by anyone")
    with pytest.raises(PolicyNotMet, match="extension"):
        verify_checkpoint(signed(extended, LOG_ML_DSA), policy)
    assert verify_checkpoint(signed(extended, LOG_ML_DSA, LOG), policy).checkpoint.extensions == (
        "added by anyone",
    )


DOUBLE = tuple(ed25519(name, KeyKind.COSIGNATURE, "k") for name in ("a.example", "b.example"))


@pytest.mark.parametrize(
    ("log_keys", "witnesses", "quorum", "why"),
    [
        ((LOG,), (COURT, COURT), 1, "name each once"),
        ((LOG, LOG), (), 0, "name each once"),
        ((LOG,), (ed25519("w.example", KeyKind.ED25519),), 1, "0x04 or 0x06"),
        ((LOG,), (LOG_ML_DSA,), 1, "cannot witness itself"),
        ((LOG,), DOUBLE, 1, "same key"),
        ((LOG,), (COURT,), -1, "quorum"),
    ],
)  # fmt: skip
def test_a_policy_that_would_count_a_party_twice_cannot_be_made(
    log_keys: tuple[NoteSigner, ...], witnesses: tuple[NoteSigner, ...], quorum: int, why: str
) -> None:
    with pytest.raises(MalformedInput, match=re.escape(why)):
        Policy(ORIGIN, tuple(one.key for one in log_keys), tuple(one.key for one in witnesses), quorum)


def test_a_log_cannot_witness_itself_under_another_name() -> None:
    disguised = NoteKey("independent.example", KeyKind.COSIGNATURE, LOG.key.public)
    with pytest.raises(MalformedInput, match="same key"):
        Policy(ORIGIN, (LOG.key,), (disguised,))


def test_a_log_may_have_a_key_for_each_kind() -> None:
    assert (
        Policy(ORIGIN, (LOG.key, NoteKey(ORIGIN, KeyKind.COSIGNATURE, LOG.key.public)), quorum=0).witnesses
        == ()
    )


PROOF = proof_of(21, 37, LOG, COURT, REGULATOR)
ENTRY = b"entry 21"


def test_an_entry_is_proved_offline() -> None:
    logged = verify_proof(ENTRY, read_proof(PROOF.encode()), TWO_OF_THREE)
    assert logged.index == 21
    assert logged.vouched.checkpoint == checkpoint(37)


def test_a_proof_is_the_text_that_the_standard_draws() -> None:
    """tlog-proof, Format: header, extra, index, hashes, an empty line, the checkpoint as it is."""
    raw = proof_of(1, 2, LOG, extra=b"context").encode()
    lines = raw.decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra Y29udGV4dA==", "index 1"]
    assert len(lines[3]) == 44
    assert lines[4] == ""
    assert lines[5:7] == [ORIGIN, "2"]
    assert raw.endswith(signed(checkpoint(2), LOG).encode())


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (21, 37), (300, 301)])
@pytest.mark.parametrize("extra", [b"", b"\0", bytes(16384)])
def test_a_proof_is_written_and_read(index: int, size: int, extra: bytes) -> None:
    proof = proof_of(index, size, LOG, extra=extra)
    assert read_proof(proof.encode()) == proof
    assert read_proof(proof.encode()).encode() == proof.encode()


def test_another_entry_or_index_is_not_proved() -> None:
    for entry, proof in (
        (b"entry 22", PROOF),
        (b"", PROOF),
        (ENTRY, replace(PROOF, index=20)),
        (ENTRY, replace(PROOF, index=37)),
        (ENTRY, replace(PROOF, hashes=PROOF.hashes[:-1])),
        (ENTRY, replace(PROOF, hashes=(*PROOF.hashes, bytes(32)))),
        (ENTRY, replace(PROOF, note=signed(checkpoint(38), LOG, COURT, REGULATOR))),
        (ENTRY, replace(PROOF, note=signed(checkpoint(0), LOG, COURT, REGULATOR))),
    ):
        with pytest.raises(ProofRefused):
            verify_proof(entry, proof, TWO_OF_THREE)


def test_the_hash_of_a_node_is_no_entry() -> None:
    """RFC 6962, 2.1: without the two prefixes an inner node could be shown as a leaf."""
    inside = proof_of(0, 2, LOG)
    root = checkpoint(2).head.root
    claimed = replace(inside, hashes=())
    policy = Policy(ORIGIN, (LOG.key,), quorum=0)
    with pytest.raises(ProofRefused):
        verify_proof(root, claimed, policy)
    with pytest.raises(ProofRefused):
        verify_proof(root, replace(claimed, note=signed(Checkpoint(ORIGIN, TreeHead(1, root)), LOG)), policy)


def test_a_good_path_under_a_checkpoint_that_nobody_vouches_for_proves_nothing() -> None:
    with pytest.raises(PolicyNotMet):
        verify_proof(ENTRY, proof_of(21, 37, LOG, COURT), TWO_OF_THREE)
    with pytest.raises(PolicyNotMet):
        verify_proof(ENTRY, PROOF, Policy(ORIGIN))
    forged = replace(PROOF, note=replace(PROOF.note, text=checkpoint(38).text))
    with pytest.raises(BadSignature):
        verify_proof(ENTRY, forged, TWO_OF_THREE)


RAW = proof_of(1, 3, LOG, extra=b"x").encode().decode()


@pytest.mark.parametrize(
    "raw",
    [
        "", "\n\n", RAW.replace("@v1", "@v2"), RAW.replace("@v1", "@v1 "), "\n" + RAW, RAW.replace("\n", "\r\n"),
        RAW.replace("index 1", "index 01"), RAW.replace("index 1", "index -1"), RAW.replace("index 1", "index"),
        RAW.replace("index 1\n", ""), RAW.replace("index 1", "index  1"), RAW.replace("index 1", "Index 1"),
        RAW.replace("index 1", f"index {2**63}"), RAW.replace("extra eA==", "extra"),
        RAW.replace("extra eA==", "extra "),
        RAW.replace("extra eA==", "extra eA="), RAW.replace("extra eA==", "extra eB=="),
        RAW.replace("extra eA==", "other"),
        RAW.replace("extra eA==\nindex 1", "index 1\nextra eA=="),
        RAW.replace("extra eA==", "extra eA==\nextra eA=="),
        RAW.replace("=\n", "\n", 3), RAW.replace("=\n\n", "=\n"), RAW.replace("\n\n", "\n\n\n", 1), RAW[:-1],
        RAW.split("\n\n")[0], RAW.split("\n\n")[0] + "\n\n", RAW.replace("index 1\n", "index 1\nAAAA\n"),
        RAW.replace("index 1\n", "index 1\n\u0661\n"),
    ],
)  # fmt: skip
def test_nothing_else_is_a_proof(raw: str) -> None:
    with pytest.raises(MalformedInput):
        read_proof(raw.encode())


def test_a_proof_has_limits() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        read_proof(RAW.encode() + bytes(1 << 20))
    with pytest.raises(TooLarge, match="extra"):
        read_proof(RAW.replace("eA==", "AAAA" * 5463).encode())
    with pytest.raises(TooLarge, match="hashes"):
        read_proof(RAW.replace("index 1\n", "index 1\n" + f"{'A' * 43}=\n" * 65).encode())


def test_the_extra_is_not_authenticated() -> None:
    assert verify_proof(ENTRY, replace(PROOF, unsigned_extra=b"anything"), TWO_OF_THREE).index == 21


def test_a_log_of_1003_entries_gives_a_proof_of_less_than_a_kilobyte() -> None:
    assert len(proof_of(500, 1003, LOG, COURT).encode()) < 1000


def test_an_ml_dsa_key_and_witness_make_it_seven() -> None:
    assert len(proof_of(500, 1003, LOG, LOG_ML_DSA, COURT, ml_dsa("c.example")).encode()) < 7600
