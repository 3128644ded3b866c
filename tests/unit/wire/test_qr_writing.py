"""QR symbols are exact: against the standard's own examples, a slow reference, and another maker's reader."""

import io
import random
import re

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from rahdari.wire import qr
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.qr import reed_solomon, scoring, symbol, tables
from rahdari.wire.qr.segments import ALPHANUMERIC, Segment
from rahdari.wire.qr.tables import Level

QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def read_by_zxing(matrix: NDArray[np.bool_]) -> list[zxingcpp.Barcode]:
    grey = np.pad(np.where(matrix, 0, 255).astype(np.uint8), 4, constant_values=255)
    large = grey.repeat(3, axis=0).repeat(3, axis=1)
    return list(zxingcpp.read_barcodes(large, formats=QR_CODES, text_mode=zxingcpp.TextMode.Plain))


def base45_text(length: int, seed: int = 1) -> str:
    return "".join(random.Random(seed).choices(ALPHANUMERIC, k=length))


def alphanumeric_room(version: int, level: Level) -> int:
    """Table 7 by arithmetic: what is left after mode and count, at 11 bits a pair and 6 for a last one."""
    bits = tables.blocks(version, level).payload_bytes * 8 - 4 - (9, 11, 13)[(version > 9) + (version > 26)]
    return bits // 11 * 2 + (bits % 11 >= 6)


def test_codewords_of_the_standards_example() -> None:
    # ISO/IEC 18004, Annex I: "01234567" in version 1-M.
    segment = Segment("01234567")
    assert segment.version(Level.M) == 1
    content = segment.codewords(1, Level.M)
    assert content.tobytes() == bytes.fromhex("10200C566180EC11EC11EC11EC11EC11")
    woven = reed_solomon.interleaved(content, tables.blocks(1, Level.M))
    assert woven.tobytes()[16:] == bytes.fromhex("A524D4C1ED36C7872C55")


def test_format_and_version_words_of_the_standards_examples() -> None:
    assert tables.format_word(Level.M, 0b101) == 0b100000011001110  # Annex C.2
    assert tables.version_word(7) == 0b000111110010010100  # Annex D.2


@pytest.mark.parametrize(("level", "most"), [("L", 4296), ("M", 3391), ("Q", 2420), ("H", 1852)])
def test_the_largest_symbol_holds_what_the_standard_says_and_no_more(level: str, most: int) -> None:
    # Table 7, version 40, alphanumeric.
    assert len(qr.write_matrix(base45_text(most), level)) == 177
    with pytest.raises(TooLarge, match="smaller photo"):
        qr.write_matrix(base45_text(most + 1), level)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("version", range(1, 41))
def test_every_version_and_level_is_read_back_by_another_makers_reader(version: int, level: Level) -> None:
    text = base45_text(alphanumeric_room(version, level), seed=version)
    matrix = qr.write_matrix(text, level)
    assert matrix.shape == (tables.side(version), tables.side(version))
    [code] = read_by_zxing(matrix)
    assert code.text == text
    assert code.ec_level == level.value


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=ALPHANUMERIC, min_size=1, max_size=400), st.sampled_from(list(Level)))
def test_any_base45_text_survives_exactly(text: str, level: Level) -> None:
    assert qr.read_picture(qr.write_png(text, ec_level=level, module_px=3)) == (text,)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=120))
def test_any_unicode_text_survives_exactly(text: str) -> None:
    assert qr.read_picture(qr.write_png(text, module_px=3)) == (text,)


@pytest.mark.parametrize("text", ["7", "42", "007", "A", "0A", "a", "سلام", "通行证", "é" * 40, "9" * 7089])
def test_each_mode_and_each_remainder_is_written(text: str) -> None:
    [code] = read_by_zxing(qr.write_matrix(text))
    assert code.text == text


def test_text_beyond_ascii_names_its_character_set_and_ascii_does_not() -> None:
    # 7.4.2: without an ECI a reader may take UTF-8 for Latin-1. Mode 0111, designator 26, mode 0100.
    assert Segment("سلام").codewords(1, Level.L).tobytes().hex().startswith("71a4")
    assert Segment("salam").codewords(1, Level.L).tobytes().hex().startswith("405")


def slow_penalty(dark: NDArray[np.bool_]) -> int:
    """ISO/IEC 18004, 7.8.3, told as plainly as Python can."""
    size = len(dark)
    total = 0
    for lines in (dark, dark.T):
        for line in lines:
            text = "".join("1" if module else "0" for module in line)
            total += sum(len(run.group()) - 2 for run in re.finditer(r"0{5,}|1{5,}", text))
            padded = "0000" + text + "0000"
            for start in range(4, len(padded) - 10):
                if padded[start : start + 7] == "1011101":
                    beside = padded[start - 4 : start], padded[start + 7 : start + 11]
                    total += 40 * ("0000" in beside)
    for row in range(size - 1):
        for column in range(size - 1):
            total += 3 * (len(set(dark[row : row + 2, column : column + 2].ravel().tolist())) == 1)
    share = 100 * int(dark.sum()) / dark.size
    return total + 10 * int(abs(share - 50) / 5)


