"""Faces that are plainly drawings: flat colours, round shapes, a smile."""

import hashlib
import io
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from PIL import Image, ImageDraw

Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]
_T = TypeVar("_T")


class Look(StrEnum):
    """Whom the drawing shows."""

    MAN = "man"
    WOMAN = "woman"
    BOY = "boy"
    GIRL = "girl"
    ELDER_MAN = "elder_man"
    ELDER_WOMAN = "elder_woman"


LOOKS = tuple(Look)

_SKINS: Sequence[Colour] = ((244, 208, 172), (229, 184, 143), (205, 152, 110), (176, 124, 84), (146, 100, 68))
_HAIRS: Sequence[Colour] = ((32, 26, 24), (48, 34, 28), (72, 48, 34), (22, 22, 30))
_GREYS: Sequence[Colour] = ((196, 196, 198), (160, 160, 164), (224, 222, 218))
_CLOTHES: Sequence[Colour] = (
    (38, 92, 120), (120, 54, 66), (52, 104, 76), (196, 148, 62), (92, 74, 128), (62, 70, 84), (184, 92, 62),
    (232, 226, 214),
)  # fmt: skip
_SCARVES: Sequence[Colour] = (
    (196, 78, 92), (60, 132, 128), (122, 92, 164), (218, 168, 78), (84, 128, 178), (226, 220, 208),
    (92, 122, 70),
)  # fmt: skip
_CAPS: Sequence[Colour] = ((240, 238, 232), (150, 60, 52), (120, 100, 78), (46, 84, 70))
_PAPERS: Sequence[Colour] = (
    (222, 234, 240),
    (232, 236, 224),
    (240, 230, 220),
    (228, 226, 240),
    (220, 236, 230),
)

WIDTH, HEIGHT = 413, 531  # 35 x 45 mm at 300 ppi
_FINE = 2  # drawn twice as large, then reduced: smooth edges


def draw_portrait(seed: int) -> bytes:
    """Draw a face, 413 x 531 pixels, as JPEG; the same seed draws the same face.

    ``seed % 6`` chooses whom, in the order of ``Look``; the rest chooses skin, hair, clothes and mood.
    """
    face = _Face(seed)
    picture = face.drawn().reduce(_FINE)
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=92)
    return target.getvalue()


