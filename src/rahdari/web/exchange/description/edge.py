"""The edge: calls and metaservices for the member's own systems, and what the gateway tells of itself."""

from dataclasses import replace
from typing import Final

from rahdari.web.exchange.description.catalogue import CATALOGUE
from rahdari.web.exchange.description.faults import FAULT_SCHEMAS, MAYBE, faults, page_faults
from rahdari.web.exchange.description.listings import LISTING_SCHEMAS
from rahdari.web.exchange.description.operations import (
    BYTES,
    TEXT,
    Answer,
    Operation,
    Parameter,
    reference,
    shape,
    write_document,
)

PATH: Final = "/ndel/openapi.json"
"""Where a gateway serves this description, to its own machine."""

_ABOUT: Final = (
    "Calls to services of the exchange (X-Road Message Protocol for REST 1.0.4), its metaservices, and what a "
    "gateway tells of itself; the latter, and the catalogue, to its own machine alone. HEAD is answered like GET "
    "wherever a page is. What a service answers is described by getOpenAPI."
)
_SUBSYSTEM: Final = "/r1/{xRoadInstance}/{memberClass}/{memberCode}/{subsystemCode}"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PARTS: Final = tuple(
    Parameter(name, "path", what)
    for name, what in (
        ("xRoadInstance", "the instance, as the country's code"),
        ("memberClass", "the member's class"),
        ("memberCode", "the member's code within its class"),
        ("subsystemCode", "the subsystem that offers services"),
    )
)
_CALLER: Final = (
    Parameter("X-Road-Client", "header", "who asks: a subsystem behind this gateway", is_required=True),
    Parameter("X-Road-Id", "header", "names the message; made where it is missing"),
)
_CALL: Final = (
    *_CALLER,
    Parameter("X-Road-UserId", "header", "whose action it is; carried, and shown in no figures"),
    Parameter("X-Road-Issue", "header", "the case that it is about; the same"),
    Parameter("X-Road-Represented-Party", "header", "for whom it is asked; the same"),
    Parameter("ndel-purpose", "header", "what it is asked for; a client may have one by default"),
    Parameter("ndel-consent", "header", "a consent, where the operation needs one"),
)
_REFUSALS: Final = faults("400", "403", "404", "413", "429", "500", "503")
_MARKS: Final = {
    "X-Road-Client": TEXT,
    "X-Road-Service": TEXT,
    "X-Road-Id": TEXT,
    "X-Road-Request-Id": {"type": "string", "format": "uuid"},
    "X-Road-Request-Hash": {"type": "string", "pattern": "^[A-Za-z0-9+/]{86}==$"},
}
_STANDING: Final = shape(
    {
        "gateway": TEXT,
        "is_ready": {"type": "boolean"},
        "configuration_version": {"type": "integer", "minimum": 0},
        "configuration_expires": {"type": "integer", "minimum": 0},
        "is_configuration_expired": {"type": "boolean"},
        "key_fault": TEXT,
        "log_size": {"type": "integer", "minimum": 0},
        "log_published": {"type": "integer", "minimum": 0},
        "is_log_writable": {"type": "boolean"},
        "log_fault": TEXT,
        "receipts_owed": {"type": "integer", "minimum": 0},
        "services": {"type": "object", "additionalProperties": {"enum": ["closed", "open", "half-open"]}},
        "calls": {"type": "integer", "minimum": 0},
        "faults": {"type": "integer", "minimum": 0},
        "is_configuration_old": {"type": "boolean"},
        "contradictions": {"type": "integer", "minimum": 0},
    }
)


def _call(method: str, path: str, name: str) -> Operation:
    return Operation(
        method,
        f"{_SUBSYSTEM}/{{serviceCode}}{path}",
        name,
        "Call a service; slashes in the path stay slashes",
        (
            Answer(
                "default",
                "What the service answered, as it came. With X-Road-Error it never came so far: the body is an "
                "error of the exchange, and the status 400, 403, 404, 413, 429, 500 or 503.",
                also=MAYBE,
            ),
        ),
        (
            *_PARTS,
            Parameter("serviceCode", "path", "the service"),
            *((Parameter("path", "path", "a path below the service"),) if path else ()),
            *_CALL,
        ),
        {"*/*": BYTES} if method in {"POST", "PUT", "PATCH"} else {},
        is_body_required=False,
    )


