"""What there is to choose from, and within which limits: checked once, so that every question may trust it."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from rahdari.trade.errors import BadParameter, UnknownTradeProduct

# Some 6,000 subheadings with three variants each; a longer list is no list of projects.
CANDIDATES_MAX = 20_000
# Capital, land, energy, water, skills, slots ...: whoever names more has named something else.
RESOURCES_MAX = 50

Picks = npt.NDArray[np.bool_]


class LimitKind(StrEnum):
    """What sort of limit a choice has to keep."""

    BUDGET = "budget"
    SECTOR_NUMBER = "sector_number"
    SECTOR_SHARE = "sector_share"
    MARKET_SHARE = "market_share"
    SECTORS_MIN = "sectors_min"
    NUMBER_MAX = "number_max"
    PREREQUISITE = "prerequisite"
    VARIANTS = "variants"
    REQUIRED = "required"
    BARRED = "barred"
    GAIN_MIN = "gain_min"
    SCENARIO = "scenario"
    """No limit of the analyst's: the shortfall of one drawn scenario, where bad cases are weighed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: its kind, whom it is about (a resource, sector, market or product), and its number."""

    kind: LimitKind
    name: str
    amount: float

    @override
    def __str__(self) -> str:
        """Give ``budget land_acres 6000``."""
        return f"{self.kind} {self.name} {self.amount:g}".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that may be pushed: what it brings in the target year, and what that takes.

    Attributes:
        code: Its name among the candidates, usually an HS code.
        sector: The sector whose caps it counts against.
        gain_usd: Further exports in the target year, 0 or more; 0 for what only enables others.
        needs: Amount by resource; what is not named is not needed.
        after: Codes without all of which it cannot be (prerequisites).
        variant_of: Of the candidates that name the same thing here, at most one is chosen.
        markets: Share of the gain by market, together at most 1; the rest goes elsewhere.
    """

    code: str
    sector: str
    gain_usd: float
    needs: Mapping[str, float] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    variant_of: str | None = None
    markets: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a choice has to keep. What is left out does not limit.

    Attributes:
        budgets: What there is of each resource, 0 or more; infinite where it is not scarce.
        sector_number_max: Largest number of products of a sector, by sector.
        sector_share_max: Largest share of the gain of each single sector.
        market_share_max: Largest share of the gain that may go to a market, by market.
        sectors_min: In how many sectors, at least, something is chosen.
        number_max: How many products at most.
        gain_min_usd: Gain that must be reached.
        required: Codes that are chosen whatever they bring.
        barred: Codes that are not.
    """

    budgets: Mapping[str, float] = field(default_factory=dict)
    sector_number_max: Mapping[str, int] = field(default_factory=dict)
    sector_share_max: float | None = None
    market_share_max: Mapping[str, float] = field(default_factory=dict)
    sectors_min: int = 0
    number_max: int | None = None
    gain_min_usd: float = 0.0
    required: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Menu:
    """Candidates and limits that fit together; every name in either is known.

    Raises:
        BadParameter: a number that is none or negative, a code twice, a resource without a budget,
            prerequisites in a circle, a product whose prerequisites exclude one another or itself.
        UnknownTradeProduct: a limit or a prerequisite names a code that is no candidate.
    """

    candidates: tuple[Candidate, ...]
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Check everything, candidates first."""
        if not 1 <= len(self.candidates) <= CANDIDATES_MAX:
            raise BadParameter(f"{len(self.candidates)} candidates; 1 to {CANDIDATES_MAX} can be chosen from")
        _check_codes(self.codes)
        for one in self.candidates:
            _check_candidate(one, self.limits.budgets)
        _check_limits(self)
        _check_order(self)

    @property
    def codes(self) -> tuple[str, ...]:
        """List the codes, in the order given."""
        return tuple(one.code for one in self.candidates)

    @property
    def sectors(self) -> tuple[str, ...]:
        """List the sectors, sorted."""
        return tuple(sorted({one.sector for one in self.candidates}))

    @property
    def gains_usd(self) -> npt.NDArray[np.float64]:
        """Give the gains, in the order of ``codes``."""
        return np.array([one.gain_usd for one in self.candidates], dtype=np.float64)

    def needs_of(self, resource: str) -> npt.NDArray[np.float64]:
        """Give what each candidate needs of a resource, in the order of ``codes``."""
        return np.array([one.needs.get(resource, 0.0) for one in self.candidates], dtype=np.float64)

    def shares_of(self, market: str) -> npt.NDArray[np.float64]:
        """Give the share of each candidate's gain that goes to a market, in the order of ``codes``."""
        return np.array([one.markets.get(market, 0.0) for one in self.candidates], dtype=np.float64)

    def within(self, limits: Limits) -> "Menu":
        """Give the same candidates within other limits."""
        return replace(self, limits=limits)

    def picks(self, codes: Collection[str]) -> Picks:
        """Mark these codes, in the order of ``codes``. Raises UnknownTradeProduct for one that is not there."""
        _check_known(codes, set(self.codes), "a choice")
        wanted = set(codes)
        return np.array([code in wanted for code in self.codes], dtype=np.bool_)

    def closure(self, code: str) -> frozenset[str]:
        """Give a candidate and everything it cannot be without."""
        after = {one.code: one.after for one in self.candidates}
        _check_known([code], after, "the question")
        found, ahead = {code}, [code]
        while ahead:
            new = set(after[ahead.pop()]) - found
            found |= new
            ahead += new
        return frozenset(found)


