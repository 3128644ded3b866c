"""Print sheets: measured on what poppler makes of the PDF, to a tenth of a millimetre."""

import dataclasses
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rahdari.app.card_drawing import CardDrawing, Side
from rahdari.app.card_printing import CardPrinter
from rahdari.app.card_sheets import (
    BLEED_MM,
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    GUTTER_MM,
    RULER_MM,
    SHEET_CARDS_MAX,
    BadSheet,
    Paper,
    crop_marks,
    plan_sheets,
    rulers,
)
from rahdari.app.errors import CardNotDrawable
from rahdari.app.house import House
from rahdari.credentials import CardNumber
from rahdari.wire import qr
from tests.unit.app.printing import issue_more, printing_house

# As the card's own picture: 16 pixels a millimetre.
PX_PER_MM = 16
Pixels = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Sheets:
    """Twelve cards of all products on two sheets, as PDF and as poppler paints its four pages."""

    house: House
    numbers: list[CardNumber]
    pdf: bytes
    pages: list[Pixels]
    drawings: list[CardDrawing]


def painted(pdf: bytes, folder: Path) -> list[Pixels]:
    """Let poppler paint every page in grey."""
    tool = shutil.which("pdftoppm")
    if tool is None:
        pytest.skip("poppler is not installed here (on Debian: apt-get install poppler-utils)")
    (folder / "sheets.pdf").write_bytes(pdf)
    words = [tool, "-r", str(25.4 * PX_PER_MM), "-gray", str(folder / "sheets.pdf"), str(folder / "page")]
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603 - a fixed command
    return [np.asarray(Image.open(path)).astype(np.int64) for path in sorted(folder.glob("page-*"))]


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sheets]:
    folder = tmp_path_factory.mktemp("sheets")
    house, numbers = printing_house(folder / "home")
    cards = [*numbers.values(), *issue_more(house, 7)]
    pdf = house.press.sheets_pdf(cards)
    drawings = [house.press._drawing(one) for one in cards]
    yield Sheets(house, cards, pdf, painted(pdf, folder), drawings)
    house.close()


def px(mm: float) -> int:
    return round(mm * PX_PER_MM)


def cut(
    page: Pixels, x: float, y: float, wide: float = CARD_WIDTH_MM, tall: float = CARD_HEIGHT_MM
) -> Pixels:
    """Cut a rectangle, in millimetres, out of a page."""
    return page[px(y) : px(y) + px(tall), px(x) : px(x) + px(wide)]


def offset_from(found: Pixels, page: Pixels, x: float, y: float) -> tuple[int, int]:
    """Tell by how many pixels a card's picture lies off the place, at most 8 each way; sure to half a pixel."""
    inner = found[60:-60, 60:-60]
    spans = {}
    for down in range(-8, 9):
        for across in range(-8, 9):
            top, left = px(y) + 60 + down, px(x) + 60 + across
            there = page[top : top + inner.shape[0], left : left + inner.shape[1]]
            spans[down, across] = float(np.abs(there[::3, ::3] - inner[::3, ::3]).mean())
    return min(spans, key=lambda at: spans[at])


def picture(sheets: Sheets, card: int, side: Side) -> Pixels:
    raw = sheets.house.press.card_png(sheets.numbers[card], side)
    return np.asarray(Image.open(io.BytesIO(raw)).convert("L")).astype(np.int64)


def test_pages_are_a4_and_alternate_fronts_and_backs(sheets: Sheets) -> None:
    assert len(sheets.pages) == 4
    for page in sheets.pages:
        assert page.shape == pytest.approx((297 * PX_PER_MM, 210 * PX_PER_MM), abs=2)


@pytest.mark.parametrize("card", [0, 3, 4, 9, 10, 11])
def test_every_front_and_back_lies_at_its_place_to_a_tenth_of_a_millimetre(sheets: Sheets, card: int) -> None:
    """And the back is where the long edge turns it: as far from the right as the front is from the left."""
    sheet, nth = divmod(card, 10)
    row, column = divmod(nth, 2)
    x = (210 - 2 * 85.6 - 3) / 2 + column * 88.6
    y = (297 - 5 * 53.98 - 4 * 3) / 2 + row * 56.98
    fronts, backs = sheets.pages[2 * sheet : 2 * sheet + 2]
    # One pixel is 0.0625 mm.
    assert np.abs(offset_from(picture(sheets, card, "front"), fronts, x, y)).max() <= 1
    assert np.abs(offset_from(picture(sheets, card, "back"), backs, 210 - x - 85.6, y)).max() <= 1


def test_every_code_reads_back_from_the_painted_sheet(sheets: Sheets) -> None:
    read = []
    for number, page in ((1, sheets.pages[1]), (2, sheets.pages[3])):
        plan = plan_sheets(12, Paper.A4).pages[2 * number - 1]
        for place in plan.places:
            target = io.BytesIO()
            Image.fromarray(cut(page, place.x, place.y).astype(np.uint8)).save(target, "PNG")
            read.append((place.card, *qr.read_picture(target.getvalue())))
    texts = [sheets.house.registry.get_pass(one).text for one in sheets.numbers]
    assert sorted(read) == list(enumerate(texts))


@pytest.mark.parametrize("page", range(4))
def test_crop_marks_stand_at_every_edge_outside_all_cards(sheets: Sheets, page: int) -> None:
    painted_page = sheets.pages[page]
    for x1, y1, x2, y2 in crop_marks(Paper.A4):
        middle = painted_page[px((y1 + y2) / 2), px((x1 + x2) / 2)]
        around = cut(painted_page, (x1 + x2) / 2 - 0.1, (y1 + y2) / 2 - 0.1, 0.2, 0.2)
        assert min(middle, around.min()) < 140
    edges = {round(x1, 2) for x1, _, x2, _ in crop_marks(Paper.A4) if x1 == x2}
    assert edges == {17.9, 103.5, 106.5, 192.1}


