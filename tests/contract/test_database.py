"""What every engine promises: all or nothing, one snapshot, named failures, no leaked values."""

import sqlite3
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, Text, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from rahdari.database import (
    Conflict,
    Database,
    DatabaseFailed,
    EpochMicroseconds,
    Json,
    Locked,
    OutOfDate,
    RoomMigrations,
    RowNumber,
    Unreachable,
    is_current,
    migrate,
    named_failures,
    open_database,
    require_current,
    room_metadata,
)
from tests.contract.conftest import LOCK_WAIT_SECONDS

METADATA = room_metadata()
SHELF = Table(
    "sample_shelf",
    METADATA,
    Column("number", RowNumber, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("made_at", EpochMicroseconds),
    Column("marks", Json),
    Column("size", Integer, CheckConstraint("size >= 0", name="size_not_negative")),
)
BOX = Table(
    "sample_box",
    METADATA,
    Column("number", RowNumber, primary_key=True),
    Column("shelf", RowNumber, ForeignKey("sample_shelf.number")),
)
SECRET = "a-name-nobody-may-read-in-a-log"


@pytest.fixture
def shelves(database: Database) -> Database:
    with database.transaction() as connection:
        METADATA.create_all(connection)
    return database


def names(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(SHELF.c.name).order_by(SHELF.c.name)).scalars())


def put(database: Database, name: str) -> None:
    with database.transaction() as connection:
        connection.execute(insert(SHELF).values(name=name))


def test_what_a_transaction_wrote_is_there_after_it(shelves: Database) -> None:
    put(shelves, "upper")
    assert names(shelves) == ["upper"]


def test_what_a_transaction_wrote_is_there_for_the_next_process(
    shelves: Database, database_address: str
) -> None:
    put(shelves, "upper")
    shelves.close()
    with open_database(database_address) as again:
        assert names(again) == ["upper"]


class Interrupted(Exception):
    pass


class NameTaken(Exception):
    pass


def test_an_exception_keeps_nothing_of_the_transaction(shelves: Database) -> None:
    with pytest.raises(Interrupted), shelves.transaction() as connection:  # noqa: PT012
        connection.execute(insert(SHELF).values(name="upper"))
        raise Interrupted
    assert names(shelves) == []


def test_an_exception_keeps_no_table_either(database: Database) -> None:
    with pytest.raises(Interrupted), database.transaction() as connection:  # noqa: PT012
        METADATA.create_all(connection)
        raise Interrupted
    with pytest.raises(OutOfDate):
        names(database)


def test_a_reader_sees_one_snapshot_while_another_writes(shelves: Database) -> None:
    with shelves.reading() as connection:
        before = connection.execute(select(func.count()).select_from(SHELF)).scalar_one()
        put(shelves, "upper")
        assert connection.execute(select(func.count()).select_from(SHELF)).scalar_one() == before
    assert names(shelves) == ["upper"]


def test_a_reader_cannot_write(shelves: Database) -> None:
    with pytest.raises(Unreachable), shelves.reading() as connection:
        connection.execute(insert(SHELF).values(name="upper"))
    put(shelves, "lower")
    assert names(shelves) == ["lower"]


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        ({"name": SECRET}, "uq_sample_shelf_name"),
        ({"name": "other", "number": 7}, "pk_sample_shelf"),
        ({"name": SECRET + "2", "size": -1}, "ck_sample_shelf_size_not_negative"),
    ],
)
def test_a_contradiction_is_a_conflict_that_names_the_constraint_and_no_value(
    shelves: Database, row: dict[str, object], constraint: str
) -> None:
    with shelves.transaction() as connection:
        connection.execute(insert(SHELF).values(number=7, name=SECRET))
    with pytest.raises(Conflict) as caught, shelves.transaction() as connection:
        connection.execute(insert(SHELF).values(**row))
    assert caught.value.constraint == constraint
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_reference_to_nothing_is_a_conflict(shelves: Database) -> None:
    with pytest.raises(Conflict), shelves.transaction() as connection:
        connection.execute(insert(BOX).values(number=1, shelf=404))


def test_a_store_may_name_a_conflict_itself(shelves: Database) -> None:
    put(shelves, "upper")

    def put_again() -> None:
        with shelves.transaction() as connection:
            try:
                with named_failures():
                    connection.execute(insert(SHELF).values(name="upper"))
            except Conflict as conflict:
                raise NameTaken(conflict.constraint) from None

    with pytest.raises(NameTaken, match="uq_sample_shelf_name"):
        put_again()
    assert names(shelves) == ["upper"]


def test_a_missing_table_means_that_migrations_are_missing(database: Database) -> None:
    with pytest.raises(OutOfDate, match="Run the migrations"):
        names(database)


