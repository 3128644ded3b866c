"""Pages of other sites: a browser on this machine carries their calls here, and they are not this machine's.

A page can have its own name lead to 127.0.0.1 (DNS rebinding) or simply name this machine; its requests then come
from this machine as any program's do. What tells them apart are the fields that browsers write themselves.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from rahdari.app.exchange.edge_certificate import names_of_edge
from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused
from rahdari.wire.xroad import ErrorType, Fault, FieldLine, Origin

# Names that are asked for: each costs a look into a table, and a stranger can make up many.
_KNOWN_MAX: Final = 256
_HOST: Final = b"host"
_ORIGIN: Final = b"origin"
_SITE: Final = b"sec-fetch-site"
_TOLD: Final = frozenset({_HOST, _ORIGIN, _SITE})
# Fetch Metadata, 2.4: "none" is a person who typed the address.
_OWN_SITES: Final = frozenset({b"same-origin", b"none"})
FOREIGN: Final = CallRefused(
    ErrorType(Origin.CLIENT, (Fault.ACCESS_DENIED,)),
    "this page is for whoever sits at the gateway's machine, and takes forms of its own alone",
    status=403,
)


class OwnHosts:
    """The names under which a listener is asked: numbers, ``localhost``, and those of its configuration."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take the configured names."""
        self._names = frozenset(one.lower().rstrip(".") for one in names) | {"localhost"}
        self._known: dict[bytes, bool] = {}

    def is_asked(self, fields: Iterable[FieldLine]) -> bool:
        """Tell whether the Host of a request is one of ours; one without any comes from no browser."""
        return all(self._is_own(value) for name, value in fields if name == _HOST)

    def is_of_no_other_page(self, fields: Iterable[FieldLine]) -> bool:
        """Tell whether a request has an own Host, and neither Origin nor Fetch Metadata tells of another site."""
        told = [line for line in fields if line[0] in _TOLD]
        if len(told) == 1 and told[0][0] == _HOST:
            return self._is_own(told[0][1])
        hosts = [value for name, value in told if name == _HOST]
        own = {scheme + host for host in hosts for scheme in (b"http://", b"https://")}
        return self.is_asked(told) and all(
            value in own if name == _ORIGIN else value in _OWN_SITES for name, value in told if name != _HOST
        )

    def _is_own(self, host: bytes) -> bool:
        known = self._known.get(host)
        if known is None:
            known = self._read(host.decode("latin-1").strip().lower())
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[host] = known
        return known

    def _read(self, host: str) -> bool:
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name.rstrip(".") in self._names:
            return True
        try:
            # A number is resolved by nobody.
            ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True


def own_hosts(gateway: OpenGateway) -> OwnHosts:
    """Give the names of a gateway's edge: where it listens, the gateway's own, and those of its certificate."""
    home = gateway.home
    more = home.edge_tls.names if home.edge_tls is not None else ()
    return OwnHosts((*names_of_edge(home.edge.host, home.url), *more))
