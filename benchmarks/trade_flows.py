"""Claims: a BACI year becomes a cache in 3 s, is summed from it in 0.6 s, and all years stream within 2 GB.

The year is synthetic, in BACI's shape and size: 225 countries, 5,000 products, 11.7 million rows, 500 MB of CSV.
Each figure is taken in a fresh process, by the wall clock (both processors work; on a busy machine it tells of the
others too, so the CPU seconds stand beside it), with the peak of its memory.

Larger than memory: the year's file is asked for again under as many names as there are years in the row, with
DuckDB held to ``MEMORY_MB``. ``--years 21`` asks for 250 million rows; the default is fewer, and the row says so.
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
from pathlib import Path

import numpy as np
import polars as pl

from rahdari.trade import Country, CountryCode, Level, Product, ProductCode, Revision, Source
from rahdari.trade.store import DuckDbEngine, Release, SqlFlowBook, open_book, read_note, write_cache
from rahdari.trade.store.note import Note, YearNote
from rahdari.wire import baci

ROWS, COUNTRIES, PRODUCTS, YEAR, SEED = 11_732_502, 225, 5_000, 2021, 92
CACHE_S, SUMS_S, MEMORY_MB_MAX, MEMORY_MB = 3.0, 0.6, 2_000, 1_000
ROUNDS = 3


def main() -> None:
    """Print every row."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--step", choices=["cache", "sums", "stream"], help="be one of the fresh processes")
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--years", type=int, default=4)
    asked.add_argument("--rows", type=int, default=ROWS)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    words = asked.parse_args()
    if words.step:
        step(words.step, words.folder, words.years)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_csv(folder / "year.csv", words.rows)
        size = (folder / "year.csv").stat().st_size / 1e6
        print(f"# {words.rows} rows, {size:.0f} MB of CSV, {os.cpu_count()} processors")
        cache = best("cache", folder, words.years, words.rounds)
        print_row("trade_year_to_cache_s", cache["wall"], CACHE_S)
        print(f"info_trade_year_to_cache_cpu_s {cache['cpu']:.2f}")
        print(f"info_trade_year_to_cache_mb {cache['peak']:.0f}")
        sums = best("sums", folder, words.years, words.rounds)
        print_row("trade_sums_from_cache_s", sums["wall"], SUMS_S)
        print(f"info_trade_sums_from_cache_cpu_s {sums['cpu']:.2f}")
        stream = best("stream", folder, words.years, 1)
        millions = words.rows * words.years / 1e6
        print_row(f"trade_{millions:.0f}_million_rows_mb", stream["peak"], MEMORY_MB_MAX)
        print(f"info_trade_{millions:.0f}_million_rows_s {stream['wall']:.2f}")


def best(name: str, folder: Path, years: int, rounds: int) -> dict[str, float]:
    """Give the figures of the quickest of several fresh processes."""
    words = [sys.executable, "-m", "benchmarks.trade_flows", "--step", name, "--folder", str(folder)]
    taken: list[dict[str, float]] = []
    for _ in range(rounds):
        said = subprocess.run([*words, "--years", str(years)], capture_output=True, check=True, text=True)  # noqa: S603
        taken.append(json.loads(said.stdout))
    return min(taken, key=lambda one: one["wall"])


def step(name: str, folder: Path, years: int) -> None:
    """Do one thing and tell what it took as JSON; the import of the libraries does not count."""
    wall, cpu = time.perf_counter(), time.process_time()
    if name == "cache":
        to_cache(folder)
    elif name == "sums":
        with open_book(folder / "cache") as book:
            assert book.exports([YEAR], Level.HS6).values.sum() > 0
    else:
        stream(folder, years)
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    # ru_maxrss would tell of the process that started this one as well.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(took | {"peak": peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def to_cache(folder: Path) -> None:
    """Read the CSV and write the cache, as ``import_baci`` does for each year of a release."""
    table = baci.read_year((folder / "year.csv").read_bytes(), year=YEAR)
    assert not table.bad_rows_total
    shutil.rmtree(folder / "cache", ignore_errors=True)
    write_cache(folder / "cache", release(), [(YEAR, table.frame)])


def stream(folder: Path, years: int) -> None:
    """Ask for sums over many years' files, with the engine's memory limited."""
    cache = folder / "cache"
    note = read_note(cache)
    with SqlFlowBook(note, DuckDbEngine([cache / f"{YEAR}.parquet"], memory_mb=MEMORY_MB)) as one:
        single = one.exports([YEAR], Level.HS6).values.sum()
    paths = [cache / f"{YEAR}.parquet"] * years
    several = Note(note.source, (YearNote(YEAR, f"{YEAR}.parquet", 0, 0),), note.countries, note.products)
    with SqlFlowBook(several, DuckDbEngine(paths, memory_mb=MEMORY_MB)) as book:
        assert book.exports([YEAR], Level.HS6).values.sum() == years * single


def release() -> Release:
    """List every number that the synthetic year may have."""
    return Release(
        Source("synthetic", "202301", Revision.HS92, "0" * 64, "synthetic"),
        tuple(Country(CountryCode(f"{number:03}"), "", number) for number in range(1, 1_000)),
        tuple(Product(ProductCode(f"{code:06}"), "") for code in range(10_000, 980_000)),
    )


def write_csv(path: Path, rows: int) -> None:
    """Write a year as CEPII does: sorted, k without its zero, q quoted and padded, 3 in 100 of them NA."""
    chance = np.random.default_rng(SEED)
    numbers = np.sort(chance.choice(np.arange(4, 900), COUNTRIES, replace=False))
    codes = np.sort(chance.choice(np.arange(10_110, 970_700), PRODUCTS, replace=False))
    weight = chance.dirichlet(np.full(COUNTRIES, 0.3)) + 0.002
    drawn = chance.choice(COUNTRIES, (2, rows * 2), p=weight / weight.sum())
    keys = np.unique((drawn[0] * COUNTRIES + drawn[1]) * PRODUCTS + chance.integers(0, PRODUCTS, rows * 2))
    i, j, k = keys // PRODUCTS // COUNTRIES, keys // PRODUCTS % COUNTRIES, keys % PRODUCTS
    keep = np.flatnonzero(i != j)
    keep = np.sort(chance.choice(keep, min(rows, len(keep)), replace=False))
    value = np.exp(chance.normal(2.5, 3, len(keep))).round(3) + 0.001
    tonnes = pl.Series(np.exp(chance.normal(1, 3, len(keep))).round(3)).cast(pl.String)
    padded = pl.when(pl.Series(chance.random(len(keep)) < 0.03)).then(pl.lit("NA")).otherwise(pl.col("q"))
    frame = pl.DataFrame(
        {"t": np.full(len(keep), YEAR), "i": numbers[i[keep]], "j": numbers[j[keep]], "k": codes[k[keep]]}
    ).with_columns(pl.Series("v", value).round(3), tonnes.alias("q"))
    frame = frame.with_columns(padded.str.pad_start(13).alias("q"))
    with path.open("wb") as file:
        file.write(b"t,i,j,k,v,q\n")
        frame.write_csv(file, include_header=False, quote_style="non_numeric")


def print_row(name: str, figure: float, target: float) -> None:
    """Print ``name figure target ok|short``; here less is better."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if figure <= target else 'short'}", flush=True)


if __name__ == "__main__":
    main()
