"""How consents stand, asked of their issuers: status lists fetched, verified, and kept for a minute at most.

Nothing here is on the hot path: ``known`` looks into memory, and a task renews the lists that are in use. Where an
issuer cannot be reached, the last good list counts until it is 60 s old, and then nothing does.

The age of a list is counted by a clock that never goes back, from the instant before it was asked for, on top of
how old its own ``iat`` was. That first age is by the nearer one of two clocks: the machine's, and the one it would
be had nobody set it since this began. So a clock that jumps an hour neither makes an old list young nor a fresh one
old, unless it was wrong from the beginning.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from rahdari.app.clock import tell_seconds
from rahdari.exchange.errors import StatusListRefused
from rahdari.exchange.rules.consents import (
    SKEW_SECONDS,
    STATUS_AGE_SECONDS_MAX,
    ConsentIssuers,
    HeldConsent,
    KnownStatus,
)
from rahdari.kernel import Clock, Refused
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.consents import Consent
from rahdari.wire.status_list import StatusListToken, decode_jwt
from rahdari.wire.xroad import MemberId

# A third of what a list is worth: two fetches may fail.
RENEW_SECONDS: Final = 20.0
# Lists that nobody asked about for so long are let go.
UNUSED_SECONDS: Final = 600.0
# Issuers and their lists; a gateway sees a handful.
LISTS_MAX: Final = 256
FETCH_SECONDS: Final = 5.0
# After a failure an issuer is left alone for a moment, so that a storm of calls is not a storm of questions.
PAUSE_SECONDS: Final = 1.0

Fetch = Callable[[str, MemberId], Awaitable[bytes]]
"""Gets what stands at an address that this issuer named.

