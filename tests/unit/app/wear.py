"""What becomes of a printed card: each damage in four strengths, seeded, on a greyscale picture of the back.

Pictures come at 16 pixels a millimetre and are cut to the code with its quiet zone, as somebody's camera does.
"""

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from rahdari.wire import qr

PX_PER_MM = 16
SEED = 20260301
Grey = Image.Image
Pixels = NDArray[np.float64]


def _pixels(picture: Grey) -> Pixels:
    return np.asarray(picture).astype(np.float64)


def _picture(pixels: Pixels) -> Grey:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def code_of(back: Grey) -> Grey:
    """Cut the code with its quiet zone, and a little more, out of the picture of a card's back."""
    return back.crop((8, 3 * PX_PER_MM + 8, 46 * PX_PER_MM, 48 * PX_PER_MM))


def resampled(picture: Grey, dots_per_inch: float) -> Grey:
    """Printed or scanned at so many dots an inch."""
    scale = dots_per_inch / 25.4 / PX_PER_MM
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BICUBIC)


def grown(picture: Grey, px: float) -> Grey:
    """Dot gain: ink runs, by so many sixteenths of a millimetre on every edge."""
    return picture.filter(ImageFilter.MinFilter(2 * int(px) + 1))


def shrunk(picture: Grey, px: float) -> Grey:
    """Too little ink: dark loses on every edge."""
    return picture.filter(ImageFilter.MaxFilter(2 * int(px) + 1))


def halftoned(picture: Grey, depth: float) -> Grey:
    """The screen of a cheap printer: dots of 0.2 mm that take ink away and leave it where none belongs."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width]
    screen = np.sin(x * math.tau / 3.2) * np.sin(y * math.tau / 3.2)
    return _picture(_pixels(picture) + screen * depth)


def noisy(picture: Grey, sigma: float) -> Grey:
    """A sensor in poor light."""
    chance = np.random.default_rng(SEED)
    return _picture(_pixels(picture) + chance.normal(0, sigma, (picture.height, picture.width)))


def blurred(picture: Grey, radius_mm: float) -> Grey:
    """Out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(radius_mm * PX_PER_MM))


def faded(picture: Grey, contrast: float) -> Grey:
    """Ink bleached by light: what is left of the contrast, on yellowed paper."""
    return _picture(225 - (255 - _pixels(picture)) * contrast)


def turned(picture: Grey, degrees: float) -> Grey:
    """Held askew."""
    return picture.rotate(degrees, expand=True, fillcolor=215, resample=Image.Resampling.BICUBIC)


def turned_back(picture: Grey, degrees: float) -> Grey:
    """Held askew the other way."""
    return turned(picture, -degrees)


def tilted(picture: Grey, share: float) -> Grey:
    """Seen from the side: the far edge is shorter by twice this share."""
    wide, tall = picture.size
    inset = share * tall
    seen_as = [(0, inset), (wide, 0), (wide, tall), (0, tall - inset)]
    corners = [(0, 0), (wide, 0), (wide, tall), (0, tall)]
    rows: list[list[float]] = []
    for (u, v), (x, y) in zip(seen_as, corners, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
    found = np.linalg.solve(np.array(rows), np.array(corners, dtype=float).reshape(8))
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, found.tolist(), Image.Resampling.BICUBIC, fillcolor=215
    )


def squeezed(picture: Grey, quality: float) -> Grey:
    """Sent through a messenger: JPEG."""
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=int(quality))
    return Image.open(io.BytesIO(target.getvalue())).convert("L")


def scratched(picture: Grey, width_mm: float) -> Grey:
    """A key's scratch across the whole code, down to the white."""
    marked = picture.copy()
    wide, tall = marked.size
    line = [(0, tall * 0.35), (wide, tall * 0.62)]
    ImageDraw.Draw(marked).line(line, fill=235, width=max(1, round(width_mm * PX_PER_MM)))
    return marked


