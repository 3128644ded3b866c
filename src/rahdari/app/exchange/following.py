"""Keeps a gateway's configurations up to date: its own instance's, and those of the instances it pinned.

What was verified last is on the disk and is used at the start, registry or no registry; each is fetched anew every
``refresh_seconds`` from all of its addresses, and only what verifies, and is not older, takes its place. A mirror
that goes on giving out yesterday's keeps nobody from today's; where all of them do, its age tells.
Two configurations of one version, both signed, are both kept. When to ask again is told by a clock that never
jumps; the wall clock decides only whether a configuration is old, or has expired.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from rahdari.app.clock import tell_seconds
from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.configuration_files import ConfigurationFiles, OwedFiles
from rahdari.app.exchange.fetching import Fetch, Fetched, Unfetched, fetch_text
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
# A registry signs anew when a quarter of the validity is gone; after a third somebody holds the new one back.
_OLD_PART: Final = 3
# Another instance's registry that does not answer keeps us so long at most from asking our own.
OTHERS_SECONDS: Final = 5.0

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
    etags: dict[str, str] = field(default_factory=dict)
    is_old: bool = False


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
        self._owed = OwedFiles(self._files)
        self._is_to_take_over = False
        self._not_taken_over = ""
        self._known: dict[str, _Followed] = {}
        self._paces: dict[str, _Pace] = {}
        self._directory: Directory | None = None
        self._turn = asyncio.Lock()
        self._asking: dict[str, asyncio.Task[bool]] = {}

    @property
    def directory(self) -> Directory:
        """The directory in use. Raises ``ConfigurationRefused`` while there is none."""
        if self._directory is None:
            raise ConfigurationRefused(
                f"no configuration of {self._home.anchor.instance} is known here yet; let the gateway reach "
                f"{self._home.anchor.urls[0]}"
            )
        return self._directory

    @property
    def contradictions(self) -> int:
        """How many configurations are kept that a registry signed beside another of their version."""
        return self._files.count_contradictions()

    def age_seconds(self, instance: str | None = None) -> float | None:
        """Tell how long ago an instance's configuration was last confirmed; None: not since the start."""
        pace = self._paces.get(instance or self._home.anchor.instance)
        return None if pace is None or pace.fetched is None else self._tick() - pace.fetched

    def is_old(self, instance: str | None = None) -> bool:
        """Tell whether an instance's registry should have signed a newer one by now: somebody holds it back.

        Where it is the clock here that is wrong, that is worth knowing too.
        """
        known = self._known.get(instance or self._home.anchor.instance)
        if known is None:
            return False
        made = known.configuration
        return self._clock.now().timestamp() - made.issued_at > (made.expires - made.issued_at) / _OLD_PART

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
                self._is_to_take_over = True
            if self._is_to_take_over:
                self._take_over()
            return changed

    async def refresh_now(self) -> bool:
        """Ask every registry, whether its turn has come or not."""
        for pace in self._paces.values():
            pace.due = 0.0
        return await self.refresh()

    async def run(self) -> None:
        """Refresh until cancelled."""
        try:
            while True:
                await self.refresh()
                await asyncio.sleep(self._seconds_to_next())
        finally:
            for task in self._asking.values():
                task.cancel()

    def _take_over(self) -> None:
        """Give the directory to whoever uses it; who cannot take it over now is asked again at each refresh."""
        try:
            self._on_change(self.directory)
        except Exception as error:  # noqa: BLE001 - following goes on, whatever failed
            why = error.message if isinstance(error, Problem) else type(error).__name__
            if why != self._not_taken_over:
                _LOG.error("configuration_not_taken_over", why=why)
            self._not_taken_over = why
            return
        if self._not_taken_over:
            _LOG.info("configuration_taken_over", version=self.directory.version)
        self._is_to_take_over, self._not_taken_over = False, ""

    async def _refresh_others(self) -> bool:
        known = self._known.get(self._home.anchor.instance)
        anchors = [] if known is None else list(_anchors_of(known.configuration))
        # What was verified by keys that are no longer pinned is not believed any more.
        kept = {one.instance for one in anchors if self._is_kept(one)}
        gone = self._known.keys() - {self._home.anchor.instance, *kept}
        for instance in gone:
            self._known.pop(instance, None)
            self._paces.pop(instance, None)
        for one in anchors:
            if one.instance not in self._asking:
                self._asking[one.instance] = asyncio.create_task(self._refresh_one(one))
        return bool(gone) | await self._answered()

    async def _answered(self) -> bool:
        """Tell whether anything came of the questions to others; one that takes long is looked at next time."""
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=OTHERS_SECONDS)
        done = [name for name, task in self._asking.items() if task.done()]
        outcomes = [self._asking.pop(name).result() for name in done]
        return any(outcomes)

    def _is_kept(self, anchor: Anchor) -> bool:
        known = self._known.get(anchor.instance)
        return known is None or set(known.keys) <= set(anchor.keys)

    async def _refresh_one(self, anchor: Anchor) -> bool:
        if self._owed.is_owed(anchor.instance):
            # In a thread: the disk that could not take it may hang.
            await asyncio.to_thread(self._owed.keep_owed, anchor.instance)
        pace = self._paces.setdefault(anchor.instance, _Pace())
        if self._tick() < pace.due:
            return False
        try:
            changed = await self._fetch_all(anchor, pace)
        except (Unfetched, Refused) as failure:
            pace.failures += 1
            _LOG.warning(
                "configuration_not_refreshed",
                instance=anchor.instance,
                why=str(failure),
                failed=pace.failures,
            )
            pace.etags.clear()
            changed = False
        else:
            pace.failures, pace.fetched = 0, self._tick()
        self._tell_age(anchor.instance, pace)
        known = self._known.get(anchor.instance)
        every = REFRESH_SECONDS if known is None else known.configuration.refresh_seconds
        pace.due = self._tick() + self._spread(every * min(1 << pace.failures, _BACKOFF_MAX))
        return changed

    async def _fetch_all(self, anchor: Anchor, pace: _Pace) -> bool:
        """Ask every address, and take the newest; tell whether that is another than before.

        Raises:
            Unfetched, Refused: none of them has what is in use, or newer; the last one's reason.
        """
        before = self._known.get(anchor.instance)
        found = await asyncio.gather(*(self._fetch_one(url, pace) for url in anchor.urls))
        await self._take_newest(anchor, found)
        known = self._known.get(anchor.instance)
        if known is not before:
            pace.etags.clear()
        for url, fetched in zip(anchor.urls, found, strict=True):
            # "Not changed" shall mean what is in use, and nothing that an address had before it.
            if isinstance(fetched, Fetched) and known is not None and _digest(fetched.text) == known.digest:
                pace.etags[url] = fetched.etag
        return known is not before

    async def _take_newest(self, anchor: Anchor, found: Iterable[Fetched | Unfetched | None]) -> None:
        """Take what is newer of the answers of all addresses. Raises what the last one failed by, if all did."""
        failure: Exception = Unfetched(f"{anchor.instance} has no address")
        is_confirmed = False
        for fetched in found:
            if isinstance(fetched, Unfetched):
                failure = fetched
                continue
            try:
                if fetched is not None:
                    # A large instance takes half a second to read: in a thread, so that calls go on.
                    await asyncio.to_thread(self._take, anchor, fetched.text)
                is_confirmed = True
            except Refused as refusal:
                failure = refusal
                _LOG.warning("configuration_refused", instance=anchor.instance, why=str(refusal))
        if not is_confirmed:
            raise failure

    async def _fetch_one(self, url: str, pace: _Pace) -> Fetched | Unfetched | None:
        try:
            return await self._fetch(url, etag=pace.etags.get(url, ""), chars_max=TEXT_CHARS_MAX)
        except Unfetched as failure:
            return failure

    def _tell_age(self, instance: str, pace: _Pace) -> None:
        """Tell once that a configuration is older than it should be, and once that it no longer is."""
        is_old = self.is_old(instance)
        if is_old and not pace.is_old:
            _LOG.error(
                "configuration_is_old",
                instance=instance,
                why="its registry has signed nothing new for long, or somebody holds it back; ask the registry",
            )
        pace.is_old = is_old

    def _take(self, anchor: Anchor, text: str) -> bool:
        """Verify, use, and keep. Raises ``Refused`` (what does not verify)."""
        known = self._known.get(anchor.instance)
        if known is not None and known.digest == _digest(text):
            return False
        signed = _read_signed(anchor, text)
        offered = signed.verify_with(anchor.keys)
        self._keep_contradiction(anchor.instance, offered.version, text)
        require_successor(
            None if known is None else known.configuration, offered, at=int(self._clock.now().timestamp())
        )
        self._known[anchor.instance] = _Followed(offered, signed.digest, anchor.keys)
        # A suspension counts, disk or no disk.
        self._owed.keep(anchor.instance, offered.version, text)
        return True

    def _keep_contradiction(self, instance: str, version: int, text: str) -> None:
        """Keep a signed configuration beside another of its version that was in use: two convict a registry."""
        try:
            path = self._files.keep_contradiction(instance, version, text)
        except FolderFailed as failure:
            _LOG.error("configuration_not_kept", instance=instance, why=failure.message)
            return
        if path is not None:
            _LOG.error(
                "two_configurations_of_one_version", instance=instance, version=version, kept=str(path)
            )

    def _read_cached(self, anchor: Anchor) -> _Followed | None:
        """Give the newest that was verified: where its file is damaged or gone, or an older one, by the history."""
        found: _Followed | None = None
        failure: Problem | None = None
        try:
            text = self._files.read(anchor.instance)
            found = None if text is None else _verified(anchor, text)
        except Problem as problem:
            failure = problem
        newer = self._newest_of_history(anchor, above=0 if found is None else found.configuration.version)
        if newer is not None:
            why = "its file is gone or older" if failure is None else failure.message
            _LOG.warning(
                "configuration_taken_from_history",
                instance=anchor.instance,
                version=newer.configuration.version,
                why=why,
            )
            return newer
        if isinstance(failure, Refused):
            raise ConfigurationRefused(
                f"the configuration of {anchor.instance} on the disk is not as it was verified "
                f"({failure.message}); delete its file, and it is fetched anew"
            ) from None
        if failure is not None:
            raise failure
        return found

    def _newest_of_history(self, anchor: Anchor, *, above: int) -> _Followed | None:
        for text in self._files.newest(anchor.instance, above=above):
            with suppress(Refused):
                found = _verified(anchor, text)
                self._owed.owe(anchor.instance, found.configuration.version, text)
                return found
        return None

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


def _verified(anchor: Anchor, text: str) -> _Followed:
    signed = _read_signed(anchor, text)
    return _Followed(signed.verify_with(anchor.keys), signed.digest, anchor.keys)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _read_signed(anchor: Anchor, text: str) -> SignedConfiguration:
    signed = decode(text)
    if signed.unverified.instance != anchor.instance:
        raise ConfigurationRefused(
            f"a configuration of {signed.unverified.instance} stands where that of {anchor.instance} belongs"
        )
    return signed
