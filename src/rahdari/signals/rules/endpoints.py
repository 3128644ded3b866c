"""Which addresses the house sends to: what stops a subscriber from aiming it at the inside of a network. Pure.

Example:
    >>> read_endpoint("https://bank.example/events").host
    'bank.example'
    >>> is_reachable("169.254.169.254"), is_reachable("10.1.2.3", read_networks("10.1.0.0/16"))
    (False, True)
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rahdari.signals.errors import BadEndpoint

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What servers commonly take in a request line, and more than anyone's endpoint has.
URL_CHARS_MAX = 2000
# Scheme, host, port, path and query (RFC 3986): no user, for it would stand in logs, and no fragment.
_URL = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)"
    r"(?::([0-9]{1,5}))?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
# RFC 9110, 5.5: visible characters and spaces between them. A line end here would be a second header.
_FIELD = re.compile(r"[!-~]([ !-~]*[!-~])?")
FIELD_CHARS_MAX = 4096
# The one part of IPv6 that is handed out to the world (RFC 4291, 2.4; IANA, "IPv6 Global Unicast"). What lies
# outside is not, whatever a library calls it: site-local, translated (::ffff:0:0:0/96, 64:ff9b::/96), SRv6.
_WORLD = ipaddress.IPv6Network("2000::/3")
# Set aside within what is handed out (IANA special-purpose address registries): protocol assignments (Teredo
# among them), the relays of 6to4 and 6to4 itself (RFC 3056, 7526), documentation (RFC 3849, 9637).
_SET_ASIDE = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address to send to, taken apart. ``host`` has no brackets; ``target`` is path and query."""

    is_secure: bool
    host: str
    port: int
    target: str


def read_networks(listed: str) -> tuple[Network, ...]:
    """Read networks that are parted by commas. Raises ``ValueError``."""
    return tuple(ipaddress.ip_network(one) for one in map(str.strip, listed.split(",")) if one)


def read_endpoint(url: str, networks: Iterable[Network] = ()) -> Endpoint:
    """Take an endpoint apart and refuse what is never sent to.

    Plain http is for loopback alone, and only where ``networks`` allow it. An address that is written out
    is checked here already; a name is checked when it is resolved, each time.

    Raises:
        BadEndpoint: another scheme, a user, a fragment, an impossible port, or an address inside.
    """
    found = _URL.fullmatch(url) if len(url) <= URL_CHARS_MAX else None
    if found is None:
        raise BadEndpoint(
            f"an endpoint is https://, host and path, without user or fragment, at most {URL_CHARS_MAX} characters"
        )
    scheme, host, _, port, path, query = found.groups()
    host, allowed = host.strip("[]").lower(), tuple(networks)
    number = int(port) if port else 443 if scheme == "https" else 80
    if not 1 <= number <= 65_535:
        raise BadEndpoint(f"there is no port {number}; leave it out, or name one up to 65535")
    literal = _literal(host)
    if scheme == "http" and not (literal and literal.is_loopback):
        raise BadEndpoint("an endpoint is https:// only, for what is sent is nobody else's business")
    if literal and not _may_reach(literal, allowed):
        raise BadEndpoint(
            "the endpoint's address is inside a private network; give one that the world reaches"
        )
    return Endpoint(scheme == "https", host, number, f"{path or '/'}{query or ''}")


def require_field(value: str) -> str:
    """Give the value of an Authorization header back if a header can hold it. Raises ``BadEndpoint``."""
    if len(value) > FIELD_CHARS_MAX or not _FIELD.fullmatch(value):
        raise BadEndpoint(
            f"the authorization header has at most {FIELD_CHARS_MAX} visible ASCII characters on one line"
        )
    return value


def is_reachable(address: str, networks: Iterable[Network] = ()) -> bool:
    """Tell whether the house connects to ``address``: to the world, and to the networks that are named.

    Private, loopback, link-local (so every cloud's metadata), shared, multicast, reserved and unspecified
    ones are not the world (IANA special-purpose registries, RFC 6890), nor is any IPv6 outside 2000::/3, nor are
    forms of it that carry another address inside. An IPv4 address mapped into IPv6 is judged as the IPv4 address.
    """
    literal = _literal(address)
    return literal is not None and _may_reach(literal, tuple(networks))


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _may_reach(address: Address, networks: tuple[Network, ...]) -> bool:
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    told = inner or address
    if any(told in one for one in networks):
        return True
    if isinstance(told, ipaddress.IPv6Address) and told not in _WORLD:
        return False
    return told.is_global and not told.is_multicast and not any(told in one for one in _SET_ASIDE)
