"""Columns of words do at once what a loop over bytes would do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.wire.text_words import (
    BYTES,
    ZEROS,
    Words,
    are_digits,
    as_fours,
    as_numbers,
    find_first,
    place_of_bit,
    right_aligned,
    word,
)

TEXTS = st.lists(st.binary(min_size=BYTES, max_size=BYTES), min_size=1, max_size=20)
DIGITS = st.text("0123456789", min_size=BYTES, max_size=BYTES)


def words_of(texts: list[bytes]) -> Words:
    return np.array([word(one) for one in texts], np.uint64)


def test_the_first_byte_of_a_text_is_the_lowest_of_its_word() -> None:
    assert word(b"\x01\x02") == 0x0201


@given(TEXTS, st.integers(0, 255))
def test_the_first_of_a_byte_is_found_in_every_word(texts: list[bytes], sought: int) -> None:
    found = find_first(words_of(texts), bytes([sought])).tolist()
    assert found == [max(0, one.find(sought)) for one in texts]


def test_a_byte_that_differs_by_one_behind_the_first_does_not_mislead() -> None:
    assert find_first(words_of([b"12,-,,--", b"-,,,,,,,"]), b",").tolist() == [2, 1]


@given(TEXTS)
def test_digits_are_told_from_every_other_byte(texts: list[bytes]) -> None:
    assert are_digits(words_of(texts)) == all(max(one) <= 9 for one in texts)


@pytest.mark.parametrize("place", range(BYTES))
def test_a_byte_above_nine_is_seen_in_every_place(place: int) -> None:
    for value in (10, 16, 127, 128, 255):
        raw = bytearray(BYTES)
        raw[place] = value
        assert not are_digits(words_of([bytes(BYTES), bytes(raw)]))


@given(st.lists(DIGITS, min_size=1, max_size=20))
def test_eight_digits_are_one_number_or_two_of_four(texts: list[str]) -> None:
    digits = words_of([one.encode() for one in texts]) ^ ZEROS
    halves = as_fours(digits.copy())
    assert [(int(one) & 0xFFFFFFFF, int(one) >> 32) for one in halves] == [
        (int(one[:4]), int(one[4:])) for one in texts
    ]
    assert as_numbers(digits).tolist() == [int(one) for one in texts]


@given(DIGITS, st.integers(1, BYTES))
def test_what_stands_first_moves_to_the_end_with_noughts_before_it(text: str, length: int) -> None:
    digits = words_of([text.encode()]) ^ ZEROS
    kept = right_aligned(digits, np.array([length], np.uint64))
    assert as_numbers(kept).tolist() == [int(text[:length])]


def test_a_bit_tells_its_byte() -> None:
    bits = np.array([1 << BYTES * place for place in range(BYTES)], np.uint64)
    assert place_of_bit(bits).tolist() == list(range(BYTES))
