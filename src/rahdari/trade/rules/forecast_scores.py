"""How good a forecast turned out to be, beside what simple rules would have scored.

Scores are proper: whoever says what he believes scores best. Gneiting and Raftery (2007), textbook forms: the
pinball loss of a quantile, the CRPS as twice its integral over the levels, the Brier score of a probability. The
simple rules are no change, and the growth of the years before.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from rahdari.trade.rules.forecasts import Chance, Claim, Forecast, Kind, Quantiles
from rahdari.trade.rules.paths import AMOUNT_USD_MAX, require_amount

# A rule that missed by a millionth of a millionth of the forecast's own miss has hit.
_RATIO_MAX = 1e12


class Naive(StrEnum):
    """The simple rules that a forecast is measured against."""

    NO_CHANGE = "no_change"
    SAME_GROWTH = "same_growth"


class Waits(StrEnum):
    """Why a forecast has no score yet."""

    YEAR_NOT_OVER = "year_not_over"
    NO_OUTCOME = "no_outcome_in_the_data"
    OTHER_GOODS = "data_hold_other_goods"
    """The data do not hold every product that the forecast is of, so their sum would be of something else."""
    GOODS_NOT_NOTED = "goods_were_not_noted"
    """A forecast of before goods were noted: nobody can tell of what it is."""


@dataclass(frozen=True, slots=True)
class Score:
    """How good a forecast was; losses in dollars for quantiles (CRPS), from 0 to 1 for probabilities (Brier).

    ``loss`` is the CRPS, or the Brier score. ``pinball`` is the mean pinball loss over the levels, None for
    probabilities. ``is_inside`` tells whether the outcome lay between the lowest and the highest quantile, which
    should happen with chance ``inside_expected``; None for probabilities and for a single quantile.
    ``naive`` has the loss of each simple rule, None where the rule is not defined (nothing was known, or 0).
    """

    forecast: Forecast
    outcome_usd: float
    loss: float
    pinball: float | None
    is_inside: bool | None
    inside_expected: float | None
    naive: Mapping[Naive, float | None]

    def skill(self, against: Naive) -> float | None:
        """Give 1 - loss/naive loss: 1 is perfect, 0 as good as the rule, below 0 worse.

        None where the rule is not defined, or hit so exactly that there is nothing to compare with.
        """
        theirs = self.naive[against]
        if theirs is None or theirs * _RATIO_MAX <= self.loss or theirs == 0:
            return None
        return 1.0 - self.loss / theirs


@dataclass(frozen=True, slots=True)
class Waiting:
    """A forecast without a score yet, and why."""

    forecast: Forecast
    why: Waits


@dataclass(frozen=True, slots=True)
class Summary:
    """All scores of one form together. Means are over ``count`` forecasts; None where there is none to tell of.

    ``better_than`` tells the share of forecasts whose loss was below that of a simple rule, among those that can be
    compared. ``inside`` beside ``inside_expected`` is the coverage of the intervals.
    """

    kind: Kind
    count: int
    loss: float | None
    naive: Mapping[Naive, float | None]
    better_than: Mapping[Naive, float | None]
    inside: float | None
    inside_expected: float | None


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """Every forecast, scored or waiting, in the order in which they were made."""

    scores: tuple[Score, ...]
    waiting: tuple[Waiting, ...]

    def summary(self, kind: Kind) -> Summary:
        """Sum up the scores of one form: dollars and probabilities are never averaged together."""
        own = [score for score in self.scores if score.forecast.claim.kind is kind]
        inside = [score for score in own if score.is_inside is not None]
        return Summary(
            kind=kind,
            count=len(own),
            loss=_mean(score.loss for score in own),
            naive={rule: _mean(one.naive[rule] for one in own) for rule in Naive},
            better_than={rule: _mean(_is_better(one, rule) for one in own) for rule in Naive},
            inside=_mean(float(bool(score.is_inside)) for score in inside),
            inside_expected=_mean(score.inside_expected for score in inside),
        )

    def to_frame(self) -> pl.DataFrame:
        """Give one row a scored forecast; what is not defined is null."""
        rows = [_row(score) for score in self.scores]
        return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "made_at": pl.Datetime(time_zone="UTC"),
    "exporter": pl.String,
    "market": pl.String,
    "what": pl.String,
    "target_year": pl.Int64,
    "kind": pl.String,
    "outcome_usd": pl.Float64,
    "loss": pl.Float64,
    "loss_no_change": pl.Float64,
    "loss_same_growth": pl.Float64,
    "pinball_usd": pl.Float64,
    "is_inside": pl.Boolean,
    "inside_expected": pl.Float64,
}


def pinball(value_usd: float, outcome_usd: float, *, level: float) -> float:
    """Give the loss of one quantile: level x (y - q) where the outcome y is above, (1 - level) x (q - y) below."""
    above = outcome_usd - value_usd
    return level * above if above >= 0 else (level - 1.0) * above


def crps(said: Quantiles, outcome_usd: float) -> float:
    """Give twice the integral of the pinball loss over the levels, each quantile standing for its part of them.

    The part of a level reaches half way to its neighbours, and to 0 and 1 at the ends. For 99 percentiles it comes
    within 2 % of the CRPS of the whole distribution; for three quantiles it is a score of those three.
    """
    bounds = [0.0, *((low + high) / 2 for low, high in itertools.pairwise(said.levels)), 1.0]
    told = zip(said.levels, said.values_usd, itertools.pairwise(bounds), strict=True)
    return 2.0 * math.fsum(
        (high - low) * pinball(value, outcome_usd, level=level) for level, value, (low, high) in told
    )


def brier(said: Chance, outcome_usd: float) -> float:
    """Give the squared difference between the probability and what happened, 0 or 1."""
    return (said.probability - (outcome_usd >= said.at_least_usd)) ** 2


def naive_usd(claim: Claim, rule: Naive) -> float | None:
    """Give what a simple rule would have said; None where it is not defined or leaves the world.

    No change says the last amount known. Same growth carries the yearly growth from the earlier to the last year on
    to the target year; from, or to, an amount of 0 there is no growth rate.
    """
    known = claim.known
    if rule is Naive.NO_CHANGE:
        return known.last_usd
    if not known.earlier_usd or not known.last_usd:
        return None
    ahead = (claim.target_year - known.last_year) / (known.last_year - known.earlier_year)
    last, earlier = math.log(known.last_usd), math.log(known.earlier_usd)
    exponent = last + ahead * (last - earlier)
    return math.exp(exponent) if exponent < 700 else None


def score(forecast: Forecast, outcome_usd: float) -> Score:
    """Score one forecast against what happened. Raises ``BadParameter`` where the outcome is no amount."""
    require_amount(outcome_usd, "the outcome")
    said = forecast.claim.said
    naive = {rule: _naive_loss(forecast.claim, rule, outcome_usd) for rule in Naive}
    if isinstance(said, Chance):
        return Score(forecast, outcome_usd, brier(said, outcome_usd), None, None, None, naive)
    losses = [
        pinball(value, outcome_usd, level=level)
        for level, value in zip(said.levels, said.values_usd, strict=True)
    ]
    is_interval = len(said.levels) > 1
    return Score(
        forecast=forecast,
        outcome_usd=outcome_usd,
        loss=crps(said, outcome_usd),
        pinball=math.fsum(losses) / len(losses),
        is_inside=said.values_usd[0] <= outcome_usd <= said.values_usd[-1] if is_interval else None,
        inside_expected=said.levels[-1] - said.levels[0] if is_interval else None,
        naive=naive,
    )


def score_all(
    forecasts: Iterable[Forecast], *, this_year: int, outcome_of: Callable[[Claim], float | Waits | None]
) -> ScoreSheet:
    """Score every forecast whose year is over and whose outcome the data hold; the others wait, with the reason.

    ``outcome_of`` gives the amount of the target year, None where the data do not hold that year,
    and otherwise why it cannot be told.
    """
    scores: list[Score] = []
    waiting: list[Waiting] = []
    for forecast in forecasts:
        if forecast.claim.target_year >= this_year:
            waiting.append(Waiting(forecast, Waits.YEAR_NOT_OVER))
        elif (outcome := outcome_of(forecast.claim)) is None:
            waiting.append(Waiting(forecast, Waits.NO_OUTCOME))
        elif isinstance(outcome, Waits):
            waiting.append(Waiting(forecast, outcome))
        else:
            scores.append(score(forecast, outcome))
    return ScoreSheet(tuple(scores), tuple(waiting))


def _naive_loss(claim: Claim, rule: Naive, outcome_usd: float) -> float | None:
    point = naive_usd(claim, rule)
    if point is None:
        return None
    said = claim.said
    if isinstance(said, Chance):
        return brier(Chance(float(point >= said.at_least_usd), said.at_least_usd), outcome_usd)
    # One amount said at every level, scored as the forecast was; it may be larger than a forecast may say.
    return crps(Quantiles(said.levels, (min(point, AMOUNT_USD_MAX),) * len(said.levels)), outcome_usd)


def _row(one: Score) -> tuple[object, ...]:
    forecast, claim = one.forecast, one.forecast.claim
    return (
        forecast.id,
        forecast.made_at,
        claim.exporter,
        claim.market,
        claim.what,
        claim.target_year,
        claim.kind.value,
        one.outcome_usd,
        one.loss,
        one.naive[Naive.NO_CHANGE],
        one.naive[Naive.SAME_GROWTH],
        one.pinball,
        one.is_inside,
        one.inside_expected,
    )


def _is_better(one: Score, rule: Naive) -> float | None:
    theirs = one.naive[rule]
    return None if theirs is None else float(one.loss < theirs)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
