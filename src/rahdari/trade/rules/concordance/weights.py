"""Weights from the codes of one revision to those of another."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from rahdari.trade.errors import BadTable, MixedRevisions, UnknownTradeProduct
from rahdari.trade.values import Revision

# The largest published table between two revisions has some 7,000 links; chains of them have more.
LINKS_MAX: Final = 100_000

# Below this a link carries no dollar of a trillion.
WEIGHT_MIN: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Concordance:
    """Weights from each source code to target codes, adding up to 1 by source code.

    Weights that nearly do, as decimals of ten digits, are scaled until they do: of 1e13 dollars a ten-thousandth
    of a millionth is a thousand.
    ``basis`` tells what the weights rest on: ``equal``, ``value``, ``given``, or several by ``+`` in a chain.
    """

    source: Revision
    target: Revision
    weights: Mapping[str, Mapping[str, float]]
    basis: str

    def __post_init__(self) -> None:
        """Check. Raises ``BadTable``."""
        if sum(map(len, self.weights.values())) > LINKS_MAX:
            raise BadTable(f"a concordance of more than {LINKS_MAX} links")
        for code, targets in self.weights.items():
            total = sum(targets.values())
            if not abs(total - 1) <= 1e-9 or not all(0 <= weight <= 1 for weight in targets.values()):
                raise BadTable(f"the weights of {code} add up to {total}, not to 1")
        object.__setattr__(self, "weights", MappingProxyType({k: _whole(v) for k, v in self.weights.items()}))

    @property
    def targets(self) -> tuple[str, ...]:
        """List the codes that amounts can arrive at, in order."""
        return tuple(sorted({code for targets in self.weights.values() for code in targets}))

    @property
    def split_codes(self) -> int:
        """Count the source codes that are spread over several targets: where figures become estimates."""
        return sum(len(targets) > 1 for targets in self.weights.values())

    def to_frame(self) -> pl.DataFrame:
        """Give one row a link: ``source_code, target_code, weight``, with the revisions."""
        links = [
            (code, target, weight)
            for code, targets in self.weights.items()
            for target, weight in targets.items()
        ]
        frame = pl.DataFrame(
            links,
            schema={"source_code": pl.String, "target_code": pl.String, "weight": pl.Float64},
            orient="row",
        )
        return frame.select(
            pl.lit(self.source.value).alias("source_revision"),
            pl.lit(self.target.value).alias("target_revision"),
            pl.all(),
        ).sort("source_code", "target_code")


def equal_concordance(source: Revision, target: Revision, links: Iterable[tuple[str, str]]) -> Concordance:
    """Share each source code equally among its targets; links that stand twice count once.

    Raises:
        BadTable: a code is not of 2, 4 or 6 digits, the levels differ, or there are too many links.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for code, other in links:
        check_codes(code, other)
        found[code].add(other)
    weights = {code: dict.fromkeys(sorted(others), 1 / len(others)) for code, others in sorted(found.items())}
    return scaled(source, target, weights, "equal")


def weigh_by_value(plain: Concordance, values_usd: Mapping[str, float]) -> Concordance:
    """Share each source code by the trade of its targets, as ``values_usd`` has it in the target revision.

    A code whose targets trade nothing keeps the weights that it had.

    Raises:
        BadTable: an amount is negative or no finite number.
    """
    if not all(0 <= value < float("inf") for value in values_usd.values()):
        raise BadTable("the trade of a code is a finite number of dollars, 0 or more")
    weights = {}
    for code, targets in plain.weights.items():
        sizes = {other: values_usd.get(other, 0.0) for other in targets}
        weights[code] = dict(targets) if sum(sizes.values()) == 0 else sizes
    return scaled(plain.source, plain.target, weights, "value")


def chain(first: Concordance, second: Concordance) -> Concordance:
    """Go through a revision between: w_st = sum over m of w_sm w_mt.

    Raises:
        MixedRevisions: the first does not end where the second begins.
        UnknownTradeProduct: a code between is not known to the second.
    """
    if first.target is not second.source:
        raise MixedRevisions(
            f"a table to {first.target.value} cannot be gone on with by one from {second.source.value}"
        )
    weights: dict[str, dict[str, float]] = {}
    for code, middle in first.weights.items():
        reached: dict[str, float] = defaultdict(float)
        for between, share in middle.items():
            if between not in second.weights:
                raise UnknownTradeProduct(
                    f"{between} of {second.source.value}, which {code} becomes, leads no further"
                )
            for other, weight in second.weights[between].items():
                reached[other] += share * weight
        weights[code] = reached
    return scaled(first.source, second.target, weights, f"{first.basis}+{second.basis}")


def require_same(*revisions: Revision) -> Revision:
    """Give the one revision that all are of.

    Raises:
        MixedRevisions: they are of several: their codes mean other goods, and must be converted first.
    """
    named = sorted({revision.value for revision in revisions})
    if len(named) != 1:
        raise MixedRevisions(
            f"tables of {' and '.join(named) or 'no revision'} meet; convert them to one revision first"
        )
    return revisions[0]


def scaled(
    source: Revision, target: Revision, weights: Mapping[str, Mapping[str, float]], basis: str
) -> Concordance:
    """Scale the weights of each code to add up to 1, and drop what carries nothing. Raises ``BadTable``."""
    whole = {}
    for code, targets in weights.items():
        # Scaled by the largest first, so that a sum of the greatest amounts stays finite.
        top = max(targets.values())
        relative = {other: weight / top for other, weight in targets.items() if weight / top > WEIGHT_MIN}
        total = sum(relative.values())
        shares = {other: weight / total for other, weight in sorted(relative.items())}
        whole[code] = MappingProxyType(shares)
    return Concordance(source, target, MappingProxyType(whole), basis)


def _whole(targets: Mapping[str, float]) -> Mapping[str, float]:
    total = math.fsum(targets.values())
    return targets if total == 1 else MappingProxyType({code: one / total for code, one in targets.items()})


def check_codes(code: str, other: str) -> None:
    """Raise ``BadTable`` where two codes are no codes, or of different levels."""
    for one in (code, other):
        if not (one.isascii() and one.isdigit() and len(one) in {2, 4, 6}):
            raise BadTable(f"{one!r} is no code of the Harmonized System: 2, 4 or 6 digits")
    if len(code) != len(other):
        raise BadTable(f"{code} and {other} are of different levels")
