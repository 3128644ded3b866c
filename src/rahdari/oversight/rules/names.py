"""How alike two names are, whichever script and spelling they came in.

Latin names are folded to sounds (``Hossein`` and ``Husain`` become one), Urdu names to one spelling of each
letter, and one is compared with the other by the consonants that both scripts write (``KNSNNT`` skeletons).
Chinese names match by their characters alone; pinyin is not looked at.
"""
# ruff: noqa: RUF001, RUF003 - letters that look alike are what this file is about

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

# A name on a card has at most 200 characters; more than six words compare no better than six.
WORDS_MAX = 6
WORD_CHARS_MAX = 24


class Script(StrEnum):
    """Which letters a word is written in; words of two scripts compare by their skeletons."""

    LATIN = "latin"
    ARABIC = "arabic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name: its script, its letters or sounds, and its consonants."""

    script: Script
    sound: str
    skeleton: str

    @property
    def is_initial(self) -> bool:
        """Tell whether it is one letter that stands for a word."""
        return self.script is Script.LATIN and len(self.sound) == 1


# Abbreviations and spellings that no rule of sound reaches.
_WHOLE: Mapping[str, str] = MappingProxyType(
    {
        "md": "muhammad", "mhd": "muhammad", "mohd": "muhammad", "muhd": "muhammad", "mohamd": "muhammad",
        "osman": "usman", "othman": "usman", "uthman": "usman", "omar": "umar", "harith": "haris",
        "chowdhury": "chaudhry", "choudhury": "chaudhry", "chaudhari": "chaudhry", "choudhry": "chaudhry",
        "chaudhary": "chaudhry", "chaudry": "chaudhry", "shaikh": "sheikh", "saiyid": "syed", "sayyed": "syed",
        "sayed": "syed", "said": "saeed", "moosa": "musa", "dawud": "daud", "dawood": "daud",
    }
)  # fmt: skip
# Forms of address are no part of a name.
_ADDRESSES = frozenset({"mr", "mrs", "ms", "mst", "miss", "dr", "haji", "hajji", "al", "el", "ul", "ur"})
# Often left out, or written on one document and not on the other.
_OPTIONAL = frozenset({"MHMD", "SD", "BB"})

# Longest first. Two letters that write one sound of Urdu; what is merged here is merged in the skeleton too.
_SOUNDS = (
    ("sch", "x"), ("tch", "c"), ("kh", "k"), ("gh", "g"), ("ch", "c"), ("sh", "x"), ("ph", "f"), ("th", "t"),
    ("dh", "d"), ("bh", "b"), ("jh", "j"), ("rh", "r"), ("zh", "z"), ("ck", "k"), ("ai", "e"), ("ay", "e"),
    ("ei", "e"), ("ey", "e"), ("ea", "i"), ("ee", "i"), ("ie", "i"), ("oo", "u"), ("ou", "u"), ("au", "o"),
    ("aw", "o"), ("ow", "o"),
)  # fmt: skip
_LETTERS = str.maketrans({"q": "k", "w": "v", "x": "x", "o": "u", "y": "i"})
_VOWELS = "aeiou"
_LATIN_PATTERN = re.compile("|".join(pair for pair, _ in _SOUNDS))
_LATIN_SOUNDS = dict(_SOUNDS)
_DOUBLED = re.compile(r"(.)\1+")

