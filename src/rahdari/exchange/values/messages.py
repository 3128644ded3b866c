"""A call on its way through the gateways: each step is a value of its own, so that none can be left out."""

from dataclasses import dataclass, field

from rahdari.exchange.values.services import Operation, Service
from rahdari.wire.http_signatures import Request, SignatureFields, VerifiedRequest, VerifiedResponse
from rahdari.wire.keys import Signer
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.records import SubjectIndex
from rahdari.wire.xroad import (
    CallHeaders,
    ClientId,
    FieldLine,
    PathTemplate,
    SecurityServerId,
    ServiceCall,
)

NO_CONSENT = "none"
"""What ``ndel-consent`` says where no consent is shown."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a gateway is, and the key it signs messages with now."""

    id: SecurityServerId
    url: str
    keyid: str
    signer: Signer = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request as a server hands it over, before its body: ``target_raw`` is path and query as they came."""

    method: str
    target_raw: bytes = field(repr=False)
    fields: tuple[FieldLine, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proofs:
    """How whoever calls the edge can prove which client it is."""

    is_near: bool = False
    certificate: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """A body of ``size`` bytes by its digests: the Content-Digest field, and SHA-512 (None where it is empty)."""

    size: int
    content_digest: str
    sha512: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """A call of a client of ours that may go out: where to, for which purpose, with which consent."""

    head: RequestHead = field(repr=False)
    call: ServiceCall
    said: CallHeaders
    purpose: str
    consent: str = field(repr=False)
    gateway: Gateway = field(repr=False)
    message_id: str
    request_id: str
    configuration_version: int
    began: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed request, ready for the provider's gateway: ``fields`` go out in this order."""

    route: Route
    request: Request = field(repr=False)
    fields: tuple[FieldLine, ...] = field(repr=False)
    header_part: bytes = field(repr=False)
    request_hash: str
    body: BodyFacts
    identity: Identity
    signature: SignatureFields = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A response whose signature was verified: ``fields`` go on to the client; the body must match the digest."""

    outgoing: Outgoing
    status: int
    fields: tuple[FieldLine, ...] = field(repr=False)
    content_digest: str
    verified: VerifiedResponse
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose sender and signature are proved, whatever it may do: from here on refusals are signed too."""

    head: RequestHead = field(repr=False)
    call: ServiceCall
    said: CallHeaders
    client: ClientId
    sender: Gateway = field(repr=False)
    request: Request = field(repr=False)
    verified: VerifiedRequest
    request_id: str
    purpose: str
    consent: str = field(repr=False)
    configuration_version: int
    content_digest: str
    began: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that its client may make, as far as the head tells: ``forwarded`` goes to the provider's system."""

    asked: Asked
    service: Service
    operation: Operation
    template: PathTemplate
    forwarded: tuple[FieldLine, ...] = field(repr=False)
    header_part: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settled:
    """An admitted call whose body, consent and subject were looked at too: it may be answered."""

    admitted: Admitted
    request_hash: str
    consent_id: str | None = None
    subject: SubjectIndex | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A signed answer of this gateway, and what its log shall keep of the exchange."""

    status: int
    fields: tuple[FieldLine, ...] = field(repr=False)
    body: bytes | None = field(repr=False)
    record: bytes = field(repr=False)
    particulars: bytes = field(repr=False)
    is_strict: bool
    response_signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Concluded:
    """What a consumer's gateway keeps of an exchange."""

    record: bytes = field(repr=False)
    particulars: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The consumer's signature over the response's signature, for the request with this id."""

    request_id: str
    signature: SignatureFields
