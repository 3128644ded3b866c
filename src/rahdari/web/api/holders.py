"""Holders: registering, finding, importing."""

import re

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, RawBody

from rahdari.app.errors import BadFile
from rahdari.credentials import Holder, HolderKind, Portrait
from rahdari.web.api.bodies import (
    HolderPage,
    HolderSearch,
    HolderWithCard,
    HolderWithCards,
    Imported,
    NewHolder,
)
from rahdari.web.api.reading import read_holder_id, read_json, read_party, read_portrait
from rahdari.web.api.rendering import render_card, render_holder
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.errors import BadParameter
from rahdari.web.limits import CSV_BYTES_MAX
from rahdari.web.operation import HOLDER_ID, JSON, TEXT, Query, describes

PAGE_MAX = 500
_AFTER = Query(
    name="after", about="the id of the last holder seen", schema={"type": "string", "pattern": HOLDER_ID}
)
_LIMIT = Query(
    name="limit",
    about="how many at most",
    schema={"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": 100},
)


@post(
    "/api/v1/holders",
    operation_id="addHolder",
    sync_to_thread=True,
    opt=describes(
        "Holders",
        takes={JSON: NewHolder},
        gives={JSON: HolderWithCard},
        status=201,
        refusals=(
            "credentials.bad_holder",
            "credentials.not_eligible",
            "credentials.unknown_product",
            "credentials.holder_taken",
            "wire.malformed",
            "wire.too_large",
        ),
    ),
)
def add_holder(house: TheHouse, actor: TheActor, body: RawBody) -> Response[HolderWithCard]:
    """Register a holder, with an application for a card."""
    asked = read_json(body, NewHolder)
    holder, card = house.registry.add_holder(
        read_party(asked.party), asked.product, actor=actor, portrait=read_portrait(asked.portrait)
    )
    made = HolderWithCard(render_holder(holder), render_card(card))
    return Response(made, status_code=201, headers={"location": f"/api/v1/holders/{holder.id}"})


@post(
    "/api/v1/holders/import",
    operation_id="importHolders",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=CSV_BYTES_MAX,
    opt=describes(
        "Holders",
        takes={"text/csv": TEXT},
        gives={JSON: Imported},
        refusals=("credentials.bad_rows", "app.bad_file"),
    ),
)
def import_holders(house: TheHouse, actor: TheActor, body: RawBody) -> Imported:
    """Import a CSV file of holders, all or none.

    The first line names the columns (RFC 4180, UTF-8). Where rows are bad, the problem lists every one of them
    by line and column, and nothing is imported. Pictures do not travel with a file of rows: leave ``photo``
    empty here, or import beside the pictures with the command line.
    """
    return Imported(house.registry.import_holders(bytes(body), actor=actor, photo_of=_refuse_photo))


def _refuse_photo(_name: str) -> Portrait:
    raise BadFile(
        "pictures do not travel with a CSV file; leave the column empty, or import on the command line"
    )


@get(
    "/api/v1/holders",
    operation_id="listHolders",
    sync_to_thread=True,
    opt=describes("Holders", gives={JSON: HolderPage}, query=(_AFTER, _LIMIT)),
)
def list_holders(house: TheHouse, after: FromQuery[str] = "", limit: FromQuery[str] = "100") -> HolderPage:
    """List holders, in the order of their registration."""
    if not re.fullmatch("[0-9]{1,4}", limit) or not 1 <= int(limit) <= PAGE_MAX:
        raise BadParameter(f"limit is a whole number from 1 to {PAGE_MAX}")
    found = house.registry.list_holders(after=read_holder_id(after) if after else None, limit=int(limit))
    following = str(found[-1].id) if len(found) == int(limit) else None
    return HolderPage([render_holder(one) for one in found], following)


@post(
    "/api/v1/holders/search",
    operation_id="findHolder",
    status_code=200,
    sync_to_thread=True,
    opt=describes(
        "Holders",
        takes={JSON: HolderSearch},
        gives={JSON: HolderWithCards},
        refusals=("credentials.unknown_holder",),
    ),
)
def find_holder(house: TheHouse, body: RawBody) -> HolderWithCards:
    """Find a holder by the number on the card, with every card."""
    asked = read_json(body, HolderSearch)
    return _with_cards(house, house.registry.find_holder_by_number(asked.number, kind=HolderKind(asked.kind)))


@get(
    "/api/v1/holders/{holder:str}",
    operation_id="getHolder",
    sync_to_thread=True,
    opt=describes("Holders", gives={JSON: HolderWithCards}, refusals=("credentials.unknown_holder",)),
)
def get_holder(house: TheHouse, holder: FromPath[str]) -> HolderWithCards:
    """Get a holder, with every card."""
    return _with_cards(house, house.registry.get_holder(read_holder_id(holder)))


def _with_cards(house: TheHouse, holder: Holder) -> HolderWithCards:
    cards = house.registry.find_cards_of(holder.id)
    return HolderWithCards(render_holder(holder), [render_card(one) for one in cards])
