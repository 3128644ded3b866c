"""The status stream on its way out: read from the register once, kept encoded, pushed to whoever is connected.

One thread reads what was committed, in whatever process, and wakes those who wait; it never waits for any
of them. What they are sent they take themselves, from the same bytes for all, each at its own pace.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from rahdari.app.errors import RegisterBehind
from rahdari.credentials.values.status import DeltaRecord
from rahdari.database import Listener
from rahdari.kernel import Problem
from rahdari.wire import base64url, status_stream

# 20,000 suspensions of one card each are some 4 MB, and at 100 a second three minutes for a slow reader.
FRAMES_KEPT_MAX: Final = 20_000
# A verifier that is further behind takes the lists instead: they are smaller than what it missed.
CATCH_UP_MAX: Final = 1000
# What one connection takes at a time, so that a slow reader holds at most this much of a server's memory
# beside what all share: 100 frames of usual size, or one of the largest.
TAKEN_BYTES_MAX: Final = 100_000
# How long a head is handed out to more than one; the truth it tells is this much older.
HEAD_SECONDS: Final = 1.0
# The same for copies of all lists.
COPY_SECONDS: Final = 5.0
# A database that failed is asked again, but not in a circle that burns a core.
_TROUBLE_SECONDS: Final = 0.5
# How soon the thread sees that it should stop.
_SLICE_SECONDS: Final = 0.25
# Lists are signed one time after another at most this often: signing holds the register's lock.
_SIGNING_PAUSE_SECONDS: Final = 0.5
# Lists that no delta touched are looked over for renewal.
_RENEWAL_SECONDS: Final = 60.0

GAP: Final = b"event:gap\ndata:\n\n"


class Source(Protocol):
    """What is asked of the register; ``app.authority.AuthorityOffice`` answers. All may raise ``Problem``."""

    def sign_head(self) -> bytes:
        """Sign which delta is the last one; the clock is read before the register."""
        ...

    def list_deltas(self, *, after: int, limit: int) -> tuple[DeltaRecord, ...]:
        """List what follows ``after``, in order."""
        ...

    def sign_manifest(self) -> bytes:
        """Sign as of when the lists are whole."""
        ...

    def make_bundle(self) -> bytes:
        """Give a whole copy of the lists."""
        ...

    def publish_stale(self) -> int:
        """Sign the lists that were touched."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one reader stands: the last delta and the last regular head that it was sent."""

    sequence: int
    beat: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """Frames for one reader, and where it stands behind them; without frames it waits."""

    frames: bytes
    spot: Spot


class Copy:
    """One signed document that is the same for all until a delta comes or its time is over."""

    def __init__(self, hub: "StatusHub", make: Callable[[], bytes], seconds: float) -> None:
        """Keep what ``make`` gives, for at most ``seconds``."""
        self._hub = hub
        self._make = make
        self._seconds = seconds
        self._kept: tuple[bytes, int, float] | None = None
        self._turn = threading.Lock()

    def peek(self) -> bytes | None:
        """Give the document if it is still good; never waits."""
        kept = self._kept
        if kept is None or not self._hub.is_running:
            return None
        return kept[0] if self._is_good(kept) else None

    def get(self) -> bytes:
        """Give the document, made now if need be; of many who ask at once, one makes it. Raises ``Problem``."""
        with self._turn:
            if not self._hub.is_running:
                self._hub.catch_up()
            if self._kept is None or not self._is_good(self._kept):
                # What it was made for is read before it: a delta that comes meanwhile makes it stale.
                last, now = self._hub.last, self._hub.tick()
                self._kept = self._make(), last, now
            return self._kept[0]

    def _is_good(self, kept: tuple[bytes, int, float]) -> bool:
        return kept[1] == self._hub.last and self._hub.tick() - kept[2] < self._seconds


