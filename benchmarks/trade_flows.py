"""Claims: a BACI year becomes a cache in 3 s, is summed from it in 0.6 s, and all years stream within 2 GB.

The year is synthetic, in BACI's shape, spelling and size: 225 countries, 5,000 products, 11.7 million rows, 500 MB
of CSV with three decimals, as release 202601 has them. Two rows tell of sums: exports by country and product as a
user asks for them, which come from the sums that the import laid beside the flows; and added up from every flow.
Each figure is taken in a fresh process, by the wall clock (both processors work; on a busy machine it tells of the
others too, so the CPU seconds stand beside it), with the peak of its memory.

Larger than memory: a release of several years is written as CEPII's folder, imported by ``import_baci`` as a user
would, and summed over all its years; the peaks of both processes count. ``--full`` takes 30 years of 8.34 million
rows, 250 million together (13 GB of disk, some minutes); the default is a hundredth of it, and the row says so.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl

from rahdari.app.trade_data import import_baci, open_flows, read_baci_year
from rahdari.trade import Country, CountryCode, Level, Product, ProductCode, Revision, Source
from rahdari.trade.store import (
    DuckDbEngine,
    FileChecks,
    Release,
    SqlFlowBook,
    open_book,
    read_note,
    write_cache,
)
from rahdari.trade.store.engines import Whole

ROWS, COUNTRIES, PRODUCTS, YEAR, SEED = 11_732_502, 225, 5_000, 2021, 92
CACHE_S, SUMS_S, MEMORY_MB_MAX = 3.0, 0.6, 2_000
# All of BACI: 30 years, 250 million rows; and the hundredth of it that is asked for by default.
FULL_YEARS, FULL_ROWS, FEW_YEARS, FEW_ROWS = 30, 8_340_000, 5, 500_000
LAST_YEAR, RELEASE, GROWTH = 2024, "202601", 1.04
ROUNDS = 3


def main() -> None:
    """Print every row."""
    asked = argparse.ArgumentParser()
    asked.add_argument(
        "--step", choices=["cache", "sums", "flows", "write", "import", "stream"], help="a fresh process"
    )
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--full", action="store_true", help="250 million rows instead of 2.5")
    asked.add_argument("--rows", type=int, default=ROWS)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    words = asked.parse_args()
    if words.step:
        step(words.step, words.folder, is_full=words.full)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_csv(folder / "year.csv", synthetic(words.rows))
        size = (folder / "year.csv").stat().st_size / 1e6
        print(f"# {words.rows} rows, {size:.0f} MB of CSV, {os.cpu_count()} processors")
        cache = best("cache", folder, words.rounds)
        print_row("trade_year_to_cache_s", cache["wall"], CACHE_S)
        print(f"info_trade_year_to_cache_cpu_s {cache['cpu']:.2f}")
        print(f"info_trade_year_to_cache_mb {cache['peak']:.0f}")
        for name, row in (("sums", "trade_sums_from_cache"), ("flows", "trade_sums_from_every_flow")):
            took = best(name, folder, words.rounds)
            print_row(f"{row}_s", took["wall"], SUMS_S)
            print(f"info_{row}_cpu_s {took['cpu']:.2f}")
        (folder / "year.csv").unlink()
        larger_than_memory(folder, is_full=words.full)


def larger_than_memory(folder: Path, *, is_full: bool) -> None:
    """Write, import and sum many years, each in a process of its own."""
    best("write", folder, 1, is_full=is_full)
    taken = {name: best(name, folder, 1, is_full=is_full) for name in ("import", "stream")}
    millions = FULL_YEARS * FULL_ROWS / 1e6 if is_full else FEW_YEARS * FEW_ROWS / 1e6
    for name, took in taken.items():
        print_row(f"trade_{millions:g}_million_rows_{name}_mb", took["peak"], MEMORY_MB_MAX)
        print(f"info_trade_{millions:g}_million_rows_{name}_s {took['wall']:.1f}")
        print(f"info_trade_{millions:g}_million_rows_{name}_cpu_s {took['cpu']:.1f}", flush=True)


def best(name: str, folder: Path, rounds: int, *, is_full: bool = False) -> dict[str, float]:
    """Give the figures of the quickest of several fresh processes."""
    words = [sys.executable, "-m", "benchmarks.trade_flows", "--step", name, "--folder", str(folder)]
    taken: list[dict[str, float]] = []
    for _ in range(rounds):
        said = subprocess.run([*words, *["--full"] * is_full], capture_output=True, check=True, text=True)  # noqa: S603
        taken.append(json.loads(said.stdout))
    return min(taken, key=lambda one: one["wall"])


def step(name: str, folder: Path, *, is_full: bool) -> None:
    """Do one thing and tell what it took as JSON; the import of the libraries does not count."""
    wall, cpu = time.perf_counter(), time.process_time()
    if name == "cache":
        to_cache(folder)
    elif name == "sums":
        with open_book(folder / "cache") as book:
            assert book.exports([YEAR], Level.HS6).values.sum() > 0
    elif name == "flows":
        note = read_note(folder / "cache")
        engine = DuckDbEngine([folder / "cache" / file for file in note.files])
        with SqlFlowBook(note, engine, FileChecks(folder / "cache", note)) as book:
            assert book.exports([YEAR], Level.HS6).values.sum() > 0
    elif name == "write":
        write_release(folder / "baci", *((FULL_YEARS, FULL_ROWS) if is_full else (FEW_YEARS, FEW_ROWS)))
    elif name == "import":
        import_baci(folder / "baci", folder / "trade")
    else:
        stream(folder / "trade")
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    # ru_maxrss would tell of the process that started this one as well.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(took | {"peak": peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def to_cache(folder: Path) -> None:
    """Read the CSV and write the cache, as ``import_baci`` does for each year of a release."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        table = read_baci_year((folder / "year.csv").read_bytes(), YEAR, release(), pool)
    assert not table.bad_rows_total
    shutil.rmtree(folder / "cache", ignore_errors=True)
    write_cache(folder / "cache", release(), [(YEAR, table.frame)])


