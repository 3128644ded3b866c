"""What a ladder is worth to an exporter and a market: each tier measured, each step weighed, with reasons.

All prices are world unit values, and the exporter is taken to be too small to move them.
"""

from collections.abc import Mapping, Sequence

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.findings import Because, Finding, judged, not_judged
from rahdari.trade.rules.ladders.chain import Conversion, Ladder, Tier
from rahdari.trade.rules.ladders.readings import (
    PLAIN,
    Climb,
    LadderConventions,
    LadderTrade,
    StepReading,
    StepTest,
    TierReading,
)
from rahdari.trade.rules.relocation.takers import herfindahl
from rahdari.trade.values import Matrix

KILOGRAMS_PER_TONNE = 1000.0


def climb(
    ladder: Ladder,
    *,
    exporter: str,
    market: str,
    trade: LadderTrade,
    conventions: LadderConventions = PLAIN,
) -> Climb:
    """Read a ladder: measure its tiers and weigh its steps for what the exporter ships raw today.

    Raises:
        BadTable: exporter or market is in none of the tables.
        BadParameter: a weight of the exporter is negative.
    """
    if any(not 0 <= weight < float("inf") for weight in trade.shipped_kg.values()):
        raise BadParameter("the weight that the exporter ships is 0 or more kilograms, and finite")
    tiers = {tier.id: measure(tier, exporter, market, trade, conventions) for tier in ladder.tiers}
    steps = tuple(
        weigh(step, tiers[step.lower], tiers[step.upper], trade.shipped_kg, conventions)
        for step in ladder.steps
    )
    return Climb(ladder, exporter, market, tuple(tiers.values()), steps)


def measure(
    tier: Tier, exporter: str, market: str, trade: LadderTrade, conventions: LadderConventions = PLAIN
) -> TierReading:
    """Measure one tier. Complexity is weighted by world exports, the tariff by what the market imports."""
    codes = tier.columns(trade.exports.columns)
    at = [trade.exports.columns.index(code) for code in codes]
    by_country = trade.exports.values[:, at].sum(axis=1)
    dollars, kilograms = (float(table.values[:, at].sum()) for table in trade.weighed)
    world = dict(zip(codes, trade.exports.values[:, at].sum(axis=0).tolist(), strict=True))
    wanted = dict(zip(codes, trade.imports.of_row(market)[at].tolist(), strict=True))
    gaps: dict[str, Because] = {} if codes else {"codes": Because.NOT_IN_THE_NUMBERS}
    ranked = sorted(zip((-by_country).tolist(), trade.exports.rows, strict=True))
    total = float(by_country.sum())
    numbers = {
        "unit_value_usd_per_kg": dollars / kilograms if kilograms > 0 and dollars > 0 else None,
        "complexity": _mean(trade.complexity, world),
        "tariff_percent": _mean(trade.tariff_percent, wanted),
        "concentration": herfindahl(by_country) if total > 0 else None,
        "market_from_exporter_usd": _from(trade.bought, exporter, at),
    }
    gaps |= {name: _REASONS[name] for name, value in numbers.items() if value is None}
    return TierReading(
        tier=tier,
        codes=codes,
        world_usd=total,
        exports_usd=float(trade.exports.of_row(exporter)[at].sum()),
        imports_usd=float(trade.imports.of_row(exporter)[at].sum()),
        market_imports_usd=sum(wanted.values()),
        refiners=tuple(
            (name, -amount / total) for amount, name in ranked[: conventions.refiners] if amount < 0
        ),
        gaps=tuple(gaps.items()),
        **numbers,
    )


_REASONS = {
    "unit_value_usd_per_kg": Because.NO_WEIGHT_KNOWN,
    "complexity": Because.NO_COMPLEXITY_GIVEN,
    "tariff_percent": Because.NO_TARIFF_GIVEN,
    "concentration": Because.NOBODY_EXPORTS,
    "market_from_exporter_usd": Because.NO_BILATERAL_FLOWS,
}


def weigh(
    step: Conversion,
    lower: TierReading,
    upper: TierReading,
    shipped_kg: Mapping[str, float],
    conventions: LadderConventions = PLAIN,
) -> StepReading:
    """Weigh one step.

    Per kilogram of raw: gross = UV2 yield - UV1, net = UV2 yield (1 - imported share) - UV1. For the volume Q that
    is shipped now: Q yield UV2 (1 - imported share) less what the raw brings today.
    """
    raw, made = lower.unit_value_usd_per_kg, upper.unit_value_usd_per_kg
    volume, is_estimated = _volume(lower, shipped_kg)
    out = None if made is None else made * step.tonnes_out
    kept = None if out is None else out * (1 - step.imported_share)
    return StepReading(
        step=step,
        uplift_ratio=None if out is None or not raw else out / raw,
        gross_usd_per_tonne=_per_tonne(out, raw),
        net_usd_per_tonne=_per_tonne(kept, raw),
        complexity_step=_less(upper.complexity, lower.complexity),
        escalation_percent_points=_less(upper.tariff_percent, lower.tariff_percent),
        raw_tonnes=None if volume is None else volume / KILOGRAMS_PER_TONNE,
        capacity_tonnes=None if volume is None else volume * step.tonnes_out / KILOGRAMS_PER_TONNE,
        extra_gross_usd=None if volume is None or out is None else volume * out - lower.exports_usd,
        extra_net_usd=None if volume is None or kept is None else volume * kept - lower.exports_usd,
        is_volume_estimated=is_estimated,
        findings=_findings(step, (lower, upper), (out, kept), volume, conventions),
    )


