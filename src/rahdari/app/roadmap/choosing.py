"""The chapter of the choice: what is chosen, what is not and why, and what a scarce resource is worth."""

from collections.abc import Mapping

import polars as pl

from rahdari.app.charts import pareto_front
from rahdari.app.roadmap.cells import amount, figure, grid, number, share, source_of, whole, words
from rahdari.app.roadmap.numbers import count, percent, usd
from rahdari.app.roadmap.report import Block, Heading, Paragraph, Picture
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.words import ORIGINS, RESOURCES
from rahdari.trade.rules.answers import Answer


def choice(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the chapter."""
    blocks: list[Block] = [
        Paragraph(
            f"Chosen are {count(figure(answer, 'chosen') or 0)} of "
            f"{count(figure(answer, 'candidates') or 0)} candidates for "
            f"{usd(figure(answer, 'gain_usd') or 0)} a year; no choice within the limits brings more than "
            f"{usd(figure(answer, 'bound_usd') or 0)}. Choosing greedily would lose "
            f"{share(figure(answer, 'greedy_loss_share'))}. "
            f"{percent(figure(answer, 'share') or 0)} of the gain takes "
            f"{count(figure(answer, 'fewest') or 0)} products, "
            f"{percent(figure(answer, 'fewest_share_of_candidates') or 0)} of the candidates: found, not assumed."
        )
    ]
    if "front" in answer.tables and len(answer.tables["front"]):
        blocks.append(
            Picture(
                pareto_front(answer.tables["front"]),
                "What each further product adds, best choice for each number. " + source_of(found),
            )
        )
    origin = pl.col("origin").replace(dict(ORIGINS))
    blocks += [
        grid(
            answer.table.filter(pl.col("is_chosen")).with_columns(origin),
            "Chosen.",
            (
                ("product_name", "product", words),
                ("origin", "gain from", whole),
                ("gain_usd", "gain a year", amount),
            ),
            rows=12,
        ),
        grid(
            _why_not(answer),
            "Not chosen, the largest gains first.",
            (
                ("product_name", "product", words),
                ("gain_usd", "gain a year", amount),
                ("why", "what stands in its way", whole),
            ),
            rows=6,
        ),
        grid(
            _prices(answer),
            "What there is, what is used, and what one unit more would bring.",
            (
                ("resource", "resource", words),
                ("budget", "there is", whole),
                ("used", "used", whole),
                ("worth", "one more brings", whole),
            ),
        ),
        Heading("How sure the choice is"),
        Paragraph(
            f"With supposed shocks the choice brings its goal of "
            f"{usd(figure(answer, 'target_usd') or 0)} with a chance of "
            f"{share(figure(answer, 'target_probability_share'))}; the worst twentieth of the draws brings "
            f"{amount(figure(answer, 'worst_twentieth_mean_usd'))} on the mean."
        ),
    ]
    return tuple(blocks)


def _why_not(answer: Answer) -> pl.DataFrame:
    """Say what each that is not chosen lacks: more of a resource than there is at all, else the scarcest limit."""
    left = answer.table.filter(~pl.col("is_chosen"))
    budgets = dict(answer.tables["limits"].select("resource", "budget").iter_rows())
    told = [_lack(row, budgets) for row in left.iter_rows(named=True)]
    return left.with_columns(pl.Series("why", told, dtype=pl.String))


def _lack(row: Mapping[str, object], budgets: Mapping[str, float]) -> str:
    for resource, budget in budgets.items():
        need = row.get(f"need_{resource}")
        if isinstance(need, float) and need > budget:
            return f"alone needs {number(need)} of {number(budget)}: {RESOURCES.get(resource, resource)}"
    limit = str(row.get("scarcest_limit") or "").split(" ")
    named = limit[1] if len(limit) > 1 else ""
    return (
        f"others bring more for: {RESOURCES.get(named, named)}"
        if named
        else "another way to the same gain is chosen"
    )


def _prices(answer: Answer) -> pl.DataFrame:
    """Write each resource in its own unit."""
    rows = [
        (
            RESOURCES.get(name, name),
            *((amount if name.endswith("_usd") else number)(value) for value in (budget, used)),
            f"{usd(worth)} a year",
        )
        for name, budget, used, worth in answer.tables["prices"]
        .select("resource", "budget", "used", "usd_per_unit")
        .iter_rows()
    ]
    names = ("resource", "budget", "used", "worth")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
