"""Receipts: what a consumer's gateway owes the provider's, and what the provider's makes of it.

A receipt is a signature over the response's signature. It is sent behind the answer, in batches, so that it costs
no call any time; it is lost where the provider's gateway cannot be reached for long, and then its log shows that
none came.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from rahdari.app.clock import tell_seconds
from rahdari.exchange.errors import CallRefused
from rahdari.exchange.ports import EvidenceLog
from rahdari.exchange.rules.access import provider_fault
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.rules.limits import Buckets
from rahdari.exchange.rules.replay import LastSeen
from rahdari.exchange.service.received import owner_of
from rahdari.exchange.values.messages import Receipt
from rahdari.exchange.values.services import Rate
from rahdari.kernel import Clock, Refused
from rahdari.wire import strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import SignatureFields, VerifyingKey, verify_receipt
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.record_bytes import encode_entry, read_entry
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role, SignatureMark
from rahdari.wire.xroad import Fault, MemberId, SecurityServerId

# A batch is posted once a second, or when it is full.
BATCH_MAX: Final = 256
# Three lines of text each; a second at 1,500 calls is six batches.
BATCH_BYTES_MAX: Final = 1 << 20
# For one gateway that cannot be reached: half an hour at ten calls a second, 9 MB. The oldest fall out.
QUEUED_MAX: Final = 20_000
# Answers whose receipts are awaited: they come within a second or two. What is older is looked up in the log.
REMEMBERED_MAX: Final = 16_384
# Receipts that are remembered until they can be found in the log, a second behind.
TAKEN_MIN: Final = 8_192
# A receipt costs a signature to verify: the loop goes on with calls after so long. A call comes round some ten
# times before it is answered, and waits for a turn each time. Where the loop is busy, and takes longer until it
# comes round, receipts have a share of that: with less they would fall behind the calls.
TURN_SECONDS: Final = 0.0003
TURN_SHARE: Final = 0.25
TURN_SECONDS_MAX: Final = 0.01
# Looking up costs a search in the log; a batch that is late asks for no more of them, and a member's batches
# together for so many a second: honest ones are late after a restart only.
LOOKED_UP_MAX: Final = 64
LOOKED_UP: Final = Rate(per_second=16.0, burst=LOOKED_UP_MAX)
_LINE_MEMBERS: Final = frozenset({"request_id", "signature_input", "signature"})


def write_batch(receipts: Iterable[Receipt]) -> bytes:
    """Write receipts as JSON lines."""
    return b"".join(map(write_line, receipts))


def write_line(receipt: Receipt) -> bytes:
    """Write a receipt as one JSON line."""
    return (
        strict_json.encode(
            {
                "request_id": receipt.request_id,
                "signature_input": receipt.signature.signature_input,
                "signature": receipt.signature.signature,
            }
        )
        + b"\n"
    )


def read_batch(raw: bytes) -> list[Receipt]:
    """Read JSON lines. Raises ``MalformedInput``: too large, too many, or a line that is no receipt."""
    lines = raw.splitlines()
    if len(raw) > BATCH_BYTES_MAX or len(lines) > BATCH_MAX:
        raise MalformedInput(f"{len(lines)} receipts in one batch; at most {BATCH_MAX} are read")
    return [_read_line(one) for one in lines]


def _read_line(line: bytes) -> Receipt:
    read = strict_json.decode_object(line, size_bytes_max=BATCH_BYTES_MAX)
    if set(read) != _LINE_MEMBERS:
        raise MalformedInput("a receipt has a request_id, a signature_input and a signature")
    texts = [read[name] for name in ("request_id", "signature_input", "signature")]
    request_id, told, signature = (one if isinstance(one, str) else "" for one in texts)
    if not (request_id and told and signature):
        raise MalformedInput("each member of a receipt is text")
    return Receipt(request_id, SignatureFields(told, signature))


class OwedReceipts:
    """Receipts that wait to be sent, each as its line, by the gateway that they are owed to."""

    def __init__(self) -> None:
        """Owe none."""
        self._queues: dict[SecurityServerId, deque[bytes]] = {}
        self.dropped = 0

    def owe(self, gateway: Gateway, receipt: Receipt) -> int:
        """Queue a receipt; tells how many this gateway is owed now."""
        queue = self._queues.get(gateway.id)
        if queue is None:
            queue = self._queues[gateway.id] = deque()
        if len(queue) >= QUEUED_MAX:
            queue.popleft()
            self.dropped += 1
        queue.append(write_line(receipt))
        return len(queue)

    def count_owed(self, gateway: SecurityServerId) -> int:
        """Count what a gateway is owed."""
        return len(self._queues.get(gateway, ()))

    def owed_to(self) -> list[SecurityServerId]:
        """List the gateways that are owed any."""
        return [gateway for gateway, queue in self._queues.items() if queue]

    def take(self, gateway: SecurityServerId) -> list[bytes]:
        """Take the lines of the next batch out of the queue."""
        queue = self._queues.get(gateway, deque())
        return [queue.popleft() for _ in range(min(BATCH_MAX, len(queue)))]

    def put_back(self, gateway: SecurityServerId, lines: list[bytes]) -> None:
        """Put a batch that could not be sent back to the front."""
        queue = self._queues.setdefault(gateway, deque())
        queue.extendleft(reversed(lines[: max(0, QUEUED_MAX - len(queue))]))

    def __len__(self) -> int:
        """Count all that wait."""
        return sum(map(len, self._queues.values()))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: receipts that were logged, and those that fit no answer of ours."""

    logged: int
    refused: int


