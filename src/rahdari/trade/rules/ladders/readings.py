"""What a ladder is read with, and what comes out: measured tiers and weighed steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from rahdari.trade.errors import BadTable
from rahdari.trade.rules.findings import Because, Finding
from rahdari.trade.rules.ladders.chain import Conversion, Ladder, Tier
from rahdari.trade.values import Matrix


class StepTest(StrEnum):
    """What is asked of each step."""

    GROSS = "gross_uplift"
    NET = "net_uplift"
    COMPLEXITY = "complexity"
    ESCALATION = "tariff_escalation"
    DEMAND = "demand"
    REFINERS = "refiners"
    SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class LadderConventions:
    """Thresholds.

    Attributes:
        absorbed_share: what part of the world's trade in the upper tier a newcomer may hope to place.
        concentration_max: the Herfindahl above which a few refine it all.
        refiners: how many of the largest exporters are named.
    """

    absorbed_share: float = 0.1
    concentration_max: float = 0.25
    refiners: int = 5


PLAIN = LadderConventions()


@dataclass(frozen=True, slots=True, eq=False)
class LadderTrade:
    """The numbers that a ladder is read with. Products have the same codes in all tables.

    Attributes:
        exports: what each country sold to the world, countries by products, dollars.
        imports: what each country bought of the world, likewise.
        bought: what the market bought from whom, exporters by products; None where it is not known.
        weighed: dollars and kilograms of those world flows whose weight is known, years by products.
        complexity: PCI by code; a code that is absent takes its heading's.
        tariff_percent: what the market asks of the exporter, by code, likewise.
        shipped_kg: the exporter's own weight by code, where it is known.
    """

    exports: Matrix
    imports: Matrix
    weighed: tuple[Matrix, Matrix]
    bought: Matrix | None = None
    complexity: Mapping[str, float] = field(default_factory=dict)
    tariff_percent: Mapping[str, float] = field(default_factory=dict)
    shipped_kg: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check. Raises ``BadTable`` where two tables have other products."""
        tables = [self.imports, *self.weighed, *([self.bought] if self.bought else [])]
        if any(table.columns != self.exports.columns for table in tables):
            raise BadTable("exports, imports, the market's purchases and the weights need the same products")


@dataclass(frozen=True, slots=True)
class TierReading:
    """One tier measured. Where a number is not defined None stands, and ``gaps`` names it with the reason."""

    tier: Tier
    codes: tuple[str, ...]
    world_usd: float
    exports_usd: float
    imports_usd: float
    market_imports_usd: float
    market_from_exporter_usd: float | None
    unit_value_usd_per_kg: float | None
    complexity: float | None
    tariff_percent: float | None
    concentration: float | None
    refiners: tuple[tuple[str, float], ...]
    gaps: tuple[tuple[str, Because], ...]


@dataclass(frozen=True, slots=True)
class StepReading:
    """One step weighed, for the raw volume that the exporter ships now. None as in ``TierReading``.

    ``uplift_ratio`` is UV2 yield / UV1; the per-tonne amounts are per tonne of the lower tier. ``capacity_tonnes``
    is what a plant must make of it in a year; ``is_volume_estimated`` says that the volume is the exports' value
    over the world's unit value, for want of a weight.
    """

    step: Conversion
    uplift_ratio: float | None
    gross_usd_per_tonne: float | None
    net_usd_per_tonne: float | None
    complexity_step: float | None
    escalation_percent_points: float | None
    raw_tonnes: float | None
    capacity_tonnes: float | None
    extra_gross_usd: float | None
    extra_net_usd: float | None
    is_volume_estimated: bool
    findings: tuple[Finding, ...]

    def finding(self, test: StepTest) -> Finding:
        """Give one finding."""
        return next(one for one in self.findings if one.test == test)


@dataclass(frozen=True, slots=True)
class Climb:
    """A ladder read for one exporter and one market."""

    ladder: Ladder
    exporter: str
    market: str
    tiers: tuple[TierReading, ...]
    steps: tuple[StepReading, ...]

    def to_frame(self) -> pl.DataFrame:
        """Give one row a tier; a number that is not defined is null, and ``gaps`` says why."""
        return pl.DataFrame([_tier_row(self, one) for one in self.tiers], infer_schema_length=None)

    def steps_frame(self) -> pl.DataFrame:
        """Give one row a step, with the code of each finding."""
        return pl.DataFrame([_step_row(self, one) for one in self.steps], infer_schema_length=None)


def _tier_row(read: Climb, one: TierReading) -> dict[str, object]:
    return {
        "ladder": read.ladder.id,
        "tier": one.tier.id,
        "tier_name": one.tier.titles["en"],
        "activity": one.tier.activity.value,
        "product_codes": " ".join(one.codes),
        "exporter_code": read.exporter,
        "market_code": read.market,
        "world_value_usd": one.world_usd,
        "exports_value_usd": one.exports_usd,
        "imports_value_usd": one.imports_usd,
        "market_imports_value_usd": one.market_imports_usd,
        "market_from_exporter_value_usd": one.market_from_exporter_usd,
        "unit_value_usd_per_kg": one.unit_value_usd_per_kg,
        "complexity_index": one.complexity,
        "tariff_percent": one.tariff_percent,
        "exporters_hhi": one.concentration,
        "largest_exporters": " ".join(f"{name}:{share:.3f}" for name, share in one.refiners),
        "gaps": " ".join(f"{name}={reason}" for name, reason in one.gaps),
    }


def _step_row(read: Climb, one: StepReading) -> dict[str, object]:
    return {
        "ladder": read.ladder.id,
        "from_tier": one.step.lower,
        "to_tier": one.step.upper,
        "yield_tonnes_per_tonne": one.step.tonnes_out,
        "imported_inputs_share": one.step.imported_share,
        "uplift_ratio": one.uplift_ratio,
        "gross_usd_per_raw_tonne": one.gross_usd_per_tonne,
        "net_usd_per_raw_tonne": one.net_usd_per_tonne,
        "complexity_step": one.complexity_step,
        "escalation_percent_points": one.escalation_percent_points,
        "raw_tonnes": one.raw_tonnes,
        "capacity_tonnes": one.capacity_tonnes,
        "extra_gross_value_usd": one.extra_gross_usd,
        "extra_net_value_usd": one.extra_net_usd,
        "is_volume_estimated": one.is_volume_estimated,
        **{f"{found.test}_code": found.code for found in one.findings},
    }
