"""Where a pass's status stands: the ``status_list`` member of a status claim (Token Status List, 6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from rahdari.wire.errors import MalformedInput

# A status address is printed inside a QR code, where 80 characters already cost a version; 512 is generous.
URI_CHARS_MAX = 512
# No list that we read has more than 2^23 entries; 2^32 keeps an index inside every language's integers.
INDEX_MAX = (1 << 32) - 1

# RFC 3986, 3: a scheme, a colon, then printable ASCII. What may be fetched is the fetcher's decision.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


@dataclass(frozen=True, slots=True)
class StatusReference:
    """One entry of one status list: ``uri`` names the list, ``index`` counts its entries from 0."""

    uri: str
    index: int

    def __post_init__(self) -> None:
        """Refuse what no list could answer.

        Raises:
            MalformedInput: the address is no URI, or the index is negative or beyond ``INDEX_MAX``.
        """
        require_uri(self.uri)
        # 6.2: idx MUST be a non-negative integer.
        if not 0 <= self.index <= INDEX_MAX:
            raise MalformedInput(f"a status index must lie between 0 and {INDEX_MAX}")

    def as_cbor(self) -> dict[str, object]:
        """Give the value of CWT claim 65535 (6.3)."""
        return {"status_list": {"idx": self.index, "uri": self.uri}}

    def as_json(self) -> dict[str, object]:
        """Give the value of the JWT claim ``status`` (6.2)."""
        return {"status_list": {"idx": self.index, "uri": self.uri}}

    @classmethod
    def from_cbor(cls, value: object) -> Self:
        """Read the value of CWT claim 65535, decoded (6.3). Other members are ignored, as 6.1 allows.

        Raises:
            MalformedInput: no ``status_list`` in it, or ``idx`` and ``uri`` are not what 6.3 says.
        """
        # A decoder's maps are plain dictionaries, and asking for those first is ten times faster.
        listed = value.get("status_list") if type(value) is dict or isinstance(value, Mapping) else None
        if type(listed) is not dict and not isinstance(listed, Mapping):
            raise MalformedInput("the status claim names no status_list; no other mechanism is supported")
        uri, index = listed.get("uri"), listed.get("idx")
        # True is an int in Python, and neither in CBOR nor in JSON.
        if not isinstance(uri, str) or not isinstance(index, int) or isinstance(index, bool):
            raise MalformedInput("status_list needs idx, an unsigned integer, and uri, a text")
        return cls(uri, index)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the value of the JWT claim ``status``, decoded (6.2).

        Raises:
            MalformedInput: as ``from_cbor``.
        """
        return cls.from_cbor(value)


# A verifier sees the same few hundred addresses all day.
@lru_cache(maxsize=1024)
def _is_uri(uri: str) -> bool:
    return len(uri) <= URI_CHARS_MAX and _URI.fullmatch(uri) is not None


def require_uri(uri: str) -> None:
    """Refuse a text that cannot be the address of a status list (RFC 3986, 3).

    Raises:
        MalformedInput: no scheme, characters outside printable ASCII, or over ``URI_CHARS_MAX``.
    """
    if not _is_uri(uri):
        raise MalformedInput(f"a status address must be a URI of at most {URI_CHARS_MAX} characters")
