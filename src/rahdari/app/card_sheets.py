"""Print sheets: where on the paper each card lies, so that a duplex printer puts every back behind its front.

All measures are millimetres from the paper's upper left corner. The paper is portrait and is turned over its
long edge: what lies at x on the fronts' page lies at width - x on the backs' page. The grid of cards is
centred, so the backs' page is the fronts' page with its columns exchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from rahdari.kernel import Refused

# ISO/IEC 7810, ID-1.
CARD_WIDTH_MM, CARD_HEIGHT_MM = 85.6, 53.98
# Two neighbours' bleeds meet in the middle of the gutter; 1.5 mm forgives what a guillotine and a duplexer err.
GUTTER_MM, BLEED_MM = 3.0, 1.5
# 200 cards are 40 pages of A4, some 15 s of one core and 0.7 GB of memory while they are drawn.
SHEET_CARDS_MAX = 200
RULER_MM = 50
_COLUMNS = 2
# Beside a card's bleed, and no farther than most printers reach.
_MARK_FROM_MM, _MARK_TO_MM = 2.0, 5.0
# Between a printer's blank margin and the bleed of the outermost cards.
_RULER_IN_MM, _TICK_MM = 4.8, 0.9

Line = tuple[float, float, float, float]


class BadSheet(Refused):
    """The cards asked for do not make a print sheet: none, too many, or one of them twice."""

    code: ClassVar[str] = "app.bad_sheet"


class Paper(StrEnum):
    """What the printer is loaded with, portrait."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height: ISO 216 A4, ANSI A."""
        return (210.0, 297.0) if self is Paper.A4 else (215.9, 279.4)

    @property
    def rows(self) -> int:
        """How many rows of cards fit with their bleed and the crop marks."""
        return 5 if self is Paper.A4 else 4

    @property
    def cards_per_page(self) -> int:
        """How many cards a page holds."""
        return _COLUMNS * self.rows

    @property
    def corner_mm(self) -> tuple[float, float]:
        """The upper left corner of the grid of cards."""
        width, height = self.size_mm
        rows = self.rows
        return (
            (width - _COLUMNS * CARD_WIDTH_MM - (_COLUMNS - 1) * GUTTER_MM) / 2,
            (height - rows * CARD_HEIGHT_MM - (rows - 1) * GUTTER_MM) / 2,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card's upper left corner lies, as cut; ``card`` counts from 0."""

    card: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class SheetPage:
    """One page: all its cards show the same side; ``sheet`` counts from 1."""

    sheet: int
    side: Literal["front", "back"]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """All pages in the order of printing: front, back, front, back."""

    paper: Paper
    pages: tuple[SheetPage, ...]

    def document(self) -> dict[str, object]:
        """Give the plan as the template ``pages/sheet.typ`` reads it; the cards come beside it."""
        width, height = self.paper.size_mm
        return {
            "width": width,
            "height": height,
            "bleed": BLEED_MM,
            "marks": [*crop_marks(self.paper), *rulers(self.paper)],
            "pages": [
                {
                    "side": page.side,
                    "places": [{"card": one.card, "x": one.x, "y": one.y} for one in page.places],
                    "legends": _legends(self, page),
                }
                for page in self.pages
            ],
        }


def check_count(count: int) -> None:
    """Refuse what is no number of cards to print at a time. Raises ``BadSheet``."""
    if not 0 < count <= SHEET_CARDS_MAX:
        raise BadSheet(
            f"{count} cards; print sheets take 1 to {SHEET_CARDS_MAX} at a time, so split the list"
        )


def plan_sheets(count: int, paper: Paper) -> SheetPlan:
    """Lay ``count`` cards on sheets, row by row. Raises ``BadSheet`` for none or more than ``SHEET_CARDS_MAX``."""
    check_count(count)
    return SheetPlan(paper, tuple(_pages(count, paper)))


def _pages(count: int, paper: Paper) -> Iterator[SheetPage]:
    for sheet, first in enumerate(range(0, count, paper.cards_per_page), start=1):
        cards = range(first, min(first + paper.cards_per_page, count))
        fronts = tuple(_place(card, card - first, paper) for card in cards)
        yield SheetPage(sheet, "front", fronts)
        yield SheetPage(sheet, "back", tuple(_turned(one, paper) for one in fronts))


def _place(card: int, nth: int, paper: Paper) -> Place:
    row, column = divmod(nth, _COLUMNS)
    left, top = paper.corner_mm
    return Place(card, left + column * (CARD_WIDTH_MM + GUTTER_MM), top + row * (CARD_HEIGHT_MM + GUTTER_MM))


def _turned(front: Place, paper: Paper) -> Place:
    return Place(front.card, paper.size_mm[0] - front.x - CARD_WIDTH_MM, front.y)


def crop_marks(paper: Paper) -> tuple[Line, ...]:
    """Draw the marks to cut by: at both ends of every cut's line, outside all cards and their bleeds."""
    left, top = paper.corner_mm
    width, height = paper.size_mm
    columns = [left + column * (CARD_WIDTH_MM + GUTTER_MM) for column in range(_COLUMNS)]
    rows = [top + row * (CARD_HEIGHT_MM + GUTTER_MM) for row in range(paper.rows)]
    upright = [edge for x in columns for edge in (x, x + CARD_WIDTH_MM)]
    level = [edge for y in rows for edge in (y, y + CARD_HEIGHT_MM)]
    marks: list[Line] = []
    for x in upright:
        marks += [(x, top - _MARK_TO_MM, x, top - _MARK_FROM_MM)]
        marks += [(x, height - top + _MARK_FROM_MM, x, height - top + _MARK_TO_MM)]
    for y in level:
        marks += [(left - _MARK_TO_MM, y, left - _MARK_FROM_MM, y)]
        marks += [(width - left + _MARK_FROM_MM, y, width - left + _MARK_TO_MM, y)]
    return tuple(marks)


def rulers(paper: Paper) -> tuple[Line, ...]:
    """Draw two rulers of 50 mm, one along each edge: whoever measures them sees whether the printer scaled."""
    left, top = paper.corner_mm
    width, height = paper.size_mm
    x, y = left + 5, height - _RULER_IN_MM
    across: list[Line] = [(x, y, x + RULER_MM, y)]
    across += [(x + at, y - _TICK_MM, x + at, y + _TICK_MM) for at in range(0, RULER_MM + 1, 10)]
    x, y = width - _RULER_IN_MM, top + 5
    along: list[Line] = [(x, y, x, y + RULER_MM)]
    along += [(x - _TICK_MM, y + at, x + _TICK_MM, y + at) for at in range(0, RULER_MM + 1, 10)]
    return (*across, *along)


def _legends(plan: SheetPlan, page: SheetPage) -> list[tuple[float, float, int, str]]:
    """The words beside the cards: x, y, degrees turned, words."""
    left, top = plan.paper.corner_mm
    width, height = plan.paper.size_mm
    how = "Print at 100 %, not fitted to the page, on both sides, turned over the long edge."
    which = f"Sheet {page.sheet} of {plan.pages[-1].sheet}, {page.side}s, {len(page.places)} cards."
    ruler = f"{RULER_MM} mm"
    return [
        (7.0, height - top - 5, -90, f"{which} {how}"),
        (left + 5 + RULER_MM + 1.5, height - _RULER_IN_MM - 1.0, 0, ruler),
        (width - _RULER_IN_MM + 1.0, top + 5 + RULER_MM + 1.5, 90, ruler),
    ]
