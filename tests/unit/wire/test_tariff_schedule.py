"""Tariff schedules as CSV: what is read, and the line and reason of what is refused."""

import pytest

from rahdari.wire import tariff_schedule
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tariff_schedule import Duty, DutyKind, read

HEADER = "importer,exporter,product,rate_percent,kind"


def text(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines)).encode()


def test_lines_become_duties_in_their_order() -> None:
    told = read(text("CHN,,*,7.5,mfn", "CHN,,7403,2,mfn", "CHN,PAK,740311,0,preference"))
    assert told.duties == (
        Duty("CHN", "", "", 7.5, DutyKind.MFN),
        Duty("CHN", "", "7403", 2.0, DutyKind.MFN),
        Duty("CHN", "PAK", "740311", 0.0, DutyKind.PREFERENCE),
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfimporter,exporter,product,rate_percent,kind\r\nCHN,,74,2,mfn\r\n",
        b"Importer, Exporter ,product,RATE_PERCENT,kind\n\n CHN , ,74, 2 , MFN \n\n",
        b'importer,exporter,product,rate_percent,kind\n"CHN","","74","2","mfn"',
        b"importer,exporter,product,rate_percent,kind\nCHN,,74,2%,mfn",
        b"importer,exporter,product,rate_percent,kind\nCHN,,74,2.0e0,mfn",
    ],
)
def test_spaces_quotes_case_line_ends_and_a_byte_order_mark_do_not_matter(raw: bytes) -> None:
    assert read(raw).duties == (Duty("CHN", "", "74", 2.0, DutyKind.MFN),)


def test_a_schedule_may_be_empty() -> None:
    assert read(text()).duties == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("CHN,,74,2", "4 cells"),
        ("CHN,,74,2,mfn,", "6 cells"),
        ("CH,,74,2,mfn", "importer is 'CH'"),
        ("chn,,74,2,mfn", "importer is 'chn'"),
        ("156,,74,2,mfn", "importer is '156'"),
        (",,74,2,mfn", "importer is ''"),
        ("CHN,PAK,74,2,mfn", "every origin, yet the exporter is 'PAK'"),
        ("CHN,,74,2,preference", "exporter is ''"),
        ("CHN,Pakistan,74,2,preference", "exporter is 'Pakistan'"),
        ("CHN,CHN,74,2,preference", "levies nothing on itself"),
        ("CHN,,,2,mfn", "product is ''"),
        ("CHN,,copper,2,mfn", "product is 'copper'"),
        ("CHN,,74.03,2,mfn", "product is '74.03'"),
        ("CHN,,٧٤,2,mfn", "product is"),
        ("CHN,,1012,2,mfn\nCHN,,10121,2,mfn", "5 digits; was a leading zero lost"),
        ("CHN,,7,2,mfn", "1 digits"),
        ("CHN,,74031100,2,mfn", "national line"),
        ("CHN,,74,,mfn", "rate is missing"),
        ("CHN,,74,free,mfn", "rate is 'free'"),
        ("CHN,,74,nan,mfn", "rate is 'nan'"),
        ("CHN,,74,inf,mfn", "rate is 'inf'"),
        ("CHN,,74,-2,mfn", "between 0 and 3000"),
        ("CHN,,74,3001,mfn", "between 0 and 3000"),
        ('CHN,,74,"2,5",mfn', "decimal point"),
        ("CHN,,74,2 EUR/kg,mfn", "specific or compound"),
        ("CHN,,74,12.5USD,mfn", "specific or compound"),
        ("CHN,,74,$3,mfn", "specific or compound"),
        ("CHN,,74,10%+5 CNY,mfn", "specific or compound"),
        ("CHN,,74,2,specific", "a specific duty; only ad valorem"),
        ("CHN,,74,2,compound", "a compound duty; only ad valorem"),
        ("CHN,,74,2,mixed", "a mixed duty"),
        ("CHN,,74,2,quota", "a quota duty"),
        ("CHN,,74,2,", "kind is ''"),
        ("CHN,,74,2,bound", "kind is 'bound'"),
        ("CHN,,74,2,mfn\nCHN,,74,3,mfn", "line 2 already gives CHN, every origin, 74 a rate"),
        ("CHN,,*,2,mfn\nCHN,, * ,2,mfn", "line 2 already gives CHN, every origin, all goods"),
        (f"CHN,,74,{'0' * 70}2,mfn", "more than 64 characters"),
        ('CHN,,"74"x,2,mfn', "no CSV"),
        ('CHN,,"74,2,mfn', "no CSV"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_its_reason(line: str, says: str) -> None:
    number = 2 + line.count("\n")
    with pytest.raises(MalformedInput) as told:
        read(text(line))
    assert str(told.value).startswith(f"line {number}: ")
    assert says in str(told.value)


@pytest.mark.parametrize(
    "raw", [b"", b"importer,product,rate_percent,kind\n", b"exporter,importer,product,rate_percent,kind\n"]
)
def test_another_header_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="line 1: the columns are"):
        read(raw)


def test_bytes_that_are_no_utf8_are_refused_with_their_place() -> None:
    with pytest.raises(MalformedInput, match="no UTF-8 at byte 3"):
        read(b"imp\xff")


def test_a_file_or_a_table_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tariff_schedule, "ROWS_MAX", 2)
    assert len(read(text("CHN,,01,2,mfn", "CHN,,02,2,mfn")).duties) == 2
    with pytest.raises(TooLarge, match="at most 2 rows"):
        read(text("CHN,,01,2,mfn", "CHN,,02,2,mfn", "CHN,,03,2,mfn"))
    monkeypatch.setattr(tariff_schedule, "BYTES_MAX", 10)
    with pytest.raises(TooLarge, match="more than 10"):
        read(text())