class _Turn:
    """What a batch takes of the loop's time at once."""

    __slots__ = ("_ends", "_tick")

    def __init__(self, tick: Callable[[], float]) -> None:
        self._tick, self._ends = tick, tick() + TURN_SECONDS

    def is_over(self) -> bool:
        return self._tick() >= self._ends

    async def come_round(self) -> None:
        """Let the loop go on; the next turn is as long as its share of what that took."""
        left = self._tick()
        await asyncio.sleep(0)
        again = self._tick()
        self._ends = again + min(max(TURN_SECONDS, TURN_SHARE * (again - left)), TURN_SECONDS_MAX)


FindRecords = Callable[[str], Iterable[bytes]]
"""Finds the records of a request id in this gateway's log."""


class ReceiptDesk:
    """Holds receipts against the answers they are for, and logs them."""

    def __init__(
        self,
        log: EvidenceLog,
        directory: Callable[[], Directory],
        *,
        clock: Clock,
        find: FindRecords = lambda _: (),
        tick: Callable[[], float] = tell_seconds,
    ) -> None:
        """Take the log, who is who, and a way to look up older answers, which threads use one at a time."""
        self._log, self._directory, self._clock, self._find = log, directory, clock, find
        self._tick, self._buckets, self._looking = tick, Buckets(), asyncio.Lock()
        # One batch at a time, and of a gateway that sends many the next one after everybody else's.
        self._taking = asyncio.Lock()
        self._in_line: WeakValueDictionary[SecurityServerId, asyncio.Lock] = WeakValueDictionary()
        self._awaited: OrderedDict[str, tuple[bytes, SecurityServerId]] = OrderedDict()
        # The log is read a second behind: until a receipt can be found there, it is remembered here.
        self._taken = LastSeen(TAKEN_MIN)

    def await_receipt(self, request_id: str, response_signature: bytes, sender: Gateway) -> None:
        """Remember an answer that was sent, until its receipt comes."""
        self._awaited[request_id] = (response_signature, sender.id)
        if len(self._awaited) > REMEMBERED_MAX:
            self._awaited.popitem(last=False)

    async def take(self, raw: bytes, certificate: bytes | None) -> Taken:
        """Take a batch from the gateway with this TLS certificate, a few at a time.

        Raises:
            CallRefused: no gateway that is known, or no batch. A single receipt that fits nothing is left out.
        """
        directory = self._directory()
        sender = directory.gateway_by_certificate(certificate) if certificate else None
        if sender is None:
            raise CallRefused(
                provider_fault(Fault.SSL_AUTHENTICATION_FAILED),
                "receipts are taken from gateways of the configuration",
                status=403,
            )
        try:
            receipts = read_batch(raw)
        except MalformedInput as refusal:
            raise CallRefused(provider_fault(Fault.BAD_REQUEST), refusal.message, status=400) from None
        line = self._in_line.setdefault(sender.id, asyncio.Lock())
        async with line, self._taking:
            logged = await self._log_each(receipts, sender)
        return Taken(logged, len(receipts) - logged)

    async def _log_each(self, receipts: Iterable[Receipt], sender: Gateway) -> int:
        at = int(self._clock.now().timestamp())
        lookups = LOOKED_UP_MAX
        logged = 0
        turn = _Turn(self._tick)
        for receipt in receipts:
            if turn.is_over():
                await turn.come_round()
            if receipt.request_id not in self._awaited:
                lookups -= 1
                if lookups < 0 or not await self._look_up(receipt.request_id, sender):
                    continue
            logged += self._log_one(receipt, sender, at)
        return logged

    def _log_one(self, receipt: Receipt, sender: Gateway, at: int) -> bool:
        signature, owed_by = self._awaited[receipt.request_id]
        if owed_by != sender.id:
            return False

        def key_of(keyid: str) -> VerifyingKey | None:
            found = self._directory().message_key(keyid, at)
            return found.public if found is not None and found.gateway.id == sender.id else None

        try:
            verified = verify_receipt(
                receipt.signature, signature, nonce=receipt.request_id, key_of=key_of, at=at
            )
        except Refused:
            return False
        del self._awaited[receipt.request_id]
        self._taken.add(receipt.request_id)
        mark = SignatureMark(verified.parameters, verified.keyid, verified.signature)
        record = ReceiptRecord(receipt.request_id, at * 1000, mark)
        # Nobody waits for it: a receipt that cannot be logged is a receipt that never came.
        self._log.append(encode_entry(record), b"")
        return True

    async def _look_up(self, request_id: str, sender: Gateway) -> bool:
        """Remember an answer of before a restart from the log, if the sender's member asked for it.

        A receipt that is there already is not awaited.
        """
        member = owner_of(sender)
        if request_id in self._taken or self._buckets.take(member, LOOKED_UP, self._tick()) > 0.0:
            return False
        async with self._looking:
            # It reads files, and the log may be long: calls go on meanwhile.
            entries = [read_entry(raw) for raw in await asyncio.to_thread(self._find, request_id)]
        if request_id in self._taken or any(isinstance(one, ReceiptRecord) for one in entries):
            return False
        for one in entries:
            if isinstance(one, ExchangeRecord) and one.role is Role.PROVIDER and one.response is not None:
                if _asker(one) != member:
                    continue
                self.await_receipt(request_id, one.response.signature, sender)
                return True
        return False


def _asker(record: ExchangeRecord) -> MemberId:
    return record.client if isinstance(record.client, MemberId) else record.client.member
