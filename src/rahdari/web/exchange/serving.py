"""One process, one loop, two listeners: the edge for the member's own systems, the other for gateways."""

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, cast

import structlog
import uvicorn
from typing_extensions import override
from uvicorn._types import ASGI3Application

from rahdari.app.exchange.gateway import OpenGateway, ServedGateway
from rahdari.app.exchange.lasting import keep_at
from rahdari.app.exchange.tls import ServerTls
from rahdari.exchange import CallRefused
from rahdari.web import journal
from rahdari.web.connections import allow_sockets, drop_untaken
from rahdari.web.errors import PortTaken
from rahdari.web.exchange import asgi
from rahdari.web.exchange.accepting import Entrance
from rahdari.web.exchange.catalogue import PATH, CatalogueDoor, Shelf
from rahdari.web.exchange.catalogue_pages import PREFIX, CataloguePages
from rahdari.web.exchange.edge import Edge
from rahdari.web.exchange.figures import Figures
from rahdari.web.exchange.frames import FONTS_PATH, STYLE_PATH
from rahdari.web.exchange.mounts import make_mounts
from rahdari.web.exchange.own import Own
from rahdari.web.exchange.peer import Peer
from rahdari.web.exchange.peers import Peers
from rahdari.web.exchange.protocol import Door, GatewayProtocol, protocol_for
from rahdari.web.exchange.sending import ReceiptSender
from rahdari.web.exchange.systems import Systems
from rahdari.web.exchange.tracing import open_tracing

GRACE_SECONDS: Final = 20
KEEP_SECONDS: Final = 30
# Three round trips around the world and a certificate to verify take one.
HANDSHAKE_SECONDS: Final = 10.0
# Connections of both listeners and towards both sides.
SOCKETS_MAX: Final = 4096
_WAITING_MAX: Final = 1024

_LOG = structlog.get_logger("rahdari.exchange.serving")


@dataclass(frozen=True, slots=True)
class Applications:
    """What answers on both listeners, and what is behind them."""

    edge: Edge
    peer: Peer
    own: Own
    figures: Figures
    peers: Peers
    systems: Systems
    receipts: ReceiptSender = field(repr=False)


def make_applications(
    gateway: OpenGateway, *, mounts: Mapping[bytes, asgi.App] | None = None
) -> Applications:
    """Put the applications of a gateway together."""
    systems, peers = Systems(gateway.tick), Peers(gateway)
    figures = Figures(_gauges(gateway))
    receipts = ReceiptSender(gateway, peers)
    own = Own(gateway, figures, systems)
    edge = Edge(gateway, peers, figures=figures, receipts=receipts, own=own)
    pages = CataloguePages(gateway, Shelf(gateway, peers), edge)
    own.also.update({PREFIX: pages, STYLE_PATH: pages, FONTS_PATH: pages})
    mounts = {PATH: CatalogueDoor(gateway), **(mounts or {})}
    peer = Peer(gateway, systems, figures=figures, mounts=mounts)
    return Applications(edge, peer, own, figures, peers, systems, receipts)


def _gauges(gateway: OpenGateway) -> dict[str, tuple[str, Callable[[], float]]]:
    def version() -> float:
        try:
            return float(gateway.directory().version)
        except CallRefused:
            return 0.0

    return {
        "rahdari_exchange_log_records": ("Durable records of the log.", lambda: gateway.log.standing.size),
        "rahdari_exchange_log_records_unwritten": (
            "Records since the start that could not be written.",
            lambda: gateway.log.standing.unwritten,
        ),
        "rahdari_exchange_log_writable": (
            "1 while the log can be written.",
            lambda: float(gateway.log.standing.is_writable),
        ),
        "rahdari_exchange_log_doubted": (
            "1 while the log is not the one that a witness saw: an older copy was restored, or it was forked.",
            lambda: float(bool(gateway.vouching_fault())),
        ),
        "rahdari_exchange_receipts_owed": ("Receipts that wait to be sent.", lambda: len(gateway.owed)),
        "rahdari_exchange_receipts_dropped": (
            "Receipts that waited too long.",
            lambda: gateway.owed.dropped,
        ),
        "rahdari_exchange_requests_remembered": (
            "Requests that would be seen as replays.",
            lambda: len(gateway.seen),
        ),
        "rahdari_exchange_configuration_version": ("Version of the configuration in use.", version),
        "rahdari_exchange_configuration_old": (
            "1 while the registry should have signed a newer one: somebody may hold it back.",
            lambda: float(gateway.following.is_old()),
        ),
        "rahdari_exchange_configuration_contradictions": (
            "Configurations kept that a registry signed beside another of the same version.",
            lambda: gateway.following.contradictions,
        ),
        "rahdari_exchange_journal_lines_lost": (
            "Lines of the journal that could not be written.",
            journal.lines_lost,
        ),
    }


def _trace(gateway: OpenGateway, figures: Figures) -> Callable[[], None]:
    """Send traces where the settings name a place; gives what sends the last ones."""
    opened = None
    if gateway.settings.traces_url:
        opened = open_tracing(gateway.settings.traces_url, str(gateway.home.id))
    if opened is None:
        return lambda: None
    figures.trace, end = opened
    return end


