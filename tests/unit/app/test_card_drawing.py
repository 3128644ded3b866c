"""Cards are drawn from data alone, carry a QR code that reads from a worn print, and never run over."""

import dataclasses
import io
import re
import unicodedata
import zlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from babel.core import get_global
from PIL import Image, ImageFilter, ImageFont

from rahdari.app import card_drawing, card_scripts
from rahdari.app.card_codes import fit_code
from rahdari.app.card_drawing import CardDrawing, CardField, Theme, Words
from rahdari.app.card_printing import CardPrinter
from rahdari.app.countries import name_country
from rahdari.app.errors import CardNotDrawable
from rahdari.app.portraits import derivatives
from rahdari.app.synthetic import SyntheticPerson, draw_portrait, synthetic_people
from rahdari.wire import qr
from tests.fakes.chance import SeededChance
from tests.unit.wire.test_qr_writing import base45_text

PASS = base45_text(486)
PHOTO_PASS = base45_text(2088)
PEOPLE = list(synthetic_people(20, chance=SeededChance(3), today=date(2026, 11, 21)))
THEMES = {
    "nic": Theme("#0f5c4a", "#b3541e"),
    "nicop": Theme("#1d4e89", "#b3541e"),
    "poc": Theme("#6a3d7c", "#b3541e"),
    "juvenile": Theme("#b0602a", "#1d4e89"),
}


@pytest.fixture(scope="module")
def printer() -> CardPrinter:
    return CardPrinter()


def drawing(person: SyntheticPerson = PEOPLE[0], qr_text: str = PASS) -> CardDrawing:
    return CardDrawing(
        title=Words("National Identity Card", "قومی شناختی کارڈ"),
        issuer=Words("Sample Authority", "نمونہ اتھارٹی"),
        number=person.number,
        name=Words(person.name_en, person.name_ur),
        front=(
            CardField("Father", "والد", person.guardian_en, person.guardian_ur),
            CardField("Gender", "جنس", person.gender, "عورت"),
            CardField("Date of birth", "تاریخ پیدائش", f"{person.date_of_birth:%d.%m.%Y}"),
            CardField("Family number", "خاندان نمبر", person.family_number),
        ),
        back=(
            CardField("Present address", "موجودہ پتہ", person.address_en, person.address_ur),
            CardField(
                "Permanent address", "مستقل پتہ", person.permanent_address_en, person.permanent_address_ur
            ),
        ),
        photo=derivatives(draw_portrait(person.portrait_seed)).card,
        serial="RS-0000001",
        qr_text=qr_text,
        theme=THEMES[person.product],
        marks=(Words("Senior citizen", "بزرگ شہری"),),
        inscriptions=(Words("Resident of Azad Jammu and Kashmir", "رہائشی آزاد جموں و کشمیر"),),
        note=Words("Genuine only if the code verifies.", "تصدیق کے بغیر درست نہیں"),
        specimen="SYNTHETIC SPECIMEN",
    )


def firm() -> CardDrawing:
    return dataclasses.replace(
        drawing(),
        title=Words("Corridor Firm Pass", "走廊企业通行证"),
        name=Words("Sample Trading Company", "样本贸易有限公司"),
        front=(CardField("Registered in", "注册地", "China", "中国"),),
        back=(CardField("Address", "住所", "Sample Road 1, Kashgar", "喀什市样本路1号"),),
        photo=b"",
        marks=(),
        inscriptions=(),
        note=Words("Sample."),
        name_label=Words("Firm", "企业名称"),
        number_label=Words("Credit Code", "统一社会信用代码"),
        second_language="zh",
        of_person=False,
    )


def grey(raw: bytes) -> Image.Image:
    return Image.open(io.BytesIO(raw)).convert("L")


@pytest.mark.parametrize("person", [PEOPLE[0], PEOPLE[2], PEOPLE[3], PEOPLE[4]], ids=lambda one: one.product)
@pytest.mark.parametrize("text", [PASS, PHOTO_PASS], ids=["text", "photo"])
def test_a_worn_print_of_every_product_still_reads(
    printer: CardPrinter, person: SyntheticPerson, text: str
) -> None:
    card = grey(printer.png(drawing(person, text), "both"))
    for angle in (7, 90):
        worn = card.rotate(angle, expand=True, fillcolor=210, resample=Image.Resampling.BICUBIC)
        target = io.BytesIO()
        worn.filter(ImageFilter.GaussianBlur(1.5)).save(target, "JPEG", quality=40)
        assert qr.read_picture(target.getvalue()) == (text,)


