"""Import substitution: what is worth making at home, what it truly saves, and why something is turned down."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.findings import Finding, Outcome, require_share
from rahdari.trade.rules.substitution.judging import all_tests, saving
from rahdari.trade.rules.substitution.settings import (
    Saving,
    Substitutable,
    SubstitutionConventions,
    SubstitutionTest,
    SubstitutionVerdict,
)
from rahdari.trade.rules.substitution.technology import (
    Technology,
    ValueAdded,
    domestic_resource_cost,
    effective_protection,
    needed_protection,
    value_added,
)

PLAIN = SubstitutionConventions()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One product judged.

    None stands for a number that is not defined or lacks what it needs; the finding of that test says which.
    """

    product: str
    imports_usd: float
    growth: float | None
    dependence: float | None
    protection: float | None
    protection_needed: float | None
    resource_cost: float | None
    saving: Saving | None
    findings: tuple[Finding, ...]
    gates: frozenset[SubstitutionTest]

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """List the gates that fail: why the product is turned down."""
        return tuple(
            one for one in self.findings if one.outcome is Outcome.NOT_MET and one.test in self.gates
        )

    @property
    def open_questions(self) -> tuple[Finding, ...]:
        """List the gates that could not be judged: what has to be found out before it is accepted."""
        return tuple(
            one for one in self.findings if one.outcome is Outcome.NOT_JUDGED and one.test in self.gates
        )

    @property
    def verdict(self) -> SubstitutionVerdict:
        """Reject where a gate fails, leave open where one could not be judged, accept otherwise."""
        if self.reasons:
            return SubstitutionVerdict.REJECTED
        return SubstitutionVerdict.OPEN if self.open_questions else SubstitutionVerdict.ACCEPTED

    def finding(self, test: SubstitutionTest) -> Finding:
        """Give one finding."""
        return next(one for one in self.findings if one.test == test)


@dataclass(frozen=True, slots=True)
class Substitution:
    """The screen's answer: accepted, then open, then rejected; in each by what they save net, then by imports."""

    country: str
    candidates: tuple[Candidate, ...]

    def of(self, product: str) -> Candidate:
        """Give one candidate. Raises ``BadParameter`` where the screen did not see it."""
        for one in self.candidates:
            if one.product == product:
                return one
        raise BadParameter(f"the screen saw no product {product!r} among its {len(self.candidates)}")

    def to_frame(self, *, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a product: verdict, numbers, and the code of each test; null where not defined."""
        rows = [_row(one, self.country, (names or {}).get(one.product)) for one in self.candidates]
        return pl.DataFrame(rows, infer_schema_length=None)


def substitute(
    country: str, *, facts: Substitutable, conventions: SubstitutionConventions = PLAIN
) -> Substitution:
    """Judge every product that the country imports, or for which a technology is given.

    Raises:
        BadTable: the country is in none of the tables.
    """
    now, before, sold = (
        table.of_row(country) for table in (facts.imports, facts.imports_before, facts.exports)
    )
    wanted = [
        at
        for at, code in enumerate(facts.imports.columns)
        if now[at] > 0 or before[at] > 0 or code in facts.technologies
    ]
    judged_all = [
        candidate(
            facts.imports.columns[at],
            (float(now[at]), float(before[at]), float(sold[at])),
            technology=facts.technologies.get(facts.imports.columns[at]),
            density=facts.density.get(facts.imports.columns[at]),
            conventions=conventions,
        )
        for at in wanted
    ]
    return Substitution(country, tuple(sorted(judged_all, key=_order)))


def candidate(
    product: str,
    trade_usd: tuple[float, float, float],
    *,
    technology: Technology | None,
    density: float | None = None,
    conventions: SubstitutionConventions = PLAIN,
) -> Candidate:
    """Judge one product from its imports now, its imports before and its exports, in dollars.

    Raises:
        BadParameter: an amount that is negative or not finite, a density that is no share.
    """
    if not all(0 <= amount < float("inf") for amount in trade_usd):
        raise BadParameter(f"imports now, before and exports of {product} are 0 or more dollars: {trade_usd}")
    if density is not None:
        require_share(density, f"the density of {product}")
    now, before, sold = trade_usd
    growth = math.expm1(math.log(now / before) / conventions.years) if now > 0 and before > 0 else None
    dependence = now / (now + sold) if now + sold > 0 else None
    has_value = technology is not None and value_added(technology) is ValueAdded.POSITIVE
    made = technology if has_value else None
    return Candidate(
        product=product,
        imports_usd=now,
        growth=growth,
        dependence=dependence,
        protection=effective_protection(made) if made else None,
        protection_needed=needed_protection(made) if made else None,
        resource_cost=domestic_resource_cost(made) if made else None,
        saving=saving(now, technology) if technology else None,
        findings=all_tests(
            (now, growth, dependence),
            technology=technology,
            density=density,
            is_new=now > 0 and before <= 0,
            conventions=conventions,
        ),
        gates=conventions.gates,
    )


def _order(one: Candidate) -> tuple[int, float, float, str]:
    net = one.saving.net_usd if one.saving else -math.inf
    return (list(SubstitutionVerdict).index(one.verdict), -net, -one.imports_usd, one.product)


def _row(one: Candidate, country: str, name: str | None) -> dict[str, object]:
    return {
        "country_code": country,
        "product_code": one.product,
        "product_name": name,
        "verdict": one.verdict.value,
        "reasons": " ".join(f"{found.test}={found.code}" for found in one.reasons),
        "open_questions": " ".join(f"{found.test}={found.code}" for found in one.open_questions),
        "imports_value_usd": one.imports_usd,
        "imports_growth_share_per_year": one.growth,
        "dependence_share": one.dependence,
        "effective_protection_share": one.protection,
        "needed_protection_share": one.protection_needed,
        "domestic_resource_cost_ratio": one.resource_cost,
        "gross_saving_usd": one.saving.gross_usd if one.saving else None,
        "net_saving_usd": one.saving.net_usd if one.saving else None,
        "revenue_lost_usd": one.saving.revenue_lost_usd if one.saving else None,
        **{f"{found.test}_code": found.code for found in one.findings},
    }
