"""Whole numbers split by weights, so that the parts add up to the whole."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter
from rahdari.trade.values import Amounts

Whole = npt.NDArray[np.int64]


def share_out(total: int, weights: Sequence[float]) -> tuple[int, ...]:
    """Split a whole number by weights into whole numbers that add up to it (largest remainder, Hamilton).

    Of equal remainders the earlier place comes first.

    Raises:
        BadParameter: the number is negative, or the weights are no finite numbers of 0 or more with a sum above 0.
    """
    held = np.asarray(weights, dtype=np.float64)
    if total < 0 or held.size == 0 or not np.isfinite(held).all() or (held < 0).any() or not held.sum() > 0:
        raise BadParameter(
            "a whole number of 0 or more is split by weights of 0 or more, one of them above 0"
        )
    return tuple(int(part) for part in share_out_all(np.array([total]), held / held.sum())[0])


def share_out_all(totals: Whole, weights: Amounts) -> Whole:
    """Split each of ``totals`` by the same weights (sum 1): totals by weights, each row adding up to its total."""
    exact = np.outer(totals, weights)
    parts: Whole = np.floor(exact).astype(np.int64)
    # Rounding in the product may leave a floor one too high near 2^53: then something is taken, not handed out.
    left = totals - parts.sum(axis=1)
    order = np.argsort(-(exact - parts), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(weights))[None, :], axis=1)
    # Beyond 2^53 the products are rounded by whole dollars: all of what is left is handed out, however much.
    parts += np.where(left > 0, left // len(weights), 0)[:, None]
    parts += rank < np.where(left > 0, left % len(weights), 0)[:, None]
    over = np.flatnonzero(left < 0)
    parts[over, parts[over].argmax(axis=1)] += left[over]
    return parts
