"""One exchange with all its evidence: two logs, a consent, a time stamp, a witness, a receipt."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtendedKeyUsageOID

from rahdari.exchange.rules.consents import KnownStatus
from rahdari.exchange.rules.directory import build_directory
from rahdari.exchange.values.evidence import Anchors, RegistryKey
from rahdari.exchange.values.messages import Answer, Concluded, Outgoing, Receipt
from rahdari.exchange.values.services import ConsentRule
from rahdari.wire.http_signatures import verify_receipt
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel import configuration as configuration_text
from rahdari.wire.ndel import consent_token, evidence_file
from rahdari.wire.ndel.consents import Consent, StatusPlace, Subject, subject_digest
from rahdari.wire.ndel.evidence_file import EvidenceFile, KeptEvidence, LoggedBytes
from rahdari.wire.ndel.parties import (
    Configuration,
    ConsentIssuer,
    Gateway,
    LogKeys,
    Member,
    MessageKey,
)
from rahdari.wire.ndel.record_bytes import encode_entry, read_particulars
from rahdari.wire.ndel.records import ReceiptRecord, SignatureMark
from rahdari.wire.timestamps import Authority, Imprint, Request, issue
from rahdari.wire.tlog import (
    Checkpoint,
    Ed25519NoteSigner,
    Frontier,
    KeyKind,
    LogProof,
    MlDsa44NoteSigner,
    Note,
    NoteSigner,
    leaf_hash,
    prove_inclusion,
    sign_checkpoint,
)
from tests.unit.exchange.exchange_scene import (
    ASKED,
    AT,
    BANK,
    BANK_KEY,
    REGISTRY,
    REGISTRY_KEY,
    STATUS,
    Scene,
    facts,
    gateway_of,
    offer,
    operation,
    received,
    service,
)
from tests.unit.exchange.exchange_scene import CERTIFICATE as BANK_CERTIFICATE
from tests.unit.exchange.exchange_scene import configuration as plain_configuration
from tests.unit.wire.timestamp_scene import name as common_name

SECONDS = int(AT.timestamp())
REGISTRY_ROOT = SoftwareSigner.generate(Algorithm.EDDSA)
ISSUER_KEY = SoftwareSigner.generate(Algorithm.EDDSA)
WITNESS = Ed25519NoteSigner("witness.example", SoftwareSigner.generate(Algorithm.EDDSA), KeyKind.COSIGNATURE)
PERSON = "352021"
SALT = bytes(range(16))


@dataclass(frozen=True)
class Log:
    """A log of a gateway, with its two signers."""

    origin: str
    ed25519: Ed25519NoteSigner
    ml_dsa: MlDsa44NoteSigner

    @property
    def signers(self) -> tuple[NoteSigner, ...]:
        return self.ed25519, self.ml_dsa


@cache
def log_of(member_code: str) -> Log:
    origin = f"log.example/{member_code}"
    return Log(
        origin,
        Ed25519NoteSigner(origin, SoftwareSigner.generate(Algorithm.EDDSA)),
        MlDsa44NoteSigner(origin, MLDSA44PrivateKey.generate()),
    )


def with_log(gateway: Gateway, member_code: str) -> Gateway:
    log = log_of(member_code)
    return replace(gateway, log=LogKeys(log.origin, tuple(one.key for one in log.signers)))


def configuration(**changes: object) -> Configuration:
    """Both members with their logs' keys; the registry issues consents."""
    members = (
        Member(
            BANK.member,
            {"en": "Sample Bank"},
            ("loans", "cards"),
            (with_log(gateway_of(BANK.member, BANK_KEY, 9001), "2002"),),
        ),
        Member(
            REGISTRY.member,
            {"en": "Sample Registry"},
            ("registry",),
            (with_log(gateway_of(REGISTRY.member, REGISTRY_KEY, 9002), "1001"),),
        ),
    )
    issuing = MessageKey("consents-1", ISSUER_KEY.public, SECONDS - 86_400, SECONDS + 86_400)
    made = plain_configuration(members=members, consent_issuers=(ConsentIssuer(REGISTRY.member, (issuing,)),))
    return replace(made, **changes)  # type: ignore[arg-type]


