"""Orders to withhold, on their way into the log: an officer writes them beside it, the gateway takes them in.

Only the gateway writes its log. An order is a file in ``orders/`` of the home until the gateway has it in the log,
durably; then the file is gone. One that is taken twice (the power failed in between) is still one order, by its id.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import structlog

from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.kernel import Problem
from rahdari.wire.ndel.record_bytes import ENTRY_BYTES_MAX, encode_entry, read_entry
from rahdari.wire.ndel.records import WithholdingRecord

FOLDER: Final = "orders"
_LOOK_SECONDS: Final = 1.0
_SUFFIX: Final = ".entry"
# An order spans 24 months at most, one file each; hundreds at once are none of ours.
_AT_ONCE_MAX: Final = 512

_LOG = structlog.get_logger("rahdari.exchange.orders")


class _Log(Protocol):
    def append(self, record: bytes, particulars: bytes) -> Awaitable[int]: ...


def lay_down(folder: Path, records: Iterable[WithholdingRecord]) -> tuple[Path, ...]:
    """Write the records of an order into ``folder``, from where the gateway takes them. Raises ``FolderFailed``."""
    paths = []
    for number, record in enumerate(records):
        path = folder / f"{record.id}-{record.act}-{number:02d}{_SUFFIX}"
        write_whole(path, encode_entry(record), mode=SECRET_MODE)
        paths.append(path)
    return tuple(paths)


@dataclass(slots=True)
class SeenOrders:
    """What a gateway took in and could not take away, and what it told of: neither is done again each second."""

    taken: set[tuple[str, bytes]] = field(default_factory=set)
    told: set[tuple[str, str]] = field(default_factory=set)

    def tell(self, event: str, file: str, why: str) -> None:
        """Tell a fault of a file, once."""
        if (file, why) not in self.told:
            self.told.add((file, why))
            _LOG.error(event, file=file, why=why)


async def take_in(folder: Path, log: _Log, seen: SeenOrders | None = None) -> int:
    """Put what lies in ``folder`` into the log, in the order of names, and give how many there were.

    What cannot be read is left where it lies, and told. What cannot be taken away is told too, and with ``seen``
    not taken in again.

    Raises:
        LogFull: the log cannot be written to; the files stay.
    """
    seen = seen or SeenOrders()
    taken = 0
    for path, raw in _read_orders(folder, seen):
        name = (path.name, hashlib.sha256(raw).digest())
        if name in seen.taken:
            continue
        await log.append(raw, b"")
        taken += 1
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            seen.taken.add(name)
            seen.tell("order_not_taken_away", path.name, f"{error.strerror}; it is in the log already")
    return taken


async def keep_taking(folder: Path, log: _Log) -> None:
    """Take orders in for ever: a task of the gateway."""
    seen, waits = SeenOrders(), ""
    while True:
        try:
            await take_in(folder, log, seen)
            waits = ""
        except Problem as problem:
            if problem.message != waits:
                waits = problem.message
                _LOG.error("orders_wait", why=waits)
        await asyncio.sleep(_LOOK_SECONDS)


def _read_orders(folder: Path, seen: SeenOrders) -> list[tuple[Path, bytes]]:
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}"))[:_AT_ONCE_MAX]:
        try:
            raw = read_limited(path, size_bytes_max=ENTRY_BYTES_MAX)
            is_order = isinstance(read_entry(raw), WithholdingRecord)
        except Problem as problem:
            seen.tell("order_not_read", path.name, problem.message)
            continue
        if is_order:
            found.append((path, raw))
    return found
