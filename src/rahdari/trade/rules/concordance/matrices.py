"""Tables with products as columns, from one revision to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from rahdari.trade.errors import MixedRevisions, UnknownTradeProduct
from rahdari.trade.rules.concordance.splitting import share_out_all
from rahdari.trade.rules.concordance.weights import Concordance
from rahdari.trade.values import Amounts, Matrix, Revision


class Unknown(StrEnum):
    """What becomes of amounts whose code the concordance does not know."""

    REFUSE = "refuse"
    KEEP_APART = "keep_apart"  # summed under the name REST


# A column of its own, so that totals stay: what has no place in the other revision.
REST: Final = "rest"


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A table in another revision. ``lost_usd`` is what is kept apart under ``REST``, and ``unknown`` its codes."""

    matrix: Matrix
    revision: Revision
    basis: str
    lost_usd: float
    unknown: tuple[str, ...]


def convert(
    amounts: Matrix,
    concordance: Concordance,
    *,
    revision: Revision | None = None,
    unknown: Unknown = Unknown.REFUSE,
) -> Converted:
    """Turn a table with products as columns into the target revision; each row keeps its total.

    Whole dollars stay whole dollars: where every amount of a row is whole, its shares are rounded by the largest
    remainder, source code by source code, so that the totals are the same to the dollar.

    Args:
        amounts: rows of anything, columns of products of the concordance's source revision.
        concordance: the weights.
        revision: what the table is of, where the caller knows it; checked.
        unknown: refuse codes that the concordance does not know, or keep them apart under ``REST``.

    Raises:
        MixedRevisions: the table is of another revision than the concordance begins with.
        UnknownTradeProduct: a code with trade is not known, and unknown ones are refused.
    """
    if revision is not None and revision is not concordance.source:
        raise MixedRevisions(
            f"the table is of {revision.value}, the concordance begins with {concordance.source.value}"
        )
    strange = _strange(amounts, concordance)
    if strange and unknown is Unknown.REFUSE:
        raise UnknownTradeProduct(
            f"{concordance.source.value} has no {strange[0]} ({len(strange)} codes are not known); is the table of "
            "another revision? Keep them apart, or take the right concordance"
        )
    columns = concordance.targets + ((REST,) if strange else ())
    values = _spread(amounts, concordance, columns)
    lost = float(values[:, -1].sum()) if strange else 0.0
    table = Matrix(amounts.rows, columns, values, what=f"the table in {concordance.target.value}")
    return Converted(table, concordance.target, concordance.basis, lost, strange)


def _strange(amounts: Matrix, concordance: Concordance) -> tuple[str, ...]:
    traded: list[bool] = (amounts.values.sum(axis=0) > 0).tolist()
    return tuple(
        code
        for code, trades in zip(amounts.columns, traded, strict=True)
        if trades and code not in concordance.weights
    )


def _spread(amounts: Matrix, concordance: Concordance, columns: Sequence[str]) -> Amounts:
    place = {code: at for at, code in enumerate(columns)}
    values = np.zeros((len(amounts.rows), len(columns)))
    for at, code in enumerate(amounts.columns):
        column = amounts.values[:, at]
        targets = concordance.weights.get(code)
        if targets is None:
            if column.any():
                values[:, place[REST]] += column
            continue
        to = [place[other] for other in targets]
        values[:, to] += _shares(column, np.fromiter(targets.values(), dtype=np.float64))
    return values


def _shares(column: Amounts, weights: Amounts) -> Amounts:
    """Split each amount of a column by weights: whole amounts into whole ones."""
    shares: Amounts = np.outer(column, weights)
    whole = (column == np.floor(column)) & (column < 2**53)
    if whole.any():
        shares[whole] = share_out_all(column[whole].astype(np.int64), weights)
    return shares
