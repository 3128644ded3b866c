"""The application and its server."""

import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import uvicorn
from litestar import Litestar, Request, Response, Router
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler, Receive, Scope, Send
from litestar.types.asgi_types import LifeSpanReceive, LifeSpanScope, LifeSpanSend
from typing_extensions import override

from rahdari.app.dispatch import Dispatcher
from rahdari.app.house import House, open_house, require_own_address
from rahdari.app.roadmap_warmer import RoadmapWarmer
from rahdari.app.settings import Settings
from rahdari.app.status_hub import ListSigner
from rahdari.kernel import Problem
from rahdari.web import journal, public, public_stream
from rahdari.web.api import (
    authority,
    cards,
    checks,
    holders,
    identity_services,
    oversight,
    passkeys,
    signals,
    trade,
)
from rahdari.web.arriving import Pace
from rahdari.web.connections import PatientProtocol, allow_sockets, drop_untaken
from rahdari.web.doorman import Doorman
from rahdari.web.doors import guard_media_type, guard_rights, make_dependencies, operation_of
from rahdari.web.errors import (
    BadBody,
    BadParameter,
    BodyTooLarge,
    Broken,
    MethodNotAllowed,
    NotFound,
    PortTaken,
    TooSlow,
)
from rahdari.web.limits import JSON_BYTES_MAX, REQUEST_SECONDS_MAX
from rahdari.web.own_page import make_own_page_guard
from rahdari.web.pages import (
    about,
    holder,
    holder_acts,
    problems,
    products,
    reference,
    roadmap,
    verifier,
    verify,
)
from rahdari.web.refusals import make_refusal
from rahdari.web.rights import RIGHTS
from rahdari.web.static_files import get_part, get_static
from rahdari.web.streaming import Streams
from rahdari.web.visit import visit_of
from rahdari.web.workers import Worker, working

HANDLERS: tuple[ControllerRouterHandler, ...] = (
    verify.show_verify,
    verify.submit_verify,
    verifier.show_verifier,
    verifier.get_worker,
    verifier.get_manifest,
    products.show_products,
    roadmap.show_roadmap,
    roadmap.show_why,
    roadmap.get_file,
    about.show_trust,
    problems.show_problems,
    problems.show_problem,
    reference.show_reference,
    reference.get_document,
    get_static,
    get_part,
    public.get_health,
    public.list_status_lists,
    public.get_status_list,
    public_stream.get_head,
    public_stream.get_manifest,
    public_stream.get_bundle,
    public_stream.list_deltas,
    public_stream.follow,
    public.get_trust_list,
    public.get_root,
    checks.check_pass,
    checks.ask_about_pass,
    identity_services.tell_person_status,
    identity_services.match_attributes,
    identity_services.match_one_attribute,
    identity_services.tell_age_over,
    holders.add_holder,
    holders.import_holders,
    holders.list_holders,
    holders.find_holder,
    holders.get_holder,
    cards.apply_for_card,
    cards.act_on_card,
    cards.get_card,
    cards.get_card_history,
    cards.get_pass,
    cards.draw_qr,
    cards.draw_card_png,
    cards.draw_card_pdf,
    cards.draw_sheets,
    passkeys.open_passkey_ticket,
    passkeys.begin_enrolment,
    passkeys.finish_enrolment,
    passkeys.begin_sign_in,
    passkeys.finish_sign_in,
    holder.show_holder,
    holder.show_enrolment,
    holder.show_report,
    holder_acts.lock_channel,
    holder_acts.report_card,
    holder_acts.open_own_log,
    holder_acts.remove_passkey,
    holder_acts.sign_out,
    signals.get_ssf_configuration,
    signals.get_jwks,
    signals.create_stream,
    signals.read_streams,
    signals.change_stream,
    signals.replace_stream,
    signals.delete_stream,
    signals.renew_secret,
    signals.read_status,
    signals.set_status,
    signals.add_subject,
    signals.remove_subject,
    signals.verify_stream,
    signals.poll_stream,
    signals.replay_stream,
    authority.list_products,
    authority.publish_status,
    authority.get_audit_finding,
    oversight.list_flags,
    oversight.get_flag,
    oversight.decide_flag,
    trade.ask_trade,
    trade.ask_why_not,
)
# A form holds two fields and a language.
_FORM_PARTS_MAX = 8
# How long requests that are under way may take to end after SIGTERM.
_GRACE_SECONDS = 10
# Verifiers that come back all at once after a restart; the kernel may hold fewer.
_WAITING_MAX = 4096


class Site(Litestar):
    """The application with its doorman outside, so that unknown addresses pass him too."""

    doorman: Doorman | None = None
    streams: Streams | None = None

    @override
    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        if self.doorman is None or scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        await self.doorman(cast("Scope", scope), cast("Receive", receive), cast("Send", send))


