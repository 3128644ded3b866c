"""Answers as files: whole or not there, the same bytes from the same run, no formula that somebody smuggled in."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from rahdari.app.errors import FileExists, FolderFailed
from rahdari.app.frame_files import Form, content_of, document_of, form_of, sheet_name, write_answer
from rahdari.app.manifests import Manifest, csv_bytes, manifest_of
from rahdari.trade import Answer, BadParameter, CountryCode, Level, Note, Revision, Scope, Source

EVIL = '=HYPERLINK("http://a.example")'


@pytest.fixture
def answer() -> Answer:
    table = pl.DataFrame(
        {
            "product_code": ["010121", "740311", "999999"],
            "product_name": ["horses, live", EVIL, "@SUM(A1)"],
            "value_usd": [1.5, 2e9, None],
            "is_present": [True, False, None],
        }
    )
    return Answer(
        question="screen",
        scope=Scope(exporter=CountryCode("PAK"), market=CountryCode("CHN"), years=(2024,), level=Level.HS6),
        source=Source("sample", "1", Revision.HS92, "ab" * 32, "Source: sample"),
        parameters={"window_years": 3},
        table=table,
        tables={"other": table.head(1), "with_lists": pl.DataFrame({"years": [[1, 2]]})},
        figures={"share": 0.5, "reached": None, "donor": "CHN", "is_proven": True},
        notes=(Note("no_unit_values"),),
    )


@pytest.fixture
def manifest(answer: Answer) -> Manifest:
    return manifest_of(answer, made_at=datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("form", Form)
def test_the_same_run_gives_the_same_bytes(answer: Answer, manifest: Manifest, form: Form) -> None:
    assert content_of(answer, manifest, form) == content_of(answer, manifest, form)


def test_a_file_has_its_manifest_beside_it_with_its_digest(
    answer: Answer, manifest: Manifest, tmp_path: Path
) -> None:
    path, beside = write_answer(answer, manifest, tmp_path / "new" / "screen.csv")
    assert beside.name == "screen.csv.manifest.json"
    told = json.loads(beside.read_text(encoding="utf-8"))
    assert told["files_sha256"] == {"screen.csv": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert told["outputs_sha256"]["table"] == told["files_sha256"]["screen.csv"]
    assert told["source"]["attribution"] == "Source: sample"
    assert told["made_at"] == "2026-01-02T00:00:00Z"


def test_a_file_is_not_overwritten_unless_that_is_asked_for(
    answer: Answer, manifest: Manifest, tmp_path: Path
) -> None:
    path = tmp_path / "screen.json"
    write_answer(answer, manifest, path)
    before = path.read_bytes()
    with pytest.raises(FileExists, match="--force"):
        write_answer(answer, manifest, path, table="other")
    assert path.read_bytes() == before
    write_answer(answer, manifest, path, is_forced=True)


def test_a_manifest_of_another_run_is_not_overwritten_either(
    answer: Answer, manifest: Manifest, tmp_path: Path
) -> None:
    (tmp_path / "a.csv.manifest.json").write_text("mine")
    with pytest.raises(FileExists):
        write_answer(answer, manifest, tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_a_folder_that_cannot_be_leaves_nothing(answer: Answer, manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderFailed):
        write_answer(answer, manifest, tmp_path / "file" / "a.csv")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_csv_keeps_leading_zeros_and_disarms_formulas(answer: Answer) -> None:
    lines = csv_bytes(answer.table).decode().splitlines()
    assert lines[1] == '010121,"horses, live",1.5,true'
    assert lines[2].startswith("740311,\"'=HYPERLINK(")
    assert lines[3] == "999999,'@SUM(A1),,"


def test_numbers_below_zero_stay_numbers_in_csv() -> None:
    assert csv_bytes(pl.DataFrame({"gap_usd": [-1.5]})) == b"gap_usd\n-1.5\n"


def test_a_workbook_has_text_and_no_formula_or_link(answer: Answer, manifest: Manifest) -> None:
    with zipfile.ZipFile(io.BytesIO(content_of(answer, manifest, Form.XLSX))) as book:
        sheets = [one for one in book.namelist() if one.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 5
        for sheet in sheets:
            assert b"<f>" not in book.read(sheet)
            assert b"hyperlink" not in book.read(sheet)
        assert b"=HYPERLINK" in book.read("xl/sharedStrings.xml")
        names = book.read("xl/workbook.xml").decode()
    for name in ("table", "other", "with_lists", "figures", "manifest"):
        assert f'name="{name}"' in names


def test_sheets_get_names_that_a_workbook_takes() -> None:
    used: set[str] = set()
    assert sheet_name("a/b[c]:d*e?f\\g", used) == "a_b_c__d_e_f_g"
    long = "x" * 40
    assert sheet_name(long, used) == "x" * 31
    assert sheet_name(long.upper(), used) == "X" * 29 + "_2"
    assert sheet_name("", used) == "sheet"
    assert len({one.lower() for one in used}) == 4


def test_parquet_holds_the_table_as_it_is(answer: Answer, manifest: Manifest) -> None:
    read = pl.read_parquet(io.BytesIO(content_of(answer, manifest, Form.PARQUET, table="other")))
    assert read.equals(answer.tables["other"])


def test_json_holds_everything_and_rows_can_be_cut(answer: Answer, manifest: Manifest) -> None:
    read = json.loads(content_of(answer, manifest, Form.JSON))
    assert read["tables"]["table"][2]["value_usd"] is None
    assert read["figures"]["reached"] is None
    assert read["manifest"]["question"] == "screen"
    cut = document_of(answer, manifest, rows_max=1)
    assert cut["rows"] == {"table": 3, "other": 1, "with_lists": 1}
    assert len(cut["tables"]["table"]) == 1  # type: ignore[index]


def test_a_table_that_is_not_there_is_refused_with_those_that_are(answer: Answer, manifest: Manifest) -> None:
    with pytest.raises(BadParameter, match="table, other, with_lists"):
        content_of(answer, manifest, Form.CSV, table="no_such")


@pytest.mark.parametrize(
    ("name", "form"), [("a.CSV", Form.CSV), ("a.b.xlsx", Form.XLSX), ("a.parquet", Form.PARQUET)]
)
def test_the_form_is_told_by_the_suffix(name: str, form: Form) -> None:
    assert form_of(Path(name)) is form
    assert form_of(Path(name), "json") is Form.JSON


@pytest.mark.parametrize("name", ["a", "a.xls", ".csv.txt"])
def test_a_file_of_no_known_form_is_refused(name: str) -> None:
    with pytest.raises(BadParameter, match=r"\.csv"):
        form_of(Path(name))
