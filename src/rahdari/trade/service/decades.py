"""A plan held against decades of whole countries: by size at the start, and beside the country's own best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Degenerate, UnknownCountry
from rahdari.trade.rules.answers import Note, Number
from rahdari.trade.rules.decades import OwnDecade, Sizes, class_of, sizes_of, to_frame
from rahdari.trade.rules.odds import own_best, place
from rahdari.trade.rules.paths import Goal
from rahdari.trade.rules.windows import History, WindowRules, Windows, find_windows, history
from rahdari.trade.service.asking import Found
from rahdari.trade.values import Matrix

# Groups of countries that stand among the reporters of some tables.
GROUPS = frozenset({"EUN", "EU", "EU27", "EU28", "WLD"})
DECADE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What each country sold in all, year by year, as a file had it; 0 is a year without a report.

    ``bought`` is what partners say they bought from it; without it nobody sees where a reporter's coverage changed.
    ``name`` and ``sha256`` are the file's.
    """

    name: str
    sha256: str
    first_year: int
    countries: tuple[str, ...]
    sold: tuple[tuple[float, ...], ...]
    bought: tuple[tuple[float, ...], ...] = ()

    def histories(self) -> tuple[History, History | None]:
        """Give both as histories. Raises ``BadTable``, ``BadParameter``."""
        return self._history(self.sold), self._history(self.bought) if self.bought else None

    def _history(self, rows: Sequence[Sequence[float]]) -> History:
        years = len(rows[0]) if rows else 0
        if len(rows) != len(self.countries) or any(len(row) != years for row in rows):
            raise BadParameter("the totals have rows of different lengths, or not one a country")
        columns = [f"{self.first_year + at:04d}" for at in range(years)]
        return history(Matrix(self.countries, columns, rows, what="the totals"))


def decades(totals: Totals, goal: Goal, exporter: str, *, is_placed: bool = True) -> Found:
    """Tell what share of each size class went the plan's way, where the plan stands, and the country's own best.

    Windows are as long as the plan. A plan of all exports (``is_placed``) is placed among windows
    that began at its own size.

    Raises:
        Degenerate: the totals span fewer years than the plan.
        BadTable, BadParameter: totals that cannot be.
    """
    told, mirror = totals.histories()
    windows = find_windows(told, WindowRules(years=goal.years, excluded=GROUPS), mirror=mirror)
    sizes = sizes_of(windows)
    figures = {**(_placed(windows, sizes, goal) if is_placed else {}), **_own(windows, exporter)}
    note = Note("decades_from", {"name": totals.name, "windows": len(windows), "first_year": told.years[0],
                                 "last_year": told.years[-1]})  # fmt: skip
    return Found(table=pl.DataFrame(), tables={"decades": to_frame(sizes)}, figures=figures, notes=(note,))


def carried_decades(sizes: Sizes, goal: Goal, *, is_placed: bool = True) -> Found:
    """Put the carried figures of ten-year windows beside a plan of ten years; none beside another."""
    if goal.years != DECADE:
        return Found(table=pl.DataFrame())
    own = class_of(sizes, goal.start_usd) if is_placed else None
    figures: dict[str, Number] = {}
    if own is not None:
        whole = float(int(goal.multiple)) if goal.multiple >= 1 else 0.0
        figures = {
            "class_low_usd": own.low_usd,
            "class_high_usd": own.high_usd,
            "class_windows": own.windows,
            "class_median_multiple": own.median,
            # Of the plan's own multiple, or where that is no whole number, of the whole number below: no fewer.
            "class_multiple": whole if own.share(whole) is not None else None,
            "class_reached_share": own.share(whole),
        }
    return Found(
        table=pl.DataFrame(),
        tables={"decades": to_frame(sizes)},
        figures=figures,
        notes=(Note("decades_carried"),),
    )


def carried_own(own: Sequence[OwnDecade], exporter: str) -> dict[str, Number]:
    """Give the figures of a country's own best decade, where one is carried."""
    for one in own:
        if one.country == exporter:
            return {
                "own_decade_multiple": one.multiple,
                "own_decade_start_year": one.start_year,
                "own_decade_start_usd": one.start_usd,
                "own_decade_end_usd": one.end_usd,
            }
    return {}


def _placed(windows: Windows, sizes: Sizes, goal: Goal) -> dict[str, Number]:
    own = class_of(sizes, goal.start_usd)
    if own is None:
        return {}
    high = np.inf if own.high_usd is None else own.high_usd
    alike = windows.where((windows.start_usd >= own.low_usd) & (windows.start_usd < high))
    where = place(alike, goal.multiple)
    return {
        "class_low_usd": own.low_usd,
        "class_high_usd": own.high_usd,
        "class_windows": own.windows,
        "class_median_multiple": own.median,
        "class_multiple": goal.multiple,
        "class_reached_share": where.reached.share,
        "class_percentile": where.percentile,
        "class_largest_multiple": where.largest_seen,
    }


def _own(windows: Windows, exporter: str) -> dict[str, Number]:
    try:
        best = own_best(windows, exporter)
    except (Degenerate, UnknownCountry):
        return {"own_decade_multiple": None}
    return {
        "own_decade_multiple": best.ratio,
        "own_decade_start_year": best.start_year,
        "own_decade_start_usd": best.start_usd,
        "own_decade_end_usd": best.end_usd,
        "own_decade_percentile": best.percentile,
    }