@lru_cache(maxsize=8)
def _paper(colour: Colour) -> Image.Image:
    """A background that darkens a little downward."""
    shade = Image.linear_gradient("L").resize((WIDTH * _FINE, HEIGHT * _FINE))
    below = tuple(channel * 84 // 100 for channel in colour)
    return Image.composite(Image.new("RGB", shade.size, below), Image.new("RGB", shade.size, colour), shade)


def _shade(colour: Colour, percent: int) -> Colour:
    red, green, blue = (min(255, channel * percent // 100) for channel in colour)
    return red, green, blue


class _Face:
    """One drawing in the making; every choice is drawn from the seed's hash."""

    def __init__(self, seed: int) -> None:
        self._choices = list(hashlib.blake2b(str(seed).encode(), digest_size=32).digest())
        self._look = LOOKS[seed % len(LOOKS)]
        self._skin = self._pick(_SKINS)
        self._hair = self._pick(_GREYS if self._elder else _HAIRS)
        self._clothes, self._scarf = self._pick(_CLOTHES), self._pick(_SCARVES)
        self._canvas = _paper(self._pick(_PAPERS)).copy()
        self._pen = ImageDraw.Draw(self._canvas)
        # Children have rounder, smaller heads that sit lower.
        self._child = self._look in (Look.BOY, Look.GIRL)
        self._wide = (92 if self._child else 84) + self._choices.pop() % 12
        self._tall = (104 if self._child else 116) + self._choices.pop() % 12
        self._eye_level = 262 if self._child else 240

    @property
    def _elder(self) -> bool:
        return self._look in (Look.ELDER_MAN, Look.ELDER_WOMAN)

    @property
    def _female(self) -> bool:
        return self._look in (Look.WOMAN, Look.GIRL, Look.ELDER_WOMAN)

    def _pick(self, choices: Sequence[_T]) -> _T:
        return choices[self._choices.pop() % len(choices)]

    def drawn(self) -> Image.Image:
        """Lay the drawing on from back to front."""
        covered = self._female and self._choices.pop() % 10 < (9 if self._elder else 5)
        if covered:
            self._draw_scarf_behind()
        elif self._female:
            self._draw_long_hair()
        self._draw_body()
        if covered:
            self._draw_drape()
        self._draw_head()
        if covered:
            self._draw_scarf_before()
        else:
            self._draw_short_hair()
        self._draw_features()
        if self._look in (Look.MAN, Look.ELDER_MAN):
            self._draw_man()
        if not self._child and self._choices.pop() % 4 == 0:
            self._draw_glasses()
        return self._canvas

    def _oval(self, x: float, y: float, wide: float, tall: float, colour: Colour) -> None:
        self._pen.ellipse(_fine((x - wide, y - tall, x + wide, y + tall)), fill=colour)

    def _arc(self, box: Box, turn: tuple[int, int], colour: Colour, width: int) -> None:
        self._pen.arc(_fine(box), *turn, fill=colour, width=width * _FINE)

    def _centre(self) -> tuple[float, float]:
        return WIDTH / 2, self._eye_level + 6

    def _draw_body(self) -> None:
        x, y = self._centre()
        broad = 118 if self._child else 142 if self._female else 160
        top = y + self._tall + 22
        self._pen.rounded_rectangle(
            _fine((x - broad, top, x + broad, HEIGHT + 120)), radius=100 * _FINE, fill=self._clothes
        )
        neck = _shade(self._skin, 88)
        half = 30 if self._child or self._female else 38
        self._pen.rectangle(_fine((x - half, y + 60, x + half, top + 8)), fill=neck)
        self._oval(x, top + 4, half + 10, 26, neck)
        self._draw_collar(x, top)

    def _draw_collar(self, x: float, top: float) -> None:
        darker = _shade(self._clothes, 80)
        self._arc((x - 50, top - 34, x + 50, top + 38), (20, 160), darker, 9)
        self._pen.line(_fine((x, top + 34, x, HEIGHT)), fill=darker, width=5 * _FINE)
        for button in range(3):
            self._oval(x, top + 66 + 34 * button, 4, 4, _shade(self._clothes, 125))

    def _draw_head(self) -> None:
        x, y = self._centre()
        for side in (-1, 1):
            self._oval(x + side * self._wide, y + 8, 15, 24, _shade(self._skin, 92))
        self._oval(x, y, self._wide, self._tall, self._skin)

    def _draw_long_hair(self) -> None:
        x, y = self._centre()
        length = 70 + self._choices.pop() % 90
        self._oval(x, y - 24, self._wide + 22, self._tall + 6, self._hair)
        self._pen.rounded_rectangle(
            _fine((x - self._wide - 22, y - 30, x + self._wide + 22, y + length + 60)),
            radius=46 * _FINE,
            fill=self._hair,
        )

    def _draw_short_hair(self) -> None:
        x, y = self._centre()
        brow = y - self._tall * 0.42
        wide, tall = self._wide + 6, self._tall + 10
        box = _fine((x - wide, y - tall, x + wide, y + tall))
        # A cap of hair is the segment of the head's oval above the brow, cut by a parting's curve.
        self._pen.chord(box, 205, 335, fill=self._hair)
        parting = (self._choices.pop() % 5 - 2) * 16
        self._oval(x + parting, brow + 14, self._wide * 0.62, 26, self._skin)
        for side in (-1, 1):
            self._oval(x + side * (self._wide - 4), y - 34, 12, 30, self._hair)

    def _draw_scarf_behind(self) -> None:
        x, y = self._centre()
        darker = _shade(self._scarf, 84)
        self._oval(x, y - 8, self._wide + 36, self._tall + 34, darker)
        self._pen.rounded_rectangle(
            _fine((x - self._wide - 40, y - 10, x + self._wide + 40, HEIGHT + 90)),
            radius=70 * _FINE,
            fill=darker,
        )

    def _draw_scarf_before(self) -> None:
        x, y = self._centre()
        self._oval(x, y - self._tall * 0.62, self._wide * 0.86, self._tall * 0.4, self._hair)
        self._oval(x, y + 2, self._wide * 0.97, self._tall * 0.8, self._skin)
        box = _fine((x - self._wide - 26, y - self._tall - 30, x + self._wide + 26, y + self._tall + 40))
        self._pen.arc(box, 168, 372, fill=self._scarf, width=34 * _FINE)

    def _draw_drape(self) -> None:
        x, y = self._centre()
        low = y + self._tall
        self._pen.polygon(
            _fine_points(
                (x - self._wide - 24, y + 6),
                (x - self._wide + 8, y + 16),
                (x + 40, low + 96),
                (x - 70, low + 150),
            ),
            fill=self._scarf,
        )
        self._pen.polygon(
            _fine_points(
                (x + self._wide + 24, y + 6),
                (x + self._wide - 8, y + 16),
                (x - 66, low + 74),
                (x - 20, low + 160),
            ),
            fill=_shade(self._scarf, 92),
        )

    def _draw_features(self) -> None:
        x, y = self._centre()
        apart = self._wide * 0.42
        iris = self._pick(((58, 38, 26), (40, 30, 26), (84, 62, 36), (52, 72, 60)))
        for side in (-1, 1):
            self._oval(x + side * apart, y, 17, 12, (252, 250, 246))
            self._oval(x + side * apart, y + 1, 9, 10, iris)
            self._oval(x + side * apart + 3, y - 3, 3, 3, (255, 255, 255))
            self._oval(x + side * self._wide * 0.55, y + 44, 17, 10, _blush(self._skin))
            lift = 26 + self._choices.pop() % 5
            eye = x + side * apart
            self._arc((eye - 24, y - lift - 8, eye + 24, y - lift + 24), (205, 335), self._brow(), 6)
        self._arc((x - 13, y + 18, x + 13, y + 44), (20, 160), _shade(self._skin, 78), 5)
        self._draw_mouth(x, y + self._tall * 0.5)

    def _brow(self) -> Colour:
        return _shade(self._hair, 80 if self._elder else 100)

    def _draw_mouth(self, x: float, y: float) -> None:
        smile = 26 + self._choices.pop() % 12
        colour = (176, 74, 76) if self._female else _shade(self._skin, 62)
        self._arc((x - smile, y - 26, x + smile, y + 18), (25, 155), colour, 7)
        if self._elder:
            for side in (-1, 1):
                corner = x + side * (smile + 16)
                turn = (290, 70) if side > 0 else (110, 250)
                self._arc((corner - 14, y - 30, corner + 14, y + 16), turn, _shade(self._skin, 84), 4)

    def _draw_man(self) -> None:
        x, y = self._centre()
        beard = self._choices.pop() % 4
        if beard >= 2:
            self._draw_beard(x, y)
        if beard:
            lip = y + self._tall * 0.40
            self._pen.chord(_fine((x - 34, lip - 10, x + 34, lip + 26)), 180, 360, fill=self._hair)
        if self._choices.pop() % 3 == 0:
            self._draw_cap(x, y)

    def _draw_beard(self, x: float, y: float) -> None:
        box = _fine((x - self._wide, y - self._tall, x + self._wide, y + self._tall + 6))
        self._pen.chord(box, 18, 162, fill=self._hair)
        mouth = y + self._tall * 0.5
        self._oval(x, mouth - 6, 40, 17, self._skin)
        self._draw_mouth(x, mouth)

    def _draw_cap(self, x: float, y: float) -> None:
        colour = self._pick(_CAPS)
        brim = y - self._tall * 0.52
        wide = self._wide * 0.98
        self._pen.rounded_rectangle(
            _fine((x - wide, brim - 74, x + wide, brim + 4)), radius=34 * _FINE, fill=colour
        )
        self._pen.rectangle(_fine((x - wide, brim - 22, x + wide, brim + 6)), fill=_shade(colour, 86))
        for step in range(-4, 5):
            self._oval(x + step * wide / 4.6, brim - 8, 5, 5, _shade(colour, 112))

    def _draw_glasses(self) -> None:
        x, y = self._centre()
        frame = self._pick(((40, 40, 46), (110, 74, 48), (70, 84, 110)))
        apart = self._wide * 0.42
        for side in (-1, 1):
            eye = x + side * apart
            self._arc((eye - 29, y - 24, eye + 29, y + 26), (0, 360), frame, 4)
        self._arc((x - apart + 25, y - 10, x + apart - 25, y + 16), (200, 340), frame, 4)


def _blush(skin: Colour) -> Colour:
    red, green, blue = skin
    return min(255, red + 6), green * 88 // 100, blue * 88 // 100


def _fine(box: Box) -> Box:
    left, top, right, bottom = box
    return left * _FINE, top * _FINE, right * _FINE, bottom * _FINE


def _fine_points(*points: tuple[float, float]) -> list[tuple[float, float]]:
    return [(x * _FINE, y * _FINE) for x, y in points]
