"""The chapters of what could be made at home: refined instead of shipped raw, made instead of imported."""

import polars as pl

from rahdari.app.charts import ladder_steps
from rahdari.app.roadmap.cells import amount, captioned, figure, grid, number, pictured, words
from rahdari.app.roadmap.report import Block, Paragraph
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.tongue import Tongue
from rahdari.app.trade_words import words_of
from rahdari.trade.rules.answers import Answer

# Two prices of one chain are the least that shows what a step is worth.
PRICED_TIERS_MIN = 2


def ladder(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the steps of which something could be measured; the rest is one sentence."""
    tongue = found.tongue
    steps = answer.table.filter(pl.col("uplift_ratio").is_not_null())
    whole, chains = len(answer.table), tongue.count(figure(answer, "chains") or 0)
    if steps.is_empty():
        tiers = tongue.count(figure(answer, "tiers_without_data") or 0)
        told = tongue.say("ladder.none", steps=tongue.count(whole), chains=chains, tiers=tiers)
        return (Paragraph(told, is_strong=True),)
    said = [
        tongue.say("ladder.told", measured=tongue.count(len(steps)), steps=tongue.count(whole), chains=chains)
    ]
    if len(steps) < whole:
        said.append(tongue.say("ladder.rest", rest=tongue.count(whole - len(steps))))
    table = grid(
        tongue,
        steps,
        tongue.say("ladder.table"),
        (
            ("ladder", "chain", words),
            ("from_tier", "from", words),
            ("to_tier", "to", words),
            ("uplift_ratio", "times_value", number),
            ("net_usd_per_raw_tonne", "net_a_tonne", number),
            ("extra_net_value_usd", "net_gain", amount),
        ),
    )
    return (Paragraph(tongue.joined(said)), *_prices(found, answer), table)


def _prices(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Draw the prices of the chains that have two or more: one alone is compared with nothing."""
    priced = answer.tables["tiers"].filter(pl.col("unit_value_usd_per_kg").is_not_null())
    chains = priced.filter(pl.len().over("ladder") >= PRICED_TIERS_MIN)
    if chains.is_empty():
        return ()
    caption = captioned(found, "ladder.prices")
    return (pictured(found, lambda: ladder_steps(chains, labels=found.tongue.labels), caption),)


def substitute(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write what is imported, and the verdicts where there are any."""
    tongue = found.tongue
    counted = {name: int(figure(answer, name) or 0) for name in ("accepted", "rejected", "open")}
    is_open = counted["accepted"] + counted["rejected"] == 0
    told = {name: tongue.count(value) for name, value in counted.items()}
    key = "substitute.all_open" if is_open else "substitute.told"
    said = tongue.say(key, imports=tongue.usd(figure(answer, "imports_usd") or 0), **told)
    verdicts = () if is_open else (("verdict", "verdict", _verdict),)
    columns = (("product_name", "product", words), ("imports_value_usd", "imports", amount), *verdicts)
    return (
        Paragraph(tongue.joined((said, tongue.say("substitute.net")))),
        grid(tongue, answer.table, tongue.say("substitute.table"), columns, rows=6),
    )


def _verdict(tongue: Tongue, value: object) -> str:
    return words_of("verdict", str(value), tongue.language)
