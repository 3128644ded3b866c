"""The card products, and the life of a card as the room's table has it."""

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State

from rahdari.credentials import MOVES
from rahdari.web.doors import TheHouse
from rahdari.web.pages.frame import render
from rahdari.web.visit import visit_of


@get("/products", operation_id="showProducts", sync_to_thread=False)
def show_products(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show each product with its rules, and the life-cycle table."""
    moves = [(stage, act, move) for (stage, act), move in MOVES.items()]
    body = render(
        "products.html",
        visit_of(request.scope),
        path="/products",
        products=house.products,
        moves=moves,
        issuer=house.settings.name,
    )
    return Response(body, media_type=MediaType.HTML)
