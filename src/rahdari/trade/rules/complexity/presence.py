"""Who is present in what: advantage, threshold, and what leaves the table before anything is computed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter, BadTable, Degenerate, NothingTraded
from rahdari.trade.rules.complexity.conventions import Absent, Conventions, PresenceTest, Split, Untraded
from rahdari.trade.values import SIDE_MAX, Amounts, Matrix

Mask = npt.NDArray[np.bool_]

# Each pass takes out at least one name of the two sides, so that many passes leave nothing; real tables settle in
# two or three.
PASSES_MAX = 2 * SIDE_MAX

# How many names a message lists before it counts the rest.
NAMES_TOLD_MAX = 5


class Reason(StrEnum):
    """Why a country or a product left the table."""

    UNTRADED = "untraded"
    ABSENT = "absent"
    ANOTHER_GROUP = "another_group"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A country or a product that left the table, and why."""

    code: str
    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """The table that complexity is computed on, countries by products; arrays are read-only.

    ``present`` is 0 or 1 (float64); each row and each column has a 1. ``advantage`` is what was held against
    the threshold (RCA, RSCA or RPOP; the table itself where the presences were given).
    """

    exports: Matrix
    advantage: Amounts
    present: Amounts
    dropped_countries: tuple[Dropped, ...]
    dropped_products: tuple[Dropped, ...]

    @property
    def diversity(self) -> Amounts:
        """Count the products of each country: k_c."""
        total: Amounts = self.present.sum(axis=1)
        return total

    @property
    def ubiquity(self) -> Amounts:
        """Count the countries of each product: k_p."""
        total: Amounts = self.present.sum(axis=0)
        return total


def rca(exports: Matrix) -> Matrix:
    """Compute revealed comparative advantage: (v_ik / v_i) / (v_k / V), Balassa (1965).

    The order of the divisions is the peers' own, so that ties at the threshold fall alike.

    Raises:
        NothingTraded: a row or a column of zeros has no share.
    """
    _refuse_untraded(exports)
    values = exports.values
    share_at_home = values / values.sum(axis=1)[:, None]
    products = values.sum(axis=0)
    return Matrix(exports.rows, exports.columns, share_at_home / (products / products.sum()), what="RCA")


def rsca(advantage: Amounts) -> Amounts:
    """Make RCA symmetric: (RCA - 1) / (RCA + 1), from -1 to 1 with 0 for the world's share."""
    symmetric: Amounts = (advantage - 1.0) / (advantage + 1.0)
    return symmetric


def rpop(exports: Matrix, population: Sequence[float] | Amounts) -> Matrix:
    """Compute exports per head over the world's: (v_ik / pop_i) / (v_k / pop), in the order of the rows.

    Raises:
        BadParameter: a population for each row, above zero, is wanted.
        NothingTraded: a column of zeros has no share.
    """
    heads = np.asarray(population, dtype=np.float64)
    if heads.shape != (len(exports.rows),) or not bool(np.all(np.isfinite(heads) & (heads > 0))):
        raise BadParameter(f"RPOP of {len(exports.rows)} countries needs as many populations above zero")
    _refuse_untraded(exports)
    world = exports.values.sum(axis=0) / heads.sum()
    return Matrix(exports.rows, exports.columns, exports.values / heads[:, None] / world, what="RPOP")


def find_presence(
    exports: Matrix, conventions: Conventions, population: Sequence[float] | Amounts | None = None
) -> Presence:
    """Decide who is present in what, and take out what cannot be placed.

    Args:
        exports: whole dollars, countries by products (0 and 1 with ``PresenceTest.MANUAL``).
        conventions: the test, its threshold, and what happens to what is untraded, absent or apart.
        population: for RPOP, one number a row.

    Raises:
        NothingTraded: nothing is left, or an untraded name under ``Untraded.REFUSE``.
        Degenerate: absent names under ``Absent.REFUSE``; groups without a product in common.
        BadTable: a given presence is neither 0 nor 1.
    """
    heads = None if population is None else np.asarray(population, dtype=np.float64)
    if heads is not None and heads.shape != (len(exports.rows),):
        raise BadParameter(f"{heads.size} populations for {len(exports.rows)} countries")
    table = _Table(exports, heads, [], [])
    table = _without_untraded(table, conventions)
    advantage, present = _test(table, conventions)
    for _ in range(PASSES_MAX):
        leaving = _leaving(table, present, conventions)
        if leaving is None:
            break
        table, advantage, present = _kept(table, advantage, present, leaving)
        if conventions.absent is Absent.TRIM:
            table = _without_untraded(table, conventions)
            advantage, present = _test(table, conventions)
    return _frozen(table, advantage, present)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """What is left so far, and what has gone."""

    exports: Matrix
    population: Amounts | None
    countries_gone: list[Dropped]
    products_gone: list[Dropped]

    def keeping(self, rows: Mask, columns: Mask, reason: Reason) -> "_Table":
        """Go on with some rows and columns; nothing is copied where all stay."""
        if rows.all() and columns.all():
            return self
        kept = Matrix(
            _chosen(self.exports.rows, rows),
            _chosen(self.exports.columns, columns),
            self.exports.values[np.ix_(rows, columns)],
        )
        return _Table(
            kept,
            None if self.population is None else self.population[rows],
            self.countries_gone + _gone(self.exports.rows, rows, reason),
            self.products_gone + _gone(self.exports.columns, columns, reason),
        )


def _gone(names: Sequence[str], stays: Mask, reason: Reason) -> list[Dropped]:
    return [Dropped(name, reason) for name in _chosen(names, ~stays)]


