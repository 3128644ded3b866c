"""Writing the next step from a change of the tables, as a developer does."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, inspect, text

from rahdari.database import (
    EpochMicroseconds,
    RoomMigrations,
    is_current,
    migrate,
    open_database,
    room_metadata,
    write_revision,
)


def shelf(*more: Column[object]) -> MetaData:
    metadata = room_metadata()
    Table("sample_shelf", metadata, Column("number", Integer, primary_key=True), *more)
    return metadata


def test_a_step_is_written_from_the_change_runs_and_leaves_nothing_to_write(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    first = RoomMigrations("sample", shelf(), tmp_path)
    second = RoomMigrations(
        "sample", shelf(Column("name", Text), Column("made_at", EpochMicroseconds)), tmp_path
    )
    with open_database("sqlite://") as database:
        with database.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE other_room (number INTEGER)")
        for number, room in (("0001", first), ("0002", second), ("0003", second)):
            path = write_revision(database, room, number=number, title="Change the shelf")
            assert path.name == f"v{number}_change_the_shelf.py"
            assert not is_current(database, [room])
            migrate(database, [room])
            assert is_current(database, [room])
        with database.reading() as connection:
            columns = [column["name"] for column in inspect(connection).get_columns("sample_shelf")]
    assert columns == ["number", "name", "made_at"]
    steps = {path.name[:5]: path.read_text() for path in (tmp_path / "versions").glob("v*.py")}
    assert "sa.Column('made_at', sa.BigInteger()" in steps["v0002"], "a step outlives our column types"
    assert "op." not in steps["v0003"]
    assert "other_room" not in "".join(steps.values())


STEP_WITH_ORPHANS = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade():
    op.execute("CREATE TABLE sample_shelf (number INTEGER PRIMARY KEY)")
    op.execute("CREATE TABLE sample_box (shelf INTEGER REFERENCES sample_shelf (number))")
    op.execute("INSERT INTO sample_box VALUES (404)")
"""


def test_a_step_that_leaves_references_to_nothing_is_rolled_back(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "v0001.py").write_text(STEP_WITH_ORPHANS)
    room = RoomMigrations("sample", room_metadata(), tmp_path)
    with open_database("sqlite://") as database:
        with pytest.raises(AssertionError, match="1 rows that refer to nothing"):
            migrate(database, [room])
        with database.reading() as connection:
            assert inspect(connection).get_table_names() == []


def test_steps_that_fork_are_refused_before_anything_runs(tmp_path: Path) -> None:
    """Two developers wrote 0001: a merge is needed, and no database is to be touched."""
    (tmp_path / "versions").mkdir()
    for name, number in (("one", "0001"), ("two", "0002")):
        (tmp_path / "versions" / f"v{number}_{name}.py").write_text(
            STEP_WITH_ORPHANS.replace('"0001"', f'"{number}"')
        )
    room = RoomMigrations("sample", room_metadata(), tmp_path)
    with open_database("sqlite://") as database:
        with pytest.raises(AssertionError, match="fork"):
            migrate(database, [room])
        with database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one() == 0