def _metaservice(name: str, what: str, answer: Answer, *also: Parameter) -> Operation:
    # With a header that X-Road's clients send to these as to every service.
    return Operation(
        "GET", f"{_SUBSYSTEM}/{name}", name, what, (answer, *_REFUSALS), (*_PARTS, *_CALLER, *also)
    )


_SERVICES: Final = {"application/json": reference("Services")}
_CALLS: Final = tuple(
    _call(method, path, f"call{'Path' if path else ''}{method.capitalize()}")
    for path in ("", "/{path}")
    for method in _METHODS
)
_META: Final = (
    _metaservice(
        "listMethods", "List a subsystem's services", Answer("200", "Its services.", _SERVICES, _MARKS)
    ),
    _metaservice(
        "allowedMethods", "List what the client may call", Answer("200", "Of them these.", _SERVICES, _MARKS)
    ),
    _metaservice(
        "getOpenAPI",
        "Fetch a service's own description",
        Answer(
            "200", "The document.", {"application/json": {"type": "object"}, "application/yaml": TEXT}, _MARKS
        ),
        Parameter("serviceCode", "query", "the service", is_required=True),
    ),
    Operation(
        "GET",
        "/listClients",
        "listClients",
        "List who takes part in an instance",
        (
            Answer(
                "200",
                "Members and subsystems: as JSON where Accept names it, else as XML.",
                {"application/json": reference("Clients"), "text/xml": TEXT},
            ),
            *faults("404", "500"),
        ),
        (Parameter("xRoadInstance", "query", "another instance than one's own"),),
    ),
    Operation(
        "GET",
        "/ndel/consents/{number}",
        "getConsentList",
        "Fetch a status list of the consents that this member signs",
        (
            Answer("200", "Token Status List, as a JWT.", {"application/statuslist+jwt": TEXT}),
            Answer("404", "There is no such list, or the member signs no consents.", {"text/plain": TEXT}),
            Answer(
                "503", "Not to be told now; whoever asks takes the consent for unknown.", {"text/plain": TEXT}
            ),
        ),
        (
            Parameter("number", "path", "the list", {"type": "integer", "minimum": 0}),
            Parameter("now", "query", "there with no value: a list of this moment", {"const": ""}),
        ),
    ),
)
_JSON: Final = "application/json"
_PAGES: Final = (
    Operation(
        "GET",
        "/health",
        "getHealth",
        "Tell whether calls are exchanged",
        tuple(
            Answer(status, what, {_JSON: shape({"ready": {"const": ready}})})
            for status, what, ready in (
                ("200", "They are.", True),
                ("503", "They are not: no log, no key, or an expired configuration.", False),
            )
        ),
    ),
    Operation(
        "GET",
        "/metrics",
        "getMetrics",
        "Tell the figures in Prometheus' words",
        (Answer("200", "All that was counted.", {"text/plain": TEXT}),),
    ),
    Operation(
        "GET",
        "/metrics/operational",
        "getOperationalRecords",
        "Tell the last calls with X-Road's operational fields",
        (Answer("200", "One JSON object a line.", {"application/jsonl": TEXT}),),
    ),
    Operation(
        "GET",
        "/status",
        "getStatus",
        "Tell how the gateway stands",
        (
            Answer(
                "200",
                "A page where Accept names one, else JSON.",
                {_JSON: reference("Standing"), "text/html": TEXT},
            ),
        ),
        (
            Parameter("lang", "query", "the page's language", {"enum": ["en", "ur", "zh"]}),
            Parameter("Accept", "header", "text/html for the page"),
        ),
    ),
    Operation(
        "GET",
        PATH,
        "getDescription",
        "Fetch this description",
        (Answer("200", "OpenAPI 3.1.", {_JSON: {"type": "object"}}),),
    ),
)
# To no other host than this machine's own names: a page of another site could have its name lead here.
_OWN: Final = tuple(replace(one, answers=(*one.answers, *page_faults("403"))) for one in _PAGES)
EDGE: Final = (*_CALLS, *_META, *_OWN, *CATALOGUE)


def describe_edge(server: str = "/") -> dict[str, object]:
    """Describe the edge's listener."""
    schemas = {**FAULT_SCHEMAS, **LISTING_SCHEMAS, "Standing": _STANDING}
    return write_document("A gateway's edge", _ABOUT, EDGE, schemas=schemas, server=server)
