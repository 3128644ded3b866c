"""Who takes part in an instance, and by which keys: what its signed configuration says.

Values only; ``configuration`` writes and reads them. Times are seconds since 1970. Texts for people stand by
language code (``en``, ``ur``, ``zh``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rahdari.wire.keys import PublicKey
from rahdari.wire.sealed import RecipientKey
from rahdari.wire.tlog import NoteKey
from rahdari.wire.xroad import MemberId, SecurityServerId


@dataclass(frozen=True, slots=True)
class MessageKey:
    """A key that signs messages of one gateway (RFC 9421), named ``keyid`` in its signatures.

    In force from ``not_before`` up to ``not_after``, and never again from ``withdrawn_at`` on.
    """

    keyid: str
    public: PublicKey
    not_before: int
    not_after: int
    withdrawn_at: int | None = None


@dataclass(frozen=True, slots=True)
class LogKeys:
    """A gateway's log: its origin, the keys that sign its checkpoints, and those it signs others' with."""

    origin: str
    keys: tuple[NoteKey, ...]
    witness_keys: tuple[NoteKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway of a member.

    ``url`` (``https://host:port``) is where others reach it and what it knows itself by in signatures;
    ``certificates`` are the X.509 certificates (DER) that its TLS may show, two of them during a renewal;
    ``recipients`` are the keys that bodies for its member are sealed to.
    """

    id: SecurityServerId
    url: str
    certificates: tuple[bytes, ...] = field(repr=False)
    keys: tuple[MessageKey, ...]
    log: LogKeys
    recipients: tuple[RecipientKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A member with its subsystems and gateways. A suspended one neither asks nor answers."""

    id: MemberId
    name: Mapping[str, str]
    subsystems: tuple[str, ...]
    gateways: tuple[Gateway, ...]
    suspended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why somebody may ask: a code that every call names, its title, and the law or contract it rests on."""

    code: str
    title: Mapping[str, str]
    basis: str


@dataclass(frozen=True, slots=True)
class ConsentIssuer:
    """A member whose signature makes a consent valid, with the keys (JWS, by kid) that do so."""

    member: MemberId
    keys: tuple[MessageKey, ...]


@dataclass(frozen=True, slots=True)
class Timestamper:
    """A time-stamping authority (RFC 3161): where it is asked, and the certificate (DER) that it signs with."""

    name: str
    url: str
    certificate: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who countersigns checkpoints (c2sp.org/tlog-witness): where, and by which keys."""

    name: str
    url: str
    keys: tuple[NoteKey, ...]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a pin lets through: services of a member (or of all: None) for purposes. No entry allows nothing."""

    provider: MemberId | None
    service_code: str | None
    purposes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pin:
    """Another instance that this one federates with: where its configuration is, who signs it, what may be asked.

    ``inbound`` is what its members may ask here, ``outbound`` what our members may ask there.
    """

    instance: str
    urls: tuple[str, ...]
    keys: tuple[PublicKey, ...]
    inbound: tuple[Allowance, ...]
    outbound: tuple[Allowance, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the gateways of an instance must know of one another; ``version`` grows with every change.

    Gateways look for a newer one every ``refresh_seconds``. After ``expires`` nothing is exchanged on its word.
    """

    instance: str
    version: int
    issued_at: int
    expires: int
    refresh_seconds: int
    members: tuple[Member, ...]
    purposes: tuple[Purpose, ...]
    consent_issuers: tuple[ConsentIssuer, ...] = ()
    timestampers: tuple[Timestamper, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    pins: tuple[Pin, ...] = ()
