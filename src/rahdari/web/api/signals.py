"""Subscriptions: institutions that want to be told of suspensions (OpenID Shared Signals, Standard Webhooks)."""

import re

import anyio
import anyio.to_thread
from litestar import Request, Response, delete, get, patch, post, put
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, RawBody

from rahdari.app.house import House
from rahdari.kernel import Actor
from rahdari.signals import StreamId, SubjectId
from rahdari.web.api import signal_bodies as bodies
from rahdari.web.api.reading import read_json
from rahdari.web.api.signal_bodies import (
    DeliveryView,
    KeySet,
    PollAsked,
    PollView,
    ReplayView,
    StatusAsked,
    StatusView,
    StreamAsked,
    StreamChange,
    StreamView,
    SubjectAdded,
    SubjectAsked,
    SubjectGone,
    TransmitterView,
    VerificationAsked,
)
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.errors import BadParameter
from rahdari.web.operation import JSON, STREAM_ID, Query, describes

_TAG = "Signals"
# How long a poll waits for something to say (RFC 8936, 2.4), how often it looks, and how many wait at once: each
# holds a place among the requests, and whoever finds none free is answered at once.
_WAIT_SECONDS, _LOOK_SECONDS, _WAITING_MAX = 20.0, 0.5, 64
_WAITING = anyio.CapacityLimiter(_WAITING_MAX)
_PUBLIC = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}
_ORDER_DIGITS_MAX = 18

_STREAM = Query(name="stream_id", about="the stream's id", schema={"type": "string", "pattern": STREAM_ID})
_AFTER = Query(
    name="after",
    about="the last order number that needs no repeating",
    schema={"type": "integer", "minimum": 0, "default": 0},
)
_NO_STREAM = ("signals.unknown_stream",)


@get(
    "/.well-known/ssf-configuration",
    operation_id="getSsfConfiguration",
    sync_to_thread=False,
    opt=describes(_TAG, gives={JSON: TransmitterView}),
)
def get_ssf_configuration(house: TheHouse) -> Response[TransmitterView]:
    """Tell receivers where streams are managed, and who signs (Shared Signals, 7)."""
    return Response(bodies.render_transmitter(house.signals.issuer), headers=_PUBLIC)


@get(
    "/.well-known/jwks.json",
    operation_id="getJwks",
    sync_to_thread=True,
    opt=describes(_TAG, gives={JSON: KeySet}),
)
def get_jwks(house: TheHouse) -> Response[KeySet]:
    """Get the public keys that security events are signed with (RFC 7517). The trust list names them too."""
    return Response(KeySet(house.signals.public_keys()), headers=_PUBLIC)


@post(
    "/api/v1/signals/streams",
    operation_id="createStream",
    status_code=201,
    sync_to_thread=True,
    opt=describes(
        _TAG,
        takes={JSON: StreamAsked},
        gives={JSON: StreamView},
        status=201,
        refusals=("signals.bad_endpoint", "signals.no_events", "signals.too_many_streams"),
    ),
)
def create_stream(house: TheHouse, actor: TheActor, body: RawBody) -> StreamView:
    """Open a stream.

    Events are sent as signed webhooks or as security event tokens, or wait to be polled for. The secret of a
    webhook is in this answer and never shown again. Endpoints are https, and not inside a private network.
    """
    fresh = house.signals.create(bodies.read_wanted(read_json(body, StreamAsked)), actor=actor)
    return bodies.render_stream(fresh.stream, house.signals.issuer, secret=fresh.secret)


@get(
    "/api/v1/signals/streams",
    operation_id="readStreams",
    sync_to_thread=True,
    opt=describes(_TAG, gives={JSON: {"type": ["object", "array"]}}, query=(_STREAM,), refusals=_NO_STREAM),
)
def read_streams(
    house: TheHouse, actor: TheActor, stream_id: FromQuery[str] = ""
) -> StreamView | list[StreamView]:
    """Read one stream of your own, or all of them."""
    office = house.signals
    if stream_id:
        return bodies.render_stream(office.get(_read_stream(stream_id), actor=actor), office.issuer)
    return [bodies.render_stream(one, office.issuer) for one in office.list_streams(actor=actor)]


@patch(
    "/api/v1/signals/streams",
    operation_id="changeStream",
    sync_to_thread=True,
    opt=describes(
        _TAG,
        takes={JSON: StreamChange},
        gives={JSON: StreamView},
        refusals=(*_NO_STREAM, "signals.bad_endpoint", "signals.no_events", "signals.wrong_method"),
    ),
)
def change_stream(house: TheHouse, actor: TheActor, body: RawBody) -> StreamView:
    """Change what is named of a stream; the rest stays. The method of delivery always does."""
    return _change(house, actor, read_json(body, StreamChange), is_whole=False)


