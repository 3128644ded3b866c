"""What there is to choose from: untapped potential, what may relocate, and steps up the ladders, as candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rahdari.trade.errors import Ground, NothingTraded
from rahdari.trade.rules.answers import Answer
from rahdari.trade.rules.choice import Candidate, Limits, Menu
from rahdari.trade.rules.ladders import Ladder
from rahdari.trade.service.needs import Needs
from rahdari.trade.service.potential import PotentialWish
from rahdari.trade.values import CountryCode

# Under this a year nobody opens a programme.
GAIN_USD_MIN = 10_000.0
_NOTHING: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


class Origin(StrEnum):
    """Where a gain comes from."""

    POTENTIAL = "potential"
    RELOCATE = "relocate"
    LADDER = "ladder"


@dataclass(frozen=True, slots=True)
class Offer:
    """One gain that may be had: ``key`` is its name in the choice, ``rival`` what it excludes."""

    key: str
    origin: Origin
    product: str
    gain_usd: float
    rival: str
    market: CountryCode | None


def untapped(found: Answer, wish: PotentialWish) -> list[Offer]:
    """Offer what levers add in the market above what is sold there already; without levers, what is untapped."""
    scope = found.scope
    column = "gain_usd" if wish.levers.pulled else "untapped_usd"
    pairs = zip(found.table["product_code"], found.table[column], strict=True)
    return [Offer(code, Origin.POTENTIAL, code, gain, code, scope.market) for code, gain in pairs]


def relocated(found: Answer) -> list[Offer]:
    """Offer what the exporter may expect of what leaves the donor. It may be sold anywhere."""
    pairs = zip(found.table["product_code"], found.table["score_usd"], strict=True)
    return [Offer(f"{code}:relocate", Origin.RELOCATE, code, gain, code, None) for code, gain in pairs]


def climbed(found: Answer, ladders: Sequence[Ladder]) -> list[Offer]:
    """Offer what each step would add net, for the volume shipped raw today; one step of each tier at most."""
    upper = {
        (one.id, step.lower, step.upper): one.tier(step.upper).codes for one in ladders for step in one.steps
    }
    names = ("ladder", "from_tier", "to_tier", "extra_net_value_usd")
    offers = []
    for ladder, lower, top, gain in found.table.select(names).iter_rows():
        codes = upper.get((ladder, lower, top), ())
        if gain is not None and codes:
            key = f"{ladder}:{lower}>{top}"
            offers.append(Offer(key, Origin.LADDER, codes[0], gain, f"{ladder}:{lower}", None))
    return offers


def menu_of(
    offers: Sequence[Offer], needs: Needs, limits: Limits, *, after: Mapping[str, Sequence[str]] = _NOTHING
) -> tuple[Menu, dict[str, Offer]]:
    """Make candidates of offers, each with what must be chosen for it to be (``after``).

    Raises ``NothingTraded`` where none brings anything, and as ``Menu``.
    """
    kept = {one.key: one for one in offers if one.gain_usd >= GAIN_USD_MIN}
    if not kept:
        raise NothingTraded(
            f"no candidate gains {GAIN_USD_MIN:,.0f} dollars a year or more, so there is nothing to choose",
            ground=Ground.NOTHING_TO_CHOOSE,
            values={"gain_min_usd": GAIN_USD_MIN},
        )
    rivals = [one.rival for one in kept.values()]
    candidates = tuple(
        replace(
            _candidate(one, needs, limits, is_rivalled=rivals.count(one.rival) > 1),
            after=tuple(after.get(one.key, ())),
        )
        for one in kept.values()
    )
    return Menu(candidates, limits), kept


def _candidate(offer: Offer, needs: Needs, limits: Limits, *, is_rivalled: bool) -> Candidate:
    taken = needs.of(offer.product, offer.gain_usd)
    return Candidate(
        offer.key,
        sector=offer.product[:2],
        gain_usd=offer.gain_usd,
        needs={name: amount for name, amount in taken.items() if name in limits.budgets},
        variant_of=offer.rival if is_rivalled else None,
        markets={} if offer.market is None else {str(offer.market): 1.0},
    )
