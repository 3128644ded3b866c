"""Brings each room's tables to the version of the program, or says that it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alembic.autogenerate.api import AutogenContext, produce_migrations, render_python_code
from alembic.operations import Operations
from alembic.operations.ops import DowngradeOps, UpgradeOps
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, TypeDecorator, text
from sqlalchemy.schema import SchemaItem

from rahdari.database.connections import Database
from rahdari.database.errors import OutOfDate


@dataclass(frozen=True, slots=True)
class RoomMigrations:
    """One room's tables and the steps that lead to them.

    ``folder`` holds ``versions/``, the steps in Alembic's form; which of them a database has seen is kept
    in the table ``<room>_version``. All tables of the room are named ``<room>_...``.
    """

    room: str
    metadata: MetaData
    folder: Path


def migrate(database: Database, rooms: Sequence[RoomMigrations]) -> None:
    """Bring every room to its newest version, all of them or none; does nothing where all is current.

    Two processes that start together take turns, and the second finds the work done.

    Raises:
        OutOfDate: the database was written by a newer program.
        DatabaseFailed: one of its other leaves.
    """
    with database.migrating() as connection:
        for room in rooms:
            _upgrade(connection, room)
        if not database.is_postgresql:
            _require_whole(connection)


def is_current(database: Database, rooms: Sequence[RoomMigrations]) -> bool:
    """Tell whether every room's tables are of this program's version."""
    with database.reading() as connection:
        return all(_heads(connection, room) == set(_script(room).get_heads()) for room in rooms)


def require_current(database: Database, rooms: Sequence[RoomMigrations]) -> None:
    """Pass only where every room's tables are of this program's version.

    Raises:
        OutOfDate: migrations are missing, or the database was written by a newer program.
    """
    with database.reading() as connection:
        for room in rooms:
            script = _script(room)
            heads = _heads(connection, room)
            _require_known(script, heads, room)
            if heads != set(script.get_heads()):
                raise OutOfDate(
                    f"the tables of {room.room} in {database.place} are older than this program; "
                    "run its migrations, then try again"
                )


def write_revision(database: Database, room: RoomMigrations, *, number: str, title: str) -> Path:
    """Write the step from a current database's tables to the room's metadata; for developers.

    Args:
        database: one in which the room is current; it is only read.
        room: whose metadata has been changed.
        number: the new revision, four digits.
        title: a few words, lower case, which become part of the file's name.

    Returns:
        The file, to be read and corrected before it is used.
    """
    script = _script(room)
    with database.reading() as connection:
        context = _context(connection, room)
        operations = produce_migrations(context, room.metadata)
    assert operations.upgrade_ops is not None  # noqa: S101  # produce_migrations always makes both
    assert operations.downgrade_ops is not None  # noqa: S101
    written = script.generate_revision(
        number,
        title,
        upgrades=_rendered(operations.upgrade_ops),
        downgrades=_rendered(operations.downgrade_ops),
        imports="",
    )
    assert written is not None  # noqa: S101  # None only when a hook swallowed the file, and there is none
    return Path(written.path)


def _rendered(operations: UpgradeOps | DowngradeOps) -> str:
    def as_plain_type(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
        # A step stays true when our column types change, so it speaks of what they store.
        if kind == "type" and isinstance(item, TypeDecorator):
            return f"sa.{type(item.impl_instance).__name__}()"
        return False

    return render_python_code(operations, render_as_batch=True, render_item=as_plain_type)


def _script(room: RoomMigrations) -> ScriptDirectory:
    script = ScriptDirectory(
        str(Path(__file__).parent),  # where script.py.mako lies, the form of a new step
        file_template="v%(rev)s_%(slug)s",
        version_locations=[str(room.folder / "versions")],
        messaging_opts={"quiet": True},
    )
    if len(script.get_heads()) > 1:
        raise AssertionError(
            f"the migrations of {room.room} fork: give the later step the other as its parent"
        )
    return script


def _context(connection: Connection, room: RoomMigrations) -> MigrationContext:
    def is_ours(_: SchemaItem, name: str | None, kind: str, *__: object) -> bool:
        return kind != "table" or (name or "").startswith(f"{room.room}_")

    return MigrationContext.configure(
        connection,
        opts={
            "version_table": _version_table(room),
            "target_metadata": room.metadata,
            "include_object": is_ours,
            "render_as_batch": True,
            "transactional_ddl": True,
        },
    )


def _version_table(room: RoomMigrations) -> str:
    return f"{room.room}_version"


def _heads(connection: Connection, room: RoomMigrations) -> set[str]:
    return set(_context(connection, room).get_current_heads())


def _upgrade(connection: Connection, room: RoomMigrations) -> None:
    script = _script(room)
    context = _context(connection, room)
    seen = context.get_current_heads()
    _require_known(script, set(seen), room)

    def pending(at: tuple[str, ...], _: MigrationContext) -> list[RevisionStep]:
        steps = script.iterate_revisions("heads", at, implicit_base=True)
        return [
            MigrationStep.upgrade_from_script(script.revision_map, step) for step in reversed(list(steps))
        ]

    if seen != tuple(script.get_heads()):
        context = MigrationContext.configure(connection, opts={**context.opts, "fn": pending})
        with Operations.context(context):
            context.run_migrations()


def _require_known(script: ScriptDirectory, heads: set[str], room: RoomMigrations) -> None:
    for head in heads:
        try:
            script.get_revision(head)
        except CommandError:
            raise OutOfDate(
                f"the tables of {room.room} are at version {head}, which this program does not know: "
                "a newer program wrote them. Use that version or a later one; nothing was changed"
            ) from None


def _require_whole(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise AssertionError(f"a migration left {len(broken)} rows that refer to nothing; it was rolled back")