@pytest.mark.parametrize("seed", range(4))
def test_penalties_are_those_of_the_plain_reading_of_the_standard(seed: int) -> None:
    rows = np.random.default_rng(seed).integers(0, 256, (25, 25), dtype=np.uint8)
    rows[3:9, 4:11] = 255  # long runs, squares
    rows[12, 2:9] = [255, 0, 255, 255, 255, 0, 255]
    rows[12, 9:13] = 0
    rows[13:20, 24] = [255, 0, 255, 255, 255, 0, 255]  # beside the quiet zone
    expected = [slow_penalty((rows >> mask & 1).astype(np.bool_)) for mask in range(8)]
    assert scoring.penalties(rows).tolist() == expected


def test_the_mask_with_the_least_penalty_is_taken() -> None:
    matrix = qr.write_matrix(base45_text(300))
    frame = symbol._frame((len(matrix) - 17) // 4, Level.L)
    drawn = frame.modules.copy()
    [mask] = [mask for mask in range(8) if is_masked_with(matrix, drawn, mask)]
    others = []
    for other in range(8):
        changed = (drawn >> mask ^ drawn >> other) & 1
        others.append(slow_penalty(matrix ^ changed.astype(np.bool_)))
    assert others[mask] == min(others)


def is_masked_with(matrix: NDArray[np.bool_], frame: NDArray[np.uint8], mask: int) -> bool:
    """Compare the format word beside the upper left finder."""
    return bool(
        (matrix[8, :9] == (frame[8, :9] >> mask & 1)).all()
        and (matrix[:9, 8] == (frame[:9, 8] >> mask & 1)).all()
    )


def test_a_picture_is_a_one_bit_png_with_a_light_quiet_zone() -> None:
    raw = qr.write_png("RAHDARI", module_px=5, quiet_modules=6)
    picture = Image.open(io.BytesIO(raw))
    picture.load()
    matrix = qr.write_matrix("RAHDARI")
    assert (picture.format, picture.mode) == ("PNG", "1")
    assert picture.size == ((len(matrix) + 12) * 5, (len(matrix) + 12) * 5)
    light = np.asarray(picture)
    assert light[:30].all()
    assert light[:, -30:].all()
    assert (light[32:-30:5, 32:-30:5] == ~matrix).all()


def test_a_terminal_shows_the_symbol_with_its_quiet_zone() -> None:
    lines = qr.write_terminal("RAHDARI").splitlines()
    upper = [[glyph in "▀█" for glyph in line] for line in lines]
    lower = [[glyph in "▄█" for glyph in line] for line in lines]
    light = np.array([row for pair in zip(upper, lower, strict=True) for row in pair])
    matrix = qr.write_matrix("RAHDARI")
    size = len(matrix)
    assert (light[4 : 4 + size, 4 : 4 + size] == ~matrix).all()
    assert light[: 8 + size].sum() == (8 + size) ** 2 - matrix.sum()


def test_an_svg_path_fills_the_dark_modules_and_no_other() -> None:
    side, path = qr.write_svg_path("RAHDARI", quiet_modules=4)
    drawn = np.zeros((side, side), dtype=np.bool_)
    strokes = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path)
    for left, top, width, back in strokes:
        assert width == back
        drawn[int(top), int(left) : int(left) + int(width)] = True
    assert (drawn == np.pad(qr.write_matrix("RAHDARI"), 4)).all()
    assert "".join(f"M{x} {y}h{w}v1h-{b}z" for x, y, w, b in strokes) == path


@pytest.mark.parametrize("text", ["", "\ud800"])
def test_what_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        qr.write_matrix(text)


def test_an_endless_text_is_refused_before_any_work() -> None:
    with pytest.raises(TooLarge, match="10000000 characters"):
        qr.write_png("A" * 10_000_000)


@pytest.mark.parametrize(
    "measures", [{"module_px": 0}, {"module_px": 41}, {"quiet_modules": -1}, {"quiet_modules": 65}]
)
def test_a_measure_out_of_bounds_is_refused_by_name(measures: dict[str, int]) -> None:
    [name] = measures
    with pytest.raises(MalformedInput, match=name):
        qr.write_png("RAHDARI", **measures)  # type: ignore[arg-type]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(MalformedInput, match="none of L, M, Q, H"):
        qr.write_matrix("RAHDARI", "Z")
