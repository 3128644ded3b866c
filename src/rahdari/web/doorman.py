"""The outermost layer: language, rate, token, time limit, security headers and the journal, for every answer.

It stands outside the framework, so that no address (an unknown one included) comes past it.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import anyio
import anyio.to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.types.asgi_types import HTTPReceiveMessage

from rahdari.access import NotAuthenticated, Unproven
from rahdari.app.house import House
from rahdari.kernel import Problem
from rahdari.web import journal
from rahdari.web.errors import Broken, Busy, TokenMissing, TooManyRequests, TooSlow
from rahdari.web.languages import COOKIE
from rahdari.web.limits import (
    BODIES_WAIT_SECONDS,
    FETCHES_A_REQUEST,
    REQUEST_SECONDS_MAX,
    REQUESTS_AT_ONCE_MAX,
    Bodies,
    Buckets,
    name_address,
)
from rahdari.web.refusals import make_refusal
from rahdari.web.streaming import STREAM_PATH
from rahdari.web.visit import Visit, begin_visit, header_of

# Cheap to answer and asked for by every page or probe: neither counted nor noted.
_FREE_PATHS = ("/static/", "/health")
# What verifiers fetch: kept ready, the same for all. Many of them may stand behind one address.
_FETCHED = ("/s/", "/trust.jwt", "/root.jwk")
# A token has some 60 characters; what is longer is none.
_AUTHORIZATION_CHARS_MAX = 1024
_COOKIE_LIFE_SECONDS = 365 * 86_400
_BUSY_SECONDS = 1

SECURITY_HEADERS = (
    # W3C Content Security Policy 3: own files only; `data:` is for the photograph inside a verified pass.
    (
        "content-security-policy",
        (
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    # What an answer says of a person is nobody's cache's business; public documents say otherwise themselves.
    ("cache-control", "no-store"),
)
# RFC 6797, 7.2: never over plain HTTP.
_HSTS = ("strict-transport-security", "max-age=31536000; includeSubDomains")


class Doorman:
    """Wraps an application."""

    def __init__(
        self,
        house: House,
        inner: ASGIApp,
        *,
        tick: Callable[[], float] = time.monotonic,
        seconds_max: float = REQUEST_SECONDS_MAX,
        bodies: Bodies | None = None,
        at_once_max: int = REQUESTS_AT_ONCE_MAX,
    ) -> None:
        """Stand before ``inner``."""
        self._bodies = bodies or Bodies()
        self._house = house
        self._inner = inner
        self._tick = tick
        self._seconds_max = seconds_max
        self._at_once_max = at_once_max
        self._under_way = 0
        self._buckets = Buckets(house.settings.rate_per_minute, tick)
        self._fetches = Buckets(FETCHES_A_REQUEST * house.settings.rate_per_minute, tick)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not HTTP goes straight in."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        visit, began = begin_visit(scope, language=self._house.settings.language), self._tick()
        polished = _polish(scope, send, visit)
        weighed = _Weighed(receive, self._bodies, visit)
        try:
            with anyio.fail_after(self._seconds_max) as limit, self._place(visit, limit):
                await self._answer(scope, weighed, polished, visit)
        except TimeoutError:
            if not visit.status:
                await _refuse(
                    TooSlow("the request took too long; send it again, or less of it"), scope, polished
                )
        except Busy as problem:
            await _refuse(problem, scope, polished)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets a problem and no traceback
            journal.note_broken(error)
            if not visit.status:
                await _refuse(Broken("something broke here; it was noted: try again later"), scope, polished)
        finally:
            weighed.give_back()
            self._note(scope, visit, self._tick() - began)

    @contextmanager
    def _place(self, visit: Visit, limit: anyio.CancelScope) -> Iterator[None]:
        """Hold one of the places of requests under way, until the end or until the limits are lifted."""
        if self._under_way >= self._at_once_max:
            raise Busy(_BUSY_SECONDS, "as many requests are under way as this server takes")
        self._under_way += 1
        held = [1]

        def give_up() -> None:
            self._under_way -= held.pop() if held else 0

        def lift() -> None:
            limit.deadline = math.inf
            give_up()

        visit.lift_limits = lift
        try:
            yield
        finally:
            give_up()

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send, visit: Visit) -> None:
        try:
            if not scope["path"].startswith(_FREE_PATHS):
                await self._admit(scope, visit)
        except Problem as problem:
            await _refuse(problem, scope, send)
            return
        inner: HTTPScope = scope
        if scope["method"] == "HEAD":
            # RFC 9110, 9.3.2: HEAD is GET without the content, which `_polish` leaves out.
            inner = {**scope, "method": "GET"}
        try:
            await self._inner(inner, receive, send)
        finally:
            visit.route = str(inner.get("path_template") or visit.route)

    async def _admit(self, scope: HTTPScope, visit: Visit) -> None:
        """Count the caller, by principal where the token proves one, else by address."""
        address = name_address(scope["client"][0] if scope["client"] else "")
        presented = header_of(scope, "authorization")
        if not presented:
            self._count_stranger(scope["path"], address)
            return
        # Guessing tokens is counted apart: neighbours behind one address do not lock each other out.
        guesses = f"guesses:{address}"
        if seconds := self._buckets.wait(guesses):
            raise TooManyRequests(seconds)
        try:
            visit.actor = await anyio.to_thread.run_sync(self._house.officers.authenticate, _token(presented))
        except NotAuthenticated:
            self._count(guesses)
            raise
        self._count(f"principal:{visit.actor.id}")

    def _count_stranger(self, path: str, address: str) -> None:
        """Count who shows no token. How many streams one address may begin is counted by the streams."""
        if path.startswith(_FETCHED):
            if path != STREAM_PATH and (seconds := self._fetches.take(address)):
                raise TooManyRequests(seconds)
            return
        self._count(address)

    def _count(self, caller: str) -> None:
        if seconds := self._buckets.take(caller):
            raise TooManyRequests(seconds)

    @staticmethod
    def _note(scope: HTTPScope, visit: Visit, seconds: float) -> None:
        if scope["path"].startswith(_FREE_PATHS):
            return
        journal.note_request(
            method=scope["method"],
            route=visit.route,
            status=visit.status,
            seconds=seconds,
            principal=visit.actor.id if visit.actor else None,
        )


class _Weighed:
    """A request's body on its way in: counted with all others, and watched for a caller who goes away."""

    def __init__(self, receive: Receive, bodies: Bodies, visit: Visit) -> None:
        self._receive = receive
        self._bodies = bodies
        self._visit = visit
        self._taken = 0
        self._is_complete = False

    async def __call__(self) -> HTTPReceiveMessage:
        message = cast("HTTPReceiveMessage", await self._receive())
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            if not self._bodies.take(size):
                raise TooManyRequests(
                    BODIES_WAIT_SECONDS, what="too much is being sent to this server at once"
                )
            self._taken += size
            self._is_complete = not message.get("more_body", False)
        elif not self._is_complete:
            self._visit.is_gone = True
        return message

    def give_back(self) -> None:
        self._bodies.give_back(self._taken)
        self._taken = 0


