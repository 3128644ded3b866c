"""Signed requests are accepted once (RFC 9421, 7.2.2).

Example:
    >>> seen = SeenRequests()
    >>> seen.accept(("id-1", "key"), tick=100.0), seen.accept(("id-1", "key"), tick=101.0)
    (True, False)
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

# A signature lives 60 s and is refused 120 s before and after (wire.http_signatures); what is older, by its age.
KEPT_SECONDS: Final = 60 + 2 * 120
# 3,000 requests a second for as long; beyond, a gateway refuses rather than forgets.
SEEN_MAX: Final = 1_000_000
# Requests are forgotten in lots: one look into some fifteen sets costs less than a place in a queue for each.
LOT_SECONDS: Final = 20


class SeenRequests:
    """Remembers accepted requests for ``KEPT_SECONDS`` of a clock that never jumps. Full, it refuses what is new.

    Wall clocks jump: were they asked here, a clock set forward for a moment would make it forget. A clock set back
    makes old signatures young again; then, as after a restart, ``remember`` is told what the log still knows.

    Of each request 64 bits are kept, some 80 bytes of memory. Two that fall together cost the second one a refusal,
    once in some two thousand years at 1,000 requests a second; no replay is ever let through for it.
    """

    def __init__(self, count_max: int = SEEN_MAX) -> None:
        """Begin with none; remember ``count_max`` at most."""
        self._count_max = count_max
        self._lots: deque[tuple[float, set[int]]] = deque()
        self._count = 0

    def __len__(self) -> int:
        """Tell how many are remembered."""
        return self._count

    def accept(self, key: tuple[str, str], *, tick: float) -> bool:
        """Tell whether ``key`` (nonce and key id) is new, and remember it."""
        while self._lots and self._lots[0][0] <= tick:
            self._count -= len(self._lots.popleft()[1])
        number = hash(key)
        for _, seen in self._lots:
            if number in seen:
                return False
        if self._count >= self._count_max:
            return False
        # A lot is filled for some seconds, and kept for as long beyond what its last one needs.
        if not self._lots or tick >= self._lots[-1][0] - KEPT_SECONDS:
            self._lots.append((tick + LOT_SECONDS + KEPT_SECONDS, set()))
        self._lots[-1][1].add(number)
        self._count += 1
        return True

    def remember(self, keys: Iterable[tuple[str, str]], *, tick: float) -> None:
        """Take what the log knows of before."""
        for key in keys:
            self.accept(key, tick=tick)