def _check_codes(codes: Sequence[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if not code or code in seen:
            raise BadParameter(f"the candidate {code!r} stands twice or has no code")
        seen.add(code)


def _check_candidate(one: Candidate, budgets: Mapping[str, float]) -> None:
    _check_amount(one.gain_usd, f"the gain of {one.code}")
    for resource, amount in one.needs.items():
        _check_amount(amount, f"what {one.code} needs of {resource}")
        if resource not in budgets:
            known = ", ".join(sorted(budgets)) or "none"
            raise BadParameter(
                f"{one.code} needs {resource!r}, which has no budget (those that have: {known})"
            )
    for market, share in one.markets.items():
        _check_amount(share, f"the share of {one.code} that goes to {market}")
    if math.fsum(one.markets.values()) > 1 + 1e-9:
        raise BadParameter(f"more than the whole gain of {one.code} goes to its markets")


def _check_limits(menu: Menu) -> None:
    limits, codes = menu.limits, set(menu.codes)
    if len(limits.budgets) > RESOURCES_MAX:
        raise BadParameter(f"{len(limits.budgets)} resources, more than {RESOURCES_MAX}")
    for resource, amount in limits.budgets.items():
        _check_amount(amount, f"the budget of {resource}", may_be_infinite=True)
    for sector, number in limits.sector_number_max.items():
        _check_amount(number, f"the number of products of {sector}")
        if sector not in menu.sectors:
            raise BadParameter(f"there is a cap on the sector {sector!r}, of which there is no candidate")
    _check_shares(menu)
    _check_amount(limits.gain_min_usd, "the gain to be reached")
    if not 0 <= limits.sectors_min <= len(menu.sectors):
        raise BadParameter(
            f"{limits.sectors_min} sectors are asked for; the candidates are of {len(menu.sectors)}"
        )
    if limits.number_max is not None and limits.number_max < 1:
        raise BadParameter(
            f"at most {limits.number_max} products leaves nothing to choose; ask for 1 or more"
        )
    _check_known(limits.required, codes, "what is required")
    _check_known(limits.barred, codes, "what is barred")
    both = set(limits.required) & set(limits.barred)
    if both:
        raise BadParameter(f"required and barred at once: {', '.join(sorted(both))}")


def _check_shares(menu: Menu) -> None:
    limits = menu.limits
    named = [(f"the market {name}", share) for name, share in limits.market_share_max.items()]
    if limits.sector_share_max is not None:
        named.append(("a sector", limits.sector_share_max))
    for name, share in named:
        if not 0 < share <= 1:
            raise BadParameter(f"{name} may have {share} of the gain; a share is above 0 and at most 1")
    markets = {market for one in menu.candidates for market in one.markets}
    for market in limits.market_share_max:
        if market not in markets:
            raise BadParameter(f"there is a cap on the market {market!r}, to which no candidate goes")


def _check_order(menu: Menu) -> None:
    after = {one.code: one.after for one in menu.candidates}
    for code, before in after.items():
        _check_known(before, after, f"a prerequisite of {code}")
    try:
        tuple(TopologicalSorter(after).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise BadParameter(f"these wait for one another: {circle}; take one prerequisite out") from None
    variants = {one.code: one.variant_of for one in menu.candidates if one.variant_of is not None}
    for code in (code for code, before in after.items() if before):
        _check_variants(sorted(menu.closure(code)), variants, code)


def _check_variants(closure: Sequence[str], variants: Mapping[str, str], code: str) -> None:
    seen: dict[str, str] = {}
    for one in closure:
        group = variants.get(one)
        if group is not None and group in seen:
            raise BadParameter(
                f"{code} needs both {seen[group]} and {one}, of which only one may be ({group})"
            )
        if group is not None:
            seen[group] = one


def _check_amount(amount: float, what: str, *, may_be_infinite: bool = False) -> None:
    if math.isnan(amount) or amount < 0 or (math.isinf(amount) and not may_be_infinite):
        raise BadParameter(f"{what} is {amount}; it is a number, 0 or more")


def _check_known(codes: Iterable[str], known: Collection[str], what: str) -> None:
    for code in codes:
        if code not in known:
            raise UnknownTradeProduct(f"{what} names {code!r}, which is no candidate")
