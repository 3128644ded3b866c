"""Two members with a gateway each, sans input and output: a bank that asks, a registry that answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from types import MappingProxyType

from rahdari.exchange.rules.directory import Directory, build_directory
from rahdari.exchange.rules.replay import SeenRequests
from rahdari.exchange.rules.subjects import normalise, subject_index
from rahdari.exchange.service.consumer import Consumer, ConsumerSettings
from rahdari.exchange.service.provider import Provider, ProviderParts
from rahdari.exchange.values.messages import Answer, BodyFacts, Identity, Outgoing, Proofs, RequestHead
from rahdari.exchange.values.services import (
    ClientProof,
    Durability,
    LocalClient,
    Offer,
    Operation,
    Rate,
    Service,
    SubjectPlace,
    SubjectSource,
)
from rahdari.wire.http_signatures import content_digest
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.parties import (
    Configuration,
    Gateway,
    LogKeys,
    Member,
    MessageKey,
    Purpose,
)
from rahdari.wire.ndel.parties_as_json import keyid_of
from rahdari.wire.xroad import (
    ClientId,
    FieldLine,
    MemberId,
    SecurityServerId,
    ServiceId,
    ServiceType,
    SubsystemId,
    TemplateSet,
    read_template,
)
from tests.fakes.chance import SeededChance

AT = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
BANK = SubsystemId("PK", "COM", "2002", "loans")
REGISTRY = SubsystemId("PK", "GOV", "1001", "registry")
STATUS = ServiceId("PK", "GOV", "1001", "registry", "person-status")
BANK_KEY, REGISTRY_KEY = SoftwareSigner.generate(Algorithm.EDDSA), SoftwareSigner.generate(Algorithm.EDDSA)
TARGET = b"/r1/PK/GOV/1001/registry/person-status/v1/persons/35202-1?fields=status"
ASKED: tuple[FieldLine, ...] = (
    (b"host", b"127.0.0.1:8441"),
    (b"x-road-client", b"PK/COM/2002/loans"),
    (b"ndel-purpose", b"lending"),
    (b"accept", b"application/json"),
)


def gateway_of(member: MemberId, signer: SoftwareSigner, port: int) -> Gateway:
    """A gateway with one key; its "certificate" is a name, for nothing here opens it."""
    start = int(AT.timestamp())
    key = MessageKey(keyid_of(signer.public), signer.public, start - 86_400, start + 86_400 * 90)
    return Gateway(
        SecurityServerId(member.instance, member.member_class, member.member_code, "gate"),
        f"https://127.0.0.1:{port}",
        (f"certificate of {member}".encode(),),
        (key,),
        LogKeys(f"log.example/{member.member_code}", ()),
    )


def configuration(**changes: object) -> Configuration:
    """The configuration of both members."""
    made = Configuration(
        instance="PK",
        version=7,
        issued_at=int(AT.timestamp()) - 60,
        expires=int((AT + timedelta(days=1)).timestamp()),
        refresh_seconds=60,
        members=(
            Member(
                BANK.member,
                {"en": "Sample Bank"},
                ("loans", "cards"),
                (gateway_of(BANK.member, BANK_KEY, 9001),),
            ),
            Member(
                REGISTRY.member,
                {"en": "Sample Registry"},
                ("registry",),
                (gateway_of(REGISTRY.member, REGISTRY_KEY, 9002),),
            ),
        ),
        purposes=(
            Purpose("lending", {"en": "Lending"}, "sample law"),
            Purpose("audit", {"en": "Audit"}, "sample law"),
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def service(operations: Iterable[Operation] = (), **changes: object) -> Service:
    """The service person-status, with one operation unless told otherwise."""
    listed = tuple(operations) or (operation(),)
    made = Service(
        STATUS,
        {"en": "Person's status"},
        "http://127.0.0.1:9003/api",
        ServiceType.OPENAPI,
        listed,
        TemplateSet([one.template for one in listed]),
        b'{"openapi":"3.1.0"}',
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def operation(method: str = "GET", path: str = "/v1/persons/{id}", **changes: object) -> Operation:
    """An operation for lending, about the person in its path."""
    made = Operation(
        read_template(method, path),
        frozenset({"lending"}),
        frozenset({"status"}),
        subject=SubjectPlace(SubjectSource.PATH, "id"),
        durability=Durability.STRICT,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def offer(*services: Service, granted: Mapping[SubsystemId, frozenset[str]] | None = None) -> Offer:
    """All services, each operation granted to the bank's loans unless told otherwise."""
    listed = services or (service(),)
    grants: dict[tuple[ClientId, ServiceId], frozenset[str]] = {}
    for one in listed:
        names = frozenset(each.name for each in one.operations)
        for client, own in (granted if granted is not None else {BANK: names}).items():
            grants[client, one.id] = own
    return Offer({one.id: one for one in listed}, grants, {})


