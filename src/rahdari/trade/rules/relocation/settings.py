"""What the relocation screen takes for granted, declared in one place, and what it may be told besides exports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.findings import require_share
from rahdari.trade.values import Matrix


class RelocationStep(StrEnum):
    """The steps of the screen, in their order."""

    SHARE_LOSS = "s1_share_loss"
    ADVANTAGE = "s2_advantage"
    LABOUR = "s3_labour"
    WAGES = "s4_wages"
    DEMAND = "s5_demand"
    DENSITY = "s6_density"
    START = "s6_start"
    ACCESS = "s6_access"
    TAKERS = "s7_takers"


class Vacating(StrEnum):
    """Which loss is valued: what was lost over the panel, or what will be if the trend goes on."""

    PAST = "past"
    AHEAD = "ahead"


GATES = frozenset(RelocationStep) - {RelocationStep.TAKERS}


@dataclass(frozen=True, slots=True)
class RelocationConventions:
    """The screen's thresholds.

    Attributes:
        t_critical: S1 holds where the t-value of the share's trend is below; -1.65 is 5 % on one side.
        lags: of the robust errors; None takes the rule of ``trends.bandwidth``.
        window_years: start and end are means over so many years, so that no single year decides.
        years_min: a trend is fitted to so many years above zero, or not at all.
        gone_years: a share of 0 in so many last years has fallen to nothing.
        labour_quantile: S3 holds from this quantile of labour intensity on; 2/3 is the top tercile.
        demand_growth_min: S5 holds where world trade grew by this a year or more (log points, nominal): put the
            inflation here to ask for real growth.
        host_advantage_min: the host has a start from this comparative advantage on.
        accepts_competitive: whether a host above an advantage of 1 passes S6 as well; it then grows rather
            than begins.
        density_quantile: S6 holds from this quantile of the host's own densities on.
        concentration_max: S7 holds where the Herfindahl of the takers is not above.
        gates: the steps that must not fail. A step that cannot be judged stops nothing.
        vacating: how the vacated value is reckoned.
        horizon_years: how far ``AHEAD`` looks.
        loss_min: a reallocation is one where the donor lost this part of its share.
        occasions_min: with fewer past reallocations the chances are the present shares, not a fit.
        advantage_floor: added to an advantage before its logarithm is taken, for countries that have none.
    """

    t_critical: float = -1.65
    lags: int | None = None
    window_years: int = 3
    years_min: int = 8
    gone_years: int = 2
    labour_quantile: float = 2 / 3
    demand_growth_min: float = 0.0
    host_advantage_min: float = 0.2
    accepts_competitive: bool = True
    density_quantile: float = 0.5
    concentration_max: float = 0.5
    gates: frozenset[RelocationStep] = GATES
    vacating: Vacating = Vacating.PAST
    horizon_years: int = 10
    loss_min: float = 0.1
    occasions_min: int = 30
    advantage_floor: float = 0.01

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        for what in ("labour_quantile", "density_quantile", "concentration_max"):
            require_share(getattr(self, what), what)
        if not self.advantage_floor > 0 or not 1 <= self.horizon_years <= 100 or self.occasions_min < 1:
            raise BadParameter(
                "the floor of an advantage is above 0, the horizon 1 to 100 years, and a fit needs an occasion"
            )


@dataclass(frozen=True, slots=True)
class WageGap:
    """What an hour, or a month, of work costs and yields with donor and host, in one money of one year.

    Raises:
        BadParameter: an amount that is not above 0.
    """

    wage_donor: float
    wage_host: float
    output_donor: float
    output_host: float

    def __post_init__(self) -> None:
        """Check."""
        parts = (self.wage_donor, self.wage_host, self.output_donor, self.output_host)
        if not all(0 < part < float("inf") for part in parts):
            raise BadParameter(f"wages and output per worker are amounts above 0, not {parts}")

    @property
    def advantage(self) -> float:
        """Give (w_d/w_i)(prod_i/prod_d): above 1 a unit of output costs less labour with the host."""
        return (self.wage_donor / self.wage_host) * (self.output_host / self.output_donor)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known besides exports. What is missing leaves its step unjudged, product by product.

    Attributes:
        labour: labour intensity by product, any unit, more is more labour: given (wages in value added), or
            ``revealed_labour``.
        wages: of donor and host.
        density: of the host around each product, 0 to 1.
        margin: by product, the donor's tariff less the host's in the markets that matter, in percentage points,
            as ``preference`` gives it.
        traits: more of what may decide who wins: by name two tables, countries by products, at start and end.
    """

    labour: Mapping[str, float] = field(default_factory=dict)
    wages: WageGap | None = None
    density: Mapping[str, float] = field(default_factory=dict)
    margin: Mapping[str, float] = field(default_factory=dict)
    traits: Mapping[str, tuple[Matrix, Matrix]] = field(default_factory=dict)
