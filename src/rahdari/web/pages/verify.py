"""The first page: show a pass, see the verdict."""

import base64
from collections.abc import Mapping
from types import MappingProxyType

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import State

from rahdari.app.house import House
from rahdari.credentials import (
    Attributes,
    CardProduct,
    LocalText,
    Outcome,
    Report,
    VerdictKind,
    Verified,
    print_number,
)
from rahdari.kernel import Problem
from rahdari.web.api.checks import FORM, examine_form
from rahdari.web.doors import TheHouse
from rahdari.web.errors import WrongMediaType
from rahdari.web.limits import FORM_BYTES_MAX
from rahdari.web.pages.frame import render
from rahdari.web.problems import headers_of, status_of
from rahdari.web.visit import visit_of

# Four tones, each with a colour, a shape and a word: whoever sees no colour loses nothing.
TONES: Mapping[VerdictKind, str] = MappingProxyType(
    {
        VerdictKind.VALID: "good",
        VerdictKind.SUSPENDED: "hold",
        VerdictKind.LOCKED: "hold",
        VerdictKind.EXPIRED: "hold",
        VerdictKind.NOT_YET_VALID: "hold",
        VerdictKind.STALE: "unsure",
        VerdictKind.MALFORMED: "unsure",
        VerdictKind.REVOKED: "bad",
        VerdictKind.UNKNOWN_ISSUER: "bad",
        VerdictKind.TAMPERED: "bad",
    }
)
_PICTURE_KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"RIFF", "webp"))


@get("/", operation_id="showVerify", sync_to_thread=False)
def show_verify(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show the form."""
    body = render("verify.html", visit_of(request.scope), path="/", refusal=None, issuer=house.settings.name)
    return Response(body, media_type=MediaType.HTML)


@post("/", operation_id="submitVerify", status_code=200, request_max_body_size=FORM_BYTES_MAX)
async def submit_verify(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show the verdict on what the form brought, or the form again with what is wrong with it."""
    visit, issuer = visit_of(request.scope), house.settings.name
    try:
        if request.content_type[0] != FORM:
            raise WrongMediaType("this page reads the form it shows; programs use /api/v1/checks")
        report = await examine_form(request, house)
    except Problem as problem:
        body = render("verify.html", visit, path="/", refusal=problem, issuer=issuer)
        return Response(
            body, media_type=MediaType.HTML, status_code=status_of(problem), headers=headers_of(problem)
        )
    return Response(
        render("verdict.html", visit, path="", issuer=issuer, **_shown(report, house)),
        media_type=MediaType.HTML,
    )


def _shown(report: Report, house: House) -> dict[str, object]:
    passed = sum(one.outcome is Outcome.PASSED for one in report.checks)
    verified = report.verified
    return {
        "report": report,
        "tone": TONES[report.verdict],
        "passed": passed,
        "claims": verified.attributes if verified else None,
        "terms": verified.terms if verified else None,
        **(_told(verified, house) if verified else {}),
    }


def _told(verified: Verified, house: House) -> dict[str, object]:
    said, product = verified.attributes, _product(verified, house)
    number = said.number or ""
    return {
        "photo": _picture(said.photo),
        "title": product.title if product else None,
        "number": print_number(product, number) if product and number else number,
        "marks": _marks(said, product),
    }


def _product(verified: Verified, house: House) -> CardProduct | None:
    ref = verified.terms.product
    return next((one for one in house.products if ref and one.ref.id == ref.id), None)


def _marks(said: Attributes, product: CardProduct | None) -> list[LocalText]:
    known = {one.id: one.text for one in (*product.marks, *product.inscriptions)} if product else {}
    return [known.get(mark, {"en": mark}) for mark in said.marks]


def _picture(photo: bytes | None) -> str | None:
    """Write a photograph into the page itself: it is nobody's to fetch a second time. Unknown kinds stay out."""
    for begins, kind in _PICTURE_KINDS:
        if photo and photo.startswith(begins):
            return f"data:image/{kind};base64,{base64.b64encode(photo).decode()}"
    return None
