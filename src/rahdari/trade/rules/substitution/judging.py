"""The tests of the substitution screen: each says met, not met or not judged, and why."""

from rahdari.trade.rules.findings import Because, Finding, judged, not_judged
from rahdari.trade.rules.substitution.settings import Saving, SubstitutionConventions, SubstitutionTest
from rahdari.trade.rules.substitution.technology import (
    Technology,
    ValueAdded,
    domestic_resource_cost,
    needed_protection,
    value_added,
)


def all_tests(
    trade_usd: tuple[float, float | None, float | None],
    *,
    technology: Technology | None,
    density: float | None,
    is_new: bool,
    conventions: SubstitutionConventions,
) -> tuple[Finding, ...]:
    """Judge every test, in the order of ``SubstitutionTest``, from imports, their growth and the dependence."""
    now, growth, dependence = trade_usd
    return (
        _growth(growth, is_new=is_new),
        _dependence(dependence, conventions),
        _scale(now, technology),
        _density(density, conventions),
        *_costs(technology, conventions),
        _exports(technology, conventions),
        _parts(technology, conventions),
        _net(now, technology, conventions),
    )


def saving(imports_usd: float, technology: Technology) -> Saving:
    """Reckon what home production of the attainable share saves and what it costs the treasury."""
    gross = imports_usd * technology.attainable_share
    duty_on_parts = sum(one.coefficient * one.imported_share * one.tariff for one in technology.inputs)
    return Saving(
        gross_usd=gross,
        net_usd=gross * (1.0 - technology.imported_share),
        revenue_lost_usd=gross * (technology.tariff - duty_on_parts),
    )


def _growth(growth: float | None, *, is_new: bool) -> Finding:
    if growth is None:
        return not_judged(
            SubstitutionTest.GROWTH, Because.NOT_IMPORTED_BEFORE if is_new else Because.NOT_IMPORTED_NOW
        )
    code = Because.GROWING if growth > 0 else Because.NOT_GROWING
    return judged(SubstitutionTest.GROWTH, is_met=growth > 0, code=code, numbers={"share_per_year": growth})


def _dependence(dependence: float | None, conventions: SubstitutionConventions) -> Finding:
    if dependence is None:
        return not_judged(SubstitutionTest.DEPENDENCE, Because.NOT_TRADED)
    is_met = dependence > conventions.dependence_min
    numbers = {"share": dependence, "threshold": conventions.dependence_min}
    code = Because.DEPENDENT if is_met else Because.EXPORTER_ALREADY
    return judged(SubstitutionTest.DEPENDENCE, is_met=is_met, code=code, numbers=numbers)


def _scale(now: float, technology: Technology | None) -> Finding:
    """M x attainable share against the smallest efficient output."""
    if technology is None or technology.scale_usd is None:
        return not_judged(SubstitutionTest.SCALE, Because.NOT_GIVEN)
    home = now * technology.attainable_share
    is_met = home >= technology.scale_usd
    numbers = {"home_market_usd": home, "efficient_scale_usd": technology.scale_usd}
    if technology.scale_usd > 0:
        numbers["ratio"] = home / technology.scale_usd
    return judged(
        SubstitutionTest.SCALE,
        is_met=is_met,
        code=Because.LARGE_ENOUGH if is_met else Because.TOO_SMALL,
        numbers=numbers,
    )


def _density(density: float | None, conventions: SubstitutionConventions) -> Finding:
    if density is None:
        return not_judged(SubstitutionTest.DENSITY, Because.NOT_GIVEN)
    is_met = density >= conventions.density_min
    numbers = {"share": density, "threshold": conventions.density_min}
    return judged(
        SubstitutionTest.DENSITY, is_met=is_met, code=Because.NEAR if is_met else Because.FAR, numbers=numbers
    )


def _costs(technology: Technology | None, conventions: SubstitutionConventions) -> tuple[Finding, ...]:
    tests = (SubstitutionTest.VALUE_ADDED, SubstitutionTest.PROTECTION, SubstitutionTest.RESOURCE_COST)
    if technology is None:
        return tuple(not_judged(test, Because.NOT_GIVEN) for test in tests)
    numbers = {"inputs_share": technology.inputs_share}
    if value_added(technology) is ValueAdded.NONE_OR_NEGATIVE:
        no_value = judged(tests[0], is_met=False, code=Because.NONE_OR_NEGATIVE, numbers=numbers)
        return (no_value, *(not_judged(test, Because.NO_VALUE_ADDED_AT_WORLD_PRICES) for test in tests[1:]))
    return (
        judged(tests[0], is_met=True, code=Because.POSITIVE, numbers=numbers),
        _at_most(tests[1], needed_protection(technology), conventions.protection_max),
        _at_most(tests[2], domestic_resource_cost(technology), conventions.resource_cost_max),
    )


def _at_most(test: SubstitutionTest, value: float | None, limit: float) -> Finding:
    if value is None:
        return not_judged(test, Because.NOT_GIVEN)
    is_met = value <= limit
    numbers = {"value": value, "threshold": limit}
    return judged(
        test, is_met=is_met, code=Because.WITHIN_LIMIT if is_met else Because.ABOVE_LIMIT, numbers=numbers
    )


def _exports(technology: Technology | None, conventions: SubstitutionConventions) -> Finding:
    """The sunset clause: protection ends unless the product sells abroad after so many years."""
    if technology is None:
        return not_judged(SubstitutionTest.EXPORTS, Because.NOT_GIVEN)
    limit = float(conventions.exports_years_max)
    if technology.exports_from_year is None:
        return judged(
            SubstitutionTest.EXPORTS,
            is_met=False,
            code=Because.NO_PLAN_TO_EXPORT,
            numbers={"threshold": limit},
        )
    is_met = technology.exports_from_year <= limit
    numbers = {"years": float(technology.exports_from_year), "threshold": limit}
    return judged(
        SubstitutionTest.EXPORTS,
        is_met=is_met,
        code=Because.EXPORTS_IN_TIME if is_met else Because.TOO_LATE,
        numbers=numbers,
    )


def _parts(technology: Technology | None, conventions: SubstitutionConventions) -> Finding:
    if technology is None:
        return not_judged(SubstitutionTest.PARTS, Because.NOT_GIVEN)
    if technology.inputs_share <= 0:
        return judged(SubstitutionTest.PARTS, is_met=True, code=Because.NEEDS_NONE)
    here = sum(one.coefficient for one in technology.inputs if one.is_available) / technology.inputs_share
    is_met = here >= conventions.parts_min
    numbers = {"share": here, "threshold": conventions.parts_min}
    return judged(
        SubstitutionTest.PARTS,
        is_met=is_met,
        code=Because.AVAILABLE if is_met else Because.NOT_AVAILABLE,
        numbers=numbers,
    )


def _net(now: float, technology: Technology | None, conventions: SubstitutionConventions) -> Finding:
    if technology is None:
        return not_judged(SubstitutionTest.NET_SAVING, Because.NOT_GIVEN)
    saved = saving(now, technology)
    kept = 1.0 - technology.imported_share
    numbers = {
        "gross_usd": saved.gross_usd,
        "net_usd": saved.net_usd,
        "net_share": kept,
        "threshold": conventions.net_share_min,
    }
    if kept <= 0:
        return judged(SubstitutionTest.NET_SAVING, is_met=False, code=Because.SAVES_NOTHING, numbers=numbers)
    is_met = kept >= conventions.net_share_min
    return judged(
        SubstitutionTest.NET_SAVING,
        is_met=is_met,
        code=Because.SAVES if is_met else Because.SAVES_TOO_LITTLE,
        numbers=numbers,
    )