class _Server(uvicorn.Server):
    """A server whose signals are somebody else's affair."""

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; whoever does not come to the end of the TLS handshake is hung up on as all others are."""
        config, loop = self.config, asyncio.get_running_loop()
        protocol = cast("type[GatewayProtocol]", config.http_protocol_class)
        # The library asks no more of a server than that it closes.
        self.servers = cast(
            "list[asyncio.Server]",
            [
                Entrance(
                    one,
                    protocol.door,
                    lambda: protocol(config, self.server_state, {}, loop),
                    tls=config.ssl,
                    handshake_seconds=HANDSHAKE_SECONDS,
                )
                for one in sockets or []
            ],
        )
        self.started = True

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class GatewayServer:
    """Serves a gateway until it is told to stop."""

    def __init__(
        self,
        gateway: ServedGateway,
        *,
        mounts: Mapping[bytes, asgi.App] | None = None,
        edge_door: Door | None = None,
        peer_door: Door | None = None,
    ) -> None:
        """Take both ports at once. Raises ``PortTaken``."""
        self._gateway, self._mounts = gateway, mounts
        self._doors = (edge_door or Door(), peer_door or Door())
        self._stopping = asyncio.Event()
        self.edge_socket = listen(gateway.edge.host, gateway.edge.port)
        try:
            self.peer_socket = listen(gateway.peer.host, gateway.peer.port)
        except PortTaken:
            self.edge_socket.close()
            raise

    def stop(self) -> None:
        """Take no new calls, finish those under way, then end."""
        self._stopping.set()

    async def serve(self, *, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until ``stop``."""
        gateway = self._gateway
        applications = make_applications(gateway, mounts=self._mounts)
        end_traces = _trace(gateway, applications.figures)
        tls = await self._first_tls()
        if tls is None:
            return
        edge_tls = gateway.edge_tls
        servers = [
            _Server(_config(applications.edge, self._doors[0], edge_tls.context if edge_tls else None)),
            _Server(_config(applications.peer, self._doors[1], tls.context)),
        ]
        sockets = (self.edge_socket, self.peer_socket)
        serving = [
            asyncio.create_task(one.serve(sockets=[sock])) for one, sock in zip(servers, sockets, strict=True)
        ]
        sending = asyncio.create_task(keep_at("receipts", applications.receipts.run))
        try:
            # The library tells of nothing but by this flag.
            while not all(one.started for one in servers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            ready()
            await self._stopping.wait()
        finally:
            for one in servers:
                one.should_exit = True
            await asyncio.gather(*serving, return_exceptions=True)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await _send_last(applications)
            applications.peers.close()
            applications.systems.close()
            await asyncio.to_thread(end_traces)

    async def _first_tls(self) -> ServerTls | None:
        """Wait for the first configuration: without it there is nobody to believe. None: told to stop meanwhile."""
        gateway = self._gateway
        while not self._stopping.is_set():
            try:
                tls = ServerTls(gateway.keys, gateway.directory(), gateway.pinned())
            except CallRefused as refusal:
                _LOG.warning("waits_for_configuration", why=refusal.message)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 1.0)
            else:
                self._follow(tls)
                return tls
        return None

    def _follow(self, tls: ServerTls) -> None:
        gateway = self._gateway
        gateway.on_change.append(lambda changed: tls.follow(changed, gateway.pinned()))


async def _send_last(applications: Applications) -> None:
    """Send the receipts that are owed, for as long as a batch waits anyway; what is left is lost."""
    try:
        async with asyncio.timeout(1.0):
            await applications.receipts.send_all()
    except TimeoutError:
        pass
    except Exception as error:  # noqa: BLE001 - an end in good order does not hang on receipts
        journal.note_broken(error)


def _config(app: asgi.App, door: Door, tls: ssl.SSLContext | None) -> uvicorn.Config:
    config = uvicorn.Config(
        cast("ASGI3Application", app),
        http=protocol_for(door),
        ws="none",
        lifespan="off",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        # An answer has one Date: the provider's, else ours (PR-REST, 4.3).
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    config.load()
    config.ssl = tls
    return config


def listen(host: str, port: int) -> socket.socket:
    """Take an address and port. Raises ``PortTaken``."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        drop_untaken(made)
        made.listen(_WAITING_MAX)
        made.setblocking(False)  # noqa: FBT003 - the library's own signature
    except OSError as error:
        made.close()
        raise PortTaken(
            f"cannot listen on {host} port {port} ({error.strerror}); choose another one in gateway.toml"
        ) from None
    return made


async def serve(gateway: ServedGateway, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve a gateway until SIGTERM or SIGINT; SIGHUP reads offer and configuration anew."""
    allow_sockets(SOCKETS_MAX)
    async with gateway:
        server = GatewayServer(gateway, mounts=make_mounts(gateway))
        loop = asyncio.get_running_loop()
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = loop.create_task(gateway.reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, server.stop)
        loop.add_signal_handler(signal.SIGHUP, reload)
        await server.serve(ready=ready)
