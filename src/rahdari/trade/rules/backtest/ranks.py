"""Agreement of two orders: rank correlations, the chance to tell two apart, and how many of the first are right.

Each function takes arrays of one length without holes. What is not defined (all scores alike, nobody who entered)
is a ``Figure`` without a value and with its reason, never NaN.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter
from rahdari.trade.values import Amounts

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
# Two cells always agree or disagree wholly; with fewer than this many a correlation says nothing.
CELLS_MIN = 5
# Halves shorter than this are compared pair by pair at once.
_LEAF = 64


class Undefined(StrEnum):
    """Why a figure has no value."""

    TOO_FEW = "too_few_cells"
    SCORES_ALIKE = "all_scores_alike"
    OUTCOMES_ALIKE = "all_outcomes_alike"
    NOBODY = "nobody_did_it"
    EVERYBODY = "everybody_did_it"
    FEWER_THAN_K = "fewer_cells_than_k"
    NO_SCORE = "no_score_is_known"
    NO_RIVAL = "no_simple_score_is_defined"


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval, or the reason why there is none. The interval may be unknown by itself."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: Undefined | None = None


def average_ranks(values: Amounts) -> Amounts:
    """Rank from 1, ties sharing the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks: Amounts = (ends - (count - 1) / 2.0)[place]
    return ranks


def spearman(scores: Amounts, outcomes: Amounts) -> Figure:
    """Give Spearman's (1904) rho: the correlation of the average ranks, textbook form."""
    if why := why_no_order(scores, outcomes):
        return Figure(None, why=why)
    mine, theirs = _standard(average_ranks(scores)), _standard(average_ranks(outcomes))
    return Figure(_within(float((mine * theirs).mean()), -1.0, 1.0))


def kendall(scores: Amounts, outcomes: Amounts) -> Figure:
    """Give Kendall's tau-b (1945), counted by Knight's (1966) way in n log^2 n steps, textbook forms."""
    if why := why_no_order(scores, outcomes):
        return Figure(None, why=why)
    order = np.lexsort((outcomes, scores))
    first, second = scores[order], outcomes[order]
    pairs = _pairs(np.array([len(order)]))
    tied_first, tied_second = _tied(first), _tied(second)
    both = np.stack([first, second], axis=1)
    tied_both = _pairs(np.unique(both, axis=0, return_counts=True)[1])
    # Among pairs in rising order of the scores, a falling outcome is a disagreement; ties are none.
    disagree = _inversions(second)[0]
    surplus = pairs - tied_first - tied_second + tied_both - 2 * disagree
    return Figure(
        _within(surplus / (math.sqrt(pairs - tied_first) * math.sqrt(pairs - tied_second)), -1.0, 1.0)
    )


def auc(scores: Amounts, did: Flags) -> Figure:
    """Give the chance that one who did it has a higher score than one who did not, ties counting half.

    The area under the receiver's curve, from the rank sum of Mann and Whitney (1947), textbook form.
    """
    if why := why_no_two(did):
        return Figure(None, why=why)
    return Figure(float(placements(scores, did)[did].mean()))


def placements(scores: Amounts, did: Flags) -> Amounts:
    """Give for each cell the share of those who did not do it that it is placed above, ties counting half."""
    others = np.sort(scores[~did])
    below = np.searchsorted(others, scores, side="left") + np.searchsorted(others, scores, side="right")
    shares: Amounts = below / (2.0 * len(others))
    return shares


def precision_at(scores: Amounts, did: Flags, k: int) -> Figure:
    """Give the share among the k highest scores that did it; of cells tied at the cut, their mean counts.

    So the order in which ties happen to stand does not matter.

    Raises:
        BadParameter: k is below 1.
    """
    if k < 1:
        raise BadParameter(f"the precision among the first {k} is not defined; take 1 or more")
    if k > len(scores):
        return Figure(None, why=Undefined.FEWER_THAN_K)
    cut = np.sort(scores)[len(scores) - k]
    above, tied = scores > cut, scores == cut
    places_left = k - int(above.sum())
    return Figure(float((did[above].sum() + places_left * did[tied].mean()) / k))


def why_no_order(scores: Amounts, outcomes: Amounts) -> Undefined | None:
    """Tell why two orders cannot be compared; None where they can."""
    if len(scores) < CELLS_MIN:
        return Undefined.TOO_FEW
    if scores.min() == scores.max():
        return Undefined.SCORES_ALIKE
    return Undefined.OUTCOMES_ALIKE if outcomes.min() == outcomes.max() else None


def why_no_two(did: Flags) -> Undefined | None:
    """Tell why there are no two groups to tell apart; None where there are."""
    if len(did) < CELLS_MIN:
        return Undefined.TOO_FEW
    if not did.any():
        return Undefined.NOBODY
    return Undefined.EVERYBODY if did.all() else None


def _standard(values: Amounts) -> Amounts:
    centred = values - values.mean()
    standard: Amounts = centred / np.sqrt((centred * centred).mean())
    return standard


def _tied(values: Amounts) -> int:
    return _pairs(np.unique(values, return_counts=True)[1])


def _pairs(counts: npt.NDArray[np.int64]) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _inversions(values: Amounts) -> tuple[int, Amounts]:
    """Count the pairs whose first is larger than the second, and sort: by halves, so never deeper than log n."""
    if len(values) <= _LEAF:
        larger = np.triu(values[:, None] > values[None, :], k=1)
        return int(larger.sum()), np.sort(values)
    half = len(values) // 2
    in_left, left = _inversions(values[:half])
    in_right, right = _inversions(values[half:])
    across = len(left) * len(right) - int(np.searchsorted(left, right, side="right").sum())
    return in_left + in_right + across, np.sort(np.concatenate([left, right]))


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
