"""QR codes made of characters read back, in full and in half width."""

import io

import pytest
from PIL import Image

from rahdari.cli.drawing import fit_width, is_tall
from rahdari.wire import qr

TEXT = "6BF" + "A1B2C3D4E5" * 60
# The cell of a common terminal font, and which of its quarters each glyph inks.
CELL_WIDTH, CELL_HEIGHT = 8, 16
QUARTERS = dict(zip(" ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█", range(16), strict=True))


def _screen(drawn: str) -> bytes:
    """What a camera would see of a dark terminal."""
    lines = drawn.splitlines()
    picture = Image.new("L", (len(lines[0]) * CELL_WIDTH + 40, len(lines) * CELL_HEIGHT + 40), 0)
    half = (CELL_WIDTH // 2, CELL_HEIGHT // 2)
    for row, line in enumerate(lines):
        for column, glyph in enumerate(line):
            for bit, (right, below) in zip((8, 4, 2, 1), ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
                if QUARTERS[glyph] & bit:
                    left, top = (
                        20 + column * CELL_WIDTH + right * half[0],
                        20 + row * CELL_HEIGHT + below * half[1],
                    )
                    picture.paste(255, (left, top, left + half[0], top + half[1]))
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def test_a_code_reads_back_from_a_wide_terminal() -> None:
    drawn = qr.write_terminal(TEXT)
    fitted = fit_width(drawn, 200)
    assert fitted == drawn
    assert not is_tall(drawn)
    assert qr.read_picture(_screen(drawn)) == (TEXT,)


@pytest.mark.parametrize("text", [TEXT, TEXT[:300], TEXT[:100]])
def test_a_code_reads_back_from_half_the_width(text: str) -> None:
    drawn = qr.write_terminal(text)
    width = len(drawn.splitlines()[0])
    fitted = fit_width(drawn, width - 1)
    assert fitted is not None
    assert len(fitted.splitlines()[0]) == (width + 1) // 2
    assert is_tall(fitted)
    assert qr.read_picture(_screen(fitted)) == (text,)


def test_a_terminal_too_narrow_gets_no_code_rather_than_a_broken_one() -> None:
    assert fit_width(qr.write_terminal(TEXT), 20) is None
