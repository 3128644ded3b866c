"""The identity authority's offer: what a gateway in front of ``rahdari serve`` puts into its ``services.toml``.

Three services: ``person-status`` needs no consent (a card is shown so that its standing be known),
``attribute-match`` a consent whose revocation acts within a minute, ``age-over`` one that is asked for at the
moment of the call. A gateway does not read what is asked in a body, so a consent to one attribute is for an
operation of that attribute alone; the operation for several needs a consent to all. Purposes and rules are samples
until counsel has checked them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rahdari.wire.xroad import SubsystemId

BEARER_FILE: Final = "identity.token"


@dataclass(frozen=True, slots=True)
class _Operation:
    path: str
    data_classes: tuple[str, ...]
    summary: str
    asks: dict[str, object]
    required: tuple[str, ...] = ("number",)


@dataclass(frozen=True, slots=True)
class _Offered:
    code: str
    title: tuple[str, str, str]
    consent: str
    operations: tuple[_Operation, ...]
    answers: dict[str, object]


_NUMBER: Final[dict[str, object]] = {"type": "string", "minLength": 1, "maxLength": 40}
_LINE: Final[dict[str, object]] = {"type": "string", "minLength": 1, "maxLength": 200}
_STATUS: Final[dict[str, object]] = {
    "type": "string",
    "enum": ["not_registered", "no_card", "valid", "suspended", "expired", "revoked"],
}
_ATTRIBUTES: Final = ("name", "date_of_birth", "guardian", "gender", "nationality")
_AS_OF: Final[dict[str, object]] = {"type": "string", "format": "date-time"}

_OFFERED: Final = (
    _Offered(
        "person-status",
        (
            "Is this person's card in good standing?",
            "کیا اس شخص کا کارڈ درست حالت میں ہے؟",
            "此人的证件是否有效",
        ),
        "none",
        (
            _Operation(
                "/",
                ("status",),
                "How a person stands with the register, by the best of the person's cards",
                {"number": _NUMBER},
            ),
        ),
        {"status": _STATUS, "as_of": _AS_OF, "products": {"type": "array", "items": {"type": "string"}}},
    ),
    _Offered(
        "attribute-match",
        ("Do these details match?", "کیا یہ کوائف درست ہیں؟", "这些资料是否相符"),
        "required",
        (
            _Operation(
                "/",
                _ATTRIBUTES,
                "Whether one to three details are as the register has them; none is ever given",
                {"number": _NUMBER, **dict.fromkeys(_ATTRIBUTES, _LINE)},
            ),
            *(
                _Operation(
                    f"/{name}",
                    (name,),
                    f"Whether this one detail is as the register has it: {name}",
                    {"number": _NUMBER, "value": _LINE},
                    ("number", "value"),
                )
                for name in _ATTRIBUTES
            ),
        ),
        {
            "status": _STATUS,
            "as_of": _AS_OF,
            "matches": {"type": "object", "additionalProperties": {"type": ["boolean", "null"]}},
        },
    ),
    _Offered(
        "age-over",
        ("Is this person old enough?", "کیا اس شخص کی عمر کافی ہے؟", "此人是否达到年龄"),
        "required-now",
        (
            _Operation(
                "/",
                ("age_over",),
                "Whether a person has completed a number of years, and nothing else of the age",
                {"number": _NUMBER, "age": {"type": "integer", "minimum": 1, "maximum": 130}},
                ("number", "age"),
            ),
        ),
        {
            "status": _STATUS,
            "as_of": _AS_OF,
            "age": {"type": "integer"},
            "is_over": {"type": ["boolean", "null"]},
        },
    ),
)


@dataclass(frozen=True, slots=True)
class IdentityOffer:
    """What the offer is made of: whose it is, where the authority's server is, for what, and for whom."""

    provider: SubsystemId
    server: str
    purposes: tuple[str, ...]
    clients: tuple[SubsystemId, ...] = ()


def write_identity_offer(offer: IdentityOffer) -> str:
    """Write the tables for ``services.toml``; beside it: ``BEARER_FILE``, the files of ``describe_identity``."""
    return "\n".join(_lines(offer)) + "\n"


def identity_services(provider: SubsystemId) -> tuple[str, ...]:
    """Name the three services as a provider offers them."""
    return tuple(f"{provider}/{one.code}" for one in _OFFERED)


def describe_identity(provider: SubsystemId) -> Mapping[str, bytes]:
    """Write the OpenAPI 3.1 documents, one for each service, by the names of their files.

    Paths are relative to the service (PR-MREST, 5), as those of its operations are: who puts the server's address
    and a path together calls what the gateway grants.
    """
    return {_description_file(one): _describe(provider, one) for one in _OFFERED}


def _description_file(one: _Offered) -> str:
    return f"identity-{one.code}.json"


def _describe(provider: SubsystemId, one: _Offered) -> bytes:
    document = {
        "openapi": "3.1.0",
        "info": {"title": f"Identity authority: {one.title[0]}", "version": "1"},
        # Relative to where the document is read (OpenAPI 3.1, 4.8.5): the edge of the client's own gateway.
        "servers": [{"url": f"/r1/{provider}/{one.code}"}],
        "paths": {each.path: {"post": _operation(one, each)} for each in one.operations},
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _lines(offer: IdentityOffer) -> Iterable[str]:
    server = offer.server.rstrip("/")
    purposes = json.dumps(list(offer.purposes))
    yield "# The identity authority's services. Sample purposes and rules, until counsel has checked them."
    for one in _OFFERED:
        titles = zip(("en", "ur", "zh"), one.title, strict=True)
        yield ""
        yield "[[service]]"
        yield f'id = "{offer.provider}/{one.code}"'
        yield f"title = {{ {', '.join(f'{language} = {_text(title)}' for language, title in titles)} }}"
        yield f"base_url = {_text(f'{server}/api/v1/exchange/{one.code}')}"
        yield 'type = "OPENAPI"'
        yield f'description = "{_description_file(one)}"'
        yield f'bearer_file = "{BEARER_FILE}"'
        yield "timeout_seconds = 10"
        for each in one.operations:
            yield ""
            yield "[[service.operation]]"
            yield 'method = "POST"'
            yield f'path = "{each.path}"'
            yield f"purposes = {purposes}"
            yield f"data_classes = {json.dumps(list(each.data_classes))}"
            yield f'consent = "{one.consent}"'
            yield 'durability = "strict"'
            yield 'subject = { in = "body", name = "/number" }'
    for client in offer.clients:
        for one in _OFFERED:
            yield ""
            yield "[[grant]]"
            yield f'client = "{client}"'
            yield f'service = "{offer.provider}/{one.code}"'
            yield f"operations = {json.dumps([f'POST {each.path}' for each in one.operations])}"


def _text(text: str) -> str:
    # JSON's escapes are TOML's for what can stand here.
    return json.dumps(text, ensure_ascii=False)


def _operation(one: _Offered, each: _Operation) -> dict[str, object]:
    return {
        "operationId": one.code + each.path.rstrip("/").replace("/", "-"),
        "summary": each.summary,
        "requestBody": {"required": True, "content": _content(each.asks, required=list(each.required))},
        "responses": {
            "200": {
                "description": "The answer",
                "content": _content(one.answers, required=list(one.answers)),
            },
            "4XX": {"description": "The question was refused; application/problem+json (RFC 9457)"},
        },
    }


def _content(properties: dict[str, object], *, required: list[str]) -> dict[str, object]:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"application/json": {"schema": schema}}
