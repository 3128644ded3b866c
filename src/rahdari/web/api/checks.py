"""Verifying: for anyone, and for institutions that ask the register."""

from collections.abc import Mapping

import anyio
import anyio.to_thread
from litestar import Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State, UploadFile
from litestar.params import RawBody

from rahdari.access import PrincipalId
from rahdari.app.house import House
from rahdari.app.pictures import read_code
from rahdari.credentials import Report
from rahdari.kernel import Actor
from rahdari.oversight import Circumstances, Purpose
from rahdari.web.api.bodies import (
    AnswerView,
    PassToCheck,
    QuestionsAsked,
    ReportView,
)
from rahdari.web.api.reading import read_json, read_place
from rahdari.web.api.rendering import render_report
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.errors import BadBody, BodyTooLarge
from rahdari.web.limits import FORM_BYTES_MAX, JSON_BYTES_MAX, PICTURE_BYTES_MAX
from rahdari.web.operation import BINARY, JSON, describes

PICTURES = ("image/png", "image/jpeg", "image/webp")
FORM = "multipart/form-data"
_FORM_SHAPE: Mapping[str, object] = {
    "type": "object",
    "description": "The picture of a pass, or its text.",
    "properties": {
        "picture": {"type": "string", "format": "binary", "description": "a PNG, JPEG or WebP picture"},
        "pass": {"type": "string", "description": "the text, where there is no picture"},
    },
}
# Decoding a picture keeps a core busy for up to a second; more than two at a time would starve the rest.
_PICTURES_AT_ONCE = anyio.CapacityLimiter(2)


@post(
    "/api/v1/checks",
    operation_id="checkPass",
    status_code=200,
    request_max_body_size=FORM_BYTES_MAX,
    opt=describes(
        "Verifying",
        takes={JSON: PassToCheck, FORM: _FORM_SHAPE, **dict.fromkeys(PICTURES, BINARY)},
        gives={JSON: ReportView},
        refusals=(
            "app.no_code",
            "app.several_codes",
            "wire.malformed",
            "wire.too_large",
            "credentials.no_trust",
        ),
    ),
)
async def check_pass(request: Request[None, None, State], house: TheHouse) -> ReportView:
    """Verify a pass, as text or as a picture.

    Anyone may ask. The register itself answers, so a suspension shows at once. A pass that is refused is an
    answer too: the status is 200, and the verdict says what is wrong. The claims are there only if it is valid.
    """
    kind = request.content_type[0]
    if kind == FORM:
        report = await examine_form(request, house)
    elif kind in PICTURES:
        report = await examine_picture(await request.body(), house)
    else:
        raw = await request.body()
        if len(raw) > JSON_BYTES_MAX:
            raise BodyTooLarge(f"a JSON body has {JSON_BYTES_MAX >> 10} KiB at most; no pass is that long")
        report = await examine_text(read_json(raw, PassToCheck).pass_, house)
    return render_report(report)


async def examine_form(request: Request[None, None, State], house: House) -> Report:
    """Verify what a form brings: the picture if there is one, else the text. Raises ``BadBody``."""
    form = await request.form()
    picture, text = form.get("picture"), form.get("pass")
    if isinstance(picture, UploadFile):
        raw = await picture.read(PICTURE_BYTES_MAX + 1)
        if raw:
            return await examine_picture(raw, house)
    if isinstance(text, str) and text.strip():
        # Line ends only: a space may be the first character of Base45 (RFC 9285, 4.2).
        return await examine_text(text.strip("\r\n\t"), house)
    raise BadBody("the form holds neither a picture nor a pass; choose a picture or paste the text of a pass")


async def examine_text(text: str, house: House) -> Report:
    """Verify a pass against the register, off the event loop."""
    return await anyio.to_thread.run_sync(house.authority.examine, text)


async def examine_picture(raw: bytes, house: House) -> Report:
    """Verify the pass in a picture, off the event loop. Raises ``NoCode``, ``SeveralCodes``, ``MalformedInput``."""
    text = await anyio.to_thread.run_sync(read_code, raw, limiter=_PICTURES_AT_ONCE)
    return await examine_text(text, house)


@post(
    "/api/v1/verifications",
    operation_id="askAboutPass",
    status_code=200,
    sync_to_thread=True,
    opt=describes(
        "Verifying",
        takes={JSON: QuestionsAsked},
        gives={JSON: AnswerView},
        refusals=(
            "credentials.bad_question",
            "credentials.no_trust",
            "credentials.key_locked",
            "oversight.bad_place",
            "oversight.too_many_ages",
            "oversight.use_not_recorded",
        ),
    ),
)
def ask_about_pass(house: TheHouse, actor: TheActor, body: RawBody) -> Response[AnswerView]:
    """Ask the register about a pass, yes or no.

    For institutions. Questions: genuine, in_good_standing, age_over:18, name_matches:..., resident_of:PK-JK,
    national_of:PAK, product_is:nic. Attributes are given only where the institution's record allows them and
    the pass is valid. The answer is signed, bound to the nonce, and good for sixty seconds.

    Before it leaves, it is written down for the card's holder: who asked, when, for which ``purpose``, at which
    ``place``. Without a purpose, the holder reads that none was given.
    """
    asked = read_json(body, QuestionsAsked)
    answer = house.authority.answer(
        asked.pass_,
        asker=actor,
        asked=asked.questions,
        wanted=asked.attributes,
        allowed=_allowed(house, actor),
        nonce=asked.nonce,
        told=Circumstances(Purpose(asked.purpose), read_place(asked.place)),
    )
    view = AnswerView(
        verdict=answer.verdict,
        as_of=answer.report.as_of,
        answers=answer.answers,
        attributes={name: _plain(value) for name, value in answer.attributes.items()},
        token=answer.token,
    )
    # What this use may have flagged is told to the audit log after the answer has left, never before.
    return Response(view, status_code=200, background=BackgroundTask(house.oversight.log_openings_later))


def _allowed(house: House, actor: Actor) -> frozenset[str]:
    return house.officers.get(PrincipalId(actor.id)).attributes


def _plain(value: object) -> str | dict[str, str] | None:
    if isinstance(value, dict):
        return {str(name): str(one) for name, one in value.items()}
    return None if value is None else str(value)
