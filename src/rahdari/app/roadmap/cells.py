"""From frames and answers to what a report shows: cells, notes, pictures."""

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from rahdari.app.charts import Chart
from rahdari.app.charts.chart import short
from rahdari.app.errors import ChartFailed
from rahdari.app.roadmap.report import Block, Grid, Paragraph, Picture, Points
from rahdari.app.roadmap.run import Findings, Missing
from rahdari.app.roadmap.tongue import NOTHING, Tongue
from rahdari.trade.rules.answers import Answer

Write = Callable[[Tongue, object], str]
Column = tuple[str, str, Write]
"""A column of a table: the frame's own name, its heading (a key of ``[column]``), and how a cell is written."""

# A page of a report shows the first rows; all of them stand in the CSV beside it.
ROWS_SHOWN: Final = 10
NAME_CHARACTERS_MAX: Final = 64
# What every answer says of its data is said once, in the first chapter and in the last.
_SAID_ONCE: Final = "part_of_trade"
_SAID_IN: Final = "screen"
# What a chapter's own sentences say already.
_SAID: Final = frozenset({"no_technologies", "tiers_without_data", "order_not_amount", "target_reached"})
_OF_STEPS: Final = frozenset({"sample_yields", "volume_estimated"})


def amount(tongue: Tongue, value: object) -> str:
    """Write dollars; nothing where nothing is known."""
    return tongue.usd(float(value)) if isinstance(value, int | float) else NOTHING


def share(tongue: Tongue, value: object) -> str:
    """Write a share in per cent."""
    return tongue.percent(float(value)) if isinstance(value, int | float) else NOTHING


def number(tongue: Tongue, value: object) -> str:
    """Write a plain number."""
    return tongue.count(round(float(value), 3)) if isinstance(value, int | float) else NOTHING


def tariff(tongue: Tongue, value: object) -> str:
    """Write a rate that is held in per cent."""
    return tongue.percent(float(value) / 100.0) if isinstance(value, int | float) else NOTHING


def whole(_: Tongue, value: object) -> str:
    """Write a text whole."""
    return str(value) if value else NOTHING


def year(_: Tongue, value: object) -> str:
    """Write a year, which has no thousands."""
    return str(value)


def words(tongue: Tongue, value: object) -> str:
    """Write a text of bounded length; a product is named in the report's language where the package has a name."""
    return short(tongue.product(str(value)), NAME_CHARACTERS_MAX) if value else NOTHING


# What is written in figures stands at the far edge of its column, under one another.
IN_FIGURES: Final = (amount, share, number, tariff, year)


def grid(
    tongue: Tongue, frame: pl.DataFrame, caption: str, columns: Sequence[Column], *, rows: int = ROWS_SHOWN
) -> Grid:
    """Show the first rows of a frame. A frame without one of the columns shows nothing in it."""
    shown = frame.head(rows)
    is_cut = len(frame) > rows
    more = tongue.say("page.rows", shown=str(rows), all=tongue.count(len(frame))) if is_cut else ""
    return Grid(
        caption=caption + more,
        headings=tuple(tongue.say(f"column.{heading}") for _, heading, _ in columns),
        rows=tuple(
            tuple(write(tongue, row.get(name)) for name, _, write in columns)
            for row in shown.iter_rows(named=True)
        ),
        right=frozenset(at for at, (_, _, write) in enumerate(columns) if write in IN_FIGURES),
    )


def notes(tongue: Tongue, answer: Answer) -> tuple[Block, ...]:
    """Word an answer's notes; codes without words are left to its manifest."""
    said = _SAID if answer.question == _SAID_IN else _SAID | {_SAID_ONCE}
    if answer.figures.get("steps_measured") == 0:
        said |= _OF_STEPS
    kept = [one for one in answer.notes if one.code not in said and not one.code.startswith("route_")]
    told = tongue.notes(answer.question, kept)
    return (Points(told),) if told else ()


def missing(tongue: Tongue, one: Missing) -> tuple[Block, ...]:
    """Say that a question has no answer, and why."""
    return (Paragraph(tongue.say("page.missing", why=one.words), is_strong=True),)


def figure(answer: Answer | None, name: str) -> float | None:
    """Give a figure where there is one and it is a number."""
    value = None if answer is None else answer.figures.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def source_of(found: Findings, answer: Answer | None = None) -> str:
    """Name the source of a picture, with the years that its answer looked at."""
    source, years = found.book.source, (found.scope if answer is None else answer.scope).years
    named = {"name": source.name, "release": source.release}
    if len(years) > 1:
        return found.tongue.say("page.source_means", first=str(years[0]), last=str(years[-1]), **named)
    return found.tongue.say("page.source", year=str(years[-1]), **named)


def captioned(found: Findings, key: str, answer: Answer | None = None) -> str:
    """Give a picture's caption with its source."""
    return found.tongue.joined((found.tongue.say(key), source_of(found, answer)))


def pictured(found: Findings, draw: Callable[[], Chart], caption: str) -> Block:
    """Put a chart together; one that cannot be is a sentence in its place, and the report goes on."""
    try:
        return Picture(draw(), caption)
    except ChartFailed as failed:
        return without_picture(found.tongue, failed.message)


def without_picture(tongue: Tongue, why: str) -> Paragraph:
    """Say that a picture is missing, and why."""
    return Paragraph(tongue.say("page.no_picture", why=why.rstrip(".")))
