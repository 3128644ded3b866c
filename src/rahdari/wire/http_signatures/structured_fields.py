r"""Structured field values (RFC 8941): dictionaries, lists and items, read strictly and written in one form.

Strict where the RFC leaves a choice: a byte sequence is canonical Base64 (3.3.5, 4.2.7), and whoever reads a
dictionary of signatures or digests refuses a name given twice instead of believing the last (3.2). Dates and
display strings, which RFC 9651 added, are refused: RFC 9421 and RFC 9530 rest on RFC 8941.

The input of a signature over nine components is read in some 30 microseconds; work grows with the text's length
alone.

Example:
    >>> read = parse_dictionary('sig1=("@method" "date";sf);created=5, other=:AAE=:')
    >>> read["sig1"].parameters["created"], read["other"].value
    (5, b'\x00\x01')
    >>> serialize_dictionary(read)
    'sig1=("@method" "date";sf);created=5, other=:AAE=:'
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge

# Four signatures, two of them ML-DSA-44 with 3,228 characters each, and room; servers allow a field 8 to 16 KiB.
FIELD_CHARS_MAX: Final = 16 * 1024
INTEGER_MAX: Final = 999_999_999_999_999  # 3.3.1

_KEY: Final = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_BARE: Final = re.compile(
    r'"(?P<string>[ !#-\[\]-~]*(?:\\["\\][ !#-\[\]-~]*)*)"'
    r"|:(?P<bytes>[A-Za-z0-9+/=]*):"
    r"|\?(?P<boolean>[01])"
    r"|(?P<decimal>-?[0-9]{1,12}\.[0-9]{1,3})(?![0-9.])"
    r"|(?P<integer>-?[0-9]{1,15})(?![0-9.])"
    r"|(?P<token>[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*)"
)
_STRING: Final = re.compile(r"[ -~]*")
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_ESCAPED: Final = re.compile(r"\\(.)")
_SPACES: Final = re.compile(" *")
# 4.2: optional white space around commas is spaces and tabs; inside a member it is spaces.
_COMMA: Final = re.compile(r"[ \t]*(?:,[ \t]*)?")


@dataclass(frozen=True, slots=True)
class Token:
    """A token (3.3.4), which is no string: ``gzip`` is not ``"gzip"``."""

    text: str


BareItem = int | Decimal | str | Token | bytes | bool
Parameters = Mapping[str, BareItem]
NONE: Final[Parameters] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """One bare value with its parameters, in their order (3.3)."""

    value: BareItem
    parameters: Parameters = field(default_factory=lambda: NONE)


@dataclass(frozen=True, slots=True)
class InnerList:
    """Items in their order, and the parameters of the whole (3.1.1)."""

    items: tuple[Item, ...]
    parameters: Parameters = field(default_factory=lambda: NONE)


Member = Item | InnerList


def parse_dictionary(text: str, *, repeats_allowed: bool = False) -> dict[str, Member]:
    """Read a dictionary (4.2.2); an empty text is an empty one.

    Raises:
        TooLarge: more than ``FIELD_CHARS_MAX`` characters.
        MalformedInput: not a dictionary, or a name given twice, unless ``repeats_allowed``, where the last
            value counts as RFC 8941 says.
    """
    text, at = _begin(text)
    members: dict[str, Member] = {}
    while at < len(text):
        key, at = _key(text, at)
        if key in members and not repeats_allowed:
            raise MalformedInput(
                "a name stands twice in a dictionary; which of the two counts would be a guess"
            )
        if text[at : at + 1] == "=":
            members[key], at = _member(text, at + 1)
        else:
            parameters, at = _parameters(text, at)
            members[key] = Item(value=True, parameters=parameters)
        at = _next(text, at)
    return members


def parse_list(text: str) -> list[Member]:
    """Read a list (4.2.1); an empty text is an empty one. Raises what ``parse_dictionary`` raises."""
    text, at = _begin(text)
    members: list[Member] = []
    while at < len(text):
        member, at = _member(text, at)
        members.append(member)
        at = _next(text, at)
    return members


def parse_item(text: str) -> Item:
    """Read one item (4.2.3). Raises what ``parse_dictionary`` raises."""
    text, at = _begin(text)
    item, at = _item(text, at)
    if at != len(text):
        raise _malformed(at)
    return item


def serialize_dictionary(members: Mapping[str, Member]) -> str:
    """Write a dictionary in its one form (4.1.2). Raises ``MalformedInput`` for what none can hold."""
    return ", ".join(
        _serialize_key(key) + serialize_parameters(member.parameters)
        if isinstance(member, Item) and member.value is True
        else f"{_serialize_key(key)}={serialize_member(member)}"
        for key, member in members.items()
    )


def serialize_list(members: Sequence[Member]) -> str:
    """Write a list in its one form (4.1.1)."""
    return ", ".join(map(serialize_member, members))


def serialize_member(member: Member) -> str:
    """Write an item or an inner list with its parameters (4.1.1.1, 4.1.3)."""
    if isinstance(member, Item):
        return serialize_bare(member.value) + serialize_parameters(member.parameters)
    items = " ".join(map(serialize_member, member.items))
    return f"({items}){serialize_parameters(member.parameters)}"


def serialize_parameters(parameters: Parameters) -> str:
    """Write parameters, each with its leading semicolon (4.1.1.2)."""
    return "".join(
        f";{_serialize_key(key)}" if value is True else f";{_serialize_key(key)}={serialize_bare(value)}"
        for key, value in parameters.items()
    )


def serialize_bare(value: BareItem) -> str:
    """Write a bare item (4.1.3.1). Raises ``MalformedInput`` for what the format cannot hold."""
    match value:
        case bool():
            return "?1" if value else "?0"
        case int() if abs(value) <= INTEGER_MAX:
            return str(value)
        case str() if _STRING.fullmatch(value):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case bytes():
            return f":{base64.b64encode(value).decode('ascii')}:"
        case Token() if _TOKEN.fullmatch(value.text):
            return value.text
        case Decimal():
            return _serialize_decimal(value)
    raise MalformedInput("a value that no structured field can hold (RFC 8941, 3.3)")


def _serialize_decimal(value: Decimal) -> str:
    """Write at most 12 digits, a point, and 1 to 3 digits (4.1.5)."""
    if not value.is_finite() or abs(value) > INTEGER_MAX:
        raise MalformedInput("a decimal of more than 12 digits before its point (RFC 8941, 3.3.2)")
    rounded = value.quantize(Decimal("0.001"), ROUND_HALF_EVEN)
    whole, _, rest = f"{abs(rounded):f}".partition(".")
    if len(whole) > 12:
        raise MalformedInput("a decimal of more than 12 digits before its point (RFC 8941, 3.3.2)")
    return f"{'-' if rounded < 0 else ''}{whole}.{rest.rstrip('0') or '0'}"


def _serialize_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise MalformedInput("a name that no dictionary can hold (RFC 8941, 3.1.2)")
    return key


def _begin(text: str) -> tuple[str, int]:
    """Refuse what is too long or not ASCII, and strip the spaces around (4.2, steps 1, 2 and 6)."""
    if len(text) > FIELD_CHARS_MAX:
        raise TooLarge(f"a field of {len(text)} characters; at most {FIELD_CHARS_MAX} are read")
    if not text.isascii():
        raise MalformedInput("a structured field is ASCII (RFC 8941, 4.2)")
    return text.strip(" "), 0


def _next(text: str, at: int) -> int:
    """Step over the comma to the next member; a trailing comma is an error (4.2.1, 4.2.2)."""
    end = _skip(_COMMA, text, at)
    if ("," in text[at:end]) == (end == len(text)):
        raise _malformed(at)
    return end


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _member(text: str, at: int) -> tuple[Member, int]:
    return _inner_list(text, at + 1) if text[at : at + 1] == "(" else _item(text, at)


def _inner_list(text: str, at: int) -> tuple[InnerList, int]:
    items: list[Item] = []
    while True:
        begin, at = at, _skip(_SPACES, text, at)
        if text[at : at + 1] == ")":
            parameters, at = _parameters(text, at + 1)
            return InnerList(tuple(items), parameters), at
        if items and begin == at:  # 4.2.1.2: a space stands between two items
            raise _malformed(at)
        item, at = _item(text, at)
        items.append(item)


def _item(text: str, at: int) -> tuple[Item, int]:
    value, at = _bare(text, at)
    parameters, at = _parameters(text, at)
    return Item(value, parameters), at


def _parameters(text: str, at: int) -> tuple[Parameters, int]:
    if text[at : at + 1] != ";":
        return NONE, at
    read: dict[str, BareItem] = {}
    while text[at : at + 1] == ";":
        key, at = _key(text, _skip(_SPACES, text, at + 1))
        if key in read:
            raise MalformedInput("a parameter stands twice; which of the two counts would be a guess")
        read[key] = True
        if text[at : at + 1] == "=":
            read[key], at = _bare(text, at + 1)
    return read, at


def _key(text: str, at: int) -> tuple[str, int]:
    found = _KEY.match(text, at)
    if found is None:
        raise _malformed(at)
    return found.group(), found.end()


def _bare(text: str, at: int) -> tuple[BareItem, int]:
    found = _BARE.match(text, at)
    if found is None:
        raise _malformed(at)
    kind, end = found.lastgroup, found.end()
    inner = found.group(kind) if kind else ""
    match kind:
        case "string":
            return (_ESCAPED.sub(r"\1", inner) if "\\" in inner else inner), end
        case "integer":
            return int(inner), end
        case "bytes":
            return _decode(inner), end
        case "boolean":
            return inner == "1", end
        case "decimal":
            return Decimal(inner), end
        case _:
            return Token(inner), end


def _decode(inner: str) -> bytes:
    try:
        raw = binascii.a2b_base64(inner, strict_mode=True)
    except binascii.Error:
        raw = b""
    # One text for one byte string: what is signed again as text must not have two spellings.
    if base64.b64encode(raw).decode("ascii") != inner:
        raise MalformedInput("a byte sequence is not canonical Base64 (RFC 8941, 4.2.7)")
    return raw


def _malformed(at: int) -> MalformedInput:
    return MalformedInput(f"not a structured field from character {at} on (RFC 8941, 4.2)")
