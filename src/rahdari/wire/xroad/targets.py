"""The target of a request to a gateway's edge: which service is called, what goes on to it (PR-REST, 4.1 to 4.5).

Whatever two servers could read differently is refused here, before any right is looked up: X-Road 7.7.1 had to
close a path traversal that began with a right matched on a raw path.

Example:
    >>> call = read_target(b"/r1/PK/GOV/1001/registry/persons/v1/%70erson?id=7")
    >>> call.service.service_code, call.canonical_path, call.forwarded
    ('persons', '/v1/person', '/v1/%70erson?id=7')
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rahdari.wire.frozen import quick
from rahdari.wire.xroad.errors import AddressFault, AddressRefused
from rahdari.wire.xroad.identifiers import ServiceId, read_service
from rahdari.wire.xroad.segments import canonical_path, decode

# X-Road advises 2,000 characters (PR-REST, 4.2) and enforces none. 7 KiB leave 1 KiB for scheme and authority in
# the 8 KiB that a signed target URI may have (``http_signatures``), which is also where servers end.
TARGET_BYTES_MAX: Final = 7 * 1024
# One parameter is asked for; a query of hundreds is an attack on the loop that looks for it.
PARAMETERS_MAX: Final = 100

# PR-REST, 2.3: the major version. X-Road's code accepts r1 alone.
_CALL: Final = re.compile(r"/r1/((?:[^/]++/){4}[^/]++)(/.*)?", re.DOTALL)
_VERSION: Final = re.compile(r"/r[0-9](?:/|\Z)")
# RFC 3986, 3.4, and what browsers leave as it is; a quote, a number sign, a backslash or a control is never there.
_QUERY: Final = re.compile(r"(?:[!$&-\[\]-~]|%[0-9A-Fa-f]{2})*+")
_CLIENT_LISTING: Final = "/listClients"


class Metaservice(StrEnum):
    """The services that every gateway answers itself (PR-MREST, 4 and 5)."""

    LIST_METHODS = "listMethods"
    ALLOWED_METHODS = "allowedMethods"
    GET_OPEN_API = "getOpenAPI"


_METASERVICES: Final = {one.value: one for one in Metaservice}
# What X-Road answers itself, over REST or SOAP; a service of such a name could never be reached there (since 7.7).
RESERVED_SERVICE_CODES: Final = frozenset(_METASERVICES) | {
    "getWsdl",
    "getSecurityServerHealthData",
    "getSecurityServerMetrics",
    "getSecurityServerOperationalData",
    "listClients",
}


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A call of a service. What may hold personal data (path and query) is not shown when the value is printed.

    ``rest_raw`` ("" or from "/" on) and ``query_raw`` (None without a question mark) are byte for byte what came;
    ``canonical_path`` is what rights are matched on.
    """

    service: ServiceId
    target_raw: str = field(repr=False)
    rest_raw: str = field(repr=False)
    query_raw: str | None = field(repr=False)
    canonical_path: str = field(repr=False)

    @property
    def forwarded(self) -> str:
        """What is put behind the base URL of the service: path and query byte for byte (PR-REST, 4.5)."""
        return self.rest_raw if self.query_raw is None else f"{self.rest_raw}?{self.query_raw}"

    @property
    def metaservice(self) -> Metaservice | None:
        """The metaservice that is called, if it is one."""
        return _METASERVICES.get(self.service.service_code)


@dataclass(frozen=True, slots=True)
class ClientListing:
    """A call of listClients: of one instance, or of the gateway's own (PR-META, 2)."""

    instance: str | None


_service_call = quick(ServiceCall)


def read_target(raw: bytes) -> ServiceCall:
    """Read the target of a call as it stands in the request line. 4 microseconds, 16 with escapes.

    Raises:
        AddressRefused: longer than ``TARGET_BYTES_MAX``, no call of protocol r1, fewer than five identifiers, an
            identifier that is none, a path that could mean two things, a broken query.
    """
    target = _text(raw)
    path, mark, query = target.partition("?")
    found = _CALL.fullmatch(path)
    if found is None:
        raise _why_no_call(path)
    identifiers, rest = found.groups("")
    if mark:
        _require_query(query)
    return _service_call(
        read_service(identifiers), target, rest, query if mark else None, canonical_path(rest)
    )


def read_client_listing(raw: bytes) -> ClientListing:
    """Read ``/listClients`` with its one parameter ``xRoadInstance``. Raises ``AddressRefused``."""
    path, mark, query = _text(raw).partition("?")
    if path != _CLIENT_LISTING:
        raise AddressRefused(AddressFault.NOT_A_CALL, f"another path than {_CLIENT_LISTING}")
    return ClientListing(find_parameter(query if mark else None, "xRoadInstance"))


def read_description_query(query: str | None) -> str:
    """Read which service's description getOpenAPI is asked for (PR-MREST, 5). Raises ``AddressRefused``."""
    code = find_parameter(query, "serviceCode")
    if not code:
        raise AddressRefused(AddressFault.PARAMETER, "getOpenAPI without serviceCode; name one service")
    return code


def find_parameter(query: str | None, name: str) -> str | None:
    """Find the one value of a parameter, decoded.

    Raises:
        AddressRefused: a broken query, more than ``PARAMETERS_MAX`` parameters, or two of this name: servers differ
            in which of them they take (PR-REST, 4.2: HTTP parameter pollution).
    """
    if query is None:
        return None
    _require_query(query)
    pairs = query.split("&", PARAMETERS_MAX)
    if len(pairs) > PARAMETERS_MAX:
        raise AddressRefused(AddressFault.PARAMETER, f"more than {PARAMETERS_MAX} parameters in a query")
    found = [value for key, _, value in (one.partition("=") for one in pairs) if _decode(key) == name]
    if len(found) > 1:
        raise AddressRefused(AddressFault.PARAMETER, f"{name} stands {len(found)} times; send it once")
    return _decode(found[0]) if found else None


def _decode(text: str) -> str:
    return decode(text.replace("+", "%20"))


def _text(raw: bytes) -> str:
    if len(raw) > TARGET_BYTES_MAX:
        raise AddressRefused(
            AddressFault.TOO_LONG,
            f"a target of {len(raw)} bytes; at most {TARGET_BYTES_MAX} are read, put the rest into the body",
        )
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise AddressRefused(
            AddressFault.CHARACTER,
            "a byte outside ASCII in the target; encode its UTF-8 bytes (RFC 3986, 2.1)",
        ) from None


def _require_query(query: str) -> None:
    if not _QUERY.fullmatch(query):
        raise AddressRefused(
            AddressFault.CHARACTER,
            "a query with a sign that must be encoded, or a percent sign without two digits (RFC 3986, 3.4)",
        )
    if "%00" in query:
        raise AddressRefused(AddressFault.CONTROL, "a query with NUL")


def _why_no_call(path: str) -> AddressRefused:
    if not path.startswith("/r"):
        return AddressRefused(
            AddressFault.NOT_A_CALL,
            "the target is no call: /r1/{instance}/{class}/{member}/{subsystem}/{service} begins every one",
        )
    if not path.startswith("/r1/"):
        fault = AddressFault.VERSION if _VERSION.match(path) else AddressFault.NOT_A_CALL
        return AddressRefused(fault, "another version of the protocol than r1; only r1 is spoken here")
    return AddressRefused(
        AddressFault.PARTS, "a target with fewer than five identifiers behind /r1/, or with an empty one"
    )
