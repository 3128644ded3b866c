"""The authority's own affairs: products, status publications, the finding on its log."""

from litestar import get, post

from rahdari.web.api.bodies import FaultView, FindingView, Products, Publications, StatusPublication
from rahdari.web.api.rendering import render_product
from rahdari.web.doors import TheHouse
from rahdari.web.operation import JSON, describes


@get(
    "/api/v1/products",
    operation_id="listProducts",
    sync_to_thread=False,
    opt=describes("Authority", gives={JSON: Products}),
)
def list_products(house: TheHouse) -> Products:
    """List the card products, each in its newest version."""
    return Products([render_product(one) for one in house.products])


@post(
    "/api/v1/status/publications",
    operation_id="publishStatus",
    sync_to_thread=True,
    opt=describes(
        "Authority",
        gives={JSON: Publications},
        status=201,
        refusals=("credentials.key_locked", "app.folder_failed"),
    ),
)
def publish_status(house: TheHouse) -> Publications:
    """Sign every status list as the register stands now, and publish it."""
    return Publications([StatusPublication(one.uri, one.issued_at) for one in house.authority.publish()])


@get(
    "/api/v1/audit/finding",
    operation_id="getAuditFinding",
    sync_to_thread=True,
    opt=describes("Authority", gives={JSON: FindingView}, refusals=("credentials.no_trust",)),
)
def get_audit_finding(house: TheHouse) -> FindingView:
    """Read the whole audit log and tell whether anything in it was altered."""
    finding = house.authority.verify_log()
    return FindingView(
        is_intact=finding.is_intact,
        entries=finding.entries,
        head=finding.head.hex(),
        faults=[FaultView(one.sequence, one.what) for one in finding.faults],
    )
