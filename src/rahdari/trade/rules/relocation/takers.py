"""Who took the share that somebody lost: gains by country, their concentration, and occasions to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.relocation.panel import Panel, ratio
from rahdari.trade.values import Amounts

# Every exporter may have lost every subheading: 230 x 6,000 is all there can be.
OCCASIONS_MAX = 1_500_000


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Shares of world exports in the first and the last window of a panel; countries by products, read-only.

    ``start_usd`` and ``end_usd`` are the mean years of the windows.
    """

    start_usd: Amounts
    end_usd: Amounts
    start_share: Amounts
    end_share: Amounts

    @property
    def gained(self) -> Amounts:
        """Give what each country's share changed by; adds up to 0 where the product was traded in both windows."""
        return self.end_share - self.start_share


@dataclass(frozen=True, slots=True, eq=False)
class Occasions:
    """Reallocations that happened: ``won[n, country]`` of what ``donors[n]`` lost of product ``products[n]``.

    Each row adds up to 1; the donor's own place is 0. ``lost_share`` is what the donor lost of the world.
    """

    donors: Amounts
    products: Amounts
    won: Amounts
    lost_share: Amounts


def shift(panel: Panel, window_years: int) -> Shift:
    """Compare the first and the last window of a panel. Raises as ``Panel.window``."""
    start = panel.window(window_years, at_end=False)
    end = panel.window(window_years, at_end=True)
    parts = [start, end, ratio(start, start.sum(axis=0)), ratio(end, end.sum(axis=0))]
    for part in parts:
        part.flags.writeable = False
    return Shift(*parts)


def gains_without(moved: Shift, donor: int) -> Amounts:
    """Split what was gained by all but the donor: countries by products, each column adds up to 1 or is 0."""
    gains = np.maximum(moved.gained, 0.0)
    gains[donor] = 0.0
    is_in_both = (moved.start_usd.sum(axis=0) > 0) & (moved.end_usd.sum(axis=0) > 0)
    return ratio(np.where(is_in_both, gains, 0.0), gains.sum(axis=0))


def occasions(moved: Shift, donors: Sequence[int], *, loss_min: float = 0.1) -> Occasions:
    """List what the donors lost: products of which a donor's share fell by ``loss_min`` of itself or more.

    Countries that exported nothing at all in the first window cannot have been chosen then; what they gained is
    left aside and the rest adds up to 1.

    Raises:
        BadParameter: ``loss_min`` is no share above 0, or there are too many occasions.
    """
    if not 0 < loss_min <= 1:
        raise BadParameter(f"a loss counts from {loss_min} of the donor's share on; give 0 to 1, above 0")
    was_there = moved.start_usd.sum(axis=1) > 0
    found: list[tuple[int, int, Amounts, float]] = []
    for donor in donors:
        before, after = moved.start_share[donor], moved.end_share[donor]
        lost = np.flatnonzero((before > 0) & (before - after >= loss_min * before))
        won = np.where(was_there[:, None], gains_without(moved, donor)[:, lost], 0.0)
        found += [
            (donor, int(product), won[:, at] / won[:, at].sum(), float(before[product] - after[product]))
            for at, product in enumerate(lost)
            if won[:, at].sum() > 0
        ]
        if len(found) > OCCASIONS_MAX:
            raise BadParameter(f"more than {OCCASIONS_MAX} occasions; name fewer donors")
    return Occasions(
        donors=np.array([one[0] for one in found], dtype=np.intp),
        products=np.array([one[1] for one in found], dtype=np.intp),
        won=np.array([one[2] for one in found]).reshape(len(found), len(moved.start_usd)),
        lost_share=np.array([one[3] for one in found]),
    )


def herfindahl(amounts: Amounts) -> float:
    """Give the sum of squared shares, 1/n to 1. Raises ``NothingTraded`` where the amounts add up to 0."""
    total = float(amounts.sum())
    if total <= 0:
        raise NothingTraded("nothing was traded, so there is no concentration of it")
    return float(((amounts / total) ** 2).sum())
