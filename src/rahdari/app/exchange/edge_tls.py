"""TLS at the edge: the certificate that a gateway shows to its member's systems, and theirs that it knows.

TLS 1.2 at least, as X-Road's clients have it. A client may show a certificate and need not: which client must is
said in ``gateway.toml``. One that is shown is verified in the handshake (RFC 5246, 7.4.6; RFC 8446, 4.4.2.4): it is
named there, or an authority that is named issued it, and it is in force.
"""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from typing_extensions import override

from rahdari.app.errors import BadFile, BadSettings, FolderFailed
from rahdari.app.exchange.certificate_files import read_certificate_file
from rahdari.app.exchange.edge_certificate import EdgeCertificate
from rahdari.app.exchange.tls import trust
from rahdari.app.exchange.toml_fields import Fields
from rahdari.app.files import read_limited
from rahdari.kernel import Clock, Problem
from rahdari.wire.errors import MalformedInput

OWN_FILE: Final = "edge.pem"
_NAMES_MAX: Final = 32
_AUTHORITIES_MAX: Final = 16
_FILE_BYTES_MAX: Final = 1 << 20
# A disk that was full may have room again.
_AGAIN_AFTER: Final = timedelta(minutes=1)
# A name (RFC 1123, 2.1) or an address of either kind.
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")

# Whoever speaks plain HTTP here is sent nothing.
_WITHOUT_ALERT: Final = frozenset({"HTTP_REQUEST", "HTTPS_PROXY_REQUEST"})

_LOG = structlog.get_logger("rahdari.exchange.edge_tls")


@dataclass(frozen=True, slots=True)
class EdgeTlsSettings:
    """The table ``[edge.tls]``; files are named from the home's folder.

    Without ``certificate`` and ``key`` the gateway makes its own certificate, good for ``names``. ``authorities``
    issue certificates of systems; which of these is which client, digests alone say.
    """

    certificate: str = ""
    key: str = ""
    names: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()

    def as_table(self) -> dict[str, object]:
        """Give what is set, as it stands in the file."""
        every: dict[str, object] = {
            "certificate": self.certificate,
            "key": self.key,
            "names": list(self.names),
            "authorities": list(self.authorities),
        }
        return {name: value for name, value in every.items() if value}


def read_edge_tls(found: Fields) -> EdgeTlsSettings:
    """Read the table. Raises ``MalformedInput``."""
    settings = EdgeTlsSettings(
        certificate=found.text("certificate", ""),
        key=found.text("key", ""),
        names=found.list_of_texts("names", most=_NAMES_MAX),
        authorities=found.list_of_texts("authorities", most=_AUTHORITIES_MAX),
    )
    found.require_nothing_else()
    if bool(settings.certificate) != bool(settings.key):
        raise MalformedInput("edge.tls: certificate and key are named together, or neither")
    if settings.certificate and settings.names:
        raise MalformedInput("edge.tls: names are those of the gateway's own certificate, and one is named")
    for name in settings.names:
        if _HOST.fullmatch(name) is None:
            raise MalformedInput(f"edge.tls: {name!r} is no name of a host")
    return settings


class _Handshake(ssl.SSLObject):
    """A handshake that fails in the open: the alert (RFC 8446, 6.2) goes out before the connection ends.

    The loop hangs up at the first error and forgets what is still to be sent; here it hears first that more is
    waited for, and sends. It hears of the error when the other side answers, or by the time-out of the handshake.
    """

    _failure: ssl.SSLError | None = None

    @staticmethod
    def tell(why: str) -> None:
        """Take why it failed."""

    @override
    def do_handshake(self) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._failure = error
            self.tell(getattr(error, "verify_message", "") or error.reason or "no TLS")
            if error.reason in _WITHOUT_ALERT:
                raise
            raise ssl.SSLWantReadError from None


