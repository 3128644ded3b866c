r"""How far apart countries are, as CSV: ``exporter,importer,km``, columns in any order.

Example:
    >>> read(b"exporter,importer,km\nPAK,CHN,3882.9\n").kilometres
    mappingproxy({('PAK', 'CHN'): 3882.9})
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rahdari.wire import named_columns
from rahdari.wire.errors import MalformedInput, TooLarge

COLUMNS: Final = ("exporter", "importer", "km")

# Every pair of 300 territories, both ways.
ROWS_MAX: Final = 300 * 300

# A row has under 64 bytes, names beside the codes included.
BYTES_MAX: Final = 16 << 20

# No way between two countries is longer than once around the world.
KM_MAX: Final = 40_075.0


@dataclass(frozen=True, slots=True)
class CountryDistances:
    """Kilometres above 0 by exporter and importer."""

    kilometres: Mapping[tuple[str, str], float]


def read(raw: bytes) -> CountryDistances:
    """Read a table whole, or refuse it at its first bad line; a pair whose cell is empty is not known.

    Raises:
        TooLarge: more than ``BYTES_MAX`` bytes or ``ROWS_MAX`` rows.
        MalformedInput: another header, a bad code or number, the same pair twice; with line and reason.
    """
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"the table has {len(raw)} bytes, more than {BYTES_MAX}")
    lines: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str], float] = {}
    for cells in named_columns.read(raw, needed=COLUMNS, allowed=(), rows_max=ROWS_MAX):
        pair = (cells.country("exporter"), cells.country("importer"))
        kilometres = cells.number("km", least=0.0, most=KM_MAX)
        earlier = lines.setdefault(pair, cells.line)
        if earlier != cells.line:
            raise MalformedInput(
                f"line {cells.line}: line {earlier} already gives the way from {pair[0]} to {pair[1]}; keep one"
            )
        if kilometres is not None:
            found[pair] = kilometres
    if not found:
        raise MalformedInput("there is no distance below the header")
    return CountryDistances(MappingProxyType(found))
