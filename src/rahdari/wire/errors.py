"""What a reader of the standards' formats can say; nothing else ever leaves a parser."""

from typing import ClassVar

from rahdari.kernel import Refused


class MalformedInput(Refused):
    """The bytes are not what the format's standard says."""

    code: ClassVar[str] = "wire.malformed"


class TooLarge(MalformedInput):
    """The bytes, or what they would become, exceed the named maximum."""

    code: ClassVar[str] = "wire.too_large"


class UnsupportedAlgorithm(Refused):
    """The algorithm named in the header is not one that the house accepts."""

    code: ClassVar[str] = "wire.unsupported_algorithm"


class BadSignature(Refused):
    """The signature does not belong to these bytes and this key."""

    code: ClassVar[str] = "wire.bad_signature"
