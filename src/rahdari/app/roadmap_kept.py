"""Answers that are kept: by key, within a number of bytes, and each made by one thread alone."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from rahdari.trade import TradeRefused
from rahdari.trade.rules.answers import Answer

# What an answer holds beside its tables: figures, notes, parameters.
_BESIDE_BYTES: Final = 4_000
_REFUSAL_BYTES: Final = 1_000


class KeptAnswers:
    """Answers and refusals by key; the least used are forgotten first once they take more bytes than allowed."""

    def __init__(self, bytes_max: int) -> None:
        """Keep nothing yet."""
        self._bytes_max, self._bytes = bytes_max, 0
        self._held: OrderedDict[object, tuple[Answer | TradeRefused, int]] = OrderedDict()
        self._making: dict[object, tuple[Lock, int]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._held)

    @property
    def bytes_held(self) -> int:
        """Tell how many bytes the tables take that are kept."""
        return self._bytes

    def get(self, key: object, make: Callable[[], Answer]) -> Answer:
        """Give what is kept, else what ``make`` makes; who asks for the same meanwhile waits for that.

        ``make`` may ask for other keys, but never, over however many steps, for its own. Raises what it raises, and
        again as often as it is asked for: a refusal is an answer too.
        """
        mine = self._enter(key)
        try:
            with mine:
                found = self._find(key)
                if found is None:
                    found = _made(make)
                    self._keep(key, found)
        finally:
            self._leave(key)
        if isinstance(found, TradeRefused):
            raise found.with_traceback(None)
        return found

    def _enter(self, key: object) -> Lock:
        with self._lock:
            lock, count = self._making.get(key, (Lock(), 0))
            self._making[key] = (lock, count + 1)
            return lock

    def _leave(self, key: object) -> None:
        with self._lock:
            lock, count = self._making.pop(key)
            if count > 1:
                self._making[key] = (lock, count - 1)

    def _find(self, key: object) -> Answer | TradeRefused | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def _keep(self, key: object, value: Answer | TradeRefused) -> None:
        size = _size(value)
        with self._lock:
            self._bytes += size
            self._held[key] = (value, size)
            while self._bytes > self._bytes_max and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1][1]


def _made(make: Callable[[], Answer]) -> Answer | TradeRefused:
    try:
        return make()
    except TradeRefused as refused:
        return refused


def _size(value: Answer | TradeRefused) -> int:
    if isinstance(value, TradeRefused):
        return _REFUSAL_BYTES
    return _BESIDE_BYTES + sum(int(one.estimated_size()) for one in (value.table, *value.tables.values()))
