"""Good whole choices without a search: what the relaxed programme takes whole, bettered by swaps.

A swap takes up to two columns out and puts up to two in. The best one that keeps all rows is made until none is
better. Nothing is proven by it: on drawn menus of 1,850 products it ended 0 to 8 ten-thousandths below the best, or
80 where one product is a tenth of the gain. The proof starts from there.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from rahdari.trade.rules.choice.exact import Places, overrun
from rahdari.trade.rules.choice.menu import Picks
from rahdari.trade.rules.choice.model import Model, Numbers

# Rows times columns: above this one look at all swaps takes longer than the search for which it is made.
CELLS_MAX: Final = 100_000
# By how little they lose at the ends that the prices prefer: so many that are in, in pairs fewer, and so many that
# are not.
OUT_MAX, PAIRS_OUT_MAX, IN_MAX, PAIRS_IN_MAX = 60, 40, 250, 120
# One swap a round; drawn menus of 1,850 products took 2 to 15.
ROUNDS_MAX: Final = 40
# What a swap has to bring, in units of the model, and what the rounding of a sum of needs may hide.
_MORE: Final = 1e-9


def is_fit(model: Model) -> bool:
    """Tell whether swaps are worth a try: every column whole, and few enough rows."""
    is_whole = len(model.lower) == model.count and bool((model.is_whole > 0).all())
    return is_whole and 0 < len(model.rows) * model.count <= CELLS_MAX


def swapped(model: Model, parts: Numbers, losses: Numbers) -> Picks | None:
    """Take what ``parts`` has whole and better it; None where that keeps the rows in no way.

    Args:
        model: A programme that ``is_fit``.
        parts: A solution in fractions.
        losses: By column, how little it matters at which end it is: the least are tried.
    """
    picks = parts > 1 - 1e-9
    uses = np.ascontiguousarray(model.matrix.toarray().T)
    room = model.bounds - picks @ uses
    if (room < -_MORE).any():
        return None
    for _ in range(ROUNDS_MAX):
        swap = _best_swap(model, picks, uses, losses)
        if swap is None:
            break
        picks[swap[0]], picks[swap[1]] = False, True
    # A row may be kept to a billionth and still overrun its own small amounts.
    return None if overrun(model, picks) else picks


def _best_swap(model: Model, picks: Picks, uses: Numbers, losses: Numbers) -> tuple[Places, Places] | None:
    """Give what goes out and what comes in; None where nothing is better by more than rounding."""
    room = model.bounds - picks @ uses
    ways = _Ways(model, _least(losses, ~picks & (model.upper > model.lower))[:IN_MAX], uses)
    best, most = None, _MORE
    for out in _outs(_least(losses, picks & (model.upper > model.lower))[:OUT_MAX]):
        lost = float(model.gains[out].sum())
        first = ways.first(room + uses[out].sum(axis=0) + _MORE, lost + most)
        if first is not None:
            best, most = (out, ways.places(first)), float(ways.gains[first]) - lost
    return best


class _Ways:
    """What may come in, one column or two, the greatest gain first."""

    __slots__ = ("_pairs", "_uses", "gains")

    def __init__(self, model: Model, places: Places, uses: Numbers) -> None:
        few = places[:PAIRS_IN_MAX]
        one, other = np.triu_indices(len(few), 1)
        nothing = np.full(len(places) + 1, -1, dtype=np.intp)
        alone = np.append(places, -1)
        pairs = np.concatenate([np.stack([alone, nothing], axis=1), np.stack([few[one], few[other]], axis=1)])
        # The last, of index -1, stands for none: it gains and uses nothing.
        gains, used = np.append(model.gains, 0.0), np.vstack([uses, np.zeros(uses.shape[1])])
        both = gains[pairs].sum(axis=1)
        order = np.argsort(-both, kind="stable")
        self._pairs, self.gains = pairs[order], both[order]
        self._uses = np.ascontiguousarray((used[self._pairs[:, 0]] + used[self._pairs[:, 1]]).T)

    def first(self, room: Numbers, above: float) -> int | None:
        """Find the way of greatest gain, more than ``above``, for which there is room in every row."""
        left = np.arange(np.searchsorted(-self.gains, -above, side="left"))
        for used, most in zip(self._uses, room, strict=True):
            if not len(left):
                return None
            left = left[used[left] <= most]
        return int(left[0]) if len(left) else None

    def places(self, way: int) -> Places:
        """Give the columns of a way."""
        pair: Places = self._pairs[way]
        return pair[pair >= 0]


def _outs(places: Places) -> Iterator[Places]:
    yield places[:0]
    for at, place in enumerate(places):
        yield places[at : at + 1]
        if at < PAIRS_OUT_MAX:
            for other in places[:at]:
                yield np.array([place, other], dtype=np.intp)


def _least(losses: Numbers, is_among: npt.NDArray[np.bool_]) -> Places:
    places = np.flatnonzero(is_among)
    return places[np.argsort(losses[places], kind="stable")]
