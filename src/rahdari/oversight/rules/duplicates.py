"""Two holders who may be one: which are compared at all, and how likely it is."""

import hashlib
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from rahdari.oversight.rules.likeness import likeness_of_names
from rahdari.oversight.rules.names import read_words
from rahdari.oversight.values import Enrolled

# Four words give six pairs; a name of more is found by its first four.
_WORDS_TAKEN_MAX = 4
# Muhammad Ali and Mohd. Aly are alike; the twins Hassan Raza and Hussain Raza (0.84) are not.
_NAME_ALIKE = 0.86
# With the very same day of birth and nearly the same number, a name need only be of a kind.
_NAME_AKIN = 0.5


class Likely(StrEnum):
    """Why two holders may be one."""

    SAME_NUMBER = "same_number"
    NEAR_NUMBER = "near_number"
    SAME_FAMILY = "same_family"
    SAME_NAME_AND_BIRTH = "same_name_and_birth"


class Suspicion(NamedTuple):
    """A reason and how strong it is, from 0 to 1."""

    likely: Likely
    score: float


def suspect(one: Enrolled, other: Enrolled) -> Suspicion | None:
    """Tell how likely two holders are one, by the strongest reason; None where nothing speaks for it.

    Same number under two kinds: 1. A number with one digit wrong or two exchanged: 0.75 to 0.95, and only
    beside the name and the day of birth, since honest neighbours in the register differ by one digit too.
    Same family number, alike name, same day of birth: up to 0.9. The same without a family number on both
    sides: up to 0.7.
    """
    if one.number == other.number:
        return Suspicion(Likely.SAME_NUMBER, 1.0)
    name = likeness_of_names(one.names, other.names)
    is_same_day = one.born is not None and one.born == other.born
    if _is_slip_of_number(one, other, name, is_same_day=is_same_day):
        return Suspicion(Likely.NEAR_NUMBER, 0.55 + 0.4 * name)
    if not is_same_day or name < _NAME_ALIKE:
        return None
    if one.family_number and other.family_number:
        same = one.family_number.casefold() == other.family_number.casefold()
        return Suspicion(Likely.SAME_FAMILY, 0.9 * name) if same else None
    return Suspicion(Likely.SAME_NAME_AND_BIRTH, 0.7 * name)


def _is_slip_of_number(one: Enrolled, other: Enrolled, name: float, *, is_same_day: bool) -> bool:
    if not is_near_number(one.number, other.number):
        return False
    if is_same_day:
        return name >= _NAME_AKIN
    # Firms have no day of birth.
    is_near_day = is_near_birth(one.born, other.born) if one.born and other.born else one.born is other.born
    return name >= _NAME_ALIKE and is_near_day


def is_near_number(one: str, other: str) -> bool:
    """Tell whether one digit is another, or two neighbours are exchanged (Damerau, CACM 7:171, 1964)."""
    if len(one) != len(other):
        return False
    wrong = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    if len(wrong) == 1:
        return True
    if len(wrong) != 2 or wrong[1] != wrong[0] + 1:
        return False
    first, second = wrong
    return one[first] == other[second] and one[second] == other[first]


def is_near_birth(one: date, other: date) -> bool:
    """Tell whether two days are one but for a digit, two exchanged digits, or day and month."""
    if one == other or (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return True
    return is_near_number(f"{one:%Y%m%d}", f"{other:%Y%m%d}")


def clues_of(one: Enrolled, key: bytes) -> tuple[int, ...]:
    """Give the clues by which possible duplicates find each other: 64 bits each of a keyed hash.

    Those of whom ``suspect`` could speak share one: the number; the family number; and, each beside two first
    consonants of the name, the second half of the number, its first half with the year of birth, and the day of
    birth. What escapes: a slip in those letters, or one in the second half of the number together with the year.
    """
    return tuple(sorted({_hashed(text, key) for text in _texts(one)}))


def _texts(one: Enrolled) -> Iterator[str]:
    half, letters = len(one.number) // 2, _first_letters(one)
    pairs = [first + second for first, second in combinations(letters, 2)] or letters
    yield f"number {one.number}"
    if one.family_number:
        yield f"family {one.family_number.casefold()}"
    for pair in pairs:
        # The digit between the halves is in neither, so an exchange across the middle leaves one whole.
        yield f"back {one.number[half + 1 :]} {pair}"
        # Where the second half of the number is wrong; the year narrows a locality's crowd. Firms have none.
        yield f"front {one.number[:half]} {one.born.year if one.born else ''} {pair}"
        if one.born is not None:
            yield f"born {one.born.isoformat()} {pair}"


def _first_letters(one: Enrolled) -> list[str]:
    """List the first consonants of the words of a name, once each, in every language."""
    found: set[str] = set()
    for name in one.names.values():
        found.update(word.skeleton[:1] for word in read_words(name)[:_WORDS_TAKEN_MAX])
    return sorted(found)


def _hashed(text: str, key: bytes) -> int:
    # RFC 7693, 2.9: a keyed BLAKE2b is a MAC by itself.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, key=key).digest(), "big", signed=True)
