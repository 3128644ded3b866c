"""How ``exchange call`` reaches an edge with TLS: whom it believes there, and the certificate that it shows."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.exchange.certificate_files import read_certificate_file
from rahdari.app.exchange.edge_tls import OWN_FILE
from rahdari.app.exchange.home import GatewayHome
from rahdari.cli.errors import BadUsage


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Connecting:
    """Certificates, where the edge has TLS."""

    ca: Annotated[
        Path | None,
        Parameter(help="File with the edge's certificate, or its authority's (PEM); else the home's own."),
    ] = None
    cert: Annotated[Path | None, Parameter(help="File with the client's certificate (PEM).")] = None
    key: Annotated[
        Path | None, Parameter(help="File with its key (PEM), if it is not with the certificate.")
    ] = None


def make_context(connecting: Connecting, home: GatewayHome | None) -> ssl.SSLContext:
    """Make the context for a call: TLS 1.2 at least; believed is what is named, else the home's very certificate.

    Raises:
        BadUsage: a file is not what it should be.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if connecting.key is not None and connecting.cert is None:
        raise BadUsage("--key is the key of a certificate; name that with --cert")
    if connecting.ca is not None:
        context = _believing(connecting.ca)
    elif home is not None:
        _pin(context, home)
    if connecting.cert is not None:
        try:
            # An empty passphrase, so that nobody is asked for one.
            context.load_cert_chain(connecting.cert, connecting.key, password="")
        except (ssl.SSLError, OSError, ValueError):
            raise BadUsage(
                f"{connecting.cert}: no certificate with its key, as PEM without passphrase"
            ) from None
    return context


def _believing(file: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(file))
    except (ssl.SSLError, OSError):
        raise BadUsage(f"--ca {file}: no certificates, as PEM") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _pin(context: ssl.SSLContext, home: GatewayHome) -> None:
    """Believe the certificate that lies in the home: then its names prove nothing more."""
    file = home.folder / ((home.edge_tls and home.edge_tls.certificate) or OWN_FILE)
    if not file.is_file():
        raise BadUsage(f"{file} is not there yet; serve the gateway once, or name --ca")
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=read_certificate_file(file))
