"""Who asks for a passkey, as a browser understands it."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from rahdari.app.errors import BadSettings


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for a passkey: ``id`` is a host name, ``origin`` what the browser must have shown."""

    id: str
    origin: str
    name: str


def relying_party_of(public_url: str, name: str) -> RelyingParty:
    """Derive the relying party from where the world reaches the server.

    A loopback address becomes ``localhost``: no passkey can be bound to an address (WebAuthn Level 3, 5.1.3:
    the effective domain must be a domain).

    Raises:
        BadSettings: the host is another address.
    """
    parts = urlsplit(public_url)
    host = (parts.hostname or "").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None:
        if not address.is_loopback:
            raise BadSettings(
                "public_url names an address, and passkeys are bound to names; set it to https:// and a host name"
            )
        host = "localhost"
    port = "" if parts.port in (None, {"https": 443, "http": 80}[parts.scheme]) else f":{parts.port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{port}", name)
