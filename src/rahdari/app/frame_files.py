"""An answer as a file: CSV, Parquet, XLSX or JSON, whole or not at all, with its manifest beside it."""

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

import polars as pl
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from rahdari.app.errors import FileExists
from rahdari.app.files import write_whole
from rahdari.app.manifests import Manifest, csv_bytes, digest_of, flat
from rahdari.trade import BadParameter, Ground
from rahdari.trade.rules.answers import Answer, Number

MANIFEST_SUFFIX: Final = ".manifest.json"
MAIN: Final = "table"
# Limits of Excel: rows and columns of a sheet, characters of its name and of a cell.
ROWS_MAX: Final = 1_048_576
SHEET_NAME_CHARACTERS_MAX: Final = 31
CELL_CHARACTERS_MAX: Final = 32_767
_NO_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f']")


class Form(StrEnum):
    """What a file may be of."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    JSON = "json"


def form_of(path: Path, named: str | None = None) -> Form:
    """Tell the form of a file by what is named, else by its suffix. Raises ``BadParameter``."""
    text = (named if named is not None else path.suffix.removeprefix(".")).lower()
    try:
        return Form(text)
    except ValueError:
        raise BadParameter(
            f"{text[:20]!r} is no form of a file; end its name in .csv, .parquet, .xlsx or .json, or name the form"
        ) from None


def write_answer(
    answer: Answer,
    manifest: Manifest,
    path: Path,
    *,
    form: Form | None = None,
    table: str = MAIN,
    is_forced: bool = False,
) -> tuple[Path, Path]:
    """Write an answer and, beside it, its manifest with the digest of what was written.

    CSV and Parquet hold one table, the main one unless another is named; XLSX and JSON hold everything.

    Raises:
        FileExists: one of the two files is there, and overwriting was not asked for.
        BadParameter: there is no such table, or it has more rows than a sheet.
        FolderFailed: the disk refused; nothing half-written is left.
    """
    beside = path.with_name(path.name + MANIFEST_SUFFIX)
    for one in (path, beside):
        if one.exists() and not is_forced:
            raise FileExists(f"{one} is there already; name another file, or overwrite it with --force")
    raw = content_of(answer, manifest, form or form_of(path), table=table)
    write_whole(path, raw)
    write_whole(beside, replace(manifest, files={path.name: digest_of(raw)}).to_json())
    return path, beside


def content_of(answer: Answer, manifest: Manifest, form: Form, *, table: str = MAIN) -> bytes:
    """Give the bytes of a file, for a download as well. Raises ``BadParameter`` as ``write_answer``."""
    writers: Mapping[Form, Callable[[], bytes]] = MappingProxyType(
        {
            Form.CSV: lambda: csv_bytes(table_of(answer, table)),
            Form.PARQUET: lambda: _parquet(table_of(answer, table)),
            Form.XLSX: lambda: _xlsx(answer, manifest),
            Form.JSON: lambda: _json(answer, manifest),
        }
    )
    return writers[form]()


def table_of(answer: Answer, name: str = MAIN) -> pl.DataFrame:
    """Give one table of an answer by its name. Raises ``BadParameter``."""
    tables = {MAIN: answer.table, **answer.tables}
    if name not in tables:
        raise BadParameter(
            f"{answer.question} has no table {name[:40]!r}; it has {', '.join(tables)}",
            ground=Ground.UNKNOWN_TABLE,
            values={"table": name[:40]},
        )
    return tables[name]


def document_of(answer: Answer, manifest: Manifest, *, rows_max: int | None = None) -> dict[str, object]:
    """Give an answer as JSON holds it: figures, notes, and each table as rows, cut after ``rows_max``."""
    tables = {MAIN: answer.table, **answer.tables}
    return {
        "question": answer.question,
        "scope": dict(manifest.scope),
        "source": dict(manifest.source),
        "figures": dict(answer.figures),
        "notes": [{"code": one.code, "values": dict(one.values)} for one in answer.notes],
        "rows": {name: len(one) for name, one in tables.items()},
        "tables": {name: flat(one.head(rows_max or len(one))).to_dicts() for name, one in tables.items()},
        "manifest": manifest.document(),
    }


def _json(answer: Answer, manifest: Manifest) -> bytes:
    told = json.dumps(document_of(answer, manifest), ensure_ascii=False, indent=1, allow_nan=False)
    return (told + "\n").encode()


def _parquet(table: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    table.write_parquet(file, compression="zstd")
    return file.getvalue()


def _xlsx(answer: Answer, manifest: Manifest) -> bytes:
    file = io.BytesIO()
    # Text that begins with = or looks like an address stays the text that it is.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, {**options, "strings_to_numbers": False}) as book:
        # The time of the run and not of the writing: the same manifest gives the same file.
        book.set_properties({"created": manifest.made_at.replace(tzinfo=None), "author": manifest.program})
        used: set[str] = set()
        tables = {MAIN: answer.table, **answer.tables}
        for name, table in tables.items():
            if len(table) >= ROWS_MAX:
                raise BadParameter(
                    f"{name} has {len(table)} rows, a sheet at most {ROWS_MAX - 1}; write CSV or Parquet"
                )
            _fill(book.add_worksheet(sheet_name(name, used)), flat(table))
        _fill(book.add_worksheet(sheet_name("figures", used)), _figures(answer.figures))
        _fill(book.add_worksheet(sheet_name("manifest", used)), _lines(manifest))
    return file.getvalue()


def sheet_name(wanted: str, used: set[str]) -> str:
    """Give a name that Excel takes and no sheet has yet (it does not tell capitals), and note it in ``used``."""
    base = _NO_SHEET_NAME.sub("_", wanted)[:SHEET_NAME_CHARACTERS_MAX] or "sheet"
    name, number = base, 1
    while name.lower() in used:
        number += 1
        end = f"_{number}"
        name = base[: SHEET_NAME_CHARACTERS_MAX - len(end)] + end
    used.add(name.lower())
    return name


def _fill(sheet: Worksheet, table: pl.DataFrame) -> None:
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name)
    for row, cells in enumerate(table.iter_rows(), 1):
        for column, cell in enumerate(cells):
            if isinstance(cell, bool):
                sheet.write_boolean(row, column, cell)
            elif isinstance(cell, int | float):
                sheet.write_number(row, column, cell)
            elif cell is not None:
                sheet.write_string(row, column, str(cell)[:CELL_CHARACTERS_MAX])
    sheet.freeze_panes(1, 0)


def _figures(figures: Mapping[str, Number]) -> pl.DataFrame:
    told = [(name, *_split(value)) for name, value in figures.items()]
    schema = {"figure": pl.String, "value": pl.Float64, "text": pl.String}
    return pl.DataFrame(told, schema=schema, orient="row")


def _split(value: Number) -> tuple[float | None, str | None]:
    if value is None or isinstance(value, bool | str):
        return None, None if value is None else str(value)
    return float(value), None


def _lines(manifest: Manifest) -> pl.DataFrame:
    return pl.DataFrame({"manifest": manifest.to_json().decode().splitlines()})
