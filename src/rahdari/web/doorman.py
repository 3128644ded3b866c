"""The outermost layer: language, rate, token, time limit, security headers and the journal, for every answer.

It stands outside the framework, so that no address (an unknown one included) comes past it.
"""

import math
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import anyio
import anyio.to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from rahdari.access import NotAuthenticated, Unproven
from rahdari.app.house import House
from rahdari.kernel import Actor, Problem
from rahdari.web import journal
from rahdari.web.arriving import Arriving, Pace
from rahdari.web.errors import Broken, TokenMissing, TooManyRequests, TooSlow
from rahdari.web.languages import COOKIE
from rahdari.web.limits import (
    ADDRESSES_A_SITE,
    FETCHES_A_REQUEST,
    REQUESTS_A_CEREMONY,
    STRANGERS_BODIES_BYTES_MAX,
    Bodies,
    Buckets,
    name_address,
    name_site,
)
from rahdari.web.places import Places, Standing, standing_of
from rahdari.web.refusals import make_refusal
from rahdari.web.streaming import STREAM_PATH
from rahdari.web.visit import Visit, begin_visit, header_of

# Cheap to answer and asked for by every page or probe: neither counted nor noted.
_FREE_PATHS = ("/static/", "/verify/assets/", "/health")
# What verifiers fetch: kept ready, the same for all. Many of them may stand behind one address.
_FETCHED = ("/s/", "/trust.jwt", "/root.jwk")
# Each begun ceremony is kept for five minutes, of 100,000 for all callers together (access.values).
_CEREMONIES = ("/api/v1/holder/enrolments/options", "/api/v1/holder/sign-ins/options")
# A receiver that polls for signals is counted apart: its questions never deafen it to a suspension.
_POLLED = re.compile("/api/v1/signals/streams/[^/]+/poll")
# A token has some 60 characters; what is longer is none.
_AUTHORIZATION_CHARS_MAX = 1024
_COOKIE_LIFE_SECONDS = 365 * 86_400
_PACE: Final = Pace()

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
        bodies: Bodies | None = None,
        places: Places | None = None,
        pace: Pace = _PACE,
    ) -> None:
        """Stand before ``inner``. ``bodies`` are those of who shows no token."""
        self._bodies = bodies or Bodies(STRANGERS_BODIES_BYTES_MAX)
        self._proven_bodies = Bodies()
        self._pace = pace
        self._places = places or Places()
        self._house = house
        self._inner = inner
        self._tick = tick
        per_minute = house.settings.rate_per_minute
        self._buckets = Buckets(per_minute, tick)
        self._polls = Buckets(per_minute, tick)
        self._fetches = Buckets(FETCHES_A_REQUEST * per_minute, tick)
        ceremonies = max(1, per_minute // REQUESTS_A_CEREMONY)
        self._ceremonies = Buckets(ceremonies, tick)
        self._sites = Buckets(ADDRESSES_A_SITE * ceremonies, tick)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is not HTTP goes straight in."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        visit, began = begin_visit(scope, language=self._house.settings.language), self._tick()
        polished = _polish(scope, send, visit)
        arriving = Arriving(receive, visit)
        try:
            with anyio.fail_after(self._pace.request_seconds) as limit, ExitStack() as place:
                await self._place(scope, visit, arriving, place)
                visit.lift_limits = _lifter(limit, place)
                await self._answer(scope, arriving, polished, visit)
        except TimeoutError:
            if not visit.status:
                await _refuse(
                    TooSlow("the request took too long; send it again, or less of it"), scope, polished
                )
        except Problem as problem:
            await _refuse(problem, scope, polished)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets a problem and no traceback
            journal.note_broken(error)
            if not visit.status:
                await _refuse(Broken("something broke here; it was noted: try again later"), scope, polished)
        finally:
            arriving.give_back()
            self._note(scope, visit, self._tick() - began)

    async def _place(self, scope: HTTPScope, visit: Visit, arriving: Arriving, place: ExitStack) -> None:
        """Admit the caller and hold a place of the caller's kind in ``place``."""
        address, path = name_address(scope["client"][0] if scope["client"] else ""), scope["path"]
        is_counted = not path.startswith(_FREE_PATHS)
        presented = header_of(scope, "authorization") if is_counted else ""
        if presented:
            with self._places.hold(Standing.PROVING, address):
                visit.actor = await self._prove(presented, address)
            self._count_proven(visit.actor, path)
            place.enter_context(self._places.hold(standing_of(visit.actor), visit.actor.id))
            arriving.expect(self._proven_bodies, None)
        else:
            standing = (
                Standing.STRANGER if is_counted and not path.startswith(_FETCHED) else Standing.FETCHING
            )
            place.enter_context(self._places.hold(standing, address))
            arriving.expect(self._bodies, self._pace)
            if is_counted:
                self._count_stranger(path, address)
        if path in _CEREMONIES:
            self._count_ceremony(scope["client"][0] if scope["client"] else "")

    def _count_ceremony(self, host: str) -> None:
        """Count a ceremony for the address and for its site. Raises ``TooManyRequests``."""
        if seconds := self._ceremonies.take(name_address(host)) or self._sites.take(name_site(host)):
            raise TooManyRequests(seconds)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send, visit: Visit) -> None:
        inner: HTTPScope = scope
        if scope["method"] == "HEAD":
            # RFC 9110, 9.3.2: HEAD is GET without the content, which `_polish` leaves out.
            inner = {**scope, "method": "GET"}
        try:
            await self._inner(inner, receive, send)
        finally:
            visit.route = str(inner.get("path_template") or visit.route)

    async def _prove(self, presented: str, address: str) -> Actor:
        """Tell whom the token proves. Raises ``NotAuthenticated``."""
        # Guessing tokens is counted apart: neighbours behind one address do not lock each other out.
        guesses = f"guesses:{address}"
        if seconds := self._buckets.wait(guesses):
            raise TooManyRequests(seconds)
        try:
            actor = await anyio.to_thread.run_sync(self._house.officers.authenticate, _token(presented))
        except NotAuthenticated:
            self._count(guesses)
            raise
        return actor

    def _count_proven(self, actor: Actor, path: str) -> None:
        buckets = self._polls if _POLLED.fullmatch(path) else self._buckets
        if seconds := buckets.take(f"principal:{actor.id}"):
            raise TooManyRequests(seconds)

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


def _lifter(limit: anyio.CancelScope, place: ExitStack) -> Callable[[], None]:
    def lift() -> None:
        limit.deadline = math.inf
        place.close()

    return lift


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
