"""Make the table of raw materials that the package carries, from CEPII's zip and a tidy table of earlier years.

    python examples/trade_extract.py BACI.zip flows_1995_2024.parquet FOLDER

Writes ``flows.parquet`` and ``release.json`` into FOLDER. The zip has the recent years as CEPII publishes them; the
tidy table has all years and gives those before. The rows stand by product, exporter, importer and year, so that the
years of one flow are neighbours and pack well; weights are kept from ``WEIGHTS_FROM`` on, as they double the size.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import duckdb
import polars as pl

from rahdari.app.trade_data import ATTRIBUTION, read_chapters
from rahdari.trade import Country, CountryCode, Product, ProductCode, Revision, Source
from rahdari.trade.store.note import Note, YearNote, write_note
from rahdari.wire import baci
from rahdari.wire.flow_table import COLUMNS, QUANTITY_UNKNOWN

RELEASE = "202601"
WEIGHTS_FROM = 2021


def main() -> None:
    """Make the extract."""
    archive, tidy, folder = (Path(word) for word in sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as opened:
        recent = pl.concat(recent_years(opened))
        countries = baci.read_countries(opened.read(f"country_codes_V{RELEASE}.csv"))
        products = baci.read_products(opened.read(f"product_codes_HS92_V{RELEASE}.csv"))
    first = recent["year"].to_numpy().min()
    flows = pl.concat([earlier_years(pl.read_parquet(tidy), int(first)), recent])
    flows = flows.with_columns(
        pl.when(pl.col("year") >= WEIGHTS_FROM).then("quantity_kg").otherwise(QUANTITY_UNKNOWN)
    ).sort("product", "exporter", "importer", "year")
    write_flows(flows, folder / "flows.parquet")
    write_note(folder, describe(flows, folder, countries, products))
    print(
        f"{len(flows)} rows, {(folder / 'flows.parquet').stat().st_size} bytes, {flows['value_usd'].sum()} USD"
    )


def recent_years(opened: zipfile.ZipFile) -> list[pl.DataFrame]:
    """Read every year of the zip; not one row may be bad."""
    tables = []
    for name in sorted(opened.namelist()):
        found = baci.read_year_name(name)
        if found:
            table = baci.read_year(opened.read(name), year=found.year)
            if table.bad_rows_total:
                raise ValueError(f"{name}: {table.bad_rows}")
            tables.append(table.frame)
    return tables


def earlier_years(tidy: pl.DataFrame, before: int) -> pl.DataFrame:
    """Take the years before ``before`` out of the tidy table; its dollars are whole but for the float."""
    whole = tidy.filter(pl.col("year") < before).select(
        pl.col("year"),
        pl.col("exporter_m49").alias("exporter"),
        pl.col("importer_m49").alias("importer"),
        pl.col("product_code").cast(pl.Int32).alias("product"),
        pl.col("value_usd").round(),
        (pl.col("quantity_tonnes") * 1000).round().fill_null(QUANTITY_UNKNOWN).alias("quantity_kg"),
    )
    return whole.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())


def write_flows(flows: pl.DataFrame, path: Path) -> None:
    """Write as small as Parquet can: one group, delta encodings (version 2), zstd at its highest level."""
    plain = path.with_suffix(".plain")
    flows.write_parquet(plain)
    with duckdb.connect(config={"threads": 1, "preserve_insertion_order": True}) as engine:
        engine.execute(
            f"COPY (FROM read_parquet('{plain}')) TO '{path}' (FORMAT parquet, PARQUET_VERSION v2, "
            f"COMPRESSION zstd, COMPRESSION_LEVEL 22, ROW_GROUP_SIZE {2 * len(flows)})"
        )
    plain.unlink()


def describe(
    flows: pl.DataFrame,
    folder: Path,
    countries: tuple[baci.CountryLine, ...],
    products: tuple[baci.ProductLine, ...],
) -> Note:
    """Say what the table holds; the digest is that of its bytes."""
    path = folder / "flows.parquet"
    numbers = {*flows["exporter"].unique(), *flows["importer"].unique()}
    codes = {f"{number:06}" for number in flows["product"].unique()}
    rows = dict(flows.group_by("year").len().sort("year").iter_rows())
    return Note(
        Source(
            "CEPII BACI, raw materials",
            RELEASE,
            Revision.HS92,
            digest_of(path),
            ATTRIBUTION.format(revision="HS92", release=RELEASE),
        ),
        tuple(
            YearNote(year, path.name, count, path.stat().st_size, digest_of(path))
            for year, count in rows.items()
        ),
        tuple(
            Country(CountryCode(one.iso3), one.name, one.number) for one in countries if one.number in numbers
        ),
        (
            *(one for one in read_chapters() if any(code.startswith(one.code) for code in codes)),
            *(Product(ProductCode(one.code), one.description) for one in products if one.code in codes),
        ),
    )


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
