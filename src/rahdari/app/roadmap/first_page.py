"""The answer on one page: what to push, how far it carries, what would have to be true, and how sure that is."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from rahdari.app.roadmap.cells import NAME_CHARACTERS_MAX, amount, figure, listed, number, words
from rahdari.app.roadmap.numbers import count, percent, times, usd
from rahdari.app.roadmap.report import Block, Fact, Facts, Grid, Heading, Paragraph, Points
from rahdari.app.roadmap.run import Findings, traded
from rahdari.app.roadmap.words import BRIEF
from rahdari.trade.rules.answers import Answer

PUSHED_MAX: Final = 6
# A book of fewer products holds a part of trade alone, and its gains answer for that part.
WHOLE_TRADE_PRODUCTS_MIN: Final = 4_000


def first_page(found: Findings) -> tuple[Block, ...]:
    """Answer as a minister reads it; every number with its unit, year and source beside it."""
    return (
        Paragraph(_sentence(found), is_strong=True),
        _facts(found),
        Heading("What to push"),
        *_push(found),
        Heading(
            f"What would have to be true for {usd(found.plan.asks.target.market_wanted_usd)} to the market"
        ),
        Points(tuple(_conditions(found))),
        Heading("How sure we are"),
        Points(tuple(_odds(found))),
    )


def _sentence(found: Findings) -> str:
    target = found.plan.asks.target
    reached = figure(found.find("national"), "all_reached_share")
    windows = count(figure(found.find("national"), "reference_windows") or 0)
    seldom = (
        f": {percent(reached)} of {windows} published decades of other countries did it"
        if reached is not None
        else ""
    )
    largest = figure(found.find("national"), "market_largest_multiple")
    asked = target.market_wanted_usd / target.market_usd
    beyond = (
        f", more than any published decade of exports ({times(largest)})"
        if largest is not None and asked > largest
        else ""
    )
    carried = figure(found.find("potential"), "supposed_usd")
    carries = (
        f" With every lever of this plan pulled, these {_products(found)} products carry {usd(carried)} a year to "
        f"{_market(found)}."
        if carried is not None
        else ""
    )
    return (
        f"{usd(target.wanted_usd)} in {target.years} years is rare but has been done{seldom}. "
        f"{usd(target.market_wanted_usd)} to {_market(found)} asks for {times(asked)} of today's{beyond}.{carries}"
    )


def _facts(found: Findings) -> Facts:
    target, source = found.plan.asks.target, found.book.source
    now = traded(found.book, found.scope)
    national, potential = found.find("national"), found.find("potential")
    year = found.scope.years[-1]
    facts = [
        Fact(
            f"{percent(figure(national, 'all_growth_share_per_year') or 0.0)} a year",
            f"needed from {usd(target.exports_usd)} ({target.year}) to {usd(target.wanted_usd)} "
            f"({target.year + target.years})",
            target.source,
        ),
        Fact(
            f"{percent(figure(national, 'market_growth_share_per_year') or 0.0)} a year",
            f"needed from {usd(target.market_usd)} ({target.market_year}) to {usd(target.market_wanted_usd)} in "
            f"{_market(found)}",
            target.market_source,
        ),
        Fact(
            usd(now),
            f"of that are these {_products(found)} products ({year}): "
            f"{percent(min(now / target.market_usd, 1.0))} of what is sold there",
            f"{source.name} {source.release}",
        ),
    ]
    carried = figure(potential, "supposed_usd")
    if carried is not None:
        facts.append(
            Fact(usd(carried), "a year in these products with all levers pulled", "this plan's suppositions")
        )
    return Facts(tuple(facts))


def _push(found: Findings) -> tuple[Block, ...]:
    selected = found.find("select")
    if selected is None:
        why = found.missing["select"].why if "select" in found.missing else "the question was not asked"
        return (Paragraph(f"No choice could be made: {why}.", is_strong=True),)
    chosen = selected.table.filter(pl.col("is_chosen"))
    few, gain = figure(selected, "fewest") or 0, figure(selected, "gain_usd") or 0.0
    reasons = _reasons(found.find("potential"))
    rows = tuple(
        (
            f"{words(row['product_name'])} ({row['product_code']})",
            amount(row["gain_usd"]),
            number(row.get("need_land_acres")),
            reasons.get(str(row["product_code"]), "")
            if row["origin"] == "potential"
            else _origin(row["origin"]),
        )
        for row in chosen.head(PUSHED_MAX).iter_rows(named=True)
    )
    told = (
        f"{count(few)} of {count(figure(selected, 'candidates') or 0)} candidates bring "
        f"{percent(figure(selected, 'share') or 0)} "
        f"of the {usd(gain)} a year that the limits allow; the best choice takes {len(chosen)} of them."
    )
    return (
        Paragraph(f"{told} {_supposed(found)}".strip()),
        Grid(
            f"Gains a year beside today's, {found.book.source.name} {found.book.source.release}"
            + ("; what they take is a SAMPLE" if found.plan.needs.is_sample else ""),
            ("product", "gain a year", "acres", "why"),
            rows,
            frozenset({1, 2}),
        ),
    )


def _supposed(found: Findings) -> str:
    """Say how much of the gain is what the plan supposes to be built."""
    potential = found.find("potential")
    if potential is None or not found.plan.levers.capacity:
        return ""
    levers = potential.tables["levers"]
    built = levers.filter(pl.col("step") == "capacity")["joint_usd"].sum()
    names: dict[str, str] = {one.code: one.name for one in found.book.products(found.scope.level)}
    what = listed(
        f"{words(names.get(one.product, one.product))}, {usd(one.value_usd)}"
        for one in found.plan.levers.capacity
    )
    return (
        f"Of what the levers add, {usd(float(built))} is new capacity that the plan supposes "
        f"({what}): it is there only "
        "if somebody builds it."
    )


def _conditions(found: Findings) -> list[str]:
    target, potential = found.plan.asks.target, found.find("potential")
    told = []
    if found.part_usd > 0:
        told.append(
            f"These products' part of the target is {usd(found.part_usd)}, if all exports there grow "
            f"alike; the other "
            f"{usd(max(target.market_wanted_usd - found.part_usd, 0.0))} has to come from products "
            f"that are not in these data."
        )
    if potential is not None and "target" in potential.tables:
        gap = figure(potential, "gap_usd") or 0.0
        routes = "; ".join(_route(row, found) for row in potential.tables["target"].iter_rows(named=True))
        told.append(
            f"After all levers {usd(gap)} of that part is still missing. What would close it, one of "
            f"them alone: {routes}."
        )
    told.append(
        "Static potential only re-allocates: without growth, lower tariffs, easier trade or new "
        "capacity its sum is "
        "today's trade, so no list of products by itself reaches a target."
    )
    return told


def _route(row: Mapping[str, object], found: Findings) -> str:
    value = row["needed_value"]
    if not isinstance(value, float):
        reached = amount(row["reached_usd"])
        what = _ROUTES[str(row["route"])].format(who=_exporter(found), market=_market(found))
        return f"not {what}, which leads to {reached} at most"
    if row["route"] == "ease_quantile":
        return (
            f"trade with {_market(found)} as easy as for the exporter that {percent(value)} of all "
            f"do not surpass"
        )
    if row["route"] == "market_imports":
        return f"{_market(found)} buying {times(value)} as much of everything"
    return f"{_exporter(found)} able to supply {times(value)} as much of everything it exports"


_ROUTES: Final = {
    "ease_quantile": "easier trade",
    "market_imports": "what {market} buys",
    "capacity": "what {who} can supply",
}


def _odds(found: Findings) -> list[str]:
    national, path = found.find("national"), found.find("path")
    told = _published(found, national) if national is not None else []
    reached = figure(path, "reached_share")
    if path is not None and reached is not None:
        told.append(
            f"Of {count(figure(path, 'windows') or 0)} windows of {found.plan.asks.target.years} "
            f"years in which somebody "
            f"sold these products to {_market(found)}, {percent(reached)} reached "
            f"{times(figure(path, 'multiple') or 0)} "
            f"({percent(figure(path, 'reached_low_share') or 0)} to "
            f"{percent(figure(path, 'reached_high_share') or 0)}), "
            f"in decades in which {_market(found)} began to buy raw materials from the world."
        )
        best = figure(path, "own_best_multiple")
        if best is not None:
            told.append(
                f"{_exporter(found)}'s own best decade there began in "
                f"{count(figure(path, 'own_best_start_year') or 0).replace(',', '')}: "
                f"{times(best)}."
            )
    if found.plan.needs.is_sample:
        told.append(
            "Land, capital, power and skills are sample coefficients; replace them before believing the choice."
        )
    return told


def _published(found: Findings, national: Answer) -> list[str]:
    reached = figure(national, "all_reached_share")
    low, high = figure(national, "all_percentile_low"), figure(national, "all_percentile_high")
    if low is None and high is None:
        return [
            "The published base rate is of ten-year windows; this plan has another horizon and no place in it."
        ]
    where = (
        f"between the {count(low or 0)}th and the {count(high)}th percentile"
        if high is not None
        else f"above the {count(low or 0)}th percentile, the highest published"
    )
    share = (
        f", {percent(reached)} of which reached {times(figure(national, 'all_multiple') or 0)}"
        if reached is not None
        else ""
    )
    first, last = (int(figure(national, f"reference_{end}_year") or 0) for end in ("first", "last"))
    return [
        f"The whole target lies {where} of {count(figure(national, 'reference_windows') or 0)} ten-year windows "
        f"({count(figure(national, 'reference_countries') or 0)} countries, manufactured goods, money of the day, "
        f"{first} to {last}){share}; the middle decade reached "
        f"{times(figure(national, 'reference_median_multiple') or 0)}."
        + (" Pakistan is not among them." if found.scope.exporter == "PAK" else "")
    ]


def _reasons(potential: Answer | None) -> dict[str, str]:
    if potential is None:
        return {}
    told: dict[str, list[str]] = {}
    for code, why in potential.tables["reasons"].select("product_code", "why").iter_rows():
        if why in BRIEF:
            told.setdefault(code, []).append(BRIEF[why])
    return {code: "; ".join(listing[:2])[: 2 * NAME_CHARACTERS_MAX] for code, listing in told.items()}


def _origin(origin: object) -> str:
    return {"relocate": "it is leaving the donor", "ladder": "refined at home instead of shipped raw"}.get(
        str(origin), str(origin)
    )


def _products(found: Findings) -> str:
    return count(len(found.book.products(found.scope.level)))


def _named(found: Findings, code: str) -> str:
    return next((one.name for one in found.book.countries if one.code == code), code)


def _market(found: Findings) -> str:
    return _named(found, found.scope.market)


def _exporter(found: Findings) -> str:
    return _named(found, found.scope.exporter)
