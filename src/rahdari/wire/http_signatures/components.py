"""Components: the parts of a message that a signature covers, and the one value each has (RFC 9421, 2).

Example:
    >>> from rahdari.wire.http_signatures.messages import Request
    >>> request = Request("GET", "https://gate.example/r1?id=7", {"cache-control": ["max-age=60", " no-store"]})
    >>> component("cache-control").value(request), component("@query").value(request)
    ('max-age=60, no-store', '?id=7')
    >>> component("@query-param", name="id").identifier
    '"@query-param";name="id"'
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.errors import NotCovered
from rahdari.wire.http_signatures.messages import Message, Request, Response, Target, split_target

# 2.1: a field's name in small letters (RFC 9110, 5.6.2: a token).
# No registered name has 50 characters; a refusal names the field, so none is longer than a sentence bears.
_FIELD_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+\-.^_`|~]{1,256}")
# What a field line may hold (RFC 9110, 5.5). A folded line has CR and LF in it: RFC 9112, 5.2, lets us refuse it.
_FIELD_LINE: Final = re.compile(r"[\t -~]*")
_BYTE_LINE: Final = re.compile(r"[\t -~\x80-\xff]*")
_OTHERS: Final = frozenset({"@query-param", "@status"})
_FLAGS: Final = frozenset({"sf", "bs", "req", "tr"})
_PLUS: Final = str.maketrans("+", " ")
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
# URL Standard, "application/x-www-form-urlencoded percent-encode set": all but these.
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._")


def _parse_list(text: str) -> str:
    return sf.serialize_list(sf.parse_list(text))


def _parse_dictionary(text: str) -> str:
    return sf.serialize_dictionary(sf.parse_dictionary(text, repeats_allowed=True))


def _parse_item(text: str) -> str:
    return sf.serialize_member(sf.parse_item(text))


# 2.1.1: ``sf`` needs to know which of the three a field is; a field that is not here is refused.
STRUCTURED: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "accept-signature": _parse_dictionary,
        "client-cert": _parse_item,
        "client-cert-chain": _parse_list,
        "content-digest": _parse_dictionary,
        "priority": _parse_dictionary,
        "repr-digest": _parse_dictionary,
        "signature": _parse_dictionary,
        "signature-input": _parse_dictionary,
        "want-content-digest": _parse_dictionary,
        "want-repr-digest": _parse_dictionary,
    }
)


@dataclass(frozen=True, slots=True)
class Component:
    """One component identifier: a name and its parameters, as they stand in ``Signature-Input`` (2).

    Raises:
        MalformedInput: a name in capitals or one nobody knows, a parameter that the RFC does not give to
            this component, or two that exclude one another. Nothing unknown is ever covered (2, 2.5).
    """

    name: str
    parameters: sf.Parameters = field(default_factory=lambda: sf.NONE)

    def __post_init__(self) -> None:
        if self.name.startswith("@"):
            self._check_derived()
        else:
            self._check_field()

    @property
    def identifier(self) -> str:
        """The identifier as it begins a line of the signature base (2.5)."""
        return f'"{self.name}"{sf.serialize_parameters(self.parameters)}'

    @property
    def identity(self) -> tuple[str, frozenset[tuple[str, object]]]:
        """What makes two components the same: the order of parameters does not count (2)."""
        return self.name, frozenset(self.parameters.items())

    def value(self, message: Message) -> str:
        """Give the component's one value in ``message``.

        Raises:
            NotCovered: the message, or the request that it answers, has no such part.
            MalformedInput: the part cannot be signed: other than ASCII, folded, or not the structured
                field that a parameter takes it for.
        """
        if "req" in self.parameters:
            if not isinstance(message, Response) or message.request is None:  # 2.4
                raise NotCovered(f"{self.name} is asked of the request, and only a response has one")
            message = message.request
        return self._derived(message) if self.name.startswith("@") else self._field(message)

    def _check_derived(self) -> None:
        if self.name not in DERIVED and self.name not in _OTHERS:
            raise MalformedInput("a derived component that RFC 9421, 2.2, does not know")
        allowed = {"name"} if self.name == "@query-param" else set()
        allowed |= set() if self.name == "@status" else {"req"}  # 2.4: a request has no status
        if not allowed.issuperset(self.parameters) or self.parameters.get("req", True) is not True:
            raise MalformedInput(f"{self.name} has no such parameter (RFC 9421, 2.2 and 2.4)")
        if self.name == "@query-param" and not isinstance(self.parameters.get("name"), str):
            raise MalformedInput("@query-param names one parameter (RFC 9421, 2.2.8)")

    def _check_field(self) -> None:
        parameters = self.parameters
        if not _FIELD_NAME.fullmatch(self.name):
            raise MalformedInput("a component is a field's name in small letters (RFC 9421, 2.1)")
        if any(parameters[name] is not True if name in _FLAGS else name != "key" for name in parameters):
            raise MalformedInput("a field has the parameters sf, key, bs, req and tr alone (RFC 9421, 2.1)")
        if not isinstance(parameters.get("key", ""), str):
            raise MalformedInput("key names one member of a dictionary (RFC 9421, 2.1.2)")
        if "bs" in parameters and ("sf" in parameters or "key" in parameters):
            raise MalformedInput("bs takes a field as bytes, sf and key as a structure (RFC 9421, 2.1.3)")

    def _derived(self, message: Message) -> str:
        if self.name == "@status":
            if not isinstance(message, Response) or not 100 <= message.status <= 999:
                raise NotCovered("@status is asked, and only a response has one, of three digits")
            return str(message.status)
        if not isinstance(message, Request):
            raise NotCovered(f"{self.name} is asked of a response; its request has it, by req")
        if self.name == "@query-param":
            return _query_parameter(split_target(message.target_uri).query, str(self.parameters["name"]))
        return _plain(DERIVED[self.name](message), self.name)

    def _field(self, message: Message) -> str:
        lines = (message.trailers if "tr" in self.parameters else message.fields).get(self.name)
        if not lines:
            raise NotCovered(f"the message has no field {self.name}")
        if "bs" in self.parameters:
            return ", ".join(_as_bytes(line, self.name) for line in lines)
        # 2.1: strip each line, then join them.
        value = ", ".join([_plain(line, self.name).strip(" \t") for line in lines])
        if "key" in self.parameters:
            return _dictionary_member(value, str(self.parameters["key"]))
        if "sf" in self.parameters:
            if self.name not in STRUCTURED:
                raise MalformedInput(f"{self.name} is no structured field that is known here (2.1.1)")
            return STRUCTURED[self.name](value)
        return value


def component(name: str, /, **parameters: str | bool) -> Component:
    """Make a component; ``component("content-digest", req=True)``. Raises ``MalformedInput``."""
    return Component(name, parameters)


def read_component(item: sf.Item) -> Component:
    """Read a component of ``Signature-Input``: a string with parameters. Raises ``MalformedInput``."""
    if not isinstance(item.value, str):
        raise MalformedInput("a component's name is a string (RFC 9421, 2)")
    return Component(item.value, item.parameters) if item.parameters else _without_parameters(item.value)


# The same few names come with every message; what others make up must not fill the memory.
@lru_cache(maxsize=64)
def _without_parameters(name: str) -> Component:
    return Component(name)


def _of_target(pick: Callable[[Target], str]) -> Callable[[Request], str]:
    return lambda request: pick(split_target(request.target_uri))


def _target_uri(request: Request) -> str:
    split_target(request.target_uri)
    return request.target_uri


def _request_target(request: Request) -> str:
    _, mark, query = request.target_uri.partition("?")
    return request.request_target or split_target(request.target_uri).path + mark + query


# 2.2.1 to 2.2.7. The method is case-sensitive and stays as it is (2.2.1).
DERIVED: Final[Mapping[str, Callable[[Request], str]]] = MappingProxyType(
    {
        "@method": lambda request: request.method,
        "@target-uri": _target_uri,
        "@authority": _of_target(lambda target: target.authority),
        "@scheme": _of_target(lambda target: target.scheme),
        "@request-target": _request_target,
        "@path": _of_target(lambda target: target.path),
        "@query": _of_target(lambda target: target.query),
    }
)


def _plain(line: str, name: str) -> str:
    """Refuse what could not stand in one line of ASCII (2.1, 2.5): a line break would forge another component."""
    if not _FIELD_LINE.fullmatch(line):
        raise MalformedInput(
            f"{name} holds a line break, a control or a sign outside ASCII; it cannot be signed"
        )
    return line


def _as_bytes(line: str, name: str) -> str:
    if not _BYTE_LINE.fullmatch(line):
        raise MalformedInput(f"{name} is folded or holds a control (RFC 9110, 5.5; RFC 9112, 5.2)")
    return sf.serialize_bare(line.strip(" \t").encode("latin-1"))


def _dictionary_member(value: str, key: str) -> str:
    """Give one member of a dictionary, written strictly (2.1.2)."""
    member = sf.parse_dictionary(value).get(key)
    if member is None:
        raise NotCovered("a dictionary without the member that the signature covers (RFC 9421, 2.1.2)")
    return sf.serialize_member(member)


def _query_parameter(query: str, name: str) -> str:
    """Give the one value of a query parameter, encoded in its one form (2.2.8)."""
    pairs = (part.partition("=") for part in query[1:].split("&") if part)
    values = [value for key, _, value in pairs if _reencode(key) == name]
    if len(values) != 1:  # 2.2.8: a name that occurs several times MUST NOT be covered
        raise NotCovered(f"the query has {len(values)} parameters of the covered name; it must have one")
    return _reencode(values[0])


def _reencode(text: str) -> str:
    """Decode a part of a form-encoded query, and encode it with %20 for a space (2.2.8)."""
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.translate(_PLUS).encode("latin-1"))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        # The URL standard puts U+FFFD for it, and then two different queries would be signed alike.
        raise MalformedInput("a query parameter is not UTF-8; it cannot be signed alone") from None
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw)
