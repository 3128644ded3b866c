"""The catalogue's pages at the edge: for people at the gateway's machine, and no other."""

from typing import Final

from rahdari.web.exchange.description.faults import page_faults
from rahdari.web.exchange.description.operations import BYTES, TEXT, Answer, Operation, Parameter

_PAGE: Final = Answer("200", "A page in the reader's language.", {"text/html": TEXT})
_LANGUAGE: Final = Parameter("lang", "query", "the page's language", {"enum": ["en", "ur", "zh"]})
_SERVICE: Final = Parameter("id", "query", "the service's five parts", is_required=True)
_FORM: Final = {
    "type": "object",
    "properties": dict.fromkeys(("client", "method", "path", "purpose", "consent", "kind", "body"), TEXT),
    "required": ["client", "method", "path"],
}
# What the pages refuse is refused in the words of calls.
_REFUSALS: Final = page_faults("400", "403", "404", "500")

CATALOGUE: Final = (
    Operation(
        "GET",
        "/",
        "enter",
        "Lead whoever types the gateway's address to the catalogue",
        (
            Answer(
                "303",
                "There it is, where Accept names a page.",
                headers={"Location": {"const": "/catalogue"}},
            ),
            *page_faults("403", "404"),
        ),
        (Parameter("Accept", "header", "text/html"),),
    ),
    Operation(
        "GET",
        "/catalogue",
        "listCatalogue",
        "Show what all members offer",
        (_PAGE, *_REFUSALS),
        (Parameter("q", "query", "words that a service's name or title holds"), _LANGUAGE),
    ),
    Operation(
        "GET",
        "/catalogue/service",
        "showService",
        "Show one service, and a form to try it",
        (_PAGE, *_REFUSALS),
        (_SERVICE, _LANGUAGE),
    ),
    Operation(
        "POST",
        "/catalogue/service",
        "tryService",
        "Make the call that the form describes; from this page's own origin alone",
        (_PAGE, *_REFUSALS, *page_faults("413")),
        (_SERVICE, _LANGUAGE, Parameter("Origin", "header", "the page's own origin", is_required=True)),
        {"application/x-www-form-urlencoded": _FORM},
    ),
    Operation(
        "GET",
        "/catalogue/description",
        "downloadDescription",
        "Fetch a service's own OpenAPI document from its owner's gateway",
        (Answer("200", "The document.", {"application/octet-stream": BYTES}), *_REFUSALS),
        (_SERVICE,),
    ),
    Operation(
        "GET",
        "/gateway.css",
        "getCatalogueStyle",
        "Fetch the style of the pages",
        (Answer("200", "A style sheet.", {"text/css": TEXT}), *page_faults("403")),
    ),
    Operation(
        "GET",
        "/fonts/{name}",
        "getFont",
        "Fetch a font of the catalogue",
        (Answer("200", "A font.", {"font/woff2": BYTES}), *page_faults("403", "404")),
        (Parameter("name", "path", "the file"),),
    ),
)
