"""What the prices of the relaxed programme decide already need not be tried: fewer columns, the same proof.

At any prices ``p >= 0`` of the rows no choice brings more than the ceiling

    p . b + sum_j max(n_j lower_j, n_j upper_j),    n = gains - p . A

(Lagrangian relaxation; Geoffrion 1974), and a choice that has a whole column at the end that its net gain ``n_j``
does not prefer stays below the ceiling by at least ``|n_j| (upper_j - lower_j)``. With a good choice in hand,
a column whose loss reaches further down than that choice can be left where it is (fixing by reduced costs). Good
choices come from the core: the few columns whose loss is least (Balas and Zemel 1980).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rahdari.trade.rules.choice.model import Model, Numbers

# The ceiling is a sum of some thousand floats of one sign; this is far above its rounding and far below a gap.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Ceiling:
    """What no choice exceeds, and how much further below it each column's other end is.

    Attributes:
        model: The whole programme.
        value: The ceiling, in units of the model.
        losses: By column, 0 or more; 0 where a column is not whole, or is fixed already.
        ends: The end that each column's net gain prefers.
    """

    model: Model
    value: float
    losses: Numbers
    ends: Numbers

    def core(self, size: int) -> npt.NDArray[np.bool_]:
        """Mark the columns that are not whole, and of the whole ones those that are nearest to a toss-up.

        ``size`` of them by what they would lose, and ``size`` by what they would lose of what they bring: among the
        first alone there would be hardly one of the large, which fill the limits in other ways.
        """
        is_open = (self.model.is_whole > 0) & (self.model.upper > self.model.lower)
        marked, places = ~is_open, np.flatnonzero(is_open)
        size_of = np.maximum(np.abs(self.model.gains), ROUNDING)
        for measure in (self.losses, self.losses / size_of):
            marked[places[np.argsort(measure[places], kind="stable")[:size]]] = True
        return marked

    def undecided(self, value: float) -> npt.NDArray[np.bool_]:
        """Mark the columns that a choice better than ``value`` may have at their other end."""
        return self.losses <= self.value - value + ROUNDING * max(1.0, abs(self.value))

    def narrowed(self, kept: npt.NDArray[np.bool_]) -> Model:
        """Give the programme with every column that is not kept fixed at the end it prefers."""
        model = self.model
        lower = np.where(kept, model.lower, self.ends)
        return replace(model, lower=lower, upper=np.where(kept, model.upper, self.ends))

    def beyond(self, kept: npt.NDArray[np.bool_]) -> float:
        """Give what no choice exceeds that has a column, which is not kept, at its other end."""
        return self.value - float(self.losses[~kept].min(initial=np.inf))


def ceiling_at(model: Model, row_prices: Numbers) -> Ceiling:
    """Compute the ceiling at these prices: true for any that are not negative, low at those of the optimum."""
    net: Numbers = model.gains - (row_prices @ model.matrix if model.rows else 0.0)
    ends = np.where(net > 0, model.upper, model.lower)
    value = float(row_prices @ model.bounds + net @ ends)
    losses = np.where(model.is_whole > 0, np.abs(net) * (model.upper - model.lower), 0.0)
    return Ceiling(model, value, losses, ends)
