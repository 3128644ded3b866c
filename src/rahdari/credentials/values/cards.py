"""Cards, their stages, and the passes they carry."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from typing_extensions import override

from rahdari.credentials.values.holders import HolderId

CardNumber = NewType("CardNumber", str)


class Stage(StrEnum):
    """Where a card stands in its life."""

    APPLIED = "applied"
    ISSUED = "issued"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    REPLACED = "replaced"


class Act(StrEnum):
    """What can be done to a card."""

    APPLY = "apply"
    ISSUE = "issue"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    PROPOSE_REVOCATION = "propose_revocation"
    REVOKE = "revoke"
    EXPIRE = "expire"
    REPLACE = "replace"


class Reason(StrEnum):
    """Why an act was done; each act admits some of them."""

    FIRST_CARD = "first_card"
    ENTITLED = "entitled"
    DELIVERED = "delivered"
    HOLDER_REQUEST = "holder_request"
    FRAUD_SUSPECTED = "fraud_suspected"
    COURT_ORDER = "court_order"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    RENEWED = "renewed"
    FOUND = "found"
    CLEARED = "cleared"
    DECEASED = "deceased"
    ISSUED_IN_ERROR = "issued_in_error"
    FRAUD_PROVEN = "fraud_proven"
    TERM_ENDED = "term_ended"


class Channel(StrEnum):
    """A use of a card that its holder may lock and unlock."""

    ONLINE = "online"
    LOGIN = "login"
    PAYMENTS = "payments"


class Standing(StrEnum):
    """What a status list says of a pass (Token Status List draft, 7.1)."""

    VALID = "valid"
    INVALID = "invalid"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class ProductRef:
    """A card product in one version, written ``nic/1``."""

    id: str
    version: int

    @override
    def __str__(self) -> str:
        """Write ``id/version``."""
        return f"{self.id}/{self.version}"


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Where a pass's status stands: ``uri`` of the list, ``index`` in it."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card of a product in the version it was made under. ``expires`` None: lifetime validity."""

    number: CardNumber
    holder: HolderId
    product: ProductRef
    stage: Stage
    applied_at: datetime
    valid_from: datetime | None = None
    expires: datetime | None = None
    replaces: CardNumber | None = None
    revocation_proposed_by: str | None = None
    revocation_reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """One verification feature of a card as issued: its bytes, and its own place in a status list."""

    card: CardNumber
    feature: str
    place: StatusPlace
    kid: bytes
    payload: bytes
    issued_at: datetime
