"""The fewest products that give most of what can be had within the limits: found, proven, and questioned."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.choice import (
    Choice,
    Effort,
    Fewest,
    Limit,
    LimitKind,
    Limits,
    Menu,
    Odds,
    Shocks,
    WhyNot,
    choose,
    choose_greedily,
    concentration_of,
    draw_gains,
    draw_totals,
    explain_absence,
    explain_absences,
    find_fewest,
    find_prices,
    find_robust,
    loss_share,
    shut_out,
    trace_front,
)
from rahdari.trade.rules.ladders import Ladder
from rahdari.trade.rules.potential.conventions import Terms
from rahdari.trade.service.absent import explain_no_candidate
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.given import given_notes
from rahdari.trade.service.ladder import LadderWish, ask_ladder
from rahdari.trade.service.menus import Offer, Origin, climbed, menu_of, relocated, untapped
from rahdari.trade.service.needs import SAMPLE_NEEDS, Budgets, Needs
from rahdari.trade.service.potential import PotentialWish, ask_potential, laid
from rahdari.trade.service.relocate import RelocateWish, ask_relocate

SMALL_BUDGET = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectWish:
    """From which gains to choose, within which limits, and how much work the proofs are worth.

    Attributes:
        origins: where candidates come from.
        potential, relocate, ladder: how each of them is asked. Goods that the exporter itself buys more of than it
            sells are scaled down unless ``potential`` says otherwise: nobody pushes oil that it imports.
        needs: what gains take of resources; the sample carries a note in every answer.
        budgets: what there is of each resource; ``limits`` holds all other limits, and its own budgets come on top.
        after: candidates without all of which another cannot be, by its name (prerequisites).
        share: "the 80 per cent" whose fewest products are sought.
        target_usd: a gain whose odds are told; None takes ``share`` of what is attainable.
        effort: gap and seconds of each proof.
        front_points, draws, redraws: how finely front, odds and robustness are drawn; 0 leaves them out.
        seed: of the draws.
    """

    origins: tuple[Origin, ...] = tuple(Origin)
    potential: PotentialWish = field(default_factory=lambda: PotentialWish(terms=Terms(net_importer=True)))
    relocate: RelocateWish = field(default_factory=RelocateWish)
    ladder: LadderWish = field(default_factory=LadderWish)
    needs: Needs = SAMPLE_NEEDS
    budgets: Budgets = field(default_factory=Budgets)
    limits: Limits = field(default_factory=Limits)
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    share: float = 0.8
    target_usd: float | None = None
    shocks: Shocks = field(default_factory=Shocks)
    effort: Effort = field(default_factory=lambda: Effort(seconds_max=10.0))
    front_points: int = 12
    draws: int = 10_000
    redraws: int = 100
    seed: int = 1

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if not self.origins:
            raise BadParameter("name at least one origin of gains: potential, relocate, ladder")
        if min(self.front_points, self.draws, self.redraws, self.seed) < 0:
            raise BadParameter("points, draws and seed are 0 or more")


USUAL = SelectWish()
# Answers by the origin that they were asked for.
Asked = Mapping[Origin, Answer]
_NOT_ASKED: Final[Asked] = MappingProxyType({})


def ask_select(
    book: FlowBook,
    scope: Scope,
    ladders: Sequence[Ladder],
    wish: SelectWish = USUAL,
    *,
    asked: Asked = _NOT_ASKED,
) -> Answer:
    """Choose, prove, price the limits, count the fewest, draw the odds.

    ``asked`` holds answers that are there already: of this very book, scope and wish. The others are asked for.

    Raises:
        Infeasible: no choice keeps the limits; the message names those that contradict one another.
        NothingTraded: there is no gain to choose from.
        BadParameter: a limit or a need that cannot be.
    """
    menu, offers = menu_for(book, scope, ladders, wish, asked=asked)
    best = choose(menu, wish.effort)
    fewest = find_fewest(menu, wish.share, wish.effort, attainable=_attainable(best))
    drawn = _drawn(best, wish) if wish.draws else None
    told = Found(
        table=_table(best, offers),
        tables=_tables(best, fewest, drawn, wish),
        figures=_figures(best, fewest, wish) | (_odds_figures(best, drawn, wish) if drawn else {}),
        notes=(*_given(book, scope, wish), *_notes(best, wish)),
    )
    return Asking(book, scope).answer("select", wish, told)


def ask_why_not(
    book: FlowBook,
    scope: Scope,
    ladders: Sequence[Ladder],
    candidate: str,
    wish: SelectWish = USUAL,
    *,
    asked: Asked = _NOT_ASKED,
) -> WhyNot:
    """Tell why one candidate is not chosen: what it would cost to force it in, and what it would displace.

    A product that is no candidate is answered with the reason for that.

    Raises:
        UnknownTradeProduct: the data hold no such product.
        BadParameter: it is chosen.
        Infeasible, NothingTraded: as ``ask_select``.
    """
    found = _answers(book, scope, ladders, wish, asked)
    offers = _offers(found, ladders, wish)
    absent = explain_no_candidate(book, scope, offers, found, candidate)
    if absent is not None:
        return absent
    menu, _ = menu_of(offers, wish.needs, _limits(wish), after=wish.after)
    return explain_absence(choose(menu, wish.effort), candidate, wish.effort)


def menu_for(
    book: FlowBook,
    scope: Scope,
    ladders: Sequence[Ladder],
    wish: SelectWish,
    *,
    asked: Asked = _NOT_ASKED,
) -> tuple[Menu, dict[str, Offer]]:
    """Gather candidates and limits. Raises as ``ask_select``."""
    found = _answers(book, scope, ladders, wish, asked)
    return menu_of(_offers(found, ladders, wish), wish.needs, _limits(wish), after=wish.after)


def _answers(
    book: FlowBook, scope: Scope, ladders: Sequence[Ladder], wish: SelectWish, asked: Asked
) -> dict[Origin, Answer]:
    asks: Mapping[Origin, Callable[[], Answer]] = {
        Origin.POTENTIAL: lambda: ask_potential(book, scope, wish.potential),
        Origin.RELOCATE: lambda: ask_relocate(book, scope, wish.relocate),
        Origin.LADDER: lambda: ask_ladder(book, scope, ladders, wish.ladder),
    }
    return {one: asked[one] if one in asked else asks[one]() for one in wish.origins}


def _offers(found: Asked, ladders: Sequence[Ladder], wish: SelectWish) -> list[Offer]:
    offers: list[Offer] = []
    if Origin.POTENTIAL in found:
        offers += untapped(found[Origin.POTENTIAL], wish.potential)
    if Origin.RELOCATE in found:
        offers += relocated(found[Origin.RELOCATE])
    if Origin.LADDER in found:
        offers += climbed(found[Origin.LADDER], ladders)
    return offers


def _limits(wish: SelectWish) -> Limits:
    # In the order of their names, so that a manifest that was sorted gives the same tables.
    budgets = dict(sorted({**wish.budgets.amounts, **wish.limits.budgets}.items()))
    return replace(wish.limits, budgets=budgets)


def _given(book: FlowBook, scope: Scope, wish: SelectWish) -> tuple[Note, ...]:
    terms = wish.potential.terms
    if Origin.POTENTIAL not in wish.origins or not (terms.growth or terms.product_distance):
        return ()
    return given_notes(laid(book, scope, wish.potential), wish.potential.distances, wish.potential.files)


def _table(best: Choice, offers: Mapping[str, Offer]) -> pl.DataFrame:
    frame = best.to_frame().drop("product_name").rename({"product_code": "candidate"})
    told = [offers[key] for key in frame["candidate"]]
    why = explain_absences(best).select(
        pl.col("product_code").alias("candidate"), "cost_low_usd", pl.col("scarcest").alias("scarcest_limit")
    )
    origin = pl.Series("origin", [one.origin.value for one in told], dtype=pl.String)
    product = pl.Series("product", [one.product for one in told], dtype=pl.String)
    frame.insert_column(1, origin)
    frame.insert_column(2, product)
    return frame.join(why, on="candidate", how="left", maintain_order="left")


def _tables(best: Choice, fewest: Fewest, drawn: Odds | None, wish: SelectWish) -> dict[str, pl.DataFrame]:
    menu = best.menu
    tables = {
        "fewest": fewest.choice.to_frame().filter(pl.col("is_chosen")).rename({"product_code": "candidate"})
        .drop("product_name"),
        "prices": _prices(best, wish),
        "limits": pl.DataFrame(
            [(name, budget, best.used[name]) for name, budget in menu.limits.budgets.items()],
            schema={"resource": pl.String, "budget": pl.Float64, "used": pl.Float64},
            orient="row",
        ),
    }  # fmt: skip
    if best.gain_usd > 0:
        tables["concentration"] = concentration_of(best).to_frame()
    if wish.front_points:
        front = trace_front(menu, wish.effort, points=wish.front_points, attainable=_attainable(best))
        tables["front"] = front.to_the_end().to_frame()
    if wish.redraws:
        generator = np.random.default_rng(wish.seed)
        gains = draw_gains(menu, generator, shocks=wish.shocks, draws=wish.redraws)
        tables["robustness"] = find_robust(menu, gains).to_frame().rename({"product_code": "candidate"})
    if drawn is not None:
        tables["odds"] = drawn.to_frame()
    return tables


def _attainable(best: Choice) -> Choice | None:
    """Give what is attainable with any number of products, where the choice itself already says so."""
    return best if best.menu.limits.number_max is None else None


def _prices(best: Choice, wish: SelectWish) -> pl.DataFrame:
    # A hundredth of six teams is no team: what comes in small whole numbers is raised by one.
    steps = {name: 1.0 for name, budget in best.menu.limits.budgets.items() if budget < SMALL_BUDGET}
    rows = [
        (
            one.resource,
            one.budget,
            one.used,
            one.relaxed_usd_per_unit,
            one.step,
            one.step_gain_usd,
            one.usd_per_unit,
        )
        for one in find_prices(best.menu, wish.effort, steps=steps, choice=best)
    ]
    names = ("resource", "budget", "used", "relaxed_usd_per_unit", "step", "step_gain_usd", "usd_per_unit")
    schema = {name: pl.String if name == "resource" else pl.Float64 for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _drawn(best: Choice, wish: SelectWish) -> Odds:
    generator = np.random.default_rng(wish.seed)
    return draw_totals(best.menu, best.picks, generator, shocks=wish.shocks, draws=wish.draws)


def _figures(best: Choice, fewest: Fewest, wish: SelectWish) -> dict[str, Number]:
    menu = best.menu
    greedy = choose_greedily(menu)
    return {
        "candidates": len(menu.candidates),
        "chosen": len(best.codes),
        "gain_usd": best.gain_usd,
        "bound_usd": best.bound_usd,
        "gap_share": best.gap,
        "is_proven": best.is_proven,
        "share": wish.share,
        "fewest": fewest.number,
        "fewest_low": fewest.number_low,
        "fewest_share_of_candidates": fewest.number / len(menu.candidates),
        "greedy_loss_share": None if greedy is None else loss_share(greedy, best),
    }


def _odds_figures(best: Choice, drawn: Odds, wish: SelectWish) -> dict[str, Number]:
    target = wish.share * best.gain_usd if wish.target_usd is None else wish.target_usd
    # Nothing reaches a goal of nothing, in every draw: no probability of anything.
    odds = drawn.probability_of(target) if target > 0 else (None, None, None)
    share, low, high = odds
    return {
        "target_usd": target,
        "target_probability_share": share,
        "target_probability_low_share": low,
        "target_probability_high_share": high,
        "worst_twentieth_mean_usd": drawn.tail_mean_usd(),
    }


def _notes(best: Choice, wish: SelectWish) -> tuple[Note, ...]:
    notes = []
    if wish.needs.is_sample or wish.budgets.is_sample:
        notes.append(Note("sample_needs"))
    # Growth adds as a lever does; every other term only moves trade about.
    adds = wish.potential.levers.pulled or wish.potential.terms.growth
    if Origin.POTENTIAL in wish.origins and not adds:
        notes.append(Note("static_gains"))
    if Origin.POTENTIAL in wish.origins and wish.potential.levers.pulled:
        notes.append(Note("gains_above_sales", {"years": wish.potential.actual_years}))
    if not best.codes:
        notes.append(Note("nothing_chosen", {"limits": "; ".join(_in_the_way(best.menu))}))
    if wish.draws and not (best.gain_usd if wish.target_usd is None else wish.target_usd):
        notes.append(Note("no_goal"))
    if not best.is_proven:
        notes.append(Note("not_proven", {"gap_share": best.gap}))
    if wish.draws:
        notes.append(Note("shocks_supposed"))
    return tuple(notes)


def _in_the_way(menu: Menu) -> list[str]:
    """Name the limits each of which shuts out products by itself, the one that shuts out most first."""
    budgets = [Limit(LimitKind.BUDGET, *one) for one in menu.limits.budgets.items()]
    found = Counter({str(one): len(shut_out(menu, [one])) for one in budgets})
    found.update(str(one) for one in shut_out(menu).values() if one not in budgets)
    found.update(f"barred {code}" for code in menu.limits.barred)
    return [name for name, count in found.most_common() if count] or ["caps and minimums together"]
