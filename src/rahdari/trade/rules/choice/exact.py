"""Whether whole picks keep a programme's rows to the last digit given, and rows that rule out those that do not.

A solver keeps rows to some tolerance of its own; beside one very large amount that hides an overrun of small ones.
So what it finds is added up anew, and where a row is not kept, a row of ones is added that no allowed choice
breaks: for picks P that overrun the row ``a . y <= b``, every choice that keeps it lacks one of P that takes, or
has one beyond P that gives. For needs alone these are cover inequalities, extended to what needs as much.
"""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rahdari.trade.rules.choice.menu import Picks
from rahdari.trade.rules.choice.model import ROUNDING, Model, Numbers, Row

Places = npt.NDArray[np.intp]


def is_over(row: Row, columns: Numbers) -> bool:
    """Tell whether these columns (0 or 1 each) overrun a row by more than the rounding of its own amounts."""
    parts = row.values * columns[row.columns]
    size = max(abs(row.upper), math.fsum(parts[parts > 0]))
    return math.fsum(parts) - row.upper > ROUNDING * size


def overrun(model: Model, picks: Picks) -> tuple[Row, ...]:
    """List the rows of candidates alone that these picks do not keep."""
    columns = picks.astype(np.float64)
    own = (row for row in model.rows if not len(row.columns) or row.columns.max() < model.count)
    return tuple(row for row in own if is_over(row, columns))


def without(model: Model, picks: Picks, rows: tuple[Row, ...]) -> Model:
    """Give the programme with a row more for each overrun one, which these picks break and no allowed choice."""
    return replace(model, rows=(*model.rows, *(_cut(row, picks) for row in rows)))


def tightened(model: Model, rows: tuple[Row, ...], by: float) -> Model:
    """Give the programme with what these rows leave made less by ``by``, in units of the scaled row."""
    names = {row.limit for row in rows}
    return replace(
        model,
        rows=tuple(replace(row, upper=row.upper - by) if row.limit in names else row for row in model.rows),
    )


def _cut(row: Row, picks: Picks) -> Row:
    """Write: one of those picked that take must go, or one of those not picked that give must come."""
    is_in = picks[row.columns]
    over = math.fsum(row.values[is_in]) - row.upper
    size = ROUNDING * max(abs(row.upper), math.fsum(row.values[is_in & (row.values > 0)]))
    takes, gives = np.flatnonzero(is_in & (row.values > 0)), np.flatnonzero(~is_in & (row.values < 0))
    if len(gives):
        gives = _enough(row.values, gives, over - size)
    else:
        takes = _needed(row.values, takes, over - size)
    # Where nothing gives, whatever takes as much as the most of these may stand for any of them.
    is_cover = len(takes) > 0 and not len(gives)
    alike = np.flatnonzero(row.values >= row.values[takes].max()) if is_cover else takes
    both = np.union1d(takes, alike)
    places = np.concatenate([both, gives])
    values = np.concatenate([np.ones(len(both)), -np.ones(len(gives))])
    return Row(row.limit, row.columns[places], values, float(len(takes) - 1))


def _needed(values: Numbers, takes: Places, over: float) -> Places:
    """Leave out, the least first, those without which the row is overrun still."""
    kept = []
    for place in takes[np.argsort(values[takes], kind="stable")]:
        if values[place] < over:
            over -= values[place]
        else:
            kept.append(place)
    return np.array(kept, dtype=np.intp)


def _enough(values: Numbers, gives: Places, over: float) -> Places:
    """Leave out, the least first, those that all together do not make up for the overrun."""
    order = gives[np.argsort(-values[gives], kind="stable")]
    return order[np.cumsum(-values[order]) >= over]
