"""What is particular to the embedded engine: its file, its memory, its disk."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Column, LargeBinary, Table, func, insert, select, text

from rahdari.database import (
    Conflict,
    Damaged,
    Full,
    Locked,
    OutOfDate,
    RowNumber,
    Unreachable,
    open_database,
    room_metadata,
)

METADATA = room_metadata()
SACK = Table(
    "sample_sack",
    METADATA,
    Column("number", RowNumber, primary_key=True),
    Column("content", LargeBinary),
)


def test_a_full_disk_is_named_and_keeps_nothing_of_the_transaction(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'small.db'}"
    with open_database(address) as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
            connection.execute(insert(SACK).values(number=1, content=b"kept"))
            # SQLite's own way to make the disk end: no page beyond the fiftieth (200 kB).
            connection.execute(text("PRAGMA max_page_count=50"))
        with pytest.raises(Full, match="no room left"), database.transaction() as connection:  # noqa: PT012
            for number in range(2, 100):
                connection.execute(insert(SACK).values(number=number, content=bytes(10_000)))
    with open_database(address) as again, again.reading() as connection:
        assert connection.execute(select(func.count()).select_from(SACK)).scalar_one() == 1
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"


def test_a_full_disk_lets_smaller_things_be_written_afterwards(tmp_path: Path) -> None:
    with open_database(f"sqlite:///{tmp_path / 'small.db'}") as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
            connection.execute(text("PRAGMA max_page_count=50"))
        with pytest.raises(Full), database.transaction() as connection:
            connection.execute(insert(SACK).values(number=1, content=bytes(1_000_000)))
        with database.transaction() as connection:
            connection.execute(insert(SACK).values(number=1, content=b"small"))


def test_a_file_that_is_no_database_is_damaged_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    letter = b"Dear Sir or Madam, this is a letter and no database.\n" * 100
    path.write_bytes(letter)
    with (
        pytest.raises(Damaged, match=r"letter\.db is not a database"),
        open_database(f"sqlite:///{path}").transaction(),
    ):
        pass
    assert path.read_bytes() == letter


def test_a_page_overwritten_with_junk_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rahdari.db"
    with open_database(f"sqlite:///{path}") as database, database.transaction() as connection:
        METADATA.create_all(connection)
        connection.execute(insert(SACK), [{"number": n, "content": bytes(3_000)} for n in range(1, 50)])
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with (
        pytest.raises(Damaged, match="restore the last backup"),
        open_database(f"sqlite:///{path}").reading() as connection,
    ):
        connection.execute(select(SACK)).all()


def test_a_folder_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable), open_database(f"sqlite:///{tmp_path}/absent/rahdari.db").reading():
        pass
    assert not (tmp_path / "absent").exists()


def test_the_file_and_its_journal_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    with open_database(f"sqlite:///{tmp_path / 'rahdari.db'}") as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"rahdari.db": 0o600, "rahdari.db-wal": 0o600, "rahdari.db-shm": 0o600}


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_a_commit_survives_a_power_cut_and_references_are_checked(
    tmp_path: Path, pragma: str, value: object
) -> None:
    with open_database(f"sqlite:///{tmp_path / 'r.db'}") as database, database.transaction() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_two_writers_at_once_wait_for_each_other_instead_of_a_deadlock(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=10)

    with open_database(f"sqlite:///{tmp_path / 'rahdari.db'}") as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)

        def read_then_write(number: int) -> None:
            together.wait()
            with database.transaction() as connection:
                connection.execute(select(func.count()).select_from(SACK)).scalar_one()
                connection.execute(insert(SACK).values(number=number))

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(read_then_write, [1, 2]))
        with database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(SACK)).scalar_one() == 2


def test_a_database_in_memory_is_one_for_all_threads() -> None:
    with open_database("sqlite://") as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)

        def write(number: int) -> None:
            with database.transaction() as connection:
                connection.execute(insert(SACK).values(number=number))

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write, range(1, 41)))
        with database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(SACK)).scalar_one() == 40


def test_a_database_in_memory_rolls_back_like_one_on_disk() -> None:
    with open_database("sqlite://") as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
        with pytest.raises(Conflict), database.transaction() as connection:  # noqa: PT012
            connection.execute(insert(SACK).values(number=1))
            connection.execute(insert(SACK).values(number=1))
        with database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(SACK)).scalar_one() == 0


def test_a_transaction_within_a_transaction_in_memory_is_locked_out_not_mixed_up() -> None:
    with (
        open_database("sqlite://", lock_wait_seconds=0.05) as database,
        database.transaction() as connection,
    ):
        METADATA.create_all(connection)
        with pytest.raises(Locked), database.transaction():
            pass


def test_an_absent_column_means_another_version_of_the_tables() -> None:
    with open_database("sqlite://") as database:
        with database.transaction() as connection:
            connection.execute(text("CREATE TABLE sample_sack (number INTEGER)"))
        with pytest.raises(OutOfDate), database.reading() as connection:
            connection.execute(select(SACK.c.content))
        with pytest.raises(OutOfDate), database.transaction() as connection:
            connection.execute(insert(SACK).values(content=b""))