class EdgeTls:
    """The context of the edge's listener. ``refresh`` takes over a certificate that was exchanged."""

    def __init__(
        self,
        settings: EdgeTlsSettings,
        folder: Path,
        own: EdgeCertificate,
        *,
        client_files: Iterable[str],
        clock: Clock,
    ) -> None:
        """Read every file. Raises ``BadSettings`` where one is none."""
        self._settings, self._folder, self._own, self._clock = settings, folder, own, clock
        self._marks: object = None
        self._failed: tuple[datetime, str] | None = None
        self._told = 0
        self.context = _strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self.context.sslobject_class = type(
            "EdgeHandshake", (_Handshake,), {"tell": staticmethod(self._tell)}
        )
        self._anchors: set[bytes] = set()
        self.know((*client_files, *settings.authorities))
        self._take(self._marks_now())

    def know(self, files: Iterable[str]) -> None:
        """Let the certificates in these files through the handshake too; which client each is, digests alone say.

        Nothing is ever taken out: who is no client any more is refused behind it. Raises ``BadSettings``.
        """
        fresh = {_anchor(self._folder / name) for name in files} - self._anchors
        if not fresh:
            return
        self.context.verify_mode = ssl.CERT_OPTIONAL
        # The systems' certificates are mostly self-signed: each is its own anchor.
        self.context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        trust(self.context, fresh)
        self._anchors |= fresh

    def refresh(self) -> bool:
        """Show the certificate that now lies in the files; tell whether it is another one.

        One that cannot be used, because half of it is written, it is damaged, or the disk is full, is told once,
        and tried again when it is another one, and each minute.
        """
        marks = self._marks_now()
        if marks == self._marks and not self._is_to_be_tried_again():
            return False
        try:
            self._take(marks)
        except (Problem, OSError) as error:
            why = error.message if isinstance(error, Problem) else type(error).__name__
            if marks != self._marks or self._failed is None or self._failed[1] != why:
                _LOG.error("edge_certificate_not_taken", why=why)
            self._marks, self._failed = marks, (self._clock.now(), why)
            return False
        _LOG.info("edge_certificate_taken")
        return True

    def _is_to_be_tried_again(self) -> bool:
        # In either direction: a clock that was wrong for a moment puts nothing off for years.
        return self._failed is not None and abs(self._clock.now() - self._failed[0]) >= _AGAIN_AFTER

    def _take(self, marks: object) -> None:
        if self._settings.certificate:
            self._load_files()
            self._marks = marks
        else:
            self._own.load(self.context, self._folder / OWN_FILE, at=self._clock.now())
            self._marks = self._marks_now()
        self._failed = None

    def _load_files(self) -> None:
        certificate, key = self._folder / self._settings.certificate, self._folder / self._settings.key
        try:
            # OpenSSL opens whatever stands there: a pipe in the place of a file would hold the gateway up.
            for file in (certificate, key):
                read_limited(file, size_bytes_max=_FILE_BYTES_MAX)
            # First into a context that nobody uses: a key that does not fit must not disturb the one in use.
            for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.context):
                # An empty passphrase, so that nobody is asked for one: the process has no terminal.
                context.load_cert_chain(certificate, key, password="")
        except Problem as problem:
            raise BadSettings(f"edge.tls: {problem.message}") from None
        except (ssl.SSLError, OSError, ValueError):
            raise BadSettings(
                f"edge.tls: {certificate.name} and {key.name} are no certificate with its key; both are PEM, the "
                "key without a passphrase"
            ) from None

    def _tell(self, why: str) -> None:
        """Note why somebody was not let in, once a second: whoever is refused sees but the name of an alert."""
        second = int(self._clock.now().timestamp())
        if second != self._told:
            self._told = second
            _LOG.warning("edge_handshake_refused", why=why)

    def _marks_now(self) -> object:
        if not self._settings.certificate:
            return self._own.is_due(self._clock.now())
        return tuple(_mark(self._folder / one) for one in (self._settings.certificate, self._settings.key))


def _strict(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # RFC 7457, 2.7: nobody makes the edge work for nothing, and a certificate is shown at the beginning.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _anchor(file: Path) -> bytes:
    try:
        return read_certificate_file(file)
    except (BadFile, FolderFailed) as refusal:
        raise BadSettings(f"gateway.toml: {refusal.message}") from None


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
