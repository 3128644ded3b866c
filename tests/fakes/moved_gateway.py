"""A gateway whose wall clock a file moves: ``python -m tests.fakes.moved_gateway --clock FILE --home DIR``."""

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from rahdari.app.exchange import consent_book, consent_statuses
from rahdari.app.exchange.gateway import open_gateway
from rahdari.web import journal
from rahdari.web.exchange.serving import serve


class MovedClock:
    """The machine's clock, and as many seconds more as stand in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text(encoding="ascii") or "0"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clock", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--lists-seconds", type=float, help="How often lists are made and asked for.")
    asked = parser.parse_args()
    if asked.lists_seconds is not None:
        vars(consent_statuses)["RENEW_SECONDS"] = vars(consent_book)["RENEWED_SECONDS"] = asked.lists_seconds
    journal.configure()

    def ready() -> None:
        sys.stderr.write("Serving\n")

    async def run() -> None:
        gateway = open_gateway(asked.home, os.environ, clock=MovedClock(asked.clock))
        await serve(gateway, ready=ready)

    uvloop.run(run())


if __name__ == "__main__":
    main()
