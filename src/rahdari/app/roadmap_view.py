"""What a visitor of the roadmap looks at: who, where, when, and how far each lever is pulled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from rahdari.trade import BadParameter, Ground

# A whole view has some 200 characters; a much longer query was not written by the page.
VALUE_CHARACTERS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Slider:
    """One number that a visitor may move, with its ends and its step."""

    name: str
    low: float
    high: float
    step: float


LEVERS: Final = (
    # WTO members' simple averages stay below 60 per cent; peaks are a matter of schedules, not of one slider.
    Slider("tariff", 0, 60, 0.5),
    Slider("cut", 0, 100, 5),
    Slider("ease", 0, 100, 5),
    Slider("growth", 0, 200, 5),
    # Millions of dollars a year: five times the largest mine that exports today.
    Slider("capacity", 0, 20_000, 50),
)
BUDGETS: Final = (
    Slider("land", 0, 60_000, 100),
    Slider("capital", 0, 100_000, 100),
    Slider("slots", 1, 200, 1),
)
GOALS: Final = (Slider("years", 1, 30, 1), Slider("multiple", 1, 20, 0.5))
SLIDERS: Final = (*LEVERS, *BUDGETS, *GOALS)

_WORDS: Final[Mapping[str, str]] = {
    "exporter": "[A-Z]{3}",
    "market": "[A-Z]{3}",
    "year": "([0-9]{4})?",
    "level": "hs[246]",
    "product": "([0-9]{2}|[0-9]{4}|[0-9]{6})?",
    "data": "([0-9a-f]{12})?",
    "counts": "net|all",
}
_NUMBER: Final = "[0-9]{1,6}([.][0-9]{1,2})?"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that the page shows follows from this and from the data.

    Attributes:
        exporter, market: three letters.
        year: four digits; empty is the latest.
        level: hs2, hs4 or hs6.
        data: the first twelve characters of the release's SHA-256; empty takes whatever is there.
        tariff: what the market charges today, per cent on everything: an assumption.
        cut: how much of that is taken away, per cent.
        ease: to which percentile of all exporters trading with the market becomes as easy; 0 leaves it.
        growth: how much the market's income grows, per cent.
        counts: of a product that the exporter buys more of than it sells, ``net`` counts only what it sells.
        product, capacity: new exports of one product, millions of dollars a year.
        land, capital, slots: acres, millions of dollars, and programmes at once.
        years, multiple: the target: so many times today's exports within so many years.
    """

    exporter: str = "PAK"
    market: str = "CHN"
    year: str = ""
    level: str = "hs6"
    data: str = ""
    counts: str = "net"
    tariff: float = 3.0
    cut: float = 100.0
    ease: float = 90.0
    growth: float = 0.0
    product: str = ""
    capacity: float = 0.0
    land: float = 6_000.0
    capital: float = 2_000.0
    slots: float = 12.0
    years: float = 10.0
    multiple: float = 5.0

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Write every field, in one order, so that one view has one address.

        Example:
            >>> dict(View().pairs())["multiple"]
            '5'
        """
        told = ((one.name, getattr(self, one.name)) for one in fields(self))
        return tuple((name, value if isinstance(value, str) else spell(value)) for name, value in told)


def spell(value: float) -> str:
    """Write a number as ``read_view`` reads it, with every digit that it has.

    Example:
        >>> spell(12345.67), spell(6000.0)
        ('12345.67', '6000')
    """
    return f"{value:.0f}" if value.is_integer() else repr(value)


def read_view(pairs: Mapping[str, str]) -> View:
    """Read what a query says; what it leaves out is as ``View`` has it.

    Raises:
        BadParameter: a name that is none, or a value of another shape or beyond its limits.
    """
    sliders = {one.name: one for one in SLIDERS}
    told: dict[str, str | float] = {}
    for name, value in pairs.items():
        if name in sliders:
            told[name] = _number(sliders[name], value)
        elif name in _WORDS:
            told[name] = _word(name, value)
        else:
            raise BadParameter(
                f"the roadmap has no parameter {name[:20]!r}",
                ground=Ground.UNKNOWN_PARAMETER,
                values={"name": name[:20]},
            )
    return View(**told)  # type: ignore[arg-type]


def _word(name: str, value: str) -> str:
    if len(value) > VALUE_CHARACTERS_MAX or not re.fullmatch(_WORDS[name], value):
        raise _malformed(name, value, f"it has the form {_WORDS[name]}")
    return value


def _number(slider: Slider, value: str) -> float:
    if len(value) > VALUE_CHARACTERS_MAX or not re.fullmatch(_NUMBER, value, re.ASCII):
        raise _malformed(slider.name, value, "a number has digits, and at most two behind the point")
    found = float(value)
    if not slider.low <= found <= slider.high:
        raise BadParameter(
            f"{slider.name} is {found:g}; it lies between {slider.low:g} and {slider.high:g}",
            ground=Ground.OUT_OF_BOUNDS,
            values={"name": slider.name, "value": found, "low": slider.low, "high": slider.high},
        )
    if slider.step == 1 and not found.is_integer():
        raise BadParameter(
            f"{slider.name} is {found:g}; it is a whole number",
            ground=Ground.NOT_WHOLE,
            values={"name": slider.name, "value": found},
        )
    return found


def _malformed(name: str, value: str, form: str) -> BadParameter:
    shown = value[:VALUE_CHARACTERS_MAX]
    return BadParameter(
        f"{name} is {shown!r}; {form}", ground=Ground.BAD_FORM, values={"name": name, "value": shown}
    )
