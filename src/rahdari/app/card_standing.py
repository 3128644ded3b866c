"""How a card stands, asked of the register: what everything that hangs on a card asks at each use."""

from collections.abc import Mapping
from types import MappingProxyType

from rahdari.access import CardState, Channel
from rahdari.credentials import CardNumber, Stage
from rahdari.credentials.service.desk import Desk

# A card that was not handed over yet is nobody's to sign in with.
_STATES: Mapping[Stage, CardState] = MappingProxyType(
    dict.fromkeys(Stage, CardState.GONE)
    | {Stage.ACTIVE: CardState.GOOD, Stage.SUSPENDED: CardState.SUSPENDED}
)


class RegisterStanding:
    """``access.CardStanding`` in the transaction of a desk: what the register says there is the answer."""

    def __init__(self, desk: Desk) -> None:
        """Ask this desk's register."""
        self._desk = desk

    def ask(self, card: str, channel: Channel) -> CardState:
        found = self._desk.store.find_card(CardNumber(card))
        if found is None or (found.expires is not None and self._desk.clock.now() >= found.expires):
            return CardState.GONE
        state = _STATES[found.stage]
        locked = {one.value for one in self._desk.store.list_locks(found.number)}
        return CardState.LOCKED if state is CardState.GOOD and channel.value in locked else state
