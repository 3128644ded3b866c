"""Errors of the exchange layer: type, body and header (PR-REST 1.0.4, 4.6, and X-Road's code).

The document and releases before 7.8 write ``Server.ServerProxy.AccessDenied``, the code since then
``server.serverproxy.access_denied``; ``Spelling`` switches. The status is 500 for all that begins with ``server.``,
else 400, whatever the document says of broken requests: clients were tested against the code.

Example:
    >>> denied = ErrorType(Origin.SERVER_PROXY, (Fault.ACCESS_DENIED,))
    >>> denied.write(), denied.write(Spelling.CAPITALS), denied.status
    ('server.serverproxy.access_denied', 'Server.ServerProxy.AccessDenied', 500)
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from rahdari.wire import strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad.headers import FieldLine

# As monitoring keeps it (PR-OPMON, annex B, faultString).
MESSAGE_CHARS_MAX: Final = 2048
# Origin and at most a few faults behind it, each of some 30 characters.
TYPE_CHARS_MAX: Final = 255
ACCEPT_RANGES_MAX: Final = 64


class Spelling(StrEnum):
    """How a type is written."""

    SMALL = "small"
    CAPITALS = "capitals"


class Origin(StrEnum):
    """Whose fault it is: the caller's, his gateway's, the provider's gateway's, or the keys'."""

    CLIENT = "client"
    CLIENT_PROXY = "server.clientproxy"
    SERVER_PROXY = "server.serverproxy"
    SIGNER = "signer"


class Fault(StrEnum):
    """What happened, as X-Road 7.8 spells it; what only SOAP and ASiC-E can meet is left out."""

    ACCESS_DENIED = "access_denied"
    BAD_REQUEST = "bad_request"
    CANNOT_CREATE_SIGNATURE = "cannot_create_signature"
    CANNOT_SIGN = "cannot_sign"
    CERT_VALIDATION = "cert_validation"
    DATABASE_ERROR = "database_error"
    DUPLICATE_HEADER_FIELD = "duplicate_header_field"
    GLOBAL_CONF_OUTDATED = "global_conf_outdated"
    HTTP_ERROR = "http_error"
    INCONSISTENT_HEADERS = "inconsistent_headers"
    INCONSISTENT_RESPONSE = "inconsistent_response"
    INCORRECT_CERTIFICATE = "incorrect_certificate"
    INTERNAL_ERROR = "internal_error"
    INVALID_BODY = "invalid_body"
    INVALID_CLIENT_IDENTIFIER = "invalid_client_identifier"
    INVALID_CONTENT_TYPE = "invalid_content_type"
    INVALID_HTTP_METHOD = "invalid_http_method"
    INVALID_MESSAGE = "invalid_message"
    INVALID_PROTOCOL_VERSION = "invalid_protocol_version"
    INVALID_REQUEST = "invalid_request"
    INVALID_RESPONSE = "invalid_response"
    INVALID_REST = "invalid_rest"
    INVALID_SECURITY_SERVER = "invalid_security_server"
    INVALID_SIGNATURE_VALUE = "invalid_signature_value"
    IO_ERROR = "io_error"
    KEY_NOT_AVAILABLE = "key_not_available"
    KEY_NOT_FOUND = "key_not_found"
    LOGGING_FAILED = "logging_failed"
    MAINTENANCE_MODE = "maintenance_mode"
    MALFORMED_GLOBAL_CONF = "malformed_global_conf"
    MALFORMED_SIGNATURE = "malformed_signature"
    MISSING_HEADER_FIELD = "missing_header_field"
    MISSING_REST = "missing_rest"
    MISSING_SIGNATURE = "missing_signature"
    NETWORK_ERROR = "network_error"
    NOT_FOUND = "not_found"
    SERVICE_DISABLED = "service_disabled"
    SERVICE_FAILED = "service_failed"
    SERVICE_MALFORMED_URL = "service_malformed_url"
    SERVICE_MISSING_URL = "service_missing_url"
    SERVICE_TYPE = "service_type"
    SIGNATURE_VERIFICATION = "signature_verification"
    SSL_AUTHENTICATION_FAILED = "ssl_authentication_failed"
    TIMESTAMPING_FAILED = "timestamping_failed"
    UNKNOWN_HOST = "unknown_host"
    UNKNOWN_MEMBER = "unknown_member"
    UNKNOWN_SERVICE = "unknown_service"


# What the older releases did not write as the words in capitals.
_IRREGULAR: Final = MappingProxyType(
    {
        Origin.CLIENT_PROXY: "Server.ClientProxy",
        Origin.SERVER_PROXY: "Server.ServerProxy",
        Fault.GLOBAL_CONF_OUTDATED: "OutdatedGlobalConf",
        Fault.IO_ERROR: "IOError",
        Fault.MALFORMED_GLOBAL_CONF: "MalformedGlobalConf",
    }
)


