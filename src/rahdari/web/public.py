"""What the world fetches without asking anyone: status lists, the trust list, the root's public half."""

import hashlib
import json

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from rahdari.app.status_sources import write_index
from rahdari.web.api.bodies import HealthView, StatusIndex
from rahdari.web.doors import TheHouse
from rahdari.web.errors import NotFound
from rahdari.web.operation import BINARY, JSON, TEXT, describes
from rahdari.wire import jws

JWT_LIST = "application/statuslist+jwt"
CWT_LIST = "application/statuslist+cwt"
# A shard's number: six digits are a billion passes of a million places each, and a thousand times that.
_SHARD_DIGITS_MAX = 6
# Anyone's page may read what is public anyway (Token Status List draft, 8.1: CORS).
_FOR_ALL = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
# The trust list must spread within the hour that a withdrawn key may still be believed.
_TRUST_SECONDS = 300
_TOKEN_CHARS_MAX = 2 * 1024 * 1024


@get(
    "/health",
    operation_id="getHealth",
    sync_to_thread=False,
    opt=describes("Public", gives={JSON: HealthView}),
)
def get_health() -> HealthView:
    """Tell that the server answers, and nothing more."""
    return HealthView("up")


@get(
    "/s/lists",
    operation_id="listStatusLists",
    sync_to_thread=True,
    opt=describes("Public", gives={JSON: StatusIndex}),
)
def list_status_lists(house: TheHouse) -> Response[bytes]:
    """List the addresses of all status lists (Token Status List draft, 9.3)."""
    return Response(write_index(house.authority.list_status_uris()), media_type=JSON, headers=_FOR_ALL)


@get(
    "/s/{shard:str}",
    operation_id="getStatusList",
    sync_to_thread=True,
    opt=describes(
        "Public", gives={JWT_LIST: TEXT, CWT_LIST: BINARY}, refusals=("web.not_found",), cached=True
    ),
)
def get_status_list(
    request: Request[None, None, State], house: TheHouse, shard: FromPath[str]
) -> Response[bytes]:
    """Get a signed status list, as JWT or as CWT by the Accept header (Token Status List draft, 8.1)."""
    known = shard.isascii() and shard.isdigit() and len(shard) <= _SHARD_DIGITS_MAX
    found = house.authority.find_published(int(shard)) if known else None
    if found is None:
        raise NotFound("there is no status list at this address; /s/lists names those that there are")
    wants_cwt = CWT_LIST in request.headers.get("accept", "")
    body = found.cwt if wants_cwt else found.jwt.encode()
    return _cached(
        request,
        body,
        media_type=CWT_LIST if wants_cwt else JWT_LIST,
        seconds=_fresh_seconds(found.jwt, house.foundation.clock.now().timestamp()),
    )


def _fresh_seconds(token: str, now: float) -> int:
    """Tell how long a copy may be kept: ``ttl``, but never past ``exp`` (draft, 13.7)."""
    claims = json.loads(jws.decode(token, size_chars_max=_TOKEN_CHARS_MAX).payload)
    ttl, ends = int(claims.get("ttl", 0)), int(claims.get("exp", now))
    return max(0, min(ttl, ends - int(now)))


@get(
    "/trust.jwt",
    operation_id="getTrustList",
    sync_to_thread=True,
    opt=describes("Public", gives={"application/jwt": TEXT}, refusals=("credentials.no_trust",), cached=True),
)
def get_trust_list(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Get the newest trust list, signed by the offline root."""
    text = house.authority.current_trust_list()
    return _cached(request, text.encode(), media_type="application/jwt", seconds=_TRUST_SECONDS)


@get(
    "/root.jwk",
    operation_id="getRoot",
    sync_to_thread=True,
    opt=describes(
        "Public",
        gives={"application/jwk+json": {"type": "object"}},
        refusals=("credentials.no_trust",),
        cached=True,
    ),
)
def get_root(request: Request[None, None, State], house: TheHouse) -> Response[bytes]:
    """Get the root's public key (RFC 7517). Compare its fingerprint with one that reached you another way."""
    body = json.dumps(house.authority.root_public().as_jwk()).encode()
    return _cached(request, body, media_type="application/jwk+json", seconds=_TRUST_SECONDS)


def _cached(
    request: Request[None, None, State], body: bytes, *, media_type: str, seconds: int
) -> Response[bytes]:
    """Answer with a validator, so that whoever holds the same is told so in a few bytes (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = _FOR_ALL | {"etag": tag, "cache-control": f"public, max-age={seconds}", "vary": "accept"}
    held = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in held or held == ["*"]:
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)
