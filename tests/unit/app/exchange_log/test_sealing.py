"""Sealed particulars: bound to their record, opened by the key alone, no nonce twice."""

import pytest

from rahdari.app.exchange.log.sealing import Opener, Sealer
from rahdari.exchange.errors import LogDamaged
from tests.fakes.chance import SeededChance

KEY, LEAF = bytes(range(32)), bytes(32)


def test_what_is_sealed_opens_with_the_key_and_its_record() -> None:
    sealer, opener = Sealer(KEY, SeededChance(1)), Opener(KEY)
    for text in (b"", b"some words", b"x" * 100_000):
        assert opener.open(sealer.seal(text, LEAF), LEAF) == text


def test_equal_texts_are_sealed_differently_each_time_and_in_each_run() -> None:
    sealers = [Sealer(KEY, SeededChance(seed)) for seed in (1, 2)]
    sealed = {sealer.seal(b"equal", LEAF) for sealer in sealers for _ in range(50)}
    # Salt and number, which are key and nonce, come together once.
    assert len({one[:24] for one in sealed}) == len(sealed) == 100


@pytest.mark.parametrize("at", [0, 15, 16, 23, 24, 30, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(Sealer(KEY, SeededChance(1)).seal(b"some words", LEAF))
    sealed[at] ^= 1
    with pytest.raises(LogDamaged):
        Opener(KEY).open(bytes(sealed), LEAF)


def test_another_record_or_another_key_opens_nothing() -> None:
    sealed = Sealer(KEY, SeededChance(1)).seal(b"some words", LEAF)
    for opener, leaf in ((Opener(KEY), b"\1" * 32), (Opener(bytes(32)), LEAF)):
        with pytest.raises(LogDamaged, match="key"):
            opener.open(sealed, leaf)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 24, 30, 39])
def test_what_is_cut_short_is_refused(length: int) -> None:
    sealed = Sealer(KEY, SeededChance(1)).seal(b"", LEAF)
    with pytest.raises(LogDamaged):
        Opener(KEY).open(sealed[:length], LEAF)


def test_a_key_of_another_length_is_a_mistake_of_the_program() -> None:
    with pytest.raises(AssertionError, match="31 bytes"):
        Sealer(bytes(31), SeededChance(1))
