"""The evidence: a chapter a question, with its table, its picture, and what to read it with."""

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from rahdari.app.charts import (
    Space,
    ladder_steps,
    lever_steps,
    lorenz_curve,
    market_bars,
    product_space,
)
from rahdari.app.roadmap.cells import (
    amount,
    figure,
    grid,
    missing,
    notes,
    number,
    share,
    source_of,
    whole,
    words,
)
from rahdari.app.roadmap.chances import national, past, path
from rahdari.app.roadmap.choosing import choice
from rahdari.app.roadmap.numbers import count, percent, usd
from rahdari.app.roadmap.report import Block, Chapter, Paragraph, Picture
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.words import BRIEF, REASONS
from rahdari.trade.rules.answers import Answer
from rahdari.trade.service.complexity import measured

Write = Callable[[Findings, Answer], tuple[Block, ...]]


def chapters(found: Findings) -> tuple[Chapter, ...]:
    """Write every question's chapter; one without an answer says why."""
    written = []
    for question, (title, write) in _CHAPTERS.items():
        answer = found.find(question)
        if answer is not None:
            blocks = (*write(found, answer), *notes(answer))
        elif question in found.missing:
            blocks = missing(found.missing[question])
        else:
            continue
        written.append(Chapter(question, title, blocks))
    return (*written, Chapter("limits", "What this report cannot tell", _limits(found)))


def _screen(found: Findings, answer: Answer) -> tuple[Block, ...]:
    few, traded = figure(answer, "products_for_most_exports"), figure(answer, "exported_products")
    return (
        Paragraph(
            f"The market buys {usd(figure(answer, 'market_imports_usd') or 0)} of these products a year, "
            f"{percent(figure(answer, 'market_share') or 0)} of it from the exporter. {count(few or 0)} of "
            f"{count(traded or 0)} exported products give {percent(figure(answer, 'few_share') or 0)} "
            f"of the exports; "
            f"complementarity is {number(figure(answer, 'complementarity_index'))} of 100."
        ),
        Picture(
            lorenz_curve(answer.tables["exports_lorenz"]),
            "How few products make the exports of today. " + source_of(found),
        ),
        grid(
            answer.table,
            f"What the market buys and the exporter sells, means of {_years(answer)}.",
            (
                ("product_name", "product", words),
                ("market_imports_value_usd", "market buys", amount),
                ("market_growth_share_per_year", "growth a year", share),
                ("sold_value_usd", "sold there", amount),
                ("exports_value_usd", "sold to all", amount),
                ("rca_ratio", "advantage", number),
            ),
        ),
    )


def _complexity(found: Findings, answer: Answer) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = (
        Paragraph(
            f"Among {count(figure(answer, 'countries') or 0)} countries the exporter is number "
            f"{count(figure(answer, 'eci_rank') or 0)} by complexity within these products; it has an advantage in "
            f"{count(figure(answer, 'diversity') or 0)} of {count(figure(answer, 'products') or 0)}. "
            f"Near products are "
            "those that countries like it export already."
        ),
        grid(
            answer.table.filter(~pl.col("is_present")),
            "Nearest products without an advantage yet.",
            (
                ("product_name", "product", words),
                ("density_share", "nearness", share),
                ("pci", "complexity", number),
                ("cog", "opens", number),
            ),
        ),
    )
    return (_space(found, answer), *blocks)


def _space(found: Findings, answer: Answer) -> Picture:
    told = measured(found.book, answer.scope)
    selected = found.find("select")
    chosen = [] if selected is None else selected.table.filter(pl.col("is_chosen"))["product_code"].to_list()
    present = answer.table.filter(pl.col("is_present"))["product_code"].to_list()
    exports = found.book.exports(answer.scope.years, answer.scope.level)
    sizes = dict(zip(exports.columns, exports.values.sum(axis=0).tolist(), strict=True))
    names: dict[str, str] = {one.code: one.name for one in found.book.products(answer.scope.level)}
    picture = product_space(
        Space(told.products, told.proximity()),
        present=set(present),
        chosen=set(chosen) & set(told.products),
        sizes_usd=sizes,
        names=names,
    )  # fmt: skip
    return Picture(
        picture,
        "The product space: products that the same countries export lie near one another. Size is world trade. "
        + source_of(found),
    )


def _potential(found: Findings, answer: Answer) -> tuple[Block, ...]:
    blocks: list[Block] = [
        Paragraph(_static(found, answer)),
        Picture(
            lever_steps(answer.tables["levers"]),
            "What each lever adds in the market, its mean over every order (Shapley). " + source_of(found),
        ),
        grid(
            answer.table,
            "Potential in the market with all levers.",
            (
                ("product_name", "product", words),
                ("potential_usd", "potential", amount),
                ("actual_usd", "sold, 5-year mean", amount),
                ("untapped_usd", "untapped", amount),
                ("gain_usd", "levers add", amount),
            ),
        ),
        grid(
            _reasons(answer),
            "Why: the strongest terms of each product's potential, the strongest first.",
            (("product_name", "product", words), ("why", "reasons", whole)),
            rows=6,
        ),
    ]
    markets = answer.tables["markets"].rename(
        {"importer_code": "code", "importer_name": "name", "potential_usd": "value_usd"}
    )
    blocks.insert(
        2,
        Picture(
            market_bars(markets, title="Potential by market", mine=found.scope.market),
            "Potential by market, ranked. No map: boundaries are disputed, and a drawn border takes a side. "
            + source_of(found),
        ),
    )
    return tuple(blocks)


