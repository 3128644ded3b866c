"""The deliverer: sends what is numbered, to many receivers at once, and lets none of them hold up another.

One loop of one thread. A suspension knows nothing of it: it writes to the outbox and is done. Whatever is
kept of a delivery is kept in the database, so a deliverer may be killed at any instant; several may run,
on several machines.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from rahdari.app.courier import Courier, Unsent
from rahdari.app.signals import Parcel, SignalOffice
from rahdari.kernel import Problem
from rahdari.signals import USUAL, Ending, Method, Outcome, Patience, Slots, Stream, StreamId
from rahdari.wire import security_events, standard_webhooks

# How many receivers are sent to at once; those whose last attempt failed have their own share of it, so
# that however many hang, they never take the places of those that answer.
HEALTHY_AT_ONCE, FAILING_AT_ONCE = 192, 64
# A listener may miss a word (a connection that broke); retries that have come due tell nobody anyway.
LOOK_SECONDS = 0.25
# A database that cannot be reached is not asked again at once.
_TROUBLE_SECONDS = 1.0
# How long messages that are under way may take to end once the server stops.
_GRACE_SECONDS = 2.0
_PURGE_EVERY = 2400  # looks; ten minutes

_Result = TypeVar("_Result")


@dataclass(slots=True)
class Delivered:
    """What one run did: messages that arrived, streams whose receiver failed."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Sending:
    task: asyncio.Task[None]
    is_failing: bool


@dataclass(slots=True)
class _Round:
    """What one loop holds while it runs."""

    courier: Courier
    under_way: dict[StreamId, _Sending] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    told: Delivered = field(default_factory=Delivered)


