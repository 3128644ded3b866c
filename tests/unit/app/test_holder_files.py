"""CSV files of holders: each fault by line and column, and files that are none."""

from datetime import date

import pytest

from rahdari.app.errors import BadFile
from rahdari.app.holder_files import CELL_CHARS_MAX, COLUMNS, LANGUAGES, ROWS_MAX, read_holder_file
from rahdari.credentials import Biometric, Gender, Organisation, Person

HEAD = "product,number,name.en,nationality,kind,gender,date_of_birth,captured,permanent_region,form"
GOOD = "nic,3520200000011,Sample Holder,PAK,,F,1990-01-02,photograph iris,PK-PB,"


def read(*lines: str) -> tuple[list[object], list[tuple[int, str]]]:
    rows, faults = read_holder_file("\n".join((HEAD, *lines)).encode())
    return [row.party for row in rows if not row.unread], [(fault.line, fault.column) for fault in faults]


def test_a_person_and_a_firm_are_read() -> None:
    parties, faults = read(GOOD, "firm,91110000MA00TEAM0E,Sample Firm,CHN,organisation,,,,,cooperative")
    assert faults == []
    somebody, firm = parties
    assert isinstance(somebody, Person)
    assert (somebody.gender, somebody.date_of_birth) == (Gender.FEMALE, date(1990, 1, 2))
    assert somebody.captured == {Biometric.PHOTOGRAPH, Biometric.IRIS}
    assert isinstance(firm, Organisation)
    assert (firm.form, firm.name) == ("cooperative", {"en": "Sample Firm"})


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (",,,,,,,,,", []),
        ("nic,3520200000011,,PAK,,F,1990-01-02,,,", [(2, "name.en")]),
        ("nic,3520200000011,Sample,PAK,,F,,,,", [(2, "date_of_birth")]),
        ("nic,3520200000011,Sample,PAK,,,1990-01-02,,,", [(2, "gender")]),
        ("nic,3520200000011,Sample,PAK,robot,F,1990-01-02,,,", [(2, "kind")]),
        ("nic,3520200000011,Sample,Pakistan,,F,1990-01-02,,,", [(2, "nationality")]),
        ("nic,3520200000011,Sample,PAK,,F,02.01.1990,,,", [(2, "date_of_birth")]),
        ("nic,3520200000011,Sample,PAK,,F,1990-01-02,dna,,", [(2, "captured")]),
        ("nic,3520200000011,Sample,PAK,,F,1990-01-02,,Punjab,", [(2, "permanent_region")]),
        (f"nic,3520200000011,{'A' * (CELL_CHARS_MAX + 1)},PAK,,F,1990-01-02,,,", [(2, "name.en")]),
        ("nic,3520200000011,Sample", [(2, "product")]),
        (
            "nic,,,pak,,Q,x,,,",
            [(2, c) for c in ("number", "name.en", "gender", "date_of_birth", "nationality")],
        ),
    ],
)
def test_every_bad_cell_of_a_row_is_told(line: str, faults: list[tuple[int, str]]) -> None:
    parties, told = read(line, GOOD)
    assert sorted(told) == sorted(faults)
    assert len(parties) == 1


def test_a_row_with_bad_cells_is_kept_for_the_search_of_further_faults() -> None:
    rows, _ = read_holder_file(f"{HEAD}\nnic,12,Sample,PAK,,Q,x,,,\n".encode())
    assert [(row.line, row.party.number, row.unread) for row in rows] == [
        (2, "12", frozenset({"gender", "date_of_birth"}))
    ]


def test_every_text_has_a_column_in_every_language() -> None:
    fields = ("name", "guardian", "address", "permanent_address")
    columns = [f"{field}.{language}" for field in fields for language in LANGUAGES]
    assert set(columns) <= set(COLUMNS)
    heading = ",".join(["product", "number", "nationality", "gender", "date_of_birth", *columns])
    cells = ",".join(["nic", "3520200000011", "PAK", "F", "1990-01-02", *columns])
    [row], faults = read_holder_file(f"{heading}\n{cells}\n".encode())
    assert faults == []
    assert row.party.address == {language: f"address.{language}" for language in LANGUAGES}
    assert isinstance(row.party, Person)
    assert row.party.guardian == {language: f"guardian.{language}" for language in LANGUAGES}
    assert row.party.permanent_address["zh"] == "permanent_address.zh"


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    _, told = read(
        'nic,3520200000011,"Sample\nHolder",PAK,,F,1990-01-02,,,', "", "nic,,Sample,PAK,,F,1990-01-02,,,"
    )
    assert told == [(5, "number")]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "heading"),
        (b"\xff\xfe", "UTF-8"),
        (b"name,number\n", "missing"),
        ((HEAD + ",shoe_size\n" + GOOD + ",44").encode(), "shoe_size"),
        ((HEAD + ",form\n").encode(), "stands twice"),
        (HEAD.encode(), "no rows"),
        ((HEAD + '\n"nic,3520').encode(), "RFC 4180"),
        ((HEAD + "\n" + "\n".join(["x"] * (ROWS_MAX + 1))).encode(), str(ROWS_MAX)),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(raw: bytes, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        read_holder_file(raw)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    rows, faults = read_holder_file(b"\xef\xbb\xbf" + f"{HEAD}\r\n{GOOD}\r\n".encode())
    assert (len(rows), faults) == (1, [])