def _token(presented: str) -> str:
    scheme, _, token = presented.partition(" ")
    if len(presented) > _AUTHORIZATION_CHARS_MAX:
        raise NotAuthenticated(Unproven.MALFORMED)
    if scheme.lower() != "bearer":
        raise TokenMissing("this server takes bearer tokens (RFC 6750) and no other authentication")
    return token.strip()


async def _refuse(problem: Problem, scope: HTTPScope, send: Send) -> None:
    refusal = make_refusal(problem, scope)
    headers = {
        **refusal.headers,
        "content-type": refusal.media_type,
        "content-length": str(len(refusal.body)),
    }
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": refusal.body, "more_body": False})


def _polish(scope: HTTPScope, send: Send, visit: Visit) -> Send:
    """Add what every answer carries, and leave the content out of the answer to HEAD."""

    async def polished(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.status = message["status"]
            message["headers"] = [*message["headers"], *_missing(scope, list(message["headers"]), visit)]
        elif message["type"] == "http.response.body" and scope["method"] == "HEAD":
            message["body"] = b""
        await send(message)

    return polished


def _missing(scope: HTTPScope, present: list[tuple[bytes, bytes]], visit: Visit) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in present}
    wanted = [*SECURITY_HEADERS, _HSTS] if scope["scheme"] == "https" else [*SECURITY_HEADERS]
    if visit.asked_language:
        secure = "; Secure" if scope["scheme"] == "https" else ""
        cookie = (
            f"{COOKIE}={visit.asked_language}; Path=/; Max-Age={_COOKIE_LIFE_SECONDS}; SameSite=Lax; HttpOnly"
        )
        wanted.append(("set-cookie", cookie + secure))
    return [(name.encode(), value.encode()) for name, value in wanted if name.encode() not in names]