class Dispatcher:
    """Delivers until it is told to stop. A ``web.workers.Worker``."""

    def __init__(
        self,
        office: SignalOffice,
        *,
        courier: Callable[[], Courier] | None = None,
        patience: Patience = USUAL,
        note: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Deliver for ``office``; ``note`` is told of what went wrong here."""
        self._office = office
        self._courier = courier or (lambda: Courier(office.networks))
        self._patience = patience
        self._note = note
        self._owner = office.new_owner()
        # One thread speaks to the database: what is written for a hundred streams is one transaction, not
        # a hundred.
        self._desk = ThreadPoolExecutor(1, thread_name_prefix="signals-desk")

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set."""
        asyncio.run(self._run(stop))

    def run_once(self) -> Delivered:
        """Deliver all that is due now, and end. Raises ``DatabaseFailed``, ``KeyLocked``."""
        return asyncio.run(self._run_once())

    async def _run_once(self) -> Delivered:
        async with self._courier() as courier:
            here = _Round(courier)
            await self._ask(self._office.fan_out)
            while await self._begin(here):
                await asyncio.wait([one.task for one in here.under_way.values()])
                await self._settle(here)
            return here.told

    async def _run(self, stop: threading.Event) -> None:
        async with self._courier() as courier:
            here = _Round(courier)
            deaf = threading.Event()
            ear = threading.Thread(
                target=self._hear, args=(deaf, asyncio.get_running_loop(), here), name="signals-ear"
            )
            ear.start()
            try:
                await self._serve(stop, here)
            finally:
                deaf.set()
                await self._leave(here)
                await asyncio.to_thread(ear.join)

    async def _serve(self, stop: threading.Event, here: _Round) -> None:
        looks = 0
        while not stop.is_set():
            here.stir.clear()
            try:
                await self._look(here, is_cleaning=looks % _PURGE_EVERY == 0)
            except Problem as problem:
                self._note(problem)
                await asyncio.sleep(_TROUBLE_SECONDS)
            looks += 1
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await here.stir.wait()
            except TimeoutError:
                pass

    async def _look(self, here: _Round, *, is_cleaning: bool) -> None:
        await self._settle(here)
        await self._ask(self._office.fan_out)
        await self._begin(here)
        if is_cleaning:
            await self._ask(self._office.purge)

    async def _begin(self, here: _Round) -> bool:
        """Begin to send to the streams that are due; tells whether there was any."""
        failing = sum(one.is_failing for one in here.under_way.values())
        healthy = len(here.under_way) - failing
        slots = Slots(HEALTHY_AT_ONCE - healthy, FAILING_AT_ONCE - failing, frozenset(here.under_way))
        parcels = await self._ask(lambda: self._office.claim(self._owner, slots, patience=self._patience))
        for parcel in parcels:
            task = asyncio.create_task(self._send(here, parcel))
            here.under_way[parcel.stream.id] = _Sending(task, parcel.is_failing)
        return bool(parcels)

    async def _send(self, here: _Round, parcel: Parcel) -> None:
        try:
            outcome = await self._carry(here, parcel)
        # Whatever broke is ours; the stream is tried again, and the others do not feel it.
        except Exception as defect:  # noqa: BLE001
            self._note(defect)
            outcome = Outcome(parcel.stream.id, (), Ending.FAILED, "a defect of this server")
        here.told.sent += len(outcome.taken)
        here.told.failed += outcome.ending is not Ending.TAKEN
        here.outcomes.append(outcome)
        here.stir.set()

    async def _carry(self, here: _Round, parcel: Parcel) -> Outcome:
        """Send in order; the first that does not arrive ends it, for what follows must not come before it."""
        taken: list[int] = []
        stream = parcel.stream
        for letter in parcel.letters:
            headers = self._headers(stream, letter.id, letter.body)
            try:
                url, owner = stream.delivery.url or "", stream.institution
                answer = await here.courier.post(stream.id, url, headers, letter.body, owner=owner)
            except Unsent as why:
                return Outcome(stream.id, tuple(taken), Ending.FAILED, str(why))
            if not 200 <= answer.status < 300:
                # A redirect is a failure too: where it leads to was never checked (Standard Webhooks, 3xx).
                gone = stream.delivery.method is Method.WEBHOOK and answer.status == 410
                failure = f"the receiver answered {answer.status}"
                ending = Ending.GONE if gone else Ending.FAILED
                return Outcome(stream.id, tuple(taken), ending, failure, answer.wait)
            taken.append(letter.order)
        return Outcome(stream.id, tuple(taken), Ending.TAKEN)

    def _headers(self, stream: Stream, message_id: str, body: bytes) -> dict[str, str]:
        sent = {"host": _host(stream.delivery.url or ""), "content-length": str(len(body))}
        sent |= {"user-agent": "rahdari", "accept": "application/json"}
        if stream.delivery.authorization is not None:
            sent["authorization"] = stream.delivery.authorization
        if stream.delivery.method is Method.PUSH:
            # RFC 8935, 2.1.
            return sent | {"content-type": security_events.MEDIA_TYPE}
        signed = standard_webhooks.sign(self._office.secrets_of(stream), message_id, self._office.now(), body)
        return sent | {"content-type": "application/json"} | signed

    async def _settle(self, here: _Round) -> None:
        """Write down how sending went to all that have ended by now, in one transaction."""
        outcomes, here.outcomes = here.outcomes, []
        if not outcomes:
            return
        try:
            await self._ask(lambda: self._office.note(outcomes, self._owner, patience=self._patience))
        except Problem:
            # Not written: the next look tries again, and the streams stay ours meanwhile.
            here.outcomes = [*outcomes, *here.outcomes]
            raise
        for outcome in outcomes:
            here.under_way.pop(outcome.stream, None)

    async def _leave(self, here: _Round) -> None:
        """End: let what is under way arrive if it does so soon, write it down, and let go of the rest."""
        tasks = [one.task for one in here.under_way.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self._settle(here)
            await self._ask(lambda: self._office.let_go(list(here.under_way), self._owner))
        except Problem as problem:
            self._note(problem)

    def _hear(self, deaf: threading.Event, loop: asyncio.AbstractEventLoop, here: _Round) -> None:
        """Stir the loop as soon as something was committed anywhere."""
        # A loop that is closed has ended by a defect of its own; whoever hears for it has nothing to add.
        with closing(self._office.listen()) as ear, suppress(RuntimeError):
            while not deaf.is_set():
                if ear.wait(LOOK_SECONDS):
                    loop.call_soon_threadsafe(here.stir.set)
            loop.call_soon_threadsafe(here.stir.set)

    def _ask(self, work: Callable[[], _Result]) -> Coroutine[None, None, _Result]:
        async def asked() -> _Result:
            return await asyncio.get_running_loop().run_in_executor(self._desk, work)

        return asked()


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]
