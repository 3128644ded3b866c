"""Who vouches for a gateway's log, and whose logs it vouches for.

Its checkpoints are stamped by the authorities of the configuration, and cosigned by the configured witnesses and by
some other members' gateways, one of another instance among them if one is pinned.
"""

import ssl
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

import structlog

from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import GatewayHome
from rahdari.app.exchange.keeping import CheckpointKeeper
from rahdari.app.exchange.log import LogReader
from rahdari.app.exchange.posting import posting
from rahdari.app.exchange.stamping import StampAge, Stamper
from rahdari.app.exchange.tls import client_context
from rahdari.app.exchange.witnessing import WitnessCalls, WitnessDesk
from rahdari.exchange.rules.directory import Directory
from rahdari.kernel import Chance, Clock
from rahdari.wire.ndel.parties import Gateway, Timestamper, Witness
from rahdari.wire.tlog import NoteKey

# Of other members: two of our own instance and one across each border would catch whoever shows two logs.
COUNTERPARTS_MAX: Final = 4
# Where a gateway's witness is reached, behind its own address.
WITNESS_PATH: Final = "/witness"

_LOG = structlog.get_logger("rahdari.exchange.vouching")


def _alarm(text: str) -> None:
    _LOG.error("vouching", why=text)


class Vouching:
    """Has the log vouched for, and vouches for others'. Used by one event loop."""

    def __init__(
        self, home: GatewayHome, keys: GatewayKeys, reader: LogReader, *, clock: Clock, chance: Chance
    ) -> None:
        """Vouch by what ``follow`` is told; ``reader`` is this one's own."""
        self._home, self._keys, self._clock, self._chance = home, keys, clock, chance
        self._directory: Directory | None = None
        self._stampers: dict[Timestamper, Stamper] = {}
        self._witnesses: dict[Witness, WitnessCalls] = {}
        self._origins: dict[str, tuple[NoteKey, ...]] = {}
        self._gateways: dict[str, Gateway] = {}
        self._post = posting(self._context)
        self.keeper = CheckpointKeeper(
            reader,
            stampers=lambda: tuple(self._stampers.values()),
            witnesses=lambda: tuple(self._witnesses.values()),
            chance=chance,
            alarm=_alarm,
            age=StampAge(clock, home.settings.stamp_age_max_seconds),
        )
        self.desk = WitnessDesk(
            home.folder / "witness", (keys.cosigner,), self._origins.get, clock=clock, alarm=_alarm
        )

    def follow(self, directory: Directory) -> None:
        """Take who is who now; whoever stays the same keeps what was said with them."""
        self._directory = directory
        self._gateways = claimed(directory, lambda one: urlsplit(one.url).netloc.lower())
        self._origins.clear()
        self._origins.update(
            {origin: one.log.keys for origin, one in claimed(directory, lambda one: one.log.origin).items()}
        )
        stampers = {
            one: self._stampers.get(one) or Stamper(one, self._post, clock=self._clock, chance=self._chance)
            for one in directory.timestampers
        }
        wanted = (*directory.witnesses, *counterparts(directory, self._home))
        witnesses = {one: self._witnesses.get(one) or WitnessCalls(one, self._post) for one in wanted}
        self._stampers, self._witnesses = stampers, witnesses

    def _context(self, url: str) -> ssl.SSLContext | None:
        """Give the certificates for an address: another gateway's has its pinned one and shows ours."""
        gateway = self._gateways.get(urlsplit(url).netloc.lower())
        if gateway is None or self._directory is None:
            return None
        return client_context(self._keys, self._directory, gateway)


def claimed(directory: Directory, mark: Callable[[Gateway], str]) -> dict[str, Gateway]:
    """Give the gateways of members in good standing by a mark that one of them alone may bear.

    A registry enters what it likes of its own instance, our logs' names and our addresses too. What the own
    instance has is the own instance's, while its member is suspended as well; what two others claim is nobody's.
    """
    owners: dict[str, str] = {}
    for configuration in (directory.home, *directory.others.values()):
        for text in {mark(one) for member in configuration.members for one in member.gateways}:
            is_free = owners.setdefault(text, configuration.instance) == configuration.instance
            if not is_free and owners[text] != directory.instance:
                owners[text] = ""
    return {
        mark(one): one
        for member in reversed(directory.members())
        for one in member.gateways
        if owners[mark(one)] == one.id.instance
    }


def counterparts(directory: Directory, home: GatewayHome) -> Sequence[Witness]:
    """Choose other members' gateways to cosign our checkpoints: always the same while the configuration is."""
    others = [
        one
        for member in directory.members()
        if member.id != home.member
        for one in member.gateways
        if one.log.witness_keys
    ]
    own = sorted((one for one in others if one.id.instance == home.id.instance), key=lambda one: str(one.id))
    abroad = sorted(
        (one for one in others if one.id.instance != home.id.instance), key=lambda one: str(one.id)
    )
    chosen = (abroad[:2] + own)[:COUNTERPARTS_MAX]
    return tuple(Witness(str(one.id), one.url + WITNESS_PATH, one.log.witness_keys) for one in chosen)
