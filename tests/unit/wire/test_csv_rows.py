"""Rows from strangers: each with its line, and nothing that grows without a limit."""

import pytest

from rahdari.wire import csv_rows
from rahdari.wire.csv_rows import Row, read_rows
from rahdari.wire.errors import MalformedInput, TooLarge


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("sign", [b",", b";", b"\t"])
def test_line_ends_marks_and_separators_make_no_difference(end: bytes, mark: bytes, sign: bytes) -> None:
    raw = mark + end.join([b"a" + sign + b"b", b" 1 " + sign + b'" 2 "', b""])
    assert list(read_rows(raw)) == [Row(1, ["a", "b"]), Row(2, ["1", "2"])]


def test_blank_lines_count_but_are_no_rows() -> None:
    assert [row.line for row in read_rows(b"a,b\n\n , \n1,2\n")] == [1, 4]


def test_a_row_over_several_lines_is_told_by_the_first_of_them() -> None:
    rows = list(read_rows(b'a,b\n1,"two\nlines"\n3,4\n'))
    assert [(row.line, row.cells[0]) for row in rows] == [(1, "a"), (2, "1"), (4, "3")]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "line 1: the file is empty"),
        (b"\n\n , \n", "line 1: the file is empty"),
        (b"\xef\xbb\xbf", "line 1: the file is empty"),
        (b"a,b\n1,\x00\n", "line 2: a NUL byte"),
        ("a,b\n1,2\n".encode("utf-16"), "a NUL byte"),
        (b"a,b\n1,caf\xe9\n", "no UTF-8"),
        (b'a,b\n1,"open\n3,4\n', "line 2: no CSV"),
        (b'a,b\n1,"x"y\n', "line 2: no CSV"),
        (b"a,b\n1," + b"9" * 200_000 + b"\n", "line 2: no CSV (field larger"),
    ],
)
def test_what_is_no_table_is_refused_by_line(raw: bytes, told: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        list(read_rows(raw))
    assert told in refusal.value.message


def test_a_million_columns_are_too_many() -> None:
    with pytest.raises(TooLarge, match=r"line 1: .* columns, more than 256"):
        list(read_rows(b"," * 1_000_000 + b"x\n"))


def test_a_line_without_an_end_is_too_long() -> None:
    with pytest.raises(TooLarge, match="line 2: longer than"):
        list(read_rows(b"a,b\n" + b"1," * csv_rows.LINE_CHARACTERS_MAX))


def test_a_quote_that_swallows_the_file_is_told_where_it_opens() -> None:
    with pytest.raises(TooLarge, match="line 3: a row over more than 64 lines"):
        list(read_rows(b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 100))


def test_more_bytes_than_a_file_may_have_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BYTES_MAX", 8)
    with pytest.raises(TooLarge, match="has 9 bytes, more than 8"):
        list(read_rows(b"a,b\n1,2\n\n"))