def test_a_card_has_the_size_of_a_bank_card(printer: CardPrinter) -> None:
    # ISO/IEC 7810, ID-1: 85.60 x 53.98 mm, here at 16 pixels a millimetre.
    width, height = grey(printer.png(drawing(), "front")).size
    assert abs(width - 85.60 * 16) <= 1
    assert abs(height - 53.98 * 16) <= 1


def test_the_qr_code_has_modules_of_at_least_a_quarter_millimetre_and_its_quiet_zone(
    printer: CardPrinter,
) -> None:
    back = np.asarray(grey(printer.png(drawing(qr_text=PHOTO_PASS), "back")))
    modules = len(qr.write_matrix(PHOTO_PASS))
    dark = back[80:700, 20:720] < 60
    columns, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    module_px = (columns[-1] - columns[0] + 1) / modules
    assert module_px / 16 >= 0.25
    assert module_px == pytest.approx(round(module_px), abs=0.02)
    left, top = 20 + columns[0], 80 + rows[0]
    quiet = int(4 * module_px)
    assert back[top - quiet : top, left - quiet : left + 400].min() > 250
    assert back[top : top + 400, left - quiet : left].min() > 250


def test_a_short_text_gets_a_stronger_code_and_larger_modules() -> None:
    short, photo = fit_code(PASS), fit_code(PHOTO_PASS)
    assert (short.level, photo.level) == ("Q", "L")
    assert short.module_mm > photo.module_mm
    assert qr.write_svg_path(PASS, ec_level="Q")[1] in short.svg


def text_of_pdf(raw: bytes) -> list[str]:
    """The texts that a PDF maps its glyphs to, as hexadecimal code points, by decompressing its streams."""
    found: list[str] = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL):
        try:
            body = zlib.decompress(stream)
        except zlib.error:
            continue
        found += [entry.decode() for entry in re.findall(rb"<[0-9A-Fa-f]+> <([0-9A-Fa-f]+)>", body)]
    return found


def test_a_pdf_has_two_pages_and_is_the_same_every_time(printer: CardPrinter) -> None:
    first, second = printer.pdf(drawing()), CardPrinter().pdf(drawing())
    assert first.startswith(b"%PDF-")
    assert re.search(rb"/Count 2\b", first)
    assert first == second


def test_a_pdf_carries_the_urdu_letters_as_text(printer: CardPrinter) -> None:
    letters = {chr(int(entry[:4], 16)) for entry in text_of_pdf(printer.pdf(drawing()))}
    assert set("قومیشناختی") <= letters


