"""Records come one by one and become durable together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EAGAIN
from functools import partial
from typing import Final, TypeVar

import structlog

from rahdari.app.clock import tell_seconds
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.journal import Batch
from rahdari.app.exchange.log.sealing import PARTICULARS_BYTES_MAX, Sealer
from rahdari.app.exchange.log.segments import Journal
from rahdari.exchange.errors import LogFull
from rahdari.kernel import Clock
from rahdari.wire.errors import TooLarge
from rahdari.wire.tlog import ENTRY_BYTES_MAX, leaf_hash

_T = TypeVar("_T")
# Records in one durable write; what comes meanwhile is the next one.
_BATCH_MAX: Final = 4096
# What a record takes in memory beside its own bytes and those of its particulars.
_RECORD_COST: Final = 200
_MILLISECONDS: Final = 1000
_FULL: Final = "more records wait for the disk than memory may hold"

_LOG: Final = structlog.get_logger("rahdari.exchange.log")


@dataclass(frozen=True, slots=True)
class Pace:
    """How a log is written. Seconds are those of a clock that nobody sets.

    A write begins ``gather_seconds`` after its first record, or with ``gather_count`` records. Tiles are
    written and signed every ``publish_seconds``, or with ``publish_bytes`` of records. A segment of the
    journal is given up behind ``segment_bytes`` or ``segment_seconds``. With ``held_bytes_max`` of records in
    memory no more are taken; with half of them, writes wait for tiles, but not longer than a probe does. Records
    that were not published for ``late_seconds`` are a fault of the log; behind a write that takes ``stuck_seconds``
    it counts as one that cannot be written. Another ``disk`` is for tests.
    """

    gather_seconds: float = 0.010
    gather_count: int = 256
    publish_seconds: float = 1.0
    publish_bytes: int = 1 << 20
    held_bytes_max: int = 32 << 20
    segment_bytes: int = 16 << 20
    segment_seconds: float = 60.0
    probe_seconds: float = 1.0
    late_seconds: float = 30.0
    stuck_seconds: float = 5.0
    disk: Disk = field(default_factory=Disk)


DEFAULT_PACE: Final = Pace()


class Gatherer:
    """Gathers records and hands them to the journal's thread. Belongs to one event loop."""

    def __init__(
        self, journal: Journal, sealer: Sealer, *, clock: Clock, pace: Pace, taken: Callable[[Batch], None]
    ) -> None:
        """Write to ``journal``; ``taken`` is told of every batch that became durable, in order."""
        self._journal, self._sealer = journal, sealer
        self._clock, self._pace, self._taken = clock, pace, taken
        self._thread = started(ThreadPoolExecutor(1, "log-journal"))
        self._records: list[bytes] = []
        self._particulars: list[bytes] = []
        self._futures: list[asyncio.Future[int]] = []
        self._flush: asyncio.Future[Batch] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._mending: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._unreleased = 0
        # Since when the disk is written to, or mended, without an answer.
        self._busy_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._is_full_told = False
        self.held_bytes = 0
        self.unwritten = 0
        self.refusal = ""

    @property
    def fault(self) -> str:
        """Why nothing can be recorded now; empty where it can."""
        if self.refusal:
            return self.refusal
        if self.held_bytes > self._pace.held_bytes_max:
            return _FULL
        if self._busy_since is not None:
            seconds = tell_seconds() - self._busy_since
            if seconds > self._pace.stuck_seconds:
                return f"the log's disk has not answered for {seconds:.0f} seconds"
        return ""

    @property
    def waiting(self) -> int:
        """How many records are not durable yet, beside those being written."""
        return len(self._records)

    def append(self, record: bytes, particulars: bytes) -> "asyncio.Future[int]":
        """Take a record in; the future gives its index once it is durable, or ``LogFull``.

        Raises:
            TooLarge: the record or its particulars are longer than the log takes.
        """
        if len(record) > ENTRY_BYTES_MAX or len(particulars) > PARTICULARS_BYTES_MAX:
            raise TooLarge(
                f"a record of {len(record)} bytes with {len(particulars)} of particulars does not fit"
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        if self.refusal or self.held_bytes > self._pace.held_bytes_max:
            self._tell_full()
            self._fail(future, self.refusal or _FULL)
            return future
        self._records.append(record)
        self._particulars.append(particulars)
        self._futures.append(future)
        self.held_bytes += len(record) + len(particulars) + _RECORD_COST
        if self._flush is None:
            if len(self._records) >= self._pace.gather_count and self._is_free():
                self._start()
            elif self._timer is None:
                self._timer = loop.call_later(self._pace.gather_seconds, self._start)
        return future

    async def run(self, work: Callable[[], _T]) -> _T:
        """Do something in the journal's thread, between two writes; what was written before it was told of."""
        done = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        await asyncio.sleep(0)
        return done

    def release(self, batches: Sequence[Batch]) -> None:
        """Count batches as no longer held."""
        freed = sum(_cost(one.records, one.particulars) for one in batches)
        self.held_bytes -= freed
        self._unreleased -= freed
        self._is_full_told = False
        self._start()

    async def close(self) -> None:
        """Write what is waiting, and take no more; a broken journal is tried to be mended once more."""
        self._closing.set()
        if self._mending is not None:
            await self._mending
        while not self.refusal and (self._flush is not None or self._records):
            if self._flush is None:
                self._start(is_patient=False)
            if self._flush is not None:
                await asyncio.wait([self._flush])
            if self._mending is not None:
                await self._mending
        self._refuse("the gateway ends")

    def shut_down(self) -> None:
        """End the journal's thread and let its file go."""
        self._thread.shutdown()
        self._journal.close()

    def _start(self, *, is_patient: bool = True) -> None:
        """Begin a write of what is waiting; a patient one waits for tiles while memory is half full."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._flush is not None or self._mending is not None or not self._records:
            return
        if is_patient and not self._is_free():
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._pace.probe_seconds, partial(self._start, is_patient=False))
            return
        records, self._records = self._records[:_BATCH_MAX], self._records[_BATCH_MAX:]
        particulars, self._particulars = self._particulars[:_BATCH_MAX], self._particulars[_BATCH_MAX:]
        futures, self._futures = self._futures[:_BATCH_MAX], self._futures[_BATCH_MAX:]
        at = int(self._clock.now().timestamp() * _MILLISECONDS)
        loop = asyncio.get_running_loop()
        self._busy_since = tell_seconds()
        self._watch = loop.call_later(self._pace.stuck_seconds, self._tell_stuck)
        self._flush = loop.run_in_executor(self._thread, self._write, records, particulars, max(at, 0))
        self._flush.add_done_callback(partial(self._flushed, futures, _cost(records, particulars)))

    def _is_free(self) -> bool:
        return self._unreleased <= self._pace.held_bytes_max // 2

    def _write(self, records: list[bytes], particulars: list[bytes], at: int) -> Batch:
        sealed = [
            self._sealer.seal(one, leaf_hash(record)) if one else b""
            for record, one in zip(records, particulars, strict=True)
        ]
        return self._journal.write(records, sealed, at=at)

    def _flushed(
        self, futures: "list[asyncio.Future[int]]", cost: int, done: "asyncio.Future[Batch]"
    ) -> None:
        self._flush = None
        if self._watch is not None:
            self._watch.cancel()
        error = done.exception()
        if error is not None:
            self.held_bytes -= cost
            _LOG.error("records_not_written", records=len(futures), why=_sentence(error))
            mending = self._mend(futures, _sentence(error))
            self._mending = asyncio.get_running_loop().create_task(mending, name="log mending")
            return
        self._busy_since = None
        batch = done.result()
        # Sealed particulars are some bytes longer than what was counted.
        held = _cost(batch.records, batch.particulars)
        self.held_bytes += held - cost
        self._unreleased += held
        for index, future in enumerate(futures, batch.first):
            if not future.done():  # whoever waited may have gone
                future.set_result(index)
        self._taken(batch)
        self._start()

    def _refuse(self, why: str, futures: "Sequence[asyncio.Future[int]]" = ()) -> None:
        """Take no more records, and tell those who wait that theirs are not in the log."""
        self.refusal, self._busy_since = why, None
        self.held_bytes -= _cost(self._records, self._particulars)
        waiting, self._futures = [*futures, *self._futures], []
        self._records, self._particulars = [], []
        for future in waiting:
            self._fail(future, why)

    async def _mend(self, futures: "Sequence[asyncio.Future[int]]", why: str) -> None:
        """Bring the journal back to its last durable batch; nobody is refused before the first try is over.

        Where that succeeds, only the batch that failed is refused; else all who wait, and all who come.
        """
        try:
            await self._try_to_mend()
        except Exception:  # noqa: BLE001 - whatever keeps the log from its disk, it stays closed
            self._refuse(why, futures)
            _LOG.error("log_not_writable", why=why)
            await self._probe()
            if not self.refusal:
                _LOG.warning("log_writable_again", unwritten=self.unwritten)
        else:
            for future in futures:
                self._fail(future, why)
        self._mending = self._busy_since = None
        if not self.refusal:
            self._start()

    async def _probe(self) -> None:
        """Try until the journal can be written to again, or the gateway ends: then once more."""
        is_last = False
        while not is_last:
            is_last = self._closing.is_set()
            if not is_last:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.probe_seconds):
                        await self._closing.wait()
            try:
                await self._try_to_mend()
            except Exception as error:  # noqa: BLE001 - as above
                self.refusal = _sentence(error)
            else:
                self.refusal = ""
                return

    def _tell_stuck(self) -> None:
        _LOG.error("log_not_writable", why=self.fault or "the log's disk does not answer")

    def _tell_full(self) -> None:
        if not self.refusal and not self._is_full_told:
            self._is_full_told = True
            _LOG.error("log_not_writable", why=_FULL)

    def _fail(self, future: "asyncio.Future[int]", why: str) -> None:
        if not future.done():
            self.unwritten += 1
            future.set_exception(
                LogFull(f"this exchange cannot be recorded: {why}; nothing is exchanged until it can")
            )
            future.exception()  # whoever does not wait for a record is not told of it by the interpreter either

    async def _try_to_mend(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.mend)


def started(pool: ThreadPoolExecutor) -> ThreadPoolExecutor:
    """Have the one thread of a pool started now: later there may be none to be had, and work would be lost.

    Raises:
        OSError: the system gives none.
    """
    try:
        pool.submit(int).result()
    except RuntimeError as error:
        raise OSError(EAGAIN, f"no thread for the log ({error})") from None
    return pool


def _cost(records: Sequence[bytes], particulars: Sequence[bytes]) -> int:
    return sum(map(len, records)) + sum(map(len, particulars)) + _RECORD_COST * len(records)


def _sentence(error: BaseException) -> str:
    return f"the log's disk failed ({error})"