def test_a_statement_no_engine_takes_is_our_own_defect_and_leaks_nothing(database: Database) -> None:
    with pytest.raises(AssertionError) as caught, database.transaction() as connection:
        connection.execute(text("SELEKT :secret"), {"secret": SECRET})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_even_the_exception_a_store_sees_inside_the_block_hides_the_values(database: Database) -> None:
    statement = text("INSERT INTO sample_absent VALUES (:secret)")
    with pytest.raises(OutOfDate), database.transaction() as connection:  # noqa: PT012
        with pytest.raises(SQLAlchemyError) as caught:
            connection.execute(statement, {"secret": SECRET})
        assert SECRET not in str(caught.value)
        raise caught.value


def test_an_instant_comes_back_the_same_to_the_microsecond(shelves: Database) -> None:
    at = datetime(2026, 3, 1, 9, 0, 0, 123_457, tzinfo=UTC)
    with shelves.transaction() as connection:
        connection.execute(insert(SHELF).values(name="upper", made_at=at))
        connection.execute(insert(SHELF).values(name="old", made_at=datetime(1931, 8, 2, tzinfo=UTC)))
    with shelves.reading() as connection:
        found = connection.execute(select(SHELF.c.made_at).order_by(SHELF.c.name)).scalars().all()
    assert found == [datetime(1931, 8, 2, tzinfo=UTC), at]


def test_an_instant_without_a_zone_is_not_stored(shelves: Database) -> None:
    with pytest.raises(AssertionError), shelves.transaction() as connection:
        connection.execute(insert(SHELF).values(name="upper", made_at=datetime(2026, 3, 1)))  # noqa: DTZ001
    assert names(shelves) == []


def test_json_comes_back_the_same(shelves: Database) -> None:
    marks = {"نام": ["a", 1, None, True], "b": {"c": "中"}}
    with shelves.transaction() as connection:
        connection.execute(insert(SHELF).values(name="upper", marks=marks))
    with shelves.reading() as connection:
        assert connection.execute(select(SHELF.c.marks)).scalar_one() == marks


def test_a_writer_that_waits_too_long_is_locked_out_and_changes_nothing(shelves: Database) -> None:
    with shelves.transaction(lock="audit") as connection:
        connection.execute(insert(SHELF).values(name="first"))
        with (
            pytest.raises(Locked, match="locked by another process"),
            shelves.transaction(lock="audit") as second,
        ):
            second.execute(insert(SHELF).values(name="second"))
    assert names(shelves) == ["first"]


HOLDER = """
import sys
from sqlalchemy import text
from rahdari.database import open_database
with open_database(sys.argv[1]).transaction(lock="audit") as connection:
    connection.execute(text("INSERT INTO sample_shelf (name) VALUES ('theirs')"))
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_held_by_another_process_is_named_and_ends_with_that_process(
    shelves: Database, database_address: str
) -> None:
    with subprocess.Popen(  # noqa: S603  # our own program, written above
        [sys.executable, "-c", HOLDER, database_address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Locked), shelves.transaction(lock="audit"):
            pass
        other.kill()
    with open_database(database_address) as patient, patient.transaction(lock="audit") as connection:
        connection.execute(insert(SHELF).values(name="ours"))
    assert names(shelves) == ["ours"]


def test_threads_that_read_then_write_under_one_lock_lose_no_update(database_address: str) -> None:
    def add_one(database: Database) -> None:
        with database.transaction(lock="count") as connection:
            size = connection.execute(select(SHELF.c.size)).scalar_one()
            connection.execute(SHELF.update().values(size=size + 1))

    with open_database(database_address, lock_wait_seconds=30) as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
            connection.execute(insert(SHELF).values(name="count", size=0))
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: add_one(database), range(40)))
        with database.reading() as connection:
            assert connection.execute(select(SHELF.c.size)).scalar_one() == 40


@pytest.mark.postgres
def test_a_connection_the_server_cut_is_replaced_unless_a_transaction_was_on_it(
    postgresql_address: str,
) -> None:
    cut_all = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with open_database(postgresql_address) as ours, open_database(postgresql_address) as theirs:
        with ours.transaction() as connection:
            METADATA.create_all(connection)
        with theirs.transaction() as connection:
            connection.execute(cut_all)
        put(ours, "after the cut")

        def put_while_cut() -> None:
            with ours.transaction() as connection:
                connection.execute(insert(SHELF).values(name="lost"))
                with theirs.transaction() as other:
                    other.execute(cut_all)
                connection.execute(insert(SHELF).values(name="never"))

        with pytest.raises(Unreachable):
            put_while_cut()
        assert names(ours) == ["after the cut"]


# Migrations. A room of two steps, the second of which rebuilds a table that another one refers to.
STEP_1 = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.create_table("sample_shelf", sa.Column("number", sa.Integer, primary_key=True))
    op.create_table("sample_box", sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("shelf", sa.Integer, sa.ForeignKey("sample_shelf.number", ondelete="CASCADE")))
    op.execute("INSERT INTO sample_shelf VALUES (1)")
    op.execute("INSERT INTO sample_box VALUES (1, 1)")
"""
STEP_2 = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade():
    with op.batch_alter_table("sample_shelf", recreate="auto") as shelf:
        shelf.add_column(sa.Column("size", sa.Integer, nullable=False, server_default="0"))
        shelf.alter_column("number", existing_type=sa.Integer, nullable=False)