Raises ``OSError``, ``TimeoutError`` or ``Refused``.
"""

# An issuer may name what it likes, another's list too: what came of that counts for its own consents alone.
_Key = tuple[MemberId, str]


class _Issuers(Protocol):
    def __call__(self) -> ConsentIssuers: ...


@dataclass(frozen=True, slots=True)
class _Held:
    token: StatusListToken
    asked_tick: float
    age_then: float


class ConsentStatuses:
    """The status lists that this gateway relies on. Lives in one event loop."""

    def __init__(
        self,
        fetch: Fetch,
        issuers: _Issuers,
        *,
        clock: Clock,
        tick: Callable[[], float] = tell_seconds,
    ) -> None:
        """Ask by ``fetch``; ``issuers`` gives the directory as it is now."""
        self._fetch = fetch
        self._issuers = issuers
        self._clock = clock
        self._tick = tick
        self._began, self._began_tick = clock.now(), tick()
        self._held: dict[_Key, _Held] = {}
        self._used: dict[_Key, float] = {}
        self._failed: dict[_Key, float] = {}
        # Lists that are being asked for ``now``: whoever comes after that waits for the next question.
        self._begun: set[_Key] = set()
        self._running: dict[tuple[_Key, bool], asyncio.Task[_Held | None]] = {}

    def known(self, consent: Consent) -> KnownStatus | None:
        """Tell how a consent stands by what is in memory; None where nothing is, or nothing of its issuer's."""
        self._note_use(consent)
        return self._status(consent, self._held.get(_key_of(consent)), is_fetched_now=False)

    async def find(self, consent: Consent, *, now: bool = False) -> KnownStatus | None:
        """Tell how a consent stands, asking where memory does not do; None where its issuer cannot be asked.

        With ``now`` a list counts only if it was asked for after this call began; calls that come together share
        one question.
        """
        key = _key_of(consent)
        known = self.known(consent)
        if not now:
            if known is not None and known.age_seconds <= STATUS_AGE_SECONDS_MAX:
                return known
            await self._ask(key)
            return self.known(consent)
        before = self._running.get((key, True))
        if before is not None and key in self._begun:
            # It began before this call: what it brings may be older than the revocation that matters.
            await asyncio.wait([before])
        return self._status(consent, await self._ask(key, now=True), is_fetched_now=True)

    async def status_of(self, held: HeldConsent, *, now: bool) -> KnownStatus | None:
        """Tell how a consent that was opened stands: ``find``."""
        return await self.find(held.consent, now=now)

    async def run(self) -> None:
        """Renew the lists that are in use, for ever: the gateway's task."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self.renew()

    async def renew(self) -> None:
        """Renew the lists that were in use lately, and let go of the others."""
        at = self._tick()
        for key, used in list(self._used.items()):
            if at - used > UNUSED_SECONDS:
                self._forget(key)
        await asyncio.gather(*(self._ask(key) for key in list(self._used)))

    def _status(self, consent: Consent, held: _Held | None, *, is_fetched_now: bool) -> KnownStatus | None:
        if held is None:
            return None
        try:
            status = held.token.status_of(consent.status.index)
        except Refused:
            return None
        age = held.age_then + (self._tick() - held.asked_tick)
        return KnownStatus(status, age, is_fetched_now=is_fetched_now)

    async def _ask(self, key: _Key, *, now: bool = False) -> _Held | None:
        running = self._running.get((key, now))
        if running is None:
            if self._tick() - self._failed.get(key, -PAUSE_SECONDS) < PAUSE_SECONDS:
                return None
            running = asyncio.create_task(self._get(key, now=now), name=f"status list {key[1]}")
            self._running[key, now] = running
            running.add_done_callback(lambda _: self._end(key, now=now))
        # One caller who goes away does not take the answer from the others.
        return await asyncio.shield(running)

    def _end(self, key: _Key, *, now: bool) -> None:
        self._running.pop((key, now), None)
        if now:
            self._begun.discard(key)

    async def _get(self, key: _Key, *, now: bool) -> _Held | None:
        issuer, uri = key
        if now:
            self._begun.add(key)
        asked_tick, asked_at = self._tick(), self._clock.now()
        address = uri if not now else f"{uri}{'&' if '?' in uri else '?'}now"
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                raw = await self._fetch(address, issuer)
            held = self._accepted(key, decode_jwt(raw.decode("ascii")), asked_tick, asked_at)
        except (OSError, TimeoutError, Refused, UnicodeDecodeError):
            # The last good list goes on counting until it is too old; then nothing does (``require_standing``).
            self._failed[key] = self._tick()
            return None
        self._failed.pop(key, None)
        self._held[key] = held
        return held

    def _accepted(self, key: _Key, token: StatusListToken, asked_tick: float, asked_at: datetime) -> _Held:
        """Give a list if its issuer signed it, it is the one asked for, and it is not older than the one held."""
        issuer, uri = key
        at = int(asked_at.timestamp())
        steady = self._began.timestamp() + (asked_tick - self._began_tick)
        keys = self._issuers().consent_keys(issuer, at)
        if not any(_is_signed_by(token, key) for key in keys):
            raise StatusListRefused("no key of the issuer signed this status list")
        nearest = min((float(at), steady), key=lambda clock: abs(clock - token.issued_at))
        token.check(uri=uri, at=int(nearest), skew_seconds=SKEW_SECONDS)
        held = self._held.get(key)
        # A rollback: whoever serves the lists, or stands between, gives out an older one again.
        if held is not None and token.issued_at < held.token.issued_at:
            raise StatusListRefused("this status list is older than one that was seen already")
        return _Held(token, asked_tick, max(0.0, nearest - token.issued_at))

    def _note_use(self, consent: Consent) -> None:
        key = _key_of(consent)
        if key not in self._used and len(self._used) >= LISTS_MAX:
            self._forget(self._least_needed())
        self._used[key] = self._tick()

    def _least_needed(self) -> _Key:
        """Choose the list unused longest of the issuer that names most: one with many pushes out its own."""
        counts = Counter(issuer for issuer, _ in self._used)
        most = max(counts.values())
        return min((key for key in self._used if counts[key[0]] == most), key=lambda key: self._used[key])

    def _forget(self, key: _Key) -> None:
        self._used.pop(key, None)
        self._held.pop(key, None)
        self._failed.pop(key, None)


def _key_of(consent: Consent) -> _Key:
    return consent.issuer, consent.status.uri


def _is_signed_by(token: StatusListToken, key: PublicKey) -> bool:
    try:
        token.verify(key)
    except Refused:
        return False
    return True
