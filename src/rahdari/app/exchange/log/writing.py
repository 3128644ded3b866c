"""The one writer of a gateway's log."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from rahdari.app.clock import tell_seconds
from rahdari.app.exchange.log.checkpoints import LogSigners
from rahdari.app.exchange.log.finding import RequestOf
from rahdari.app.exchange.log.gathering import DEFAULT_PACE, Gatherer, Pace, started
from rahdari.app.exchange.log.journal import SEGMENT_HEAD_BYTES, Batch
from rahdari.app.exchange.log.opening import lock, recover, unlock
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.publishing import Publisher
from rahdari.app.exchange.log.reading import LogReader
from rahdari.app.exchange.log.sealing import Sealer
from rahdari.app.exchange.log.segments import Journal
from rahdari.exchange.errors import LogFull
from rahdari.kernel import Chance, Clock, Problem

_LOG: Final = structlog.get_logger("rahdari.exchange.log")


@dataclass(frozen=True, slots=True)
class LogSecrets:
    """What a log is written with: who signs its checkpoints, and the 32-byte key that seals particulars."""

    signers: LogSigners
    particulars_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogStanding:
    """How a log stands: records that are durable, published and waiting, and what is wrong, if anything is.

    ``unwritten`` counts those since the start that could not be written.
    """

    size: int
    published: int
    waiting: int
    is_writable: bool
    fault: str
    unwritten: int = 0


class EvidenceLogFiles:
    """A tamper-evident log in a folder (``exchange.ports.EvidenceLog``); an async context manager.

    ``append`` never waits: every 10 ms or 256 records one thread makes what came durable, in one write and
    one flush. Once a second, if the log grew, another thread writes tiles and signs a checkpoint; ``reader``
    sees those.
    """

    def __init__(
        self, folder: Path, secrets: LogSecrets, *, clock: Clock, chance: Chance, request_of: RequestOf,
        pace: Pace = DEFAULT_PACE,
    ) -> None:  # fmt: skip
        """Open the log in ``folder``, or begin one; first brings back all that was acknowledged.

        ``request_of`` gives the request id of a record, by which it is found. Recovery may take a second.

        Raises:
            LogDamaged: what is there does not lead to what was signed.
            LogFull: another process writes it, or the disk fails.
        """
        disk, places = pace.disk, Places(folder)
        self._pace = pace
        self._journal = Journal(places, disk)
        self._publisher = Publisher(places, secrets.signers, clock=clock, request_of=request_of, disk=disk)
        self._locks = lock(places)
        try:
            recover(places, self._publisher, self._journal, disk)
            sealer = Sealer(secrets.particulars_key, chance)
            self._gatherer = Gatherer(self._journal, sealer, clock=clock, pace=pace, taken=self._take)
            self._thread = started(ThreadPoolExecutor(1, "log-publish"))
        except OSError as error:
            self._let_go()
            raise LogFull(f"the log cannot be opened: {error}; nothing is exchanged") from None
        except Problem:
            self._let_go()
            raise
        self._fresh: list[Batch] = []
        self._fresh_at = 0.0
        self._turn = asyncio.Lock()
        self._hurry = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None
        self._segment_at = tell_seconds()
        self._fault = ""
        self.reader = LogReader(
            folder, secrets.signers.name, request_of=request_of, particulars_key=secrets.particulars_key
        )

    @property
    def standing(self) -> LogStanding:
        """Tell how the log stands."""
        gatherer = self._gatherer
        fault = gatherer.fault
        return LogStanding(
            size=self._journal.size,
            published=self._publisher.size,
            waiting=gatherer.waiting,
            is_writable=not fault,
            fault=fault or self._fault or self._lateness(),
            unwritten=gatherer.unwritten,
        )

    def append(self, record: bytes, particulars: bytes) -> "asyncio.Future[int]":
        """Take a record in at once; the future gives its index when both are durable.

        Raises:
            TooLarge: more than 65,535 bytes of record, or 256 KiB of particulars.
            LogFull (when awaited): they could not be written, and will never be in the log.
        """
        return self._gatherer.append(record, particulars)

    async def publish(self, *, settle: bool = False) -> None:
        """Write and sign what is durable now, without waiting; with ``settle``, empty the journal too.

        Raises:
            OSError: the disk failed; nothing is lost, the next call begins anew. LogDamaged: a tile cannot be
            read.
        """
        # Whoever asked may go; what a thread has begun is seen to its end all the same.
        await asyncio.shield(self._publish(settle=settle))

    async def __aenter__(self) -> Self:
        """Begin to publish once a second."""
        self._ticking = asyncio.create_task(self._tick(), name="log publishing")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write and publish what is waiting, and let the folder go."""
        await self._gatherer.close()
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        with suppress(OSError, Problem):  # what is in the journal is published at the next start
            await self.publish(settle=True)
        self.close()

    def close(self) -> None:
        """Let the folder go; what is durable stays so."""
        self._thread.shutdown()
        self._gatherer.shut_down()
        self._let_go()

    def _lateness(self) -> str:
        """Tell of records that nobody sees, though no failure was met: a disk that hangs says nothing."""
        late = tell_seconds() - self._fresh_at if self._fresh else 0.0
        return f"the log was not published for {late:.0f} seconds" if late > self._pace.late_seconds else ""

    def _take(self, batch: Batch) -> None:
        if not self._fresh:
            self._fresh_at = tell_seconds()
        self._fresh.append(batch)
        if self._gatherer.held_bytes > self._pace.publish_bytes:
            self._hurry.set()

    async def _publish(self, *, settle: bool) -> None:
        async with self._turn:
            settle = settle or self._is_segment_old()
            await self._gatherer.run(self._journal.require_place)
            size = await self._gatherer.run(self._journal.rotate) if settle else self._journal.size
            batches = [one for one in self._fresh if one.end <= size]
            loop = asyncio.get_running_loop()
            work = partial(self._publisher.publish, batches, settle=settle)
            try:
                await loop.run_in_executor(self._thread, work)
            finally:
                # What was signed is published, though something behind it failed: it is not published again.
                published = [one for one in batches if one.end <= self._publisher.size]
                del self._fresh[: len(published)]
                if published:
                    self._fresh_at = tell_seconds()
                self._gatherer.release(published)
            if settle:
                self._segment_at = tell_seconds()
                # What is not in durable tiles stays in the journal, whatever was asked for.
                settled = min(size, self._publisher.size)
                await self._gatherer.run(partial(self._journal.remove_before, settled))

    async def _tick(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.publish_seconds):
                    await self._hurry.wait()
            self._hurry.clear()
            if not self._fresh and not self._is_segment_old():
                continue
            try:
                await self.publish()
                self._fault = ""
            except Exception as error:  # noqa: BLE001 - what is not published is held, and memory ends some time
                is_told = isinstance(error, OSError | Problem)
                self._fault = f"the log could not be published: {error if is_told else type(error).__name__}"
                _LOG.error("log_not_published", why=type(error).__name__)
                await asyncio.sleep(self._pace.publish_seconds)

    def _is_segment_old(self) -> bool:
        written = self._journal.segment_bytes
        if written <= SEGMENT_HEAD_BYTES or self._gatherer.refusal:
            return False
        is_aged = tell_seconds() - self._segment_at >= self._pace.segment_seconds
        return is_aged or written >= self._pace.segment_bytes

    def _let_go(self) -> None:
        unlock(self._locks)
