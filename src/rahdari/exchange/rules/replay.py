"""Signed requests are accepted once (RFC 9421, 7.2.2).

Example:
    >>> seen = SeenRequests()
    >>> seen.accept("id-1", tick=100.0), seen.accept("id-1", tick=101.0)
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

    def accept(self, request_id: str, *, tick: float) -> bool:
        """Tell whether a request with this id is new, and remember it.

        The id alone counts, whoever signed with it: two records of one id would be two answers to one question.
        """
        while self._lots and self._lots[0][0] <= tick:
            self._count -= len(self._lots.popleft()[1])
        number = hash(request_id)
        for _, seen in self._lots:
            if number in seen:
                return False
        if self._count >= self._count_max:
            return False
        self._keep(number, tick)
        return True

    def remember(self, request_ids: Iterable[str], *, tick: float) -> None:
        """Take what the log knows of before; what is known already is known for longer."""
        for request_id in request_ids:
            if self._count < self._count_max:
                self._keep(hash(request_id), tick)

    def _keep(self, number: int, tick: float) -> None:
        # A lot is filled for some seconds, and kept for as long beyond what its last one needs.
        if not self._lots or tick >= self._lots[-1][0] - KEPT_SECONDS:
            self._lots.append((tick + LOT_SECONDS + KEPT_SECONDS, set()))
        lot = self._lots[-1][1]
        before = len(lot)
        lot.add(number)
        self._count += len(lot) - before
