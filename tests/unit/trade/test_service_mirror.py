"""Two reports of one trade side by side: years and products matched, the gap shown, unlike books refused."""

from dataclasses import replace

import pytest

from rahdari.app.analyst import Analyst
from rahdari.trade import (
    BadParameter,
    Country,
    CountryCode,
    MirrorWish,
    MixedRevisions,
    Product,
    ProductCode,
    Revision,
    Source,
    UnknownYear,
)
from tests.fakes.flows import Flow, FlowsInMemory

SOLD = Source("sample exports", "exports", Revision.HS92, "a" * 64, "Source: sample")
BOUGHT = replace(SOLD, name="sample imports", release="imports", digest="b" * 64)
COUNTRIES = (Country(CountryCode("PAK"), "Pakistan", 586), Country(CountryCode("CHN"), "China", 156))
PRODUCTS = (Product(ProductCode("260300"), "Copper ores"), Product(ProductCode("740311"), "Cathodes"))


def book(source: Source, *flows: tuple[int, int, int]) -> FlowsInMemory:
    """Sales of Pakistan to China: year, product, dollars."""
    rows = [Flow(year, 586, 156, product, dollars) for year, product, dollars in flows]
    return FlowsInMemory(source, COUNTRIES, PRODUCTS, rows, sorted({year for year, _, _ in flows}))


EXPORTS = book(SOLD, (2022, 260300, 100), (2023, 260300, 200), (2023, 740311, 50))
IMPORTS = book(BOUGHT, (2022, 260300, 106), (2023, 260300, 318))


def test_both_reports_stand_side_by_side_with_the_gap() -> None:
    answer = Analyst(EXPORTS).mirror(IMPORTS)
    told = {
        (row["year"], row["product_code"]): (
            row["exporter_usd"],
            row["importer_usd"],
            row["gap_usd"],
            row["told_by"],
        )
        for row in answer.table.iter_rows(named=True)
    }
    assert told == {
        (2022, "260300"): (100, 106, -6, "both_unrated"),
        (2023, "260300"): (200, 318, -118, "both_unrated"),
        (2023, "740311"): (50, 0, 50, "exporter_only"),
    }
    assert answer.figures["gap_usd"] == 350 - 424
    # The latest year first, and in it the largest shortfall.
    assert answer.table["product_name"][0] == "Copper ores"


def test_freight_is_taken_off_what_the_importer_says() -> None:
    answer = Analyst(EXPORTS).mirror(IMPORTS, MirrorWish(freight_share=0.06, window_years=1), year=2022)
    assert answer.table["reconciled_usd"].to_list() == pytest.approx([100.0])


def test_unlike_books_are_refused() -> None:
    analyst = Analyst(EXPORTS)
    with pytest.raises(BadParameter, match="itself"):
        analyst.mirror(EXPORTS)
    other = book(replace(BOUGHT, revision=Revision.HS17), (2023, 260300, 1))
    with pytest.raises(MixedRevisions, match="HS17"):
        analyst.mirror(other)
    with pytest.raises(UnknownYear):
        analyst.mirror(book(BOUGHT, (1999, 260300, 1)))
