"""Status lists as the authority keeps them and as a verifier holds them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from rahdari.credentials.values.cards import Act, CardNumber, Reason, Standing


@dataclass(frozen=True, slots=True)
class StatusShard:
    """One status list of the authority: its number, address, size in entries, and how many are taken.

    ``touched`` is the last delta that changed a place of it (0: none did).
    """

    number: int
    uri: str
    size: int
    taken: int
    touched: int = 0


class PlaceStanding(NamedTuple):
    """One place in a list, by the list's number, and what it says."""

    shard: int
    place: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class DeltaRecord:
    """One delta of the status stream as it was signed; ``digest`` is the one that the next delta names."""

    sequence: int
    at: datetime
    digest: bytes
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChanged:
    """A card's standing changed: what the outbox tells other rooms and subscribers, in gapless ``position``s.

    ``sequence`` is the delta of the status stream that carries the change.
    """

    position: int
    at: datetime
    card: CardNumber
    act: Act
    reason: Reason | None
    was: Standing
    became: Standing
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedStatus:
    """A signed status list in both forms of the draft (JWT and CWT), as served and synced.

    It tells of every delta up to ``sequence``.
    """

    shard: int
    uri: str
    issued_at: datetime
    jwt: str
    cwt: bytes
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What is known of one place in a status list, and as of when. ``expires`` None: it does not.

    ``heard``: when, by the verifier's own clock, it first had word of ``as_of``; None where it asks the truth.
    ``is_locked``: its holder locked the card for the channel of this question; only a register knows.
    """

    standing: Standing
    as_of: datetime
    expires: datetime | None = None
    is_locked: bool = False
    heard: datetime | None = None
