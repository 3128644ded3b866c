"""A card as a picture and as a printer's PDF, drawn by typst from data."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import ClassVar, Literal

import typst
from PIL import ImageFont, features

from rahdari.kernel import Refused
from rahdari.wire import qr
from rahdari.wire.errors import TooLarge

Side = Literal["front", "back", "both"]

_FOLDER = Path(__file__).parent / "cards"
# 16 pixels a millimetre: a QR module of a whole number of sixteenths is a whole number of pixels.
_PX_PER_MM = 16
_PPI = 25.4 * _PX_PER_MM
# The square that the back has for the QR code with its quiet zone.
_QR_SQUARE_MM = 41.7
# Below 0.25 mm a phone's camera no longer parts two modules of a worn print; 5 px is comfortable.
_MODULE_PX_MIN, _MODULE_PX_COMFORT = 4, 5
# One line of a card; a longer text would be set smaller than anybody reads.
TEXT_CHARS_MAX = 300
FIELDS_MAX = 10
BACK_LONG_MAX, BACK_SHORT_MAX = 3, 4
_SHORT_CHARS_MAX = 20  # what half a column of the back shows on one line

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_TEMPLATE = re.compile(r"[a-z0-9_]+\.typ")

# What the bundled fonts can show, with line feeds, joiners and direction marks. The overrides of direction
# (U+202A to U+202E, U+2066 to U+2069) are left out on purpose: they make a name read as another one.
_UNPRINTABLE = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u017f\u0218-\u021b\u1e00-\u1eff\u200c-\u200f\u2010-\u2015\u2018-\u201e"
    "\u2020-\u2022\u2026\u2030\u2032\u2033\u2039\u203a\u20a8\u20ac\u2116\u2122"
    "\u0609-\u0614\u061b\u061e-\u0659\u065d-\u0673\u0679-\u0681\u0683-\u068f\u0691\u0693\u0696\u0698-\u069a"
    "\u069e\u06a1\u06a4\u06a6\u06a9\u06ab\u06af-\u06b1\u06b3\u06b7\u06ba-\u06bc\u06be\u06c0-\u06c4\u06c6\u06c7"
    "\u06ca\u06cc\u06cd\u06d0\u06d2-\u06d5\u06ee-\u06f9\ufdf2\ufdf4\ufdfa-\ufdfd]"
)


class CardNotDrawable(Refused):
    """The drawing asks for what a card cannot show."""

    code: ClassVar[str] = "app.card_not_drawable"


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing said in English and in Urdu."""

    en: str
    ur: str


@dataclass(frozen=True, slots=True)
class CardField:
    """A labelled value in both languages; ``value_ur`` is empty where there is nothing to translate."""

    label_en: str
    label_ur: str
    value_en: str
    value_ur: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """A product's colours, ``#rrggbb``; ``accent`` is for marks."""

    primary: str
    accent: str


@dataclass(frozen=True, slots=True)
class CardDrawing:
    """All that a card shows; plain text, no markup.

    ``front`` is drawn in order: the first field is a second line of names (father, husband or guardian),
    the rest are short ones, nine at most. ``back`` takes three long ones, such as
    addresses, and four short ones. The first inscription stands on the
    front, a second one on the back. ``number`` of 13 digits is shown in the 5-7-1 form. ``photo`` is
    WebP, PNG or JPEG; empty where none was taken.
    """

    title: Words
    issuer: Words
    number: str
    name: Words
    front: tuple[CardField, ...]
    back: tuple[CardField, ...]
    photo: bytes
    serial: str
    qr_text: str
    theme: Theme
    marks: tuple[Words, ...] = ()
    inscriptions: tuple[Words, ...] = ()
    note: Words = Words("", "")
    name_label: Words = Words("Name", "نام")
    number_label: Words = Words("Identity number", "شناختی نمبر")
    specimen: str = ""
    template: str = "card.typ"


