"""An instance in values: members, gateways with real keys, and the officers of its registry."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.joining import JoinRequest, RenewalRequest, sign_join, sign_renewal
from rahdari.wire.ndel.parties import (
    Allowance,
    Configuration,
    ConsentIssuer,
    Gateway,
    LogKeys,
    Member,
    MessageKey,
    Pin,
    Purpose,
    Timestamper,
    Witness,
)
from rahdari.wire.ndel.parties_as_json import keyid_of
from rahdari.wire.sealed import Kem, OpeningKey
from rahdari.wire.tlog import Ed25519NoteSigner, KeyKind, MlDsa44NoteSigner, NoteSigner
from rahdari.wire.xroad import MemberId, SecurityServerId

NOW = 1_800_000_000
DAY = 86_400
REGISTRY = SoftwareSigner.generate(Algorithm.EDDSA)


@dataclass(frozen=True)
class Keys:
    """A gateway's secrets."""

    message: SoftwareSigner
    tls: EllipticCurvePrivateKey
    notes: tuple[NoteSigner, ...]


def certificate(
    private: EllipticCurvePrivateKey, host: str, *, at: int = NOW, days: int = 90, begins: int = -3600
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    start = datetime.fromtimestamp(at + begins, UTC)
    named: x509.GeneralName = (
        x509.IPAddress(ip_address(host)) if host[0].isdigit() or ":" in host else x509.DNSName(host)
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .sign(private, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def message_key(signer: SoftwareSigner, begins: int = NOW - 3600, ends: int = NOW + 90 * DAY) -> MessageKey:
    return MessageKey(keyid_of(signer.public), signer.public, begins, ends)


def keys_of(code: str, gateway: str = "gw1", instance: str = "PK") -> Keys:
    return _keys_of(code, gateway, instance)


def gateway_of(code: str, gateway: str = "gw1", instance: str = "PK") -> Gateway:
    return _gateway_of(code, gateway, instance)


@cache
def _keys_of(code: str, gateway: str, instance: str) -> Keys:
    origin = f"ndel/{instance}/GOV/{code}/{gateway}"
    return Keys(
        SoftwareSigner.generate(Algorithm.EDDSA),
        generate_private_key(SECP256R1()),
        (
            Ed25519NoteSigner(origin, SoftwareSigner.generate(Algorithm.EDDSA)),
            MlDsa44NoteSigner(origin, MLDSA44PrivateKey.generate()),
            Ed25519NoteSigner(
                f"{origin}/witness", SoftwareSigner.generate(Algorithm.EDDSA), KeyKind.COSIGNATURE
            ),
        ),
    )


@cache
def _gateway_of(code: str, gateway: str, instance: str) -> Gateway:
    keys = keys_of(code, gateway, instance)
    port = 5000 + int(code) % 1000 + (0 if gateway == "gw1" else 1000)
    return Gateway(
        id=SecurityServerId(instance, "GOV", code, gateway),
        url=f"https://127.0.0.1:{port}",
        certificates=(certificate(keys.tls, "127.0.0.1"),),
        keys=(message_key(keys.message),),
        log=LogKeys(
            keys.notes[0].key.name,
            tuple(one.key for one in keys.notes[:2]),
            witness_keys=(keys.notes[2].key,),
        ),
        recipients=tuple(
            OpeningKey(kem, (code + gateway + instance).encode().rjust(32, b"-")).public for kem in Kem
        ),
    )


def member_of(code: str, *gateways: str, instance: str = "PK") -> Member:
    return Member(
        MemberId(instance, "GOV", code),
        {"en": f"Sample Office {code}", "ur": "نمونہ دفتر", "zh": "示例机关"},
        ("registry", "Büro"),
        tuple(gateway_of(code, one, instance) for one in gateways or ("gw1",)),
    )


PURPOSE = Purpose(
    "passport-issue", {"en": "Passport issue", "ur": "پاسپورٹ کا اجرا"}, "Sample Act 1974, section 3"
)


@cache
def full_configuration() -> Configuration:
    """Give a configuration that uses every member of the format."""
    issuer = SoftwareSigner.generate(Algorithm.ES256)
    pinned = SoftwareSigner.generate(Algorithm.EDDSA)
    return Configuration(
        instance="PK",
        version=7,
        issued_at=NOW,
        expires=NOW + DAY,
        refresh_seconds=30,
        members=(member_of("1001"), member_of("1002", "gw1", "gw2")),
        purposes=(PURPOSE,),
        consent_issuers=(
            ConsentIssuer(
                MemberId("PK", "GOV", "1001"),
                (MessageKey("consents-1", issuer.public, NOW, NOW + DAY, withdrawn_at=NOW + 5),),
            ),
        ),
        timestampers=(Timestamper("Sample TSA", "http://127.0.0.1:3180/", b"\x30\x00"),),
        witnesses=(Witness("court", "https://court.example/witness", (keys_of("1001").notes[2].key,)),),
        pins=(
            Pin(
                "CN",
                ("https://registry.example:8470/configuration.jws",),
                (pinned.public,),
                (Allowance(MemberId("PK", "GOV", "1001"), "persons", frozenset({"passport-issue"})),),
                (Allowance(None, None, frozenset({"customs", "trade"})),),
            ),
        ),
    )


def join_request(code: str, gateway: str = "gw1", *, at: int = NOW) -> JoinRequest:
    return JoinRequest(at, member_of(code, gateway))


def signed_join(code: str, gateway: str = "gw1", *, at: int = NOW) -> str:
    keys = keys_of(code, gateway)
    tls = SoftwareSigner(keys.tls)
    return sign_join(join_request(code, gateway, at=at), keys.message, tls=tls, notes=keys.notes)


def signed_renewal(
    code: str, *, at: int, by: SoftwareSigner | None = None
) -> tuple[str, SoftwareSigner, RenewalRequest]:
    """Give a renewal by the key in force, with its new message signer."""
    message, tls = SoftwareSigner.generate(Algorithm.EDDSA), generate_private_key(SECP256R1())
    gateway = gateway_of(code)
    asked = RenewalRequest(
        at, gateway.id, message_key(message, at - 3600, at + 90 * DAY), certificate(tls, "127.0.0.1", at=at)
    )
    text = sign_renewal(asked, by or keys_of(code).message, message=message, tls=SoftwareSigner(tls))
    return text, message, asked
