"""Serve a registry: ``python -m rahdari.web.exchange.registry --home DIR [--host HOST] [--port PORT]``.

The configuration for all the world, requests to join for the officers, renewals at once. Whoever would rather serve
the configuration from elsewhere copies ``public/configuration.jws`` there: its signature is all that counts.
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, cast

import msgspec
import uvicorn

from rahdari.app.clock import SystemChance, SystemClock, tell_seconds
from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.lasting import keep_at
from rahdari.app.exchange.public_configuration import PublicConfiguration
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_desk import keep_publishing
from rahdari.app.exchange.registry_founding import open_registry, read_listener
from rahdari.app.standard_streams import open_standard_streams
from rahdari.kernel import Problem
from rahdari.web import journal
from rahdari.web.connections import PatientProtocol
from rahdari.web.exchange.announced import run_announced
from rahdari.web.exchange.asgi import App, Arrived, Receive, Scope, Send, answer, arrive
from rahdari.web.exchange.description.registry import REGISTRY_PATH, describe_registry
from rahdari.web.limits import Buckets, name_address
from rahdari.web.problems import MEDIA_TYPE, STATUSES
from rahdari.wire.ndel.joining import TEXT_CHARS_MAX
from rahdari.wire.xroad import FieldLine

CONFIGURATION_TYPE: Final = b"application/ndel-configuration+jwt"
JSON: Final = b"application/json"
# A gateway joins once and renews every sixty days; people try a few times.
POSTS_PER_MINUTE: Final = 10
# A gateway asks twice a minute; an office of a hundred of them may share one address.
GETS_PER_MINUTE: Final = 600
# A request has some 15 KB.
_BODY_SECONDS: Final = 15.0
# Checking a request takes some 3 ms of CPU.
_AT_ONCE_MAX: Final = 8
_CONNECTIONS_MAX: Final = 2048
_REQUEST_ID: Final = re.compile(r"/join/([0-9a-f]{16})")
_PLAIN: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
# Half the time within which a suspension is to be known; a cache between may not hold it longer.
_FOR_ALL: Final = (
    (b"cache-control", b"public, max-age=5"),
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    fields: tuple[FieldLine, ...]
    body: bytes = b""


class RegistryApp:
    """The application of one registry (ASGI)."""

    def __init__(self, registry: Registry, *, tick: Callable[[], float] = tell_seconds) -> None:
        """Serve ``registry``; ``tick`` gives seconds that never go back."""
        self._registry = registry
        self._public = PublicConfiguration(registry.public_file)
        self._posts, self._gets = Buckets(POSTS_PER_MINUTE, tick), Buckets(GETS_PER_MINUTE, tick)
        self._turns = asyncio.Semaphore(_AT_ONCE_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            arrived = arrive(scope, receive, send)
            found = await self._answer(arrived)
            await answer(arrived, found.status, found.fields, found.body)

    async def _live(self, receive: Receive, send: Send) -> None:
        publishing: asyncio.Task[None] | None = None
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                work = partial(keep_publishing, self._registry)
                publishing = asyncio.create_task(keep_at("publishing", work))
                await send({"type": "lifespan.startup.complete"})
                continue
            if publishing is not None:
                publishing.cancel()
                await asyncio.gather(publishing, return_exceptions=True)
            await send({"type": "lifespan.shutdown.complete"})
            return

    async def _answer(self, arrived: Arrived) -> _Answer:
        method, path = arrived.head.method, arrived.path.decode("latin-1")
        buckets = self._posts if method == "POST" else self._gets
        if wait := buckets.take(name_address(arrived.socket.address)):
            return _refused(
                429, "web.too_many_requests", "too many requests; wait", ((b"retry-after", b"%d" % wait),)
            )
        try:
            if method in {"GET", "HEAD"}:
                return await self._get(arrived, path)
            if method == "POST" and path in {"/join", "/renew"}:
                return await self._post(arrived, path)
        except Problem as problem:
            return _refused(STATUSES.get(problem.code, 422), problem.code, problem.message)
        return _refused(
            404, "web.not_found", "here are /configuration.jws, /join, /join/ID, /renew and /health"
        )

    async def _get(self, arrived: Arrived, path: str) -> _Answer:
        if path == "/configuration.jws":
            return await self._configuration(arrived)
        if path == "/health":
            return _told(200, {"status": "up"})
        if path == REGISTRY_PATH:
            return _told(200, describe_registry())
        found = _REQUEST_ID.fullmatch(path)
        if found is None:
            return _refused(404, "web.not_found", "here are /configuration.jws, /join/ID and /health")
        state = await asyncio.to_thread(self._registry.request_state, found[1])
        return _told(200, {"id": found[1], "state": state})

    async def _configuration(self, arrived: Arrived) -> _Answer:
        public = await asyncio.to_thread(self._public.get)
        if public is None:
            return _refused(503, "web.busy", "no configuration is published yet; ask again soon")
        fields = ((b"etag", public.tag), *_FOR_ALL)
        if public.tag in _tags(arrived.head.fields):
            return _Answer(304, fields)
        return _Answer(200, ((b"content-type", CONFIGURATION_TYPE), *fields), public.text)

    async def _post(self, arrived: Arrived, path: str) -> _Answer:
        text = await _read(arrived)
        if isinstance(text, _Answer):
            return text
        async with self._turns:
            if path == "/renew":
                await asyncio.to_thread(self._registry.renew, text)
                return _told(200, {"state": "entered"})
            read = await asyncio.to_thread(self._registry.receive, text)
            state = await asyncio.to_thread(self._registry.request_state, read.id)
            return _told(202, {"id": read.id, "state": state})


async def _read(arrived: Arrived) -> "str | _Answer":
    """Read a body whole, bounded in size and time."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                event = await arrived.receive()
                body += cast("bytes", event.get("body", b""))
                if len(body) > TEXT_CHARS_MAX:
                    return _refused(
                        413, "web.body_too_large", f"a request has at most {TEXT_CHARS_MAX} characters"
                    )
                if not event.get("more_body"):
                    return body.strip().decode("ascii")
    except TimeoutError:
        return _refused(408, "web.too_slow", "the request did not come in time")
    except UnicodeDecodeError:
        return _refused(422, "wire.malformed", "a request is a compact JWS, which is ASCII")