"""
STEP_THAT_FAILS = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None
def upgrade():
    op.execute("CREATE TABLE sample_half (number INTEGER)")
    op.execute("INSERT INTO sample_absent VALUES (1)")
"""


def room_of(folder: Path, *steps: str) -> RoomMigrations:
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for number, step in enumerate(steps, 1):
        (versions / f"v{number:04}.py").write_text(step)
    return RoomMigrations("sample", room_metadata(), folder)


def boxes(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM sample_box")).scalar_one())


def test_migrations_make_the_tables_and_a_second_run_does_nothing(database: Database, tmp_path: Path) -> None:
    room = room_of(tmp_path / "room", STEP_1)
    assert not is_current(database, [room])
    with pytest.raises(OutOfDate, match="older than this program"):
        require_current(database, [room])
    migrate(database, [room])
    migrate(database, [room])
    assert is_current(database, [room])
    require_current(database, [room])
    assert boxes(database) == 1


def test_a_rebuilt_table_keeps_the_rows_that_refer_to_it(database: Database, tmp_path: Path) -> None:
    migrate(database, [room_of(tmp_path / "old", STEP_1)])
    with database.transaction() as connection:  # a connection that has been writing checks references
        connection.execute(text("INSERT INTO sample_box VALUES (2, 1)"))
    migrate(database, [room_of(tmp_path / "new", STEP_1, STEP_2)])
    assert boxes(database) == 2
    with pytest.raises(Conflict), database.transaction() as connection:
        connection.execute(text("INSERT INTO sample_box VALUES (3, 404)"))


def test_tables_of_a_newer_program_are_refused_and_left_alone(database: Database, tmp_path: Path) -> None:
    old = room_of(tmp_path / "old", STEP_1)
    new = room_of(tmp_path / "new", STEP_1, STEP_2)
    migrate(database, [new])
    assert not is_current(database, [old])
    for ask in (migrate, require_current):
        with pytest.raises(OutOfDate, match="version 0002, which this program does not know"):
            ask(database, [old])
    assert is_current(database, [new])


def test_a_migration_that_fails_leaves_the_version_before(database: Database, tmp_path: Path) -> None:
    room = room_of(tmp_path / "room", STEP_1, STEP_2)
    migrate(database, [room])
    with pytest.raises(DatabaseFailed):
        migrate(database, [room_of(tmp_path / "bad", STEP_1, STEP_2, STEP_THAT_FAILS)])
    assert is_current(database, [room])
    with pytest.raises(OutOfDate), database.reading() as connection:
        connection.execute(text("SELECT * FROM sample_half"))


@pytest.mark.parametrize(("wait_seconds", "is_done"), [(10.0, True), (0.05, False)])
def test_a_new_file_that_another_process_writes_is_waited_for(
    tmp_path: Path, wait_seconds: float, *, is_done: bool
) -> None:
    """SQLite itself does not wait here: it would between two that both go over to writing ahead."""
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE first (x)")
    other.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(0.4, lambda: other.execute("ROLLBACK"))
    ending.start()
    with open_database(f"sqlite:///{path}", lock_wait_seconds=wait_seconds) as database:
        if is_done:
            with database.transaction() as connection:
                assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        else:
            with pytest.raises(Locked), database.reading():
                pass
    ending.join()
    other.close()


def test_processes_that_start_together_migrate_once(database_address: str, tmp_path: Path) -> None:
    room = room_of(tmp_path / "room", STEP_1, STEP_2)
    together = threading.Barrier(4)

    def start(_: int) -> None:
        with open_database(database_address, lock_wait_seconds=30) as database:
            together.wait()
            migrate(database, [room])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(start, range(4)))
    with open_database(database_address, lock_wait_seconds=LOCK_WAIT_SECONDS) as database:
        assert boxes(database) == 1
