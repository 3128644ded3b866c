"""add-checkpoint: what a log sends, what a witness answers, and when it must not cosign (c2sp.org/tlog-witness)."""

from dataclasses import replace

import pytest

from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.tlog import (
    ADDITION_BYTES_MAX,
    EMPTY_ROOT,
    Addition,
    Checkpoint,
    KeyKind,
    Note,
    NoteSignature,
    PolicyNotMet,
    TreeHead,
    WitnessRefused,
    encode_cosignatures,
    encode_size,
    prove_consistency,
    read_addition,
    read_cosignatures,
    read_size,
    sign_checkpoint,
    weigh,
)
from rahdari.wire.tlog.witnessing import ANSWER_BYTES_MAX, PROOF_LINES_MAX
from tests.unit.wire.tlog_world import (
    AT,
    COURT,
    COURT_ML_DSA,
    LOG,
    LOG_ML_DSA,
    ORIGIN,
    REGULATOR,
    checkpoint,
    ed25519,
    grown,
    reader,
)

# The request of the standard's text ("add-checkpoint", Example request body); the keys are not published.
PUBLISHED = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()  # noqa: E501 - as it was published
KEYS = (LOG.key, LOG_ML_DSA.key)


def note(of: Checkpoint, *signers: object) -> Note:
    return Note(of.text, tuple(sign_checkpoint(one, of, at=AT) for one in signers or (LOG,)))  # type: ignore[arg-type]


def addition(old: int, new: int) -> Addition:
    proof = prove_consistency(reader(grown(new)), old, size=new) if old else ()
    return Addition(old, proof, note(checkpoint(new), LOG, LOG_ML_DSA))


def refusal(asked: Addition, held: Checkpoint | None, keys: object = KEYS) -> WitnessRefused:
    with pytest.raises(WitnessRefused) as refused:
        weigh(asked, keys, held)  # type: ignore[arg-type]
    return refused.value


def test_the_published_request_is_read_and_written() -> None:
    asked = read_addition(PUBLISHED)
    assert (asked.old_size, len(asked.proof), asked.checkpoint.head.size) == (20852014, 4, 20852163)
    assert asked.checkpoint.origin == "example.com/behind-the-sofa"
    assert len(asked.note.signatures) == 2
    assert asked.encode() == PUBLISHED


