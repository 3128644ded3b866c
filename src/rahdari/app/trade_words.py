"""Notes, reasons and outcomes of trade in words: English, Urdu, Chinese, for the command line and the web.

A key is ``<section>.<code>``: the question of a note (``every`` for notes that any answer may carry), or the kind
of a reason. Numbers in a note are written with their unit, which its name ends in.

Example:
    >>> from rahdari.app.trade_words import amount_of, words_of
    >>> amount_of("value_usd", 1_239_483_920.12), amount_of("reached_share", 0.083)
    ('1.24 bn USD', '8.3 %')
    >>> words_of("barred", "no_density")
    'nothing that the exporter makes is near it'
"""

import math
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from rahdari.trade.rules.answers import Answer, Note, Number

LANGUAGES: Final = ("en", "ur", "zh")
EVERY: Final = "every"
# Less than half a cent is the rounding of a sum, of either sign.
DOLLARS_SHOWN_MIN: Final = 0.005
_UNITS: Final = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"))
# Orders of dollars that a catalogue may have a word for; Chinese counts in ten thousands.
_ORDERS: Final = (12, 9, 8, 6, 4, 3, 0)


@cache
def catalogue(language: str = "en") -> Mapping[str, Mapping[str, str]]:
    """Give all sections of a language; English for one that is not carried."""
    name = language if language in LANGUAGES else "en"
    text = (files("rahdari.app") / "trade_messages" / f"{name}.toml").read_text(encoding="utf-8")
    read: Mapping[str, Mapping[str, str]] = tomllib.loads(text)
    return read


def words_of(
    section: str, code: str, language: str = "en", values: Mapping[str, Number] | None = None
) -> str:
    """Word a code of a section, else of ``every``; a code that nobody worded is shown as it is."""
    told = catalogue(language)
    text = told.get(section, {}).get(code) or told[EVERY].get(code)
    if text is None:
        return code.replace("_", " ")
    return text.format_map({name: amount_of(name, value, language) for name, value in (values or {}).items()})


def has_words(section: str, code: str, language: str) -> bool:
    """Tell whether a code is worded in a language."""
    told = catalogue(language)
    return code in told.get(section, {}) or code in told[EVERY]


def note_words(question: str, note: Note, language: str = "en") -> str:
    """Word one note of a question's answer."""
    return words_of(question, note.code, language, note.values)


def notes_of(answer: Answer, language: str = "en") -> list[str]:
    """Word all notes of an answer, in their order."""
    return [note_words(answer.question, one, language) for one in answer.notes]


def amount_of(name: str, value: Number, language: str = "en") -> str:
    """Write a number for people, with the unit that its name ends in: dollars, a share, percent, or none.

    Example:
        >>> amount_of("gain_usd", 123_400.0), amount_of("gain_usd", 123_400.0, "zh")
        ('123 k USD', '12.3 万美元')
    """
    if value is None or isinstance(value, str | bool):
        return _word(value)
    number = float(value)
    if name.endswith("_usd"):
        return _dollars(number, catalogue(language)["units"])
    if name == "share" or name.endswith(("_share", "share_per_year")):
        return f"{100 * number + 0.0:.3g} %"
    if name.endswith("percent"):
        return f"{number + 0.0:.3g} %"
    is_year = name.endswith("year") and isinstance(value, int)
    return str(value) if is_year else plain(number)


def _dollars(value: float, names: Mapping[str, str]) -> str:
    """Write dollars with three digits, in the largest order that the language has a word for."""
    size = float(f"{abs(value):.3g}")
    if size < DOLLARS_SHOWN_MIN:
        return f"0 {names['e0']}"
    order = next(one for one in _ORDERS if f"e{one}" in names and (size >= 10**one or not one))
    return f"{math.copysign(size / 10**order, value):.10g} {names[f'e{order}']}"


def _word(value: Number) -> str:
    # No dictionary: True and 1 would be one key.
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def short(value: float) -> str:
    """Write a large amount with three digits and its order: 1.24 bn, 345 m, 12.

    Example:
        >>> short(999_999_999), short(0.4), short(-2_500), short(-0.0001)
        ('1 bn', '0.4', '-2.5 k', '0')
    """
    size = float(f"{abs(value):.3g}")
    if size < DOLLARS_SHOWN_MIN:
        return "0"
    for order, word in _UNITS:
        if size >= order:
            return f"{math.copysign(size / order, value):.3g} {word}"
    return f"{value:.3g}"


def plain(value: float) -> str:
    """Write a number without a unit: thousands apart, three digits behind the point at most.

    Example:
        >>> plain(1234567.0), plain(0.01234), plain(12.5)
        ('1,234,567', '0.0123', '12.5')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    # There is no nothing below nothing.
    return f"{value + 0.0:.3g}"
