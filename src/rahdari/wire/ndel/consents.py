"""A consent: a person's signed leave for one party to ask named services about her, for purposes and a time.

Values only; ``consent_token`` writes and reads them as a JWS. Nobody's number stands in it: ``subject`` is a salted
digest that whoever knows the number can compare (``subject_digest``).
"""

from dataclasses import dataclass, field
from hashlib import sha256

from rahdari.wire.xroad import ClientId, MemberId, ServiceId

# As RFC 9901, 4.2.1, has it for salts: 128 bits.
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose consent it is, without saying so: SHA-256 over the salt and the identifier."""

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """Where a consent's status stands: the address of a Status List Token, and the place in it."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as its issuer signed it. Times are seconds since 1970.

    ``consumer`` is the one client that may ask by it; where it is a member, its subsystems may too if
    ``covers_subsystems`` says so.
    """

    id: str
    issuer: MemberId
    subject: Subject
    consumer: ClientId
    services: tuple[ServiceId, ...]
    purposes: frozenset[str]
    data_classes: frozenset[str]
    issued_at: int
    not_before: int
    expires: int
    status: StatusPlace
    covers_subsystems: bool = False


def subject_digest(salt: bytes, identifier: str) -> bytes:
    """Give SHA-256(salt || UTF-8 of the identifier), 32 bytes."""
    return sha256(salt + identifier.encode()).digest()