def _capitals(word: Origin | Fault) -> str:
    return _IRREGULAR.get(word) or "".join(part.capitalize() for part in word.value.split("_"))


# Our two gateways may be a release apart, so both spellings are read.
_READ_ORIGIN: Final = {one.value: one for one in Origin}
_READ_FAULT: Final = {one.value: one for one in Fault} | {_capitals(one): one for one in Fault}


@dataclass(frozen=True, slots=True)
class ErrorType:
    """Where and what: an origin and one or more faults, the wider first (``service_failed.network_error``)."""

    origin: Origin
    faults: tuple[Fault, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.faults) <= 4:
            raise MalformedInput(f"an error type of {len(self.faults)} faults; it has one to four")

    @property
    def status(self) -> int:
        """The HTTP status: 500 for a gateway's error, 400 for all others, as X-Road's code has it."""
        return 500 if self.origin.value.startswith("server.") else 400

    def write(self, spelling: Spelling = Spelling.SMALL) -> str:
        """Write the type as X-Road-Error and the body carry it."""
        words: tuple[Origin | Fault, ...] = (self.origin, *self.faults)
        return ".".join([_capitals(one) if spelling is Spelling.CAPITALS else one.value for one in words])


# X-Road's tests want 500 for both, and accept any type.
MALFORMED_CALL: Final = ErrorType(Origin.CLIENT_PROXY, (Fault.BAD_REQUEST,))
MISSING_CLIENT: Final = ErrorType(Origin.CLIENT_PROXY, (Fault.MISSING_HEADER_FIELD,))


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """A whole answer: status, field lines and body."""

    status: int
    fields: tuple[FieldLine, ...]
    body: bytes


def read_error_type(text: str) -> ErrorType:
    """Read a type in either spelling. Raises ``MalformedInput`` for one that is not in the table."""
    words = text[: TYPE_CHARS_MAX + 1].split(".")
    count = 2 if words[0].lower() == "server" else 1
    origin = _READ_ORIGIN.get(".".join(words[:count]).lower())
    faults = [_READ_FAULT.get(one) for one in words[count:]]
    known = tuple([one for one in faults if one is not None])
    if len(text) > TYPE_CHARS_MAX or origin is None or len(known) != len(faults):
        raise MalformedInput("an error type that X-Road does not have")
    return ErrorType(origin, known)


def write_error(
    error: ErrorType,
    message: str,
    *,
    detail: UUID,
    accept: Iterable[bytes] = (),
    spelling: Spelling = Spelling.SMALL,
) -> ErrorAnswer:
    """Write the answer to a call that failed in the exchange itself.

    Args:
        error: what happened.
        message: a sentence without secrets or personal data; cut at ``MESSAGE_CHARS_MAX`` characters.
        detail: names this one failure, here and in the gateway's log.
        accept: the values of the call's Accept lines: the first kind of XML in them wins, else it is JSON.
        spelling: how the type is written.
    """
    written, shown = (
        error.write(spelling),
        _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", message[:MESSAGE_CHARS_MAX]),
    )
    kind = choose_error_kind(accept)
    if kind == _JSON:
        content_type = _JSON
        body = strict_json.encode({"type": written, "message": shown, "detail": str(detail)})
    else:
        content_type = f"{kind};charset=utf-8"
        body = _write_xml(written, shown, str(detail)).encode("utf-8")
    fields = ((b"content-type", content_type.encode("ascii")), (b"x-road-error", written.encode("ascii")))
    return ErrorAnswer(error.status, fields, body)


_JSON: Final = "application/json"
_XML_KINDS: Final = MappingProxyType(
    {"text/xml": "text/xml", "application/xml": "application/xml", "text/*": "text/xml"}
)
# XML 1.0, 2.2, Char: everything else can stand in no document; a lone surrogate could not even be encoded.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def choose_error_kind(accept: Iterable[bytes]) -> str:
    """Choose the media type of an error: weights are ignored, as X-Road's code does it."""
    for value in accept:
        for one in value.split(b",", ACCEPT_RANGES_MAX)[:ACCEPT_RANGES_MAX]:
            kind = _XML_KINDS.get(one.split(b";", 1)[0].strip().lower().decode("latin-1"))
            if kind is not None:
                return kind
    return _JSON


def _write_xml(written: str, message: str, detail: str) -> str:
    parts = (("type", written), ("message", message), ("detail", detail))
    inner = "".join([f"<{name}>{html.escape(text, quote=False)}</{name}>" for name, text in parts])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<error>{inner}</error>\n'
