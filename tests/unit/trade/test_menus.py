"""Candidates for the choice: what may be chosen only with something else, and what names nobody knows."""

import pytest

from rahdari.trade.errors import UnknownTradeProduct
from rahdari.trade.rules.choice import Limits, choose
from rahdari.trade.service.menus import Offer, Origin, menu_of
from rahdari.trade.service.needs import Need, Needs
from rahdari.trade.values import CountryCode

SLOT = Needs(name="ours", rows=(Need(resource="slots", fixed=1),))


def offer(key: str, gain: float) -> Offer:
    return Offer(key, Origin.POTENTIAL, key, gain, key, CountryCode("CHN"))


OFFERS = (offer("260300", 1e6), offer("740311", 2e5), offer("740811", 9e5), offer("261000", 6e5))


def chosen(slots: int, **after: tuple[str, ...]) -> set[str]:
    menu, _ = menu_of(
        OFFERS, SLOT, Limits({"slots": slots}), after={key[1:]: it for key, it in after.items()}
    )
    return set(choose(menu).codes)


def test_what_needs_another_brings_it_along_or_stays_out() -> None:
    assert chosen(2) == {"260300", "740811"}
    # Wire needs refined copper: two places bring less with it than two others.
    assert chosen(2, _740811=("740311",)) == {"260300", "261000"}
    assert chosen(3, _740811=("740311",)) == {"260300", "740811", "740311"}


def test_a_prerequisite_that_is_no_candidate_is_named() -> None:
    with pytest.raises(UnknownTradeProduct, match="740400"):
        chosen(3, _740811=("740400",))


def test_a_prerequisite_of_what_is_no_candidate_asks_for_nothing() -> None:
    assert chosen(2, _999999=("740311",)) == {"260300", "740811"}
