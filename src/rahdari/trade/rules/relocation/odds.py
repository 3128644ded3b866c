"""How likely each rival is to take what a donor gives up: learned from the past, or read off the shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadTable, NothingTraded
from rahdari.trade.rules.relocation.logit import Choices, Fit, chances, fit
from rahdari.trade.rules.relocation.panel import Panel, advantage, ratio
from rahdari.trade.rules.relocation.settings import Evidence, RelocationConventions
from rahdari.trade.rules.relocation.takers import Occasions, occasions, shift
from rahdari.trade.values import Amounts

# Occasions by countries by features in memory: 100,000 x 230 x 4 numbers are some 0.7 GB, and more teach no more.
LEARNED_OCCASIONS_MAX = 100_000


class Basis(StrEnum):
    """What the chances rest on."""

    FITTED = "conditional_logit"
    PRESENT_SHARES = "present_shares"


@dataclass(frozen=True, slots=True, eq=False)
class TakeoverOdds:
    """How chances are told. ``fit`` is None where there was too little past, and the present shares stand in."""

    basis: Basis
    occasions: int
    fit: Fit | None
    advantage_floor: float

    def chances(self, now_usd: Amounts, donor: int, traits: Sequence[Amounts] = ()) -> Amounts:
        """Give each country's chance by product: countries by products, a column adds up to 1 without the donor.

        ``now_usd`` is what each country exports in a mean year now. A column is 0 where, by present shares, nobody
        but the donor exports.

        Raises:
            NothingTraded: nobody but the donor exports anything.
            BadTable: the traits are not those of the fit.
        """
        is_rival = now_usd.sum(axis=1) > 0
        is_rival[donor] = False
        if not is_rival.any():
            raise NothingTraded("nobody but the donor exports anything, so nobody can take over")
        if self.fit is None:
            rest = np.where(is_rival[:, None], now_usd, 0.0)
            return ratio(rest, rest.sum(axis=0))
        features = features_of(now_usd, traits, floor=self.advantage_floor)
        if features.shape[2] != len(self.fit.names):
            raise BadTable(f"the fit knows {len(self.fit.names)} features, not {features.shape[2]}")
        rivals = np.broadcast_to(is_rival, (now_usd.shape[1], len(is_rival)))
        return chances(self.fit, features.transpose(1, 0, 2), rivals).T


def learn(
    panel: Panel,
    *,
    donors: Sequence[str],
    evidence: Evidence | None = None,
    conventions: RelocationConventions,
) -> TakeoverOdds:
    """Learn from what the donors lost between the first and the last window of a panel.

    Features are as they stood in the first window: ln of all that a country exports, ln of its advantage in the
    product, and the traits of ``evidence``. With fewer than ``occasions_min`` occasions nothing is fitted.

    Raises:
        UnknownCountry: a donor that the panel does not know.
        Degenerate: the search found no maximum.
        BadTable: a trait of other countries or products.
    """
    moved = shift(panel, conventions.window_years)
    found = occasions(moved, [panel.at(donor) for donor in donors], loss_min=conventions.loss_min)
    count = min(len(found.won), LEARNED_OCCASIONS_MAX)
    if count < conventions.occasions_min:
        return TakeoverOdds(Basis.PRESENT_SHARES, count, None, conventions.advantage_floor)
    traits = traits_of(panel, evidence, at_end=False)
    features = features_of(moved.start_usd, traits, floor=conventions.advantage_floor)
    names = ("log_exports", "log_rca", *(evidence.traits if evidence else ()))
    fitted = fit(_choices(_largest(found, count), features, moved.start_usd, names))
    return TakeoverOdds(Basis.FITTED, count, fitted, conventions.advantage_floor)


def features_of(values: Amounts, traits: Sequence[Amounts], *, floor: float) -> Amounts:
    """Give countries by products by features; what cannot be known of who exports nothing is 0, never infinite."""
    total = values.sum(axis=1, keepdims=True)
    size = np.log(np.where(total > 0, total, 1.0))
    parts = [np.broadcast_to(size, values.shape), np.log(advantage(values) + floor), *traits]
    return np.stack(parts, axis=2)


def traits_of(panel: Panel, evidence: Evidence | None, *, at_end: bool) -> list[Amounts]:
    """Take the traits of one window. Raises ``BadTable`` where one has other countries or products."""
    tables = [pair[int(at_end)] for pair in evidence.traits.values()] if evidence else []
    for table in tables:
        if (table.rows, table.columns) != (panel.countries, panel.products):
            raise BadTable("a trait must have the countries and products of the panel, in its order")
    return [table.values for table in tables]


def _largest(found: Occasions, count: int) -> Occasions:
    """Keep the largest losses where there are more than can be learned from."""
    kept = np.sort(np.argsort(-found.lost_share, kind="stable")[:count])
    return Occasions(found.donors[kept], found.products[kept], found.won[kept], found.lost_share[kept])


def _choices(found: Occasions, features: Amounts, start_usd: Amounts, names: tuple[str, ...]) -> Choices:
    is_rival = np.tile(start_usd.sum(axis=1) > 0, (len(found.won), 1))
    is_rival[np.arange(len(found.won)), found.donors] = False
    return Choices(names, features.transpose(1, 0, 2)[found.products], found.won, is_rival)
