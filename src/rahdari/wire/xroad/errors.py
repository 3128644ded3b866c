"""What a gateway's edge can say of a call, beyond "malformed"; none repeats the path, which may be personal."""

from enum import StrEnum
from typing import ClassVar

from rahdari.kernel import Refused
from rahdari.wire.errors import MalformedInput


class AddressFault(StrEnum):
    """Why an identifier, a path or a query was refused: a word to count attacks by, without keeping the path."""

    TOO_LONG = "too_long"
    NOT_A_CALL = "not_a_call"
    VERSION = "version"
    PARTS = "parts"
    CHARACTER = "character"
    ESCAPE = "escape"
    ENCODING = "encoding"
    ENCODED_TWICE = "encoded_twice"
    SLASH = "slash"
    BACKSLASH = "backslash"
    DELIMITER = "delimiter"
    CONTROL = "control"
    DOT_SEGMENT = "dot_segment"
    EMPTY_SEGMENT = "empty_segment"
    PARAMETER = "parameter"


class AddressRefused(MalformedInput):
    """The identifier, path or query is broken, or two servers could read two things in it."""

    code: ClassVar[str] = "wire.xroad_address_refused"

    def __init__(self, fault: AddressFault, message: str) -> None:
        """Take the reason as a word, and the sentence."""
        super().__init__(message)
        self.fault = fault


class ClientMissing(MalformedInput):
    """The call does not say on whose behalf it is made: there is no X-Road-Client."""

    code: ClassVar[str] = "wire.xroad_client_missing"


class HashMismatch(Refused):
    """The response answers another request than the one that was sent."""

    code: ClassVar[str] = "wire.xroad_hash_mismatch"
