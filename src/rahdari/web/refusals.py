"""Refusals as answers: a problem document for programs, a page for people who came to a page."""

from dataclasses import dataclass

import msgspec
from litestar.types import HTTPScope

from rahdari.app.trade_refusals import refusal_words
from rahdari.kernel import Problem
from rahdari.web.languages import catalogue
from rahdari.web.pages.frame import render
from rahdari.web.problems import MEDIA_TYPE, headers_of, make_document, status_of
from rahdari.web.visit import header_of, visit_of

# These speak to programs only, whatever a browser would rather have.
_PROGRAM_PATHS = ("/api/", "/s/", "/static/", "/trust.jwt", "/root.jwk", "/health")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that refuses."""

    status: int
    media_type: str
    headers: dict[str, str]
    body: bytes


def make_refusal(problem: Problem, scope: HTTPScope) -> Refusal:
    """Turn a problem into the answer that this request can read."""
    status, headers = status_of(problem), headers_of(problem)
    headers["vary"] = "accept, accept-language, cookie"
    if _wants_page(scope):
        visit = visit_of(scope)
        words = refusal_words(problem, visit.language)
        page = render("refusal.html", visit, path="", problem=problem, words=words, status=status)
        return Refusal(status, "text/html; charset=utf-8", headers, page)
    # RFC 9457, 3.1.3: the title does not change from occurrence to occurrence; ours is English for programs.
    title = catalogue("en").say(f"problem.{problem.code}")
    document = make_document(problem, title=title, instance=scope["path"])
    return Refusal(status, MEDIA_TYPE, headers, msgspec.json.encode(document))


def _wants_page(scope: HTTPScope) -> bool:
    return not scope["path"].startswith(_PROGRAM_PATHS) and "text/html" in header_of(scope, "accept")