class CardPrinter:
    """Draws cards; keeps typst's compiler and fonts, so a second card is drawn faster than the first.

    Threads may share one printer; they draw one after another.
    """

    def __init__(self) -> None:
        """Load the fonts beside the templates, and no others."""
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FOLDER / "fonts"]
        )
        self._compilers: dict[str, typst.Compiler] = {}
        self._lock = Lock()

    def png(self, drawing: CardDrawing, side: Side = "front") -> bytes:
        """Draw one side, or both one above the other, at 406 ppi.

        Raises:
            CardNotDrawable: the content does not fit a card, or names an unknown template.
        """
        if side == "both":
            return self._compiled(drawing, ("front", "back"), file_format="png", sheet=True)
        return self._compiled(drawing, (side,), file_format="png")

    def pdf(self, drawing: CardDrawing) -> bytes:
        """Draw both sides as two pages of a card's size; the same drawing gives the same bytes.

        Raises:
            CardNotDrawable: the content does not fit a card, or names an unknown template.
        """
        return self._compiled(drawing, ("front", "back"), file_format="pdf")

    def _compiled(
        self,
        drawing: CardDrawing,
        sides: tuple[str, ...],
        *,
        file_format: Literal["png", "pdf"],
        sheet: bool = False,
    ) -> bytes:
        content = json.dumps(_content(drawing, sides, sheet=sheet), ensure_ascii=False)
        with self._lock:
            compiler = self._compiler(drawing.template)
            try:
                drawn = compiler.compile(
                    format=file_format, ppi=_PPI, sys_inputs={"card": content}, timestamp=0
                )
            except typst.TypstError as failed:
                raise CardNotDrawable(f"the card cannot be drawn: {failed.message[:200]}") from failed
        if not isinstance(drawn, bytes):
            raise CardNotDrawable(f"template {drawing.template} draws several pages for one side; mend it")
        return drawn

    def _compiler(self, template: str) -> typst.Compiler:
        path = _FOLDER / template
        if not _TEMPLATE.fullmatch(template) or not path.is_file():
            known = ", ".join(sorted(file.name for file in _FOLDER.glob("*.typ")))
            raise CardNotDrawable(f"there is no card template {template[:40]!r}; there are: {known}")
        if template not in self._compilers:
            self._compilers[template] = typst.Compiler(path, root=_FOLDER, font_paths=self._fonts)
        return self._compilers[template]


def five_seven_one(number: str) -> str:
    """Show a 13-digit national number as people know it: 61101-1234567-1; others as they are."""
    if len(number) == 13 and number.isascii() and number.isdigit():
        return f"{number[:5]}-{number[5:12]}-{number[12]}"
    return number


def _content(drawing: CardDrawing, sides: tuple[str, ...], *, sheet: bool) -> Mapping[str, object]:
    """What the template reads; typst takes it as data, so no text of it can be markup."""
    _check(drawing)
    return {
        "sides": sides,
        "sheet": sheet,
        "title_en": drawing.title.en,
        "title_ur": _words(drawing.title)["ur"],
        "issuer_en": drawing.issuer.en,
        "name": _field(
            CardField(drawing.name_label.en, drawing.name_label.ur, drawing.name.en, drawing.name.ur)
        ),
        "number": five_seven_one(drawing.number),
        "number_label_en": drawing.number_label.en,
        "number_label_ur": _urdu(drawing.number_label.ur, _LINE),
        "front": [_field(one) for one in drawing.front],
        "back_short": [_field(one) for one in drawing.back if not _is_long(one)],
        "back_long": [_field(one, in_lines=True) for one in drawing.back if _is_long(one)],
        "marks": [_words(one) for one in drawing.marks],
        "inscriptions": [_words(one) for one in drawing.inscriptions],
        "note_en": drawing.note.en,
        "note_ur": _urdu(drawing.note.ur, _LINE),
        "photo": list(drawing.photo),
        "serial": drawing.serial,
        "specimen": drawing.specimen,
        "theme": asdict(drawing.theme),
        "qr": _qr_square(drawing.qr_text),
    }


def _field(one: CardField, *, in_lines: bool = False) -> Mapping[str, object]:
    return {
        "label_en": one.label_en,
        "label_ur": _urdu(one.label_ur, _LINE),
        "value_en": one.value_en,
        "value_ur": _urdu(one.value_ur, _LINE if in_lines else _ink(one.value_ur)),
    }


def _is_long(one: CardField) -> bool:
    return bool(one.value_ur) or len(one.value_en) > _SHORT_CHARS_MAX


def _words(words: Words) -> Mapping[str, object]:
    return {"en": words.en, "ur": _urdu(words.ur, _ink_of_product(words.ur))}


