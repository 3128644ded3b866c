"""The rule of thumb beside the optimum: take what brings most for its needs, until nothing fits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rahdari.trade.rules.choice.menu import LimitKind, Menu, Picks
from rahdari.trade.rules.choice.model import ROUNDING, Numbers, model_of
from rahdari.trade.rules.choice.optimum import Choice, broken_limits, chosen
from rahdari.trade.rules.choice.solver import relax

if TYPE_CHECKING:
    from scipy.sparse import csc_array

# Limits that one more product can only bring nearer: what fits now is never in the way of itself later.
_GROWING = frozenset({LimitKind.BUDGET, LimitKind.SECTOR_NUMBER, LimitKind.VARIANTS, LimitKind.NUMBER_MAX})


@dataclass(slots=True)
class _Basket:
    """What has been taken so far, and how full each growing limit is."""

    places: dict[str, int]
    picks: Picks
    used: Numbers
    columns: "csc_array"
    bounds: Numbers

    def take(self, codes: Collection[str]) -> None:
        """Take these together, or nothing where they do not fit."""
        new = [at for at in (self.places[code] for code in codes) if not self.picks[at]]
        used, columns = self.used.copy(), self.columns
        for at in new:
            part = slice(columns.indptr[at], columns.indptr[at + 1])
            used[columns.indices[part]] += columns.data[part]
        if not (used > self.bounds + ROUNDING * np.maximum(1.0, np.abs(self.bounds))).any():
            self.picks[new] = True
            self.used = used


def choose_greedily(menu: Menu) -> Choice | None:
    """Choose by gain per normalised need; None where that way leads to no choice that keeps the limits.

    The need of a product is the sum, over the scarce resources, of what it takes as a share of the budget. A
    product is taken with everything it cannot be without. Sectors are filled first where a minimum is asked for;
    where a share of the gain grows too large, the least of that sector or market is put back.
    """
    basket = _basket(menu)
    bundles = {one.code: menu.closure(one.code) if one.after else {one.code} for one in menu.candidates}
    barred = set(menu.limits.barred)
    order = [bundles[code] for code in _order(menu) if barred.isdisjoint(bundles[code])]
    for code in menu.limits.required:
        basket.take(bundles[code])
    _fill_sectors(menu, basket, order)
    for bundle in order:
        basket.take(bundle)
    picks = _put_back(menu, basket.picks)
    if broken_limits(menu, picks) or not picks[menu.picks(menu.limits.required)].all():
        return None
    # What is required may wait for what is barred: then there is no choice at all.
    if picks[menu.picks(menu.limits.barred)].any():
        return None
    model = model_of(menu)
    relaxed = relax(model)
    ceiling = relaxed.value * model.unit_usd if relaxed is not None else 0.0
    return chosen(menu, picks, bound_usd=ceiling, relaxed_usd=ceiling, gap_max=1.0)


def loss_share(greedy: Choice, best: Choice) -> float:
    """Tell which share of the best choice's gain the rule of thumb loses: 0..1."""
    return 0.0 if best.gain_usd <= 0 else max(0.0, 1 - greedy.gain_usd / best.gain_usd)


def _basket(menu: Menu) -> _Basket:
    from scipy.sparse import csc_array  # noqa: PLC0415 - a server that only verifies does without it

    model = model_of(menu)
    is_growing = np.array([row.limit.kind in _GROWING for row in model.rows], dtype=np.bool_)
    count = len(menu.candidates)
    matrix = csc_array(model.matrix[is_growing]) if is_growing.any() else csc_array((0, len(model.lower)))
    bounds = model.bounds[is_growing] if is_growing.any() else np.zeros(0)
    places = {code: at for at, code in enumerate(menu.codes)}
    return _Basket(places, np.zeros(count, dtype=np.bool_), np.zeros(len(bounds)), matrix, bounds)


def _order(menu: Menu) -> list[str]:
    need = np.zeros(len(menu.candidates))
    for resource, budget in menu.limits.budgets.items():
        need += menu.needs_of(resource) / budget if budget > 0 else 0.0
    worth = np.where(need > 0, menu.gains_usd / np.where(need > 0, need, 1.0), np.inf)
    keys = zip(-worth, -menu.gains_usd, menu.codes, strict=True)
    return [code for _, _, code in sorted(keys)]


def _fill_sectors(menu: Menu, basket: _Basket, order: Sequence[Collection[str]]) -> None:
    """Take the densest of each sector until enough sectors have something."""
    sector_of = {one.code: one.sector for one in menu.candidates}
    for bundle in order:
        present = {sector_of[code] for code, at in basket.places.items() if basket.picks[at]}
        if len(present) >= menu.limits.sectors_min:
            return
        if not present.issuperset(sector_of[code] for code in bundle):
            basket.take(bundle)


def _put_back(menu: Menu, picks: Picks) -> Picks:
    left = picks.copy()
    shares = {LimitKind.SECTOR_SHARE, LimitKind.MARKET_SHARE}
    for _ in range(len(menu.candidates)):
        over = [limit for limit in broken_limits(menu, left) if limit.kind in shares]
        if not over:
            break
        _drop_least(menu, left, over[0].name, is_market=over[0].kind is LimitKind.MARKET_SHARE)
    return left


def _drop_least(menu: Menu, picks: Picks, name: str, *, is_market: bool) -> None:
    """Put back the least of a sector or market, with everything that cannot be without it."""
    for_whom = [name in one.markets if is_market else one.sector == name for one in menu.candidates]
    counted = picks & np.array(for_whom, dtype=np.bool_)
    least = np.argmin(np.where(counted, menu.gains_usd, np.inf))
    code = menu.codes[least]
    for at, other in enumerate(menu.codes):
        if picks[at] and (at == least or (menu.candidates[at].after and code in menu.closure(other))):
            picks[at] = False
