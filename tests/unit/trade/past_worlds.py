"""Claims and small worlds that several tests of this folder use."""

from dataclasses import replace

from rahdari.trade.rules.forecasts import Chance, Claim, Known, Quantiles

SEVEN = Quantiles((0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95), (20e9, 22e9, 26e9, 30e9, 35e9, 40e9, 45e9))


def claim(**other: object) -> Claim:
    """A claim on Pakistan's exports in 2030, made on data to 2024."""
    known = Known(last_year=2024, last_usd=30e9, earlier_year=2019, earlier_usd=25e9)
    plain = Claim("PAK", "WLD", "total", 2030, SEVEN, known, "a" * 64, "b" * 64)
    return replace(plain, **other)  # type: ignore[arg-type]


def chance(probability: float, at_least_usd: float = 40e9, **other: object) -> Claim:
    return claim(said=Chance(probability, at_least_usd), **other)
