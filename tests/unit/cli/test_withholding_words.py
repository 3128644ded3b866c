"""An order to withhold is one line for an officer, whatever it is in the log."""

from dataclasses import replace

from rahdari.cli.exchange.withholding_words import HEADINGS, order_documents, order_row
from rahdari.exchange import KeptWithholding
from rahdari.wire.ndel.records import SubjectIndex, WithholdingAct
from rahdari.wire.xroad import SubsystemId

FIRST = KeptWithholding(
    leaf=3,
    id="w-1",
    at=1_795_358_239,
    act=WithholdingAct.WITHHOLD,
    kind="court_order",
    order="7/2027",
    ordered_by="A court",
    client=SubsystemId("PK", "COM", "2002", "app"),
    subject=SubjectIndex("2026-11", bytes(32)),
    until=1_798_000_000,
)
MONTHS = [
    replace(FIRST, leaf=3 + number, subject=SubjectIndex(month, bytes(32)))
    for number, month in enumerate(("2026-11", "2026-12", "2027-01"))
]
LIFT = replace(
    FIRST, leaf=9, act=WithholdingAct.LIFT, subject=None, ordered_by="Another court", at=FIRST.at + 60
)


def test_an_order_of_several_months_is_one_line() -> None:
    other = replace(FIRST, id="w-2", leaf=8, client=None)
    documents = order_documents([*MONTHS, other])
    assert [(one["withholding"], one["state"]) for one in documents] == [
        ("w-1", "in force"),
        ("w-2", "in force"),
    ]
    assert documents[0]["months"] == ["2026-11", "2026-12", "2027-01"]
    assert documents[0]["leaves"] == [3, 4, 5]
    first, second = map(order_row, documents)
    assert dict(zip(HEADINGS, first, strict=True)) == {
        "order": "w-1",
        "state": "in force",
        "kind": "court_order",
        "number": "7/2027",
        "by": "A court",
        "client": "PK/COM/2002/app",
        "months": "2026-11 to 2027-01",
        "until": "2026-12-23T04:26:40Z",
    }
    assert (second[5], second[6]) == ("", "2026-11")


def test_a_lifted_order_says_when_and_by_whom_and_nothing_more_stands_beside_it() -> None:
    (document,) = order_documents([*MONTHS, LIFT])
    assert (document["state"], document["by"], document["lifted_by"]) == (
        "lifted",
        "A court",
        "Another court",
    )
    assert order_row(document)[1] == "lifted 2026-11-22T14:38:19Z by Another court"
