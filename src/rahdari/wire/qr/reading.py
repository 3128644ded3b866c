"""A picture to the texts of its QR codes. The picture is a stranger's: limits first, decoding after."""

import io
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import zxingcpp
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from rahdari.wire.errors import MalformedInput, TooLarge

# A phone's 12 megapixel JPEG has 3 to 6 MB; a card's scan at 600 ppi has 2.
PICTURE_BYTES_MAX = 10 << 20
# The largest picture that phones make by default has 24.5 million pixels; decoding costs 4 bytes for each.
PICTURE_PIXELS_MAX = 25_000_000
# A sheet of cards has ten; a picture with more is no picture of passes.
SYMBOLS_MAX = 64
# JPEG, WebP and our own writer end at 65,535 pixels a side; no camera or scanner makes one a third as long.
_SIDE_PX_MAX = 20_000
# Every look is at a picture of at most this longer side: a card that fills half of a 12 megapixel photograph
# still has three pixels for each module of its symbol, and the decoder's time grows faster than the pixels.
_LOOK_SIDE_PX_MAX = 2_000
_ENLARGED_SCALE_MAX = 3
_BAND_PX = 128
# The decoder's time grows with nearly the square of the finder patterns in the picture: 60,000 in four megapixels
# cost it seconds. 192 stand on the fullest sheet; four megapixels of mere noise hold 2,600 by chance.
_FINDERS_MAX = 5_000
# The decoder judges dark and light by the surroundings of a pixel, five blocks of eight pixels wide.
_SURROUNDINGS_PX = 20

_QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_FORMATS = ("PNG", "JPEG", "WEBP")
_DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "F")


def read_picture(raw: bytes) -> tuple[str, ...]:
    """Read every QR code of a PNG, JPEG or WebP picture, in the order in which they stand; () if none.

    Rotation, blur, low contrast, inversion and recompression are borne: where a plain look finds
    nothing, the picture is sharpened, smoothed and enlarged.

    Raises:
        MalformedInput: the bytes are no such picture, are cut short, or hold an animation.
        TooLarge: more than ``PICTURE_BYTES_MAX`` bytes or ``PICTURE_PIXELS_MAX`` pixels; the latter is
            read from the header, before a pixel is decoded.
    """
    return read_image(_opened(raw, is_sketch=True))


def read_image(picture: Image.Image) -> tuple[str, ...]:
    """Read every QR code of an opened picture; see ``read_picture``."""
    for look in _looks(picture):
        found = _texts(look)
        if found:
            return found
    return ()


def open_picture(raw: bytes) -> Image.Image:
    """Decode a stranger's picture within the limits, upright by its EXIF orientation.

    Raises:
        MalformedInput: the bytes are no PNG, JPEG or WebP picture, are cut short, or hold an animation.
        TooLarge: too many bytes, or too many pixels by the header.
    """
    return _opened(raw, is_sketch=False)


def _opened(raw: bytes, *, is_sketch: bool) -> Image.Image:
    """Decode a picture; a sketch has the greys alone, and fewer pixels where the format lets them be left out."""
    if len(raw) > PICTURE_BYTES_MAX:
        raise TooLarge(f"the picture has {len(raw)} bytes, {PICTURE_BYTES_MAX} at most; send a smaller one")
    try:
        picture = Image.open(io.BytesIO(raw), formats=_FORMATS)
        _check_header(picture)
        if is_sketch and picture.mode == "RGB":
            # Only JPEG can; for the other formats this does nothing.
            picture.draft("L", _size(picture, min(1, _LOOK_SIDE_PX_MAX / max(picture.size))))
        picture.load()
        return ImageOps.exif_transpose(_shallow(picture))
    except MalformedInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels("far more") from None
    except UnidentifiedImageError:
        raise MalformedInput("the bytes are no PNG, JPEG or WebP picture; send one of these") from None
    # A decoder of pictures answers broken bytes with whatever its parsers raise: OSError, SyntaxError,
    # ValueError, struct.error, zlib.error, IndexError ... To our caller they are one thing.
    except Exception as broken:  # noqa: BLE001
        raise MalformedInput(f"the picture is damaged ({type(broken).__name__}); send it again") from None


