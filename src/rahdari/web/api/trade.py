"""Questions of trade over HTTP: the roadmap's answers as JSON, for anyone."""

import json
import re

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from rahdari.app.house import House
from rahdari.app.roadmap_view import SLIDERS, View
from rahdari.web.api.trade_bodies import TradeAnswer, TradeWhyNot, why_not_body
from rahdari.web.doors import TheHouse
from rahdari.web.errors import BadParameter
from rahdari.web.operation import JSON, Query, describes
from rahdari.web.roadmap_query import read_candidate, read_query
from rahdari.web.roadmap_turns import TURNS

# An answer of so many rows and five tables has a megabyte; whoever wants all rows takes the files.
ROWS_MAX = 1_000
QUESTIONS = ("screen", "complexity", "potential", "relocate", "ladder", "select", "path")
_QUERY = (
    Query(name="exporter", about="three letters", schema={"type": "string", "pattern": "^[A-Z]{3}$"}),
    Query(name="market", about="three letters", schema={"type": "string", "pattern": "^[A-Z]{3}$"}),
    Query(name="year", about="the latest if absent", schema={"type": "string", "pattern": "^([0-9]{4})?$"}),
    Query(
        name="level", about="digits of a product", schema={"type": "string", "enum": ["hs2", "hs4", "hs6"]}
    ),
    Query(
        name="product", about="what new capacity makes", schema={"type": "string", "pattern": "^[0-9]{0,6}$"}
    ),
    Query(
        name="data",
        about="start of the release's digest",
        schema={"type": "string", "pattern": "^[0-9a-f]{0,12}$"},
    ),
    Query(
        name="counts",
        about="whether what the exporter needs itself is left out",
        schema={"type": "string", "enum": ["net", "all"]},
    ),
    *(
        Query(
            name=one.name,
            about="see /roadmap",
            schema={"type": "number", "minimum": one.low, "maximum": one.high},
        )
        for one in SLIDERS
    ),
)
_LIMIT = Query(
    name="limit", about="rows a table", schema={"type": "integer", "minimum": 1, "maximum": ROWS_MAX}
)
_REFUSALS = (
    "trade.unknown_country",
    "trade.unknown_year",
    "trade.unknown_product",
    "trade.nothing_traded",
    "trade.degenerate",
    "trade.infeasible",
    "trade.no_data",
    "trade.engine_failed",
)


@get(
    "/api/v1/trade/{question:str}",
    operation_id="askTrade",
    opt=describes(
        "Trade",
        gives={JSON: TradeAnswer},
        query=(*_QUERY, _LIMIT),
        refusals=_REFUSALS,
    ),
)
async def ask_trade(
    request: Request[None, None, State], house: TheHouse, question: FromPath[str]
) -> Response[bytes]:
    """Answer one question of the roadmap: screen, complexity, potential, relocate, ladder, select or path.

    The parameters are those of /roadmap, and the answer holds the same numbers: tables, figures, notes, and all
    that is needed to make them again.
    """
    if question not in QUESTIONS:
        raise BadParameter(f"there is no such question; ask one of {', '.join(QUESTIONS)}")
    view, limit = read_query(request.scope["query_string"]), _limit(request.query_params.get("limit", "100"))
    return Response(await TURNS.run(lambda: _answer(house, question, view, limit)), media_type=JSON)


@get(
    "/api/v1/trade/why-not/{candidate:str}",
    operation_id="askWhyNot",
    opt=describes(
        "Trade",
        gives={JSON: TradeWhyNot},
        query=_QUERY,
        refusals=(*_REFUSALS, "trade.bad_parameter"),
    ),
)
async def ask_why_not(
    request: Request[None, None, State], house: TheHouse, candidate: FromPath[str]
) -> Response[bytes]:
    """Tell why something is not chosen: what the best choice with it would lose, and to which limits.

    The parameters are those of /roadmap. A candidate is a product, or has the name that the table of ``select``
    gives it, as 251110:relocate. One that is chosen is refused.
    """
    view, name = read_query(request.scope["query_string"]), read_candidate(candidate)
    return Response(await TURNS.run(lambda: _why_not(house, name, view)), media_type=JSON)


def _why_not(house: House, candidate: str, asked: View) -> bytes:
    desk = house.roadmap.desk()
    desk.require_data(asked)
    view = desk.settle(asked)
    why = desk.why_not(view, candidate)
    return msgspec.json.encode(why_not_body(candidate, desk.name(view, candidate), why))


def _limit(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text, re.ASCII) or not 1 <= int(text) <= ROWS_MAX:
        raise BadParameter(f"limit is a whole number from 1 to {ROWS_MAX}")
    return int(text)


def _answer(house: House, question: str, view: View, limit: int) -> bytes:
    desk = house.roadmap.desk()
    desk.require_data(view)
    told = desk.document(question, desk.settle(view), rows_max=limit)
    return json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