def stream(folder: Path) -> None:
    """Ask for the sums of all years that the questions are made of, and see that they agree to the dollar."""
    book = open_flows(folder)
    years, code = book.years, book.countries[0].code
    total = book.exports(years, Level.HS6).values.sum() * len(years)
    for table in (book.imports(years, Level.HS6), book.bilateral(years)):
        # A mean of whole numbers: the sum is exact to a float's last digits.
        np.testing.assert_allclose(table.values.sum() * len(years), total, rtol=1e-12)
    assert book.sold_by(code, years, Level.HS6).values.sum() <= total
    assert book.quantities(years, Level.HS4)[0].values.sum() <= total


def release() -> Release:
    """List the countries and products of the synthetic year, as CEPII's lists do."""
    numbers, codes = listed(np.random.default_rng(SEED))
    return Release(
        Source("synthetic", "202301", Revision.HS92, "0" * 64, "synthetic"),
        tuple(Country(CountryCode(f"{number:03}"), "", number) for number in numbers.tolist()),
        tuple(Product(ProductCode(f"{code:06}"), "") for code in codes.tolist()),
    )


def listed(chance: np.random.Generator) -> tuple[Whole, Whole]:
    """Draw the numbers of countries and products."""
    numbers = np.sort(chance.choice(np.arange(4, 900), COUNTRIES, replace=False))
    return numbers, np.sort(chance.choice(np.arange(10_110, 970_700), PRODUCTS, replace=False))


def synthetic(rows: int) -> pl.DataFrame:
    """Draw a year as CEPII writes it: sorted, k without its zero, q padded, 3 in 100 of them NA."""
    chance = np.random.default_rng(SEED)
    numbers, codes = listed(chance)
    weight = chance.dirichlet(np.full(COUNTRIES, 0.3)) + 0.002
    drawn = chance.choice(COUNTRIES, (2, rows * 2), p=weight / weight.sum())
    keys = np.unique((drawn[0] * COUNTRIES + drawn[1]) * PRODUCTS + chance.integers(0, PRODUCTS, rows * 2))
    i, j, k = keys // PRODUCTS // COUNTRIES, keys // PRODUCTS % COUNTRIES, keys % PRODUCTS
    keep = np.flatnonzero(i != j)
    keep = np.sort(chance.choice(keep, min(rows, len(keep)), replace=False))
    value = np.exp(chance.normal(2.5, 3, len(keep))).round(3) + 0.001
    # Through a decimal number: 47.3 stands as 47.300.
    tonnes = pl.Series(np.exp(chance.normal(1, 3, len(keep)))).cast(pl.Decimal(15, 3)).cast(pl.String)
    padded = pl.when(pl.Series(chance.random(len(keep)) < 0.03)).then(pl.lit("NA")).otherwise(pl.col("q"))
    frame = pl.DataFrame(
        {"t": np.full(len(keep), YEAR), "i": numbers[i[keep]], "j": numbers[j[keep]], "k": codes[k[keep]]}
    ).with_columns(pl.Series("v", value).round(3), tonnes.alias("q"))
    return frame.with_columns(padded.str.pad_start(13).alias("q"))


def write_csv(path: Path, frame: pl.DataFrame) -> None:
    """Write a year in CEPII's spelling."""
    with path.open("wb") as file:
        file.write(b"t,i,j,k,v,q\n")
        frame.write_csv(file, include_header=False, quote_style="non_numeric", float_precision=3)


def write_release(folder: Path, years: int, rows: int) -> None:
    """Write a folder such as CEPII's zip unpacks to; every year trades more than the one before."""
    folder.mkdir()
    frame = synthetic(rows)
    for at in range(years):
        year = LAST_YEAR - years + 1 + at
        grown = frame.with_columns(pl.lit(year).alias("t"), (pl.col("v") * GROWTH**at).round(3).alias("v"))
        write_csv(folder / f"BACI_HS92_Y{year}_V{RELEASE}.csv", grown)
    numbers = sorted({*frame["i"].to_list(), *frame["j"].to_list()})
    countries = "".join(f"{one},Country {one},,\n" for one in numbers)
    head = "country_code,country_name,country_iso2,country_iso3\n"
    (folder / f"country_codes_V{RELEASE}.csv").write_text(head + countries, encoding="utf-8")
    products = "".join(f"{code:06},Product {code}\n" for code in sorted(set(frame["k"].to_list())))
    (folder / f"product_codes_HS92_V{RELEASE}.csv").write_text(
        "code,description\n" + products, encoding="utf-8"
    )


def print_row(name: str, figure: float, target: float) -> None:
    """Print ``name figure target ok|short``; here less is better."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if figure <= target else 'short'}", flush=True)


if __name__ == "__main__":
    main()
