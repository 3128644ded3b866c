"""A gateway's log in a process of its own, to be killed: ``python -m ...killed_writer FOLDER SEED``.

Strict callers append records and write each acknowledged number to stdout, one a line, until the process ends.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from rahdari.app.exchange.log import Pace
from tests.unit.app.exchange_log.log_scene import Place, record

CALLERS = 40


async def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    pace = Pace(gather_seconds=0.001, publish_seconds=0.01, segment_bytes=4000)
    async with Place(folder, seed=seed * 1000).open(pace) as log:
        numbers = iter(range(seed * 1_000_000, (seed + 1) * 1_000_000))

        async def call() -> None:
            for number in numbers:
                index = await log.append(record(number), b"particulars" if number % 3 else b"")
                # Unbuffered: what was written here was acknowledged before the process was killed.
                os.write(1, b"%d %d\n" % (number, index))
                if chance.random() < 0.05:
                    await asyncio.sleep(0.002)

        await asyncio.gather(*(call() for _ in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
