"""The scripts a card is set in: which font and direction a language takes, and which letters have ink."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

FONTS_FOLDER = Path(__file__).parent / "cards" / "fonts"
LATIN, NASTALIQ, HAN = "Noto Sans", "Noto Nastaliq Urdu", "Noto Sans CJK SC"
FAMILIES = frozenset({LATIN, NASTALIQ, HAN})

# How far a line reaches over and under its baseline, in em. Nastaliq: what all but long joined words keep within.
Reach = tuple[float, float]
_NASTALIQ_LINE: Reach = (1.5, 0.6)
_HAN_LINE: Reach = (0.88, 0.12)
_LATIN_LINE: Reach = (0.75, 0.22)
_INK_PX = 32


@dataclass(frozen=True, slots=True)
class Script:
    """How a language is set: its fonts in the order they are asked, its direction, its size beside Nastaliq's."""

    language: str
    direction: Literal["ltr", "rtl"]
    fonts: tuple[str, ...]
    line: Reach
    scale: float

    def measure(self, text: str) -> Reach:
        """Tell how far a text's ink reaches over and under the baseline, in em."""
        return _ink(text) if self.fonts[0] == NASTALIQ else self.line


_NASTALIQ_LANGUAGES = frozenset({"ur", "pa", "ks", "fa", "ar", "ps", "sd", "ug"})


def script_of(language: str) -> Script:
    """Choose how a language (BCP 47) is set; any that is neither Arabic's nor Chinese's kind is set as Latin."""
    primary = language.partition("-")[0].lower()
    if primary in _NASTALIQ_LANGUAGES:
        return Script(primary, "rtl", (NASTALIQ, LATIN, HAN), _NASTALIQ_LINE, 1.0)
    if primary == "zh":
        return Script(primary, "ltr", (HAN, LATIN, NASTALIQ), _HAN_LINE, 0.78)
    return Script(primary, "ltr", (LATIN, HAN, NASTALIQ), _LATIN_LINE, 0.82)


def _ink(text: str) -> Reach:
    """Measure a Nastaliq text's ink.

    Nastaliq places letters by offsets that typst's own measure leaves out; the same shaping (HarfBuzz)
    measures them here, on one line, which no line of the wrapped text exceeds.
    """
    line = " ".join(text.split())
    if not line or not features.check("raqm"):  # Pillow may have been built without HarfBuzz
        return _NASTALIQ_LINE
    _, top, _, bottom = _ink_font().getbbox(line, anchor="ls", direction="rtl", language="ur")
    return max(0.5, -top / _INK_PX), max(0.1, bottom / _INK_PX)


@lru_cache(maxsize=1)
def _ink_font() -> ImageFont.FreeTypeFont:
    path = FONTS_FOLDER / "NotoNastaliqUrdu-Regular.ttf"
    return ImageFont.truetype(path, _INK_PX, layout_engine=ImageFont.Layout.RAQM)


# What the Latin and Urdu fonts can show, with line feeds, joiners and direction marks. The overrides of direction
# (U+202A to U+202E, U+2066 to U+2069) are left out on purpose: they make a name read as another one.
_NEITHER_LATIN_NOR_URDU = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u017f\u0218-\u021b\u1e00-\u1eff\u200c-\u200f\u2010-\u2015\u2018-\u201e"
    "\u2020-\u2022\u2026\u2030\u2032\u2033\u2039\u203a\u20a8\u20ac\u2116\u2122"
    "\u0609-\u0614\u061b\u061e-\u0659\u065d-\u0673\u0679-\u0681\u0683-\u068f\u0691\u0693\u0696\u0698-\u069a"
    "\u069e\u06a1\u06a4\u06a6\u06a9\u06ab\u06af-\u06b1\u06b3\u06b7\u06ba-\u06bc\u06be\u06c0-\u06c4\u06c6\u06c7"
    "\u06ca\u06cc\u06cd\u06d0\u06d2-\u06d5\u06ee-\u06f9\ufdf2\ufdf4\ufdfa-\ufdfd]"
)
# The Chinese font is cut to GB 2312-80: its 6763 characters, its marks of punctuation and its full-width letters.
_HAN_BLOCKS = re.compile("[\u3001-\u3003\u3005\u3008-\u3011\u3013-\u3017\u4e00-\u9fa5\uff01-\uff5d]")


def find_unprintable(text: str) -> str:
    """Find the first letter that no font of the cards can show; empty if there is none."""
    for found in _NEITHER_LATIN_NOR_URDU.finditer(text):
        letter = found.group()
        if not (_HAN_BLOCKS.match(letter) and letter.encode("gb2312", "ignore")):
            return letter
    return ""
