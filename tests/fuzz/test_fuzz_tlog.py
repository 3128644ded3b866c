"""Readers of logs' texts and files: a value, or a refusal by name, and nothing else."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.tlog import (
    Addition,
    Frontier,
    Policy,
    PolicyNotMet,
    ProofRefused,
    WitnessRefused,
    encode_cosignatures,
    read_addition,
    read_checkpoint,
    read_cosignatures,
    read_key,
    read_note,
    read_path,
    read_proof,
    read_size,
    split_entries,
    verify_checkpoint,
    verify_proof,
    weigh,
)
from tests.unit.wire.tlog_world import COURT, COURT_ML_DSA, LOG, ORIGIN, checkpoint, grown, proof_of, signed

REFUSALS = (MalformedInput, BadSignature, UnsupportedAlgorithm, PolicyNotMet, ProofRefused, WitnessRefused)
POLICY = Policy(ORIGIN, (LOG.key,), (COURT.key, COURT_ML_DSA.key))


def read_vouched(raw: bytes) -> object:
    return verify_checkpoint(read_note(raw), POLICY)


def read_logged(raw: bytes) -> object:
    return verify_proof(b"entry 3", read_proof(raw), POLICY)


def read_weighed(raw: bytes) -> object:
    return weigh(read_addition(raw), (LOG.key,), None)


def read_answer(raw: bytes) -> object:
    return read_cosignatures(raw, checkpoint(9), (COURT.key, COURT_ML_DSA.key))


def of_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda raw: read(raw.decode("utf-8", "surrogatepass" if b"\xed" in raw else "replace"))


READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "note": (read_vouched, signed(checkpoint(9), LOG, COURT).encode()),
    "ml-dsa": (read_vouched, signed(checkpoint(9), LOG, COURT_ML_DSA).encode()),
    "proof": (read_logged, proof_of(3, 9, LOG, COURT, extra=b"x").encode()),
    "checkpoint": (of_text(read_checkpoint), checkpoint(9, "extended").text.encode()),
    "key": (of_text(read_key), LOG.key.text.encode()),
    "path": (of_text(read_path), b"tile/entries/x001/x234/067.p/17"),
    "addition": (read_weighed, Addition(0, (), signed(checkpoint(9), LOG)).encode()),
    "cosignatures": (read_answer, encode_cosignatures(signed(checkpoint(9), COURT).signatures)),
    "conflict": (read_size, b"20852163\n"),
    "bundle": (lambda raw: split_entries(raw, 2), b"\0\1a\0\2bc"),
    "frontier": (Frontier.from_bytes, grown(9).frontier.to_bytes()),
}
readers = pytest.mark.parametrize("name", list(READERS))


def survives(read: Callable[[bytes], object], raw: bytes) -> None:
    try:
        read(raw)
    except REFUSALS:
        return
    except UnicodeDecodeError:  # of the test's own decoding, before the reader
        return


@readers
def test_the_good_example_is_read(name: str) -> None:
    read, good = READERS[name]
    read(good)


@readers
@settings(max_examples=50)
@given(data=st.binary(max_size=200))
@example(data=b"\xed\xa0\x80")
@example(data=b"\n\n\xe2\x80\x94 a AAAAAAA=\n")
def test_arbitrary_bytes_are_refused_by_name(name: str, data: bytes) -> None:
    survives(READERS[name][0], data)


@readers
@settings(max_examples=50)
@given(data=st.data())
def test_a_good_example_that_was_damaged_is_refused_by_name(name: str, data: st.DataObject) -> None:
    read, good = READERS[name]
    at = data.draw(st.integers(0, len(good)))
    until = data.draw(st.integers(at, min(len(good), at + 40)))
    piece = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"\n", b"\n\n", b"\xe2\x80\x94 ", b"+", b"0", b"=", b"\0"])
    )
    survives(read, good[:at] + piece + good[until:])


@readers
@settings(max_examples=50)
@given(data=st.data())
def test_a_good_example_that_was_cut_or_doubled_is_refused_by_name(name: str, data: st.DataObject) -> None:
    read, good = READERS[name]
    survives(read, good[: data.draw(st.integers(0, len(good)))])
    survives(read, good + good[data.draw(st.integers(0, len(good))) :])
