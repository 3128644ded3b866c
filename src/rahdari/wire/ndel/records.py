"""Evidence records: what a gateway's log keeps of one exchange. Hashes and names; no bodies, no paths, no persons.

Values only; ``record_bytes`` writes and reads them as canonical bytes (a leaf of the log).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from rahdari.wire.xroad import ClientId, ServiceId


class Role(StrEnum):
    """Which gateway of the two kept the record."""

    CONSUMER = "consumer"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class SubjectIndex:
    """Whose data were asked for, as a pseudonym: HMAC-SHA-256 of the identifier under the key of ``period``."""

    period: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignatureMark:
    """A message signature as the log keeps it: its parameters, the key, the signature (64 bytes)."""

    input: str
    keyid: str
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """One exchange, as one of its two gateways keeps it.

    Times are milliseconds since 1970. ``operation`` is the template that matched, never the path.
    ``request_base`` and ``response_base`` are SHA-256 of the signature bases (RFC 9421, 2.5), so that whoever holds
    the particulars can show what was signed, and the log alone tells nothing of it. ``fault`` is an X-Road error
    type, or empty. ``response`` is None where no answer was signed.
    """

    role: Role
    request_id: str
    message_id: str
    began: int
    ended: int
    client: ClientId
    service: ServiceId
    operation: str
    purpose: str
    configuration_version: int
    request_hash: str
    request_digest: str
    request: SignatureMark
    request_base: bytes = field(repr=False)
    status: int
    response_digest: str | None = None
    response: SignatureMark | None = None
    response_base: bytes | None = field(default=None, repr=False)
    consent_id: str | None = None
    consent_digest: bytes | None = field(default=None, repr=False)
    subject: SubjectIndex | None = None
    is_strict: bool = False
    is_sealed: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """The consumer's proof of receipt, as the provider's log keeps it beside the exchange."""

    request_id: str
    at: int
    receipt: SignatureMark


class WithholdingAct(StrEnum):
    """What was ordered about an entry of the citizen's log."""

    WITHHOLD = "withhold"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class WithholdingRecord:
    """An order to keep an exchange out of the citizen's log for a time; ordering it is itself logged.

    ``kind`` is a typed reason (``court_order``, ``criminal_investigation``, ``child_protection``,
    ``national_security``), ``order`` the number of the order, ``until`` seconds since 1970.
    """

    id: str
    at: int
    act: WithholdingAct
    kind: str
    order: str
    ordered_by: str
    client: ClientId | None
    subject: SubjectIndex | None
    until: int


LogEntry = ExchangeRecord | ReceiptRecord | WithholdingRecord
"""What a leaf of a gateway's log may be."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the parties need before a court and the log must not hold: kept encrypted beside it, and erasable.

    The two signature bases as signed, the header part that the request hash covers, the consent as a JWS.
    """

    request_base: str = field(repr=False)
    response_base: str | None = field(default=None, repr=False)
    header_part: bytes = field(default=b"", repr=False)
    consent: str | None = field(default=None, repr=False)