@pytest.mark.parametrize(
    ("old", "new"), [(0, 1), (1, 1), (1, 2), (3, 8), (7, 8), (8, 8), (255, 300), (0, 300)]
)
def test_growth_is_accepted_and_comes_back_as_it_was_sent(old: int, new: int) -> None:
    asked = addition(old, new)
    assert read_addition(asked.encode()) == asked
    assert weigh(asked, KEYS, checkpoint(old) if old else None) == checkpoint(new)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n\n", b"old 0\n", PUBLISHED.replace(b"old ", b"OLD ", 1), PUBLISHED.replace(b"old ", b"old", 1),
        PUBLISHED.replace(b"old 2", b"old 02", 1), PUBLISHED.replace(b"old 2", b"old -2", 1),
        PUBLISHED.replace(b"old 2", b"old  2", 1), PUBLISHED.replace(b"kaw=", b"kaw", 1),
        PUBLISHED.replace(b"kaw=", b"kax=", 1), PUBLISHED.replace(b"kaw=\n", b"kaw=\r\n", 1),
        PUBLISHED.replace(b"\n\nexample", b"\nexample", 1), PUBLISHED.replace(b"\n\nexample", b"\n\n\nexample", 1),
        PUBLISHED[:-1], PUBLISHED.split(b"\n\n\xe2")[0] + b"\n", PUBLISHED.replace(b"20852163", b"020852163"),
        PUBLISHED.replace(b"old 20852014", b"old \xd9\xa1", 1), b"\xff" * 50,
    ],
)  # fmt: skip
def test_nothing_else_is_a_request(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_addition(raw)


def test_a_request_is_small() -> None:
    line = PUBLISHED.split(b"\n")[1] + b"\n"
    head, rest = PUBLISHED.split(b"\n", 1)
    _, behind = rest.split(b"\n\n", 1)
    whole = head + b"\n" + PROOF_LINES_MAX * line + b"\n" + behind
    assert len(read_addition(whole).proof) == PROOF_LINES_MAX
    with pytest.raises(TooLarge, match="hashes"):
        read_addition(head + b"\n" + (PROOF_LINES_MAX + 1) * line + b"\n" + behind)
    with pytest.raises(TooLarge, match="bytes"):
        read_addition(b"o" * (ADDITION_BYTES_MAX + 1))
    with pytest.raises(TooLarge):
        replace(read_addition(whole), proof=(EMPTY_ROOT,) * (PROOF_LINES_MAX + 1)).encode()


def test_an_unknown_log_is_404() -> None:
    assert refusal(addition(0, 3), None, keys=None).status == 404


def test_a_checkpoint_that_no_known_key_signed_is_403() -> None:
    stranger = ed25519(ORIGIN, KeyKind.ED25519, seed="stranger")
    assert refusal(replace(addition(0, 3), note=note(checkpoint(3), stranger)), None).status == 403
    assert refusal(replace(addition(0, 3), note=note(checkpoint(3), COURT)), None).status == 403
    assert refusal(addition(0, 3), None, keys=()).status == 403
    # Lines of unknown keys beside that of a known one are ignored.
    assert weigh(replace(addition(0, 3), note=note(checkpoint(3), stranger, LOG)), KEYS, None) == checkpoint(
        3
    )


def test_a_checkpoint_whose_signature_is_wrong_is_403() -> None:
    line = sign_checkpoint(LOG, checkpoint(4), at=AT)
    assert refusal(replace(addition(0, 3), note=Note(checkpoint(3).text, (line,))), None).status == 403


def test_an_old_size_above_the_new_one_is_400() -> None:
    assert refusal(replace(addition(2, 3), old_size=4), checkpoint(4)).status == 400


@pytest.mark.parametrize(("old", "held"), [(0, 2), (1, 2), (2, 1), (2, 0), (3, 2)])
def test_an_old_size_that_is_not_the_last_one_is_409_with_that(old: int, held: int) -> None:
    refused = refusal(addition(old, 3), checkpoint(held) if held else None)
    assert (refused.status, refused.size) == (409, held)


def test_one_size_with_another_root_is_409_and_convicts_the_log() -> None:
    other = Checkpoint(ORIGIN, TreeHead(3, bytes(32)))
    for old in (3, 0):
        refused = refusal(Addition(old, (), note(other)), checkpoint(3))
        # The size is named where another old size could be tried.
        assert (refused.status, refused.size) == (409, 3 if old == 0 else None)
        assert refused.split is not None
        assert refused.split.is_conclusive


@pytest.mark.parametrize("damage", ["other", "shorter", "longer", "none"])
def test_a_proof_that_does_not_lead_from_one_to_the_other_is_422(damage: str) -> None:
    asked = addition(3, 8)
    proofs = {
        "other": (bytes(32), *asked.proof[1:]),
        "shorter": asked.proof[:-1],
        "longer": (*asked.proof, bytes(32)),
        "none": (),
    }
    refused = refusal(replace(asked, proof=proofs[damage]), checkpoint(3))
    assert refused.status == 422
    assert refused.split is not None
    assert not refused.split.is_conclusive


def test_where_there_is_nothing_to_prove_a_proof_is_422() -> None:
    assert refusal(replace(addition(0, 3), proof=(bytes(32),)), None).status == 422
    assert refusal(replace(addition(3, 3), proof=(bytes(32),)), checkpoint(3)).status == 422


def test_the_log_answers_are_lines_of_the_witness_alone() -> None:
    of = checkpoint(3)
    lines = tuple(sign_checkpoint(one, of, at=AT) for one in (COURT, COURT_ML_DSA))
    stranger = sign_checkpoint(REGULATOR, of, at=AT)
    raw = encode_cosignatures((*lines, stranger))
    assert raw.endswith(b"\n")
    assert read_cosignatures(raw, of, (COURT.key, COURT_ML_DSA.key)) == lines
    assert read_cosignatures(raw, of, (COURT.key,)) == lines[:1]


def test_cosignatures_of_nobody_known_are_refused() -> None:
    of = checkpoint(3)
    raw = encode_cosignatures([sign_checkpoint(REGULATOR, of, at=AT)])
    with pytest.raises(PolicyNotMet):
        read_cosignatures(raw, of, (COURT.key,))
    # A log's own key is no witness's.
    with pytest.raises(PolicyNotMet):
        read_cosignatures(encode_cosignatures([sign_checkpoint(LOG, of, at=AT)]), of, (LOG.key,))


def test_a_cosignature_of_another_checkpoint_is_refused() -> None:
    raw = encode_cosignatures([sign_checkpoint(COURT, checkpoint(4), at=AT)])
    with pytest.raises(BadSignature):
        read_cosignatures(raw, checkpoint(3), (COURT.key,))


@pytest.mark.parametrize("raw", [b"", b"\n", b"ok\n", b"more\n\n\xe2\x80\x94 a AAAAAAA=\n", b"\xff\n"])
def test_other_answers_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_cosignatures(raw, checkpoint(3), (COURT.key,))
    with pytest.raises(TooLarge):
        read_cosignatures(raw + b"x" * (ANSWER_BYTES_MAX + 1), checkpoint(3), (COURT.key,))


def test_more_text_in_front_of_the_lines_is_refused() -> None:
    of = checkpoint(3)
    line = NoteSignature("a", bytes(4), b"x").line.encode()
    with pytest.raises(MalformedInput):
        read_cosignatures(
            line + b"\n" + encode_cosignatures([sign_checkpoint(COURT, of, at=AT)]), of, (COURT.key,)
        )


@pytest.mark.parametrize("size", [0, 1, 20852163, (1 << 63) - 1])
def test_a_size_is_read_as_it_was_written(size: int) -> None:
    assert read_size(encode_size(size)) == size


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"1", b"01\n", b"-1\n", b"1\n\n", b"1 \n", b"9" * 30 + b"\n", b"\xff\n"]
)
def test_nothing_else_is_a_size(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_size(raw)