# One spelling of each letter: Arabic and Persian code points, hamza on its seats, and the two forms of h.
_ARABIC_LETTERS = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ے": "ی", "ۓ": "ی", "ئ": "ی", "ك": "ک", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا",
        "ؤ": "و", "ه": "ہ", "ة": "ہ", "ۂ": "ہ", "ۃ": "ہ", "ھ": "ہ", "ں": "ن", "ء": None, "ـ": None,
    }
)  # fmt: skip
# What each letter sounds like; those that are absent write a vowel, or nothing, between consonants.
_ARABIC_CONSONANTS: Mapping[str, str] = MappingProxyType(
    {
        "ب": "B", "پ": "P", "ت": "T", "ٹ": "T", "ث": "S", "ج": "J", "چ": "C", "ح": "H", "خ": "K", "د": "D",
        "ڈ": "D", "ذ": "Z", "ر": "R", "ڑ": "R", "ز": "Z", "ژ": "Z", "س": "S", "ش": "X", "ص": "S", "ض": "Z",
        "ط": "T", "ظ": "Z", "غ": "G", "ف": "F", "ق": "K", "ک": "K", "گ": "G", "ل": "L", "م": "M", "ن": "N",
        "ہ": "H",
    }
)  # fmt: skip
_ARABIC_BEGINNINGS = MappingProxyType({"ا": "A", "ع": "A", "ی": "Y", "و": "V"})
# In Urdu these follow a consonant and change it: ب + ھ is one sound, as the Latin bh.
_ASPIRATED = re.compile("([بپتٹجچدڈرڑکگ])ھ")
_SPLIT = re.compile(r"[^\w]+|_")


@lru_cache(maxsize=65_536)
def read_words(name: str) -> tuple[Word, ...]:
    """Take a name apart into words, in the order written. Never fails; a name without letters has none."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    # The joiners of Urdu stand inside words; punctuation and spaces between them.
    parts = _SPLIT.split(_without_marks(folded).replace("\u200c", " ").replace("\u200d", ""))
    words = [_word(part[:WORD_CHARS_MAX]) for part in parts if part and part not in _ADDRESSES]
    return tuple([one for one in words if one.sound][:WORDS_MAX])


def _without_marks(text: str) -> str:
    """Take vowel signs and accents off; hamza and madda are part of a letter and are folded with it."""
    apart = unicodedata.normalize("NFD", text)
    bare = "".join(
        letter for letter in apart if not unicodedata.combining(letter) or letter in "\u0653\u0654\u0655"
    )
    return "".join(
        letter for letter in unicodedata.normalize("NFC", bare) if not unicodedata.combining(letter)
    )


def _word(text: str) -> Word:
    if "\u0600" <= text[0] <= "\u06ff":
        return _arabic_word(text)
    if text.isascii():
        return _latin_word(text)
    return Word(Script.OTHER, text, text)


def _latin_word(text: str) -> Word:
    text = _DOUBLED.sub(r"\1", _merged(_WHOLE.get(text, text)))
    # A final h after a vowel is silent: Fatimah, Abdullah.
    if len(text) > 2 and text[-1] == "h" and text[-2] in _VOWELS:
        text = text[:-1]
    first = "A" if text[:1] in tuple(_VOWELS) else text[:1].upper()
    rest = "".join(letter for letter in text[1:] if letter not in _VOWELS and letter != "v")
    return Word(Script.LATIN, text, first + rest.upper())


def _merged(text: str) -> str:
    # A leading y is a consonant; elsewhere it writes a vowel.
    head, tail = ("Y", text[1:]) if text[:1] == "y" and len(text) > 1 else ("", text)
    return (
        head + _LATIN_PATTERN.sub(lambda found: _LATIN_SOUNDS[found[0]], tail).translate(_LETTERS)
    ).replace("Y", "y")


def _arabic_word(text: str) -> Word:
    sound = _ASPIRATED.sub(r"\1", text).translate(_ARABIC_LETTERS)
    sound = _DOUBLED.sub(r"\1", sound)
    if not sound:
        return Word(Script.ARABIC, "", "")
    first = _ARABIC_BEGINNINGS.get(sound[0]) or _ARABIC_CONSONANTS.get(sound[0], sound[0])
    # A final h writes a vowel: فاطمہ.
    body = sound[1:-1] if len(sound) > 2 and sound[-1] == "ہ" else sound[1:]
    return Word(Script.ARABIC, sound, first + "".join(_ARABIC_CONSONANTS.get(letter, "") for letter in body))


def is_optional(word: Word) -> bool:
    """Tell whether a word is often left out of a name: Muhammad, Syed, Bibi."""
    return word.skeleton in _OPTIONAL or word.is_initial
