"""How well what one country sells fits what another buys: Michaely (1996), as WITS prints it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadTable, NothingTraded
from rahdari.trade.values import Amounts, Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Complementarity:
    """Trade complementarity from 0 (nothing fits) to 100 (the same shares), exporters by importers.

    The names in ``silent`` trade nothing and so have no shares: they stand in neither side.
    """

    exporters: tuple[str, ...]
    importers: tuple[str, ...]
    values: Amounts
    silent: tuple[str, ...]

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a pair: codes, names where known, ``complementarity_percent``."""
        sellers = np.repeat(np.array(self.exporters), len(self.importers)).tolist()
        buyers = list(self.importers) * len(self.exporters)
        known = names or {}
        return pl.DataFrame(
            {
                "exporter": sellers,
                "exporter_name": [known.get(code) for code in sellers],
                "importer": buyers,
                "importer_name": [known.get(code) for code in buyers],
                "complementarity_percent": self.values.ravel(),
            },
            schema_overrides={"exporter_name": pl.String, "importer_name": pl.String},
        )


def complementarity(exports: Matrix, imports: Matrix) -> Complementarity:
    """Compute 100 (1 - 1/2 sum over k of |m_jk - s_ik|) for every pair: s of exports, m of imports.

    Both sides need the same products in the same order, at the same level: the figure falls as products are told
    apart more finely, so figures of two levels do not compare. Computed as 100 sum over k of min(m, s), which is
    the same for shares and cannot leave 0 to 100 by more than rounding.

    Raises:
        BadTable: the products of the two sides differ.
        NothingTraded: one of the sides trades nothing at all.
    """
    if exports.columns != imports.columns:
        raise BadTable(
            f"exports are told by {len(exports.columns)} products and imports by {len(imports.columns)}, which"
            " are not the same in the same order"
        )
    sells, buys = exports.values.max(axis=1, initial=0.0) > 0, imports.values.max(axis=1, initial=0.0) > 0
    if not (sells.any() and buys.any()):
        raise NothingTraded("a side of the table trades nothing, so no share exists")
    supply, demand = _shares(exports.values[sells]), _shares(imports.values[buys])
    values = np.empty((len(supply), len(demand)))
    for at, shares in enumerate(supply):
        values[at] = np.minimum(demand, shares).sum(axis=1)
    values = np.clip(100.0 * values, 0.0, 100.0)
    values.flags.writeable = False
    return Complementarity(
        exporters=_named(exports.rows, sells),
        importers=_named(imports.rows, buys),
        values=values,
        silent=_named(exports.rows, ~sells) + _named(imports.rows, ~buys),
    )


def _shares(values: Amounts) -> Amounts:
    shares: Amounts = values / values.sum(axis=1)[:, None]
    return shares


def _named(names: tuple[str, ...], chosen: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(name for name, is_chosen in zip(names, chosen, strict=True) if is_chosen)
