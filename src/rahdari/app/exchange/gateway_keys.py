"""The keys of a gateway: which there are, how they are made, kept, and given to those who use them.

For messages Ed25519; for TLS P-256 with a self-signed certificate; for the log Ed25519 and ML-DSA-44; for others'
checkpoints Ed25519; for sealed bodies X25519 and X-Wing. Message key and certificate are renewed, the others stay.
"""

import hashlib
import json
import os
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rahdari.app.exchange.secret_files import SecretFiles
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.exchange.errors import ConfigurationRefused, KeysLocked
from rahdari.exchange.rules.directory import Directory
from rahdari.kernel import Chance
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.certificates import GatewayCertificate, read_certificate_of
from rahdari.wire.ndel.json_members import require_origin
from rahdari.wire.ndel.parties import Gateway, LogKeys, MessageKey
from rahdari.wire.ndel.parties_as_json import keyid_of
from rahdari.wire.sealed import Kem, OpeningKey, RecipientKey
from rahdari.wire.tlog import Ed25519NoteSigner, KeyKind, MlDsa44NoteSigner, NoteSigner
from rahdari.wire.xroad import SecurityServerId

LIFE: Final = timedelta(days=90)
# Clocks of two machines differ; what is made now must hold where it is still a little earlier.
_EARLIER: Final = timedelta(hours=1)
_MESSAGE: Final = "message-"
_TLS: Final = "tls-"
_PUBLIC: Final = "-public"


@dataclass(frozen=True, slots=True)
class HeldMessageKey:
    """A message key of this gateway, with its window."""

    key: MessageKey
    signer: SoftwareSigner = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate of this gateway, with its private key."""

    certificate: GatewayCertificate
    private: EllipticCurvePrivateKey = field(repr=False)

    @property
    def signer(self) -> SoftwareSigner:
        """What signs with the certificate's key."""
        return SoftwareSigner(self.private)