@put(
    "/api/v1/signals/streams",
    operation_id="replaceStream",
    sync_to_thread=True,
    opt=describes(
        _TAG,
        takes={JSON: StreamChange},
        gives={JSON: StreamView},
        refusals=(*_NO_STREAM, "signals.bad_endpoint", "signals.no_events", "signals.wrong_method"),
    ),
)
def replace_stream(house: TheHouse, actor: TheActor, body: RawBody) -> StreamView:
    """Replace a stream's configuration; what is not named becomes as in a new stream."""
    return _change(house, actor, read_json(body, StreamChange), is_whole=True)


def _change(house: House, actor: Actor, asked: StreamChange, *, is_whole: bool) -> StreamView:
    office, name = house.signals, StreamId(asked.stream_id)
    before = bodies.render_stream(office.get(name, actor=actor), office.issuer)
    changes = bodies.read_changes(asked, before, is_whole=is_whole)
    return bodies.render_stream(office.change(name, changes, actor=actor), office.issuer)


@delete(
    "/api/v1/signals/streams",
    operation_id="deleteStream",
    status_code=204,
    sync_to_thread=True,
    opt=describes(_TAG, gives={}, status=204, query=(_STREAM,), refusals=_NO_STREAM),
)
def delete_stream(house: TheHouse, actor: TheActor, stream_id: FromQuery[str] = "") -> None:
    """Delete a stream, what it watches, and every notice of it."""
    house.signals.remove(_read_stream(stream_id), actor=actor)


@post(
    "/api/v1/signals/streams/{stream:str}/secret",
    operation_id="renewStreamSecret",
    status_code=200,
    sync_to_thread=True,
    opt=describes(_TAG, gives={JSON: DeliveryView}, refusals=(*_NO_STREAM, "signals.wrong_method")),
)
def renew_secret(house: TheHouse, actor: TheActor, stream: FromPath[str]) -> DeliveryView:
    """Give a webhook a new secret. For a day, the former one signs beside it."""
    fresh = house.signals.renew_secret(_read_stream(stream), actor=actor)
    return bodies.render_stream(fresh.stream, house.signals.issuer, secret=fresh.secret).delivery


@get(
    "/api/v1/signals/status",
    operation_id="readStreamStatus",
    sync_to_thread=True,
    opt=describes(_TAG, gives={JSON: StatusView}, query=(_STREAM,), refusals=_NO_STREAM),
)
def read_status(house: TheHouse, actor: TheActor, stream_id: FromQuery[str] = "") -> StatusView:
    """Tell a stream's state, and how it fares: what waits, and why."""
    return bodies.render_status(house.signals.report(_read_stream(stream_id), actor=actor))


@post(
    "/api/v1/signals/status",
    operation_id="setStreamStatus",
    status_code=200,
    sync_to_thread=True,
    opt=describes(_TAG, takes={JSON: StatusAsked}, gives={JSON: StatusView}, refusals=_NO_STREAM),
)
def set_status(house: TheHouse, actor: TheActor, body: RawBody) -> StatusView:
    """Enable, pause or disable a stream. Unless it is enabled nothing is sent; events are kept for thirty days."""
    asked = read_json(body, StatusAsked)
    house.signals.set_state(StreamId(asked.stream_id), asked.status, actor=actor)
    return bodies.render_status(house.signals.report(StreamId(asked.stream_id), actor=actor))


@post(
    "/api/v1/signals/subjects",
    operation_id="addSubject",
    status_code=200,
    sync_to_thread=True,
    opt=describes(
        _TAG,
        takes={JSON: SubjectAsked},
        gives={JSON: SubjectAdded},
        refusals=(
            *_NO_STREAM,
            "signals.pass_not_good",
            "signals.too_many_subjects",
            "oversight.use_not_recorded",
            "credentials.no_trust",
        ),
    ),
)
def add_subject(house: TheHouse, actor: TheActor, body: RawBody) -> Response[SubjectAdded]:
    """Watch the card of a valid pass that was shown to you.

    The answer is the opaque name by which you, and nobody else, will hear of this card; it is the same in all your
    streams. Whoever has not been shown a pass is told of nobody, and the holder reads that you asked.
    """
    asked = read_json(body, SubjectAsked)
    subject = house.signals.add_subject(StreamId(asked.stream_id), asked.subject.pass_, actor=actor)
    view = bodies.render_subject(asked.stream_id, subject)
    # What this look may have flagged is told to the audit log after the answer has left, as for a question.
    return Response(view, status_code=200, background=BackgroundTask(house.oversight.log_openings_later))


