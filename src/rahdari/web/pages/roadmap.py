"""The roadmap: which products to push, why, how far it carries, and how often anybody has gone that far."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath
from markupsafe import Markup

from rahdari.app.countries import name_country
from rahdari.app.house import House
from rahdari.app.product_words import ENGLISH, has_words, product_words
from rahdari.app.roadmap_view import BUDGETS, GOALS, LEVERS, View, spell
from rahdari.app.trade_refusals import refusal_words
from rahdari.trade import Ground, TradeRefused
from rahdari.web.doors import TheHouse
from rahdari.web.errors import NotFound
from rahdari.web.pages.frame import render
from rahdari.web.roadmap_query import read_candidate, read_query, write_query
from rahdari.web.roadmap_turns import TURNS
from rahdari.web.visit import Visit, visit_of

if TYPE_CHECKING:
    from rahdari.app.roadmap_desk import RoadmapDesk, Shown

_FILE = re.compile(
    r"(screen|complexity|potential|relocate|ladder|select|path)(?:-([a-z_]{1,20}))?\.(csv|xlsx|parquet|json|manifest)"
)
_KINDS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "manifest": "application/json",
}


@get("/roadmap", operation_id="showRoadmap")
async def show_roadmap(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show a view of the roadmap; everything it depends on stands in its address."""
    visit, view = visit_of(request.scope), read_query(request.scope["query_string"])
    body = await TURNS.run(lambda: _page(house, visit, view))
    return Response(body, media_type=MediaType.HTML)


@get("/roadmap/why/{candidate:str}", operation_id="showRoadmapWhy")
async def show_why(
    request: Request[None, None, State], house: TheHouse, candidate: FromPath[str]
) -> Response[bytes]:
    """Show why a candidate of the choice is not chosen in a view."""
    visit, view = visit_of(request.scope), read_query(request.scope["query_string"])
    name = read_candidate(candidate)
    body = await TURNS.run(lambda: _why(house, visit, view, name))
    return Response(body, media_type=MediaType.HTML)


@get("/roadmap/files/{name:str}", operation_id="getRoadmapFile")
async def get_file(
    request: Request[None, None, State], house: TheHouse, name: FromPath[str]
) -> Response[bytes]:
    """Get a table of a view as a file, or the manifest by which its figures are made again."""
    view, found = read_query(request.scope["query_string"]), _FILE.fullmatch(name)
    if found is None:
        told = "the roadmap has no such file; its page lists them"
        # The cause is what words it in the visitor's language.
        raise NotFound(told) from TradeRefused(told, ground=Ground.UNKNOWN_FILE)
    question, table, form = found[1], found[2] or "", found[3]
    raw = await TURNS.run(lambda: _file(house.roadmap.desk(), view, (question, table, form)))
    named = f"{name}.json" if form == "manifest" else name
    headers = {"content-disposition": f'attachment; filename="rahdari-{named}"'}
    return Response(raw, media_type=_KINDS[form], headers=headers)


def _file(desk: "RoadmapDesk", view: View, wanted: tuple[str, str, str]) -> bytes:
    question, table, form = wanted
    desk.require_data(view)
    settled = desk.settle(view)
    return (
        desk.manifest(question, settled) if form == "manifest" else desk.file(question, settled, table, form)
    )


def _page(house: House, visit: Visit, asked: View) -> bytes:
    desk = house.roadmap.desk()
    view, naming = desk.settle(asked), _naming(visit)
    shown = desk.show(view, visit.language, naming)
    offered = desk.choices(view)
    return render(
        "roadmap.html",
        visit,
        path=f"/roadmap?{write_query(view)}",
        query=write_query(view),
        view=view,
        shown=shown,
        rows=shown.rows(),
        svg=_drawings(shown),
        sliders={"levers": LEVERS, "budgets": BUDGETS, "goals": GOALS},
        value=lambda name: spell(getattr(view, name)),
        countries=sorted((naming(code), code) for code in offered.countries),
        years=offered.years,
        products=offered.products,
        source=desk.source,
        remarks=desk.remarks,
        is_other_data=view.data != desk.digest,
        issuer=house.settings.name,
        **_speaking(desk, visit),
    )


def _why(house: House, visit: Visit, asked: View, candidate: str) -> bytes:
    desk = house.roadmap.desk()
    view = desk.settle(asked)
    answer, named = desk.why_not(view, candidate), desk.candidates(view)
    return render(
        "roadmap_why.html",
        visit,
        path=f"/roadmap/why/{quote(candidate)}?{write_query(view)}",
        query=write_query(view),
        asked=desk.name(view, candidate),
        named=named,
        answer=answer,
        issuer=house.settings.name,
        **_speaking(desk, visit),
    )


def _drawings(shown: "Shown") -> dict[str, Markup]:
    # The drawer gives SVG without scripts, styles or addresses, whose texts Vega has escaped.
    return {name: Markup(one.svg) for name, one in shown.charts.items()}  # noqa: S704


def _naming(visit: Visit) -> Callable[[str], str]:
    return lambda code: name_country(code, visit.language) or code


def _speaking(desk: "RoadmapDesk", visit: Visit) -> dict[str, object]:
    """Give what templates write numbers and codes with."""
    return {
        "money": lambda value: desk.money(value, visit.language),
        "percent": _percent,
        "number": _number,
        "amount": lambda name, value: (
            desk.money(value, visit.language) if name.endswith("_usd") else _number(value)
        ),
        "refused": lambda one: refusal_words(one, visit.language),
        "product": lambda name: product_words(name, visit.language),
        "tongue": lambda name: visit.language if has_words(name, visit.language) else ENGLISH,
        "say": lambda section, code, values=None: desk.say(section, code, visit.language, values),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.3g}"
