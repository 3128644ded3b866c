"""Total exports by country and year from a file that the analyst has: WITS' bilateral totals, or a plain table."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

import polars as pl

from rahdari.app.base_rates import history_of
from rahdari.app.files import read_limited
from rahdari.trade.errors import BadTradeFile
from rahdari.trade.rules.windows import History
from rahdari.trade.service.decades import Totals
from rahdari.trade.store import Kind, read_foreign

# All pairs of 250 countries in 60 years are some 4 million rows: 150 MB as text, 10 as Parquet.
FILE_BYTES_MAX: Final = 256 << 20
# Five times what all pairs of all years have.
ROWS_MAX: Final = 20_000_000
PAIRS: Final = ("year", "reporter_iso3", "partner_iso3", "exports_usd", "imports_usd")
PLAIN: Final = ("country", "year", "exports_usd")
_KINDS: Final[Mapping[str, Kind]] = MappingProxyType({
    "year": Kind.WHOLE, "country": Kind.TEXT, "reporter_iso3": Kind.TEXT, "partner_iso3": Kind.TEXT,
    "exports_usd": Kind.NUMBER, "imports_usd": Kind.NUMBER,
})  # fmt: skip


def read_totals(file: Path) -> Totals:
    """Read totals: rows of ``PAIRS`` (what each reporter sold to and bought from each partner), or of ``PLAIN``.

    Of pairs, what partners bought checks what reporters say they sold. A country does not export to itself.

    Raises:
        BadTradeFile: it is neither, or an amount, a year or a country is none.
        BadFile, FolderFailed: it is too large, or cannot be read.
    """
    raw = read_limited(file, size_bytes_max=FILE_BYTES_MAX)
    frame = _frame(raw, file.name)
    told, mirror = _of_pairs(frame) if set(PAIRS) <= set(frame.columns) else (_history(frame, PLAIN), None)
    return Totals(
        name=file.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        first_year=told.years[0],
        countries=told.countries,
        sold=_rows(told),
        bought=() if mirror is None else _rows(mirror),
    )


def _frame(raw: bytes, name: str) -> pl.DataFrame:
    try:
        frame = _parquet(raw) if raw[:4] == b"PAR1" else pl.read_csv(io.BytesIO(raw))
    except BadTradeFile as wrong:
        raise BadTradeFile(f"{name} is neither CSV nor Parquet: {wrong.message}") from None
    # Polars tells some damage by a panic, which is neither a PolarsError nor an Exception.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError) as wrong:
        raise BadTradeFile(f"{name} is neither CSV nor Parquet: {str(wrong)[:120]}") from None
    for wanted in (PAIRS, PLAIN):
        if set(wanted) <= set(frame.columns):
            return frame
    raise BadTradeFile(f"{name} has neither the columns {', '.join(PAIRS)} nor {', '.join(PLAIN)}")


def _parquet(raw: bytes) -> pl.DataFrame:
    """Read the bytes whose digest is noted, whatever becomes of the file meanwhile."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "totals.parquet"
        file.write_bytes(raw)
        return read_foreign(file, _KINDS, rows_max=ROWS_MAX)


def _of_pairs(frame: pl.DataFrame) -> tuple[History, History]:
    pairs = frame.filter(pl.col("reporter_iso3") != pl.col("partner_iso3"))
    told = _history(pairs, ("reporter_iso3", "year", "exports_usd"))
    nothing = pl.DataFrame({"partner_iso3": told.countries}).join(
        pl.DataFrame({"year": told.years}), how="cross"
    )
    bought = pairs.filter(pl.col("partner_iso3").is_in(told.countries), pl.col("year").is_in(told.years))
    both = pl.concat(
        [_plain(bought, ("partner_iso3", "year", "imports_usd")),
         _plain(nothing.with_columns(imports_usd=pl.lit(0.0)), ("partner_iso3", "year", "imports_usd"))]
    )  # fmt: skip
    return told, _history(both, ("country", "year", "amount"))


def _history(frame: pl.DataFrame, names: tuple[str, ...]) -> History:
    plain = _plain(frame, names)
    strange = plain.filter(
        ~pl.col("country").str.contains("^[A-Z0-9]{3}$") | ~pl.col("year").is_between(1800, 2200)
        | ~pl.col("amount").is_finite() | (pl.col("amount") < 0)
    )  # fmt: skip
    if len(strange) or plain.is_empty():
        what = str(strange.row(0)) if len(strange) else "nothing"
        raise BadTradeFile(
            f"the totals hold {what[:80]}; a row is a country of three letters, a year and dollars of 0 or more"
        )
    summed = plain.group_by("country", "year").agg(pl.col("amount").sum()).sort("country", "year")
    return history_of(summed.iter_rows())


def _plain(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    country, year, amount = names
    try:
        return frame.select(
            country=pl.col(country).cast(pl.String), year=pl.col(year).cast(pl.Int64),
            amount=pl.col(amount).cast(pl.Float64),
        ).drop_nulls()  # fmt: skip
    except pl.exceptions.PolarsError as wrong:
        raise BadTradeFile(
            f"the totals hold what is no country, year or amount: {str(wrong)[:120]}"
        ) from None


def _rows(told: History) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in told.values_usd.tolist())