def build_app(
    house: House,
    *,
    tick: Callable[[], float] = time.monotonic,
    seconds_max: float = REQUEST_SECONDS_MAX,
) -> Site:
    """Build the application on a house. ``tick`` gives seconds for the rate limit."""
    streams = Streams(
        house.hub,
        streams_max=house.settings.streams_max,
        caller_streams_max=house.settings.caller_streams_max,
        tick=tick,
    )
    app = Site(
        # One router for all: registered one by one, a handler that shares its path with another is wrapped
        # to run in a thread once for each of them (Litestar 2.25), and its answer is never awaited.
        route_handlers=[Router("/", route_handlers=HANDLERS)],
        dependencies=make_dependencies(house, streams),
        guards=[guard_rights, guard_media_type, make_own_page_guard(house)],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http, Exception: _on_broken},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=JSON_BYTES_MAX,
        multipart_form_part_limit=_FORM_PARTS_MAX,
        debug=False,
    )
    _require_rights(app)
    app.streams = streams
    app.doorman = Doorman(house, super(Site, app).__call__, tick=tick, pace=Pace(seconds_max))
    return app


def _require_rights(app: Litestar) -> None:
    """Start only if the table of rights speaks of every operation, and of nothing else."""
    named = {
        operation_of(handler) for route in app.routes for handler in getattr(route, "route_handlers", ())
    }
    named.discard("")  # the framework's own OPTIONS handlers, which say nothing but what is allowed
    if named != set(RIGHTS):
        raise AssertionError(f"operations and rights differ: {sorted(named ^ set(RIGHTS))}")


def _on_problem(request: Request[object, object, State], problem: Problem) -> Response[bytes]:
    refusal = make_refusal(problem, request.scope)
    return Response(
        refusal.body, status_code=refusal.status, media_type=refusal.media_type, headers=refusal.headers
    )


def _on_http(request: Request[object, object, State], error: HTTPException) -> Response[bytes]:
    """Turn the framework's own errors into problems; its words stay behind, they may quote the request."""
    if error.status_code >= 500:
        return _on_broken(request, error)
    made: Mapping[int, Problem] = {
        404: NotFound("there is nothing at this address; /api lists what there is"),
        405: MethodNotAllowed((error.headers or {}).get("allow") or (error.headers or {}).get("Allow") or ""),
        413: BodyTooLarge("the body is larger than this operation takes; see /api for its limits"),
    }
    otherwise: Problem = BadParameter("a parameter is missing or has another shape than /api says")
    if request.method == "POST":
        otherwise = BadBody("the body is damaged or of another shape than /api says")
    return _on_problem(request, made.get(error.status_code, otherwise))


def _on_broken(request: Request[object, object, State], error: Exception) -> Response[bytes]:
    if visit_of(request.scope).is_gone:
        # RFC 9110, 15.5.9. Nobody reads this; the journal should not call it our fault.
        return _on_problem(request, TooSlow("the request was not sent to its end; send it again"))
    journal.note_broken(error)
    return _on_problem(request, Broken("something broke here; it was noted: try again later"))


def serve(settings: Settings) -> None:
    """Serve the house of ``settings`` until SIGTERM or SIGINT; requests under way are ended first.

    Raises:
        NotInitialised: there is no house. PortTaken: the address cannot be had.
        BadSettings: the passes carry another address than the settings name.
        RegisterBehind: the database was restored or rolled back.
    """
    house = open_house(settings)
    try:
        require_own_address(house)
        house.authority.require_known()
        listening = listen(settings.host, settings.port)
        journal.configure()
        app = build_app(house)
        config = make_config(app, settings)
        allow_sockets(settings.streams_max)
        journal.note_serving(address_of(listening))
        with _signals_end_quietly(), working(make_workers(house)):
            Server(config, app).run(sockets=[listening])
    finally:
        house.close()


def make_workers(house: House) -> tuple[Worker, ...]:
    """List what works beside the requests."""
    workers: tuple[Worker, ...] = (
        house.hub,
        ListSigner(house.authority, house.hub.touched),
        Dispatcher(house.signals, note=journal.note_broken),
    )
    if house.settings.roadmap_at_start:
        workers += (RoadmapWarmer(house.roadmap, house.settings.language),)
    return workers


class Server(uvicorn.Server):
    """A server whose streams end when it stops; uvicorn would wait for them."""

    def __init__(self, config: uvicorn.Config, app: Site) -> None:
        """Serve ``app``."""
        super().__init__(config)
        self._app = app

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._app.streams is not None:
            self._app.streams.end()
        await super().shutdown(sockets)


def make_config(app: Site, settings: Settings) -> uvicorn.Config:
    """Configure the server. A caller is who is connected, unless the settings name a proxy to believe."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxy),
        # Not None: then uvicorn would look into the environment.
        forwarded_allow_ips=settings.trusted_proxy,
        # The doorman counts requests under way, and the streams themselves; an idle connection costs a socket.
        limit_concurrency=None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


@contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the server and no more: it raises them anew once it has stopped."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def address_of(listening: socket.socket) -> str:
    """Write the address that a browser opens."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listen(host: str, port: int) -> socket.socket:
    """Take the address and port to listen on. Raises ``PortTaken``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    # A server that is started again does not wait for the connections of the one before it.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        drop_untaken(made)
        made.listen(_WAITING_MAX)
    except OSError as error:
        made.close()
        raise PortTaken(
            f"cannot listen on {host} port {port} ({error.strerror}); choose another one: --port"
        ) from None
    return made
