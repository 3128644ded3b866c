"""Orders to withhold as an officer reads them: one line an order, however many months and records it has."""

from collections.abc import Iterable, Sequence

from rahdari.cli.exchange.showing import moment
from rahdari.cli.terminal import Document
from rahdari.exchange import KeptWithholding

HEADINGS = ("order", "state", "kind", "number", "by", "client", "months", "until")
# ``KeptWithholding.act`` of a record that ends an order.
_LIFT = "lift"


def order_documents(kept: Iterable[KeptWithholding]) -> list[Document]:
    """Put the records of each order together, in the order of the log; whom it is about is not said."""
    orders: dict[str, list[KeptWithholding]] = {}
    for one in kept:
        orders.setdefault(one.id, []).append(one)
    return [_document(records) for records in orders.values()]


def order_row(document: Document) -> tuple[object, ...]:
    """Tell an order in a line under ``HEADINGS``."""
    state = document["state"]
    if document["lifted_by"]:
        state = f"lifted {document['lifted_at']} by {document['lifted_by']}"
    months = document["months"]
    listed = list(months) if isinstance(months, list) else []
    told = f"{listed[0]} to {listed[-1]}" if len(listed) > 1 else "".join(listed)
    names = ("kind", "order", "by", "client")
    return (
        document["withholding"],
        state,
        *(document[name] or "" for name in names),
        told,
        document["until"],
    )


def _document(records: Sequence[KeptWithholding]) -> Document:
    first = records[0]
    lift = next((one for one in records if one.act.value == _LIFT), None)
    return {
        "withholding": first.id,
        "state": "in force" if lift is None else "lifted",
        "kind": first.kind,
        "order": first.order,
        "by": first.ordered_by,
        "client": None if first.client is None else str(first.client),
        "months": sorted({one.subject.period for one in records if one.subject is not None}),
        "at": moment(first.at),
        "until": moment(first.until),
        "lifted_at": None if lift is None else moment(lift.at),
        "lifted_by": None if lift is None else lift.ordered_by,
        "leaves": [one.leaf for one in records],
    }
