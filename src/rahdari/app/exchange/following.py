"""Keeps a gateway's configurations up to date: its own instance's, and those of the instances it pinned.

What was verified last is on the disk and is used at the start, registry or no registry; each is fetched anew every
``refresh_seconds``, and only what verifies, and is not older, takes its place. When to ask again is told by a clock
that never jumps; the wall clock decides only whether a configuration has expired.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from rahdari.app.clock import tell_seconds
from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.fetching import Fetch, Unfetched, fetch_text
from rahdari.app.exchange.home import Anchor, GatewayHome
from rahdari.exchange.errors import ConfigurationRefused
from rahdari.exchange.rules.directory import Directory, build_directory, require_successor
from rahdari.kernel import Chance, Clock, Problem, Refused
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.configuration import TEXT_CHARS_MAX, SignedConfiguration, decode
from rahdari.wire.ndel.parties import Configuration

# Where nothing is known yet, nobody says how often to ask.
REFRESH_SECONDS: Final = 30
# After failures the pause doubles, up to this many pauses, so that a registry that comes back is not stormed.
_BACKOFF_MAX: Final = 8
# Each pause is shortened by up to a fifth, so that a thousand gateways do not ask in the same second.
_JITTER_PARTS: Final = 1000
_JITTER: Final = 0.2

_LOG = structlog.get_logger("rahdari.exchange.following")


@dataclass(slots=True)
class _Followed:
    """What is known of one instance, and by which keys it was verified."""

    configuration: Configuration
    digest: bytes
    keys: tuple[PublicKey, ...]


@dataclass(slots=True)
class _Pace:
    """When an instance is asked next (seconds of the tick), and how often it failed since it last answered."""

    due: float = 0.0
    failures: int = 0
    fetched: float | None = None
    etag: str = ""


class Following:
    """Follows the configurations of one gateway. Used by one event loop."""

    def __init__(
        self,
        home: GatewayHome,
        *,
        clock: Clock,
        chance: Chance,
        on_change: Callable[[Directory], None] = lambda _: None,
        tick: Callable[[], float] = tell_seconds,
        fetch: Fetch = fetch_text,
    ) -> None:
        """Follow the registry that ``home`` anchors; ``on_change`` is given each new directory."""
        self._home = home
        self._clock, self._chance, self._tick = clock, chance, tick
        self._on_change, self._fetch = on_change, fetch
        self._files = ConfigurationFiles(home.configuration_folder)
        self._known: dict[str, _Followed] = {}
        self._paces: dict[str, _Pace] = {}
        self._directory: Directory | None = None
        self._turn = asyncio.Lock()

    @property
    def directory(self) -> Directory:
        """The directory in use. Raises ``ConfigurationRefused`` while there is none."""
        if self._directory is None:
            raise ConfigurationRefused(
                f"no configuration of {self._home.anchor.instance} is known here yet; let the gateway reach "
                f"{self._home.anchor.urls[0]}"
            )
        return self._directory

    def age_seconds(self, instance: str | None = None) -> float | None:
        """Tell how long ago an instance's configuration was last confirmed; None: not since the start."""
        pace = self._paces.get(instance or self._home.anchor.instance)
        return None if pace is None or pace.fetched is None else self._tick() - pace.fetched

    def load(self) -> Directory:
        """Take what is on the disk. An expired one is taken too: the directory says so, and all is refused.

        Raises:
            ConfigurationRefused: nothing of the own instance is there, or its file was altered.
        """
        home = self._read_cached(self._home.anchor)
        if home is None:
            return self.directory
        self._known = {home.configuration.instance: home}
        for anchor in _anchors_of(home.configuration):
            try:
                found = self._read_cached(anchor)
            except ConfigurationRefused as refusal:
                _LOG.warning("configuration_of_another_left_out", why=refusal.message)
                continue
            if found is not None:
                self._known[anchor.instance] = found
        self._rebuild()
        return self.directory

    async def refresh(self) -> bool:
        """Ask every registry whose turn has come; tell whether anything is new. Never raises for a failure."""
        async with self._turn:
            changed = await self._refresh_one(self._home.anchor)
            changed |= await self._refresh_others()
            if changed:
                self._rebuild()
                try:
                    self._on_change(self.directory)
                except Problem as problem:
                    # Whoever cannot take it over now is asked again at the next change; following goes on.
                    _LOG.error("configuration_not_taken_over", why=problem.message)
            return changed

    async def refresh_now(self) -> bool:
        """Ask every registry, whether its turn has come or not."""
        for pace in self._paces.values():
            pace.due = 0.0
        return await self.refresh()

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._seconds_to_next())

    async def _refresh_others(self) -> bool:
        known = self._known.get(self._home.anchor.instance)
        anchors = [] if known is None else list(_anchors_of(known.configuration))
        # What was verified by keys that are no longer pinned is not believed any more.
        kept = {one.instance for one in anchors if self._is_kept(one)}
        gone = self._known.keys() - {self._home.anchor.instance, *kept}
        for instance in gone:
            self._known.pop(instance, None)
            self._paces.pop(instance, None)
        outcomes = await asyncio.gather(*(self._refresh_one(one) for one in anchors))
        return bool(gone) or any(outcomes)

    def _is_kept(self, anchor: Anchor) -> bool:
        known = self._known.get(anchor.instance)
        return known is None or set(known.keys) <= set(anchor.keys)

    async def _refresh_one(self, anchor: Anchor) -> bool:
        pace = self._paces.setdefault(anchor.instance, _Pace())
        if self._tick() < pace.due:
            return False
        try:
            text = await self._fetch_any(anchor, pace)
            # A large instance takes half a second to read: in a thread, so that calls go on.
            changed = text is not None and await asyncio.to_thread(self._take, anchor, text)
        except (Unfetched, Refused) as failure:
            pace.failures += 1
            _LOG.warning(
                "configuration_not_refreshed",
                instance=anchor.instance,
                why=str(failure),
                failed=pace.failures,
            )
            pace.etag = ""
            changed = False
        else:
            pace.failures, pace.fetched = 0, self._tick()
        known = self._known.get(anchor.instance)
        every = REFRESH_SECONDS if known is None else known.configuration.refresh_seconds
        pace.due = self._tick() + self._spread(every * min(1 << pace.failures, _BACKOFF_MAX))
        return changed

    async def _fetch_any(self, anchor: Anchor, pace: _Pace) -> str | None:
        """Ask the addresses one after another, beginning with another one after each failure."""
        first = pace.failures % len(anchor.urls)
        failure: Unfetched | None = None
        for url in (*anchor.urls[first:], *anchor.urls[:first]):
            try:
                etag = pace.etag if anchor.instance in self._known else ""
                found = await self._fetch(url, etag=etag, chars_max=TEXT_CHARS_MAX)
            except Unfetched as refusal:
                failure = refusal
                continue
            if found is None:
                return None
            pace.etag = found.etag
            return found.text
        raise failure or Unfetched(f"{anchor.instance} has no address")

    def _take(self, anchor: Anchor, text: str) -> bool:
        """Verify, use, and keep. Raises ``Refused`` (what does not verify)."""
        known = self._known.get(anchor.instance)
        if known is not None and known.digest == hashlib.sha256(text.encode()).digest():
            return False
        signed = _read_signed(anchor, text)
        offered = signed.verify_with(anchor.keys)
        require_successor(
            None if known is None else known.configuration, offered, at=int(self._clock.now().timestamp())
        )
        self._known[anchor.instance] = _Followed(offered, signed.digest, anchor.keys)
        try:
            self._files.keep(anchor.instance, offered.version, text)
        except FolderFailed as failure:
            # A suspension counts, disk or no disk.
            _LOG.error("configuration_not_kept", instance=anchor.instance, why=failure.message)
        return True

    def _read_cached(self, anchor: Anchor) -> _Followed | None:
        text = self._files.read(anchor.instance)
        if text is None:
            return None
        try:
            signed = _read_signed(anchor, text)
            return _Followed(signed.verify_with(anchor.keys), signed.digest, anchor.keys)
        except Refused as refusal:
            raise ConfigurationRefused(
                f"the configuration of {anchor.instance} on the disk is not as it was verified "
                f"({refusal.message}); delete its file, and it is fetched anew"
            ) from None

    def _rebuild(self) -> None:
        home = self._known[self._home.anchor.instance]
        others = [
            one.configuration for name, one in self._known.items() if name != home.configuration.instance
        ]
        digests = {name: one.digest for name, one in self._known.items()}
        self._directory = build_directory(home.configuration, others, digests=digests)

    def _seconds_to_next(self) -> float:
        now = self._tick()
        # At least a tenth of a second, so that a clock that stands still does not make a storm.
        return max(
            0.1, min((pace.due - now for pace in self._paces.values()), default=float(REFRESH_SECONDS))
        )

    def _spread(self, seconds: float) -> float:
        return seconds * (1.0 - _JITTER * self._chance.below(_JITTER_PARTS) / _JITTER_PARTS)


def _anchors_of(home: Configuration) -> Iterable[Anchor]:
    return (Anchor(pin.instance, pin.urls, pin.keys) for pin in home.pins)


def _read_signed(anchor: Anchor, text: str) -> SignedConfiguration:
    signed = decode(text)
    if signed.unverified.instance != anchor.instance:
        raise ConfigurationRefused(
            f"a configuration of {signed.unverified.instance} stands where that of {anchor.instance} belongs"
        )
    return signed
