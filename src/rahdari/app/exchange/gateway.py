"""A gateway put together: its keys and log, who is who, what it offers, and the two ends of a call.

``open_gateway`` refuses to begin where something is damaged; ``ServedGateway`` keeps itself up to date until it is
closed. What listens stands in ``web.exchange``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import structlog
from typing_extensions import override

from rahdari.app.clock import SystemChance, SystemClock, tell_seconds
from rahdari.app.exchange.consent_statuses import ConsentStatuses
from rahdari.app.exchange.edge_certificate import EdgeCertificate, names_of_edge
from rahdari.app.exchange.edge_tls import EdgeTls
from rahdari.app.exchange.following import Following
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import GatewayHome, GatewaySettings, Listener, open_keys, read_home
from rahdari.app.exchange.home_file import HomeFile
from rahdari.app.exchange.lasting import keep_at
from rahdari.app.exchange.list_fetching import ListFetcher
from rahdari.app.exchange.log import EvidenceLogFiles, LogReader, LogSecrets, LogSigners, LogStanding
from rahdari.app.exchange.offers import OfferFile
from rahdari.app.exchange.receipts import OwedReceipts, ReceiptDesk
from rahdari.app.exchange.remembering import Remembering
from rahdari.app.exchange.renewing import Renewing
from rahdari.app.exchange.subject_keys import SubjectKeys
from rahdari.app.exchange.vouching import Vouching
from rahdari.app.exchange.withholding_desk import FOLDER as ORDERS
from rahdari.app.exchange.withholding_desk import keep_taking
from rahdari.exchange.errors import CallRefused, ConfigurationRefused
from rahdari.exchange.rules.consents import HeldConsent, KnownStatus
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.rules.replay import SeenRequests
from rahdari.exchange.service.consumer import Consumer, ConsumerSettings
from rahdari.exchange.service.provider import Provider, ProviderParts
from rahdari.exchange.values.messages import Identity
from rahdari.exchange.values.services import ConsentRule, Offer
from rahdari.kernel import Chance, Clock, Problem
from rahdari.wire.ndel.consents import Consent
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.record_bytes import request_id_of
from rahdari.wire.xroad import ErrorType, Fault, Origin

# Keys come into force and end at set times; a pause of some seconds is far below the two minutes of tolerance.
IDENTITY_SECONDS: Final = 10.0
# How often the offer's file is looked at: one stat.
OFFER_SECONDS: Final = 1.0
# The key of a month is made within its first minute, and a day before where nobody minds.
SUBJECTS_SECONDS: Final = 60.0

_LOG = structlog.get_logger("rahdari.exchange.gateway")


class GatewayLog(Protocol):
    """The log as a gateway writes it (``app.exchange.log.EvidenceLogFiles``)."""

    @property
    def standing(self) -> LogStanding:
        """Tell how the log stands."""
        ...

    def append(self, record: bytes, particulars: bytes) -> "asyncio.Future[int]":
        """Take a record in at once; the future gives its index once it is durable. Not awaiting it is fine."""
        ...


class Statuses(Protocol):
    """Knows how consents stand (``app.exchange.consent_statuses.ConsentStatuses``)."""

    async def find(self, consent: Consent, *, now: bool = False) -> KnownStatus | None:
        """Tell the status of a consent; with ``now``, asked for at this moment. None: nobody can tell."""
        ...


class NoStatuses:
    """Where nobody can be asked: nothing is in force."""

    async def find(self, consent: Consent, *, now: bool = False) -> KnownStatus | None:  # noqa: ARG002
        """Tell nothing."""
        return None


class OpenGateway:
    """A gateway at work. Used by one event loop."""

    def __init__(
        self,
        home: GatewayHome,
        keys: GatewayKeys,
        *,
        offer: Callable[[], Offer],
        clock: Clock,
        chance: Chance,
        tick: Callable[[], float] = tell_seconds,
    ) -> None:
        """Put it together; nothing is read or written yet but keys that were opened."""
        self.home, self.clock, self.chance, self.tick = home, clock, chance, tick
        self.keys, self.offer = keys, offer
        self.statuses: Statuses = NoStatuses()
        self.following = Following(home, clock=clock, chance=chance, on_change=self._change, tick=tick)
        self.seen = SeenRequests()
        self.owed = OwedReceipts()
        self.on_change: list[Callable[[Directory], None]] = []
        self.edge_tls: EdgeTls | None = None
        self._identity: Identity | None = None
        self._identity_until = 0.0
        self.remembering = Remembering(self.seen, clock, tick=tick)
        self.subjects = SubjectKeys(home.keys_folder / "subjects", keys.subjects_key, chance)
        self._subjects_until = 0.0
        self.consumer_settings = ConsumerSettings(home.clients)
        self.consumer = Consumer(lambda: self.consumer_settings, self.directory, self.identity, chance)
        self.provider = Provider(
            ProviderParts(offer, self.directory, self.identity, self.subjects.index), chance, seen=self.seen
        )
        self.log: GatewayLog
        self.desk: ReceiptDesk

    @property
    def settings(self) -> GatewaySettings:
        """What ``gateway.toml`` sets."""
        return self.home.settings

    @property
    def edge(self) -> Listener:
        """Where its information systems reach it."""
        return self.home.edge

    @property
    def peer(self) -> Listener:
        """Where other gateways reach it."""
        return self.home.peer

    def use_log(self, log: GatewayLog, *, find: Callable[[str], list[bytes]] = lambda _: []) -> None:
        """Record in ``log``; ``find`` gives the records of a request."""
        self.log = log
        self.desk = ReceiptDesk(log, self.directory, clock=self.clock, find=find, tick=self.tick)

    def directory(self) -> Directory:
        """Give the directory in use. Raises ``CallRefused`` while there is none."""
        try:
            return self.following.directory
        except ConfigurationRefused as refusal:
            raise CallRefused(
                ErrorType(Origin.CLIENT_PROXY, (Fault.GLOBAL_CONF_OUTDATED,)), refusal.message
            ) from None

    def identity(self) -> Identity:
        """Give the key that signs messages now.

        Raises:
            CallRefused: the configuration has none of ours in force.
        """
        now = self.tick()
        if self._identity is None or now >= self._identity_until:
            try:
                keyid, signer = self.keys.signer_for(self.directory(), int(self.clock.now().timestamp()))
            except ConfigurationRefused as refusal:
                raise CallRefused(
                    ErrorType(Origin.SIGNER, (Fault.KEY_NOT_AVAILABLE,)), refusal.message, status=500
                ) from None
            self._identity = Identity(self.home.id, self.home.url, keyid, signer)
            self._identity_until = now + IDENTITY_SECONDS
        return self._identity

    async def standing_of(self, held: HeldConsent | None, rule: ConsentRule) -> KnownStatus | None:
        """Find out how a consent stands; at this very moment where the operation says so."""
        if held is None:
            return None
        return await self.statuses.find(held.consent, now=rule is ConsentRule.REQUIRED_NOW)

    def prepare_subjects(self) -> None:
        """Have the key ready by which persons are named in records. Raises ``SubjectKeyDamaged``."""
        now = self.tick()
        if now >= self._subjects_until:
            self.subjects.prepare(self.clock.now())
            self._subjects_until = now + SUBJECTS_SECONDS

    def is_stamping_overdue(self) -> bool:
        """Tell whether time stamps have failed for so long that what must be provable is not exchanged."""
        return False

    def vouching_fault(self) -> str:
        """Tell what those who vouch for the log found wrong with it; empty: nothing."""
        return ""

    def pinned(self) -> tuple[Gateway, ...]:
        """List every gateway that may connect."""
        return tuple(one for member in self.directory().members() for one in member.gateways)

    def _change(self, directory: Directory) -> None:
        self._identity = None
        own = directory.gateway(self.home.id)
        if own is not None and not self.keys.holds(own):
            self._take_keys()
        failures: list[Exception] = []
        for one in self.on_change:
            try:
                one(directory)
            except Exception as error:  # noqa: BLE001 - one that fails keeps it from no other; raised below
                failures.append(error)
        if failures:
            raise failures[0]

    def _take_keys(self) -> bool:
        """Read keys that were made beside a running gateway; tell whether there were any."""
        try:
            return self.keys.take_new()
        except Problem as problem:
            _LOG.error("keys_not_read", why=problem.message)
            return False


class ServedGateway(OpenGateway):
    """A gateway with its files: an async context manager that records, follows and looks at its offer's file."""

    def __init__(self, home: GatewayHome, keys: GatewayKeys, *, clock: Clock, chance: Chance) -> None:
        """Open the log and the offer.

        Raises:
            LogDamaged: the log does not lead to what was signed. LogFull: another process writes it.
            OfferRefused: the offer cannot be read. BadSettings: a file of the edge's TLS cannot be used.
        """
        self.offers = OfferFile(home.services_file, home.member)
        self.home_file = HomeFile(home)
        super().__init__(home, keys, offer=lambda: self.offers.offer, clock=clock, chance=chance)
        self.edge_tls = _edge_tls(home, keys, clock)
        signers = LogSigners(keys.origin, keys.log_signers)
        secrets = LogSecrets(signers, keys.particulars_key)
        self.files = EvidenceLogFiles(
            home.log_folder, secrets, clock=clock, chance=chance, request_of=request_id_of
        )
        self._log_name = signers.name
        self.remembering = Remembering(
            self.seen, clock, tick=self.tick, reader=self._open_reader, size=lambda: self.files.standing.size
        )
        self._finder, reader = (
            LogReader(home.log_folder, signers.name, request_of=request_id_of) for _ in range(2)
        )
        self.vouching = Vouching(home, keys, reader, clock=clock, chance=chance)
        self.use_log(self.files, find=self._find)
        self._tasks: list[asyncio.Task[None]] = []
        self._lists = ListFetcher(home.anchor.instance)

    async def __aenter__(self) -> Self:
        """Begin to record and to follow; know what was answered before."""
        await self.files.__aenter__()
        try:
            self.following.load()
        except ConfigurationRefused as refusal:
            _LOG.warning("no_configuration_yet", why=refusal.message)
            await self.following.refresh()
        await self.files.publish()
        self.remembering.begin()
        statuses = ConsentStatuses(self._lists.fetch, self.directory, clock=self.clock, tick=self.tick)
        self.statuses = statuses
        self.on_change.append(self.vouching.follow)
        with suppress(CallRefused):
            self.vouching.follow(self.directory())
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "configuration": self.following.run,
            "offer": self._look_at_offer,
            "consents": statuses.run,
            "replays": self.remembering.run,
            "vouching": partial(self.vouching.keeper.run, self.home.settings.vouching_seconds),
            "orders": partial(keep_taking, self.home.folder / ORDERS, self.files),
        }
        if self.settings.renews:
            renewing = Renewing(self.home, self.keys, self.directory, clock=self.clock, chance=self.chance)
            work["renewal"] = renewing.run
        self._tasks = [asyncio.create_task(keep_at(name, one), name=name) for name, one in work.items()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop following, and make the log whole."""
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._lists.close()
        finally:
            await self.files.__aexit__(kind, error, trace)

    @override
    def is_stamping_overdue(self) -> bool:
        return self.vouching.keeper.is_stamping_overdue()

    @override
    def vouching_fault(self) -> str:
        return next(iter(self.vouching.keeper.doubts), "")

    def _open_reader(self) -> LogReader | None:
        """Open the log for another thread; None while nothing of it is published."""
        reader = LogReader(self.home.log_folder, self._log_name, request_of=request_id_of)
        return None if reader.checkpoints.find_latest() is None else reader

    async def reload(self) -> None:
        """Read the offer, the clients, the keys and the configuration anew."""
        self.offers.refresh(always=True)
        self._look_at_home(always=True)
        self._look_at_edge()
        if self._take_keys():
            with suppress(CallRefused):
                self._change(self.directory())
        await self.following.refresh_now()

    def _find(self, request_id: str) -> list[bytes]:
        try:
            return [self._finder.entry(one) for one in self._finder.find(request_id)]
        except Problem as problem:
            _LOG.error("log_not_read", why=problem.message)
            return []

    async def _look_at_offer(self) -> None:
        while True:
            await asyncio.sleep(OFFER_SECONDS)
            self.offers.refresh()
            self._look_at_home()
            self._look_at_edge()

    def _look_at_home(self, *, always: bool = False) -> None:
        know = self.edge_tls.know if self.edge_tls is not None else lambda _: None
        if self.home_file.refresh(always=always, know=know):
            self.consumer_settings = ConsumerSettings(self.home_file.clients)

    def _look_at_edge(self) -> None:
        if self.edge_tls is not None:
            self.edge_tls.refresh()


def _edge_tls(home: GatewayHome, keys: GatewayKeys, clock: Clock) -> EdgeTls | None:
    if home.edge_tls is None:
        return None
    own = EdgeCertificate(keys, home.edge_tls.names or names_of_edge(home.edge.host, home.url))
    files = [name for names in home.certificate_files.values() for name in names]
    return EdgeTls(home.edge_tls, home.folder, own, client_files=files, clock=clock)


def open_gateway(
    folder: Path,
    environment: Mapping[str, str],
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
) -> ServedGateway:
    """Open the gateway whose home ``folder`` is.

    Raises:
        NotInitialised: there is none. BadSettings: its file cannot be read. KeysLocked: its keys cannot be opened.
        LogDamaged: the log is not the one that was signed. LogFull: another process serves this home.
        OfferRefused: ``services.toml`` cannot be read.
    """
    clock, chance = clock or SystemClock(), chance or SystemChance()
    home = read_home(folder)
    return ServedGateway(home, open_keys(home, environment, chance=chance), clock=clock, chance=chance)
