"""What projects add as they are taken up, and what remains missing between a path and what is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.deflators import NOMINAL, Prices
from rahdari.trade.rules.paths import HORIZON_YEARS_MAX, YearPath, require_amount, require_year
from rahdari.trade.values import Amounts, Matrix

# A roadmap names dozens of projects; thousands are a table of something else.
PROJECTS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Project:
    """Capacity that ramps up as it is taken up: ``peak_usd`` a year of additional exports at the most.

    ``innovation`` (p) and ``imitation`` (q) shape the ramp, see ``bass_share``. ``delay_years`` is the lag between
    the start of the project and its first export. ``completion`` is the share of such projects that get built;
    the expected ramp is multiplied by it, a fan draws it.
    """

    name: str
    start_year: int
    peak_usd: float
    innovation: float = 0.03
    imitation: float = 0.6
    delay_years: int = 0
    completion: float = 1.0

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        require_year(self.start_year, f"the start year of {self.name}")
        require_amount(self.peak_usd, f"the peak of {self.name}")
        _require_bass(self.innovation, self.imitation)
        if type(self.delay_years) is not int or not 0 <= self.delay_years <= HORIZON_YEARS_MAX:
            raise BadParameter(
                f"{self.name} is delayed by {self.delay_years!r} years; 0 to {HORIZON_YEARS_MAX} whole years can be"
            )
        if not 0 <= self.completion <= 1:
            raise BadParameter(f"{self.name} is completed with chance {self.completion}; a share is 0 to 1")


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """What a path asks for, what is there, and what is missing, year by year, in dollars; arrays read-only.

    ``missing_usd`` is 0 where baseline and projects carry further than the path; ``spare_usd`` tells by how much.
    """

    years: tuple[int, ...]
    needed_usd: Amounts
    baseline_usd: Amounts
    projects_usd: Amounts
    missing_usd: Amounts
    spare_usd: Amounts
    prices: Prices = NOMINAL

    def to_frame(self) -> pl.DataFrame:
        """Give one row a year: ``year, prices, needed_usd, baseline_usd, projects_usd, missing_usd, spare_usd``."""
        return pl.DataFrame(
            {
                "year": self.years,
                "prices": [self.prices.label] * len(self.years),
                "needed_usd": self.needed_usd,
                "baseline_usd": self.baseline_usd,
                "projects_usd": self.projects_usd,
                "missing_usd": self.missing_usd,
                "spare_usd": self.spare_usd,
            }
        )


def bass_share(elapsed_years: Sequence[float] | Amounts, *, innovation: float, imitation: float) -> Amounts:
    """Give the share that has been taken up t years after the start, 0 before it.

    F(t) = (1 - e^(-(p+q)t)) / (1 + (q/p) e^(-(p+q)t)), the solution of dF/dt = (p + qF)(1 - F), F(0) = 0:
    Bass (1969), textbook form; the paper itself was not consulted, the differential equation is tested.

    Raises:
        BadParameter: p is not above 0 (nothing would ever begin), q is negative, or a year is not finite.
    """
    _require_bass(innovation, imitation)
    elapsed = np.maximum(np.asarray(elapsed_years, dtype=np.float64), 0.0)
    if not np.isfinite(elapsed).all():
        raise BadParameter("the years since the start of a ramp must be finite")
    left = np.exp(-(innovation + imitation) * elapsed)
    return _frozen((1.0 - left) / (1.0 + imitation / innovation * left))


def ramp(projects: Sequence[Project], years: Sequence[int]) -> Matrix:
    """Give what each project adds in each year, in expectation: completion x peak x F(year - start - delay).

    Returns:
        Projects by years (as text), dollars.

    Raises:
        BadTable: two projects, or two years, have one name.
        BadParameter: there are too many of them.
    """
    if len(projects) > PROJECTS_MAX:
        raise BadParameter(f"{len(projects)} projects are more than {PROJECTS_MAX}")
    rows = [_expected(project, years) for project in projects]
    values = np.array(rows) if rows else np.zeros((0, len(years)))
    return Matrix([one.name for one in projects], [str(year) for year in years], values, what="the ramps")


def missing(path: YearPath, *, baseline_usd: Amounts, projects: Sequence[Project]) -> Gap:
    """Tell what is missing each year between what a path needs and what baseline and projects give.

    ``baseline_usd`` has one amount for each year of the path: what would be exported without the projects.

    Raises:
        BadParameter: the baseline has other years, or an amount that cannot be.
    """
    baseline = np.array(baseline_usd, dtype=np.float64)
    if baseline.shape != (len(path.years),):
        raise BadParameter(
            f"the baseline has {baseline.shape} amounts for the {len(path.years)} years of the path"
        )
    for year, amount in zip(path.years, baseline, strict=True):
        require_amount(float(amount), f"the baseline of {year}")
    added = ramp(projects, path.years).values.sum(axis=0)
    short = path.values_usd - baseline - added
    return Gap(
        years=path.years,
        needed_usd=path.values_usd,
        baseline_usd=_frozen(baseline),
        projects_usd=_frozen(added),
        missing_usd=_frozen(np.maximum(short, 0.0)),
        spare_usd=_frozen(np.maximum(-short, 0.0)),
        prices=path.prices,
    )


def _require_bass(innovation: float, imitation: float) -> None:
    if not 1e-6 <= innovation <= 100:
        raise BadParameter(
            f"p is {innovation}; with nobody who begins by himself (p = 0) nothing ever starts: 1e-6 to 100"
        )
    if not 0 <= imitation <= 100:
        raise BadParameter(f"q is {imitation}; it may be 0 to 100 a year")


def _expected(project: Project, years: Sequence[int]) -> Amounts:
    elapsed = np.array([year - project.start_year - project.delay_years for year in years], dtype=np.float64)
    taken_up = bass_share(elapsed, innovation=project.innovation, imitation=project.imitation)
    return project.completion * project.peak_usd * taken_up


def _frozen(values: Amounts) -> Amounts:
    values.flags.writeable = False
    return values
