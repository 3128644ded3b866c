"""The printer: drawings to PNG and PDF, by typst."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Literal

import typst

from rahdari.app.card_codes import PX_PER_MM
from rahdari.app.card_drawing import CardDrawing, Side, content_of
from rahdari.app.card_scripts import FONTS_FOLDER
from rahdari.app.card_sheets import Paper, plan_sheets
from rahdari.app.errors import CardNotDrawable

_FOLDER = Path(__file__).parent / "cards"
_PPI = 25.4 * PX_PER_MM
_TEMPLATE = re.compile(r"[a-z0-9_]+\.typ")
_PANIC = re.compile(r"^panicked with: (.*)$", re.DOTALL)
_Program = Literal["one", "sheet"]
# typst keeps what it computed for its last ten documents, some 2 MB a card; this many blank ones clear it out.
_BLANKS_TO_FORGET = 11


class CardPrinter:
    """Draws cards; keeps typst's compiler and fonts, so a second card is drawn faster than the first.

    Threads may share one printer. Cards are drawn one after another, and so are sheets, but a sheet, which
    takes long, never holds up a card.
    """

    def __init__(self) -> None:
        """Load the fonts beside the templates, and no others."""
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS_FOLDER]
        )
        self._compilers: dict[_Program, typst.Compiler] = {}
        self._locks: Mapping[_Program, Lock] = {"one": Lock(), "sheet": Lock()}

    def png(self, drawing: CardDrawing, side: Side = "front") -> bytes:
        """Draw one side, or both one above the other, at 406 ppi.

        Raises:
            CardNotDrawable: the content does not fit a card, or names an unknown template.
            QrTooDense: the QR code would need modules too small to be read.
        """
        sides = ("front", "back") if side == "both" else (side,)
        job = {"cards": [_checked(drawing)], "sides": sides, "together": side == "both"}
        return self._compiled("one", job, file_format="png")

    def pdf(self, drawing: CardDrawing) -> bytes:
        """Draw both sides as two pages of a card's size; the same drawing gives the same bytes.

        Raises:
            CardNotDrawable, QrTooDense: as for ``png``.
        """
        job = {"cards": [_checked(drawing)], "sides": ("front", "back"), "together": False}
        return self._compiled("one", job, file_format="pdf")

    def sheets(self, drawings: Sequence[CardDrawing], paper: Paper = Paper.A4) -> bytes:
        """Draw print sheets as PDF: fronts and backs on alternate pages, to be printed on both sides.

        The same drawings give the same bytes.

        Raises:
            BadSheet: no card, or more than ``SHEET_CARDS_MAX``.
            CardNotDrawable, QrTooDense: as for ``png``; the message names the card.
        """
        job = plan_sheets(len(drawings), paper).document()
        job["cards"] = [_checked(one, name=True) for one in drawings]
        try:
            return self._compiled("sheet", job, file_format="pdf")
        finally:
            self._forget()

    def _compiled(
        self, program: _Program, job: Mapping[str, object], *, file_format: Literal["png", "pdf"]
    ) -> bytes:
        content = json.dumps(job, ensure_ascii=False)
        with self._locks[program]:
            try:
                drawn = self._compiler(program).compile(
                    format=file_format,
                    ppi=_PPI,
                    sys_inputs={"job": content},
                    timestamp=0,
                    pdf_tags=program == "one",
                )
            except typst.TypstError as failed:
                raise _refusal(failed) from failed
        if not isinstance(drawn, bytes):
            raise CardNotDrawable("the template draws several pages for one side; mend it")
        return drawn

    def _forget(self) -> None:
        """Let typst drop what it remembers of large documents: it would hold gigabytes after ten of them."""
        blank = typst.Compiler(root=_FOLDER, font_paths=self._fonts)
        for _ in range(_BLANKS_TO_FORGET):
            blank.compile(b" ", format="pdf", timestamp=0)

    def _compiler(self, program: _Program) -> typst.Compiler:
        if program not in self._compilers:
            path = _FOLDER / "pages" / f"{program}.typ"
            self._compilers[program] = typst.Compiler(path, root=_FOLDER, font_paths=self._fonts)
        return self._compilers[program]


def _checked(drawing: CardDrawing, *, name: bool = False) -> Mapping[str, object]:
    if not _TEMPLATE.fullmatch(drawing.template) or not (_FOLDER / drawing.template).is_file():
        known = ", ".join(sorted(file.name for file in _FOLDER.glob("*.typ")))
        raise CardNotDrawable(f"there is no card template {drawing.template[:40]!r}; there are: {known}")
    try:
        return content_of(drawing)
    except CardNotDrawable as bad:
        if name:  # among many, which one is it
            raise type(bad)(f"card {drawing.serial[:40]}: {bad}") from bad
        raise


def _refusal(failed: typst.TypstError) -> CardNotDrawable:
    told = _PANIC.match(failed.message)
    if told:
        return CardNotDrawable(
            f"{told[1][:200]}, even in the smallest letters; nothing is cut off, so shorten it"
        )
    return CardNotDrawable(f"the card cannot be drawn: {failed.message[:200]}")