def _check_header(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > PICTURE_PIXELS_MAX:
        raise _too_many_pixels(f"{width} x {height}")
    if max(width, height) > _SIDE_PX_MAX:
        raise TooLarge(f"the picture is {width} x {height} pixels, {_SIDE_PX_MAX} a side at most; crop it")
    # A JPEG that holds a preview as a second picture (MPO, as phones make them) is not an animation.
    if picture.format in ("PNG", "WEBP") and getattr(picture, "n_frames", 1) > 1:
        raise MalformedInput("the picture is an animation; send one frame of it as PNG, JPEG or WebP")


def _too_many_pixels(how_many: str) -> TooLarge:
    return TooLarge(f"the picture has {how_many} pixels, {PICTURE_PIXELS_MAX} at most; send a smaller one")


def _looks(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture in ever more laboured forms, all greyscale; the first is the plain one.

    The forms and their order are the ones that read most of 288 blurred, turned, noisy and recompressed
    symbols (``docs/decisions/0006-qr-by-zxing.md``).
    """
    picture = _reduced(picture)
    grey = _grey(picture, paper=255)
    yield grey
    if _has_alpha(picture):
        yield _grey(picture, paper=0)
    level = ImageOps.autocontrast(grey, cutoff=2)
    yield level.filter(ImageFilter.UnsharpMask(radius=2, percent=300, threshold=0))
    large = _enlarged(level)
    if large is not level:
        yield large
    yield large.filter(ImageFilter.UnsharpMask(radius=4, percent=300, threshold=0))
    yield level.filter(ImageFilter.MedianFilter(3))
    yield level.filter(ImageFilter.GaussianBlur(1))


def _texts(grey: Image.Image) -> tuple[str, ...]:
    pixels = np.asarray(grey)
    if _count_finders(grey) > _FINDERS_MAX:
        raise TooLarge(
            f"the picture holds more than {_FINDERS_MAX} finder patterns of QR codes; send a picture of one card"
        )
    found = zxingcpp.read_barcodes(pixels, formats=_QR_CODES, text_mode=zxingcpp.TextMode.Plain)
    if len(found) > SYMBOLS_MAX:
        raise TooLarge(f"the picture holds {len(found)} QR codes, {SYMBOLS_MAX} at most; send one card")
    return tuple(code.text for code in found)


def _grey(picture: Image.Image, *, paper: int) -> Image.Image:
    """Any mode as 8-bit greyscale; what is transparent shows the paper."""
    if not _has_alpha(picture):
        return picture.convert("L")
    layers = picture.convert("LA")
    sheet = Image.new("LA", picture.size, (paper, 255))
    return Image.alpha_composite(sheet.convert("RGBA"), layers.convert("RGBA")).convert("L")


def _shallow(picture: Image.Image) -> Image.Image:
    """The upper eight bits of sixteen: PNG's deep greyscale runs from 0 to 65535; Pillow would cut it off."""
    if picture.mode not in _DEEP_MODES:
        return picture
    shallow = Image.fromarray(np.clip(np.asarray(picture) // 257, 0, 255).astype(np.uint8))
    shallow.info = picture.info
    return shallow


def _has_alpha(picture: Image.Image) -> bool:
    return picture.has_transparency_data


def _reduced(picture: Image.Image) -> Image.Image:
    """Bring the longer side to ``_LOOK_SIDE_PX_MAX``, as greys, before any other work.

    It is done band by band: a copy of the whole in another mode would cost 100 MB for the largest picture.
    """
    longer = max(picture.size)
    if longer <= _LOOK_SIDE_PX_MAX:
        return picture
    mode = "LA" if _has_alpha(picture) else "L"
    small = Image.new(mode, _size(picture, _LOOK_SIDE_PX_MAX / longer))
    scale = picture.height / small.height
    for top in range(0, small.height, _BAND_PX):
        bottom = min(top + _BAND_PX, small.height)
        first, end = int(top * scale), min(math.ceil(bottom * scale), picture.height)
        band = picture.crop((0, first, picture.width, end)).convert(mode)
        box = (0, top * scale - first, picture.width, min(bottom * scale - first, band.height))
        small.paste(band.resize((small.width, bottom - top), Image.Resampling.BOX, box=box), (0, top))
    return small


def _enlarged(grey: Image.Image) -> Image.Image:
    """Enlarge threefold, or by less, so that ``_LOOK_SIDE_PX_MAX`` is kept."""
    scale = min(_ENLARGED_SCALE_MAX, _LOOK_SIDE_PX_MAX / max(grey.size))
    return grey.resize(_size(grey, scale), Image.Resampling.BICUBIC) if scale > 1 else grey


def _size(picture: Image.Image, scale: float) -> tuple[int, int]:
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _count_finders(grey: Image.Image) -> float:
    """Estimate how many finder patterns (ISO/IEC 18004, 6.3.3) a decoder will see, light ones included."""
    surroundings = np.asarray(grey.filter(ImageFilter.BoxBlur(_SURROUNDINGS_PX)))
    dark = np.asarray(grey) < surroundings
    return float(np.minimum(_centres(dark), _centres(dark.T).T).sum())


def _centres(dark: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Mark the middle of five runs of a row that are as 1:1:3:1:1, so that a whole square sums up to 1."""
    height, width = dark.shape
    # A column of its own at each row's end keeps runs from going on in the next row.
    changes = np.ones((height, width + 1), dtype=bool)
    changes[:, 1:width] = dark[:, 1:] != dark[:, :-1]
    lengths = np.diff(np.flatnonzero(changes), append=changes.size).astype(np.float32)
    first, second, middle, fourth, fifth = (lengths[at : len(lengths) - 4 + at] for at in range(5))
    module = (first + second + middle + fourth + fifth) / 7
    fits = np.abs(middle - 3 * module) <= 1.5 * module
    for outer in (first, second, fourth, fifth):
        fits &= np.abs(outer - module) <= module / 2
    marks = np.zeros_like(lengths)
    marks[2:-2][fits] = 1 / middle[fits] ** 2
    return np.repeat(marks, lengths.astype(np.intp)).reshape(height, width + 1)[:, :width]
