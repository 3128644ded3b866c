"""The page on which a person reads who asked about her: ``python -m rahdari.web.exchange.citizens --home DIR``.

She is let in by a code that was handed to her by whoever made sure who she is; it is sent in a form, never in an
address, and good once. Nothing of her stands in an address, in a log, or on the disk.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qs

import structlog
import uvicorn

from rahdari.app.clock import SystemChance, SystemClock, tell_seconds
from rahdari.app.exchange.admissions import Admissions
from rahdari.app.exchange.citizen_door import OpenDoor, read_door
from rahdari.app.exchange.citizens_log import ANSWERED_MAX, Withheld
from rahdari.app.exchange.openings import Opening
from rahdari.app.standard_streams import open_standard_streams
from rahdari.exchange import AdmissionRefused, Told
from rahdari.kernel import Chance, Clock, Problem
from rahdari.web import journal
from rahdari.web.connections import PatientProtocol
from rahdari.web.exchange.announced import run_announced
from rahdari.web.exchange.asgi import App, Arrived, ClientGone, Receive, Scope, Send, answer, arrive
from rahdari.web.exchange.citizen_visits import DAYS_FIRST, VISIT_SECONDS, Visit, Visits
from rahdari.web.exchange.frames import (
    FONT_FIELDS,
    FONTS_PATH,
    HTML,
    STYLE_FIELDS,
    STYLE_PATH,
    choose_language,
    font,
    isolated,
    pick,
    render,
    style,
)
from rahdari.web.languages import Catalogue, catalogue
from rahdari.web.limits import Buckets, name_address
from rahdari.wire.xroad import FieldLine, values_of

# A page with its style and fonts is six requests; an office of many people may share one address.
GETS_PER_MINUTE: Final = 600
POSTS_PER_MINUTE: Final = 60
# Nobody mistypes a code more often than this, and a right one is needed once.
CODES_PER_MINUTE: Final = 10
# A code, or a number of days and an instant.
FORM_BYTES_MAX: Final = 2048
_FORM_SECONDS: Final = 10.0
_CONNECTIONS_MAX: Final = 1024
_COOKIE: Final = "rahdari-citizen"
_COOKIE_BYTES_MAX: Final = 4096
# What the form offers: a month, a quarter, a year, all that there is.
DAYS: Final = (30, 91, DAYS_FIRST, 36_500)
# A part of the number, so that a person sees that the log is hers, and whoever looks over her shoulder does not.
_SHOWN_CHARS: Final = 3
_DAY: Final = timedelta(days=1)
_PLAIN: Final = ((b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff"))

_LOG = structlog.get_logger("rahdari.exchange.citizens")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    fields: tuple[FieldLine, ...]
    body: bytes = b""


class CitizenPages:
    """The application of one door (ASGI)."""

    def __init__(
        self,
        door: OpenDoor,
        admissions: Admissions,
        *,
        clock: Clock,
        chance: Chance,
        tick: Callable[[], float] = tell_seconds,
    ) -> None:
        """Serve the log of ``door``; ``tick`` gives seconds that never go back."""
        self._door, self._admissions, self._clock = door, admissions, clock
        self._visits = Visits(chance, tick)
        self._tick = tick
        self._gets, self._posts = Buckets(GETS_PER_MINUTE, tick), Buckets(POSTS_PER_MINUTE, tick)
        self._codes = Buckets(CODES_PER_MINUTE, tick)
        self._turn = asyncio.Lock()
        is_secure = door.home.url.startswith("https:")
        # RFC 6265bis, 4.1.3.2: the prefix keeps other hosts of the domain from setting it.
        self._cookie = f"__Host-{_COOKIE}" if is_secure else _COOKIE
        self._cookie_end = "; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if is_secure else "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        arrived = arrive(scope, receive, send)
        try:
            found = await self._answer(arrived)
        except ClientGone:
            return
        except Problem as problem:
            # Which problem it was helps the operator; whom it was about is nobody's business.
            _LOG.error("citizens_log_failed", code=problem.code, why=problem.message)
            found = self._entry(arrived, 503, "citizen.unavailable")
        await answer(arrived, found.status, found.fields, found.body)

    async def _answer(self, arrived: Arrived) -> _Answer:
        method, path = arrived.head.method, arrived.path
        is_reading = method in {"GET", "HEAD"}
        buckets = self._gets if is_reading else self._codes if path == b"/enter" else self._posts
        if wait := buckets.take(name_address(arrived.socket.address)):
            return self._too_many(arrived, wait)
        if is_reading:
            return await self._get(arrived, path)
        if method == "POST" and path in {b"/enter", b"/show", b"/leave"}:
            return await self._post(arrived, path)
        return _said(404, b"there is one page here: /\n")

    async def _get(self, arrived: Arrived, path: bytes) -> _Answer:
        if path == b"/":
            visit = self._visit_of(arrived)
            return self._entry(arrived) if visit is None else await self._show(arrived, visit)
        if path == STYLE_PATH:
            return _Answer(200, STYLE_FIELDS, style())
        if path == b"/health":
            return _said(200, b"up\n")
        found = font(path) if path.startswith(FONTS_PATH) else None
        return (
            _said(404, b"there is one page here: /\n") if found is None else _Answer(200, FONT_FIELDS, found)
        )

    async def _post(self, arrived: Arrived, path: bytes) -> _Answer:
        # (1) RFC 6454: another site's page may not let its reader in, or out.
        if values_of(arrived.head.fields, b"origin") != [self._door.home.origin.encode("ascii")]:
            return self._entry(arrived, 403, "citizen.foreign")
        form = await _read_form(arrived)
        if form is None:
            return self._entry(arrived, 413, "citizen.unreadable")
        if path == b"/enter":
            return await self._enter(arrived, form.get("code", ""))
        token = self._token_of(arrived)
        if path == b"/leave":
            self._visits.end(token)
            return self._home(arrived, f"{self._cookie}=; Max-Age=0")
        self._visits.choose(
            token, days=_days_of(form.get("days", "")), before=_milliseconds_of(form.get("before", ""))
        )
        return self._home(arrived)

    async def _enter(self, arrived: Arrived, code: str) -> _Answer:
        try:
            admitted = await asyncio.to_thread(self._admissions.redeem, code)
        except AdmissionRefused:
            return self._entry(arrived, 403, "citizen.refused")
        # Before she reads anything: no log is opened without a trace.
        await asyncio.to_thread(self._door.openings.note, admitted.identifier, by=admitted.by)
        token = self._visits.begin(admitted.identifier)
        return self._home(arrived, f"{self._cookie}={token}; Max-Age={VISIT_SECONDS}")

    def _home(self, arrived: Arrived, cookie: str = "") -> _Answer:
        """Lead back to the page, so that going back or reloading sends no form again."""
        place = f"/?lang={choose_language(arrived)}".encode("ascii")
        fields: list[FieldLine] = [(b"location", place), (b"cache-control", b"no-store")]
        if cookie:
            fields.append((b"set-cookie", f"{cookie}{self._cookie_end}".encode("ascii")))
        return _Answer(303, tuple(fields))

    def _entry(self, arrived: Arrived, status: int = 200, refusal: str = "") -> _Answer:
        page = self._render(arrived, "gateway_citizen_entry.html", refusal=refusal)
        return _Answer(status, HTML, page)

    def _too_many(self, arrived: Arrived, seconds: int) -> _Answer:
        found = self._entry(arrived, 429, "citizen.too_many")
        return _Answer(429, (*found.fields, (b"retry-after", b"%d" % seconds)), found.body)

    async def _show(self, arrived: Arrived, visit: Visit) -> _Answer:
        now = self._clock.now()
        # The instant of the last line is told again: two may have come in one millisecond.
        until = now + _DAY if visit.before is None else _at(visit.before + 1)
        words = catalogue(choose_language(arrived))
        # One after the other: the log's reader is for one thread at a time.
        async with self._turn:
            told, withheld, openings = await asyncio.to_thread(
                self._ask, visit.identifier, now - visit.days * _DAY, until, words.language
            )
        page = self._render(
            arrived,
            "gateway_citizen.html",
            told=told,
            withheld=withheld,
            openings=openings,
            days=visit.days,
            choices=DAYS,
            older=told[-1].at if len(told) == ANSWERED_MAX else None,
            number=_masked(visit.identifier),
            minutes=max(1, round((visit.ends - self._tick()) / 60)),
            written=_minute(now),
            instant=_at,
            minute=lambda at: _minute(at if isinstance(at, datetime) else _at(at)),
            kind=lambda code: _kind(code, words),
        )
        return _Answer(200, HTML, page)

    def _ask(
        self, identifier: str, since: datetime, until: datetime, language: str
    ) -> tuple[tuple[Told, ...], Withheld, tuple[Opening, ...]]:
        told = self._door.log.answer(identifier, since=since, until=until, language=language)
        return told, self._door.log.count_withheld(), self._door.openings.find(identifier)

    def _render(self, arrived: Arrived, template: str, **context: object) -> bytes:
        words = catalogue(choose_language(arrived))
        owner = pick(self._door.name, words.language)
        return render(template, words, "/", owner=owner, **context)

    def _visit_of(self, arrived: Arrived) -> Visit | None:
        return self._visits.find(self._token_of(arrived))

    def _token_of(self, arrived: Arrived) -> str:
        raw = b"; ".join(values_of(arrived.head.fields, b"cookie"))[:_COOKIE_BYTES_MAX]
        try:
            found = SimpleCookie(raw.decode("latin-1")).get(self._cookie)
        except CookieError:
            found = None
        return "" if found is None else found.value


async def _read_form(arrived: Arrived) -> dict[str, str] | None:
    """Read a form, bounded in size and time; None where it cannot be read."""
    body = b""
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            while True:
                event = await arrived.receive()
                if event["type"] == "http.disconnect":
                    raise ClientGone
                body += cast("bytes", event.get("body", b""))
                if len(body) > FORM_BYTES_MAX:
                    return None
                if not event.get("more_body"):
                    break
        pairs = parse_qs(body.decode("ascii"), max_num_fields=8, errors="strict")
    except (TimeoutError, ValueError):
        return None
    return {name: values[-1] for name, values in pairs.items()}


def _days_of(text: str) -> int:
    return next((days for days in DAYS if str(days) == text), DAYS_FIRST)


def _milliseconds_of(text: str) -> int | None:
    """Read milliseconds since 1970 as the page wrote them; None for anything else."""
    # Fifteen digits reach beyond the year 9999 of a calendar; fourteen do not.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _minute(at: datetime) -> str:
    return isolated(f"{at:%Y-%m-%d %H:%M} UTC")


def _masked(identifier: str) -> str:
    """Show the end of a number, and nothing of one that is as short as its end."""
    shown = identifier[-_SHOWN_CHARS:] if len(identifier) > 2 * _SHOWN_CHARS else ""
    return "\N{BULLET}" * 4 + shown


def _kind(code: str, words: Catalogue) -> str:
    """Name a kind of order; one that this version does not know, by its code."""
    try:
        return words.say(f"citizen.kind.{code}")
    except KeyError:
        return code


def _said(status: int, body: bytes) -> _Answer:
    return _Answer(status, _PLAIN, body)


def make_app(door: OpenDoor, admissions: Admissions, *, clock: Clock, chance: Chance) -> App:
    """Make the application of a door."""
    return CitizenPages(door, admissions, clock=clock, chance=chance)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 at a graceful end, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m rahdari.web.exchange.citizens", description="Serve the citizen's log to citizens."
    )
    parser.add_argument("--home", type=Path, required=True, help="the folder of the door")
    parser.add_argument("--host", help="the address to listen on (default: that of citizens.toml)")
    parser.add_argument("--port", type=int, help="the port to listen on (default: that of citizens.toml)")
    asked = parser.parse_args(arguments)
    clock, chance = SystemClock(), SystemChance()
    try:
        home = read_door(asked.home)
        door = OpenDoor(home, os.environ, clock=clock, chance=chance)
        door.log.catch_up()
        door.openings.forget()
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 2
    admissions = Admissions(home.admissions_folder, clock=clock, chance=chance)
    config = uvicorn.Config(
        make_app(door, admissions, clock=clock, chance=chance),
        host=home.listener.host if asked.host is None else asked.host,
        port=home.listener.port if asked.port is None else asked.port,
        http=PatientProtocol, log_level="warning", access_log=False, server_header=False, lifespan="off",
        proxy_headers=bool(home.trusted_proxy), forwarded_allow_ips=home.trusted_proxy,
        limit_concurrency=_CONNECTIONS_MAX, timeout_graceful_shutdown=5,
    )  # fmt: skip
    try:
        return run_announced(config, "the citizen's log")
    finally:
        door.close()


if __name__ == "__main__":
    open_standard_streams()
    journal.configure()
    raise SystemExit(main())
