"""What is said of a year before it is over: quantiles or a probability, on which data, by which parameters."""

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.paths import HORIZON_YEARS_MAX, require_amount, require_year
from rahdari.trade.values import Level

# A distribution told by its percentiles has 99 of them; more levels tell nothing more.
LEVELS_MAX = 199
# 200 codes of six digits are 2 kB of a line; of more only the digest is kept.
CODES_MAX = 200
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:|-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """In which form a forecast was made."""

    QUANTILES = "quantiles"
    PROBABILITY = "probability"


@dataclass(frozen=True, slots=True)
class Quantiles:
    """A distribution by its quantiles: with chance ``levels[n]`` the outcome is at most ``values_usd[n]``.

    Raises:
        BadParameter: levels that do not rise within 0 to 1, or values that fall (crossing quantiles).
    """

    levels: tuple[float, ...]
    values_usd: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check."""
        if not 1 <= len(self.levels) <= LEVELS_MAX or len(self.levels) != len(self.values_usd):
            raise BadParameter(
                f"{len(self.levels)} levels and {len(self.values_usd)} values: 1 to {LEVELS_MAX} pairs can be"
            )
        if not all(0 < level < 1 for level in self.levels) or not _rises(self.levels, strictly=True):
            raise BadParameter(f"the levels {list(self.levels)} do not rise between 0 and 1")
        for value in self.values_usd:
            require_amount(value, "a quantile")
        if not _rises(self.values_usd, strictly=False):
            raise BadParameter("a quantile is below that of a lower level; quantiles do not cross")


@dataclass(frozen=True, slots=True)
class Chance:
    """The probability that the outcome is ``at_least_usd`` or more. Raises ``BadParameter``."""

    probability: float
    at_least_usd: float

    def __post_init__(self) -> None:
        """Check."""
        if not 0 <= self.probability <= 1:
            raise BadParameter(f"{self.probability} is no probability from 0 to 1")
        require_amount(self.at_least_usd, "the mark of a probability")


@dataclass(frozen=True, slots=True)
class Known:
    """What was known when the forecast was made: the last year's amount, and that of some years before it.

    The simple rules stand on these, so that nobody can choose them afterwards. ``earlier_usd`` is None where there
    was no report.
    """

    last_year: int
    last_usd: float
    earlier_year: int
    earlier_usd: float | None

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        require_year(self.last_year, "the last year known")
        require_year(self.earlier_year, "the earlier year known")
        if self.earlier_year >= self.last_year:
            raise BadParameter(f"{self.earlier_year} is not earlier than {self.last_year}")
        require_amount(self.last_usd, "the last amount known")
        if self.earlier_usd is not None:
            require_amount(self.earlier_usd, "the earlier amount known")


@dataclass(frozen=True, slots=True)
class Goods:
    """Of which products the amounts are: their number, the digest of their list, and, where few, the list itself.

    Raises:
        BadParameter: a digest that is none, or a list that does not fit number and digest.
    """

    level: Level
    count: int
    digest: str
    codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check."""
        if not _DIGEST.fullmatch(self.digest) or self.count < 1:
            raise BadParameter(f"{self.count} goods of the digest {self.digest[:80]!r} are no list of goods")
        if self.codes and (len(self.codes) != self.count or _digest_of(self.codes) != self.digest):
            raise BadParameter(f"the list of {len(self.codes)} goods is not that of the digest beside it")

    @classmethod
    def of(cls, codes: Iterable[str], *, level: Level) -> "Goods":
        """Note these codes. Raises ``BadParameter`` where there are none."""
        told = tuple(sorted(set(codes)))
        return cls(level, len(told), _digest_of(told), told if len(told) <= CODES_MAX else ())

    def within(self, held: Iterable[str]) -> tuple[str, ...] | None:
        """Give the codes where ``held`` holds all of them, or is that very list; None where it cannot be told."""
        there = tuple(sorted(set(held)))
        if _digest_of(there) == self.digest:
            return there
        return self.codes if self.codes and set(self.codes) <= set(there) else None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said: of whose exports, to which market, of what, in which year, on which data.

    ``what`` is a product's code or a word of the caller's, as ``total``; ``market`` may be ``WLD``. The digests are
    SHA-256 in hexadecimal of the data release and of the parameters. Amounts are nominal dollars, of ``goods``
    alone; None stands only in claims of before goods were noted.

    Raises:
        BadParameter: a name or digest that is none, or a target year that was known already.
    """

    exporter: str
    market: str
    what: str
    target_year: int
    said: Quantiles | Chance
    known: Known
    release_digest: str
    parameters_digest: str
    goods: Goods | None = None

    def __post_init__(self) -> None:
        """Check."""
        for word in (self.exporter, self.market, self.what):
            if not _WORD.fullmatch(word):
                raise BadParameter(f"{word[:80]!r} is no code of letters, digits and _.:|- of at most 64")
        for digest in (self.release_digest, self.parameters_digest):
            if not _DIGEST.fullmatch(digest):
                raise BadParameter(f"{digest[:80]!r} is no SHA-256 in hexadecimal")
        require_year(self.target_year, "the target year")
        if not 1 <= self.target_year - self.known.last_year <= HORIZON_YEARS_MAX:
            raise BadParameter(
                f"{self.target_year} is no year ahead of {self.known.last_year}, the last one known; "
                f"a forecast looks 1 to {HORIZON_YEARS_MAX} years ahead"
            )

    @property
    def kind(self) -> Kind:
        """Tell the form of the forecast."""
        return Kind.QUANTILES if isinstance(self.said, Quantiles) else Kind.PROBABILITY


@dataclass(frozen=True, slots=True)
class Forecast:
    """A claim as it was kept: numbered, dated, and bound to all before it by ``digest``."""

    number: int
    made_at: datetime
    claim: Claim
    previous: str
    digest: str

    @property
    def id(self) -> str:
        """Give the name by which it is quoted: the first sixteen characters of its digest."""
        return self.digest[:16]


def _digest_of(codes: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(codes).encode()).hexdigest()


def _rises(values: Sequence[float], *, strictly: bool) -> bool:
    return all(low < high if strictly else low <= high for low, high in itertools.pairwise(values))
