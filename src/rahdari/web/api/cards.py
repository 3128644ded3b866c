"""Cards: applications, acts, passes and pictures."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from rahdari.credentials import Act, Card
from rahdari.web.api.bodies import (
    ActDone,
    ActRequest,
    Application,
    CardView,
    History,
    PassView,
    SheetRequest,
)
from rahdari.web.api.reading import read_feature, read_holder_id, read_json, read_number
from rahdari.web.api.rendering import render_card, render_entry
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.errors import BadBody
from rahdari.web.operation import BINARY, JSON, describes
from rahdari.web.turns import Turns

_NOT_DRAWN = ("app.card_not_drawable", "app.qr_too_dense", "app.card_not_printable")
# The press draws one card and one sheet at a time (app.card_printing): a second thread would only wait for it.
# A card takes some 0.2 s, a sheet of 200 cards some 15 s: nobody waits much longer than 3 s, or than a minute.
_CARD_TURNS = Turns(1, 16, wait_seconds=2)
_SHEET_TURNS = Turns(1, 3, wait_seconds=15)
_NO_CARD = ("credentials.unknown_card", "credentials.unknown_feature")


@post(
    "/api/v1/cards",
    operation_id="applyForCard",
    sync_to_thread=True,
    opt=describes(
        "Cards",
        takes={JSON: Application},
        gives={JSON: CardView},
        status=201,
        refusals=(
            "credentials.unknown_holder",
            "credentials.unknown_product",
            "credentials.not_eligible",
            "credentials.bad_holder",
            "credentials.card_taken",
        ),
    ),
)
def apply_for_card(house: TheHouse, actor: TheActor, body: RawBody) -> Response[CardView]:
    """Apply for a further card for a registered holder."""
    asked = read_json(body, Application)
    card = house.registry.apply(read_holder_id(asked.holder), asked.product, actor=actor)
    where = {"location": f"/api/v1/cards/{card.number}"}
    return Response(render_card(card), status_code=201, headers=where)


@post(
    "/api/v1/cards/{number:str}/acts",
    operation_id="actOnCard",
    status_code=200,
    sync_to_thread=True,
    opt=describes(
        "Cards",
        takes={JSON: ActRequest},
        gives={JSON: ActDone},
        refusals=(
            "credentials.unknown_card",
            "credentials.not_allowed",
            "credentials.wrong_stage",
            "credentials.wrong_reason",
            "credentials.nothing_proposed",
            "credentials.same_officer",
            "credentials.key_locked",
        ),
    ),
)
def act_on_card(house: TheHouse, actor: TheActor, number: FromPath[str], body: RawBody) -> ActDone:
    """Do one act of the life-cycle table to a card.

    The act is durable, and every online verification that begins later sees it. Issuing does not hand the card
    over: ``activate`` does. Revoking takes two: one supervisor proposes, another one revokes.
    """
    asked, which = read_json(body, ActRequest), read_number(number)
    successor: Card | None = None
    if asked.act is Act.ISSUE:
        card = house.registry.issue(which, actor=actor, activate=False)
    elif asked.act is Act.REPLACE:
        if asked.reason is None:
            raise BadBody("replacing a card needs its reason; see /products for those that are admitted")
        card, successor = house.registry.replace(which, actor=actor, reason=asked.reason)
    else:
        card = house.registry.act(which, asked.act, actor=actor, reason=asked.reason)
    return ActDone(render_card(card), render_card(successor) if successor else None)


@get(
    "/api/v1/cards/{number:str}",
    operation_id="getCard",
    sync_to_thread=True,
    opt=describes("Cards", gives={JSON: CardView}, refusals=_NO_CARD[:1]),
)
def get_card(house: TheHouse, number: FromPath[str]) -> CardView:
    """Get a card: its stage and its term, and no holder's name."""
    return render_card(house.registry.get_card(read_number(number)))


@get(
    "/api/v1/cards/{number:str}/history",
    operation_id="getCardHistory",
    sync_to_thread=True,
    opt=describes("Cards", gives={JSON: History}, refusals=_NO_CARD[:1]),
)
def get_card_history(house: TheHouse, number: FromPath[str]) -> History:
    """Read what the audit log says of a card, the oldest entry first."""
    card = house.registry.get_card(read_number(number))
    return History([render_entry(one) for one in house.registry.get_history(card.number)])


@get(
    "/api/v1/cards/{number:str}/passes/{feature:str}",
    operation_id="getPass",
    sync_to_thread=True,
    opt=describes("Cards", gives={JSON: PassView}, refusals=_NO_CARD),
)
def get_pass(house: TheHouse, number: FromPath[str], feature: FromPath[str]) -> PassView:
    """Get one pass of a card: the text of its QR code, or its wallet file."""
    found = house.registry.get_pass(read_number(number), read_feature(feature))
    return PassView(found.card, found.feature, found.text, found.file_suffix)


@get(
    "/api/v1/cards/{number:str}/qr.png",
    operation_id="drawQr",
    sync_to_thread=True,
    opt=describes("Cards", gives={"image/png": BINARY}, refusals=_NO_CARD),
)
def draw_qr(house: TheHouse, number: FromPath[str]) -> Response[bytes]:
    """Draw the QR code of a card."""
    return Response(house.press.qr_png(read_number(number)), media_type="image/png")


@get(
    "/api/v1/cards/{number:str}/card.png",
    operation_id="drawCardPng",
    opt=describes("Cards", gives={"image/png": BINARY}, refusals=(*_NO_CARD, *_NOT_DRAWN, "web.busy")),
)
async def draw_card_png(house: TheHouse, number: FromPath[str]) -> Response[bytes]:
    """Draw a card, front and back, as a picture."""
    which = read_number(number)
    drawn = await _CARD_TURNS.run(lambda: house.press.card_png(which))
    return Response(drawn, media_type="image/png")


@get(
    "/api/v1/cards/{number:str}/card.pdf",
    operation_id="drawCardPdf",
    opt=describes("Cards", gives={"application/pdf": BINARY}, refusals=(*_NO_CARD, *_NOT_DRAWN, "web.busy")),
)
async def draw_card_pdf(house: TheHouse, number: FromPath[str]) -> Response[bytes]:
    """Draw a card for the printer: CR80, front and back."""
    which = read_number(number)
    drawn = await _CARD_TURNS.run(lambda: house.press.card_pdf(which))
    return Response(drawn, media_type="application/pdf")


@post(
    "/api/v1/sheets",
    operation_id="drawSheets",
    status_code=200,
    opt=describes(
        "Cards",
        takes={JSON: SheetRequest},
        gives={"application/pdf": BINARY},
        refusals=(*_NO_CARD, *_NOT_DRAWN, "app.bad_sheet", "web.busy"),
    ),
)
async def draw_sheets(house: TheHouse, body: RawBody) -> Response[bytes]:
    """Draw print sheets: many cards on paper, fronts and backs on alternate pages; all of them or none."""
    asked = read_json(body, SheetRequest)
    numbers = [read_number(one) for one in asked.cards]
    drawn = await _SHEET_TURNS.run(lambda: house.press.sheets_pdf(numbers, asked.paper))
    return Response(drawn, media_type="application/pdf")
