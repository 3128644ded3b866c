"""A small world to choose in, and every choice it allows, tried one by one."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from rahdari.trade.rules.choice import Candidate, Limits, Menu

LAND, CAPITAL = "land_acres", "capital_usd"


def product(code: str, gain: float, acres: float = 1, sector: str = "metals", **more: object) -> Candidate:
    return Candidate(code, sector, gain, {LAND: acres}, **more)  # type: ignore[arg-type]


def land(acres: float, **more: object) -> Limits:
    return Limits({LAND: acres}, **more)  # type: ignore[arg-type]


def is_kept(menu: Menu, codes: Sequence[str]) -> bool:
    """Check each limit from its own words, without the rows of the programme."""
    limits = menu.limits
    chosen = [one for one in menu.candidates if one.code in codes]
    gain = sum(one.gain_usd for one in chosen)
    sectors = {one.sector for one in chosen}
    variants = [one.variant_of for one in chosen if one.variant_of]
    return (
        all(
            sum(one.needs.get(name, 0) for one in chosen) <= most + 1e-9
            for name, most in limits.budgets.items()
        )
        and all(
            sum(one.sector == name for one in chosen) <= n for name, n in limits.sector_number_max.items()
        )
        and all(set(one.after) <= set(codes) for one in chosen)
        and len(variants) == len(set(variants))
        and len(sectors) >= limits.sectors_min
        and (limits.number_max is None or len(chosen) <= limits.number_max)
        and gain >= limits.gain_min_usd
        and set(limits.required) <= set(codes)
        and set(limits.barred).isdisjoint(codes)
        and all(
            sum(one.gain_usd * one.markets.get(market, 0) for one in chosen) <= share * gain + 1e-9
            for market, share in limits.market_share_max.items()
        )
        and all(
            sum(one.gain_usd for one in chosen if one.sector == sector)
            <= (1 if limits.sector_share_max is None else limits.sector_share_max) * gain + 1e-9
            for sector in sectors
        )
    )


def every_choice(menu: Menu) -> Iterator[tuple[str, ...]]:
    for number in range(len(menu.candidates) + 1):
        for codes in itertools.combinations(menu.codes, number):
            if is_kept(menu, codes):
                yield codes


def gain_of(menu: Menu, codes: Sequence[str]) -> float:
    return sum(one.gain_usd for one in menu.candidates if one.code in codes)


def best_by_trying(menu: Menu) -> float | None:
    return max((gain_of(menu, codes) for codes in every_choice(menu)), default=None)


def fewest_by_trying(menu: Menu, goal: float) -> int | None:
    return min((len(codes) for codes in every_choice(menu) if gain_of(menu, codes) >= goal), default=None)


def large_menu(count: int, seed: int = 1, sectors: int = 20, tightness: float = 0.08) -> Menu:
    """Draw candidates whose gains and needs hang together as those of factories do."""
    generator = np.random.default_rng(seed)
    gains = generator.lognormal(17, 1.3, count)
    resources = ("capital_usd", "land_acres", "energy_mw", "skilled_people")
    needs = {name: gains**0.7 * generator.lognormal(0, 0.8, count) for name in resources}
    sector = generator.integers(0, sectors, count)
    candidates = tuple(
        Candidate(
            f"{at:06d}",
            f"s{sector[at]:02d}",
            float(gains[at]),
            {name: float(needs[name][at]) for name in resources},
        )
        for at in range(count)
    )
    present = sorted({one.sector for one in candidates})
    cap = max(3, int(0.25 * count / sectors))
    budgets = {name: float(needs[name].sum() * tightness) for name in resources}
    return Menu(candidates, Limits(budgets, dict.fromkeys(present, cap)))
