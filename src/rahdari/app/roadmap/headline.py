"""The first paragraph of the first page: how rare the target is, and how far the plan's levers carry."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from rahdari.app.roadmap.cells import figure
from rahdari.app.roadmap.run import Findings, traded
from rahdari.trade.rules.answers import Answer
from rahdari.trade.rules.paths import Goal, Standing

# Fewer than one decade in ten went so far.
RARE_PERCENTILE: Final = 90.0
# A difference below a thousandth is not told.
_SEEN: Final = 1e-3


def sentence(found: Findings) -> str:
    """Say how rare the whole target is, what the market's part asks for, and how far the levers carry."""
    return found.tongue.joined((_whole(found), _market(found), *_carried(found)))


def is_met(goal: Goal) -> bool:
    """Tell whether a target asks for no more than there is."""
    return goal.standing is Standing.ALREADY_MET


def is_adding(found: Findings) -> bool:
    """Tell whether the plan supposes anything that adds to trade; all else only shares it out anew."""
    return bool(found.plan.levers.pulled) or found.plan.asks.terms.growth is not None


def built_usd(found: Findings) -> float:
    """Give what the supposed capacity adds in the market, in dollars a year."""
    potential = found.find("potential")
    if potential is None or not found.plan.levers.capacity:
        return 0.0
    return float(potential.tables["levers"].filter(pl.col("step") == "capacity")["joint_usd"].sum())


def products_of(found: Findings) -> str:
    """Count the products of the data."""
    return found.tongue.count(len(found.book.products(found.scope.level)))


def _whole(found: Findings) -> str:
    tongue, goal, national = found.tongue, found.plan.goal, found.find("national")
    wanted, start = tongue.usd(goal.target_usd), tongue.usd(goal.start_usd)
    if is_met(goal):
        return tongue.say("first.met", wanted=wanted, start=start, year=str(goal.start_year))
    asked = {"wanted": wanted, "years": str(goal.years), "multiple": tongue.times(goal.multiple)}
    low, high = (figure(national, f"all_percentile_{end}") for end in ("low", "high"))
    if national is None or (low is None and high is None):
        growth = tongue.percent((goal.multiple ** (1.0 / goal.years)) - 1.0)
        return tongue.say("first.asks", growth=growth, **asked)
    return _placed(found, national, asked, (low or 0.0, high))


def _placed(
    found: Findings, national: Answer, asked: dict[str, str], ends: tuple[float, float | None]
) -> str:
    """Word where the target lies among published decades by what they show, and by nothing else."""
    tongue, (low, high) = found.tongue, ends
    largest = figure(national, "all_largest_multiple")
    seen = {
        "windows": tongue.count(figure(national, "reference_windows") or 0),
        "countries": tongue.count(figure(national, "reference_countries") or 0),
    }
    if largest is not None and found.plan.goal.multiple > largest:
        return tongue.say("first.never", largest=tongue.times(largest), **seen, **asked)
    if low >= RARE_PERCENTILE:
        reached = figure(national, "all_reached_share")
        seldom = (
            tongue.say("first.seldom_above", low=tongue.count(low), countries=seen["countries"])
            if reached is None
            else tongue.say("first.seldom", reached=tongue.percent(reached), **seen)
        )
        return tongue.say("first.rare", wanted=asked["wanted"], years=asked["years"], seldom=seldom)
    median = tongue.times(figure(national, "reference_median_multiple") or 0)
    if low > 0 and high is not None:
        return tongue.say("first.above_middle", median=median, high=tongue.count(high), **seen, **asked)
    return tongue.say("first.below_middle", median=median, **seen, **asked)


def _market(found: Findings) -> str:
    tongue, goal = found.tongue, found.plan.market_goal
    told = {"wanted": tongue.usd(goal.target_usd), "market": found.named(found.scope.market)}
    if is_met(goal):
        return tongue.say(
            "first.market_met", start=tongue.usd(goal.start_usd), year=str(goal.start_year), **told
        )
    return tongue.say("first.market", asked=tongue.times(goal.multiple), beyond=_beyond(found), **told)


def _beyond(found: Findings) -> str:
    tongue, national = found.tongue, found.find("national")
    decade, largest = (figure(national, f"market_{name}_multiple") for name in ("decade", "largest"))
    if decade is None or largest is None or decade <= largest:
        return ""
    years = int(figure(national, "reference_years") or 0)
    if years == found.plan.market_goal.years:
        return tongue.say("first.beyond", largest=tongue.times(largest))
    return tongue.say(
        "first.beyond_pace", years=str(years), decade=tongue.times(decade), largest=tongue.times(largest)
    )


def _carried(found: Findings) -> Iterator[str]:
    """Say how far the levers carry, from what to what, and how much of it is yet to be built."""
    tongue, potential = found.tongue, found.find("potential")
    carried = figure(potential, "supposed_usd")
    if carried is None:
        return
    now = figure(potential, "traded_usd") or 0.0
    told = {"products": products_of(found), "market": found.named(found.scope.market)}
    if not is_adding(found):
        yield tongue.say("first.no_levers", traded=tongue.usd(now), **told)
        return
    part = ""
    if found.part_usd > 0:
        part = tongue.say("first.carries_part", share=tongue.percent(carried / found.part_usd))
    key = "first.carries" if found.plan.levers.pulled else "first.carries_terms"
    yield tongue.say(key, carried=tongue.usd(carried), part=part, **told)
    if found.plan.levers.pulled:
        yield _reconciled(found, now, figure(potential, "potential_usd") or 0.0, carried)
    built = built_usd(found)
    if built > 0:
        yield tongue.say("first.carries_built", built=tongue.usd(built))


def _reconciled(found: Findings, now: float, start: float, carried: float) -> str:
    """Say how today's trade and what the levers add make the whole: the three are read beside one another."""
    tongue, terms = found.tongue, ""
    if abs(now - start) > _SEEN * max(now, start):
        # Without terms, only what the exporter itself buys more of than it sells is left out.
        is_cut = not found.plan.asks.terms.is_any
        terms = (
            tongue.say("first.reconciled_less", cut=tongue.usd(now - start))
            if is_cut
            else tongue.say("first.reconciled_terms", start=tongue.usd(start))
        )
    added = tongue.usd(carried - start)
    return tongue.say(
        "first.reconciled", traded=tongue.usd(traded(found.book, found.scope)), terms=terms, added=added
    )
