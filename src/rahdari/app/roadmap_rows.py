"""The ranked table of a roadmap's page: each gain with what it may bring, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rahdari.trade.rules.answers import Answer
from rahdari.trade.service.menus import Origin

# Whoever reads on takes the file; a page of 5,000 products is read by nobody.
ROWS_MAX: Final = 25
REASONS_MAX: Final = 3

Reasons = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a name in the choice stands for: a product, and where its gain comes from."""

    product: str
    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One gain: amounts in dollars a year, None where the potential does not know the product.

    ``candidate`` is its name in the choice. ``reasons`` are codes with their section, the strongest first.
    ``is_chosen`` is None where there was nothing to choose from.
    """

    candidate: str
    code: str
    name: str
    origin: str
    gain_usd: float
    potential_usd: float | None
    actual_usd: float | None
    is_chosen: bool | None
    reasons: Reasons


def rank(answers: Mapping[str, Answer]) -> tuple[Row, ...]:
    """Rank what is chosen before what is not, each by gain; without a choice, the potential by gain alone."""
    potential, choice = answers.get("potential"), answers.get("select")
    if potential is None:
        return ()
    known = _known(potential)
    gains = _potential_gains(potential) if choice is None else _choice_gains(choice)
    gains = sorted(gains, key=lambda one: (one[2] is not True, -one[3], one[0]))[:ROWS_MAX]
    reasons = _reasons(answers)
    return tuple(
        Row(
            candidate=key,
            code=one.product,
            name=one.name,
            origin=one.origin,
            gain_usd=gain,
            potential_usd=known.get(one.product, (None, None))[0],
            actual_usd=known.get(one.product, (None, None))[1],
            is_chosen=is_chosen,
            reasons=reasons.get((one.origin, _subject(key, one)), ()),
        )
        for key, one, is_chosen, gain in gains
    )


def candidates_of(choice: Answer) -> dict[str, Candidate]:
    """Tell what the names in a choice stand for."""
    return {key: one for key, one, _, _ in _choice_gains(choice)}


_Gain = tuple[str, Candidate, bool | None, float]


def _choice_gains(choice: Answer) -> list[_Gain]:
    names = ("candidate", "product_code", "product_name", "origin", "is_chosen", "gain_usd")
    return [
        (key, Candidate(code, name or code, origin), is_chosen, gain)
        for key, code, name, origin, is_chosen, gain in choice.table.select(names).iter_rows()
    ]


def _potential_gains(potential: Answer) -> list[_Gain]:
    column = "gain_usd" if "gain_usd" in potential.table.columns else "untapped_usd"
    return [
        (code, Candidate(code, name or code, Origin.POTENTIAL.value), None, gain)
        for code, name, gain in potential.table.select("product_code", "product_name", column).iter_rows()
    ]


def _known(potential: Answer) -> dict[str, tuple[float, float]]:
    told = potential.table.select("product_code", "potential_usd", "actual_usd")
    return {code: (could, did) for code, could, did in told.iter_rows()}


def _subject(key: str, one: Candidate) -> str:
    """Give what a candidate's reasons are kept under: the step of a ladder, else the product."""
    return key if one.origin == Origin.LADDER.value else one.product


def _reasons(answers: Mapping[str, Answer]) -> dict[tuple[str, str], Reasons]:
    """Gather each origin's reasons: terms of the potential, and tests that a relocation or a step meets."""
    told = {
        origin.value: list(_told(origin, answers[origin.value]))
        for origin in Origin
        if origin.value in answers
    }
    found: dict[tuple[str, str], Reasons] = {}
    for origin, pairs in told.items():
        for subject, reason in pairs:
            have = found.get((origin, subject), ())
            if len(have) < REASONS_MAX and reason not in have:
                found[origin, subject] = (*have, reason)
    return found


def _told(origin: Origin, answer: Answer) -> Iterable[tuple[str, tuple[str, str]]]:
    if origin is Origin.POTENTIAL:
        rows = answer.tables["reasons"].select("product_code", "why").iter_rows()
        return ((code, ("why", why)) for code, why in rows)
    met = answer.tables["findings"].filter(pl.col("outcome") == "met")
    if origin is Origin.RELOCATE:
        rows = met.select("product_code", "step").iter_rows()
        return ((code, ("step", step)) for code, step in rows)
    rows = met.select("ladder", "from_tier", "to_tier", "test").iter_rows()
    return ((f"{ladder}:{low}>{top}", ("test", test)) for ladder, low, top, test in rows)
