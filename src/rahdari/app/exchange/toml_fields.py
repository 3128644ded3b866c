"""Takes a TOML table apart, name by name, so that an unknown one is seen."""

from collections.abc import Mapping
from typing import Final

from rahdari.wire.errors import MalformedInput

_NOTHING: Final = object()


class Fields:
    """A table; each value is taken once, with its type."""

    def __init__(self, values: Mapping[str, object], place: str) -> None:
        """Take from ``values``; ``place`` names the table in refusals."""
        self._values, self._place = dict(values), place

    def text(self, name: str, default: str | None = None) -> str:
        """Take text; without ``default`` it must be there. Raises ``MalformedInput``."""
        value = self._take(name, default)
        if not isinstance(value, str):
            raise MalformedInput(f"{self._place}: {name} must be text")
        return value

    def number(self, name: str, default: int | None = None, *, least: int, most: int) -> int:
        """Take a whole number between two bounds. Raises ``MalformedInput``."""
        value = self._take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise MalformedInput(f"{self._place}: {name} must be a whole number from {least} to {most}")
        return value

    def amount(self, name: str, default: float | None = None, *, least: float, most: float) -> float:
        """Take a number, whole or not, between two bounds. Raises ``MalformedInput``."""
        value = self._take(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not isinstance(value, int | float) or not least <= value <= most:
            raise MalformedInput(f"{self._place}: {name} must be a number from {least:g} to {most:g}")
        return float(value)

    def truth(self, name: str, *, default: bool) -> bool:
        """Take true or false. Raises ``MalformedInput``."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise MalformedInput(f"{self._place}: {name} must be true or false")
        return value

    def list_of_texts(self, name: str, *, most: int) -> tuple[str, ...]:
        """Take a list of at most ``most`` different texts; an empty one where there is none."""
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise MalformedInput(f"{self._place}: {name} must be a list of texts")
        if len(value) > most or len(set(value)) != len(value):
            raise MalformedInput(f"{self._place}: {name} has at most {most} entries, none of them twice")
        return tuple(value)

    def table(self, name: str) -> "Fields":
        """Take a table; an empty one where there is none."""
        value = self._values.pop(name, {})
        if not isinstance(value, dict):
            raise MalformedInput(f"{self._place}: {name} must be a table")
        return Fields(value, f"{self._place}, {name}")

    def tables(self, name: str, *, most: int) -> "tuple[Fields, ...]":
        """Take an array of tables; an empty one where there is none."""
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise MalformedInput(f"{self._place}: {name} must be tables, [[{name}]]")
        if len(value) > most:
            raise MalformedInput(f"{self._place}: {len(value)} tables {name}; at most {most} are read")
        return tuple(Fields(one, f"{self._place}, {name} {at}") for at, one in enumerate(value, 1))

    def names(self) -> tuple[str, ...]:
        """List the names that were not taken yet."""
        return tuple(self._values)

    def texts(self) -> dict[str, str]:
        """Take all that is left, texts by name."""
        left, self._values = self._values, {}
        if not all(isinstance(value, str) for value in left.values()):
            raise MalformedInput(f"{self._place}: every value must be text")
        return {name: str(value) for name, value in left.items()}

    def require_nothing_else(self) -> None:
        """Pass only where every name was taken. Raises ``MalformedInput``."""
        if self._values:
            raise MalformedInput(f"{self._place}: {min(self._values)!r} is no name that is known here")

    def _take(self, name: str, default: object) -> object:
        value = self._values.pop(name, _NOTHING)
        if value is not _NOTHING:
            return value
        if default is None:
            raise MalformedInput(f"{self._place}: {name} is missing")
        return default
