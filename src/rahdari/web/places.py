"""Who may be under way at once: places for each kind of caller, so that no kind takes those of another.

A place is held from the request's head to the end of its answer. Strangers can fill the strangers' places and
nobody else's: an officer's suspension and an institution's question find theirs whatever strangers do.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from rahdari.kernel import Actor, ActorKind
from rahdari.web.errors import Busy

BUSY_SECONDS = 1


class Standing(StrEnum):
    """What is known of a caller when a place is given."""

    STRANGER = "stranger"
    """Shows no token: pages, checks, the holder's own page."""
    FETCHING = "fetching"
    """Fetches what is kept ready and the same for all: statuses, trust list, files of the pages."""
    PROVING = "proving"
    """Shows a token that is being looked up: some milliseconds, and no byte of the body is waited for."""
    INSTITUTION = "institution"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Room:
    """How many requests of one kind of caller are under way at once, and how many of them one caller's."""

    at_once_max: int
    caller_max: int


# Each request under way holds a socket and, while it reads the register, one of 40 threads: 608 sockets in all.
# One address may hold a quarter of the strangers' places. Fetching is quick and many verifiers share one address.
# Institutions have room for the 64 polls that may wait (web.api.signals) and for questions beside them.
ROOMS: Mapping[Standing, Room] = MappingProxyType(
    {
        Standing.STRANGER: Room(96, 24),
        Standing.FETCHING: Room(256, 96),
        Standing.PROVING: Room(96, 48),
        Standing.INSTITUTION: Room(96, 48),
        Standing.OFFICER: Room(64, 32),
    }
)


class Places:
    """Counts the requests under way, by kind of caller and by caller."""

    def __init__(self, rooms: Mapping[Standing, Room] = ROOMS) -> None:
        """Begin with none under way."""
        self._rooms = rooms
        self._taken: Counter[Standing] = Counter()
        self._callers: Counter[tuple[Standing, str]] = Counter()

    @property
    def held(self) -> int:
        """Count the places that are held."""
        return self._taken.total()

    @contextmanager
    def hold(self, standing: Standing, caller: str) -> Iterator["Held"]:
        """Hold a place to the end of the block, or until it is given up. Raises ``Busy``."""
        room = self._rooms[standing]
        if self._callers[standing, caller] >= room.caller_max:
            raise Busy(BUSY_SECONDS, "as many requests of one caller are under way as this server takes")
        if self._taken[standing] >= room.at_once_max:
            raise Busy(BUSY_SECONDS, "as many requests are under way as this server takes")
        self._taken[standing] += 1
        self._callers[standing, caller] += 1
        held = Held(self, standing, caller)
        try:
            yield held
        finally:
            held.give_up()

    def free(self, standing: Standing, caller: str) -> None:
        """Give one place of this caller back."""
        self._taken[standing] -= 1
        self._callers[standing, caller] -= 1
        if not self._callers[standing, caller]:
            # Whoever is away costs no memory.
            del self._callers[standing, caller]


class Held:
    """A place that is held."""

    def __init__(self, places: Places, standing: Standing, caller: str) -> None:
        """Hold what ``Places.hold`` has counted."""
        self._places: Places | None = places
        self._standing = standing
        self._caller = caller

    def give_up(self) -> None:
        """Give the place back; a second time does nothing."""
        if self._places is not None:
            self._places.free(self._standing, self._caller)
            self._places = None


def standing_of(actor: Actor) -> Standing:
    """Tell which places a proven caller takes: whoever suspends never waits for those who ask."""
    return Standing.INSTITUTION if actor.kind is ActorKind.INSTITUTION else Standing.OFFICER