def _relocate(found: Findings, answer: Answer) -> tuple[Block, ...]:
    return (
        Paragraph(
            f"Of {count(figure(answer, 'products') or 0)} products, "
            f"{count(figure(answer, 'eligible') or 0)} pass every test "
            f"that could be made. {_donor(found, answer)} gives up "
            f"{usd(figure(answer, 'vacated_usd') or 0)} a year; the "
            f"exporter may expect {usd(figure(answer, 'expected_usd') or 0)} of it."
        ),
        grid(
            answer.table.with_columns(pl.col("largest_takers").map_elements(_takers, return_dtype=pl.String)),
            "What leaves the donor, best for the host first.",
            (
                ("product_name", "product", words),
                ("vacated_value_usd", "given up", amount),
                ("host_chance_share", "host's chance", share),
                ("score_usd", "expected", amount),
                ("largest_takers", "who took it, share of the world", whole),
            ),
            rows=8,
        ),
    )


def _ladder(found: Findings, answer: Answer) -> tuple[Block, ...]:
    steps = answer.table.filter(pl.col("uplift_ratio").is_not_null())
    tiers = answer.tables["tiers"].filter(pl.col("unit_value_usd_per_kg").is_not_null())
    blocks: list[Block] = []
    if steps.is_empty():
        blocks.append(
            Paragraph(
                f"No step could be measured: of {count(figure(answer, 'steps') or 0)} steps in "
                f"{count(figure(answer, 'chains') or 0)} chains the refined stage is not among the "
                f"products of these data. "
                "`rahdari trade pull baci` fetches all products; then this chapter answers.",
                is_strong=True,
            )
        )
    if not tiers.is_empty():
        blocks.append(
            Picture(
                ladder_steps(tiers), "World price of the stages that these data hold. " + source_of(found)
            )
        )
    blocks.append(
        grid(
            answer.table if steps.is_empty() else steps,
            "Steps from raw to refined.",
            (
                ("ladder", "chain", words),
                ("from_tier", "from", words),
                ("to_tier", "to", words),
                ("uplift_ratio", "times the value", number),
                ("net_usd_per_raw_tonne", "net USD a tonne", number),
                ("extra_net_value_usd", "net gain", amount),
            ),
            rows=8,
        )
    )
    return tuple(blocks)


def _substitute(_: Findings, answer: Answer) -> tuple[Block, ...]:
    return (
        Paragraph(
            f"{usd(figure(answer, 'imports_usd') or 0)} of these products is imported a year. Accepted: "
            f"{count(figure(answer, 'accepted') or 0)}, rejected: "
            f"{count(figure(answer, 'rejected') or 0)}, open for want of "
            f"knowledge: {count(figure(answer, 'open') or 0)}. What an assembled product saves is "
            f"only the part that is not "
            "imported for it."
        ),
        grid(
            answer.table,
            "Imports, the largest first.",
            (
                ("product_name", "product", words),
                ("imports_value_usd", "imports", amount),
                ("verdict", "verdict", words),
            ),
            rows=6,
        ),
    )


def _static(found: Findings, answer: Answer) -> str:
    traded = usd(figure(answer, "traded_usd") or 0)
    told = (
        f"Static potential re-allocates and adds nothing: what is traded is {traded}, and so is the sum of static "
        "potential."
    )
    if found.plan.asks.levers.net_importer:
        free = usd(figure(answer, "potential_usd") or 0)
        told += f" Counting only what is free to export, it is {free}, from where the levers start."
    return f"{told} Whatever is above comes from levers, and each lever is a supposition."


def _reasons(answer: Answer) -> pl.DataFrame:
    """Put each product's strongest reasons into one cell, products in the order of the answer."""
    told = answer.tables["reasons"].filter(pl.col("place") <= 3)
    worded = told.with_columns(pl.col("why").replace({**REASONS, **BRIEF}))
    return worded.group_by("product_code", "product_name", maintain_order=True).agg(
        pl.col("why").str.join("; ")
    )


def _takers(told: str) -> str:
    """Write ``IND:0.162 LAO:0.066`` with per cents, the first three."""
    pairs = [one.partition(":") for one in told.split()]
    return ", ".join(f"{name} {percent(float(gain))}" for name, _, gain in pairs[:3])


def _donor(found: Findings, answer: Answer) -> str:
    code = answer.figures.get("donor")
    return next((one.name for one in found.book.countries if one.code == code), str(code))


def _limits(found: Findings) -> tuple[Block, ...]:
    source = found.book.source
    products = len(found.book.products(found.scope.level))
    told = [
        (
            f"{source.attribution}. It holds {count(products)} products at {found.scope.level}; whatever else "
            "is exported is not in it."
        ),
        (
            "Comtrade's figures, as a country reports them, and BACI's, reconciled with its partners', are not "
            "the same; shares of one in the other are rough."
        ),
        (
            "Every lever is a supposition of the plan. The report says what follows from it, not whether "
            "it will be pulled."
        ),
        "A base rate says how often it was done, not why. A policy that was never tried is in no window.",
        "Mines, quality, standards, transport and politics are in no number here.",
    ]
    return tuple(Paragraph(text) for text in told)


def _years(answer: Answer) -> str:
    years = answer.scope.years
    return f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])


_CHAPTERS: Final[Mapping[str, tuple[str, Write]]] = {
    "screen": ("What is traded today", _screen),
    "complexity": ("What lies near to what is made today", _complexity),
    "potential": ("What could be sold, and what the levers add", _potential),
    "relocate": ("What is leaving the donor", _relocate),
    "ladder": ("Refining instead of shipping raw", _ladder),
    "substitute": ("Making instead of importing", _substitute),
    "select": ("The choice under the limits", choice),
    "national": ("The path to the target, and its base rate", national),
    "path": ("The path of these products", path),
    "past": ("Would the scores have told?", past),
}
