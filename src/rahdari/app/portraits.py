"""A person's picture in the sizes that the card and the QR code take."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from PIL import Image, ImageFilter

from rahdari.wire import qr
from rahdari.wire.errors import MalformedInput


class PhotoProfile(StrEnum):
    """How large a face travels in the QR code; a smaller one leaves a coarser, sturdier code."""

    NONE = "none"
    SMALL = "small"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most bytes a picture may have, and the frame it is fitted into, in pixels."""

    size_bytes_max: int
    width_px: int
    height_px: int
    qualities: tuple[int, ...]
    effort: int  # libwebp's method: 0 is fast, 6 is small; 2 is nearly as small as 6 in a quarter of the time


# 540 B leave a version 21 code at level L, 1034 B a version 27: 25 and 31 mm at 0.25 mm a module.
BUDGETS: Mapping[PhotoProfile, Budget] = MappingProxyType(
    {
        PhotoProfile.SMALL: Budget(540, 64, 80, (45, 36, 27, 18, 9, 0), 2),
        PhotoProfile.STANDARD: Budget(1034, 120, 150, (45, 36, 27, 18, 9, 0), 2),
    }
)
# 413 x 531 pixels are 35 x 45 mm at 300 ppi, the usual passport format.
CARD_BUDGET = Budget(40_000, 413, 531, (80, 60, 40, 20, 5), 0)
# Smaller than this a face is no face.
SIDE_PX_MIN = 48


@dataclass(frozen=True, slots=True)
class Portrait:
    """One person's picture: WebP for the card, and WebP for the QR code by profile."""

    card: bytes
    qr: Mapping[PhotoProfile, bytes] = field(default_factory=dict)


def derivatives(raw: bytes) -> Portrait:
    """Make the card's picture and the QR code's from a stranger's PNG, JPEG or WebP.

    The picture is cut to 35:45 around the middle. No result ever exceeds its budget, and none carries
    metadata. ``qr`` has no entry for ``PhotoProfile.NONE``.

    Raises:
        MalformedInput: the bytes are no picture, or one that is too small to show a face.
        TooLarge: too many bytes or pixels; see ``wire.qr``.
    """
    upright = qr.open_picture(raw)
    _check_size(upright)
    master = _cut(_on_white(upright), CARD_BUDGET)
    standard = BUDGETS[PhotoProfile.STANDARD]
    middle = _cut(master, standard)
    faces = {
        PhotoProfile.SMALL: _within(middle, BUDGETS[PhotoProfile.SMALL]),
        PhotoProfile.STANDARD: _within(middle, standard),
    }
    return Portrait(card=_within(master, CARD_BUDGET), qr=MappingProxyType(faces))


def _check_size(picture: Image.Image) -> None:
    if min(picture.size) < SIDE_PX_MIN:
        raise MalformedInput(
            f"the portrait has {picture.width} x {picture.height} pixels; "
            f"a face needs {SIDE_PX_MIN} at least, take a larger one"
        )


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    sheet = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(sheet, picture.convert("RGBA")).convert("RGB")


def _cut(picture: Image.Image, budget: Budget) -> Image.Image:
    """Cut the middle to the frame's proportions and fit it; a smaller picture is never blown up."""
    scale = min(picture.width / budget.width_px, picture.height / budget.height_px)
    width, height = budget.width_px * scale, budget.height_px * scale
    left = (picture.width - width) / 2
    top = (picture.height - height) * 0.4  # a face sits above the middle
    size = round(width / max(1.0, scale)), round(height / max(1.0, scale))
    if size == picture.size:
        return picture
    box = (left, top, left + width, top + height)
    return picture.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=1.5)


def _within(picture: Image.Image, budget: Budget) -> bytes:
    """Write WebP within the budget: at a lower quality, then smoothed, then smaller."""
    fitted = _cut(picture, budget)
    for quality in budget.qualities:
        written = _webp(fitted, quality, budget)
        if len(written) <= budget.size_bytes_max:
            return written
    for _ in range(_SHRINKS_MAX):
        fitted = fitted.filter(ImageFilter.GaussianBlur(1)).resize(_four_fifths(fitted))
        written = _webp(fitted, budget.qualities[-1], budget)
        if len(written) <= budget.size_bytes_max:
            return written
    raise AssertionError("a picture of a few pixels exceeded its budget")


# Ten steps leave a tenth of the side: 41 x 53 pixels for the card, 6 x 8 in the QR code.
_SHRINKS_MAX = 10


def _four_fifths(picture: Image.Image) -> tuple[int, int]:
    return max(1, picture.width * 4 // 5), max(1, picture.height * 4 // 5)


def _webp(picture: Image.Image, quality: int, budget: Budget) -> bytes:
    target = io.BytesIO()
    # No colour profile, no EXIF: a place or a camera's number is nobody's business.
    picture.save(target, "WEBP", quality=quality, method=budget.effort, exif=b"", icc_profile=b"")
    return target.getvalue()
