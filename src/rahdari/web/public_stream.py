"""The status stream for the world: what is new since, as of now, all of it, and live."""

import re
from typing import Final

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromQuery

from rahdari.web.doors import TheHouse, TheStreams
from rahdari.web.errors import BadParameter
from rahdari.web.operation import BINARY, TEXT, Query, describes
from rahdari.web.streaming import EVENTS, STREAM_PATH, StreamAnswer

COSE: Final = 'application/cose; cose-type="cose-sign1"'
CBOR_SEQUENCE: Final = "application/cbor-seq"
# Anyone's page may read what is public anyway; a copy of "as of now" that a cache kept would only be older.
_HEADERS: Final = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "no-store",
}
# 2^53 - 1 has 16 digits (wire.status_stream).
_SEQUENCE: Final = re.compile("[0-9]{1,16}")
_REFUSALS: Final = ("credentials.key_locked", "database.unreachable", "app.register_behind")
_AFTER: Final = Query(
    name="after",
    about="the sequence number of the last delta that is known; 0, the default, is the beginning",
    schema={"type": "string", "pattern": "^[0-9]{1,16}$"},
)


@get(
    "/s/head", operation_id="getStatusHead", opt=describes("Public", gives={COSE: BINARY}, refusals=_REFUSALS)
)
async def get_head(streams: TheStreams) -> Response[bytes]:
    """Get the signed head of the status stream: which delta is the last one, as of when."""
    return Response(await streams.fresh(streams.hub.head), media_type=COSE, headers=_HEADERS)


@get(
    "/s/manifest",
    operation_id="getStatusManifest",
    opt=describes("Public", gives={COSE: BINARY}, refusals=_REFUSALS),
)
async def get_manifest(streams: TheStreams) -> Response[bytes]:
    """Get the signed manifest: the head, and the last delta that touched each status list."""
    return Response(await streams.fresh(streams.hub.manifest), media_type=COSE, headers=_HEADERS)


@get(
    "/s/bundle",
    operation_id="getStatusBundle",
    opt=describes("Public", gives={CBOR_SEQUENCE: BINARY}, refusals=_REFUSALS),
)
async def get_bundle(streams: TheStreams) -> Response[bytes]:
    """Get a whole copy: a CBOR sequence (RFC 8742) of the manifest and every status list in order."""
    return Response(await streams.fresh(streams.hub.bundle), media_type=CBOR_SEQUENCE, headers=_HEADERS)


@get(
    "/s/deltas",
    operation_id="listStatusDeltas",
    sync_to_thread=True,
    opt=describes("Public", gives={CBOR_SEQUENCE: BINARY}, refusals=_REFUSALS, query=(_AFTER,)),
)
def list_deltas(house: TheHouse, after: FromQuery[str] = "0") -> Response[bytes]:
    """Get up to 1000 deltas that follow one, and a head made after them, as a CBOR sequence (RFC 8742).

    A head with a higher number than the last delta says that there are more.
    """
    deltas, head = house.hub.find_deltas(after=_read_sequence(after))
    return Response(b"".join(deltas) + head, media_type=CBOR_SEQUENCE, headers=_HEADERS)


@get(
    STREAM_PATH,
    operation_id="followStatus",
    opt=describes("Public", gives={EVENTS: TEXT}, refusals=(*_REFUSALS, "web.busy"), query=(_AFTER,)),
)
async def follow(
    request: Request[None, None, State], streams: TheStreams, after: FromQuery[str] = "0"
) -> StreamAnswer:
    """Follow the status lists live, by server-sent events, each one delta or head in base64url.

    What follows ``after`` (or the header Last-Event-ID, which a browser sends when it comes again), a head,
    then deltas as they are made and a head at least every 30 seconds. The event ``gap`` and the end say that
    more was missed than a stream brings: get /s/deltas, or /s/bundle.
    """
    return StreamAnswer(streams, _read_sequence(request.headers.get("last-event-id", "") or after))


def _read_sequence(text: str) -> int:
    if not _SEQUENCE.fullmatch(text):
        raise BadParameter("after is the number of a delta: a whole number of at most 16 digits, from 0")
    return int(text)
