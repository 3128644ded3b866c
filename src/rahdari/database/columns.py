"""Column types that mean the same on every engine, and the names that constraints get."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer, MetaData, Text, TypeDecorator
from typing_extensions import override

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# SQLite counts rows only in a column declared exactly INTEGER; elsewhere a key needs 64 bits.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def room_metadata() -> MetaData:
    """Make the collection of one room's tables, in which every constraint has a predictable name.

    A migration can change only what has a name, and ``Conflict.constraint`` is that name.
    """
    return MetaData(naming_convention=_NAMES)


class EpochMicroseconds(TypeDecorator[datetime]):
    """An aware instant, stored as whole microseconds since 1970-01-01T00:00Z.

    SQLite keeps no time zone, so what it gives back from a timestamp column is ambiguous; a number is not.
    """

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise AssertionError("an instant without a time zone was about to be stored")
        return (value - _EPOCH) // _MICROSECOND

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


class Json(TypeDecorator[object]):
    """A JSON value, stored as text with sorted keys, so that equal values are equal text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        return None if value is None else json.loads(value)
