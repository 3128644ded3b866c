"""Parquet files that somebody else wrote, read by an engine that refuses damage and does not die of it."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadTradeFile

# A million rows a column of text and two of numbers are some 100 MB; a page that claims more is refused.
MEMORY_MB: Final = 2048
SHOWN_CHARACTERS_MAX: Final = 120


class Kind(StrEnum):
    """What a column is read as; a value that is none of it is refused."""

    TEXT = "VARCHAR"
    WHOLE = "BIGINT"
    NUMBER = "DOUBLE"


def read_foreign(path: Path, wanted: Mapping[str, Kind], *, rows_max: int) -> pl.DataFrame:
    """Read those of the wanted columns that the file has, in the order of ``wanted``; the others are passed over.

    Polars 2.1 panics on some damaged pages, and ends the whole process on others (a page that claims 2**61 bytes);
    DuckDB refuses them all. Rows are counted by the footer before any is unpacked: Parquet names one value for a
    billion rows in a few bytes.

    Raises:
        BadTradeFile: it is no Parquet, is damaged, has more than ``rows_max`` rows, or a value of another kind.
    """
    source = f"read_parquet('{str(path).replace(chr(39), 2 * chr(39))}')"
    try:
        with _connected() as connection:
            rows = int(_one(connection, f"SELECT count(*) FROM {source}"))  # noqa: S608 - a path, quoted
            if rows > rows_max:
                raise BadTradeFile(f"the file has {rows:,} rows; {rows_max:,} are the most")
            columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - as above
            names = [name for name in wanted if name in {str(column[0]) for column in columns}]
            if not names:
                return pl.DataFrame()
            cast = ", ".join(f'CAST("{name}" AS {wanted[name].value}) AS "{name}"' for name in names)
            found = connection.execute(f"SELECT {cast} FROM {source}").fetchnumpy()  # noqa: S608 - names are ours
    except (duckdb.Error, MemoryError) as wrong:
        told = (str(wrong).splitlines() or [""])[0].replace(str(path), path.name)[:SHOWN_CHARACTERS_MAX]
        raise BadTradeFile(f"the file cannot be read as Parquet: {told}") from None
    return pl.DataFrame([_series(name, found[name], wanted[name]) for name in names])


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


_TYPES: Final[Mapping[Kind, pl.DataType]] = {
    Kind.TEXT: pl.String(),
    Kind.WHOLE: pl.Int64(),
    Kind.NUMBER: pl.Float64(),
}


def _series(name: str, values: npt.NDArray[Any], kind: Kind) -> pl.Series:
    """Give a column with its holes as nulls."""
    whole = pl.Series(name, np.ma.getdata(values), dtype=_TYPES[kind])
    holes = np.ma.getmaskarray(values)
    return whole.set(pl.Series(holes), None) if holes.any() else whole


def _connected() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{MEMORY_MB}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
