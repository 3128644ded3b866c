"""A card as a picture and as a printer's PDF, drawn by typst from data."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import ClassVar, Literal

import typst

from rahdari.app.card_scripts import FONTS_FOLDER, Reach, Script, find_unprintable, script_of
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


class CardNotDrawable(Refused):
    """The drawing asks for what a card cannot show."""

    code: ClassVar[str] = "app.card_not_drawable"


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing said in the card's first language (in Latin letters) and in its second; empty where unsaid."""

    first: str
    second: str = ""


@dataclass(frozen=True, slots=True)
class CardField:
    """A labelled value in both languages; ``value_second`` is empty where there is nothing to translate."""

    label: str
    label_second: str
    value: str
    value_second: str = ""


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
    WebP, PNG or JPEG; empty where none was taken: a person then gets an outline, and what is not a
    person (``of_person`` false) gets the room. ``second_language`` decides font and direction.
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
    note: Words = Words("")
    name_label: Words = Words("Name", "نام")
    number_label: Words = Words("Identity number", "شناختی نمبر")
    specimen: str = ""
    second_language: str = "ur"
    of_person: bool = True
    template: str = "card.typ"


class CardPrinter:
    """Draws cards; keeps typst's compiler and fonts, so a second card is drawn faster than the first.

    Threads may share one printer; they draw one after another.
    """

    def __init__(self) -> None:
        """Load the fonts beside the templates, and no others."""
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS_FOLDER]
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
    script = script_of(drawing.second_language)
    label, name = drawing.name_label, drawing.name
    number_label = CardField(drawing.number_label.first, drawing.number_label.second, "")
    return {
        "sides": sides,
        "sheet": sheet,
        "script": asdict(script),
        "title": _words(drawing.title, script),
        "issuer": drawing.issuer.first,
        "name": _field(CardField(label.first, label.second, name.first, name.second), script),
        "number": five_seven_one(drawing.number),
        "number_label": _field(number_label, script),
        "front": [_field(one, script) for one in drawing.front],
        "back_short": [_field(one, script) for one in drawing.back if not _is_long(one)],
        "back_long": [_field(one, script, in_lines=True) for one in drawing.back if _is_long(one)],
        "marks": [_words(one, script) for one in drawing.marks],
        "inscriptions": [_words(one, script) for one in drawing.inscriptions],
        "note": drawing.note.first,
        "note_second": _set(drawing.note.second, script.line),
        "photo": list(drawing.photo),
        "pictured": drawing.of_person or bool(drawing.photo),
        "serial": drawing.serial,
        "specimen": drawing.specimen,
        "theme": asdict(drawing.theme),
        "qr": _qr_square(drawing.qr_text),
    }


def _field(one: CardField, script: Script, *, in_lines: bool = False) -> Mapping[str, object]:
    reach = script.line if in_lines else script.measure(one.value_second)
    return {
        "label": one.label,
        "label_second": _set(one.label_second, script.line),
        "value": one.value,
        "value_second": _set(one.value_second, reach),
    }


def _is_long(one: CardField) -> bool:
    return bool(one.value_second) or len(one.value) > _SHORT_CHARS_MAX


def _words(words: Words, script: Script) -> Mapping[str, object]:
    return {"first": words.first, "second": _set(words.second, script.measure(words.second))}


def _set(text: str, reach: Reach) -> Mapping[str, object]:
    top, bottom = reach
    return {"text": text, "top": top, "bottom": bottom}


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
        letter = find_unprintable(text)
        if letter:  # a card with a gap in its name is worse than none
            raise CardNotDrawable(
                f"letter U+{ord(letter):04X} is in none of the card's fonts (Latin, Urdu, and the Chinese "
                "characters of GB 2312); write the text in composed form (NFC), without control characters "
                "and without rarer characters"
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
        texts += [words.first, words.second]
    for one in (*drawing.front, *drawing.back):
        texts += [one.label, one.label_second, one.value, one.value_second]
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
