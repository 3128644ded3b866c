"""Fetches status lists of consents over HTTP, only from where an issuer may send this gateway.

A consent names the address of its list, so its issuer chooses whom this gateway asks. An issuer of the own
instance, whom the own registry entered, may name any http or https address but those that no list ever stands at
(link-local ones, where clouds keep a machine's secrets). One of another instance may name https addresses of the
public internet alone. Each connection is looked at when it is made, so a name that leads elsewhere tomorrow gains
nothing.
"""

import ipaddress
import socket
from collections.abc import Callable
from errno import EACCES
from typing import TYPE_CHECKING, Any, Final

from rahdari.exchange.errors import StatusListRefused
from rahdari.wire.xroad import MemberId

if TYPE_CHECKING:
    # A fifth of a second and 8 MB, for gateways whose consents have no lists elsewhere.
    import aiohttp
    from aiohttp.abc import AbstractResolver

# 2^20 places of 2 bits that do not compress at all.
TOKEN_BYTES_MAX: Final = 512 * 1024
_PIECE_BYTES: Final = 64 * 1024
# RFC 6052, 2.1: whatever IPv4 address stands behind it, a translator would connect to.
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


class ListFetcher:
    """Gets lists: no redirects, bounded; the list's own signature is what is trusted. Lives in one event loop."""

    def __init__(self, instance: str, *, resolver: "AbstractResolver | None" = None) -> None:
        """Fetch for a gateway of ``instance``; names are looked up by ``resolver`` (None: the system's)."""
        self._instance = instance
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def fetch(self, address: str, issuer: MemberId) -> bytes:
        """Get what stands at an address that ``issuer`` named.

        Raises:
            StatusListRefused: this issuer may not name such an address, there is no list, or too long a one.
            OSError, TimeoutError: it was not reached, or lies where we are not sent.
        """
        is_home = issuer.instance == self._instance
        if not address.startswith(("https://", "http://") if is_home else "https://"):
            raise StatusListRefused("an issuer of another instance names its status list by an https address")
        import aiohttp  # noqa: PLC0415 - see above

        try:
            return await self._get(address, is_home=is_home)
        except OSError:
            raise
        except aiohttp.ClientError as error:
            raise ConnectionError(f"no status list was to be had there ({type(error).__name__})") from None

    async def _get(self, address: str, *, is_home: bool) -> bytes:
        async with self._session(is_home=is_home).get(
            address, allow_redirects=False, headers={"accept": "application/statuslist+jwt"}
        ) as answer:
            if answer.status != 200:
                raise StatusListRefused(
                    f"the issuer answered {answer.status} to a question for a status list"
                )
            raw = bytearray()
            async for part in answer.content.iter_chunked(_PIECE_BYTES):
                raw += part
                if len(raw) > TOKEN_BYTES_MAX:
                    raise StatusListRefused(f"a status list of more than {TOKEN_BYTES_MAX} bytes")
            return bytes(raw)

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, *, is_home: bool) -> "aiohttp.ClientSession":
        import aiohttp  # noqa: PLC0415 - see above

        session = self._sessions.get(is_home)
        if session is None:
            # Two sessions: a connection that one issuer may have is never lent to another's question.
            connector = aiohttp.TCPConnector(
                resolver=self._resolver, socket_factory=_sockets(is_home=is_home)
            )
            session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            self._sessions[is_home] = session
        return session


def _sockets(*, is_home: bool) -> Callable[[tuple[Any, ...]], socket.socket]:
    """Give what opens sockets, for the very address that is connected to: names and numbers alike."""

    def open_socket(found: tuple[Any, ...]) -> socket.socket:
        family, kind, number, _, place = found
        if not is_allowed(place[0], is_home=is_home):
            raise PermissionError(EACCES, "a consent's status list is not fetched from such an address")
        return socket.socket(family, kind, number)

    return open_socket


def is_allowed(text: str, *, is_home: bool) -> bool:
    """Tell whether an issuer, of the own instance or another, may send a gateway to this IP address."""
    found = ipaddress.ip_address(text)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    address = mapped or found
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    is_hidden = isinstance(address, ipaddress.IPv6Address) and (
        address in _TRANSLATED or address.sixtofour is not None or address.teredo is not None
    )
    return is_home or (address.is_global and not is_hidden)
