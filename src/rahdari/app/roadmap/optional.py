"""The chapters that stand where the plan names what they take: another tariff, beginnings, both reports."""

import polars as pl

from rahdari.app.roadmap.cells import amount, figure, grid, number, share, whole, words, year
from rahdari.app.roadmap.cells import tariff as rate
from rahdari.app.roadmap.report import Block, Paragraph
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.tongue import NOTHING
from rahdari.trade.rules.answers import Answer


def tariff(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write what the other tariff would create, divert and cost."""
    tongue, asked = found.tongue, found.plan.asks.tariffs
    told = {
        name: tongue.usd(figure(answer, key) or 0)
        for name, key in (
            ("gain", "exporter_gain_usd"),
            ("before", "exporter_before_usd"),
            ("creation", "creation_usd"),
            ("diverted", "moved_usd"),
            ("revenue", "revenue_change_usd"),
            ("welfare", "welfare_usd"),
        )
    }
    said = [tongue.say("tariff.told", **told)]
    if asked is not None and asked.after is not None:
        said.append(tongue.say("tariff.from_schedules", before=asked.today, after=asked.after))
    elif asked is not None:
        prefix = tongue.say("tariff.prefix", prefix=asked.prefix) if asked.prefix else ""
        percent = tongue.percent(asked.rate_percent / 100.0)
        said.append(tongue.say("tariff.from_rate", before=asked.today, rate=percent, prefix=prefix))
    origins = answer.tables["origins"]
    shown = pl.concat([origins.head(5), origins.tail(5)]).unique(maintain_order=True)
    return (
        Paragraph(tongue.joined(said)),
        grid(
            tongue,
            answer.table,
            tongue.say("tariff.table"),
            (
                ("product_name", "product", words),
                ("imports_usd", "sold_there", amount),
                ("tariff_before_percent", "tariff_before", rate),
                ("tariff_after_percent", "tariff_after", rate),
                ("creation_usd", "creation", amount),
                ("diversion_usd", "diversion", amount),
            ),
        ),
        grid(
            tongue,
            shown,
            tongue.say("tariff.origins"),
            (
                ("exporter_name", "country", words),
                ("imports_usd", "sold_there", amount),
                ("gain_usd", "gain", amount),
                ("revenue_change_usd", "revenue", amount),
                ("welfare_usd", "welfare", amount),
            ),
        ),
    )


def diversify(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write what the exporter does not sell competitively yet, in its order."""
    tongue = found.tongue
    counted = {name: tongue.count(figure(answer, name) or 0) for name in ("candidates", "barred")}
    return (
        Paragraph(tongue.say("diversify.told", **counted)),
        grid(
            tongue,
            answer.table,
            tongue.say("diversify.table"),
            (
                ("rank", "rank", number),
                ("product_name", "product", words),
                ("score_index", "index", number),
                ("density_share", "nearness", share),
                ("pci", "complexity", number),
            ),
        ),
    )


def mirror(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write what both sides report of the same trade, and where they differ most."""
    tongue, asked = found.tongue, found.plan.asks.mirror
    first, last = (int(figure(answer, f"{end}_year") or 0) for end in ("first", "last"))
    ratio = figure(answer, "ratio")
    told = tongue.say(
        "mirror.told",
        years=f"{first}\u2013{last}" if first < last else str(first),
        sold=tongue.usd(figure(answer, "exporter_usd") or 0),
        bought=tongue.usd(figure(answer, "importer_usd") or 0),
        ratio=NOTHING if ratio is None else tongue.times(ratio),
        freight=tongue.times(1.0 + (asked.freight_share if asked else 0.0)),
    )
    by_year = answer.tables["totals"].group_by("year").agg(
        pl.col("exporter_usd", "importer_usd").sum(),
        (pl.col("exporter_usd").sum() - pl.col("importer_usd").sum()).alias("gap_usd"),
    )  # fmt: skip
    sides = (
        ("exporter_usd", "exporter_says", amount),
        ("importer_usd", "importer_says", amount),
        ("gap_usd", "gap", amount),
    )
    return (
        Paragraph(told),
        grid(
            tongue,
            by_year.sort("year"),
            tongue.say("mirror.totals"),
            (("year", "year", year), *sides),
            rows=20,
        ),
        grid(
            tongue,
            answer.table,
            tongue.say("mirror.table"),
            (("product_code", "code", whole), ("year", "year", year), *sides, ("ratio", "ratio", number)),
        ),
    )
