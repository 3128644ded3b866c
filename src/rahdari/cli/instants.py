"""Instants and days as commands write them."""

from datetime import date, datetime


def instant(at: date | datetime | None) -> str | None:
    """Write an instant or a day as ISO 8601; None stays None.

    Example:
        >>> instant(date(2026, 11, 22))
        '2026-11-22'
    """
    if isinstance(at, datetime):
        return at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return at.isoformat() if at else None