def consent(**changes: object) -> Consent:
    made = Consent(
        id="c-1",
        issuer=REGISTRY.member,
        subject=Subject(SALT, subject_digest(SALT, PERSON)),
        consumer=BANK,
        services=(STATUS,),
        purposes=frozenset({"lending"}),
        data_classes=frozenset({"status"}),
        issued_at=SECONDS - 100,
        not_before=SECONDS - 100,
        expires=SECONDS + 86_400,
        status=StatusPlace("https://id.example/consents/0", 7),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Exchange:
    """What the two gateways kept of one exchange."""

    outgoing: Outgoing
    answer: Answer
    concluded: Concluded
    receipt: Receipt
    request_id: str


@cache
def exchanged(*, is_consented: bool = True, body: bytes = b"") -> Exchange:
    """Let the bank ask for the person's status, and the registry answer."""
    rule = ConsentRule.REQUIRED if is_consented else ConsentRule.NONE
    method = "POST" if body else "GET"
    scene = Scene(build_directory(configuration()), offer(service([operation(method, consent=rule)])))
    token = (b"ndel-consent", consent_token.sign(ISSUER_KEY, consent()).encode())
    outgoing = scene.ask(method=method, fields=(*ASKED, token) if is_consented else ASKED, body=body)
    asked = scene.provider.read(received(outgoing), BANK_CERTIFICATE, at=AT, tick=0.0)
    admitted = scene.provider.admit(asked, tick=0.0)
    held = scene.provider.examine(admitted, PERSON, at=AT)
    standing = None if held is None else (held, KnownStatus(0, 3.0))
    settled = scene.provider.settle(admitted, facts(body), PERSON, consent=standing, at=AT)
    answer = scene.provider.answer(settled, 200, [], facts(b'{"status":"good"}'), at=AT)
    accepted = scene.consumer.accept(outgoing, answer.status, answer.fields, at=AT)
    concluded = scene.consumer.conclude(accepted, at=AT)
    receipt = scene.consumer.acknowledge(accepted, at=AT)
    return Exchange(outgoing, answer, concluded, receipt, outgoing.route.request_id)


def receipt_entry(exchange: Exchange) -> bytes:
    """The receipt as the provider's log keeps it."""
    receipt = exchange.receipt
    verified = verify_receipt(
        receipt.signature,
        exchange.answer.response_signature,
        nonce=exchange.request_id,
        key_of=lambda _: BANK_KEY.public,
        at=SECONDS,
    )
    mark = SignatureMark(verified.parameters, verified.keyid, verified.signature)
    return encode_entry(ReceiptRecord(exchange.request_id, SECONDS, mark))


def logged(
    log: Log, entries: list[bytes], index: int, *, witnesses: tuple[NoteSigner, ...] = (WITNESS,)
) -> tuple[LoggedBytes, Note]:
    """Prove that an entry stands in the log of ``entries``."""
    grown = Frontier().append([leaf_hash(entry) for entry in entries])
    checkpoint = Checkpoint(log.origin, grown.frontier.head)
    signatures = (sign_checkpoint(one, checkpoint, at=SECONDS) for one in (*log.signers, *witnesses))
    note = Note(checkpoint.text, tuple(signatures))
    hashes = prove_inclusion(lambda level, at: grown.levels[level][at], index, size=len(entries))
    return LoggedBytes(entries[index], LogProof(index, hashes, note).encode()), note


@cache
def stamper_root() -> tuple[Certificate, EllipticCurvePrivateKey]:
    key = generate_private_key(SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(common_name("Sample Root"))
        .issuer_name(common_name("Sample Root"))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=30))
        .not_valid_after(AT + timedelta(days=300))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return made.sign(key, hashes.SHA256()), key


@cache
def stamper() -> Authority:
    root, root_key = stamper_root()
    key = generate_private_key(SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(common_name("Sample Stamps"))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_before(AT - timedelta(days=30))
        .not_valid_after(AT + timedelta(days=300))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    )
    certificate = made.sign(root_key, hashes.SHA256())
    return Authority(certificate, SoftwareSigner(key), ("1.3.6.1.4.1.99999.1",), timedelta(seconds=1))


def stamp(note: Note, *, seconds: int = 30) -> bytes:
    """Stamp the text of a checkpoint."""
    request = Request(Imprint.of(note.text.encode()), nonce=7)
    at = AT + timedelta(seconds=seconds)
    return issue(stamper(), request, serial=9, at=at).require_token().raw


@cache
def evidence(*, is_consented: bool = True, body: bytes = b"", is_stamped: bool = True) -> EvidenceFile:
    """All evidence of the exchange, of both gateways."""
    exchange = exchanged(is_consented=is_consented, body=body)
    others = [f"another entry {number}".encode() for number in range(5)]
    provider_entries = [*others, exchange.answer.record, receipt_entry(exchange)]
    of_provider, note = logged(log_of("1001"), provider_entries, 5)
    of_consumer, _ = logged(log_of("2002"), [exchange.concluded.record, *others], 0)
    receipt, _ = logged(log_of("1001"), provider_entries, 6)
    return EvidenceFile(
        exchange.request_id,
        (configuration_text.sign(REGISTRY_ROOT, configuration()),),
        (
            KeptEvidence(
                of_provider,
                stamp=stamp(note) if is_stamped else None,
                particulars=read_particulars(exchange.answer.particulars),
                receipts=(receipt,),
            ),
            KeptEvidence(of_consumer, particulars=read_particulars(exchange.concluded.particulars)),
        ),
    )


def anchors(**changes: object) -> Anchors:
    """What a court trusts: the registry's key, the stamps' root, one witness."""
    made = Anchors(
        registry_keys=(RegistryKey(REGISTRY_ROOT.public, "PK"),),
        stampers=(stamper_root()[0],),
        witnesses=(WITNESS.key,),
        quorum=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def written(file: EvidenceFile | None = None) -> bytes:
    return evidence_file.encode(evidence() if file is None else file)


def digest_of(text: str) -> bytes:
    return sha256(text.encode()).digest()