_UPLIFT = (Because.ADDS_VALUE, Because.LOSES_VALUE, Because.NO_UNIT_VALUE)


def _findings(
    step: Conversion,
    tiers: tuple[TierReading, TierReading],
    prices: tuple[float | None, float | None],
    volume: float | None,
    conventions: LadderConventions,
) -> tuple[Finding, ...]:
    lower, upper = tiers
    raw = lower.unit_value_usd_per_kg
    return (
        _rises(StepTest.GROSS, _less(prices[0], raw), _UPLIFT),
        _rises(StepTest.NET, _less(prices[1], raw), _UPLIFT),
        _rises(
            StepTest.COMPLEXITY, _less(upper.complexity, lower.complexity),
            (Because.CLIMBS, Because.DOES_NOT_CLIMB, Because.NO_COMPLEXITY_GIVEN),
        ),
        _escalation(_less(upper.tariff_percent, lower.tariff_percent)),
        _demand(upper, prices[0], volume, conventions),
        _refiners(upper, conventions),
        not_judged(StepTest.SOURCES, Because.SAMPLE_TO_BE_CHECKED)
        if step.is_sample
        else judged(StepTest.SOURCES, is_met=True, code=Because.SOURCED),
    )  # fmt: skip


def _rises(test: StepTest, change: float | None, codes: tuple[Because, Because, Because]) -> Finding:
    if change is None:
        return not_judged(test, codes[2])
    return judged(test, is_met=change > 0, code=codes[0 if change > 0 else 1], numbers={"change": change})


def _escalation(points: float | None) -> Finding:
    """A market that taxes the refined more than the raw protects its own refiners against this step."""
    if points is None:
        return not_judged(StepTest.ESCALATION, Because.NO_TARIFF_GIVEN)
    code = Because.ESCALATES if points > 0 else Because.DOES_NOT_ESCALATE
    return judged(StepTest.ESCALATION, is_met=points <= 0, code=code, numbers={"percent_points": points})


def _demand(
    upper: TierReading, out: float | None, volume: float | None, conventions: LadderConventions
) -> Finding:
    if out is None or volume is None:
        return not_judged(StepTest.DEMAND, Because.NO_UNIT_VALUE)
    if upper.world_usd <= 0:
        return judged(StepTest.DEMAND, is_met=False, code=Because.NOBODY_TRADES_IT)
    share = out * volume / upper.world_usd
    is_met = share <= conventions.absorbed_share
    code = Because.ROOM_ENOUGH if is_met else Because.TOO_LARGE_FOR_THE_WORLD
    numbers = {"share_of_world": share, "threshold": conventions.absorbed_share}
    return judged(StepTest.DEMAND, is_met=is_met, code=code, numbers=numbers)


def _refiners(upper: TierReading, conventions: LadderConventions) -> Finding:
    if upper.concentration is None:
        return not_judged(StepTest.REFINERS, Because.NOBODY_EXPORTS)
    is_met = upper.concentration <= conventions.concentration_max
    numbers = {"hhi": upper.concentration, "threshold": conventions.concentration_max}
    return judged(
        StepTest.REFINERS, is_met=is_met, code=Because.MANY if is_met else Because.FEW, numbers=numbers
    )


def _volume(lower: TierReading, shipped_kg: Mapping[str, float]) -> tuple[float | None, bool]:
    if lower.codes and all(code in shipped_kg for code in lower.codes):
        return sum(shipped_kg[code] for code in lower.codes), False
    price = lower.unit_value_usd_per_kg
    return (None, True) if price is None else (lower.exports_usd / price, True)


def _mean(known: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    """Give the weighted mean of what is known; of equal weights where nothing of it is traded."""
    found = [(known.get(code, known.get(code[:4])), weight) for code, weight in weights.items()]
    given = [(value, weight) for value, weight in found if value is not None]
    if not given:
        return None
    total = sum(weight for _, weight in given)
    if total <= 0:
        return sum(value for value, _ in given) / len(given)
    return sum(value * weight for value, weight in given) / total


def _from(bought: Matrix | None, exporter: str, at: Sequence[int]) -> float | None:
    if bought is None:
        return None
    return float(bought.of_row(exporter)[list(at)].sum()) if exporter in bought.rows else 0.0


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _per_tonne(out: float | None, raw: float | None) -> float | None:
    change = _less(out, raw)
    return None if change is None else change * KILOGRAMS_PER_TONNE
