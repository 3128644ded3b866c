"""TLS between gateways: both sides show certificates, and each believes those alone that the configuration pins.

TLS 1.3 only. A name in a certificate proves nothing here; the certificate itself is compared.
"""

import ssl
from collections.abc import Iterable

from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.exchange.rules.directory import Directory
from rahdari.wire.ndel.parties import Gateway


class ServerTls:
    """The context of the listener for other gateways. A new configuration adds to it; nothing is ever taken out.

    Who is no longer in the configuration comes through the handshake, and is refused by the first check behind it
    (``Provider.read``): OpenSSL cannot forget an anchor while connections are made.
    """

    def __init__(self, keys: GatewayKeys, directory: Directory, gateways: Iterable[Gateway]) -> None:
        """Begin with the configuration in use."""
        self.context = _strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self.context.verify_mode = ssl.CERT_REQUIRED
        self._keys = keys
        self._known: set[bytes] = set()
        self.follow(directory, gateways)

    def follow(self, directory: Directory, gateways: Iterable[Gateway]) -> None:
        """Take what is new of a configuration, and show the newest own certificate that it pins."""
        fresh = {der for one in gateways for der in one.certificates} - self._known
        if fresh:
            trust(self.context, fresh)
            self._known |= fresh
        # Afterwards: a pair of ours that cannot be shown keeps no new member out.
        self._keys.load_tls(self.context, directory)


def client_context(keys: GatewayKeys, directory: Directory, gateway: Gateway) -> ssl.SSLContext:
    """Make the context for connections to one gateway: only its own certificates are believed."""
    context = _strict(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    trust(context, gateway.certificates)
    keys.load_tls(context, directory)
    return context


def trust(context: ssl.SSLContext, certificates: Iterable[bytes]) -> None:
    """Let a context believe these certificates (DER). Raises ``ssl.SSLError``: one of them is none."""
    der = b"".join(sorted(certificates))
    try:
        context.load_verify_locations(cadata=der)
    except ssl.SSLError:
        # The interpreter looks at OpenSSL's queue of errors afterwards, and may find there what another user of the
        # library left behind in this thread (a PKCS#11 module, for one). The queue is empty now.
        context.load_verify_locations(cadata=der)


def _strict(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Each certificate is its own anchor; there is no chain above it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
