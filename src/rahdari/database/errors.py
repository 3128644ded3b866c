"""What a database can do to us. The driver's own words never pass: they may quote what was stored."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class BadAddress(Refused):
    """The setting names no database this house can open."""

    code: ClassVar[str] = "database.bad_address"


class DatabaseFailed(CounterpartFailed):
    """The database did not do what it was asked. Nothing of the transaction was kept."""

    code: ClassVar[str] = "database.failed"


class Locked(DatabaseFailed):
    """Somebody else held the database longer than we wait."""

    code: ClassVar[str] = "database.locked"


class Full(DatabaseFailed):
    """There is no room left to write in."""

    code: ClassVar[str] = "database.full"


class Unreachable(DatabaseFailed):
    """The database cannot be opened, was cut off, or takes no writes from us."""

    code: ClassVar[str] = "database.unreachable"


class Damaged(DatabaseFailed):
    """What is stored is not a database, or no longer a whole one."""

    code: ClassVar[str] = "database.damaged"


class OutOfDate(DatabaseFailed):
    """The tables and the program are of different versions."""

    code: ClassVar[str] = "database.out_of_date"


class Conflict(DatabaseFailed):
    """What was to be written contradicts what is there, or another transaction came first.

    ``constraint`` is the name of the violated constraint, the same on every engine for primary keys
    and unique constraints; None where a transaction lost a race and may simply be run again.
    """

    code: ClassVar[str] = "database.conflict"

    def __init__(self, message: str, constraint: str | None = None) -> None:
        """Keep the sentence and the constraint's name, never the values."""
        super().__init__(message)
        self.constraint = constraint
