"""A picture to the texts of its QR codes. The picture is a stranger's: limits first, decoding after."""

import io
from collections.abc import Iterator

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from rahdari.wire.errors import MalformedInput, TooLarge

# A phone's 12 megapixel JPEG has 3 to 6 MB; a card's scan at 600 ppi has 2.
PICTURE_BYTES_MAX = 10 << 20
# The largest picture that phones make by default has 24.5 million pixels; decoding costs 4 bytes for each.
PICTURE_PIXELS_MAX = 25_000_000
# A sheet of cards has ten; a picture with more is no picture of passes.
SYMBOLS_MAX = 64
# The second looks filter and enlarge; these bound their time to two seconds for the largest picture.
_SECOND_LOOK_PIXELS_MAX = 4_000_000
_ENLARGED_PIXELS_MAX = 8_000_000

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
    return read_image(open_picture(raw))


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
    if len(raw) > PICTURE_BYTES_MAX:
        raise TooLarge(f"the picture has {len(raw)} bytes, {PICTURE_BYTES_MAX} at most; send a smaller one")
    try:
        picture = Image.open(io.BytesIO(raw), formats=_FORMATS)
        _check_header(picture)
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
    grey = _grey(picture, paper=255)
    yield grey
    if _has_alpha(picture):
        yield _grey(picture, paper=0)
    level = ImageOps.autocontrast(_scaled(grey, pixels_max=_SECOND_LOOK_PIXELS_MAX), cutoff=2)
    yield level.filter(ImageFilter.UnsharpMask(radius=2, percent=300, threshold=0))
    large = _scaled(level, pixels_max=_ENLARGED_PIXELS_MAX, scale_max=3)
    yield large
    yield large.filter(ImageFilter.UnsharpMask(radius=4, percent=300, threshold=0))
    yield level.filter(ImageFilter.MedianFilter(3))
    yield level.filter(ImageFilter.GaussianBlur(1))


def _texts(grey: Image.Image) -> tuple[str, ...]:
    pixels = np.asarray(grey)
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
    deep = np.asarray(picture).astype(np.float64)
    shallow = Image.fromarray(np.clip(deep / 257, 0, 255).astype(np.uint8))
    shallow.info = picture.info
    return shallow


def _has_alpha(picture: Image.Image) -> bool:
    return picture.has_transparency_data


def _scaled(grey: Image.Image, *, pixels_max: int, scale_max: float = 1) -> Image.Image:
    """Enlarge by ``scale_max``, or by less, or reduce, so that ``pixels_max`` is kept."""
    scale = min(scale_max, (pixels_max / (grey.width * grey.height)) ** 0.5)
    if scale == 1:
        return grey
    size = max(1, int(grey.width * scale)), max(1, int(grey.height * scale))
    return grey.resize(size, Image.Resampling.BICUBIC)
