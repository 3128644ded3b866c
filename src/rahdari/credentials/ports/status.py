"""Where the standing of a pass is looked up."""

from typing import Protocol

from rahdari.credentials.values.cards import StatusPlace
from rahdari.credentials.values.status import StatusAnswer


class StatusView(Protocol):
    """Knows the standing of passes: a synced snapshot, or the register itself."""

    def find_standing(self, place: StatusPlace, *, issuer: str) -> StatusAnswer | None:
        """Find what is known of ``place``; None if nothing, or if the list is not of ``issuer``.

        An index beyond the list is unknown, never valid (Token Status List draft, 8.3 step 6).
        """
        ...
