"""Tariff schedules from files, as questions take them."""

import hashlib
from pathlib import Path

from rahdari.app.files import read_limited
from rahdari.trade import BadTradeFile, Rates
from rahdari.wire import tariff_schedule
from rahdari.wire.errors import MalformedInput


def read_rates(path: Path) -> Rates:
    """Read a schedule (CSV, see ``docs/standards/tariff-schedule.md``); its name is the file's.

    Raises:
        BadTradeFile: it is no schedule; the message names the line and the reason.
        BadFile, FolderFailed: it is too large, or cannot be read.
    """
    raw = read_limited(path, size_bytes_max=tariff_schedule.BYTES_MAX)
    try:
        duties = tariff_schedule.read(raw).duties
    except MalformedInput as wrong:
        raise BadTradeFile(f"{path.name}: {wrong.message}") from None
    return Rates(duties=duties, name=path.name, sha256=hashlib.sha256(raw).hexdigest())
