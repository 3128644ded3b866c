"""What is known of one request before any handler sees it: who asks, and in which language."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from litestar.types import HTTPScope

from rahdari.kernel import Actor
from rahdari.web.languages import COOKIE, LANGUAGES, Catalogue, catalogue, choose

_KEY = "rahdari"
# Names and values of the query beyond this are not looked at for the language.
_QUERY_FIELDS_MAX = 50


def _nothing_to_lift() -> None:
    """Lift nothing: no doorman stands before this request."""


@dataclass(slots=True)
class Visit:
    """One request: language, actor once the token is proven, and what became of it.

    ``is_gone`` tells that the caller went away before the body was here, ``is_head`` that it asked for no
    content. ``lift_limits`` lets an answer live that is meant not to end, and gives its place to other requests.
    """

    language: str
    asked_language: str = ""
    actor: Actor | None = None
    status: int = 0
    route: str = "unknown"
    is_gone: bool = False
    is_head: bool = False
    lift_limits: Callable[[], None] = _nothing_to_lift

    @property
    def catalogue(self) -> Catalogue:
        """The sentences in the visitor's language."""
        return catalogue(self.language)


def header_of(scope: HTTPScope, name: str) -> str:
    """Read a header of the request; empty where it is absent."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


def begin_visit(scope: HTTPScope, *, language: str) -> Visit:
    """Look at a request and remember what was seen. ``language`` is the one of the settings."""
    asked = _asked_language(scope["query_string"])
    chosen = choose(
        asked=asked,
        cookie=_cookie(header_of(scope, "cookie")),
        accepted=header_of(scope, "accept-language"),
        otherwise=language,
    )
    visit = Visit(language=chosen, asked_language=asked, is_head=scope["method"] == "HEAD")
    scope.setdefault("state", {})[_KEY] = visit
    return visit


def visit_of(scope: HTTPScope) -> Visit:
    """Give what was remembered of this request."""
    found = scope["state"][_KEY]
    if not isinstance(found, Visit):
        raise AssertionError("a request came past the doorman")  # noqa: TRY004 - an invariant of ours, nobody's type error
    return found


def _asked_language(query: bytes) -> str:
    try:
        fields = parse_qs(query.decode("latin-1"), max_num_fields=_QUERY_FIELDS_MAX)
    except ValueError:
        return ""
    asked = fields.get("lang", [""])[0]
    return asked if asked in LANGUAGES else ""


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
