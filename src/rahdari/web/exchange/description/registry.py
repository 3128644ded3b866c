"""The registry's server: the configuration for all the world, requests to join, renewals."""

from collections.abc import Iterable
from typing import Final

from rahdari.web.exchange.description.operations import (
    TEXT,
    Answer,
    Kinds,
    Operation,
    Parameter,
    reference,
    shape,
    write_document,
)
from rahdari.web.problems import MEDIA_TYPE

REGISTRY_PATH: Final = "/openapi.json"
_ABOUT: Final = (
    "The signed configuration of an instance, and the door for gateways that join or renew. Every refusal is a "
    "problem (RFC 9457). Ten requests to join or renew a minute from one address, and 600 others."
)
_JSON: Final = "application/json"
_STATES: Final = ("waiting", "proposed", "entered", "declined")
_SCHEMAS: Final[Kinds] = {
    "Problem": shape(
        {
            "type": {"const": "about:blank"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {"type": "string", "pattern": r"^[a-z_]+\.[a-z_]+$"},
            "detail": TEXT,
        }
    )
}
_WORDS: Final = {
    "404": "Nothing is here.",
    "408": "The body did not come in time.",
    "409": "Another request of this gateway stands in the way.",
    "413": "The body is larger than any request.",
    "422": "Not a request that can be taken; the detail says why.",
    "429": "Too many requests; Retry-After says when to come again.",
    "503": "Not now: nothing is published yet, or the registry's folder cannot be written.",
}


def _problems(statuses: Iterable[str]) -> tuple[Answer, ...]:
    return tuple(Answer(one, _WORDS[one], {MEDIA_TYPE: reference("Problem")}) for one in statuses)


_POSTED: Final = _problems(("408", "409", "413", "422", "429", "503"))
_JWS: Final = {"application/jose": {"type": "string", "maxLength": 96 * 1024}}
_ID: Final = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
_STATE: Final = shape({"id": _ID, "state": {"enum": list(_STATES)}})
REGISTRY: Final = (
    Operation(
        "GET",
        "/configuration.jws",
        "getConfiguration",
        "Fetch the signed configuration",
        (
            Answer(
                "200",
                "A compact JWS; its signature is all that counts.",
                {"application/ndel-configuration+jwt": TEXT},
                {"ETag": TEXT},
            ),
            Answer("304", "It is the one whose tag was sent.", headers={"ETag": TEXT}),
            *_problems(("429", "503")),
        ),
        (Parameter("If-None-Match", "header", "the tags of what is held already"),),
    ),
    Operation(
        "POST",
        "/join",
        "join",
        "Ask to join, with a gateway's keys",
        (Answer("202", "Kept for the officers.", {_JSON: _STATE}), *_POSTED),
        body=_JWS,
    ),
    Operation(
        "GET",
        "/join/{id}",
        "getRequest",
        "Ask where a request to join stands",
        (Answer("200", "So.", {_JSON: _STATE}), *_problems(("404", "429", "503"))),
        (Parameter("id", "path", "the request", _ID),),
    ),
    Operation(
        "POST",
        "/renew",
        "renew",
        "Enter a gateway's new keys, signed by those in force",
        (Answer("200", "Entered.", {_JSON: shape({"state": {"const": "entered"}})}), *_POSTED),
        body=_JWS,
    ),
    Operation(
        "GET",
        "/health",
        "getHealth",
        "Tell whether the server answers",
        (Answer("200", "It does.", {_JSON: shape({"status": {"const": "up"}})}), *_problems(("429",))),
    ),
    Operation(
        "GET",
        REGISTRY_PATH,
        "getDescription",
        "Fetch this description",
        (Answer("200", "OpenAPI 3.1.", {_JSON: {"type": "object"}}), *_problems(("429",))),
    ),
)


def describe_registry(server: str = "/") -> dict[str, object]:
    """Describe a registry's server."""
    return write_document("A registry of the exchange", _ABOUT, REGISTRY, schemas=_SCHEMAS, server=server)
