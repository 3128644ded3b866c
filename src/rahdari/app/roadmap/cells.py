"""From frames and answers to what a report shows: cells, notes, pictures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import polars as pl

from rahdari.app.charts.chart import short
from rahdari.app.roadmap.numbers import count, percent, usd
from rahdari.app.roadmap.report import Block, Grid, Paragraph, Points
from rahdari.app.roadmap.run import Findings, Missing
from rahdari.app.roadmap.words import NOTES
from rahdari.trade.rules.answers import Answer

Write = Callable[[object], str]
Column = tuple[str, str, Write]
"""A column of a table: the frame's own name, its heading, and how a cell is written."""

# A page of a report shows the first rows; all of them stand in the CSV beside it.
ROWS_SHOWN: Final = 10
NAME_CHARACTERS_MAX: Final = 64
NOTHING: Final = "\u2013"


def amount(value: object) -> str:
    """Write dollars; nothing where nothing is known."""
    return usd(float(value)) if isinstance(value, int | float) else NOTHING


def share(value: object) -> str:
    """Write a share in per cent."""
    return percent(float(value)) if isinstance(value, int | float) else NOTHING


def number(value: object) -> str:
    """Write a plain number."""
    return count(round(float(value), 3)) if isinstance(value, int | float) else NOTHING


def whole(value: object) -> str:
    """Write a text whole."""
    return str(value) if value else NOTHING


def year(value: object) -> str:
    """Write a year, which has no thousands."""
    return str(value)


def words(value: object) -> str:
    """Write a text of bounded length."""
    return short(value, NAME_CHARACTERS_MAX) if value else NOTHING


TEXTS: Final = (words, whole)


def grid(frame: pl.DataFrame, caption: str, columns: Sequence[Column], *, rows: int = ROWS_SHOWN) -> Grid:
    """Show the first rows of a frame. A frame without one of the columns shows nothing in it."""
    shown = frame.head(rows)
    more = f" The first {rows} of {len(frame)} rows." if len(frame) > rows else ""
    return Grid(
        caption=caption + more,
        headings=tuple(heading for _, heading, _ in columns),
        rows=tuple(
            tuple(write(row.get(name)) for name, _, write in columns) for row in shown.iter_rows(named=True)
        ),
        right=frozenset(at for at, (_, _, write) in enumerate(columns) if write not in TEXTS),
    )


def notes(answer: Answer) -> tuple[Block, ...]:
    """Word an answer's notes; codes without words are left to its manifest."""
    told = [_worded(NOTES[one.code], one.values) for one in answer.notes if one.code in NOTES]
    return (Points(tuple(told)),) if told else ()


def missing(one: Missing) -> tuple[Block, ...]:
    """Say that a question has no answer, and why."""
    return (Paragraph(f"Not answered: {one.why}.", is_strong=True),)


def figure(answer: Answer | None, name: str) -> float | None:
    """Give a figure where there is one and it is a number."""
    value = None if answer is None else answer.figures.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def listed(items: Iterable[str]) -> str:
    """Join items as a sentence does.

    Example:
        >>> listed(["copper", "lead", "zinc"])
        'copper, lead and zinc'
    """
    *before, last = list(items) or [NOTHING]
    return f"{', '.join(before)} and {last}" if before else last


def _worded(text: str, values: Mapping[str, object]) -> str:
    return text.format_map(
        {key: number(value) if isinstance(value, float) else value for key, value in values.items()}
    )


def source_of(found: Findings) -> str:
    """Name the source of a picture."""
    source = found.book.source
    return f"Source: {source.name} {source.release}, {found.scope.years[-1]}."
