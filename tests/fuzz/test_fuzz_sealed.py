"""The opener: content, or a refusal by name, and nothing else."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rahdari.wire.errors import MalformedInput, UnsupportedAlgorithm
from rahdari.wire.sealed import Kem, Opener, RecipientKey, SealBroken, SealedToAnother
from tests.unit.wire.sealed_scene import EXCHANGE, OURS, sealed

REFUSALS = (SealBroken, SealedToAnother, MalformedInput, UnsupportedAlgorithm)
GOOD = {kem: sealed(b"salam", kem) for kem in Kem}


def survives(pieces: list[bytes]) -> None:
    opener = Opener(list(OURS.values()), binding=EXCHANGE)
    try:
        for piece in pieces:
            opener.update(piece)
        opener.finish()
    except REFUSALS:
        return


@settings(max_examples=100)
@given(pieces=st.lists(st.binary(max_size=200), max_size=4))
@example(pieces=[b"RSB1"])
@example(pieces=[b"RSB1" + bytes(6) + bytes(8)])
def test_arbitrary_bytes_are_refused_by_name(pieces: list[bytes]) -> None:
    survives(pieces)


@settings(max_examples=150)
@given(kem=st.sampled_from(Kem), data=st.data())
def test_a_good_example_that_was_damaged_is_refused_by_name(kem: Kem, data: st.DataObject) -> None:
    good = GOOD[kem]
    at = data.draw(st.integers(0, len(good)))
    until = data.draw(st.integers(at, min(len(good), at + 40)))
    raw = good[:at] + data.draw(st.binary(max_size=40)) + good[until:]
    cut = data.draw(st.integers(0, len(raw)))
    survives([raw[:cut], raw[cut:]])


@settings(max_examples=100)
@given(raw=st.binary(min_size=32, max_size=32) | st.binary(min_size=1216, max_size=1216))
def test_arbitrary_keys_are_keys_or_refused(raw: bytes) -> None:
    try:
        RecipientKey(Kem.X25519 if len(raw) == 32 else Kem.X_WING, raw)
    except MalformedInput:
        return