def ringed(picture: Grey, darkness: float) -> Grey:
    """A cup was put on it: a brown ring of 20 mm, 1 mm wide, that dims what is under it."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width]
    away = np.hypot(x - picture.width * 0.55, y - picture.height * 0.5) / PX_PER_MM
    ring = np.exp(-(((away - 10) / 0.5) ** 2))
    return _picture(_pixels(picture) * (1 - darkness * ring))


def blotted(picture: Grey, diameter_mm: float) -> Grey:
    """A drop of ink, black, in the middle."""
    marked = picture.copy()
    x, y, radius = picture.width * 0.56, picture.height * 0.53, diameter_mm * PX_PER_MM / 2
    ImageDraw.Draw(marked).ellipse((x - radius, y - radius, x + radius, y + radius), fill=25)
    return marked


def glared(picture: Grey, strength: float) -> Grey:
    """A lamp in the laminate: one corner is washed out."""
    y, x = np.mgrid[0 : picture.height, 0 : picture.width]
    light = np.exp(-(np.hypot(x / picture.width, y / picture.height) ** 2) * 2) * strength
    pixels = _pixels(picture)
    return _picture(pixels + (255 - pixels) * light)


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage, in four strengths, the mildest first."""

    do: Callable[[Grey, float], Grey]
    strengths: tuple[float, float, float, float]
    unit: str


DAMAGES: Mapping[str, Damage] = {
    "resampled": Damage(resampled, (300, 200, 150, 100), "dpi"),
    "dot gain": Damage(grown, (1, 2, 3, 4), "/16 mm an edge"),
    "ink loss": Damage(shrunk, (1, 2, 3, 4), "/16 mm an edge"),
    "halftone": Damage(halftoned, (40, 80, 120, 200), "of 255"),
    "noise": Damage(noisy, (40, 80, 120, 200), "of 255"),
    "blur": Damage(blurred, (0.08, 0.12, 0.16, 0.2), "mm"),
    "fading": Damage(faded, (0.6, 0.3, 0.1, 0.03), "of the contrast"),
    "rotation": Damage(turned, (6, 12, 25, 45), "degrees"),
    "rotation back": Damage(turned_back, (6, 12, 25, 45), "degrees"),
    "perspective": Damage(tilted, (0.03, 0.08, 0.15, 0.25), "of the height"),
    "JPEG": Damage(squeezed, (40, 20, 10, 3), "quality"),
    "scratch": Damage(scratched, (0.2, 0.5, 1.0, 2.0), "mm"),
    "ring": Damage(ringed, (0.4, 0.7, 0.9, 1.0), "darker"),
    "blot": Damage(blotted, (2, 4, 6, 9), "mm"),
    "glare": Damage(glared, (0.5, 0.8, 0.95, 0.99), "washed out"),
}


def moderate(picture: Grey) -> Grey:
    """What an ordinary card in an ordinary purse has, photographed by an ordinary phone."""
    worn = scratched(grown(picture, 1), 0.15)
    worn = ringed(blotted(worn, 1.0), 0.3)
    worn = glared(faded(worn, 0.65), 0.3)
    worn = tilted(turned(worn, 5), 0.03)
    return squeezed(noisy(resampled(blurred(worn, 0.06), 300), 10), 40)


def reads(picture: Grey, text: str) -> bool:
    """Tell whether the picture gives this text, by the reader that people's pictures go through."""
    target = io.BytesIO()
    picture.save(target, "PNG", compress_level=1)
    return qr.read_picture(target.getvalue()) == (text,)


def strength_held(name: str, picture: Grey, text: str) -> int:
    """Count the strengths of a damage, from the mildest, up to which the code reads: 0 to 4."""
    damage = DAMAGES[name]
    for held, strength in enumerate(damage.strengths):
        if not reads(damage.do(picture, strength), text):
            return held
    return len(damage.strengths)