class GatewayKeys:
    """All keys of one gateway. ``renew`` adds to them while they are in use."""

    def __init__(self, secrets: SecretFiles, gateway: SecurityServerId, url: str) -> None:
        """Read every key. Raises ``KeysLocked``."""
        self._secrets, self._url = secrets, url
        self.origin = log_origin(gateway)
        names = secrets.names()
        self._messages = [_read_message(secrets.read(one)) for one in names if one.startswith(_MESSAGE)]
        self._held = [_read_tls(secrets.read(one), url) for one in names if one.startswith(_TLS)]
        self._sort()
        if not self._messages or not self._held:
            raise KeysLocked("the keys lack a message key or a certificate; restore them from a backup")
        log = SoftwareSigner.from_private_jwk(json.loads(secrets.read("log-ed25519")))
        quantum = MLDSA44PrivateKey.from_seed_bytes(secrets.read("log-ml-dsa-44"))
        cosigner = SoftwareSigner.from_private_jwk(json.loads(secrets.read("cosigner")))
        self.log_signers: tuple[NoteSigner, ...] = (
            Ed25519NoteSigner(self.origin, log),
            MlDsa44NoteSigner(self.origin, quantum),
        )
        self.cosigner = Ed25519NoteSigner(f"{self.origin}/witness", cosigner, KeyKind.COSIGNATURE)
        self.opening_keys = tuple(
            OpeningKey(kem, secrets.read(_recipient(kem))) for kem in Kem if _recipient(kem) in names
        )
        self.recipients = tuple(_read_recipient(secrets, kem, names) for kem in Kem)
        self.particulars_key = secrets.read("particulars")
        self.subjects_key = secrets.read("subjects")

    @property
    def messages(self) -> tuple[HeldMessageKey, ...]:
        """The message keys, the newest last."""
        return tuple(self._messages)

    @property
    def held_certificates(self) -> tuple[HeldCertificate, ...]:
        """The certificates with their keys, the newest last."""
        return tuple(self._held)

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The certificates (DER), the newest last."""
        return tuple(one.certificate.der for one in self._held)

    @property
    def signers(self) -> Mapping[str, SoftwareSigner]:
        """What signs messages, by keyid."""
        return {one.key.keyid: one.signer for one in self._messages}

    def signer_for(self, directory: Directory, at: int) -> tuple[str, SoftwareSigner]:
        """Give the newest own message key that the configuration has in force, with its name.

        Raises:
            ConfigurationRefused: it has none of ours: not entered yet, suspended, or withdrawn.
        """
        for one in reversed(self._messages):
            found = directory.message_key(one.key.keyid, at, instance=directory.instance)
            if found is not None and found.gateway.log.origin == self.origin:
                return one.key.keyid, one.signer
        raise ConfigurationRefused(
            f"version {directory.version} of the configuration has no key of this gateway in force; it is not "
            "entered yet, its member is suspended, or its keys were withdrawn or ran out: ask the registry"
        )

    def certificate_for(self, directory: Directory) -> HeldCertificate:
        """Give the newest own certificate that the configuration pins; where it pins none, the newest."""
        pinned = (
            one for one in reversed(self._held) if directory.gateway_by_certificate(one.certificate.der)
        )
        return next(pinned, self._held[-1])

    def load_tls(self, context: ssl.SSLContext, directory: Directory) -> None:
        """Put the newest own certificate that the configuration pins into a context, with its key."""
        held = self.certificate_for(directory)
        self.load_pair(context, held.certificate.der, held.private)

    def load_pair(self, context: ssl.SSLContext, der: bytes, private: EllipticCurvePrivateKey) -> None:
        """Put a certificate with its key into a context; without the disk, where the system has files in memory.

        Raises:
            FolderFailed: it has none, and the disk takes no file.
        """
        certificate = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        # OpenSSL reads keys from files alone. A disk that is full or hangs must keep nobody from a connection.
        with _file_in_memory() as file:
            if file is not None:
                key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                file.write_bytes(certificate + key)
                context.load_cert_chain(file)
                return
        self._load_by_disk(context, certificate, private)

    def _load_by_disk(
        self, context: ssl.SSLContext, certificate: bytes, private: EllipticCurvePrivateKey
    ) -> None:
        password = self._secrets.draw(32).hex().encode()
        # Encrypted by a password that nobody keeps.
        key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
        file = self._secrets.folder / f".tls-{self._secrets.draw(8).hex()}.pem"
        try:
            write_whole(file, certificate + key, mode=SECRET_MODE)
            context.load_cert_chain(file, password=password)
        finally:
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def as_gateway(self, gateway: SecurityServerId) -> Gateway:
        """Describe this gateway with its newest keys, as a request to join has it."""
        return Gateway(
            id=gateway,
            url=self._url,
            certificates=(self._held[-1].certificate.der,),
            keys=(self._messages[-1].key,),
            log=LogKeys(
                self.origin, tuple(one.key for one in self.log_signers), witness_keys=(self.cosigner.key,)
            ),
            recipients=self.recipients,
        )

    def hand_over(self) -> tuple[OpeningKey, ...]:
        """Give away the keys that open sealed bodies: from now on this gateway carries what it cannot read.

        The public halves stay, for the configuration. Raises ``FolderFailed``.
        """
        handed = self.opening_keys
        for one in handed:
            self._secrets.keep(_recipient(one.public.kem) + _PUBLIC, one.public.raw)
        for one in handed:
            self._secrets.drop(_recipient(one.public.kem))
        self.opening_keys = ()
        return handed

    def renew(self, at: datetime) -> tuple[HeldMessageKey, HeldCertificate]:
        """Make the next message key and certificate and keep them; used once the configuration has them."""
        # The newest is told by its window: each begins after the one before, however quickly they follow.
        begun = max(self._messages[-1].key.not_before, self._held[-1].certificate.not_before)
        at = max(at, datetime.fromtimestamp(begun + 1, UTC) + _EARLIER)
        message, held = make_message_key(self._secrets, at), make_certificate(self._secrets, self._url, at)
        self._messages.append(message)
        self._held.append(held)
        self._sort()
        return message, held

    def holds(self, gateway: Gateway) -> bool:
        """Tell whether every message key and certificate is held that the configuration has of this gateway."""
        keyids = {one.keyid for one in gateway.keys}
        return keyids <= self.signers.keys() and set(gateway.certificates) <= set(self.certificates)

    def take_new(self) -> bool:
        """Read message keys and certificates that another process made here; tell whether there were any.

        Raises:
            KeysLocked: one of them cannot be opened; none is taken.
        """
        names = self._secrets.names()
        known = {_MESSAGE + one.key.keyid for one in self._messages}
        known |= {_name_of(one.certificate.der) for one in self._held}
        fresh = [one for one in names if one.startswith((_MESSAGE, _TLS)) and one not in known]
        messages = [_read_message(self._secrets.read(one)) for one in fresh if one.startswith(_MESSAGE)]
        held = [_read_tls(self._secrets.read(one), self._url) for one in fresh if one.startswith(_TLS)]
        self._messages += messages
        self._held += held
        self._sort()
        return bool(fresh)

    def forget(self, before: int, *, named: Gateway | None = None) -> None:
        """Drop keys whose window ended before ``before``.

        The newest of each kind always stays, and what the configuration has of this gateway (``named``): a clock
        may be wrong. What the disk does not let go of is dropped another time.
        """
        keyids = set() if named is None else {one.keyid for one in named.keys}
        certificates = set() if named is None else set(named.certificates)
        with suppress(OSError):
            for message in self._messages[:-1]:
                if message.key.not_after < before and message.key.keyid not in keyids:
                    self._secrets.drop(_MESSAGE + message.key.keyid)
                    self._messages.remove(message)
            for held in self._held[:-1]:
                if held.certificate.not_after < before and held.certificate.der not in certificates:
                    self._secrets.drop(_name_of(held.certificate.der))
                    self._held.remove(held)

    def secret(self, name: str) -> bytes | None:
        """Give another secret of this home; None, if there is none of this name. Raises ``KeysLocked``."""
        return self._secrets.read(name) if name in self._secrets.names() else None

    def keep(self, name: str, secret: bytes) -> None:
        """Keep another secret of this home, encrypted. Raises ``FolderFailed``."""
        self._secrets.keep(name, secret)

    def _sort(self) -> None:
        self._messages.sort(key=lambda one: (one.key.not_before, one.key.keyid))
        self._held.sort(key=lambda one: (one.certificate.not_before, one.certificate.der))


@contextmanager
def _file_in_memory() -> Iterator[Path | None]:
    """Give an empty file that is in memory alone and is gone afterwards; None where the system has none."""
    try:
        handle = os.memfd_create("tls")
    except (AttributeError, OSError):
        yield None
        return
    try:
        file = Path(f"/proc/self/fd/{handle}")
        yield file if os.access(file, os.R_OK | os.W_OK) else None
    finally:
        os.close(handle)


def log_origin(gateway: SecurityServerId) -> str:
    """Name a gateway's log.

    Example:
        >>> log_origin(SecurityServerId("PK", "GOV", "1001", "gw1"))
        'ndel/PK/GOV/1001/gw1'
    """
    # A plus sign would end a name in a note key (signed-note, Format).
    return f"ndel/{gateway}".replace("+", "%2B")


def make_keys(secrets: SecretFiles, url: str, *, at: datetime, chance: Chance) -> None:
    """Make every key of a new gateway and keep it in ``secrets``. Raises ``FolderFailed``."""
    make_message_key(secrets, at)
    make_certificate(secrets, url, at)
    for name in ("log-ed25519", "cosigner"):
        secrets.keep(name, json.dumps(SoftwareSigner.generate(Algorithm.EDDSA).as_private_jwk()).encode())
    for name in (
        "log-ml-dsa-44",
        "particulars",
        "subjects",
        *(_recipient(kem) for kem in Kem),
    ):
        secrets.keep(name, chance.bytes(32))


def _recipient(kem: Kem) -> str:
    return f"recipient-{kem.name.lower()}"


def _read_recipient(secrets: SecretFiles, kem: Kem, names: Collection[str]) -> RecipientKey:
    name = _recipient(kem)
    if name in names:
        return OpeningKey(kem, secrets.read(name)).public
    return RecipientKey(kem, secrets.read(name + _PUBLIC))


def make_message_key(secrets: SecretFiles, at: datetime) -> HeldMessageKey:
    """Make a message key of 90 days and keep it."""
    signer = SoftwareSigner.generate(Algorithm.EDDSA)
    key = MessageKey(keyid_of(signer.public), signer.public, *(int(one.timestamp()) for one in _window(at)))
    kept = {"not_before": key.not_before, "not_after": key.not_after, "jwk": signer.as_private_jwk()}
    secrets.keep(_MESSAGE + key.keyid, json.dumps(kept).encode())
    return HeldMessageKey(key, signer)


def make_certificate(secrets: SecretFiles, url: str, at: datetime) -> HeldCertificate:
    """Make a P-256 key with a self-signed certificate of 90 days for the host of ``url``, and keep both."""
    private = generate_private_key(SECP256R1())
    der = _certify(private, url, at)
    raw = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    secrets.keep(_name_of(der), json.dumps({"certificate": der.hex(), "private": raw.hex()}).encode())
    return HeldCertificate(read_certificate_of(der, url=url), private)


def _certify(private: EllipticCurvePrivateKey, url: str, at: datetime) -> bytes:
    host, _ = require_origin(url)
    name: x509.GeneralName = x509.DNSName(host)
    with suppress(ValueError):
        name = x509.IPAddress(ip_address(host))
    # RFC 5280, 4.1.2.6: a common name has at most 64 characters.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    begins, ends = _window(at)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        # Its own issuer, so that a TLS library can verify it with itself as the one anchor.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .sign(private, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def _window(at: datetime) -> tuple[datetime, datetime]:
    begins = (at - _EARLIER).astimezone(UTC).replace(microsecond=0)
    return begins, begins + LIFE


def _read_message(raw: bytes) -> HeldMessageKey:
    kept = json.loads(raw)
    signer = SoftwareSigner.from_private_jwk(kept["jwk"])
    key = MessageKey(keyid_of(signer.public), signer.public, kept["not_before"], kept["not_after"])
    return HeldMessageKey(key, signer)


def _read_tls(raw: bytes, url: str) -> HeldCertificate:
    kept = json.loads(raw)
    private = load_der_private_key(bytes.fromhex(kept["private"]), password=None)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise KeysLocked("a key of a certificate is not of P-256; restore the keys from a backup")
    return HeldCertificate(read_certificate_of(bytes.fromhex(kept["certificate"]), url=url), private)


def _name_of(der: bytes) -> str:
    return _TLS + hashlib.sha256(der).hexdigest()[:16]
