"""A log whose files the operating system lets grow no further: ``python -m ...full_disk FOLDER``.

Writes the numbers of the records that were acknowledged, then ``full``, and those after the limit was lifted.
"""

import asyncio
import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path

import structlog

from rahdari.exchange.errors import LogFull
from tests.unit.app.exchange_log.log_scene import QUICK, Place, record, until

LIMIT = 20_000


async def main(folder: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with Place(folder).open(replace(QUICK, probe_seconds=0.01)) as log:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
        for number in range(1000):
            try:
                await log.append(record(number) + b"x" * 500, b"")
            except LogFull:
                break
            sys.stdout.write(f"{number}\n")
        sys.stdout.write("full\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await until(lambda: log.standing.is_writable)
        await log.append(record(1000), b"")
        sys.stdout.write("1000\n")


if __name__ == "__main__":
    # What is counted stands alone on the standard output.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(Path(sys.argv[1])))
