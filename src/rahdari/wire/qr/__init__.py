"""QR codes (ISO/IEC 18004): text to symbol, symbol to picture, picture back to text.

Writing is our own, exact and fast (``docs/decisions/0006-qr-by-zxing.md`` says why); reading is zxing-cpp's.

Example:
    >>> from rahdari.wire import qr
    >>> qr.read_picture(qr.write_png("6BF+70790T9WJWG.FKY*4GO0"))
    ('6BF+70790T9WJWG.FKY*4GO0',)
"""

from rahdari.wire.qr.pictures import (
    count_modules,
    write_matrix,
    write_png,
    write_svg_path,
    write_terminal,
)
from rahdari.wire.qr.reading import PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX, open_picture, read_picture
from rahdari.wire.qr.tables import Level

__all__ = [
    "PICTURE_BYTES_MAX",
    "PICTURE_PIXELS_MAX",
    "Level",
    "count_modules",
    "open_picture",
    "read_picture",
    "write_matrix",
    "write_png",
    "write_svg_path",
    "write_terminal",
]
