"""Would the screen have known? It learns up to a year, foretells what follows, and is judged beside naive rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.relocation.odds import TakeoverOdds, learn
from rahdari.trade.rules.relocation.panel import Panel, rank_correlation
from rahdari.trade.rules.relocation.screen import vacated
from rahdari.trade.rules.relocation.settings import RelocationConventions, Vacating
from rahdari.trade.rules.relocation.steps import look
from rahdari.trade.rules.relocation.takers import Occasions, occasions, shift
from rahdari.trade.values import Amounts


@dataclass(frozen=True, slots=True)
class Mark:
    """How one forecast did against what happened, over ``cases`` of them; None where it is not defined.

    Attributes:
        forecast: whose.
        rank_correlation: Spearman's, mean over the products that left (who took them) or over all products
            (what left).
        hit_share: how often the country that gained most stood among the ``count`` foretold.
        captured_share: what part of all gains went to the ``count`` foretold.
    """

    forecast: str
    cases: int
    rank_correlation: float | None
    hit_share: float | None = None
    captured_share: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RelocationBackTest:
    """Two questions, each answered by the screen and by a naive rule: who takes over, and what leaves."""

    donor: str
    learned_years: tuple[int, int]
    judged_years: tuple[int, int]
    count: int
    odds: TakeoverOdds
    who: tuple[Mark, Mark]
    what: tuple[Mark, Mark]

    def to_frame(self) -> pl.DataFrame:
        """Give four rows: question, forecast, cases, rank correlation, hit and captured shares."""
        marks = [*self.who, *self.what]
        return pl.DataFrame(
            {
                "question": ["who_takes_over"] * 2 + ["what_leaves"] * 2,
                "forecast": [mark.forecast for mark in marks],
                "cases": [mark.cases for mark in marks],
                "rank_correlation": pl.Series([mark.rank_correlation for mark in marks], dtype=pl.Float64),
                f"hit_at_{self.count}_share": pl.Series([mark.hit_share for mark in marks], dtype=pl.Float64),
                f"captured_by_{self.count}_share": pl.Series(
                    [mark.captured_share for mark in marks], dtype=pl.Float64
                ),
            }
        )


def back_test(
    panel: Panel,
    *,
    donor: str,
    split_year: int,
    learned_from: Sequence[str] = (),
    count: int = 3,
    conventions: RelocationConventions | None = None,
) -> RelocationBackTest:
    """Learn up to ``split_year``, foretell from it to the end of the panel, and compare.

    *Who takes over*: of each product of which the donor then lost ``loss_min`` of its share, the fitted chances as
    of the split year beside the present shares of then, against who did gain. *What leaves*: the value that the
    trend up to the split year says the donor will give up beside its mere exports, against what it gave up.
    Nothing after the split year enters a forecast.

    Args:
        panel: exports of all countries; the first part ends with, the second begins with, the split year.
        donor: whose losses are foretold.
        split_year: where the known ends.
        learned_from: whose past losses teach the chances; by default the donor's alone.
        count: how many countries a forecast may name.
        conventions: the thresholds.

    Raises:
        UnknownYear: the split year is not in the panel.
        BadParameter: a part is too short for its windows, or ``count`` is below 1.
        NothingTraded: the donor lost nothing after the split year, so there is nothing to be judged by.
    """
    if count < 1:
        raise BadParameter(f"a forecast names one country or more, not {count}")
    settings = conventions or RelocationConventions(vacating=Vacating.AHEAD)
    known, later = panel.between(panel.years[0], split_year), panel.between(split_year, panel.years[-1])
    at = panel.at(donor)
    happened = occasions(shift(later, settings.window_years), [at], loss_min=settings.loss_min)
    if not len(happened.won):
        raise NothingTraded(f"{donor} lost no share after {split_year}, so no forecast can be judged by it")
    odds = learn(known, donors=learned_from or (donor,), conventions=settings)
    now = known.window(settings.window_years, at_end=True)
    foretold = odds.chances(now, at)
    naive = TakeoverOdds(odds.basis, 0, None, settings.advantage_floor).chances(now, at)
    return RelocationBackTest(
        donor=donor,
        learned_years=(known.years[0], split_year),
        judged_years=(split_year, panel.years[-1]),
        count=count,
        odds=odds,
        who=(
            _who(odds.basis.value, foretold, happened, count),
            _who("naive_present_shares", naive, happened, count),
        ),
        what=_what(known, later, donor, settings),
    )


def _who(forecast: str, foretold: Amounts, happened: Occasions, count: int) -> Mark:
    chosen = foretold.T[happened.products]
    # The donor itself is no answer to the question, so it counts on neither side.
    keeps = [np.arange(chosen.shape[1]) != donor for donor in happened.donors]
    pairs = [(one[keep], won[keep]) for one, won, keep in zip(chosen, happened.won, keeps, strict=True)]
    told = [rank_correlation(one, won) for one, won in pairs]
    defined = [one for one in told if one is not None]
    first = [np.argsort(-one, kind="stable")[:count] for one, _ in pairs]
    hits = [int(won.argmax()) in named for named, (_, won) in zip(first, pairs, strict=True)]
    taken = [float(won[named].sum()) for named, (_, won) in zip(first, pairs, strict=True)]
    mean = float(np.mean(defined)) if defined else None
    return Mark(forecast, len(pairs), mean, float(np.mean(hits)), float(np.mean(taken)))


def _what(known: Panel, later: Panel, donor: str, conventions: RelocationConventions) -> tuple[Mark, Mark]:
    past = look(known, donor, donor, conventions)
    moved = shift(later, conventions.window_years)
    at = later.at(donor)
    lost = np.maximum(moved.start_share[at] - moved.end_share[at], 0.0)
    happened = lost * moved.start_usd.sum(axis=0)
    forecasts = (
        ("trend_of_share", vacated(past, conventions)),
        ("naive_exports", past.moved.end_usd[past.donor]),
    )
    one, other = (
        Mark(name, len(happened), rank_correlation(np.asarray(told), happened)) for name, told in forecasts
    )
    return one, other
