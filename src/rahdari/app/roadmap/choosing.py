"""The chapter of the choice: what is chosen, what is not and why, and what a scarce resource is worth."""

from collections.abc import Mapping

import polars as pl

from rahdari.app.charts import pareto_front
from rahdari.app.roadmap.cells import amount, captioned, figure, grid, number, pictured, share, whole, words
from rahdari.app.roadmap.headline import is_adding
from rahdari.app.roadmap.report import Block, Heading, Paragraph
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.tongue import Tongue
from rahdari.trade.rules.answers import Answer
from rahdari.trade.rules.choice import LimitKind


def choice(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the chapter."""
    tongue = found.tongue
    front = answer.tables.get("front")
    picture = (
        (
            pictured(
                found,
                lambda: pareto_front(front, labels=tongue.labels),
                captioned(found, "select.front", answer),
            ),
        )
        if front is not None and len(front)
        else ()
    )
    return (
        Paragraph(_told(tongue, answer)),
        *(() if is_adding(found) else (Paragraph(tongue.say("first.static_choice"), is_strong=True),)),
        *picture,
        *_tables(tongue, answer),
        Heading(tongue.say("select.sure")),
        Paragraph(
            tongue.say(
                "select.odds",
                target=tongue.usd(figure(answer, "target_usd") or 0),
                chance=share(tongue, figure(answer, "target_probability_share")),
                worst=amount(tongue, figure(answer, "worst_twentieth_mean_usd")),
            )
        ),
    )


def _told(tongue: Tongue, answer: Answer) -> str:
    return tongue.say(
        "select.told",
        chosen=tongue.count(figure(answer, "chosen") or 0),
        candidates=tongue.count(figure(answer, "candidates") or 0),
        gain=tongue.usd(figure(answer, "gain_usd") or 0),
        bound=tongue.usd(figure(answer, "bound_usd") or 0),
        loss=share(tongue, figure(answer, "greedy_loss_share")),
        share=tongue.percent(figure(answer, "share") or 0),
        few=tongue.count(figure(answer, "fewest") or 0),
        part=tongue.percent(figure(answer, "fewest_share_of_candidates") or 0),
    )


def _tables(tongue: Tongue, answer: Answer) -> tuple[Block, ...]:
    return (
        grid(
            tongue,
            answer.table.filter(pl.col("is_chosen")),
            tongue.say("select.chosen"),
            (
                ("product_name", "product", words),
                ("origin", "gain_from", _origin),
                ("gain_usd", "gain", amount),
            ),
            rows=12,
        ),
        grid(
            tongue,
            _why_not(tongue, answer),
            tongue.say("select.left"),
            (("product_name", "product", words), ("gain_usd", "gain", amount), ("why", "in_the_way", whole)),
            rows=6,
        ),
        grid(
            tongue,
            _prices(tongue, answer),
            tongue.say("select.prices"),
            (
                ("resource", "resource", words),
                ("budget", "there_is", whole),
                ("used", "used", whole),
                ("worth", "one_more", whole),
            ),
        ),
    )


def _origin(tongue: Tongue, value: object) -> str:
    key = f"origin.{value}"
    return tongue.say(key) if tongue.has(key) else str(value)


def resource_words(tongue: Tongue, name: str) -> str:
    """Name a resource; one of the plan's own keeps its name."""
    key = f"resource.{name}"
    return tongue.say(key) if tongue.has(key) else name


def _why_not(tongue: Tongue, answer: Answer) -> pl.DataFrame:
    """Say what each that is not chosen lacks: more of a resource than there is at all, else the scarcest limit."""
    left = answer.table.filter(~pl.col("is_chosen"))
    budgets = dict(answer.tables["limits"].select("resource", "budget").iter_rows())
    told = [_lack(tongue, row, budgets) for row in left.iter_rows(named=True)]
    return left.with_columns(pl.Series("why", told, dtype=pl.String))


def _lack(tongue: Tongue, row: Mapping[str, object], budgets: Mapping[str, float]) -> str:
    for resource, budget in budgets.items():
        need = row.get(f"need_{resource}")
        if isinstance(need, float) and need > budget:
            named = resource_words(tongue, resource)
            told = {"need": number(tongue, need), "budget": number(tongue, budget)}
            return tongue.say("select.needs_alone", resource=named, **told)
    limit = str(row.get("scarcest_limit") or "").split(" ")
    if len(limit) > 1 and limit[1] and limit[0] != LimitKind.VARIANTS:
        return tongue.say("select.outbid", resource=resource_words(tongue, limit[1]))
    return tongue.say("select.variant")


def _prices(tongue: Tongue, answer: Answer) -> pl.DataFrame:
    """Write each resource in its own unit."""
    rows = [
        (
            resource_words(tongue, name),
            *((amount if name.endswith("_usd") else number)(tongue, value) for value in (budget, used)),
            tongue.say("select.a_year", amount=tongue.usd(worth)),
        )
        for name, budget, used, worth in answer.tables["prices"]
        .select("resource", "budget", "used", "usd_per_unit")
        .iter_rows()
    ]
    names = ("resource", "budget", "used", "worth")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
