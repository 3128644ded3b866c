"""A time-stamping authority of our own (RFC 3161), for demonstrations, tests, and instances that have no other.

A court will want one that somebody audits. Serial numbers are never used twice, not after a crash either; and
where the machine's clock was set while this runs, or stands before the last stamp given, no time is told at
all.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rahdari.app.clock import tell_seconds
from rahdari.app.errors import AlreadyInitialised, BadFile, NotInitialised
from rahdari.app.exchange.secret_files import SCRYPT_N, create_secrets, open_secrets
from rahdari.app.files import make_folder, read_limited, write_whole
from rahdari.exchange.errors import KeysLocked
from rahdari.kernel import Chance, Clock
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.timestamps import Authority, Failure, answer, reject

# Of the arc that IANA keeps for documentation (RFC 5612): an authority of one's own names no policy of others.
POLICY: Final = "1.3.6.1.4.1.32473.1.3161"
ACCURACY: Final = timedelta(seconds=1)
LIFE: Final = timedelta(days=5 * 365)
CERTIFICATE_NAME: Final = "timestamper.pem"
_KEY_NAME: Final = "timestamper"
_STATE_NAME: Final = "serial.json"
_FILE_BYTES_MAX: Final = 16 * 1024
# So many serial numbers are taken at once; a crash loses those that were not used.
_SERIALS: Final = 1000
# How far the clock may step between two stamps: more than a second was set by somebody.
_STEP: Final = ACCURACY


class SaneClock:
    """A clock that tells no time after it was set, until it agrees again with what has gone by."""

    def __init__(
        self, clock: Clock, *, not_before: datetime, tick: Callable[[], float] = tell_seconds
    ) -> None:
        """Follow ``clock``, which must not stand before ``not_before``."""
        self._clock, self._tick = clock, tick
        self._floor = not_before
        self._seen, self._seen_at = clock.now(), tick()

    def now(self) -> datetime | None:
        """Tell the time; None where it cannot be believed."""
        now, at = self._clock.now(), self._tick()
        expected = self._seen + timedelta(seconds=at - self._seen_at)
        if abs(now - expected) > _STEP or now < self._floor:
            return None
        # A clock that is brought right by degrees is followed.
        self._seen, self._seen_at = now, at
        return now


class TimestampingAuthority:
    """Answers requests; any thread may ask."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *, clock: Clock, chance: Chance,
        tick: Callable[[], float] = tell_seconds,
    ) -> None:  # fmt: skip
        """Open the authority of ``folder``.

        Raises:
            NotInitialised: there is none. KeysLocked: the passphrase does not open it. BadFile: a file is
            damaged.
        """
        key = load_der_private_key(
            open_secrets(folder / "keys", environment, chance=chance).read(_KEY_NAME), None
        )
        if not isinstance(key, EllipticCurvePrivateKey):
            raise KeysLocked("the authority's key is of another kind; restore the folder from a backup")
        self.certificate = read_certificate(folder)
        self._authority = Authority(self.certificate, SoftwareSigner(key), (POLICY,), accuracy=ACCURACY)
        self._state = folder / _STATE_NAME
        self._next, last = _read_state(self._state)
        self._reserved = self._next
        self._clock = SaneClock(clock, not_before=last, tick=tick)
        self._turn = threading.Lock()

    def answer(self, raw: bytes) -> bytes:
        """Answer a request (DER) with a response (DER). Raises ``FolderFailed`` where no serial can be kept."""
        with self._turn:
            now = self._clock.now()
            if now is None:
                return reject(Failure.TIME_NOT_AVAILABLE, "the clock was set; it is being looked at").encode()
            serial = self._take_serial(now)
            return answer(self._authority, raw, serial=serial, at=now)

    def _take_serial(self, now: datetime) -> int:
        if self._next >= self._reserved:
            reserved = self._next + _SERIALS
            # Kept before the first of them is used: whoever starts after a crash begins behind them all.
            state = {"next": reserved, "at": int(now.timestamp())}
            write_whole(self._state, json.dumps(state).encode())
            self._reserved = reserved
        self._next += 1
        return self._next - 1


def create_timestamper(
    folder: Path, environment: Mapping[str, str], *, name: str, clock: Clock, chance: Chance,
    scrypt_n: int = SCRYPT_N,
) -> Certificate:  # fmt: skip
    """Make an authority: a P-256 key, encrypted, and a self-signed certificate for time stamps alone.

    Raises:
        AlreadyInitialised: there is one. FolderFailed: the folder cannot be written to.
    """
    if (folder / CERTIFICATE_NAME).exists():
        raise AlreadyInitialised(f"{folder} holds a time-stamping authority already; nothing was changed")
    with make_folder(folder):
        secrets = create_secrets(folder / "keys", environment, chance=chance, scrypt_n=scrypt_n)
        key = generate_private_key(SECP256R1())
        secrets.keep(_KEY_NAME, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        certificate = _certify(key, name, clock.now(), serial=int.from_bytes(chance.bytes(16), "big") >> 1)
        write_whole(folder / _STATE_NAME, json.dumps({"next": 1, "at": 0}).encode())
        write_whole(folder / CERTIFICATE_NAME, certificate.public_bytes(Encoding.PEM))
    return certificate


def read_certificate(folder: Path) -> Certificate:
    """Read the authority's certificate. Raises ``NotInitialised``, ``BadFile``."""
    path = folder / CERTIFICATE_NAME
    if not path.is_file():
        raise NotInitialised(f"{folder} holds no time-stamping authority; make one first")
    try:
        return x509.load_pem_x509_certificate(read_limited(path, size_bytes_max=_FILE_BYTES_MAX))
    except ValueError:
        raise BadFile(f"{path.name} is not a certificate; restore it from a backup") from None


def _certify(key: EllipticCurvePrivateKey, name: str, at: datetime, *, serial: int) -> Certificate:
    """Sign the certificate; RFC 3161, 2.3: extended key usage, critical, for time stamps alone."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _read_state(path: Path) -> tuple[int, datetime]:
    try:
        state = json.loads(read_limited(path, size_bytes_max=_FILE_BYTES_MAX))
        return int(state["next"]), datetime.fromtimestamp(int(state["at"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        raise BadFile(
            f"{path.name} is damaged: which serial numbers were used is not known; begin a new authority"
        ) from None
