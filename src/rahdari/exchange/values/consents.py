"""What the book of a consent issuer keeps, and what a person can do with a consent that she gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from rahdari.wire.keys import Signer
from rahdari.wire.ndel.consents import StatusPlace
from rahdari.wire.status_list import StatusType
from rahdari.wire.xroad import ClientId, MemberId, ServiceId


class ConsentState(StrEnum):
    """How a consent stands. A revoked one stays so."""

    GIVEN = "given"
    PAUSED = "paused"
    REVOKED = "revoked"

    @property
    def status(self) -> StatusType:
        """What the status list says of it (Token Status List, 7.1)."""
        return _STATUSES[self]


class ConsentAct(StrEnum):
    """What a person does with her consent."""

    PAUSE = "pause"
    RESUME = "resume"
    REVOKE = "revoke"


_STATUSES = MappingProxyType(
    {
        ConsentState.GIVEN: StatusType.VALID,
        ConsentState.PAUSED: StatusType.SUSPENDED,
        ConsentState.REVOKED: StatusType.INVALID,
    }
)

MOVES: Mapping[tuple[ConsentState, ConsentAct], ConsentState] = MappingProxyType(
    {
        (ConsentState.GIVEN, ConsentAct.PAUSE): ConsentState.PAUSED,
        (ConsentState.PAUSED, ConsentAct.RESUME): ConsentState.GIVEN,
        (ConsentState.GIVEN, ConsentAct.REVOKE): ConsentState.REVOKED,
        (ConsentState.PAUSED, ConsentAct.REVOKE): ConsentState.REVOKED,
    }
)
"""A consent's life: what can be done with it in which state."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person agrees to, before it is signed. ``subject`` is her normalised identifier.

    ``days`` is how long it lasts from ``not_before`` on (seconds since 1970; None: from now on).
    """

    subject: str = field(repr=False)
    consumer: ClientId
    services: tuple[ServiceId, ...]
    purposes: frozenset[str]
    data_classes: frozenset[str]
    days: int
    not_before: int | None = None
    covers_subsystems: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs consents: the member, its key, the key that marks persons in the book, where its lists stand.

    ``lists`` is the address under which the lists are served, without a slash at its end; ``kid`` is how the
    configuration names the key.
    """

    member: MemberId
    signer: Signer = field(repr=False)
    marking_key: bytes = field(repr=False)
    lists: str


@dataclass(frozen=True, slots=True)
class KeptConsent:
    """A consent in the book. ``mark`` tells the issuer alone whose it is; times are seconds since 1970."""

    id: str
    list_number: int
    place: StatusPlace
    mark: bytes = field(repr=False)
    consumer: ClientId
    text: str = field(repr=False)
    issued_at: int
    expires: int
    state: ConsentState
    changed_at: int
