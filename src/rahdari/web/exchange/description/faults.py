"""Errors of the exchange itself, as descriptions name them: every type that a gateway writes, and its status.

X-Road's protocol answers 500 to whatever fails between the client and the service (PR-REST, 4.6, and X-Road's
code): such an answer is told from a broken gateway by ``X-Road-Error``, whose types are these and no others.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from rahdari.web.exchange.description.operations import TEXT, Answer, Json, Kinds, reference
from rahdari.wire.xroad import ErrorType, Fault, Origin

_UNREACHED: Final = (Fault.NETWORK_ERROR, Fault.HTTP_ERROR, Fault.IO_ERROR, Fault.SSL_AUTHENTICATION_FAILED)


def _types(origin: Origin, *faults: Fault, service_failed: Iterable[Fault] = ()) -> tuple[str, ...]:
    plain = [ErrorType(origin, (one,)) for one in faults]
    failed = [ErrorType(origin, (Fault.SERVICE_FAILED, one)) for one in service_failed]
    return tuple(one.write() for one in (*plain, *failed))


BY_CALLER: Final = _types(
    Origin.CLIENT,
    Fault.ACCESS_DENIED,
    Fault.BAD_REQUEST,
    Fault.INVALID_BODY,
    Fault.MISSING_HEADER_FIELD,
    Fault.NOT_FOUND,
)
AT_CONSUMER: Final = _types(
    Origin.CLIENT_PROXY,
    Fault.ACCESS_DENIED,
    Fault.BAD_REQUEST,
    Fault.GLOBAL_CONF_OUTDATED,
    Fault.INVALID_HTTP_METHOD,
    Fault.IO_ERROR,
    Fault.LOGGING_FAILED,
    Fault.MISSING_HEADER_FIELD,
    Fault.SSL_AUTHENTICATION_FAILED,
    Fault.UNKNOWN_MEMBER,
    service_failed=(
        *_UNREACHED,
        Fault.INCONSISTENT_RESPONSE,
        Fault.MISSING_SIGNATURE,
        Fault.SIGNATURE_VERIFICATION,
    ),
)
AT_PROVIDER: Final = (
    ErrorType(Origin.SERVER_PROXY, (Fault.SERVICE_FAILED,)).write(),
    *_types(
        Origin.SERVER_PROXY,
        Fault.ACCESS_DENIED,
        Fault.BAD_REQUEST,
        Fault.GLOBAL_CONF_OUTDATED,
        Fault.INVALID_BODY,
        Fault.INVALID_CLIENT_IDENTIFIER,
        Fault.INVALID_CONTENT_TYPE,
        Fault.INVALID_HTTP_METHOD,
        Fault.INVALID_REQUEST,
        Fault.IO_ERROR,
        Fault.LOGGING_FAILED,
        Fault.MISSING_SIGNATURE,
        Fault.SERVICE_DISABLED,
        Fault.SERVICE_TYPE,
        Fault.SIGNATURE_VERIFICATION,
        Fault.SSL_AUTHENTICATION_FAILED,
        Fault.TIMESTAMPING_FAILED,
        Fault.UNKNOWN_MEMBER,
        Fault.UNKNOWN_SERVICE,
        service_failed=(*_UNREACHED, Fault.INVALID_CONTENT_TYPE, Fault.INVALID_RESPONSE),
    ),
)
OF_KEYS: Final = _types(Origin.SIGNER, Fault.KEY_NOT_AVAILABLE)

TYPES: Final = (*BY_CALLER, *AT_CONSUMER, *AT_PROVIDER, *OF_KEYS)
"""Every type that stands in an answer."""

_TYPE: Final[Json] = {"type": "string", "enum": list(TYPES)}
FAULT_SCHEMAS: Final[Kinds] = {
    "ErrorType": _TYPE,
    "Error": {
        "type": "object",
        "properties": {
            "type": reference("ErrorType"),
            "message": {"type": "string", "maxLength": 2048},
            "detail": {"type": "string", "description": "names this one failure, here and in the journal"},
        },
        "required": ["type", "message", "detail"],
        "additionalProperties": False,
    },
}

_WORDS: Final = {
    "400": "The call is not one, or says something that cannot be.",
    "403": "Not for whoever asks.",
    "404": "Nothing is here.",
    "413": "The body is larger than it may be.",
    "429": "Too many calls; Retry-After says when to come again.",
    "500": "The exchange failed, by X-Road's word: the type tells where and why. No 500 comes without a type.",
    "503": "The service is closed, busy, or left alone after failures.",
}


# Where a service answers too, a type says that it was not the service.
MAYBE: Final[Kinds] = {"X-Road-Error": _TYPE}


def faults(*statuses: str) -> tuple[Answer, ...]:
    """Describe the answers of the exchange's own errors with these statuses."""
    kinds = {"application/json": reference("Error"), "text/xml": TEXT, "application/xml": TEXT}
    return tuple(Answer(one, _WORDS[one], kinds, {"X-Road-Error": _TYPE}) for one in statuses)


def page_faults(*statuses: str) -> tuple[Answer, ...]:
    """Describe the same where a page may be asked for: then they are pages too."""
    return tuple(replace(one, kinds={**one.kinds, "text/html": TEXT}) for one in faults(*statuses))