HOSTILE = [
    "#panic()",
    "*bold*",
    "$x^2$",
    "[]",
    "`raw`",
    "\\",
    "@ref",
    "<label>",
    "// x",
    "#{1/0}",
    '"',
    "= a",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_in_a_name_is_printed_and_never_run(printer: CardPrinter, name: str) -> None:
    hostile = CardField(name, name, name, name)
    card = dataclasses.replace(
        drawing(), name=Words(name, name), front=(hostile,) * 4, back=(hostile,), serial=name, specimen=name
    )
    plain = dataclasses.replace(card, name=Words("", ""))
    with_name = np.asarray(grey(printer.png(card))).astype(int)
    without = np.asarray(grey(printer.png(plain))).astype(int)
    left, top = 30 * 16, 13 * 16
    ink = np.abs(with_name - without)[top : top + 6 * 16, left : left + 28 * 16]
    assert (ink > 100).sum() > 8


def test_stars_around_a_name_are_ink_and_not_bold(printer: CardPrinter) -> None:
    def width_of(name: str) -> int:
        bare = dataclasses.replace(drawing(), name=Words(name, ""), specimen="")
        band = np.asarray(grey(printer.png(bare)))[13 * 16 : 17 * 16, 30 * 16 : 58 * 16]
        return int(np.flatnonzero((band < 90).any(axis=0)).max())

    assert width_of("*abc*") > width_of("abc") + 8


LONG_EN = "Muhammad Abdur Rehman Fazal-ur-Rehman Siddiqui al-Qureshi al-Hashmi of a very long Name"
LONG_UR = "محمد عبد الرحمٰن فضل الرحمٰن صدیقی القریشی الہاشمی بہت لمبا نام"


@pytest.mark.parametrize(
    "words", [Words(LONG_EN, LONG_UR), Words("W" * 90, "ب" * 40)], ids=["words", "one word"]
)
def test_a_long_name_wraps_and_shrinks_within_its_row(printer: CardPrinter, words: Words) -> None:
    quiet = dataclasses.replace(drawing(), specimen="", front=(), name=Words("", ""))
    without = np.asarray(grey(printer.png(quiet))).astype(int)
    with_name = np.asarray(grey(printer.png(dataclasses.replace(quiet, name=words)))).astype(int)
    rows, columns = np.nonzero(np.abs(with_name - without) > 40)
    assert rows.min() >= 9.4 * 16
    assert rows.max() <= 18.7 * 16
    assert columns.min() >= 29.8 * 16
    assert columns.max() <= 82.6 * 16


@pytest.mark.parametrize(("english", "urdu"), [(p.name_en, p.name_ur) for p in PEOPLE[:8]])
def test_no_stroke_of_a_nastaliq_name_leaves_its_row(printer: CardPrinter, english: str, urdu: str) -> None:
    quiet = dataclasses.replace(drawing(), specimen="", front=(), name=Words("", ""))
    without = np.asarray(grey(printer.png(quiet))).astype(int)
    with_name = np.asarray(grey(printer.png(dataclasses.replace(quiet, name=Words(english, urdu))))).astype(
        int
    )
    rows, _ = np.nonzero(np.abs(with_name - without) > 40)
    assert rows.min() >= 10.5 * 16
    assert rows.max() <= 18.6 * 16


def test_an_urdu_value_keeps_clear_of_the_row_below(printer: CardPrinter) -> None:
    """Six short fields, the upper ones with long Urdu values, as on the origin card."""
    upper = tuple(
        CardField("Country", "ملک قیام", "United Arab Emirates", "متحدہ عرب امارات") for _ in range(3)
    )
    lower = tuple(CardField("Date", "تاریخ", "01.03.2026") for _ in range(3))
    first = CardField("Father", "والد", "Sample", "نمونہ")
    full = dataclasses.replace(drawing(), specimen="", front=(first, *upper, *lower))
    emptied = tuple(dataclasses.replace(one, value="", value_second="\u200f") for one in upper)
    with_values = np.asarray(grey(printer.png(full))).astype(int)
    without = np.asarray(
        grey(printer.png(dataclasses.replace(full, front=(first, *emptied, *lower))))
    ).astype(int)
    rows, _ = np.nonzero(np.abs(with_values - without) > 40)
    assert rows.max() < (27.6 + 8 - 0.8) * 16


def test_nastaliq_letters_are_joined(printer: CardPrinter) -> None:
    """Joined letters make a narrower word than the same letters held apart."""

    def width_of(urdu: str) -> int:
        bare = dataclasses.replace(drawing(), name=Words("", urdu), specimen="")
        band = np.asarray(grey(printer.png(bare)))[11 * 16 : 18 * 16, 59 * 16 : 83 * 16]
        ink = np.flatnonzero((band < 90).any(axis=0))
        return int(ink.max() - ink.min())

    non_joiner = "\u200c"
    assert width_of("حسین") < 0.75 * width_of(non_joiner.join("حسین"))


def test_only_the_bundled_fonts_are_used(printer: CardPrinter) -> None:
    families = {font.family for font in printer._fonts.fonts()}
    assert families == card_scripts.FAMILIES
    raw = printer.pdf(drawing())
    assert set(re.findall(rb"\+(Noto[A-Za-z]+)", raw)) <= {b"NotoSans", b"NotoNastaliqUrdu"}
    assert b"+NotoSansCJKsc" in printer.pdf(firm())


def test_every_font_has_its_licence_beside_it() -> None:
    fonts = Path(card_drawing.__file__).parent / "cards" / "fonts"
    for font in (*fonts.glob("*.ttf"), *fonts.glob("*.otf")):
        licence = fonts / f"{font.stem.partition('-')[0]}-LICENSE.txt"
        assert "SIL OPEN FONT LICENSE Version 1.1" in licence.read_text(encoding="utf-8")


def test_a_national_number_is_shown_in_its_three_parts() -> None:
    assert card_drawing.five_seven_one("6110112345671") == "61101-1234567-1"
    assert card_drawing.five_seven_one("0123456") == "0123456"
    assert card_drawing.five_seven_one("۶۱۱۰۱۱۲۳۴۵۶۷۱") == "۶۱۱۰۱۱۲۳۴۵۶۷۱"


def test_a_card_shows_the_number_in_its_three_parts(printer: CardPrinter) -> None:
    plain, parted = (dataclasses.replace(drawing(), number=n) for n in ("6110112345671", "61101-1234567-1"))
    assert printer.png(plain) == printer.png(parted)


def test_short_fields_of_the_back_stand_side_by_side_above_the_long_ones(printer: CardPrinter) -> None:
    short = tuple(CardField(f"Label {n}", "عنوان", "X" * 12) for n in range(4))
    without = np.asarray(grey(printer.png(dataclasses.replace(drawing(), back=()), "back"))).astype(int)
    with_short = np.asarray(grey(printer.png(dataclasses.replace(drawing(), back=short), "back"))).astype(int)
    rows, columns = np.nonzero(np.abs(with_short - without) > 60)
    assert rows.max() < 15.4 * 16
    assert columns.min() > 46 * 16
    assert columns.max() < 82.6 * 16


def test_a_card_without_a_photo_shows_an_outline(printer: CardPrinter) -> None:
    card = dataclasses.replace(drawing(), photo=b"")
    frame = np.asarray(grey(printer.png(card)))[12 * 16 : 41 * 16, 4 * 16 : 26 * 16]
    assert len(np.unique(frame)) > 1
    assert frame.min() > 120


def test_chinese_is_set_from_left_to_right_at_the_left_of_its_column(printer: CardPrinter) -> None:
    def span(chinese: str) -> tuple[int, int]:
        bare = dataclasses.replace(firm(), name=Words("", chinese), specimen="")
        band = np.asarray(grey(printer.png(bare)))[12 * 16 + 24 : 18 * 16, 44 * 16 : 83 * 16]
        ink = np.flatnonzero((band < 90).any(axis=0))
        return int(ink.min()), int(ink.max())

    (left, right), (longer_left, longer_right) = span("中国"), span("中国中国")
    assert abs(left - longer_left) < 8
    assert longer_right > right + 30


def test_what_is_not_a_person_gets_no_outline_of_one_and_its_room(printer: CardPrinter) -> None:
    with_outline = np.asarray(grey(printer.png(dataclasses.replace(firm(), of_person=True))))
    without = np.asarray(grey(printer.png(firm())))
    corner = (slice(11 * 16, 40 * 16), slice(4 * 16, 25 * 16))
    assert (with_outline[corner] < 60).sum() == 0
    assert (without[corner] < 60).sum() > 200


def test_the_code_on_a_card_in_chinese_reads(printer: CardPrinter) -> None:
    assert qr.read_picture(printer.png(firm(), "both")) == (PASS,)


def specimen_ink(printer: CardPrinter, card: CardDrawing) -> tuple[int, int]:
    """The columns that the specimen's words reach on the front, in pixels."""
    marked = np.asarray(grey(printer.png(card))).astype(int)
    bare = np.asarray(grey(printer.png(dataclasses.replace(card, specimen="")))).astype(int)
    columns = np.flatnonzero((np.abs(marked - bare) > 4).any(axis=0))
    return int(columns.min()), int(columns.max())


@pytest.mark.parametrize("words", ["SYNTHETIC SPECIMEN", "MUSTER", "A" * 80])
def test_the_specimens_words_stand_beside_the_photograph_whole(printer: CardPrinter, words: str) -> None:
    left, right = specimen_ink(printer, dataclasses.replace(drawing(), specimen=words))
    assert left > 27 * 16  # the photograph ends at 26.8 mm
    assert right < 83 * 16


field = CardField("a", "ب", "b", "ب")
REFUSED = {
    "colour": {"theme": Theme("red", "#000000")},
    "template": {"template": "../card.typ"},
    "card template": {"template": "absent.typ"},
    "10 fields in front": {"front": (field,) * 11},
    "3 long fields": {"back": (field,) * 4},
    "4 short ones": {"back": (CardField("a", "ب", "b"),) * 5},
    "one mark": {"marks": (Words("a", "ب"),) * 2},
    "two inscriptions": {"inscriptions": (Words("a", "ب"),) * 3},
    "text of 301 characters": {"name": Words("a" * 301, "")},
    "cannot be drawn": {"photo": b"no picture"},
    "photo profile": {"qr_text": base45_text(4200)},
    "Name does not fit its place on card RS-0000001": {"name": Words("a", "ب" * 290)},
    "Present address does not fit": {
        "back": (CardField("Present address", "پتہ", "a " * 150, "پتہ " * 70),) * 3
    },
    "title does not fit": {"title": Words("W" * 300, "")},
}


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        ("\u9f98", "9F98"),  # a Chinese character outside GB 2312
        ("\x00", "0000"),
        ("\ud800", "D800"),
        ("\u202e", "202E"),
        ("\u0303", "0303"),
        ("\U0001f600", "1F600"),
    ],
)
def test_a_letter_that_would_leave_a_gap_is_refused_by_its_code(
    printer: CardPrinter, letter: str, code: str
) -> None:
    with pytest.raises(CardNotDrawable, match=rf"U\+{code} "):
        printer.png(dataclasses.replace(drawing(), name=Words(f"Wang {letter}", "")))


