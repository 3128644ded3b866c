"""The identity authority's offer: what a gateway in front of ``rahdari serve`` puts into its ``services.toml``.

Three services, each with one operation: ``person-status`` needs no consent (a card is shown so that its standing be
known), ``attribute-match`` a consent whose revocation acts within a minute, ``age-over`` one that is asked for at
the moment of the call. Purposes and rules are samples until counsel has checked them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rahdari.wire.xroad import SubsystemId

DESCRIPTION_FILE: Final = "identity-openapi.json"
BEARER_FILE: Final = "identity.token"


@dataclass(frozen=True, slots=True)
class _Offered:
    code: str
    title: tuple[str, str, str]
    data_classes: tuple[str, ...]
    consent: str
    summary: str
    asks: dict[str, object]
    answers: dict[str, object]


_NUMBER: Final[dict[str, object]] = {"type": "string", "minLength": 1, "maxLength": 40}
_LINE: Final[dict[str, object]] = {"type": "string", "minLength": 1, "maxLength": 200}
_STATUS: Final[dict[str, object]] = {
    "type": "string",
    "enum": ["not_registered", "no_card", "valid", "suspended", "expired", "revoked"],
}
_AS_OF: Final[dict[str, object]] = {"type": "string", "format": "date-time"}

_OFFERED: Final = (
    _Offered(
        "person-status",
        (
            "Is this person's card in good standing?",
            "کیا اس شخص کا کارڈ درست حالت میں ہے؟",
            "此人的证件是否有效",
        ),
        ("status",),
        "none",
        "How a person stands with the register, by the best of the person's cards",
        {"number": _NUMBER},
        {"status": _STATUS, "as_of": _AS_OF, "products": {"type": "array", "items": {"type": "string"}}},
    ),
    _Offered(
        "attribute-match",
        ("Do these details match?", "کیا یہ کوائف درست ہیں؟", "这些资料是否相符"),
        ("name", "date_of_birth", "guardian", "gender", "nationality"),
        "required",
        "Whether one to three details are as the register has them; none is ever given",
        {
            "number": _NUMBER,
            **dict.fromkeys(("name", "date_of_birth", "guardian", "gender", "nationality"), _LINE),
        },
        {
            "status": _STATUS,
            "as_of": _AS_OF,
            "matches": {"type": "object", "additionalProperties": {"type": ["boolean", "null"]}},
        },
    ),
    _Offered(
        "age-over",
        ("Is this person old enough?", "کیا اس شخص کی عمر کافی ہے؟", "此人是否达到年龄"),
        ("age_over",),
        "required-now",
        "Whether a person has completed a number of years, and nothing else of the age",
        {"number": _NUMBER, "age": {"type": "integer", "minimum": 1, "maximum": 130}},
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
    """Write ``services.toml``; beside it lie ``BEARER_FILE`` and ``DESCRIPTION_FILE``."""
    return "\n".join(_lines(offer)) + "\n"


def describe_identity() -> bytes:
    """Write the OpenAPI 3.1 document of the three services."""
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Identity authority",
            "version": "1",
            "summary": "Small answers about a person, by number",
        },
        "paths": {f"/{one.code}": {"post": _operation(one)} for one in _OFFERED},
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
        yield f'description = "{DESCRIPTION_FILE}"'
        yield f'bearer_file = "{BEARER_FILE}"'
        yield "timeout_seconds = 10"
        yield ""
        yield "[[service.operation]]"
        yield 'method = "POST"'
        yield 'path = "/"'
        yield f"purposes = {purposes}"
        yield f"data_classes = {json.dumps(list(one.data_classes))}"
        yield f'consent = "{one.consent}"'
        yield 'durability = "strict"'
        yield 'subject = { in = "body", name = "/number" }'
    for client in offer.clients:
        for one in _OFFERED:
            yield ""
            yield "[[grant]]"
            yield f'client = "{client}"'
            yield f'service = "{offer.provider}/{one.code}"'
            yield 'operations = ["POST /"]'


def _text(text: str) -> str:
    # JSON's escapes are TOML's for what can stand here.
    return json.dumps(text, ensure_ascii=False)


def _operation(one: _Offered) -> dict[str, object]:
    return {
        "operationId": one.code,
        "summary": one.summary,
        "requestBody": {"required": True, "content": _content(one.asks, required=["number"])},
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
