"""Status lists as the authority keeps them and as a verifier holds them."""

from dataclasses import dataclass
from datetime import datetime

from rahdari.credentials.values.cards import Standing


@dataclass(frozen=True, slots=True)
class StatusShard:
    """One status list of the authority: its number, address, size in entries, and how many are taken."""

    number: int
    uri: str
    size: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedStatus:
    """A signed status list in both forms of the draft (JWT and CWT), as served and synced."""

    shard: int
    uri: str
    issued_at: datetime
    jwt: str
    cwt: bytes


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What is known of one place in a status list, and as of when. ``expires`` None: it does not."""

    standing: Standing
    as_of: datetime
    expires: datetime | None = None
