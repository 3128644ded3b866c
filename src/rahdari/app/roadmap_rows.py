"""The ranked table of a roadmap's page: each product with what it may bring, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rahdari.trade.rules.answers import Answer

# Whoever reads on takes the file; a page of 5,000 products is read by nobody.
ROWS_MAX: Final = 25
REASONS_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One product: amounts in dollars a year, reasons as codes with the strongest first.

    ``is_chosen`` is None where there was nothing to choose from. ``cost_low_usd`` tells by how much a choice with
    it is worse at least, ``scarcest`` which limit it would pay most for.
    """

    code: str
    name: str
    gain_usd: float
    potential_usd: float
    actual_usd: float
    is_chosen: bool | None
    reasons: tuple[str, ...]
    scarcest: str


def rank(potential: Answer, choice: Answer | None) -> tuple[Row, ...]:
    """Rank what is chosen before what is not, each by gain; without a choice, by gain alone."""
    reasons = _reasons(potential.tables["reasons"])
    chosen = {} if choice is None else _chosen(choice.table)
    column = "gain_usd" if "gain_usd" in potential.table.columns else "untapped_usd"
    table = potential.table.select(
        "product_code", "product_name", pl.col(column).alias("gain"), "potential_usd", "actual_usd"
    )
    rows = [
        Row(
            code=code,
            name=name or code,
            gain_usd=gain,
            potential_usd=could,
            actual_usd=did,
            is_chosen=chosen[code][0] if code in chosen else None,
            reasons=reasons.get(code, ()),
            scarcest=chosen[code][1] if code in chosen else "",
        )
        for code, name, gain, could, did in table.iter_rows()
        # What gains too little to be a candidate is in the files.
        if choice is None or code in chosen
    ]
    rows.sort(key=lambda row: (row.is_chosen is not True, -row.gain_usd, row.code))
    return tuple(rows[:ROWS_MAX])


def _chosen(table: pl.DataFrame) -> dict[str, tuple[bool, str]]:
    told = table.select("product_code", "is_chosen", "scarcest_limit").iter_rows()
    return {code: (is_chosen, scarcest or "") for code, is_chosen, scarcest in told}


def _reasons(table: pl.DataFrame) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, why in table.select("product_code", "why").iter_rows():
        found.setdefault(code, []).append(why)
    return {code: tuple(whys[:REASONS_MAX]) for code, whys in found.items()}