def test_the_rulers_are_fifty_millimetres_long(sheets: Sheets) -> None:
    across, *_ = rulers(Paper.A4)
    row = sheets.pages[0][px(across[1]) - 2 : px(across[1]) + 3, px(across[0] - 3) : px(across[2] + 0.6)]
    dark = np.flatnonzero(row.min(axis=0) < 140)
    assert (dark[-1] - dark[0]) / PX_PER_MM == pytest.approx(RULER_MM, abs=0.1)
    along = rulers(Paper.A4)[7]
    column = sheets.pages[0][px(along[1] - 3) : px(along[3] + 0.6), px(along[0]) - 2 : px(along[0]) + 3]
    dark = np.flatnonzero(column.min(axis=1) < 140)
    assert (dark[-1] - dark[0]) / PX_PER_MM == pytest.approx(RULER_MM, abs=0.1)


def test_the_bleed_carries_the_colour_over_the_edge_and_no_farther(sheets: Sheets) -> None:
    left, top = Paper.A4.corner_mm
    bleeding = cut(sheets.pages[0], left + 20, top - BLEED_MM + 0.15, 40, BLEED_MM - 0.3)
    beyond = cut(sheets.pages[0], left + 20, top - BLEED_MM - 0.4, 40, 0.25)
    assert bleeding.max() < 100
    assert beyond.min() > 250


def test_the_corners_are_square_so_that_the_cut_decides(sheets: Sheets) -> None:
    left, top = Paper.A4.corner_mm
    assert cut(sheets.pages[0], left + 0.1, top + 0.1, 0.5, 0.5).max() < 100


def test_the_legend_says_which_sheet_and_how_to_print(sheets: Sheets, tmp_path: Path) -> None:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("poppler is not installed here (on Debian: apt-get install poppler-utils)")
    (tmp_path / "sheets.pdf").write_bytes(sheets.pdf)
    told = subprocess.run(  # noqa: S603 - a fixed command
        [tool, str(tmp_path / "sheets.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    told = " ".join(told.split())
    for words in ("Sheet 1 of 2, fronts, 10 cards.", "Sheet 2 of 2, backs, 2 cards.", "Print at 100 %"):
        assert words in told
    assert told.count("50 mm") == 8


def test_letter_paper_takes_eight_cards(sheets: Sheets) -> None:
    pdf = sheets.house.press.sheets_pdf(sheets.numbers[:9], Paper.LETTER)
    assert len(re.findall(rb"/MediaBox ?\[0 0 61[12][.0-9]* 79[12][.0-9]*\]", pdf)) == 4


def test_the_same_cards_give_the_same_bytes(sheets: Sheets) -> None:
    assert CardPrinter().sheets(sheets.drawings[:3]) == CardPrinter().sheets(sheets.drawings[:3])


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("count", [1, 2, 7, 8, 10, 11, 200])
def test_each_card_has_one_front_and_one_back_behind_it(paper: Paper, count: int) -> None:
    plan = plan_sheets(count, paper)
    wide, tall = paper.size_mm
    fronts = {one.card: (page.sheet, one) for page in plan.pages[::2] for one in page.places}
    backs = {one.card: (page.sheet, one) for page in plan.pages[1::2] for one in page.places}
    assert list(fronts) == list(backs) == list(range(count))
    for card, (sheet, front) in fronts.items():
        behind, back = backs[card]
        assert (behind, back.y) == (sheet, front.y)
        assert back.x == pytest.approx(wide - front.x - CARD_WIDTH_MM)
        assert 5 <= front.x <= wide - CARD_WIDTH_MM - 5
        assert 5 <= front.y <= tall - CARD_HEIGHT_MM - 5


@pytest.mark.parametrize("paper", Paper)
def test_no_mark_and_no_ruler_lies_on_a_card_or_its_bleed(paper: Paper) -> None:
    places = plan_sheets(paper.cards_per_page, paper).pages[0].places
    wide, tall = paper.size_mm
    for x1, y1, x2, y2 in (*crop_marks(paper), *rulers(paper)):
        assert 0 <= min(x1, x2) <= max(x1, x2) <= wide
        assert 0 <= min(y1, y2) <= max(y1, y2) <= tall
        for one in places:
            beside = max(x1, x2) < one.x - BLEED_MM or min(x1, x2) > one.x + CARD_WIDTH_MM + BLEED_MM
            above = max(y1, y2) < one.y - BLEED_MM or min(y1, y2) > one.y + CARD_HEIGHT_MM + BLEED_MM
            assert beside or above
    assert GUTTER_MM >= 2 * BLEED_MM


@pytest.mark.parametrize("count", [-1, 0, SHEET_CARDS_MAX + 1])
def test_no_card_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(BadSheet, match=f"{count} cards; print sheets take 1 to 200"):
        plan_sheets(count, Paper.A4)


def test_what_cannot_be_drawn_is_named_by_its_card(sheets: Sheets) -> None:
    bad = dataclasses.replace(
        sheets.drawings[1], name=dataclasses.replace(sheets.drawings[1].name, second="\x07")
    )
    with pytest.raises(CardNotDrawable, match=f"card {bad.serial}: letter U\\+0007"):
        CardPrinter().sheets([sheets.drawings[0], bad])
    long = dataclasses.replace(sheets.drawings[1], name=dataclasses.replace(bad.name, second="ب" * 290))
    with pytest.raises(CardNotDrawable, match=f"Name does not fit its place on card {bad.serial}"):
        CardPrinter().sheets([sheets.drawings[0], long])
