"""All that a card shows, as data: checked, and in the shape that the templates read."""

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from rahdari.app.card_codes import CardCode, fit_code
from rahdari.app.card_scripts import Reach, Script, find_unprintable, script_of
from rahdari.app.errors import CardNotDrawable
from rahdari.wire import qr
from rahdari.wire.errors import MalformedInput, TooLarge

Side = Literal["front", "back", "both"]

# One line of a card; a longer text would be set smaller than anybody reads.
TEXT_CHARS_MAX = 300
FIELDS_MAX = 10
BACK_LONG_MAX, BACK_SHORT_MAX = 3, 4
_SHORT_CHARS_MAX = 20  # what half a column of the back shows on one line

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
# JPEG is what a PDF embeds as it is; at this quality nobody sees a loss on 23 x 30 mm.
_PHOTO_QUALITY = 90


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
    person (``of_person`` false) gets the room. ``second_language`` decides font and direction. ``qr_level``
    is the weakest level of error correction that the code may have.
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
    qr_level: str = "L"


def five_seven_one(number: str) -> str:
    """Show a 13-digit national number as people know it: 61101-1234567-1; others as they are."""
    if len(number) == 13 and number.isascii() and number.isdigit():
        return f"{number[:5]}-{number[5:12]}-{number[12]}"
    return number


def find_code(drawing: CardDrawing) -> CardCode:
    """Tell how the drawing's QR code comes out: level, modules and their size. Raises ``QrTooDense``."""
    return fit_code(drawing.qr_text, drawing.qr_level)


def content_of(drawing: CardDrawing) -> Mapping[str, object]:
    """Give what the template reads; typst takes it as data, so no text of it can be markup.

    Raises:
        CardNotDrawable: a text is too long or has a letter without ink, a colour is none, the fields are too
            many, or the photograph is no picture.
        QrTooDense: the QR code has too much to carry.
    """
    _check(drawing)
    code = find_code(drawing)
    script = script_of(drawing.second_language)
    label, name = drawing.name_label, drawing.name
    number_label = CardField(drawing.number_label.first, drawing.number_label.second, "")
    return {
        "template": drawing.template,
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
        "photo": _photo(drawing.photo),
        "pictured": drawing.of_person or bool(drawing.photo),
        "serial": drawing.serial,
        "specimen": drawing.specimen,
        "theme": asdict(drawing.theme),
        "qr": {"svg": code.svg, "side_mm": code.side_mm},
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


def _photo(raw: bytes) -> str:
    """The photograph as SVG around a JPEG: a text, which typst takes far faster than a list of bytes."""
    if not raw:
        return ""
    try:
        picture = qr.open_picture(raw).convert("RGB")
    except (MalformedInput, TooLarge) as bad:
        raise CardNotDrawable(
            f"the card cannot be drawn: its photograph is no picture that can be read ({bad})"
        ) from None
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=_PHOTO_QUALITY)
    coded = base64.b64encode(target.getvalue()).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {picture.width} {picture.height}">'
        f'<image width="{picture.width}" height="{picture.height}" href="data:image/jpeg;base64,{coded}"/></svg>'
    )
