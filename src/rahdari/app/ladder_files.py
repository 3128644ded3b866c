"""The ladders that the package carries, read from its own files."""

from collections.abc import Collection
from importlib.resources import files

from rahdari.trade.rules.ladders import Ladder, read_ladder


def carried_ladders(*, known: Collection[str] | None = None) -> tuple[Ladder, ...]:
    """Read every ladder that the package carries, by name.

    Args:
        known: the headings and subheadings of HS92, to check the codes against.

    Raises:
        BadTradeFile: a file is not what it should be.
    """
    folder = files("rahdari.trade") / "data" / "ladders"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(read_ladder(one.read_bytes(), name=one.name, known=known) for one in found)
