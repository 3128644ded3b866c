"""``gateway.toml`` while its gateway is at work: clients are read anew; what needs a restart is named."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

import structlog

from rahdari.app.exchange.home import FILE_NAME, GatewayHome, GatewaySettings, read_home
from rahdari.exchange.values.services import LocalClient
from rahdari.kernel import Problem
from rahdari.wire.xroad import ClientId

# Everything but the clients: sockets, keys and the log were opened by what these said.
_FIXED: Final = ("id", "url", "name", "subsystems", "edge", "edge_tls", "peer", "anchor")

_LOG = structlog.get_logger("rahdari.exchange.home_file")


class HomeFile:
    """The file of one gateway. ``refresh`` takes over its clients; the last good ones are kept."""

    def __init__(self, home: GatewayHome) -> None:
        """Begin with the home as it was read."""
        self._home, self._path = home, home.folder / FILE_NAME
        self._stamp = _stamp_of(self._path)
        self.clients: Mapping[ClientId, LocalClient] = home.clients
        # Why the file as it stands now is not in use; empty where it is.
        self.fault = ""

    def refresh(
        self, *, always: bool = False, know: Callable[[tuple[str, ...]], None] = lambda _: None
    ) -> bool:
        """Read the file if it changed; tell whether other clients are in use.

        A broken one is told loudly, once, and left. ``know`` is given the files of clients' certificates before the
        clients count; where it refuses, they do not.
        """
        stamp = _stamp_of(self._path)
        if stamp == self._stamp and not always:
            return False
        self._stamp = stamp
        try:
            found = read_home(self._home.folder)
            know(tuple(name for names in found.certificate_files.values() for name in names))
        except Problem as problem:
            self.fault = problem.message
            _LOG.error("gateway_file_not_read", why=problem.message, kept="the clients before it")
            return False
        self.fault = ""
        self._tell_fixed(found)
        if found.clients == self.clients:
            return False
        self.clients = found.clients
        _LOG.info("clients_read", clients={str(one.id): one.proof.value for one in found.clients.values()})
        return True

    def _tell_fixed(self, found: GatewayHome) -> None:
        other = [name for name in _FIXED if getattr(found, name) != getattr(self._home, name)]
        old, new = self._home.settings, found.settings
        other += [
            f"settings.{one.name}"
            for one in fields(GatewaySettings)
            if getattr(old, one.name) != getattr(new, one.name)
        ]
        if other:
            _LOG.warning("restart_needed", changed=[_WRITTEN.get(one, one) for one in other])


# How the file names what the home names otherwise.
_WRITTEN: Final = {"id": "gateway", "edge_tls": "edge.tls", "anchor": "registry"}


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return found.st_mtime_ns, found.st_size, found.st_ino
