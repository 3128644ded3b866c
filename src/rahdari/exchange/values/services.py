"""What a member offers through its gateway: services, their operations, who may call them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rahdari.wire.xroad import ClientId, PathTemplate, ServiceId, ServiceType, TemplateSet


class Durability(StrEnum):
    """When an answer leaves the gateway.

    ``ASYNC``: at once, and the record is durable within some 10 ms; a power failure in between loses it.
    ``STRICT``: once the record is durable; what was answered is in the log, whatever happens.
    """

    ASYNC = "async"
    STRICT = "strict"


class ConsentRule(StrEnum):
    """Whether a person's consent is needed, and how fast its revocation acts: within 60 s, or at once."""

    NONE = "none"
    REQUIRED = "required"
    REQUIRED_NOW = "required-now"


class SubjectSource(StrEnum):
    """Where an operation's subject (whose data are asked for) stands."""

    NOBODY = "nobody"
    PATH = "path"
    QUERY = "query"
    BODY = "body"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """The place of the subject: a variable of the template, a parameter, a JSON Pointer (RFC 6901) into the body.

    ``ANSWER``: the provider's system says it in the response field ``ndel-subject``, which goes no further.
    """

    source: SubjectSource = SubjectSource.NOBODY
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: so many calls a second in the long run, so many at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service. No purpose means that nobody may call it."""

    template: PathTemplate
    purposes: frozenset[str]
    data_classes: frozenset[str] = frozenset()
    consent: ConsentRule = ConsentRule.NONE
    subject: SubjectPlace = field(default=SubjectPlace())
    durability: Durability = Durability.ASYNC
    is_sealed: bool = False
    rate: Rate | None = None

    @property
    def name(self) -> str:
        """Method and template."""
        return self.template.name


@dataclass(frozen=True, slots=True)
class Service:
    """A service behind this gateway; ``description`` is its OpenAPI document as it was given.

    ``bearer`` is the token (RFC 6750) by which the gateway proves itself to the member's own system, or empty.
    """

    id: ServiceId
    title: Mapping[str, str]
    base_url: str
    type: ServiceType
    operations: tuple[Operation, ...]
    templates: TemplateSet = field(repr=False)
    description: bytes | None = field(default=None, repr=False)
    disabled_notice: str | None = None
    timeout_seconds: float = 30.0
    body_bytes_max: int = 64 * 1024 * 1024
    concurrent_max: int = 256
    keeps_particulars: bool = True
    bearer: str = field(default="", repr=False)

    def operation(self, template: PathTemplate) -> Operation:
        """Give the operation of a template of this service."""
        return next(one for one in self.operations if one.template is template)


@dataclass(frozen=True, slots=True)
class Grant:
    """The right of a client to operations of a service, by their names; an empty set grants nothing."""

    client: ClientId
    service: ServiceId
    operations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Offer:
    """All services and grants of a gateway."""

    services: Mapping[ServiceId, Service]
    grants: Mapping[tuple[ClientId, ServiceId], frozenset[str]]
    rates: Mapping[str, Rate]


class ClientProof(StrEnum):
    """How an information system proves to its own gateway which client it is."""

    NETWORK = "network"
    TOKEN = "token"  # noqa: S105  # the name of a kind
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class LocalClient:
    """A subsystem whose information systems may call through this gateway.

    ``secret_digests`` are SHA-256 of its tokens or of its certificates (DER); ``purposes`` are used where a call
    names none, by service, with the key ``""`` for all others.
    """

    id: ClientId
    proof: ClientProof
    secret_digests: frozenset[bytes] = field(default=frozenset(), repr=False)
    purposes: Mapping[str, str] = field(default_factory=dict)
