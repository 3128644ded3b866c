"""The relocation screen: what leaves a donor, who took it so far, and what a host may expect of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Ground, NothingTraded
from rahdari.trade.rules.findings import Finding, Outcome
from rahdari.trade.rules.relocation.odds import TakeoverOdds, learn, traits_of
from rahdari.trade.rules.relocation.panel import Booleans, Panel, advantage, ratio
from rahdari.trade.rules.relocation.settings import Evidence, RelocationConventions, RelocationStep, Vacating
from rahdari.trade.rules.relocation.steps import Facts, all_steps, look
from rahdari.trade.rules.relocation.trends import TrendState
from rahdari.trade.values import Amounts, Matrix

PLAIN = RelocationConventions()
# A table has room for so many names.
TAKERS_TOLD = 5
_PLACES = {step: place for place, step in enumerate(RelocationStep)}
NOTHING_MORE = Evidence()


# The numbers of the findings that the table shows, each under its column; null where a finding has none.
_NUMBERS = {
    (RelocationStep.SHARE_LOSS, "share_start"): "donor_share_start",
    (RelocationStep.SHARE_LOSS, "share_end"): "donor_share_end",
    (RelocationStep.SHARE_LOSS, "slope_per_year"): "donor_share_slope_log_per_year",
    (RelocationStep.SHARE_LOSS, "t_value"): "donor_share_t_value",
    (RelocationStep.ADVANTAGE, "rca_start"): "donor_rca_start",
    (RelocationStep.ADVANTAGE, "rca_end"): "donor_rca_end",
    (RelocationStep.WAGES, "ratio"): "wage_advantage_ratio",
    (RelocationStep.DEMAND, "slope_per_year"): "world_slope_log_per_year",
    (RelocationStep.START, "rca"): "host_rca",
    (RelocationStep.ACCESS, "margin_percent_points"): "host_margin_percent_points",
    (RelocationStep.TAKERS, "hhi"): "takers_hhi",
    (RelocationStep.TAKERS, "host_part"): "host_taken_share",
}


@dataclass(frozen=True, slots=True, eq=False)
class Relocation:
    """The screen's answer, by product in the order of ``products``; arrays read-only.

    ``score_usd = vacated_usd * host_chance`` where every gate holds (``is_eligible``), else 0; ``expected_usd``
    is the same product whether the gates hold or not. ``gained`` is what each country's share of world exports
    changed by, countries by products.
    """

    donor: str
    host: str
    products: tuple[str, ...]
    findings: tuple[tuple[Finding, ...], ...]
    vacated_usd: Amounts
    host_chance: Amounts
    expected_usd: Amounts
    is_eligible: Booleans
    odds: TakeoverOdds
    countries: tuple[str, ...]
    gained: Amounts

    @property
    def score_usd(self) -> Amounts:
        """Give the score: what the host may expect, or 0 where a gate fails."""
        return np.where(self.is_eligible, self.expected_usd, 0.0)

    @property
    def order(self) -> tuple[int, ...]:
        """Give the places of the products, best first; ties by what would be expected without gates, then code."""
        score = self.score_usd
        places = range(len(self.products))
        return tuple(sorted(places, key=lambda at: (-score[at], -self.expected_usd[at], self.products[at])))

    def of(self, product: str) -> tuple[Finding, ...]:
        """Give the findings of one product. Raises ``BadParameter`` where the screen did not see it."""
        return self.findings[self._at(product)]

    def finding(self, product: str, step: RelocationStep) -> Finding:
        """Give one finding. Raises as ``of``."""
        return next(one for one in self.of(product) if one.test == step)

    def takers(self, product: str, *, count: int = TAKERS_TOLD) -> tuple[tuple[str, float], ...]:
        """Rank who gained most of a product while the donor lost: country and its gain as a share of the world."""
        return self._takers(self._at(product), count)

    def to_frame(self, *, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a product, best first: rank, score with its parts, and outcome and code of each step."""
        order = list(self.order)
        codes = [self.products[at] for at in order]
        columns: dict[str, object] = {
            "rank": range(1, len(order) + 1),
            "product_code": codes,
            "product_name": pl.Series([(names or {}).get(code) for code in codes], dtype=pl.String),
            "score_usd": self.score_usd[order],
            "vacated_value_usd": self.vacated_usd[order],
            "host_chance_share": self.host_chance[order],
            "expected_value_usd": self.expected_usd[order],
            "is_eligible": self.is_eligible[order],
            "chance_basis": [self.odds.basis.value] * len(order),
        }
        for (step, number), column in _NUMBERS.items():
            columns[column] = pl.Series([self._number(at, step, number) for at in order], dtype=pl.Float64)
        columns["largest_takers"] = [
            " ".join(f"{name}:{gain:.3f}" for name, gain in self._takers(at, TAKERS_TOLD)) for at in order
        ]
        for place, step in enumerate(RelocationStep):
            columns[step.value] = [self.findings[at][place].outcome.value for at in order]
            columns[f"{step.value}_code"] = [self.findings[at][place].code for at in order]
        return pl.DataFrame(columns)

    def _number(self, at: int, step: RelocationStep, number: str) -> float | None:
        return dict(self.findings[at][_PLACES[step]].numbers).get(number)

    def _takers(self, at: int, count: int) -> tuple[tuple[str, float], ...]:
        gains = self.gained[:, at]
        # One more than asked, for the donor may stand among them.
        largest = np.argsort(-gains, kind="stable")[: count + 1]
        named = [(self.countries[place], float(gains[place])) for place in largest if gains[place] > 0]
        return tuple((name, gain) for name, gain in named if name != self.donor)[:count]

    def _at(self, product: str) -> int:
        if product not in self.products:
            raise BadParameter(f"the screen saw no product {product!r} among its {len(self.products)}")
        return self.products.index(product)


