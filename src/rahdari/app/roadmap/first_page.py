"""The answer on one page: what to push, how far it carries, what would have to be true, and how sure that is."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from rahdari.app.roadmap.cells import amount, figure, number, words
from rahdari.app.roadmap.headline import built_usd, is_adding, is_met, products_of, sentence
from rahdari.app.roadmap.report import Block, Fact, Facts, Grid, Heading, Paragraph, Points
from rahdari.app.roadmap.run import Findings, traded
from rahdari.app.roadmap.sureness import is_sampled, sureness
from rahdari.trade.rules.answers import Answer
from rahdari.trade.rules.paths import Goal

PUSHED_MAX: Final = 4
_ACRES: Final = "need_land_acres"
REASONS_MAX: Final = 2
# Below this part of the gain the plan's own mines and works are not what makes the few so few.
BUILT_SHARE_MIN: Final = 0.2
# Two sources differ by some per cent; a part that is larger than the whole by more is a slip of the plan.
SURELY_MORE: Final = 1.1


def first_page(found: Findings) -> tuple[Block, ...]:
    """Answer as a minister reads it; every number with its unit, year and source beside it."""
    tongue = found.tongue
    return (
        Paragraph(sentence(found), is_strong=True),
        _facts(found),
        Heading(tongue.say("first.push")),
        *_push(found),
        *_true(found),
        Heading(tongue.say("first.sure")),
        Points(tuple(sureness(found))),
    )


def _true(found: Findings) -> tuple[Block, ...]:
    """Say what the market's part would take; a target that is met takes nothing."""
    if is_met(found.plan.market_goal):
        return ()
    wanted = found.tongue.usd(found.plan.asks.target.market_wanted_usd)
    heading = found.tongue.say("first.true", wanted=wanted, market=found.named(found.scope.market))
    return Heading(heading), Points(tuple(_conditions(found)))


def _facts(found: Findings) -> Facts:
    tongue, target, source = found.tongue, found.plan.asks.target, found.book.source
    now = traded(found.book, found.scope)
    national, carried = found.find("national"), figure(found.find("potential"), "supposed_usd")
    growth, market_growth = (
        tongue.say("first.is_met")
        if is_met(goal)
        else tongue.say(
            "first.a_year", growth=tongue.percent(figure(national, f"{which}_growth_share_per_year") or 0.0)
        )
        for which, goal in (("all", found.plan.goal), ("market", found.plan.market_goal))
    )
    facts = [
        Fact(growth, _needed(found, found.plan.goal, "needed"), target.source),
        Fact(market_growth, _needed(found, found.plan.market_goal, "needed_market"), target.market_source),
        Fact(
            tongue.usd(now),
            tongue.say(
                "first.now_more" if now > SURELY_MORE * target.market_usd else "first.now",
                products=products_of(found),
                year=str(found.scope.years[-1]),
                share=tongue.percent(min(now / target.market_usd, 1.0)),
                stated=tongue.usd(target.market_usd),
                first=str(target.market_year),
            ),
            f"{source.name} {source.release}",
        ),
    ]
    if carried is not None and found.plan.levers.pulled:
        facts.append(Fact(tongue.usd(carried), tongue.say("first.carried"), tongue.say("first.supposed")))
    return Facts(tuple(facts))


def _needed(found: Findings, goal: Goal, key: str) -> str:
    """Say from what to what a target leads; one that is met leads nowhere."""
    tongue = found.tongue
    told = {
        "start": tongue.usd(goal.start_usd),
        "first": str(goal.start_year),
        "end": tongue.usd(goal.target_usd),
        "last": str(goal.target_year),
    }
    if is_met(goal):
        return tongue.say("first.met_what", **told)
    return tongue.say(f"first.{key}", market=found.named(found.scope.market), **told)


def _push(found: Findings) -> tuple[Block, ...]:
    tongue, selected = found.tongue, found.find("select")
    if selected is None:
        missing = found.missing.get("select")
        why = missing.words if missing else tongue.say("page.not_asked")
        return (Paragraph(tongue.say("first.no_choice", why=why), is_strong=True),)
    chosen = selected.table.filter(pl.col("is_chosen"))
    reasons = _reasons(found)
    rows = tuple(
        (
            f"{words(tongue, row['product_name'])} ({row['product_code']})",
            amount(tongue, row["gain_usd"]),
            *((number(tongue, row[_ACRES]),) if _ACRES in row else ()),
            reasons.get(str(row["product_code"]), "")
            if row["origin"] == "potential"
            else tongue.say(f"origin_brief.{row['origin']}"),
        )
        for row in chosen.head(PUSHED_MAX).iter_rows(named=True)
    )
    source = found.book.source
    key = "first.gains" if is_adding(found) else "first.gains_static"
    caption = tongue.say(key, source=source.name, release=source.release)
    caption += tongue.say("first.gains_sample") if is_sampled(found) else ""
    names = ("product", "gain", "acres", "why") if _ACRES in chosen.columns else ("product", "gain", "why")
    headings = tuple(tongue.say(f"column.{name}") for name in names)
    told = (_few(found, selected), *(_supposed(found, chosen) or _rest(found, selected)), *_summed(found))
    return (
        Paragraph(tongue.joined(told)),
        Grid(caption, headings, rows, frozenset(range(1, len(names) - 1))),
    )


def _few(found: Findings, selected: Answer) -> str:
    tongue = found.tongue
    few, gain = int(figure(selected, "fewest") or 0), figure(selected, "gain_usd") or 0.0
    brought = float(selected.tables["fewest"]["gain_usd"].sum())
    return tongue.say(
        "first.few",
        few=tongue.count(few),
        wanted=tongue.percent(figure(selected, "share") or 0.0),
        candidates=tongue.count(figure(selected, "candidates") or 0),
        share=tongue.percent(brought / gain if gain > 0 else figure(selected, "share") or 0.0),
        gain=tongue.usd(gain),
        chosen=tongue.count(figure(selected, "chosen") or 0),
    )