def _urdu(text: str, reach: tuple[float, float]) -> Mapping[str, object]:
    top, bottom = reach
    return {"text": text, "top": top, "bottom": bottom}


# How far a line reaches over and under its baseline, in em: what all but long joined words keep within.
_LINE = (1.5, 0.6)
_INK_PX = 32


def _ink(text: str) -> tuple[float, float]:
    """Measure how far a text's ink reaches over and under the baseline, in em.

    Nastaliq places letters by offsets that typst's own measure leaves out; the same shaping (HarfBuzz)
    measures them here, on one line, which no line of the wrapped text exceeds.
    """
    line = " ".join(text.split())
    if not line or not features.check("raqm"):  # Pillow may have been built without HarfBuzz
        return _LINE
    _, top, _, bottom = _ink_font().getbbox(line, anchor="ls", direction="rtl", language="ur")
    return max(0.5, -top / _INK_PX), max(0.1, bottom / _INK_PX)


# A product's own words come again on every card; a person's are measured and forgotten.
_ink_of_product = lru_cache(maxsize=256)(_ink)


@lru_cache(maxsize=1)
def _ink_font() -> ImageFont.FreeTypeFont:
    path = _FOLDER / "fonts" / "NotoNastaliqUrdu-Regular.ttf"
    return ImageFont.truetype(path, _INK_PX, layout_engine=ImageFont.Layout.RAQM)


def _check(drawing: CardDrawing) -> None:
    for colour in (drawing.theme.primary, drawing.theme.accent):
        if not _COLOUR.fullmatch(colour):
            raise CardNotDrawable(f"{colour[:20]!r} is no colour of the form #rrggbb")
    if len(drawing.front) > FIELDS_MAX:
        raise CardNotDrawable(f"a card has room for {FIELDS_MAX} fields in front, not {len(drawing.front)}")
    long = sum(map(_is_long, drawing.back))
    if long > BACK_LONG_MAX or len(drawing.back) - long > BACK_SHORT_MAX:
        raise CardNotDrawable(
            f"a card's back has room for {BACK_LONG_MAX} long fields and {BACK_SHORT_MAX} short ones, "
            f"not {long} and {len(drawing.back) - long}"
        )
    if len(drawing.marks) > 1 or len(drawing.inscriptions) > 2:
        raise CardNotDrawable("a card has room for one mark and two inscriptions")
    _check_texts(_texts(drawing))


def _check_texts(texts: list[str]) -> None:
    longest = max(len(text) for text in texts)
    if longest > TEXT_CHARS_MAX:
        raise CardNotDrawable(f"a text of {longest} characters; a card shows {TEXT_CHARS_MAX} at most")
    for text in texts:
        letter = _UNPRINTABLE.search(text)
        if letter:  # a card with a gap in its name is worse than none
            raise CardNotDrawable(
                f"letter U+{ord(letter.group()):04X} is in none of the card's fonts (Latin and Urdu); "
                "write the text in composed form (NFC) and without control characters"
            )


def _texts(drawing: CardDrawing) -> list[str]:
    pairs = (
        drawing.title,
        drawing.issuer,
        drawing.name,
        drawing.note,
        drawing.name_label,
        drawing.number_label,
    )
    texts = [drawing.number, drawing.serial, drawing.specimen]
    for words in (*pairs, *drawing.marks, *drawing.inscriptions):
        texts += [words.en, words.ur]
    for one in (*drawing.front, *drawing.back):
        texts += [one.label_en, one.label_ur, one.value_en, one.value_ur]
    return texts


def _qr_square(text: str) -> Mapping[str, object]:
    """The QR code as SVG, with its side: the strongest level whose modules print comfortably, else L."""
    for level in ("Q", "M", "L"):
        try:
            modules, path = qr.write_svg_path(text, ec_level=level)
        except TooLarge:
            continue
        module_px = int(_QR_SQUARE_MM * _PX_PER_MM / modules)
        if module_px >= (_MODULE_PX_MIN if level == "L" else _MODULE_PX_COMFORT):
            return {"svg": _svg(modules, path), "side_mm": modules * module_px / _PX_PER_MM}
    raise CardNotDrawable("the QR code would need modules under 0.25 mm; choose a smaller photo profile")


def _svg(modules: int, path: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {modules} {modules}">'
        f'<rect width="{modules}" height="{modules}" fill="#fff"/>'
        f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/></svg>'
    )
