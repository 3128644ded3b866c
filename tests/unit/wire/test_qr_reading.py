"""Pictures are strangers': what phones and scanners make is read, what attackers make refused."""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from rahdari.wire import qr
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.qr.reading import _reduced, _texts
from tests.unit.wire.test_qr_writing import base45_text

TEXT = base45_text(486, seed=5)  # a pass without photo
PHOTO_TEXT = base45_text(2088, seed=6)  # a pass with a photo of 1034 bytes


def symbol(text: str = TEXT, module_px: int = 4) -> Image.Image:
    return Image.open(io.BytesIO(qr.write_png(text, module_px=module_px))).convert("L")


def saved(picture: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, file_format, **options)
    return target.getvalue()


def upside_down(picture: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(picture.rotate(90, expand=True), "JPEG", exif=exif)


def sixteen_bits(picture: Image.Image) -> bytes:
    deep = np.asarray(picture).astype(np.uint16) * 257
    return saved(Image.fromarray(deep))


def light_on_nothing(picture: Image.Image) -> bytes:
    """White modules, and nothing where dark ones would be: read on black paper only."""
    white = Image.new("L", picture.size, 255)
    return saved(Image.merge("LA", (white, picture)))


def dark_on_nothing(picture: Image.Image) -> bytes:
    black = Image.new("L", picture.size, 0)
    return saved(Image.merge("LA", (black, ImageOps.invert(picture))))


FORMS: dict[str, Callable[[Image.Image], bytes]] = {
    "one bit": lambda picture: saved(picture.convert("1")),
    "palette": lambda picture: saved(picture.convert("RGB").quantize(7)),
    "colour": lambda picture: saved(picture.convert("RGB")),
    "alpha": lambda picture: saved(picture.convert("RGBA")),
    "dark on nothing": dark_on_nothing,
    "light on nothing": light_on_nothing,
    "sixteen bits": sixteen_bits,
    "CMYK": lambda picture: saved(picture.convert("CMYK"), "JPEG"),
    "turned by EXIF": upside_down,
    "WebP": lambda picture: saved(picture, "WEBP", quality=60),
    "lossless WebP with alpha": lambda picture: saved(picture.convert("RGBA"), "WEBP", lossless=True),
    "progressive JPEG": lambda picture: saved(picture, "JPEG", progressive=True, quality=40),
    "two pictures in a JPEG": lambda picture: saved(
        picture.convert("RGB"), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))]
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_picture_is_read(form: str) -> None:
    assert qr.read_picture(FORMS[form](symbol())) == (TEXT,)


@pytest.mark.parametrize("angle", [0, 7, 45, 90, 133, 180, 251, 270, 352])
@pytest.mark.parametrize("text", [TEXT, PHOTO_TEXT], ids=["text", "photo"])
def test_a_turned_blurred_and_recompressed_symbol_still_reads(text: str, angle: int) -> None:
    worn = symbol(text, module_px=5).rotate(
        angle, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC
    )
    worn = worn.filter(ImageFilter.GaussianBlur(1.2))
    assert qr.read_picture(saved(worn, "JPEG", quality=40)) == (text,)


