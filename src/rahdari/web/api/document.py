"""The OpenAPI 3.1 description, drawn from the handlers themselves: what is served is what is described."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from inspect import getdoc

import msgspec
from litestar import Litestar
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from rahdari.web.operation import BINARY, CARD_NUMBER, FEATURE, HOLDER_ID, STREAM_ID, TEXT, Describes, Shape
from rahdari.web.problems import MEDIA_TYPE, STATUSES, ProblemDocument
from rahdari.web.rights import PUBLIC, RIGHTS
from rahdari.web.roadmap_query import CANDIDATE

VERSION = "1.0.0"
Json = dict[str, object]

# Every operation may answer with these: a wrong token, too many requests, too slow, and our own faults.
_ALWAYS = (
    "access.not_authenticated",
    "web.too_many_requests",
    "web.too_slow",
    "web.busy",
    "web.broken",
    "database.locked",
)
_WITH_BODY = ("web.bad_body", "web.body_too_large", "web.wrong_media_type")
_WITH_PARAMETERS = ("web.bad_parameter",)
_WITH_RIGHTS = ("web.token_missing", "access.not_allowed")

_PATH_PARAMETERS: Mapping[str, tuple[str, Json]] = {
    "number": ("the card's number", {"type": "string", "pattern": CARD_NUMBER}),
    "holder": ("the holder's id", {"type": "string", "pattern": HOLDER_ID}),
    "flag": ("the flag's id", {"type": "string", "pattern": HOLDER_ID}),
    "feature": ("the verification feature: qr, sd-jwt-vc", {"type": "string", "pattern": FEATURE}),
    "stream": ("the stream's id", {"type": "string", "pattern": STREAM_ID}),
    "question": (
        "screen, complexity, potential, select or path",
        {"type": "string", "enum": ["screen", "complexity", "potential", "select", "path"]},
    ),
    "candidate": (
        "a product, or the name of a candidate as the answer of select has it",
        {"type": "string", "pattern": f"^({CANDIDATE})$"},
    ),
    "attribute": (
        "what is compared: name, date_of_birth, guardian, gender, nationality",
        {"type": "string", "enum": ["name", "date_of_birth", "guardian", "gender", "nationality"]},
    ),
    "shard": ("the number of the status list", {"type": "string", "pattern": "^[0-9]{1,6}$"}),
}
_TAGS = (
    ("Verifying", "Is this pass good? For anyone, and for institutions that ask the register."),
    ("Holders", "Persons and organisations. For officers."),
    ("Cards", "From the application to the end. For officers."),
    ("Passkeys", "How a holder signs in. For the browser on the holder's own page."),
    ("Authority", "Products, status lists, the audit log."),
    ("Oversight", "Flags with their evidence, for fraud officers to decide."),
    ("Signals", "Streams of signed notices when a card is suspended or reinstated. For institutions."),
    (
        "Exchange",
        "What the register answers institutions through the exchange. For the authority's own gateway.",
    ),
    ("Trade", "The export roadmap: potential, choice, path and odds, from open data. For anyone."),
    ("Public", "What verifiers fetch: status lists, the trust list, the root's public key."),
)


def describe(app: Litestar, *, server: str) -> Json:
    """Describe every operation that describes itself."""
    shapes = _Shapes()
    paths: dict[str, Json] = {}
    for path, handler, said in find_operations(app):
        method = next(iter(sorted(handler.http_methods))).lower()
        paths.setdefault(path, {})[method] = _operation(path, handler, said, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rahdari",
            "version": VERSION,
            "summary": "Passes that can be verified: issue, carry, verify, suspend.",
            "description": "Every refusal is a problem (RFC 9457); its `type` leads to a page that explains it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": about} for name, about in _TAGS],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": shapes.components(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def find_operations(app: Litestar) -> Iterable[tuple[str, HTTPRouteHandler, Describes]]:
    """List the operations: path, handler, and what it says of itself."""
    for route in app.routes:
        for handler in _handlers(route):
            said = handler.opt.get("describes")
            if isinstance(handler, HTTPRouteHandler) and isinstance(said, Describes):
                yield re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), handler, said


def _handlers(route: object) -> Iterable[BaseRouteHandler]:
    return getattr(route, "route_handlers", ())


class _Shapes:
    """Gathers the types that bodies name, and writes references to them."""

    def __init__(self) -> None:
        self._types: dict[str, type] = {"ProblemDocument": ProblemDocument}

    def schema(self, shape: Shape) -> Json:
        if not isinstance(shape, type):
            return dict(shape)
        self._types[shape.__name__] = shape
        return {"$ref": f"#/components/schemas/{shape.__name__}"}

    def components(self) -> Mapping[str, object]:
        _, schemas = msgspec.json.schema_components(
            self._types.values(), ref_template="#/components/schemas/{name}"
        )
        return dict(sorted(schemas.items()))


def _operation(path: str, handler: HTTPRouteHandler, said: Describes, shapes: _Shapes) -> Json:
    name = str(handler.operation_id)
    # The framework wraps what runs in a thread; the words are those of the function inside.
    heading, _, text = (getdoc(getattr(handler.fn, "func", handler.fn)) or "").partition("\n\n")
    public = RIGHTS[name] == PUBLIC
    written: Json = {
        "operationId": name,
        "tags": [said.tag],
        "summary": heading,
        "description": _description(text, RIGHTS[name]),
        "parameters": [*_path_parameters(path), *_query_parameters(said)],
        "responses": _responses(path, said, shapes, public=public),
        # RFC 6750. An empty requirement says that no token is needed.
        "security": [{}] if public else [{"token": []}],
    }
    if said.takes:
        written["requestBody"] = {"required": True, "content": _content(said.takes, shapes)}
    return written


def _description(text: str, roles: frozenset[str]) -> str:
    who = "For anyone." if roles == PUBLIC else f"Needs one of the roles: {', '.join(sorted(roles))}."
    return f"{' '.join(text.split())}\n\n{who}".strip()


def _path_parameters(path: str) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", path)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARAMETERS[name][0],
            "schema": _PATH_PARAMETERS[name][1],
        }
        for name in names
    ]


def _query_parameters(said: Describes) -> list[Json]:
    return [
        {"name": one.name, "in": "query", "description": one.about, "schema": dict(one.schema)}
        for one in said.query
    ]


def _content(shapes_of: Mapping[str, Shape], shapes: _Shapes) -> Json:
    # OpenAPI 3.1, 4.8.14.3: what is no JSON has no schema to write; {} says "these bytes as they are".
    return {
        kind: {} if shape in (BINARY, TEXT) else {"schema": shapes.schema(shape)}
        for kind, shape in shapes_of.items()
    }


def _responses(path: str, said: Describes, shapes: _Shapes, *, public: bool) -> Json:
    codes = [*said.refusals, *_ALWAYS]
    codes += _WITH_BODY if said.takes else ()
    codes += _WITH_PARAMETERS if "{" in path or said.query else ()
    codes += () if public else _WITH_RIGHTS
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUSES[code], []).append(code)
    answers: Json = {
        str(said.status): {
            "description": HTTPStatus(said.status).phrase,
            "content": _content(said.gives, shapes),
        }
    }
    if said.cached:
        answers["304"] = {"description": "Not Modified"}
    for status, found in sorted(by_status.items()):
        answers[str(status)] = _refusal(status, found, shapes)
    return answers


def _refusal(status: int, codes: list[str], shapes: _Shapes) -> Json:
    headers: dict[int, Json] = {
        401: {"WWW-Authenticate": {"description": "RFC 6750, 3", "schema": {"type": "string"}}},
        429: {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
    }
    written: Json = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(sorted(set(codes)))}",
        "content": {MEDIA_TYPE: {"schema": shapes.schema(ProblemDocument)}},
    }
    return written | ({"headers": headers[status]} if status in headers else {})