@post(
    "/api/v1/signals/subjects/remove",
    operation_id="removeSubject",
    status_code=204,
    sync_to_thread=True,
    opt=describes(
        _TAG,
        takes={JSON: SubjectGone},
        gives={},
        status=204,
        refusals=(*_NO_STREAM, "signals.unknown_subject"),
    ),
)
def remove_subject(house: TheHouse, actor: TheActor, body: RawBody) -> None:
    """Watch a card no more."""
    asked = read_json(body, SubjectGone)
    house.signals.remove_subject(StreamId(asked.stream_id), SubjectId(asked.subject.id), actor=actor)


@post(
    "/api/v1/signals/verify",
    operation_id="verifyStream",
    status_code=204,
    sync_to_thread=True,
    opt=describes(
        _TAG,
        takes={JSON: VerificationAsked},
        gives={},
        status=204,
        refusals=(*_NO_STREAM, "signals.too_soon"),
    ),
)
def verify_stream(house: TheHouse, actor: TheActor, body: RawBody) -> None:
    """Ask for a verification event, to see that the stream works from end to end."""
    asked = read_json(body, VerificationAsked)
    house.signals.ask_verification(StreamId(asked.stream_id), state=asked.state, actor=actor)


@post(
    "/api/v1/signals/streams/{stream:str}/poll",
    operation_id="pollStream",
    status_code=200,
    opt=describes(
        _TAG,
        takes={JSON: PollAsked},
        gives={JSON: PollView},
        refusals=(*_NO_STREAM, "signals.wrong_method", "credentials.key_locked"),
    ),
)
async def poll_stream(
    request: Request[None, None, State], house: TheHouse, actor: TheActor, stream: FromPath[str]
) -> PollView:
    """Fetch security events, and acknowledge those that came before (RFC 8936).

    What is neither in ``ack`` nor in ``setErrs`` comes again at the next poll. Unless ``returnImmediately`` says
    otherwise, the answer may wait up to twenty seconds for something to happen.
    """
    asked, name = read_json(await request.body(), PollAsked), _read_stream(stream)
    view = await _poll(house, actor, name, asked)
    if view.sets or asked.return_immediately or asked.max_events == 0:
        return view
    return await _wait(house, actor, name, asked, view)


async def _wait(house: House, actor: Actor, name: StreamId, asked: PollAsked, view: PollView) -> PollView:
    try:
        _WAITING.acquire_on_behalf_of_nowait(asked)
    except anyio.WouldBlock:
        return view
    again = PollAsked(asked.max_events)
    try:
        with anyio.move_on_after(_WAIT_SECONDS):
            while not view.sets:
                await anyio.sleep(_LOOK_SECONDS)
                view = await _poll(house, actor, name, again)
    finally:
        _WAITING.release_on_behalf_of(asked)
    return view


async def _poll(house: House, actor: Actor, name: StreamId, asked: PollAsked) -> PollView:
    def ask() -> PollView:
        polled, sets = house.signals.poll(
            name,
            acknowledged=asked.ack,
            refused=tuple(asked.set_errs),
            limit=asked.max_events,
            actor=actor,
        )
        return PollView(sets, polled.has_more)

    return await anyio.to_thread.run_sync(ask)


@post(
    "/api/v1/signals/streams/{stream:str}/replay",
    operation_id="replayStream",
    status_code=200,
    sync_to_thread=True,
    opt=describes(
        _TAG,
        gives={JSON: ReplayView},
        query=(_AFTER,),
        refusals=(*_NO_STREAM, "signals.not_kept"),
    ),
)
def replay_stream(
    house: TheHouse, actor: TheActor, stream: FromPath[str], after: FromQuery[str] = "0"
) -> ReplayView:
    """Send everything after an order number again, in order and under the same ids."""
    if not re.fullmatch("[0-9]+", after) or len(after) > _ORDER_DIGITS_MAX:
        raise BadParameter("after is an order number, 0 or more")
    return ReplayView(house.signals.replay(_read_stream(stream), after=int(after), actor=actor))


def _read_stream(text: str) -> StreamId:
    if not re.fullmatch(STREAM_ID.removeprefix("^").removesuffix("$"), text):
        raise BadParameter(
            "a stream's id looks like st_ and sixteen small letters and digits; list your streams"
        )
    return StreamId(text)