def test_a_faint_symbol_is_read() -> None:
    faint = symbol().point(lambda value: 150 + value // 12)
    assert qr.read_picture(saved(faint)) == (TEXT,)


def test_a_light_on_dark_symbol_is_read() -> None:
    assert qr.read_picture(saved(ImageOps.invert(symbol()))) == (TEXT,)


def test_a_small_and_blurred_symbol_needs_a_second_look_and_gets_it() -> None:
    small = symbol(module_px=2).filter(ImageFilter.GaussianBlur(1.0))
    assert _texts(small) == ()
    assert qr.read_picture(saved(small)) == (TEXT,)


def test_a_symbol_in_salt_and_pepper_is_read() -> None:
    pixels = np.array(symbol(module_px=6))
    where = np.random.default_rng(1).random(pixels.shape)
    pixels[where < 0.06] = 0
    pixels[where > 0.94] = 255
    assert qr.read_picture(saved(Image.fromarray(pixels))) == (TEXT,)


def test_all_symbols_of_a_picture_are_read() -> None:
    sheet = Image.new("L", (900, 420), 255)
    sheet.paste(symbol(), (10, 10))
    sheet.paste(symbol("SECOND"), (450, 200))
    assert sorted(qr.read_picture(saved(sheet))) == sorted([TEXT, "SECOND"])


def test_a_picture_without_a_symbol_gives_nothing() -> None:
    assert qr.read_picture(saved(Image.linear_gradient("L"))) == ()


def test_more_symbols_than_any_sheet_has_are_refused() -> None:
    one = symbol("A", module_px=2)
    sheet = Image.new("L", (one.width * 9, one.height * 9), 255)
    for place in range(81):
        sheet.paste(one, (place % 9 * one.width, place // 9 * one.height))
    with pytest.raises(TooLarge, match="QR codes"):
        qr.read_picture(saved(sheet))


def finders(side: int, step: int = 12) -> Image.Image:
    """Nothing but finder patterns with modules of one pixel: each may belong to a symbol with any two others."""
    one = np.full((step, step), 255, np.uint8)
    one[0:7, 0:7], one[1:6, 1:6], one[2:5, 2:5] = 0, 255, 0
    return Image.fromarray(np.tile(one, (side // step + 1, side // step + 1))[:side, :side])


@pytest.mark.parametrize("side", [1000, 1999, 2000, 2600, 3000, 4000, 4992])
@pytest.mark.parametrize("step", [8, 9, 12])
def test_a_picture_made_to_keep_the_decoder_busy_is_dealt_with_at_once(side: int, step: int) -> None:
    raw = saved(finders(side, step))
    began = time.process_time()
    with contextlib.suppress(TooLarge):
        assert qr.read_picture(raw) == ()
    assert time.process_time() - began < 4, "unhindered it takes up to three minutes"


def test_finder_patterns_by_the_thousand_are_told() -> None:
    with pytest.raises(TooLarge, match="finder patterns"):
        qr.read_picture(saved(finders(1500)))


@pytest.mark.parametrize(
    ("text", "module_px", "mode"),
    [(TEXT, 8, "RGB"), (PHOTO_TEXT, 6, "RGB"), (PHOTO_TEXT, 6, "RGBA"), (TEXT, 6, "P"), (TEXT, 6, "1")],
)
def test_a_card_that_fills_half_of_a_large_photograph_is_read(text: str, module_px: int, mode: str) -> None:
    taken = Image.new("L", (4000, 3000), 170)
    card = symbol(text, module_px).rotate(7, expand=True, fillcolor=170, resample=Image.Resampling.BICUBIC)
    taken.paste(card, (1500, 900))
    taken = taken.filter(ImageFilter.GaussianBlur(1.5)).convert(mode)
    raw = saved(taken, "JPEG", quality=60) if mode == "RGB" else saved(taken)
    assert qr.read_picture(raw) == (text,)


def test_reducing_keeps_every_row_and_column_in_its_place() -> None:
    slope = Image.linear_gradient("L").resize((4321, 3001))
    small = np.asarray(_reduced(slope)).astype(int)
    assert small.shape == (1389, 2000)
    assert np.abs(small - np.asarray(slope.resize((2000, 1389), Image.Resampling.BOX))).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(70_000, 100), (100, 70_000), (20_001, 8)])
def test_a_side_that_no_camera_makes_is_refused(width: int, height: int) -> None:
    with pytest.raises(TooLarge, match="a side at most"):
        qr.read_picture(saved(Image.new("L", (width, height), 255)))


def png_header(width: int, height: int) -> bytes:
    content = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    crc = zlib.crc32(b"IHDR" + content)
    empty = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + content + struct.pack(">I", crc) + empty


@pytest.mark.parametrize("side", [5001, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(TooLarge, match="pixels"):
        qr.read_picture(png_header(side, side))


def test_a_picture_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(TooLarge, match="10485761 bytes"):
        qr.read_picture(b"\x00" * (qr.PICTURE_BYTES_MAX + 1))


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_an_animation_is_refused(file_format: str) -> None:
    moving = saved(symbol("A"), file_format, save_all=True, append_images=[symbol("B")])
    with pytest.raises(MalformedInput, match="animation"):
        qr.read_picture(moving)


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "ICO"])
def test_another_format_is_refused(file_format: str) -> None:
    with pytest.raises(MalformedInput, match="no PNG, JPEG or WebP"):
        qr.read_picture(saved(symbol("A"), file_format))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_picture_is_refused(file_format: str, kept: float) -> None:
    whole = saved(symbol().convert("RGB"), file_format)
    with pytest.raises(MalformedInput):
        qr.read_picture(whole[: int(len(whole) * kept)])


@pytest.mark.parametrize("raw", [b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"HC1:"])
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        qr.read_picture(raw)
