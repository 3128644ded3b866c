"""Who asks: the one noun that travels from the edge into every room."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What sort of party acts."""

    OFFICER = "officer"
    INSTITUTION = "institution"
    HOLDER = "holder"
    SYSTEM = "system"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated party with the roles it holds at this instant.

    ``id`` is what the audit log records; ``roles`` are the names that the rooms' tables of moves use.
    """

    id: str
    kind: ActorKind
    roles: frozenset[str] = frozenset()

    def has_any(self, roles: frozenset[str]) -> bool:
        """Tell whether one of ``roles`` is held. An empty set of roles is held by nobody."""
        return not self.roles.isdisjoint(roles)
