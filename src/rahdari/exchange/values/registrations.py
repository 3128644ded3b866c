"""What a registry knows: its members, what stands beside them, its officers, and what they have not decided yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.acts import NOTHING_BEFORE, Change, Entry, EntryKind, Terms
from rahdari.wire.ndel.parties import Member
from rahdari.wire.xroad import MemberId, SecurityServerId


class ProposalState(StrEnum):
    """Where a proposal stands."""

    PENDING = "pending"
    DONE = "done"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that an officer proposed in line ``number``, and who has signed it so far."""

    number: int
    at: int
    change: Change
    signed_by: frozenset[str]
    state: ProposalState = ProposalState.PENDING


@dataclass(frozen=True, slots=True)
class Register:
    """The state of a registry after ``number`` lines, the last of which has the digest ``tip``.

    ``version``, ``published_at``, ``expires`` and ``digest`` (SHA-256 of its text) are those of the last
    configuration; ``is_changed`` tells whether anything happened since. ``known_since`` names the version
    with which each gateway came in.
    """

    instance: str
    terms: Terms
    officers: Mapping[str, PublicKey]
    members: Mapping[MemberId, Member] = field(default_factory=dict)
    entries: Mapping[tuple[EntryKind, str], Entry] = field(default_factory=dict)
    proposals: Mapping[int, Proposal] = field(default_factory=dict)
    number: int = 0
    tip: bytes = field(default=NOTHING_BEFORE, repr=False)
    at: int = 0
    version: int = 0
    published_at: int = 0
    expires: int = 0
    digest: bytes = field(default=b"", repr=False)
    is_changed: bool = True
    known_since: Mapping[SecurityServerId, int] = field(default_factory=dict, repr=False)