class StatusHub:
    """Tails the register's deltas and keeps them as frames of the stream. A ``web.workers.Worker``.

    May be read by any thread. Nothing in it is true that the register does not say: after a failure it only
    grows silent, and verifiers grow stale.
    """

    def __init__(
        self,
        source: Source,
        listen: Callable[[], Listener],
        *,
        heartbeat_seconds: float,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve what ``source`` says; ``listen`` begins to hear of commits. Touches neither yet."""
        self._source = source
        self._listen = listen
        self._heartbeat_seconds = heartbeat_seconds
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._frames: list[bytes] = []
        self._is_begun = False
        self._beat = 0
        self._head_frame = b""
        self._wakers: tuple[Callable[[], None], ...] = ()
        self.tick = tick
        self.last = 0
        self.is_running = False
        self.touched = threading.Event()
        self.head = Copy(self, self._sign_head, HEAD_SECONDS)
        self.manifest = Copy(self, source.sign_manifest, COPY_SECONDS)
        self.bundle = Copy(self, source.make_bundle, COPY_SECONDS)

    def run(self, stop: threading.Event) -> None:
        """Tail the register until ``stop`` is set."""
        listener = self._listen()
        try:
            self._tail(listener, stop)
        finally:
            self.is_running = False
            listener.close()

    def _tail(self, listener: Listener, stop: threading.Event) -> None:
        due, is_told = self.tick(), True
        while not stop.is_set():
            try:
                if is_told:
                    self.catch_up()
                    self.is_running = True
                if self.tick() >= due:
                    self.beat()
                    due = self.tick() + self._heartbeat_seconds
                is_told = listener.wait(max(0.0, min(_SLICE_SECONDS, due - self.tick())))
            except Problem:
                # Told of by every request meanwhile. Copies are not handed out unasked while nobody hears.
                self.is_running, is_told = False, True
                stop.wait(_TROUBLE_SECONDS)

    def catch_up(self) -> None:
        """Read what was committed since the last time, and wake those who wait for it. Raises ``Problem``."""
        with self._reading:
            self._begin()
            is_news = False
            while records := self._source.list_deltas(after=self.last, limit=CATCH_UP_MAX):
                self._keep(records)
                is_news = True
        if is_news:
            self.touched.set()
            self._wake()

    def beat(self) -> None:
        """Sign a head and send it to all. Raises ``Problem``."""
        raw = self.head.get()
        with self._lock:
            self._head_frame, self._beat = write_frame(raw), self._beat + 1
        self._wake()

    def find_deltas(self, *, after: int) -> tuple[Sequence[bytes], bytes]:
        """Give up to 1000 deltas that follow ``after``, and a head made after them. Raises ``Problem``."""
        records = self._source.list_deltas(after=after, limit=CATCH_UP_MAX)
        if records and records[-1].sequence > self.last:
            self.catch_up()
        return tuple(one.message for one in records), self.head.get()

    def enter(self, after: int) -> Taken | None:
        """Give a newcomer what follows ``after``; None if that is more than it may ask for, or not kept."""
        with self._lock:
            spot = Spot(after, self._beat)
            if self.last - after > CATCH_UP_MAX or after < self.last - len(self._frames):
                return None
        return self.take(spot)

    def take(self, spot: Spot) -> Taken | None:
        """Give a reader what came since; None if it fell too far behind."""
        with self._lock:
            first = self.last - len(self._frames) + 1
            if spot.sequence < first - 1:
                return None
            frames, size = list[bytes](), 0
            begins = spot.sequence - first + 1
            for one in self._frames[begins : begins + CATCH_UP_MAX]:
                if frames and size + len(one) > TAKEN_BYTES_MAX:
                    break
                frames.append(one)
                size += len(one)
            reached = Spot(spot.sequence + len(frames), spot.beat)
            if reached.sequence >= self.last and spot.beat != self._beat:
                frames.append(self._head_frame)
                reached = Spot(reached.sequence, self._beat)
        return Taken(b"".join(frames), reached)

    def wake_with(self, waker: Callable[[], None]) -> None:
        """Call ``waker`` from now on whenever there is something to take, from whatever thread."""
        with self._lock:
            self._wakers = (*self._wakers, waker)

    def forget(self, waker: Callable[[], None]) -> None:
        """Call it no longer."""
        with self._lock:
            self._wakers = tuple(one for one in self._wakers if one != waker)

    def _wake(self) -> None:
        for waker in self._wakers:
            waker()

    def _begin(self) -> None:
        """Begin so far back that whoever reconnects after a restart is served from memory."""
        if not self._is_begun:
            last = status_stream.decode(self._source.sign_head()).unverified.sequence
            with self._lock:
                self.last, self._is_begun = max(0, last - CATCH_UP_MAX), True

    def _keep(self, records: Sequence[DeltaRecord]) -> None:
        frames = [write_frame(one.message) for one in records]
        if records[0].sequence != self.last + 1 or records[-1].sequence != self.last + len(records):
            raise AssertionError("the register's deltas have a gap")
        with self._lock:
            self._frames += frames
            self.last = records[-1].sequence
            # A quarter more than is kept, so that the list is not moved at every delta.
            if len(self._frames) > FRAMES_KEPT_MAX + FRAMES_KEPT_MAX // 4:
                del self._frames[:-FRAMES_KEPT_MAX]

    def _sign_head(self) -> bytes:
        # Read first: what was pushed by now was committed before this head is made.
        pushed = self.last
        raw = self._source.sign_head()
        sequence = status_stream.decode(raw).unverified.sequence
        if sequence < pushed:
            raise RegisterBehind(
                f"delta {pushed} was pushed and the register ends at {sequence}: it was rolled back; "
                "nothing more is told: see docs/do/back-up-and-restore.md"
            )
        if sequence > self.last:
            # Whoever is sent this head is sent the deltas before it.
            self.catch_up()
        return raw


class ListSigner:
    """Signs the lists that deltas touched, beside the hub so that no delta waits. A ``web.workers.Worker``."""

    def __init__(self, source: Source, touched: threading.Event) -> None:
        """Sign when ``touched`` is set, and now and then for renewal."""
        self._source = source
        self._touched = touched

    def run(self, stop: threading.Event) -> None:
        """Sign until ``stop`` is set."""
        waited = _RENEWAL_SECONDS
        while not stop.is_set():
            if self._touched.wait(_SLICE_SECONDS) or waited >= _RENEWAL_SECONDS:
                waited = 0.0
                self._touched.clear()
                self._sign()
                stop.wait(_SIGNING_PAUSE_SECONDS)
            waited += _SLICE_SECONDS

    def _sign(self) -> None:
        try:
            self._source.publish_stale()
        except Problem:
            # The lists lag behind, which they say themselves; the deltas do not. Tried again at once.
            self._touched.set()


def write_frame(message: bytes) -> bytes:
    """Write a signed message as one server-sent event (HTML Living Standard, 9.2.5)."""
    return b"data:" + base64url.encode(message).encode() + b"\n\n"
