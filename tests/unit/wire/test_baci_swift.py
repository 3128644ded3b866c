"""CEPII's own spelling is read in blocks, and whatever differs from it by one byte is left to who looks closer."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.wire import baci
from rahdari.wire.baci import careful, swift
from rahdari.wire.baci.checks import Known
from rahdari.wire.flow_table import COLUMNS, FlowTable
from tests.fakes.flows import Flow

HEAD = b"t,i,j,k,v,q\n"
ANY = Known(2021, None, None)
GOOD = (
    Flow(2021, 4, 5, 10121, 180, 58),
    Flow(2021, 4, 24, 382390, 52_051, 13_235),
    Flow(2021, 4, 156, 10121, 999_999, -1),
    Flow(2021, 58, 586, 970600, 9_999_999, 12_345_678),
    Flow(2021, 586, 4, 10000, 117_730_123_457, 123_456_789_012),
    Flow(2021, 586, 842, 999999, 0, 0),
)


def spelt(flows: Iterable[Flow], width: int = 13) -> bytes:
    """Write flows as CEPII does."""
    return HEAD + b"".join(
        b'%d,%d,%d,%d,%s,"%s"\n'
        % (*one[:4], thousandths(one.dollars), thousandths(one.kilograms).rjust(width))
        for one in flows
    )


def thousandths(amount: int) -> bytes:
    return b"NA" if amount < 0 else b"%d.%03d" % divmod(amount, 1000)


def read(raw: bytes, known: Known = ANY) -> FlowTable | None:
    return swift.read_swiftly(raw, known)


def rows_of(table: FlowTable | None) -> list[tuple[int, ...]] | None:
    return None if table is None else table.frame.rows()


def test_a_file_of_cepiis_own_spelling_is_read_to_the_dollar_and_the_kilogram() -> None:
    table = read(spelt(GOOD))
    assert rows_of(table) == [tuple(one) for one in GOOD]
    assert table is not None
    assert table.frame.schema == dict(COLUMNS)
    assert table.bad_rows_total == 0


def test_it_is_the_way_that_a_year_is_read_by(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> FlowTable:
        raise AssertionError("read by another way")

    monkeypatch.setattr(baci.year, "_read_quickly", refuse)
    assert baci.read_year(spelt(GOOD), year=2021).frame.rows() == [tuple(one) for one in GOOD]


@pytest.mark.parametrize("width", range(9, 15))
def test_every_width_of_the_last_column_that_has_room_is_read(width: int) -> None:
    flows = [one for one in GOOD if len(thousandths(one.kilograms)) <= width]
    assert rows_of(read(spelt(flows, width))) == [tuple(one) for one in flows]


@pytest.mark.parametrize("width", [8, 15])
def test_other_widths_are_left_to_others(width: int) -> None:
    raw = spelt(GOOD[:4] if width == 15 else GOOD[:2], width)
    assert read(raw) is None
    assert baci.read_year(raw, year=2021).bad_rows_total == 0


@pytest.mark.parametrize("block", [1, 40, 100, 1 << 20])
def test_blocks_agree_with_the_whole(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swift, "BLOCK_BYTES", block)
    assert rows_of(read(spelt(GOOD))) == [tuple(one) for one in GOOD]
    for place in range(len(GOOD) - 1):
        # Across the ends of blocks too: two rows the wrong way round, and one row twice.
        turned = [*GOOD[:place], GOOD[place + 1], GOOD[place], *GOOD[place + 2 :]]
        assert read(spelt(turned)) is None
        assert read(spelt([*GOOD[: place + 1], *GOOD[place:]])) is None


def test_threads_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swift, "BLOCK_BYTES", 40)
    with ThreadPoolExecutor(2) as pool:
        table = baci.read_year(spelt(GOOD), year=2021, walk=pool.map)
        bad = baci.read_year(spelt(GOOD).replace(b"382390", b"38239x"), year=2021, walk=pool.map)
    assert table.frame.rows() == [tuple(one) for one in GOOD]
    assert [one.line for one in bad.bad_rows] == [3]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"\n', b'"\r\n'),
        (b"t,i,j,k,v,q", b"i,t,j,k,v,q"),
        (b"2021,4,24", b"2020,4,24"),
        (b"2021,4,24", b"02021,4,24"),
        (b"2021,4,24", b"2021,+4,24"),
        (b"2021,4,24", b"2021,4,1024"),
        (b"2021,586,842", b"2021,586,586"),
        (b"2021,4,24", b"2021,0,24"),
        (b"2021,4,24", b"2021,,24"),
        (b"2021,4,24", b"2021,4,"),
        (b"382390", b""),
        (b"382390", b"0382390"),
        (b"382390", b"9999"),
        (b"52.051", b"52.05"),
        (b"52.051", b"52.0511"),
        (b"52.051", b"-52.051"),
        (b"52.051", b"52,051"),
        (b"52.051", b"52051"),
        (b"52.051", b".051"),
        (b"52.051", b"10000000000.001"),
        (b"52.051", b"00000000000052.051"),
        (b"       13.235", b"13.235"),
        (b"       13.235", b"    13 13.235"),
        (b"       13.235", b"    1   3.235"),
        (b"       13.235", b"       1 .235"),
        (b"       13.235", b"      -13.235"),
        (b"       13.235", b"      !13.235"),
        (b"       13.235", b"  !    13.235"),
        (b"       13.235", b"        13.24"),
        (b"       13.235", b"             "),
        (b"           NA", b"  1        NA"),
        (b"           NA", b"          N/A"),
        (b"           NA", b"NA           "),
        (b',"           NA"', b'.,           NA"'),
        (b',"    12345.678', b",     12345.678"),
        (b'13.235"', b"13.235 "),
        (b'13.235"\n', b'13.235"\n\n'),
        (b'13.235"\n', b'13.235",1\n'),
    ],
)
def test_another_spelling_is_left_to_others(old: bytes, new: bytes) -> None:
    raw = spelt(GOOD)
    assert old in raw
    changed = raw.replace(old, new, 1) if old != b'"\n' else raw.replace(old, new)
    assert read(changed) is None


@pytest.mark.parametrize(
    "known",
    [
        Known(2020, None, None),
        Known(2021, {4, 5, 24, 58, 156, 586}, None),
        Known(2021, {5, 24, 58, 156, 586, 842}, None),
        Known(2021, None, {10121, 382390, 970600, 999999}),
        Known(2021, set(), None),
    ],
)
def test_what_is_not_listed_is_left_to_who_can_name_it(known: Known) -> None:
    assert read(spelt(GOOD), known) is None


def test_lists_that_name_everything_let_it_pass() -> None:
    countries, products = {4, 5, 24, 58, 156, 586, 842, 9_999}, {one.product for one in GOOD} | {1}
    assert rows_of(read(spelt(GOOD), Known(2021, countries, products))) == [tuple(one) for one in GOOD]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEAD,
        HEAD + b"\n" * 200,
        spelt(GOOD)[:-1],
        spelt(GOOD)[len(HEAD) :],
        spelt(GOOD) + b"2021,9,9\n",
        spelt(GOOD) + b"\n",
    ],
)
def test_what_is_no_whole_file_is_left_to_others(raw: bytes) -> None:
    assert read(raw) is None


@settings(max_examples=150)
@given(st.data())
def test_one_byte_put_for_another_never_gives_what_the_careful_reader_would_not(data: st.DataObject) -> None:
    raw = bytearray(spelt(GOOD))
    at = data.draw(st.integers(len(HEAD), len(raw) - 1))
    raw[at] = data.draw(st.sampled_from(b'0123456789 .,"\n-+NAe!/:\x00\xff') | st.integers(0, 255))
    table = read(bytes(raw))
    if table is not None:
        slow = careful.read_carefully(bytes(raw), list("tijkvq"), ANY)
        assert slow.bad_rows_total == 0
        assert table.frame.equals(slow.frame)


@settings(max_examples=100)
@given(st.data())
def test_a_piece_put_in_or_left_out_never_gives_what_the_careful_reader_would_not(
    data: st.DataObject,
) -> None:
    raw = spelt(GOOD)
    start = data.draw(st.integers(len(HEAD), len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 12)))
    changed = raw[:start] + data.draw(st.text('0123456789 .,"\nNA', max_size=12)).encode() + raw[end:]
    table = read(changed)
    if table is not None:
        slow = careful.read_carefully(changed, list("tijkvq"), ANY)
        assert slow.bad_rows_total == 0
        assert table.frame.equals(slow.frame)
