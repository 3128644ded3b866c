"""What every answer to "is this card in good standing?" must keep, whoever gives it.

A room that hangs something on a card runs these against its own way of asking: give a ``Cards`` that acts on
cards and asks, and subclass ``StandingContract``.
"""

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

import pytest

from rahdari.access import CardStanding, CardState, Channel

INSTANT = timedelta(microseconds=1)


class Cards(Protocol):
    """Cards whose life a test tells, and a way to ask how they stand."""

    def make(self) -> str:
        """Make an active card that expires; gives its number."""
        ...

    def wait(self) -> str:
        """Make a card that was issued and not handed over."""
        ...

    def suspend(self, card: str) -> None:
        """Suspend it; acknowledged when this returns."""
        ...

    def reinstate(self, card: str) -> None:
        """Reinstate it."""
        ...

    def replace(self, card: str) -> str:
        """Replace it; gives the number of the new card."""
        ...

    def revoke(self, card: str) -> None:
        """Revoke it for ever."""
        ...

    def lock(self, card: str, channel: Channel) -> None:
        """Lock a channel of it."""
        ...

    def unlock(self, card: str, channel: Channel) -> None:
        """Unlock a channel of it."""
        ...

    def wind_to_expiry(self, card: str, before: timedelta) -> None:
        """Wind the clock to ``before`` the end of its term."""
        ...

    def asking(self) -> AbstractContextManager[CardStanding]:
        """Begin to ask, in a transaction of its own."""
        ...


class StandingContract:
    """The promises. Each asks anew, as each use of a card must."""

    @pytest.fixture
    def cards(self) -> Cards:
        raise NotImplementedError

    @staticmethod
    def ask(cards: Cards, card: str, channel: Channel = Channel.LOGIN) -> CardState:
        with cards.asking() as standing:
            return standing.ask(card, channel)

    @pytest.mark.parametrize("channel", list(Channel))
    def test_an_active_card_is_good_for_everything(self, cards: Cards, channel: Channel) -> None:
        assert self.ask(cards, cards.make(), channel) is CardState.GOOD

    @pytest.mark.parametrize("channel", list(Channel))
    def test_a_suspension_shuts_everything_at_once_and_a_reinstatement_opens_it(
        self, cards: Cards, channel: Channel
    ) -> None:
        card = cards.make()
        assert self.ask(cards, card, channel) is CardState.GOOD
        cards.suspend(card)
        assert self.ask(cards, card, channel) is CardState.SUSPENDED
        cards.reinstate(card)
        assert self.ask(cards, card, channel) is CardState.GOOD

    def test_the_suspension_of_one_card_is_nothing_to_another(self, cards: Cards) -> None:
        card, other = cards.make(), cards.make()
        cards.suspend(card)
        assert self.ask(cards, other) is CardState.GOOD

    @pytest.mark.parametrize("locked", list(Channel))
    def test_a_lock_shuts_its_own_channel_and_no_other(self, cards: Cards, locked: Channel) -> None:
        card = cards.make()
        cards.lock(card, locked)
        found = {channel: self.ask(cards, card, channel) for channel in Channel}
        assert found == dict.fromkeys(Channel, CardState.GOOD) | {locked: CardState.LOCKED}
        cards.unlock(card, locked)
        assert self.ask(cards, card, locked) is CardState.GOOD

    def test_a_suspension_says_more_than_a_lock(self, cards: Cards) -> None:
        card = cards.make()
        cards.lock(card, Channel.LOGIN)
        cards.suspend(card)
        assert self.ask(cards, card) is CardState.SUSPENDED
        cards.reinstate(card)
        assert self.ask(cards, card) is CardState.LOCKED

    def test_a_replaced_card_is_gone_and_the_new_one_good(self, cards: Cards) -> None:
        card = cards.make()
        new = cards.replace(card)
        assert self.ask(cards, card) is CardState.GONE
        assert self.ask(cards, new) is CardState.GOOD

    def test_a_revoked_card_is_gone(self, cards: Cards) -> None:
        card = cards.make()
        cards.revoke(card)
        assert self.ask(cards, card) is CardState.GONE

    def test_a_card_that_was_not_handed_over_opens_nothing(self, cards: Cards) -> None:
        assert self.ask(cards, cards.wait()) is CardState.GONE

    def test_an_expired_card_is_gone_at_the_very_instant_whether_or_not_anybody_noted_it(
        self, cards: Cards
    ) -> None:
        card = cards.make()
        cards.wind_to_expiry(card, INSTANT)
        assert self.ask(cards, card) is CardState.GOOD
        cards.wind_to_expiry(card, timedelta(0))
        assert self.ask(cards, card) is CardState.GONE

    @pytest.mark.parametrize("card", ["0000-0000-0000", "", "x" * 500, "' OR 1=1 --"])
    def test_an_unknown_card_is_gone(self, cards: Cards, card: str) -> None:
        cards.make()
        assert self.ask(cards, card) is CardState.GONE

    def test_one_who_asks_twice_keeps_no_answer(self, cards: Cards) -> None:
        """The way of asking is made once; what it says is the truth of the transaction it is asked in."""
        card = cards.make()
        for _ in range(3):
            cards.suspend(card)
            assert self.ask(cards, card) is CardState.SUSPENDED
            cards.reinstate(card)
            assert self.ask(cards, card) is CardState.GOOD