def test_every_letter_that_is_let_through_leaves_ink(printer: CardPrinter) -> None:
    fonts = Path(card_drawing.__file__).parent / "cards" / "fonts"
    loaded = [
        ImageFont.truetype(fonts / name, 20)
        for name in ("NotoSansCJKsc-Regular.otf", "NotoSans-Regular.ttf", "NotoNastaliqUrdu-Regular.ttf")
    ]
    absent = [(font, bytes(font.getmask("\ue123"))) for font in loaded]
    for code in range(0x21, 0x10000):
        letter = chr(code)
        if card_scripts.find_unprintable(letter) or unicodedata.category(letter) in ("Zs", "Cf", "Mn"):
            continue
        assert any(bytes(font.getmask(letter)) != none for font, none in absent), f"U+{code:04X}"


def test_all_characters_of_gb_2312_are_let_through() -> None:
    rows = range(0xB0, 0xF8)  # GB 2312-80, rows 16 to 87: the hanzi of both levels
    pairs = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    hanzi = "".join(pair.decode("gb2312", "ignore") for pair in pairs)
    assert len(hanzi) == 6763
    assert card_scripts.find_unprintable(hanzi) == ""


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
def test_every_country_has_a_name_that_a_card_can_show(language: str) -> None:
    codes = [code for code in get_global("territory_aliases") if len(code) == 3 and code.isalpha()]
    names = {code: name_country(code, language) for code in codes}
    assert len(codes) > 200
    assert [code for code, name in names.items() if card_scripts.find_unprintable(name)] == []
    assert name_country("QQQ", language) == name_country("CHN", "") == ""


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_the_longest_countries_names_fit_a_short_field(printer: CardPrinter, language: str) -> None:
    codes = sorted(code for code in get_global("territory_aliases") if len(code) == 3 and code.isalpha())
    names = {(name_country(code, "en"), name_country(code, language)) for code in codes}
    longest = sorted((pair for pair in names if pair[0]), key=lambda pair: -len("".join(pair)))[:30]
    short = [CardField("Nationality", "قومیت", *pair) for pair in longest]
    first = CardField("Father", "والد", "Sample", "نمونہ")
    for at in range(0, len(short), 6):
        card = dataclasses.replace(drawing(), front=(first, *short[at : at + 6]), second_language=language)
        assert printer.png(dataclasses.replace(card, photo=b""))


@pytest.mark.parametrize(
    "name",
    ["Sample \u200fName", "Fatima #1 $x$ \\* _a_ @b [c]", "a" * 24, "Sample Name " * 8],
    ids=["mark of direction", "markup", "long word", "96 letters"],
)
def test_odd_names_are_printed_on_both_sides(printer: CardPrinter, name: str) -> None:
    card = dataclasses.replace(drawing(), name=Words(name, "نمونہ \u200e1"))
    assert qr.read_picture(printer.png(card, "both")) == (PASS,)


@pytest.mark.parametrize("words", REFUSED)
def test_what_no_card_can_show_is_refused_by_name(printer: CardPrinter, words: str) -> None:
    card = dataclasses.replace(drawing(), **REFUSED[words])  # type: ignore[arg-type]
    with pytest.raises(CardNotDrawable, match=words):
        printer.png(card, "both")
