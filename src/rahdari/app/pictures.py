"""Pictures of a pass, as people hand them in: a photograph, a scan, a screenshot."""

from typing import ClassVar

from rahdari.kernel import Refused
from rahdari.wire import qr

PICTURE_BYTES_MAX = qr.PICTURE_BYTES_MAX


class NoCode(Refused):
    """There is no readable QR code in the picture."""

    code: ClassVar[str] = "app.no_code"


class SeveralCodes(Refused):
    """The picture holds more than one QR code, and nobody can tell which one is meant."""

    code: ClassVar[str] = "app.several_codes"


def read_code(raw: bytes) -> str:
    """Read the one QR code of a PNG, JPEG or WebP picture.

    Raises:
        NoCode, SeveralCodes: there is none, or more than one.
        MalformedInput, TooLarge: the bytes are no picture, or one beyond the limits of ``wire.qr``.
    """
    texts = tuple(dict.fromkeys(qr.read_picture(raw)))
    if not texts:
        raise NoCode(
            "no QR code can be read in this picture; take it again from closer, in even light, the whole code"
        )
    if len(texts) > 1:
        raise SeveralCodes(
            f"the picture holds {len(texts)} different QR codes; crop it to the one that is meant"
        )
    return texts[0]
