"""From what is shipped raw to what could be made of it: each step's worth per tonne, and what stands in its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from rahdari.trade.errors import BadParameter, Ground
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Scope
from rahdari.trade.rules.ladders import Climb, Ladder, LadderConventions, LadderTrade, climb
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.complexity import ComplexityWish, find_pci


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderWish:
    """Which chains, by their ids; none named means all that are given.

    ``shipped_kg``: the exporter's own weight by code, where it is known. ``tariff_percent``: what the market asks
    of the exporter, by code. ``window_years``: amounts and unit values are means over so many years.
    """

    chains: tuple[str, ...] = ()
    window_years: int = 3
    shipped_kg: Mapping[str, float] = field(default_factory=dict)
    tariff_percent: Mapping[str, float] = field(default_factory=dict)
    conventions: LadderConventions = field(default_factory=LadderConventions)
    complexity: ComplexityWish = field(default_factory=ComplexityWish)


USUAL = LadderWish()


def ask_ladder(book: FlowBook, scope: Scope, ladders: Sequence[Ladder], wish: LadderWish = USUAL) -> Answer:
    """Read the ladders for what the exporter ships raw today.

    Raises:
        BadParameter: a chain is not among the ladders, or ladders of another revision than the book's.
    """
    asking = Asking(book, scope).over(wish.window_years)
    chosen = _chosen(ladders, wish, asking)
    trade = _trade(asking, wish)
    read = [climb(one, exporter=scope.exporter, market=scope.market, trade=trade, conventions=wish.conventions)
            for one in chosen]  # fmt: skip
    tiers = pl.concat([one.to_frame() for one in read], how="vertical_relaxed")
    steps = pl.concat([one.steps_frame() for one in read], how="vertical_relaxed")
    told = Found(
        table=steps.sort("extra_net_value_usd", descending=True, nulls_last=True, maintain_order=True),
        tables={"tiers": tiers, "findings": _findings(read)},
        figures={
            "chains": len(read),
            "steps": len(steps),
            "steps_measured": int(steps["uplift_ratio"].is_not_null().sum()),
            "tiers_without_data": sum(not tier.codes for one in read for tier in one.tiers),
        },
        notes=_notes(read),
    )
    return asking.answer("ladder", wish, told)


def _chosen(ladders: Sequence[Ladder], wish: LadderWish, asking: Asking) -> list[Ladder]:
    known = {one.id: one for one in ladders}
    for name in wish.chains:
        if name not in known:
            raise BadParameter(f"there is no chain {name[:40]!r}; there are {', '.join(sorted(known))}")
    chosen = [one for one in ladders if not wish.chains or one.id in wish.chains]
    other = [one for one in chosen if one.revision is not asking.book.source.revision]
    if other or not chosen:
        named = f"the chain {other[0].id} by {other[0].revision}" if other else "and no chain is given"
        raise BadParameter(
            f"the flows are coded by {asking.book.source.revision}, {named}: codes of two revisions do not mean "
            "the same",
            ground=Ground.OTHER_REVISION,
            values={"revision": asking.book.source.revision},
        )
    return chosen


def _trade(asking: Asking, wish: LadderWish) -> LadderTrade:
    book, scope = asking.book, asking.scope
    years, level = scope.years, scope.level
    return LadderTrade(
        exports=book.exports(years, level),
        imports=book.imports(years, level),
        weighed=book.quantities(years, level),
        bought=book.bought_by(scope.market, years, level),
        complexity=find_pci(asking, wish.complexity),
        tariff_percent=wish.tariff_percent,
        shipped_kg=wish.shipped_kg,
    )


def _findings(read: Sequence[Climb]) -> pl.DataFrame:
    rows = [
        (one.ladder.id, step.step.lower, step.step.upper, found.test, found.outcome.value, found.code.value)
        for one in read
        for step in one.steps
        for found in step.findings
    ]
    names = ("ladder", "from_tier", "to_tier", "test", "outcome", "why")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _notes(read: Sequence[Climb]) -> tuple[Note, ...]:
    notes = []
    samples = sum(step.step.is_sample for one in read for step in one.steps)
    if samples:
        notes.append(Note("sample_yields", {"steps": samples}))
    blind = sum(not tier.codes for one in read for tier in one.tiers)
    if blind:
        notes.append(Note("tiers_without_data", {"tiers": blind}))
    if any(step.is_volume_estimated for one in read for step in one.steps):
        notes.append(Note("volume_estimated"))
    return tuple(notes)
