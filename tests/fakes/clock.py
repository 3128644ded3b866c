"""A clock that tests wind by hand."""

from datetime import UTC, datetime, timedelta


class WoundClock:
    """Stands still until it is wound."""

    def __init__(self, at: datetime = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def wind(self, by: timedelta) -> None:
        self._at += by

    def set(self, at: datetime) -> None:
        self._at = at
