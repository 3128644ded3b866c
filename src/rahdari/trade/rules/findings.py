"""How a screen answers: each test with its outcome, a code that the edges word, and the numbers behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rahdari.trade.errors import BadParameter, Degenerate


class Outcome(StrEnum):
    """What a test came to. A test that lacks what it needs is not judged; it neither passes nor fails."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_JUDGED = "not_judged"


class Because(StrEnum):
    """Why a test came to what it came to, or a number is missing. The edges word each in their languages."""

    # Of any screen: what the test needs was not given.
    NOT_GIVEN = "not_given"
    # Trends: why nothing, or no t-value, was fitted.
    EXACT_TREND = "exact_trend"
    FELL_TO_NOTHING = "fell_to_nothing"
    TOO_FEW_YEARS_ABOVE_ZERO = "too_few_years_above_zero"
    NEVER_ABOVE_ZERO = "never_above_zero"
    # Relocation.
    FALLING = "falling"
    NOT_SURELY_FALLING = "not_surely_falling"
    NOT_FALLING = "not_falling"
    NEVER_ABOVE_ONE = "never_above_one"
    ABOVE_ONE_AND_FALLING = "above_one_and_falling"
    FELL_BELOW_ONE = "fell_below_one"
    HIGH_ENOUGH = "high_enough"
    TOO_LOW = "too_low"
    CHEAPER = "cheaper"
    DEARER = "dearer"
    GROWING = "growing"
    SHRINKING = "shrinking"
    NO_START = "no_start"
    HAS_A_START = "has_a_start"
    ALREADY_COMPETITIVE = "already_competitive"
    PREFERRED = "preferred"
    LEVEL = "level"
    DISADVANTAGED = "disadvantaged"
    NOBODY_GAINED = "nobody_gained"
    SPREAD = "spread"
    ONE_TAKES_MOST = "one_takes_most"
    # Ladders.
    ADDS_VALUE = "adds_value"
    LOSES_VALUE = "loses_value"
    NO_UNIT_VALUE = "no_unit_value"
    CLIMBS = "climbs"
    DOES_NOT_CLIMB = "does_not_climb"
    ESCALATES = "escalates"
    DOES_NOT_ESCALATE = "does_not_escalate"
    ROOM_ENOUGH = "room_enough"
    TOO_LARGE_FOR_THE_WORLD = "too_large_for_the_world"
    NOBODY_TRADES_IT = "nobody_trades_it"
    MANY = "many"
    FEW = "few"
    SOURCED = "sourced"
    SAMPLE_TO_BE_CHECKED = "sample_to_be_checked"
    NOT_IN_THE_NUMBERS = "not_in_the_numbers"
    NO_WEIGHT_KNOWN = "no_weight_known"
    NO_COMPLEXITY_GIVEN = "no_complexity_given"
    NO_TARIFF_GIVEN = "no_tariff_given"
    NOBODY_EXPORTS = "nobody_exports"
    NO_BILATERAL_FLOWS = "no_bilateral_flows"
    # Import substitution.
    NOT_GROWING = "not_growing"
    NOT_IMPORTED_BEFORE = "not_imported_before"
    NOT_IMPORTED_NOW = "not_imported_now"
    DEPENDENT = "dependent"
    EXPORTER_ALREADY = "exporter_already"
    NOT_TRADED = "not_traded"
    LARGE_ENOUGH = "large_enough"
    TOO_SMALL = "too_small"
    NEAR = "near"
    FAR = "far"
    POSITIVE = "positive"
    NONE_OR_NEGATIVE = "none_or_negative"
    NO_VALUE_ADDED_AT_WORLD_PRICES = "no_value_added_at_world_prices"
    WITHIN_LIMIT = "within_limit"
    ABOVE_LIMIT = "above_limit"
    EXPORTS_IN_TIME = "exports_in_time"
    TOO_LATE = "too_late"
    NO_PLAN_TO_EXPORT = "no_plan_to_export"
    AVAILABLE = "available"
    NOT_AVAILABLE = "not_available"
    NEEDS_NONE = "needs_none"
    SAVES = "saves"
    SAVES_TOO_LITTLE = "saves_too_little"
    SAVES_NOTHING = "saves_nothing"
    # Screening.
    MARKET_IMPORTS_NONE = "market_imports_none"
    ONE_WINDOW_ONLY = "one_window_only"
    IMPORTED_NONE_BEFORE = "imported_none_before"


@dataclass(frozen=True, slots=True)
class Finding:
    """One test of one product: ``test`` and ``code`` are for machines, ``numbers`` pairs of name and value.

    A number that is not defined is left out of ``numbers``; the code then says why.
    """

    test: str
    outcome: Outcome
    code: Because
    numbers: tuple[tuple[str, float], ...] = ()

    def number(self, name: str) -> float:
        """Give one number. Raises ``Degenerate`` where this finding has none of this name."""
        for one, value in self.numbers:
            if one == name:
                return value
        raise Degenerate(f"{self.test} came to {self.code}, which has no number {name!r}")


def judged(test: str, *, is_met: bool, code: Because, numbers: Mapping[str, float] | None = None) -> Finding:
    """Make a finding that passed or failed."""
    return Finding(test, Outcome.MET if is_met else Outcome.NOT_MET, code, _pairs(numbers))


def not_judged(test: str, code: Because, numbers: Mapping[str, float] | None = None) -> Finding:
    """Make a finding of a test that could not be made, for the reason that ``code`` names."""
    return Finding(test, Outcome.NOT_JUDGED, code, _pairs(numbers))


def require_share(value: float, what: str) -> None:
    """Refuse what is no share from 0 to 1. Raises ``BadParameter``."""
    if not 0 <= value <= 1:
        raise BadParameter(f"{what} is {value}; a share is 0 to 1, as 0.25 for 25 %")


def _pairs(numbers: Mapping[str, float] | None) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(value)) for name, value in (numbers or {}).items())