def _tags(fields: Iterable[FieldLine]) -> set[bytes]:
    """List the tags of If-None-Match (RFC 9110, 13.1.2); a weak one counts as its strong one."""
    listed = b",".join(value for name, value in fields if name == b"if-none-match")
    return {one.strip().removeprefix(b"W/") for one in listed[:4096].split(b",")}


def _told(status: int, document: Mapping[str, object]) -> _Answer:
    return _Answer(status, ((b"content-type", JSON), *_PLAIN), msgspec.json.encode(document))


def _refused(status: int, code: str, message: str, fields: tuple[FieldLine, ...] = ()) -> _Answer:
    """Write a problem document (RFC 9457, 3) with our code."""
    document = {"type": "about:blank", "status": status, "code": code, "detail": message}
    lines = ((b"content-type", MEDIA_TYPE.encode()), *_PLAIN, *fields)
    return _Answer(status, lines, msgspec.json.encode(document))


def make_app(registry: Registry) -> App:
    """Make the application of a registry."""
    return RegistryApp(registry)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 at a graceful end, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m rahdari.web.exchange.registry", description="Serve a registry of the exchange."
    )
    parser.add_argument("--home", type=Path, required=True, help="the folder of the registry")
    parser.add_argument("--host", help="the address to listen on (default: that of registry.toml)")
    parser.add_argument("--port", type=int, help="the port to listen on (default: that of registry.toml)")
    asked = parser.parse_args(arguments)
    try:
        listener = read_listener(asked.home)
        registry = open_registry(asked.home, os.environ, clock=SystemClock(), chance=SystemChance())
        with suppress(FolderFailed):
            # What was published is served while the disk is full; the publishing tells of it, and goes on trying.
            registry.publish()
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 2
    config = uvicorn.Config(
        make_app(registry),
        host=listener.host if asked.host is None else asked.host,
        port=listener.port if asked.port is None else asked.port,
        http=PatientProtocol, log_level="warning", access_log=False, server_header=False, lifespan="on",
        limit_concurrency=_CONNECTIONS_MAX, timeout_graceful_shutdown=5,
    )  # fmt: skip
    return run_announced(config, f"the registry {asked.home}")


if __name__ == "__main__":
    open_standard_streams()
    journal.configure()
    raise SystemExit(main())
