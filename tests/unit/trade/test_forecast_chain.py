"""The ledger's lines: whatever is changed, removed, moved or put in is found; what was torn is passed over."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rahdari.trade.errors import BadTradeFile
from rahdari.trade.rules.forecast_chain import GENESIS, LINE_BYTES_MAX, Head, chain, encode, read_chain
from tests.unit.trade.past_worlds import chance, claim

MADE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
FORECASTS = chain([claim(), chance(0.25), claim(market="CHN")], Head(0, GENESIS), at=MADE)
LINES = [encode(forecast) for forecast in FORECASTS]
WHOLE = b"".join(LINES)


def test_what_was_written_is_read() -> None:
    held = read_chain(WHOLE)
    assert held.forecasts == FORECASTS
    assert held.head == Head(3, FORECASTS[-1].digest)
    assert held.whole_bytes == len(WHOLE)


def test_an_empty_ledger_begins_at_the_beginning() -> None:
    assert read_chain(b"").head == Head(0, GENESIS)


def test_a_line_is_one_sorted_object_without_white_space() -> None:
    told = json.loads(LINES[0])
    assert LINES[0] == json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert (told["number"], told["previous"], told["exporter"]) == (1, GENESIS, "PAK")
    assert told["digest"] == json.loads(LINES[1])["previous"]


def test_ids_are_short_and_differ_even_for_one_claim_said_twice() -> None:
    twice = chain([claim(), claim()], Head(0, GENESIS), at=MADE)
    assert twice[0].id != twice[1].id
    assert {len(one.id) for one in twice} == {16}


def test_the_hour_is_kept_in_utc_wherever_it_was_told() -> None:
    there = MADE.astimezone(timezone(timedelta(hours=5)))
    assert chain([claim()], Head(0, GENESIS), at=there) == FORECASTS[:1]


@pytest.mark.parametrize("at", range(3))
def test_a_line_that_was_changed_is_found(at: int) -> None:
    changed = [*LINES]
    changed[at] = changed[at].replace(b'"market":"', b'"market":"X')
    with pytest.raises(BadTradeFile, match=rf"line {at + 1} of the ledger does not fit its digest"):
        read_chain(b"".join(changed))


def test_a_line_that_was_changed_with_its_digest_breaks_the_next() -> None:
    other = chain([claim(market="USA")], Head(0, GENESIS), at=MADE)
    with pytest.raises(BadTradeFile, match="line 2 of the ledger does not follow"):
        read_chain(encode(other[0]) + LINES[1] + LINES[2])


@pytest.mark.parametrize("left", [(0, 2), (1, 2), (0, 2, 1), (0, 1, 1, 2), (1, 0, 2)])
def test_lines_that_were_removed_or_moved_are_found(left: tuple[int, ...]) -> None:
    with pytest.raises(BadTradeFile, match="does not follow the line before it"):
        read_chain(b"".join(LINES[at] for at in left))


def test_a_last_line_that_was_torn_anywhere_is_passed_over() -> None:
    for cut in range(1, len(LINES[2])):
        held = read_chain(WHOLE[:-cut])
        assert held.forecasts == FORECASTS[:2]
        assert held.whole_bytes == len(LINES[0] + LINES[1])


def test_what_a_file_system_left_of_the_last_line_is_passed_over() -> None:
    torn = WHOLE + b"\0" * 400 + LINES[2][400:]
    assert read_chain(torn).forecasts == FORECASTS
    assert read_chain(torn).whole_bytes == len(WHOLE)


def test_a_nul_before_the_last_line_is_no_power_cut() -> None:
    with pytest.raises(BadTradeFile, match="line 2"):
        read_chain(LINES[0] + b"\0\n" + LINES[1])


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 50_000,
        b'{"number":' + b"9" * 5000 + b"}",
        LINES[0][:-1].replace(b":30000000000.0", b":NaN"),
        LINES[0][:-1].replace(b":30000000000.0", b":1e999"),
        LINES[0][:-1].replace(b":30000000000.0", b":30000000000"),
        LINES[0][:-1].replace(b"+00:00", b""),
        LINES[0][:-1].replace(b'"v":1', b'"v":2'),
        LINES[0][:-1].replace(b'{"', b'{ "', 1),
        LINES[0][:-1].replace(b"{", b'{"exporter":"USA",', 1),
        LINES[0][:-1].replace(b'"number":1', b'"number":true'),
        b" " * (LINE_BYTES_MAX + 1),
    ],
    ids=range(16),
)
def test_a_whole_line_that_is_no_line_of_ours_is_found(line: bytes) -> None:
    with pytest.raises(BadTradeFile, match="line 1"):
        read_chain(line + b"\n")


def test_a_tail_that_was_cut_off_is_found_by_a_head_that_was_noted() -> None:
    noted = read_chain(WHOLE).head
    with pytest.raises(BadTradeFile, match="held 3 forecasts and now holds 2"):
        read_chain(LINES[0] + LINES[1]).require(noted)


def test_a_ledger_written_anew_is_found_by_a_head_that_was_noted() -> None:
    anew = chain([claim(), chance(0.9), claim(market="CHN")], Head(0, GENESIS), at=MADE)
    with pytest.raises(BadTradeFile, match="forecast 2 of the ledger is another one"):
        read_chain(b"".join(map(encode, anew))).require(read_chain(LINES[0] + LINES[1]).head)


def test_a_ledger_that_only_grew_holds_what_was_noted() -> None:
    held = read_chain(WHOLE)
    for count in range(4):
        held.require(read_chain(b"".join(LINES[:count])).head)
