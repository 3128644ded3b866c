"""The evidence: a chapter a question, with its table, its picture, and what to read it with."""

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from rahdari.app.charts import Chart, lever_steps, lorenz_curve, market_bars, product_space
from rahdari.app.roadmap.cells import (
    amount,
    captioned,
    figure,
    grid,
    missing,
    notes,
    number,
    pictured,
    share,
    whole,
    words,
)
from rahdari.app.roadmap.chances import national, past, path
from rahdari.app.roadmap.choosing import choice
from rahdari.app.roadmap.making import ladder, substitute
from rahdari.app.roadmap.optional import diversify, mirror, tariff
from rahdari.app.roadmap.report import Block, Chapter, Paragraph
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.tongue import Tongue
from rahdari.app.roadmap_charts import neighbourhood_of
from rahdari.trade.rules.answers import Answer

Write = Callable[[Findings, Answer], tuple[Block, ...]]


def chapters(found: Findings) -> tuple[Chapter, ...]:
    """Write every question's chapter; one without an answer says why, one that was not asked is left out."""
    tongue, written = found.tongue, []
    for question, write in _CHAPTERS.items():
        answer = found.find(question)
        if answer is not None:
            blocks = (*write(found, answer), *notes(tongue, answer))
        elif question in found.missing:
            blocks = missing(tongue, found.missing[question])
        else:
            continue
        written.append(Chapter(question, tongue.say(f"chapter.{question}"), blocks))
    return (*written, Chapter("limits", tongue.say("chapter.limits"), _limits(found)))


def _screen(found: Findings, answer: Answer) -> tuple[Block, ...]:
    tongue = found.tongue
    return (
        Paragraph(
            tongue.say(
                "screen.told",
                imports=tongue.usd(figure(answer, "market_imports_usd") or 0),
                share=tongue.percent(figure(answer, "market_share") or 0),
                few=tongue.count(figure(answer, "products_for_most_exports") or 0),
                traded=tongue.count(figure(answer, "exported_products") or 0),
                few_share=tongue.percent(figure(answer, "few_share") or 0),
                index=number(tongue, figure(answer, "complementarity_index")),
            )
        ),
        pictured(
            found,
            lambda: lorenz_curve(answer.tables["exports_lorenz"], labels=tongue.labels),
            captioned(found, "screen.lorenz", answer),
        ),
        grid(
            tongue,
            answer.table,
            tongue.say("screen.table", years=_years(answer)),
            (
                ("product_name", "product", words),
                ("market_imports_value_usd", "market_buys", amount),
                ("market_growth_share_per_year", "growth", share),
                ("sold_value_usd", "sold_there", amount),
                ("exports_value_usd", "sold_to_all", amount),
                ("rca_ratio", "advantage", number),
            ),
        ),
    )


def _complexity(found: Findings, answer: Answer) -> tuple[Block, ...]:
    tongue = found.tongue
    told = {
        name: tongue.count(figure(answer, key) or 0)
        for name, key in (
            ("countries", "countries"),
            ("rank", "eci_rank"),
            ("diversity", "diversity"),
            ("products", "products"),
        )
    }
    return (
        _space(found, answer),
        Paragraph(tongue.say("complexity.told", **told)),
        grid(
            tongue,
            answer.table.filter(~pl.col("is_present")),
            tongue.say("complexity.table"),
            (
                ("product_name", "product", words),
                ("density_share", "nearness", share),
                ("pci", "complexity", number),
                ("cog", "opens", number),
            ),
        ),
    )


def _space(found: Findings, answer: Answer) -> Block:
    """Draw the product space: of many products those that the world trades most, as the page does."""
    tongue = found.tongue
    near = neighbourhood_of(found.book, found.scope)
    selected = found.find("select")
    chosen = [] if selected is None else selected.table.filter(pl.col("is_chosen"))["product_code"].to_list()
    products = found.book.products(answer.scope.level)
    names: dict[str, str] = {one.code: tongue.product(one.name) for one in products}
    caption = captioned(found, "complexity.space", answer)
    drawn = len(near.space.codes)
    if drawn < near.products:
        told = tongue.say("complexity.space_part", drawn=tongue.count(drawn), all=tongue.count(near.products))
        caption = tongue.joined((caption, told))
    return pictured(
        found,
        lambda: product_space(
            near.space,
            present=near.present,
            chosen=set(chosen) & set(near.space.codes),
            sizes_usd=near.sizes_usd,
            names=names,
            labels=tongue.labels,
        ),
        caption,
    )


def _potential(found: Findings, answer: Answer) -> tuple[Block, ...]:
    tongue, is_pulled = found.tongue, bool(found.plan.levers.pulled)
    return (
        Paragraph(_static(found, answer)),
        *_steps(found, answer),
        pictured(found, lambda: _markets(found, answer), captioned(found, "potential.markets", answer)),
        grid(
            tongue,
            answer.table,
            tongue.say("potential.table" if is_pulled else "potential.table_static"),
            (
                ("product_name", "product", words),
                ("potential_usd", "potential", amount),
                ("actual_usd", "sold_mean", amount),
                ("untapped_usd", "untapped", amount),
                *((("gain_usd", "levers_add", amount),) if is_pulled else ()),
            ),
        ),
        grid(
            tongue,
            _reasons(tongue, answer),
            tongue.say("potential.why"),
            (("product_name", "product", words), ("why", "reasons", whole)),
            rows=6,
        ),
    )