def _refuse_untraded(exports: Matrix) -> None:
    rows, columns = _anything(exports.values)
    if not (rows.all() and columns.all() and rows.size and columns.size):
        told = _told(_chosen(exports.rows, ~rows) + _chosen(exports.columns, ~columns))
        raise NothingTraded(
            f"nothing was traded by or of {told}, so no share exists; take it out of the table"
        )


def _without_untraded(table: _Table, conventions: Conventions) -> _Table:
    if conventions.untraded is Untraded.REFUSE:
        _refuse_untraded(table.exports)
    rows, columns = _anything(table.exports.values)
    kept = table.keeping(rows, columns, Reason.UNTRADED)
    if not kept.exports.rows or not kept.exports.columns:
        raise NothingTraded("the table holds no amount above zero, so nobody is present in anything")
    return kept


def _test(table: _Table, conventions: Conventions) -> tuple[Amounts, Mask]:
    exports, test = table.exports, conventions.presence
    if test is PresenceTest.MANUAL:
        if not bool(np.isin(exports.values, (0.0, 1.0)).all()):
            raise BadTable("a table of given presences holds 0 and 1 only")
        return exports.values, exports.values == 1.0
    if test is PresenceTest.RPOP:
        if table.population is None:
            raise BadParameter("presence by RPOP needs the population of each country")
        advantage = rpop(exports, table.population).values
    else:
        advantage = rca(exports).values
        advantage = rsca(advantage) if test is PresenceTest.RSCA else advantage
    threshold = conventions.threshold
    return advantage, advantage >= threshold - conventions.tie * (abs(threshold) or 1.0)


def _leaving(table: _Table, present: Mask, conventions: Conventions) -> tuple[Mask, Mask, Reason] | None:
    """Say which rows and columns stay and why the others go, or None where all stay; refuses where told to."""
    rows, columns = _anything(present)
    if not (rows.all() and columns.all()):
        if conventions.absent is Absent.REFUSE or not rows.any():
            told = _told(_chosen(table.exports.rows, ~rows) + _chosen(table.exports.columns, ~columns))
            raise Degenerate(
                f"at a threshold of {conventions.threshold} no presence is left for {told};"
                " lower the threshold, or let them be dropped"
            )
        return rows, columns, Reason.ABSENT
    rows, columns = _one_group(table.exports, present, conventions)
    return None if rows.all() and columns.all() else (rows, columns, Reason.ANOTHER_GROUP)


def _kept(
    table: _Table, advantage: Amounts, present: Mask, keep: tuple[Mask, Mask, Reason]
) -> tuple[_Table, Amounts, Mask]:
    rows, columns, reason = keep
    places = np.ix_(rows, columns)
    return table.keeping(rows, columns, reason), advantage[places], present[places]


def _one_group(exports: Matrix, present: Mask, conventions: Conventions) -> tuple[Mask, Mask]:
    groups = connected_groups(present)
    count = int(groups.max()) + 1
    if count == 1:
        return np.ones(present.shape[0], dtype=bool), np.ones(present.shape[1], dtype=bool)
    # The order of the rows decides nothing: whoever sorts a table otherwise keeps the same group.
    largest = min(range(count), key=lambda at: _rank(exports, present, groups == at))
    inside: Mask = groups == largest
    if conventions.split is Split.REFUSE:
        raise Degenerate(
            f"the countries fall into {count} groups that have no product in common, so no scale orders them"
            f" all; apart stand {_told(_chosen(exports.rows, ~inside))}. Take them out, or keep the largest group"
        )
    return inside, _anything(present[inside])[1]


def _rank(exports: Matrix, present: Mask, inside: Mask) -> tuple[int, int, float, str]:
    """Rank a group of countries: most countries, most products, most trade, smallest code come first."""
    products = int(present[inside].any(axis=0).sum())
    traded = math.fsum(exports.values[inside].ravel())
    return -int(inside.sum()), -products, -traded, min(_chosen(exports.rows, inside))


def connected_groups(present: Mask) -> npt.NDArray[np.int64]:
    """Number the groups of countries that are joined by products, in the order of their first country."""
    groups = np.full(present.shape[0], -1, dtype=np.int64)
    group = 0
    for start in range(present.shape[0]):
        if groups[start] >= 0:
            continue
        groups[_reached(present, start)] = group
        group += 1
    return groups


def _reached(present: Mask, start: int) -> Mask:
    """Walk from one country over products to all that it is joined with; each round adds a country or ends."""
    inside = np.zeros(present.shape[0], dtype=bool)
    inside[start] = True
    while True:
        wider: Mask = present[:, present[inside].any(axis=0)].any(axis=1) | inside
        if bool((wider == inside).all()):
            return inside
        inside = wider


def _frozen(table: _Table, advantage: Amounts, present: Mask) -> Presence:
    ones = present.astype(np.float64)
    ones.flags.writeable = False
    advantage.flags.writeable = False
    return Presence(
        exports=table.exports,
        advantage=advantage,
        present=ones,
        dropped_countries=tuple(table.countries_gone),
        dropped_products=tuple(table.products_gone),
    )


def _anything(table: Amounts | Mask) -> tuple[Mask, Mask]:
    """Tell which rows and which columns hold anything but zero."""
    return np.asarray(table.any(axis=1), dtype=np.bool_), np.asarray(table.any(axis=0), dtype=np.bool_)


def _chosen(names: Sequence[str], chosen: Mask) -> list[str]:
    return [name for name, is_chosen in zip(names, chosen, strict=True) if is_chosen]


def _told(names: list[str]) -> str:
    """Name a few and count the rest."""
    rest = len(names) - NAMES_TOLD_MAX
    return (", ".join(names[:NAMES_TOLD_MAX]) or "anybody") + (f" and {rest} more" if rest > 0 else "")
