"""What an analyst gets back from a question: tables, named figures, and notes that the edges put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl

from rahdari.trade.values import CountryCode, Level, Source

Number: TypeAlias = float | int | str | bool | None
"""A figure. None stands for "not defined for these data", and a note with the figure's name says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a question is about: who sells, where, when, and how finely products are told apart.

    Amounts of "now" are means over ``years``; a question that needs a history takes it from the book.
    """

    exporter: CountryCode
    market: CountryCode
    years: tuple[int, ...]
    level: Level


@dataclass(frozen=True, slots=True)
class Note:
    """A remark with a code that the edges word (``<question>.<code>``), and the numbers or names in it."""

    code: str
    values: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """The answer to one question.

    ``table`` is the one to read first; ``tables`` has others by name. Columns are lower_snake with unit, codes
    first, names beside them. ``figures`` are single numbers by name, also with their unit. ``parameters`` are all
    that shaped the answer beside the data, defaults included, as JSON can hold them: with ``source`` they make the
    same figures again.
    """

    question: str
    scope: Scope
    source: Source
    parameters: Mapping[str, object]
    table: pl.DataFrame
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Number] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
