"""The API's description: as OpenAPI for programs, as a page for people."""

import json
from functools import cache

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import State

from rahdari.web.api.document import describe
from rahdari.web.doors import TheHouse
from rahdari.web.pages.frame import render
from rahdari.web.pages.schemas import list_fields, sketch
from rahdari.web.visit import visit_of

_OPENAPI = "application/vnd.oai.openapi+json;version=3.1"


@cache
def _document(app: Litestar, server: str) -> dict[str, object]:
    return describe(app, server=server)


@get("/api/openapi.json", operation_id="getDocument", sync_to_thread=False)
def get_document(request: Request[None, None, State]) -> Response[bytes]:
    """Give the OpenAPI description."""
    written = msgspec.json.format(msgspec.json.encode(_document(request.app, "/")), indent=1)
    headers = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}
    return Response(written, media_type=_OPENAPI, headers=headers)


@get("/api", operation_id="showReference", sync_to_thread=False)
def show_reference(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show the description as a page."""
    document = _document(request.app, "/")
    body = render(
        "reference.html",
        visit_of(request.scope),
        path="/api",
        document=document,
        fields=lambda schema: list_fields(schema, document),
        example=lambda schema: json.dumps(sketch(schema, document), ensure_ascii=False, indent=1),
        address=str(request.base_url).rstrip("/"),
        issuer=house.settings.name,
    )
    return Response(body, media_type=MediaType.HTML)