def facts(body: bytes = b"") -> BodyFacts:
    """What a gateway finds out about a body."""
    return BodyFacts(len(body), content_digest(body), sha512(body).digest() if body else None)


@dataclass
class Scene:
    """Both ends, with what they consult in reach of a test."""

    directory: Directory
    offer: Offer
    tick: float = 0.0
    at: datetime = AT

    def __post_init__(self) -> None:
        clients: dict[ClientId, LocalClient] = {BANK: LocalClient(BANK, ClientProof.NETWORK)}
        self.settings = ConsumerSettings(clients)
        self.consumer = Consumer(
            lambda: self.settings,
            lambda: self.directory,
            lambda: Identity(_gate(BANK), "https://127.0.0.1:9001", keyid_of(BANK_KEY.public), BANK_KEY),
            SeededChance(7),
        )
        self.identity = Identity(
            _gate(REGISTRY), "https://127.0.0.1:9002", keyid_of(REGISTRY_KEY.public), REGISTRY_KEY
        )
        parts = ProviderParts(
            lambda: self.offer,
            lambda: self.directory,
            lambda: self.identity,
            lambda identifier, _: subject_index(normalise(identifier), bytes(32), period="2027-03"),
        )
        self.provider = Provider(parts, SeededChance(8), seen=SeenRequests())

    def ask(
        self,
        target: bytes = TARGET,
        *,
        method: str = "GET",
        fields: tuple[FieldLine, ...] = ASKED,
        body: bytes = b"",
    ) -> Outgoing:
        """Let the bank's gateway route and sign."""
        route = self.consumer.route(RequestHead(method, target, fields), Proofs(is_near=True), at=self.at)
        return self.consumer.sign(route, facts(body), at=self.at)

    def answer(
        self, outgoing: Outgoing, *, body: bytes = b"", answered: bytes = b'{"status":"good"}'
    ) -> Answer:
        """Let the registry's gateway read, admit, settle and answer."""
        asked = self.provider.read(received(outgoing), CERTIFICATE, at=self.at, tick=self.tick)
        admitted = self.provider.admit(asked, tick=self.tick)
        settled = self.provider.settle(admitted, facts(body), "35202-1", at=self.at)
        fields = [(b"content-type", b"application/json"), (b"server", b"x"), (b"x-road-error", b"forged")]
        return self.provider.answer(settled, 200, fields, facts(answered), at=self.at)


CERTIFICATE = b"certificate of PK/COM/2002"


def scene(*, changes: Mapping[str, object] = MappingProxyType({}), offered: Offer | None = None) -> Scene:
    """Make a scene."""
    return Scene(build_directory(configuration(**changes)), offered or offer())


def received(outgoing: Outgoing, **changed: bytes | None) -> RequestHead:
    """The request as the other gateway's server sees it, with the lines that a hop adds.

    ``changed`` names fields with underscores: another value, or None to leave it out.
    """
    names = {name.replace("_", "-").encode(): value for name, value in changed.items()}
    lines = [(name, names.get(name, value)) for name, value in outgoing.fields]
    kept = [(name, value) for name, value in lines if value is not None]
    hops = [(b"host", b"127.0.0.1:9002"), (b"content-length", b"0")]
    return RequestHead(outgoing.request.method, outgoing.route.call.target_raw.encode(), (*hops, *kept))


def _gate(client: SubsystemId) -> SecurityServerId:
    return SecurityServerId(client.instance, client.member_class, client.member_code, "gate")


def rate(per_second: float, burst: int) -> Rate:
    """A rate."""
    return Rate(per_second, burst)


def digest_of(text: bytes) -> bytes:
    """SHA-256."""
    return sha256(text).digest()
