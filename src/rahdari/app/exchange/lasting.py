"""Work that goes on for as long as its program does, whatever goes wrong in it."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

# What failed may fail at once again.
PAUSE_SECONDS: Final = 5.0

_LOG = structlog.get_logger("rahdari.exchange.lasting")


async def keep_at(
    name: str, work: Callable[[], Awaitable[None]], *, pause_seconds: float = PAUSE_SECONDS
) -> None:
    """Do ``work``, which never ends by itself, until cancelled; where an error ended it, begin it anew.

    A task that dies silently would leave yesterday's configuration, keys or lists in use.
    """
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it was, the rest of the gateway is at work
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
            # The error's own words may quote what was sent.
            _LOG.error(
                "work_broke_off", work=name, kind=type(error).__name__, where=where, again_in=pause_seconds
            )
        await asyncio.sleep(pause_seconds)