def relocate(
    panel: Panel,
    *,
    donor: str,
    host: str,
    evidence: Evidence = NOTHING_MORE,
    conventions: RelocationConventions = PLAIN,
    odds: TakeoverOdds | None = None,
) -> Relocation:
    """Screen every product of a panel for what leaves the donor and may come to the host.

    Args:
        panel: exports of all countries over the years to look at.
        donor: whose products may leave, as ``CHN``.
        host: who would take them, as ``PAK``.
        evidence: what is known besides; without it the steps that need it are not judged.
        conventions: the thresholds.
        odds: learned elsewhere, say from an earlier panel; by default from the donor's losses in this one.

    Raises:
        UnknownCountry: donor or host is not in the panel.
        BadParameter: donor and host are the same, or the panel is too short for its windows.
        NothingTraded: the host exports nothing at all in the last window.
    """
    if donor == host:
        raise BadParameter(f"{donor} cannot take over from itself; name another host")
    facts = look(panel, donor, host, conventions)
    if facts.moved.end_usd[facts.host].sum() <= 0:
        raise NothingTraded(
            f"{host} exports nothing in the last {conventions.window_years} years of the panel",
            ground=Ground.EXPORTS_NOTHING,
            values={"exporter": host},
        )
    odds = odds or learn(panel, donors=(donor,), evidence=evidence, conventions=conventions)
    traits = traits_of(panel, evidence, at_end=True)
    chance = odds.chances(facts.moved.end_usd, facts.donor, traits)[facts.host]
    findings = all_steps(facts, evidence, conventions)
    lost = vacated(facts, conventions)
    is_eligible = np.array([_passes(one, conventions) for one in findings], dtype=bool)
    for array in (lost, chance, is_eligible):
        array.flags.writeable = False
    return Relocation(
        donor, host, panel.products, findings, lost, chance, lost * chance, is_eligible, odds,
        panel.countries, facts.moved.gained,
    )  # fmt: skip


def vacated(facts: Facts, conventions: RelocationConventions) -> Amounts:
    """Give what the donor gives up, in dollars a year by product; 0 where it gives up nothing.

    ``PAST``: x_d(start) (s_start - s_end)/s_start, what the lost part of its share was worth in the first window.
    ``AHEAD``: x_d(end) (1 - e^(slope horizon)), what it will lose of today's exports if the trend goes on.
    """
    if conventions.vacating is Vacating.PAST:
        start = facts.moved.start_share[facts.donor]
        lost = np.maximum(start - facts.moved.end_share[facts.donor], 0.0)
        return np.asarray(facts.moved.start_usd[facts.donor] * ratio(lost, start))
    has_trend = np.array(
        [one in {TrendState.FITTED, TrendState.EXACT} for one in facts.share.states], dtype=bool
    )
    slope = np.where(has_trend, np.minimum(facts.share.slope, 0.0), 0.0)
    return np.asarray(facts.moved.end_usd[facts.donor] * -np.expm1(slope * conventions.horizon_years))


def revealed_labour(exports: Matrix, income_usd: Mapping[str, float]) -> dict[str, float]:
    """Give a stand-in for labour intensity: how poor the countries are that have an advantage in a product.

    The negative of the RCA-weighted mean of ln GDP per head of its exporters: the logarithmic form of PRODY
    (Hausmann, Hwang and Rodrik 2007, textbook form; the paper was not consulted), turned round. Poor countries
    abound in labour, so a product they excel in is taken to be made with much of it. Natural resources break the
    rule: use measured wages in value added where they are to be had.

    Returns:
        By product; products that no country with a known income exports are left out.

    Raises:
        BadParameter: an income that is not above 0.
    """
    wrong = [country for country, amount in income_usd.items() if not 0 < amount < float("inf")]
    if wrong:
        raise BadParameter(f"the income per head of {wrong[0]} is {income_usd[wrong[0]]}; it is above 0")
    known = [at for at, country in enumerate(exports.rows) if country in income_usd]
    logs = np.log([income_usd[exports.rows[at]] for at in known])
    weights = advantage(exports.values)[known]
    total = weights.sum(axis=0)
    means = ratio(logs @ weights, total)
    return {code: -float(means[at]) for at, code in enumerate(exports.columns) if total[at] > 0}


def preference(
    imports: Matrix, *, donor_tariff: Matrix, host_tariff: Matrix, markets: int = 3
) -> dict[str, float]:
    """Give the host's tariff margin over the donor by product: its mean over the largest markets, by their imports.

    Args:
        imports: markets by products, dollars.
        donor_tariff: what the donor pays there, the same sides, percent.
        host_tariff: what the host pays there, likewise.
        markets: how many of the largest markets count.

    Returns:
        Percentage points, above 0 where the host pays less; products that nobody imports are left out.

    Raises:
        BadParameter: the tables differ in their sides, or no market is to count.
    """
    sides = {(table.rows, table.columns) for table in (imports, donor_tariff, host_tariff)}
    if len(sides) != 1 or markets < 1:
        raise BadParameter(
            "imports and both tariffs need the same markets and products, and a market must count"
        )
    margins = donor_tariff.values - host_tariff.values
    found = {}
    for at, code in enumerate(imports.columns):
        largest = np.argsort(-imports.values[:, at], kind="stable")[:markets]
        weights = imports.values[largest, at]
        if weights.sum() > 0:
            found[code] = float(weights @ margins[largest, at] / weights.sum())
    return found


def _passes(findings: Sequence[Finding], conventions: RelocationConventions) -> bool:
    return not any(one.outcome is Outcome.NOT_MET and one.test in conventions.gates for one in findings)
