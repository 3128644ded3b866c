"""A log in memory: records are durable at once, or when a test says so, or never."""

import asyncio

from rahdari.app.exchange.log import LogStanding
from rahdari.exchange import LogFull
from rahdari.wire.ndel.record_bytes import request_id_of


class MemoryLog:
    """Keeps what it is given. ``is_full`` makes it fail; ``holds`` lets records wait for ``settle``."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes, bytes]] = []
        self.is_full = False
        self.is_known_full = False
        self.holds = False
        self._waiting: list[tuple[asyncio.Future[int], bytes, bytes]] = []

    @property
    def standing(self) -> LogStanding:
        size = len(self.records)
        return LogStanding(
            size, size, len(self._waiting), not self.is_known_full, "full" if self.is_full else ""
        )

    def append(self, record: bytes, particulars: bytes) -> "asyncio.Future[int]":
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, record, particulars))
        if not self.holds:
            self.settle()
        return future

    def settle(self) -> None:
        for future, record, particulars in self._waiting:
            if self.is_full:
                future.set_exception(LogFull("the disk is full"))
                future.exception()
            else:
                self.records.append((record, particulars))
                future.set_result(len(self.records) - 1)
        self._waiting.clear()

    def find(self, request_id: str) -> list[bytes]:
        return [raw for raw, _ in self.records if request_id_of(raw) == request_id]