def _rest(found: Findings, selected: Answer) -> tuple[str, ...]:
    """Say what the products bring together that are chosen beside the few."""
    tongue = found.tongue
    few, chosen = (int(figure(selected, name) or 0) for name in ("fewest", "chosen"))
    rest = (figure(selected, "gain_usd") or 0.0) - float(selected.tables["fewest"]["gain_usd"].sum())
    if chosen <= few or rest <= 0:
        return ()
    return (tongue.say("first.few_rest", others=tongue.count(chosen - few), rest=tongue.usd(rest)),)


def _summed(found: Findings) -> tuple[str, ...]:
    """Say how the gains stand to what is sold today: they add nothing, or do not sum with it."""
    tongue, carried = found.tongue, figure(found.find("potential"), "supposed_usd")
    if not is_adding(found):
        return (tongue.say("first.static_choice"),)
    if carried is None or not found.plan.levers.pulled:
        return ()
    return (tongue.say("first.not_sum", carried=tongue.usd(carried)),)


def _supposed(found: Findings, chosen: pl.DataFrame) -> tuple[str, ...]:
    """Say how much of the gain lies in what the plan supposes to be built, and what all the rest brings."""
    tongue, gain = found.tongue, float(chosen["gain_usd"].sum())
    potential = chosen.filter(pl.col("origin") == "potential")
    codes = potential["product_code"].to_list()
    capacity = [
        one for one in found.plan.levers.capacity if any(code.startswith(one.product) for code in codes)
    ]
    if gain <= 0 or not capacity:
        return ()
    is_own = (pl.col("origin") == "potential") & pl.any_horizontal(
        pl.col("product_code").str.starts_with(one.product) for one in capacity
    )
    own, others = chosen.filter(is_own), chosen.filter(~is_own)
    of_own = float(own["gain_usd"].sum())
    # Of their gain, what easier trade and lower tariffs add is there without anything built; and no more is there
    # than is built.
    built = min(built_usd(found), of_own, sum(one.value_usd for one in capacity))
    if built / gain < BUILT_SHARE_MIN:
        return ()
    names: dict[str, str] = {one.code: one.name for one in found.book.products(found.scope.level)}
    what = tongue.listed(
        tongue.say(
            "first.capacity",
            name=words(tongue, names.get(one.product, one.product)),
            amount=tongue.usd(one.value_usd),
        )
        for one in capacity
    )
    told = {"share": tongue.percent(of_own / gain), "what": what, "built": tongue.usd(built)}
    if others.is_empty():
        return (tongue.say("first.built_none", **told),)
    rest = tongue.usd(gain - of_own)
    counted = {"count": tongue.count(len(own)), "others": tongue.count(len(others))}
    return (tongue.say("first.built", rest=rest, **counted, **told),)


def _conditions(found: Findings) -> list[str]:
    tongue, target, potential = found.tongue, found.plan.asks.target, found.find("potential")
    told = []
    if found.part_usd > 0:
        rest = max(target.market_wanted_usd - found.part_usd, 0.0)
        told.append(tongue.say("first.part", part=tongue.usd(found.part_usd), rest=tongue.usd(rest)))
    if potential is not None and "target" in potential.tables:
        told.append(_routes(found, potential))
    return [*told, tongue.say("first.static")]


def _routes(found: Findings, potential: Answer) -> str:
    """Say which single lever would close what is missing, and which would not."""
    tongue, missing = found.tongue, figure(potential, "gap_usd") or 0.0
    if missing <= 0:
        return tongue.say("first.gap_closed")
    gap = tongue.usd(missing)
    rows = list(potential.tables["target"].iter_rows(named=True))
    closing = [
        _route(found, str(row["route"]), value) for row in rows if (value := row["needed_value"]) is not None
    ]
    short = [_short(found, row) for row in rows if row["needed_value"] is None]
    apart = tongue.say("units.semicolon")
    if not closing:
        return tongue.say("first.gap_none", gap=gap, routes=apart.join(short))
    told = [tongue.say("first.gap", gap=gap, routes=apart.join(closing))]
    if short:
        told.append(tongue.say("first.gap_not", routes=apart.join(short)))
    return tongue.joined(told)


def _route(found: Findings, route: str, value: float) -> str:
    tongue = found.tongue
    written = tongue.percent(value) if route == "ease_quantile" else tongue.times(value)
    return tongue.say(f"first.route_{route}", value=written, **_sides(found))


def _short(found: Findings, row: Mapping[str, object]) -> str:
    reached = amount(found.tongue, row["reached_usd"])
    return found.tongue.say(f"first.short_{row['route']}", reached=reached, **_sides(found))


def _sides(found: Findings) -> dict[str, str]:
    return {"market": found.named(found.scope.market), "exporter": found.named(found.scope.exporter)}


def _reasons(found: Findings) -> dict[str, str]:
    potential, tongue = found.find("potential"), found.tongue
    if potential is None:
        return {}
    reasons = potential.tables["reasons"]
    # Why to push: what speaks for a product, and only where nothing does, what makes its potential small.
    speaking = reasons.filter(pl.col("value") > pl.col("neutral"))
    others = reasons.join(speaking, on="product_code", how="anti")
    told: dict[str, list[str]] = {}
    for code, why in pl.concat([speaking, others]).select("product_code", "why").iter_rows():
        told.setdefault(code, []).append(tongue.why(why))
    apart = tongue.say("units.semicolon")
    return {code: apart.join(listing[:REASONS_MAX]) for code, listing in told.items()}
