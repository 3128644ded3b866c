"""The words and numbers of a report: English, Urdu or Chinese, from the catalogues beside this file.

Example:
    >>> english, chinese = tongue_of("en"), tongue_of("zh")
    >>> english.usd(1_239_483_920.12), chinese.usd(1_239_483_920.12), english.percent(0.083)
    ('1.24 bn USD', '12.4 亿美元', '8.3 %')
    >>> english.say("origin.ladder")
    'refining what is shipped raw'
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from babel.dates import format_date

from rahdari.app.charts import Labels, labels_in
from rahdari.app.countries import name_country
from rahdari.app.product_words import product_words
from rahdari.app.roadmap import numbers
from rahdari.app.trade_words import EVERY, catalogue, words_of
from rahdari.trade.rules.answers import Note, Number

Language: TypeAlias = Literal["en", "ur", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

NOTHING: Final = "\u2013"
_FOLDER: Final = Path(__file__).parent / "messages"
# A minus before digits; in a line from right to left a mark of direction keeps it on its side (UAX 9, W4 and W7).
_MINUS: Final = re.compile(r"(?<![\w.])-(?=\d)")


@dataclass(frozen=True, slots=True, eq=False)
class Tongue:
    """One language of a report. ``say`` gives a sentence of its catalogue; the rest writes numbers and names."""

    language: Language
    texts: Mapping[str, Mapping[str, str]]
    units: tuple[tuple[float, str], ...]

    @property
    def labels(self) -> Labels:
        """Give the words of charts."""
        return labels_in(self.language)

    def say(self, key: str, **values: str) -> str:
        """Give the sentence ``section.name`` with its values in place. Raises ``KeyError`` for an unknown key."""
        section, _, name = key.partition(".")
        return self.texts[section][name].format_map(values)

    def has(self, key: str) -> bool:
        """Tell whether the catalogue holds ``section.name``."""
        section, _, name = key.partition(".")
        return name in self.texts.get(section, {})

    def usd(self, amount: float) -> str:
        """Write dollars with three digits that count."""
        return self._signed(numbers.money(amount, self.units))

    def percent(self, share: float) -> str:
        """Write a share in per cent."""
        written = numbers.percent(share).removesuffix(" %")
        return self._signed(self.say("units.percent", value=written))

    def times(self, ratio: float) -> str:
        """Write a multiple."""
        return self.say("units.times", value=numbers.digits(ratio))

    def count(self, number: float) -> str:
        """Write a plain number, thousands apart."""
        return self._signed(numbers.count(number))

    def date(self, when: datetime) -> str:
        """Write a day."""
        return format_date(when, format=self.say("units.date"), locale=self.language)

    def country(self, code: str, fallback: str) -> str:
        """Name a country; in English as the data name it."""
        return fallback if self.language == "en" else name_country(code, self.language) or fallback

    def product(self, name: str) -> str:
        """Name a product."""
        return product_words(name, self.language)

    def why(self, code: str) -> str:
        """Word a reason of a potential."""
        return words_of("why", code, self.language)

    def joined(self, sentences: Iterable[str]) -> str:
        """Put sentences one after the other, as the language sets them."""
        return self.say("units.joined").join(one for one in sentences if one)

    def listed(self, items: Iterable[str]) -> str:
        """Join items as a sentence does.

        Example:
            >>> tongue_of("en").listed(["copper", "lead", "zinc"])
            'copper, lead and zinc'
        """
        *before, last = list(items) or [NOTHING]
        if not before:
            return last
        return self.say("units.and", before=self.say("units.comma").join(before), last=last)

    def notes(self, question: str, notes: Iterable[Note]) -> tuple[str, ...]:
        """Word the notes of a question; a code without words is left to its manifest."""
        every = catalogue(self.language)
        sections = (every.get(question, {}), every[EVERY])
        told = []
        for one in notes:
            text = next((section[one.code] for section in sections if one.code in section), "")
            values = {name: self.value(name, value) for name, value in one.values.items()}
            told.append(text.format_map(values))
        return tuple(one for one in told if one)

    def value(self, name: str, value: Number) -> str:
        """Write a number of an answer with the unit that its name ends in (``rahdari.app.trade_words.amount_of``).

        Example:
            >>> tongue_of("zh").value("reached_usd", 6.65e9), tongue_of("en").value("percent", 3.0)
            ('66.5 亿美元', '3 %')
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if name.endswith("_usd"):
            return self.usd(value)
        if name == "share" or name.endswith(("_share", "share_per_year")):
            return self.percent(value)
        if name.endswith("percent"):
            return self.percent(value / 100.0)
        return str(value) if name.endswith("year") else self.count(value)

    def _signed(self, text: str) -> str:
        return _MINUS.sub(self.texts["units"]["minus"], text)


@cache
def tongue_of(language: Language = "en") -> Tongue:
    """Open a language's catalogue."""
    raw = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    units = tuple((float(size), str(name)) for size, name in raw["units"].pop("usd"))
    return Tongue(language, raw, units)
