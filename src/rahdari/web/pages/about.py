"""Why a verdict can be believed: the root, the trust list, and where both are fetched."""

from datetime import UTC, datetime

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State

from rahdari.app.authority import fingerprint
from rahdari.web.doors import TheHouse
from rahdari.web.pages.frame import render
from rahdari.web.visit import visit_of
from rahdari.wire import trust_list


@get("/about", operation_id="showTrust", sync_to_thread=True)
def show_trust(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Show the root's fingerprint and what the trust list says."""
    root = house.authority.root_public()
    listed = trust_list.decode(house.authority.current_trust_list()).verify_with([root])
    body = render(
        "about.html",
        visit_of(request.scope),
        path="/about",
        fingerprint=fingerprint(root),
        listed=listed,
        issued=datetime.fromtimestamp(listed.issued_at, UTC),
        expires=datetime.fromtimestamp(listed.expires, UTC),
        status_lists=house.authority.list_status_uris(),
        issuer=house.settings.name,
    )
    return Response(body, media_type=MediaType.HTML)
