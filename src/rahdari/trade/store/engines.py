"""Engines that sum flows by one SQL text: DuckDB in this process, or any server that speaks Spark Connect."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import duckdb
import numpy as np
import numpy.typing as npt
from typing_extensions import override

from rahdari.trade.errors import EngineFailed

Whole = npt.NDArray[np.int64]

# The largest answer is one row a country and product (1.2 million), not the flows.
MEMORY_MB: Final = 1024


class Engine(Protocol):
    """Answers a SELECT over one table ``flows`` with the columns of a flow table.

    The text is plain SQL whose result columns are all BIGINT without nulls; every engine gives the same integers.
    """

    def ask(self, sql: str) -> tuple[Whole, ...]:
        """Give the result's columns, in the order of the text; the order of rows is the engine's.

        Raises:
            EngineFailed: the engine could not be reached, or gave up.
        """

    def close(self) -> None:
        """Let go of memory and connections."""


class DuckDbEngine(Engine):
    """DuckDB in memory over Parquet files: nothing is locked, and any number of processes may read them."""

    def __init__(
        self,
        files: Sequence[Path],
        *,
        sums: Sequence[Path] = (),
        memory_mb: int = MEMORY_MB,
        threads: int | None = None,
    ) -> None:
        """Open nothing yet but the files' footers; at most ``memory_mb`` of memory is taken for a question.

        Where files of ``sums`` are named, there is a table ``sums`` too.
        """
        try:
            self._connection = _connected(memory_mb, threads)
            for table, named in (("flows", files), ("sums", sums)):
                if named:
                    text = f"CREATE VIEW {table} AS SELECT * FROM read_parquet({_quoted(named)})"  # noqa: S608 - paths, quoted
                    self._connection.execute(text)
        except duckdb.Error as error:
            raise EngineFailed(_told("DuckDB", error)) from None

    @override
    def ask(self, sql: str) -> tuple[Whole, ...]:
        try:
            # A cursor of its own: threads may ask at once.
            found = self._connection.cursor().execute(sql).fetchnumpy()
        except (duckdb.Error, MemoryError) as error:
            raise EngineFailed(_told("DuckDB", error)) from None
        return tuple(np.asarray(column, dtype=np.int64) for column in found.values())

    @override
    def close(self) -> None:
        self._connection.close()


class SparkEngine(Engine):
    """A server of Spark Connect (Apache Spark, or Sail) that sees the same Parquet files under the same paths.

    Needs the package ``pyspark-client``, which is no part of the installation.
    """

    def __init__(self, address: str, files: Sequence[Path]) -> None:
        """Connect to ``sc://host:port`` and name the files as ``flows`` there."""
        try:
            # Imported here: whoever asks DuckDB needs no Spark.
            from pyspark.sql import SparkSession  # noqa: PLC0415
        except ImportError:
            raise EngineFailed(
                f"{address} speaks Spark Connect, and pyspark-client is not installed here; install it, or leave "
                "trade_engine empty"
            ) from None
        try:
            self._session = SparkSession.builder.remote(address).getOrCreate()
            flows = self._session.read.parquet(*[str(path.resolve()) for path in files])
            flows.createOrReplaceTempView("flows")
        except Exception as error:  # noqa: BLE001 - the failures of gRPC and Spark share no root
            raise EngineFailed(_told(address, error)) from None

    @override
    def ask(self, sql: str) -> tuple[Whole, ...]:
        try:
            found = self._session.sql(sql).toArrow()
        except Exception as error:  # noqa: BLE001 - as above
            raise EngineFailed(_told("Spark", error)) from None
        return tuple(np.asarray(column.to_numpy(), dtype=np.int64) for column in found.columns)

    @override
    def close(self) -> None:
        self._session.stop()


def write_parquet(path: Path, columns: Mapping[str, npt.NDArray[np.integer]], *, rows_in_group: int) -> None:
    """Write whole numbers as a Parquet file that keeps their order and types.

    Differences of neighbours are packed into as many bits as the largest of a block needs (DELTA_BINARY_PACKED of
    the Parquet format). A dictionary of amounts, which hardly ever repeat, would take longer than all else, and a
    general compressor after the packing saves nothing.

    Raises:
        OSError: the disk refused, or the file cannot be written for another reason.
    """
    form = (
        f"FORMAT parquet, PARQUET_VERSION V2, ROW_GROUP_SIZE {int(rows_in_group)}, DICTIONARY_SIZE_LIMIT 1, "
        "WRITE_BLOOM_FILTER false, COMPRESSION uncompressed"
    )
    try:
        # One thread: several gather groups to put them in order, which costs a third more, and wait for each other.
        with _connected(MEMORY_MB, 1) as connection:
            connection.register("given", dict(columns))
            connection.execute(f"COPY (SELECT * FROM given) TO {_text(path)} ({form})")  # noqa: S608 - a path, quoted
    except (duckdb.Error, MemoryError) as error:
        raise OSError(
            f"{path.name} cannot be written: {(str(error).splitlines() or [''])[0][:300]}"
        ) from None


def _connected(memory_mb: int, threads: int | None) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        # No question needs to spill, and none may leave files behind in whatever folder we were started.
        "temp_directory": "",
        # What is not in the package is not fetched from anywhere.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads:
        settings["threads"] = threads
    return duckdb.connect(":memory:", config=settings)


def _quoted(files: Sequence[Path]) -> str:
    return "[" + ", ".join(_text(path) for path in files) + "]"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _told(who: str, error: BaseException) -> str:
    first = (str(error).splitlines() or [""])[0][:300]
    return f"{who} gave up: {type(error).__name__}: {first}; try fewer years or a coarser level"
