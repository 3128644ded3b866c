"""The acts of a registry: what officers decide, and what the registry does by itself. Values only.

``act_token`` writes and reads them as the signed lines of the registry's journal.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.parties import ConsentIssuer, Pin, Purpose, Timestamper, Witness
from rahdari.wire.xroad import MemberId, SecurityServerId

# The name under which the registry itself acts; no officer can have it.
REGISTRY: Final = "(registry)"
NOTHING_BEFORE: Final = bytes(32)

Entry = Purpose | ConsentIssuer | Timestamper | Witness | Pin
"""What stands in a configuration beside its members."""


class EntryKind(StrEnum):
    """The kinds of entries that stand in a configuration beside its members."""

    PURPOSE = "purpose"
    CONSENT_ISSUER = "consent-issuer"
    TIMESTAMPER = "timestamper"
    WITNESS = "witness"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Officer:
    """Who may propose and approve, and the key that she signs with."""

    name: str
    key: PublicKey


@dataclass(frozen=True, slots=True)
class Terms:
    """How many officers a change needs, how often gateways ask, and how long a configuration is good for."""

    approvals_min: int = 2
    refresh_seconds: int = 30
    validity_seconds: int = 86_400


@dataclass(frozen=True, slots=True)
class Join:
    """Take a gateway in: its own request, as it was signed."""

    request: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Suspend:
    """Let a member neither ask nor answer."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Reinstate:
    """End a suspension."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class WithdrawKey:
    """Never again believe a message key."""

    keyid: str


@dataclass(frozen=True, slots=True)
class RemoveGateway:
    """Take a gateway out, with all its keys and certificates."""

    gateway: SecurityServerId


@dataclass(frozen=True, slots=True)
class Enter:
    """Enter something, or replace what has its name."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an entry out by its kind and name."""

    kind: EntryKind
    name: str


@dataclass(frozen=True, slots=True)
class SetTerms:
    """Change the terms."""

    terms: Terms


@dataclass(frozen=True, slots=True)
class EnrolOfficer:
    """Let somebody act as an officer; or give one a new key."""

    officer: Officer


@dataclass(frozen=True, slots=True)
class DismissOfficer:
    """Let an officer act no more."""

    name: str


Change = (
    Join
    | Suspend
    | Reinstate
    | WithdrawKey
    | RemoveGateway
    | Enter
    | Remove
    | SetTerms
    | EnrolOfficer
    | DismissOfficer
)
"""What officers decide."""


@dataclass(frozen=True, slots=True)
class Founded:
    """The first line: the instance, its first officers and terms. Signed by the registry."""

    instance: str
    officers: tuple[Officer, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Proposed:
    """An officer proposes a change, and thereby approves it."""

    change: Change


@dataclass(frozen=True, slots=True)
class Approved:
    """An officer approves the proposal of line ``proposal``."""

    proposal: int


@dataclass(frozen=True, slots=True)
class Declined:
    """An officer declines the proposal of line ``proposal``, which ends it."""

    proposal: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """A gateway's next keys, by its own signed request. Signed by the registry."""

    request: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Published:
    """A configuration was signed. Signed by the registry; ``digest`` is SHA-256 of its text."""

    version: int
    expires: int
    digest: bytes


Deed = Founded | Proposed | Approved | Declined | Renewed | Published
"""What a line can say."""


@dataclass(frozen=True, slots=True)
class Act:
    """A line of the journal: its number, the digest of the line before, when and by whom, and what."""

    number: int
    previous: bytes
    at: int
    by: str
    deed: Deed


def name_of_entry(entry: Entry) -> tuple[EntryKind, str]:
    """Tell by which kind and name an entry is found again."""
    match entry:
        case Purpose():
            return EntryKind.PURPOSE, entry.code
        case ConsentIssuer():
            return EntryKind.CONSENT_ISSUER, str(entry.member)
        case Timestamper():
            return EntryKind.TIMESTAMPER, entry.name
        case Witness():
            return EntryKind.WITNESS, entry.name
        case Pin():
            return EntryKind.PIN, entry.instance