def _steps(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Draw what each lever adds, from today's trade on; without levers there is nothing to draw."""
    if not found.plan.levers.pulled:
        return ()

    def draw() -> Chart:
        traded = figure(answer, "traded_usd")
        return lever_steps(answer.tables["levers"], traded_usd=traded, labels=found.tongue.labels)

    return (pictured(found, draw, captioned(found, "potential.steps", answer)),)


def _markets(found: Findings, answer: Answer) -> Chart:
    tongue, table = found.tongue, answer.tables["markets"]
    named = zip(table["importer_code"].to_list(), table["importer_name"].to_list(), strict=True)
    markets = table.with_columns(
        pl.Series("name", [tongue.country(code, name or code) for code, name in named], dtype=pl.String)
    ).rename({"importer_code": "code", "potential_usd": "value_usd"})
    title = tongue.say("potential.by_market")
    return market_bars(markets, title=title, mine=found.scope.market, labels=tongue.labels)


def _relocate(found: Findings, answer: Answer) -> tuple[Block, ...]:
    tongue = found.tongue
    return (
        Paragraph(
            tongue.say(
                "relocate.told",
                products=tongue.count(figure(answer, "products") or 0),
                eligible=tongue.count(figure(answer, "eligible") or 0),
                donor=found.named(str(answer.figures.get("donor"))),
                vacated=tongue.usd(figure(answer, "vacated_usd") or 0),
                expected=tongue.usd(figure(answer, "expected_usd") or 0),
            )
        ),
        grid(
            tongue,
            answer.table,
            tongue.say("relocate.table"),
            (
                ("product_name", "product", words),
                ("vacated_value_usd", "given_up", amount),
                ("host_chance_share", "chance", share),
                ("score_usd", "expected", amount),
                ("largest_takers", "takers", _takers),
            ),
            rows=8,
        ),
    )


def _static(found: Findings, answer: Answer) -> str:
    tongue = found.tongue
    told = [tongue.say("potential.static", traded=tongue.usd(figure(answer, "traded_usd") or 0))]
    start = tongue.usd(figure(answer, "potential_usd") or 0)
    if found.plan.asks.terms.is_any:
        told.append(tongue.say("potential.termed", termed=start))
    elif found.plan.asks.levers.net_importer:
        told.append(tongue.say("potential.free", free=start))
    key = "potential.levers" if found.plan.levers.pulled else "potential.no_levers"
    return tongue.joined((*told, tongue.say(key)))


def _reasons(tongue: Tongue, answer: Answer) -> pl.DataFrame:
    """Put each product's strongest reasons into one cell, products in the order of the answer."""
    told = answer.tables["reasons"].filter(pl.col("place") <= 3)
    worded = told.with_columns(pl.col("why").map_elements(tongue.why, return_dtype=pl.String))
    return worded.group_by("product_code", "product_name", maintain_order=True).agg(
        pl.col("why").str.join(tongue.say("units.semicolon"))
    )


def _takers(tongue: Tongue, told: object) -> str:
    """Write ``IND:0.162 LAO:0.066`` with per cents, the first three."""
    pairs = [one.partition(":") for one in str(told or "").split()]
    return tongue.say("units.comma").join(
        f"{name} {tongue.percent(float(gain))}" for name, _, gain in pairs[:3]
    )


def _limits(found: Findings) -> tuple[Block, ...]:
    tongue, source = found.tongue, found.book.source
    products = len(found.book.products(found.scope.level))
    told = [
        tongue.say(
            "limits.source",
            attribution=source.attribution,
            products=tongue.count(products),
            level=found.scope.level.value.upper(),
        ),
        *(tongue.say(f"limits.{name}") for name in ("comtrade", "levers", "base", "outside")),
    ]
    if found.not_asked:
        what = tongue.listed(tongue.say(f"limits.{name}") for name in found.not_asked)
        told.append(tongue.say("limits.not_asked", what=what))
    return tuple(Paragraph(text) for text in told)


def _years(answer: Answer) -> str:
    years = answer.scope.years
    return f"{years[0]}\u2013{years[-1]}" if len(years) > 1 else str(years[0])


_CHAPTERS: Final[Mapping[str, Write]] = {
    "screen": _screen,
    "complexity": _complexity,
    "potential": _potential,
    "tariff": tariff,
    "relocate": _relocate,
    "diversify": diversify,
    "ladder": ladder,
    "substitute": substitute,
    "select": choice,
    "national": national,
    "path": path,
    "past": past,
    "mirror": mirror,
}
