"""Orders to withhold, on their way into the log: an officer writes them beside it, the gateway takes them in.

Only the gateway writes its log. An order is a file in ``orders/`` of the home until the gateway has it in the log,
durably; then the file is gone. One that is taken twice (the power failed in between) is still one order, by its id.
"""

import asyncio
from collections.abc import Awaitable, Iterable
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


async def take_in(folder: Path, log: _Log) -> int:
    """Put what lies in ``folder`` into the log, in the order of names, and give how many there were.

    What cannot be read is left where it lies, and told.

    Raises:
        LogFull: the log cannot be written to; the files stay.
    """
    taken = 0
    for path, raw in _read_orders(folder):
        await log.append(raw, b"")
        path.unlink(missing_ok=True)
        taken += 1
    return taken


async def keep_taking(folder: Path, log: _Log) -> None:
    """Take orders in for ever: a task of the gateway."""
    while True:
        try:
            await take_in(folder, log)
        except Problem as problem:
            _LOG.error("orders_wait", why=problem.message)
        await asyncio.sleep(_LOOK_SECONDS)


def _read_orders(folder: Path) -> list[tuple[Path, bytes]]:
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}"))[:_AT_ONCE_MAX]:
        try:
            raw = read_limited(path, size_bytes_max=ENTRY_BYTES_MAX)
            is_order = isinstance(read_entry(raw), WithholdingRecord)
        except Problem as problem:
            _LOG.error("order_not_read", file=path.name, why=problem.message)
            continue
        if is_order:
            found.append((path, raw))
    return found
