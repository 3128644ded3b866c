"""Serve a time-stamping authority (RFC 3161, 3.4): ``python -m rahdari.web.exchange.timestamper --home DIR``."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import structlog
import uvicorn

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.stamping import QUERY_TYPE, REPLY_TYPE
from rahdari.app.exchange.timestamper import TimestampingAuthority, create_timestamper
from rahdari.app.standard_streams import open_standard_streams
from rahdari.kernel import Problem
from rahdari.web import journal
from rahdari.web.connections import PatientProtocol
from rahdari.web.exchange.announced import run_announced
from rahdari.web.exchange.asgi import App, Event, Receive, Scope, Send
from rahdari.wire.timestamps import REQUEST_BYTES_MAX

# Whoever asks has one small body to send.
_REQUEST_SECONDS: Final = 10.0
_CONNECTIONS_MAX: Final = 512
_WORDS: Final = {
    404: b"there is one address here: /\n",
    405: b"a time stamp is asked for by POST (RFC 3161, 3.4)\n",
    408: b"the request did not come in time\n",
    413: b"a request for a time stamp is smaller\n",
    415: b"a request for a time stamp is application/timestamp-query (RFC 3161, 3.4)\n",
    503: b"no time stamps can be given now\n",
}

_LOG = structlog.get_logger("rahdari.exchange.timestamper")


def make_app(authority: TimestampingAuthority) -> App:
    """Make the application that answers POST / with time stamps."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status = _refuse(scope)
        body = b""
        if status == 200:
            status, body = await _answer(authority, receive)
        media_type = REPLY_TYPE if status == 200 else "text/plain; charset=utf-8"
        await _send(send, status, body if status == 200 else _WORDS[status], media_type)

    return app


def _refuse(scope: Scope) -> int:
    if scope["path"] != "/":
        return 404
    if scope["method"] != "POST":
        return 405
    lines = scope["headers"]
    fields = {bytes(name).lower(): bytes(value) for name, value in lines}  # type: ignore[attr-defined]
    kind = fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return 200 if kind == QUERY_TYPE.encode() else 415


async def _answer(authority: TimestampingAuthority, receive: Receive) -> tuple[int, bytes]:
    try:
        async with asyncio.timeout(_REQUEST_SECONDS):
            raw = await _read(receive)
    except TimeoutError:
        return 408, b""
    if raw is None:
        return 413, b""
    try:
        return 200, await asyncio.to_thread(authority.answer, raw)
    except Problem as problem:
        _LOG.error("no_time_stamp", code=problem.code, why=problem.message)
        return 503, b""


async def _read(receive: Receive) -> bytes | None:
    body = b""
    while True:
        event: Event = await receive()
        body += event.get("body", b"")  # type: ignore[operator]
        if len(body) > REQUEST_BYTES_MAX:
            return None
        if not event.get("more_body"):
            return body


async def _send(send: Send, status: int, body: bytes, media_type: str) -> None:
    fields = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 at a graceful end, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m rahdari.web.exchange.timestamper", description="Serve a time-stamping authority."
    )
    parser.add_argument("--home", type=Path, required=True, help="the folder of the authority")
    parser.add_argument("--name", help="make an authority of this name first, if there is none")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: loopback)")
    parser.add_argument("--port", type=int, default=8318, help="the port to listen on (default: 8318)")
    asked = parser.parse_args(arguments)
    clock, chance = SystemClock(), SystemChance()
    try:
        if asked.name and not (asked.home / "keys").exists():
            create_timestamper(asked.home, os.environ, name=asked.name, clock=clock, chance=chance)
        authority = TimestampingAuthority(asked.home, os.environ, clock=clock, chance=chance)
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 2
    config = uvicorn.Config(
        make_app(authority), host=asked.host, port=asked.port, http=PatientProtocol, log_level="warning",
        access_log=False, limit_concurrency=_CONNECTIONS_MAX, server_header=False, lifespan="off",
    )  # fmt: skip
    return run_announced(config, "the time-stamping authority")


if __name__ == "__main__":
    open_standard_streams()
    journal.configure()
    raise SystemExit(main())
