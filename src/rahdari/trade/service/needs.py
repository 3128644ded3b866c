"""What a dollar of further exports takes of each scarce resource: a table somebody gives, or a labelled sample."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rahdari.trade.errors import BadParameter

# A table of needs has some rows a chapter; more than a row for each subheading and resource is another table.
NEEDS_MAX = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What products of a prefix take of a resource: ``fixed`` each, and ``per_million_usd`` of gain on top."""

    resource: str
    prefix: str = ""
    per_million_usd: float = 0.0
    fixed: float = 0.0

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        for amount in (self.per_million_usd, self.fixed):
            if not (math.isfinite(amount) and amount >= 0):
                raise BadParameter(
                    f"{self.prefix or 'everything'} needs {amount} of {self.resource}; 0 or more"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """A table of needs; of a resource the row with the longest prefix counts. ``name`` says whose it is."""

    rows: tuple[Need, ...]
    name: str
    is_sample: bool = False

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if len(self.rows) > NEEDS_MAX:
            raise BadParameter(f"{len(self.rows)} rows of needs, more than {NEEDS_MAX}")
        seen = {(one.resource, one.prefix) for one in self.rows}
        if len(seen) < len(self.rows):
            raise BadParameter("a resource has two needs for one prefix; keep one of them")

    def of(self, code: str, gain_usd: float) -> dict[str, float]:
        """Give what a gain in a product takes, by resource."""
        found: dict[str, Need] = {}
        for one in sorted(self.rows, key=lambda need: len(need.prefix)):
            if code.startswith(one.prefix):
                found[one.resource] = one
        return {name: one.fixed + one.per_million_usd * gain_usd / 1e6 for name, one in found.items()}


# SAMPLE, to be replaced: round numbers of the right order, from nobody's survey. They show how a choice under
# limits works; they say nothing about any plant. Every answer made with them carries a note.
SAMPLE_NEEDS = Needs(
    rows=(
        Need(resource="capital_usd", per_million_usd=1_500_000.0),
        Need(resource="land_acres", per_million_usd=2.0),
        Need(resource="land_acres", prefix="25", per_million_usd=40.0),
        Need(resource="land_acres", prefix="26", per_million_usd=40.0),
        Need(resource="energy_mw", per_million_usd=0.2),
        Need(resource="energy_mw", prefix="74", per_million_usd=0.5),
        Need(resource="energy_mw", prefix="76", per_million_usd=2.0),
        Need(resource="skilled_workers", per_million_usd=12.0),
        Need(resource="programme_slots", fixed=1.0),
    ),
    name="sample",
    is_sample=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What there is of each resource. The sample: 6,000 acres as planned, the rest round numbers to be replaced."""

    amounts: Mapping[str, float] = field(
        default_factory=lambda: {
            "capital_usd": 2e9,
            "land_acres": 6_000.0,
            "energy_mw": 200.0,
            "skilled_workers": 20_000.0,
            "programme_slots": 12.0,
        }
    )
    is_sample: bool = True
