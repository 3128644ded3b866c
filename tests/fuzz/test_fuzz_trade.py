"""Readers of trade tables: a value or a refusal by name, whatever the bytes."""

import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rahdari.wire import comtrade, country_distances, country_series, product_numbers, trade_csv
from rahdari.wire.errors import MalformedInput
from rahdari.wire.trade_csv import Layout
from tests.unit.wire.comtrade_tables import NUMBERING, row, table

GOOD = table(row(), row(flowCode="M"), row(partnerCode=0))
ANSWER = json.dumps({"data": [row(), row(flowCode="M")], "error": None}).encode()
OWN = b"y,e,i,p,v,q\n2023,PAK,CHN,740311,5,1\n2022,586,156,010121,5.5,\n"
SERIES = b"country,year,gdp_usd,population\nPAK,2015,100,10\nCHN,2020,900,\n"
WIDE = b"Country Code,Indicator Code,2015,2020\nPAK,NY.GDP.MKTP.CD,1.5,2\nCHN,SP.POP.TOTL,,3\n"
LAYOUT = Layout(year="y", exporter="e", importer="i", product="p", value="v", quantity="q")

READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "comtrade-csv": (lambda raw: comtrade.read_csv(raw, NUMBERING), GOOD),
    "comtrade-json": (lambda raw: comtrade.read_json(raw, NUMBERING), ANSWER),
    "own": (lambda raw: trade_csv.read(raw, LAYOUT, NUMBERING), OWN),
    "series": (country_series.read, SERIES),
    "world-bank": (country_series.read, WIDE),
    "distances": (country_distances.read, b"exporter,importer,km\nPAK,CHN,3882.9\n"),
    "elasticities": (product_numbers.read, b"product,sigma,income_elasticity\n*,1.5,1\n7403,,0.8\n"),
}
ODD = st.sampled_from(
    [b"\x00", b'"', b"\n", b"\r", b",", b"\t", b"\xff", b"NaN", b"-", b"1e400", b"9" * 50, b"\xef\xbb\xbf"]
)


def attempt(name: str, raw: bytes) -> bool:
    """Tell whether the bytes were read at all; anything but a refusal by name escapes."""
    try:
        READERS[name][0](raw)
    except MalformedInput:
        return False
    return True


@pytest.mark.parametrize("name", READERS)
@given(
    raw=st.binary(max_size=400)
    | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@example(raw=b"")
def test_any_bytes_are_read_or_refused(name: str, raw: bytes) -> None:
    attempt(name, raw)


@pytest.mark.parametrize("name", READERS)
@given(edits=st.lists(st.tuples(st.floats(0, 1), ODD | st.binary(max_size=3), st.integers(0, 4)), max_size=4))
def test_a_good_table_with_damage_is_read_or_refused(
    name: str, edits: list[tuple[float, bytes, int]]
) -> None:
    raw = READERS[name][1]
    for where, what, gone in edits:
        at = int(where * len(raw))
        raw = raw[:at] + what + raw[at + gone :]
    attempt(name, raw)


@pytest.mark.parametrize("name", READERS)
def test_the_undamaged_table_reaches_the_reader(name: str) -> None:
    assert attempt(name, READERS[name][1])
