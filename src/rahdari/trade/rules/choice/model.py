"""A menu as a mixed-integer programme: every row ``a . x <= b``, and which limit each row is for.

Columns are the candidates (0 or 1) in their order; then, where a minimum of sectors is asked for, one column a
sector that can be 1 only if something of the sector is chosen.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from rahdari.trade.rules.choice.menu import Limit, LimitKind, Menu, Picks

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Numbers = npt.NDArray[np.float64]
# What is given in decimals is rounded in its sixteenth digit; nobody plans the tenth.
ROUNDING: Final = 1e-9
_OF_SHARES: Final = frozenset({LimitKind.SECTOR_SHARE, LimitKind.MARKET_SHARE})


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row: coefficients at columns, the bound, and how the row was scaled (original = scale x row)."""

    limit: Limit
    columns: npt.NDArray[np.intp]
    values: Numbers
    upper: float
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The programme. ``gains`` are in units of ``unit_usd`` so that no coefficient is far from 1."""

    gains: Numbers
    unit_usd: float
    count: int
    rows: tuple[Row, ...]
    lower: Numbers
    upper: Numbers
    is_whole: Numbers

    @property
    def matrix(self) -> "csr_array":
        """Give the rows as one sparse matrix."""
        from scipy.sparse import csr_array  # noqa: PLC0415 - a server that only verifies does without it

        starts = np.cumsum([0, *(len(row.columns) for row in self.rows)])
        columns = np.concatenate([np.empty(0, dtype=np.intp), *(row.columns for row in self.rows)])
        values = np.concatenate([np.empty(0), *(row.values for row in self.rows)])
        return csr_array((values, columns, starts), shape=(len(self.rows), len(self.lower)))

    @property
    def bounds(self) -> Numbers:
        """Give the right-hand sides."""
        return np.array([row.upper for row in self.rows], dtype=np.float64)

    def with_gains(self, gains_usd: Numbers) -> "Model":
        """Give the same programme with other gains in its objective; its rows stay as they are."""
        padded = np.zeros(len(self.lower))
        padded[: self.count] = gains_usd / self.unit_usd
        return replace(self, gains=padded)

    def fewest(self) -> "Model":
        """Give the programme that takes as few as possible instead of as much as possible."""
        objective = np.zeros(len(self.lower))
        objective[: self.count] = -1.0
        return replace(self, gains=objective, unit_usd=1.0)


def model_of(menu: Menu, kept: Collection[Limit] | None = None) -> Model:
    """Write a menu as a programme; of its limits only those ``kept``, where that is given."""
    limits, count = menu.limits, len(menu.candidates)
    total = count + (len(menu.sectors) if limits.sectors_min else 0)
    required, barred = limits.required, limits.barred
    if kept is not None:
        required, barred = _named(kept, LimitKind.REQUIRED), _named(kept, LimitKind.BARRED)
    shut = shut_out(menu, kept)
    is_open = np.array([code not in shut for code in menu.codes], dtype=np.bool_)
    unit = max(float(menu.gains_usd[is_open].max(initial=0.0)), 1.0)
    lower, upper, whole = np.zeros(total), np.ones(total), np.zeros(total)
    whole[:count] = 1.0
    lower[:count][menu.picks(required)] = 1.0
    # What one limit alone rules out is ruled out in the relaxed programme too: no half of an impossible product.
    # Unless it is required: then the limits contradict one another, and the rows say which.
    upper[:count][menu.picks(barred) | ~(is_open | menu.picks(required))] = 0.0
    gains = np.zeros(total)
    gains[:count] = menu.gains_usd / unit
    reach = upper[:count] > 0
    rows = tuple(
        _within(row, reach) if row.limit.kind in _OF_SHARES else row
        for row in rows_of(menu)
        if kept is None or row.limit in kept
    )
    return Model(gains, unit, count, rows, lower, upper, whole)


def rows_of(menu: Menu) -> Iterator[Row]:
    """Write every limit of a menu, for any choice whatever."""
    for part in (_budgets, _sector_numbers, _shares, _diversity, _orders, _variants, _totals):
        yield from part(menu)


def _named(kept: Collection[Limit], kind: LimitKind) -> tuple[str, ...]:
    return tuple(one.name for one in kept if one.kind is kind)


def _within(row: Row, is_open: Picks) -> Row:
    """Scale a share's row by what can be had: beside what cannot, an overrun would not be seen.

    What gives more than all that takes makes up for it either way, and counts as just so much.
    """
    values, columns = row.values[is_open[row.columns]], row.columns[is_open[row.columns]]
    values = np.maximum(values, -math.fsum(values[values > 0]))
    size = float(np.abs(values).max(initial=0.0)) or 1.0
    is_kept = values != 0
    return Row(row.limit, columns[is_kept], values[is_kept] / size, 0.0, row.scale * size)


def row_of(limit: Limit, coefficients: Numbers, upper: float) -> Row:
    """Scale a row by its bound, or where that is 0 by its largest number, and keep what is not zero."""
    columns = np.flatnonzero(coefficients)
    size = abs(upper) or float(np.abs(coefficients).max(initial=0.0)) or 1.0
    return Row(limit, columns, coefficients[columns] / size, upper / size, size)


def shut_out(menu: Menu, kept: Collection[Limit] | None = None) -> dict[str, Limit]:
    """Name what one limit alone keeps from being chosen, and that limit."""
    found: dict[str, Limit] = {}
    is_open = np.ones(len(menu.candidates), dtype=np.bool_)
    for resource, amount in menu.limits.budgets.items():
        limit = Limit(LimitKind.BUDGET, resource, amount)
        if kept is None or limit in kept:
            # The rounding of decimals is no overrun: 0.1 + 0.2 fits into 0.3.
            _shut(menu, limit, is_open & (menu.needs_of(resource) > amount * (1 + ROUNDING)), found)
            is_open = np.array([code not in found for code in menu.codes], dtype=np.bool_)
    caps = [row for row in _shares(menu) if kept is None or row.limit in kept]
    before = -1
    while caps and before < len(found):
        before = len(found)
        for row in caps:
            values, columns = row.values, row.columns
            gives = -math.fsum(values[(values < 0) & is_open[columns]])
            is_over = np.zeros(len(is_open), dtype=np.bool_)
            is_over[columns] = values > gives + ROUNDING * values
            _shut(menu, row.limit, is_over & is_open, found)
            is_open &= ~is_over
    return found


def _shut(menu: Menu, limit: Limit, is_over: Picks, found: dict[str, Limit]) -> None:
    for place in np.flatnonzero(is_over):
        found[menu.codes[place]] = limit


def _budgets(menu: Menu) -> Iterator[Row]:
    for resource, amount in menu.limits.budgets.items():
        if math.isfinite(amount):
            needs = menu.needs_of(resource)
            # What needs more than there is cannot be had, however much more: cut off at twice the budget, it does
            # not swamp the solver's tolerance. Of nothing, every need is too much.
            needs = np.minimum(needs, 2 * amount) if amount > 0 else np.sign(needs)
            yield row_of(Limit(LimitKind.BUDGET, resource, amount), needs, amount)


def presence(menu: Menu, picks: Picks) -> Numbers:
    """Give the columns of a choice: the candidates, then, where the model has them, the sectors."""
    if not menu.limits.sectors_min:
        return picks.astype(np.float64)
    chosen = {one.sector for one, is_in in zip(menu.candidates, picks, strict=True) if is_in}
    return np.concatenate([picks, [sector in chosen for sector in menu.sectors]]).astype(np.float64)


def _is_of(menu: Menu, sector: str) -> Numbers:
    return np.array([one.sector == sector for one in menu.candidates], dtype=np.float64)


def _sector_numbers(menu: Menu) -> Iterator[Row]:
    for sector, number in menu.limits.sector_number_max.items():
        yield row_of(Limit(LimitKind.SECTOR_NUMBER, sector, number), _is_of(menu, sector), number)


def _shares(menu: Menu) -> Iterator[Row]:
    """A share of a total that is itself chosen is linear: sum of gain x (part - cap) <= 0."""
    gains, cap = menu.gains_usd, menu.limits.sector_share_max
    if cap is not None and cap < 1:
        for sector in menu.sectors:
            limit = Limit(LimitKind.SECTOR_SHARE, sector, cap)
            yield row_of(limit, gains * (_is_of(menu, sector) - cap), 0.0)
    for market, share in menu.limits.market_share_max.items():
        limit = Limit(LimitKind.MARKET_SHARE, market, share)
        yield row_of(limit, gains * (menu.shares_of(market) - share), 0.0)


def _diversity(menu: Menu) -> Iterator[Row]:
    least, count = menu.limits.sectors_min, len(menu.candidates)
    limit = Limit(LimitKind.SECTORS_MIN, "", least)
    if not least:
        return
    for at, sector in enumerate(menu.sectors):
        present = np.zeros(count + len(menu.sectors))
        present[:count], present[count + at] = -_is_of(menu, sector), 1.0
        yield row_of(limit, present, 0.0)
    yield row_of(limit, np.repeat([0.0, -1.0], [count, len(menu.sectors)]), -least)


def _orders(menu: Menu) -> Iterator[Row]:
    place = {code: at for at, code in enumerate(menu.codes)}
    for one in menu.candidates:
        for before in one.after:
            columns = np.array([place[one.code], place[before]], dtype=np.intp)
            limit = Limit(LimitKind.PREREQUISITE, f"{one.code} after {before}", 1)
            yield Row(limit, columns, np.array([1.0, -1.0]), 0.0)


def _variants(menu: Menu) -> Iterator[Row]:
    groups: dict[str, list[int]] = {}
    for at, one in enumerate(menu.candidates):
        if one.variant_of is not None:
            groups.setdefault(one.variant_of, []).append(at)
    for group, places in groups.items():
        columns = np.array(places, dtype=np.intp)
        yield Row(Limit(LimitKind.VARIANTS, group, 1), columns, np.ones(len(places)), 1.0)


def _totals(menu: Menu) -> Iterator[Row]:
    limits = menu.limits
    if limits.number_max is not None and limits.number_max < len(menu.candidates):
        ones = np.ones(len(menu.candidates))
        yield row_of(Limit(LimitKind.NUMBER_MAX, "", limits.number_max), ones, limits.number_max)
    if limits.gain_min_usd > 0:
        limit = Limit(LimitKind.GAIN_MIN, "", limits.gain_min_usd)
        # One product that reaches it alone counts as just reaching it, which is the same and keeps the scale.
        yield row_of(limit, -np.minimum(menu.gains_usd, limits.gain_min_usd), -limits.gain_min_usd)
