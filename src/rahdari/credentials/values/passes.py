"""What a pass says: the content that is signed, and what a reader sees before and after trust."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from rahdari.credentials.values.cards import ProductRef, StatusPlace
from rahdari.credentials.values.holders import Gender
from rahdari.credentials.values.text import LocalText, no_text
from rahdari.wire.keys import Algorithm, PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What a pass says of its holder. Absent ones are None or empty; ``photo`` is a picture file."""

    number: str | None = None
    name: LocalText = field(default_factory=no_text)
    date_of_birth: date | None = None
    gender: Gender | None = None
    guardian: LocalText = field(default_factory=no_text)
    address: LocalText = field(default_factory=no_text)
    nationality: str | None = None
    region: str | None = None
    country_of_issuance: str | None = None
    family_number: str | None = None
    country_of_stay: str | None = None
    passport_number: str | None = None
    marks: tuple[str, ...] = ()
    photo: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which terms a pass speaks: who issued it, which product, when it holds, where its status is."""

    issuer: str | None
    product: ProductRef | None = None
    issued_at: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    place: StatusPlace | None = None


@dataclass(frozen=True, slots=True)
class PassContent:
    """Everything that a feature encodes and signs."""

    terms: Terms
    attributes: Attributes


class SignatureCheck(Protocol):
    """Checks the signature of one pass that was read against a key."""

    def __call__(self, key: PublicKey, /) -> None:
        """Return if ``key`` made the signature. Raises ``wire.errors.BadSignature`` if not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedPass:
    """A pass as read by its feature; nothing in it may be believed yet."""

    feature: str
    algorithm: Algorithm
    kid: bytes | None
    content: PassContent
    check_signature: SignatureCheck


class VerdictKind(StrEnum):
    """The answer of a verification in one word."""

    VALID = "valid"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    UNKNOWN_ISSUER = "unknown_issuer"
    TAMPERED = "tampered"
    STALE = "stale"
    MALFORMED = "malformed"


class Outcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered step of a verification: what was checked, by which clause, and how it ended."""

    number: int
    name: str
    clause: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A pass that withstood every check. Who holds one need not ask again until ``as_of`` grows old.

    ``as_of``: the instant at which the status was known to be good (the status list's own signed time,
    or the instant of the question where the register itself answered).
    """

    feature: str
    issuer: str
    terms: Terms
    attributes: Attributes
    as_of: datetime
    checks: tuple[Check, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A verification as told to people: the verdict first, and the pass only if it is valid."""

    verdict: VerdictKind
    as_of: datetime
    reason: str
    code: str | None
    checks: tuple[Check, ...]
    verified: Verified | None
