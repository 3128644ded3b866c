"""The card products, and the life of a card as the room's table has it."""

from dataclasses import dataclass

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State

from rahdari.credentials import MOVES, Act, Reason, Stage
from rahdari.web.doors import TheHouse
from rahdari.web.pages.frame import render
from rahdari.web.visit import visit_of


@dataclass(frozen=True, slots=True)
class ActRow:
    """One act with every stage it may begin from (None: no card yet). ``ends`` None: the card stays where it is."""

    act: Act
    begins: tuple[Stage | None, ...]
    ends: Stage | None
    roles: frozenset[str]
    reasons: tuple[Reason, ...]


def list_acts() -> tuple[ActRow, ...]:
    """Draw the life-cycle table up by act: lines that differ in where they begin alone become one."""
    begins: dict[tuple[Act, Stage | None, frozenset[str], tuple[Reason, ...]], list[Stage | None]] = {}
    for (stage, act), move in MOVES.items():
        ends = None if move.to is stage else move.to
        begins.setdefault((act, ends, move.roles, move.reasons), []).append(stage)
    return tuple(
        ActRow(act, tuple(stages), ends, roles, reasons)
        for (act, ends, roles, reasons), stages in begins.items()
    )


@get("/products", operation_id="showProducts", sync_to_thread=False)
def show_products(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show each product with its rules, and the life-cycle table."""
    body = render(
        "products.html",
        visit_of(request.scope),
        path="/products",
        products=house.products,
        acts=list_acts(),
        issuer=house.settings.name,
    )
    return Response(body, media_type=MediaType.HTML)
