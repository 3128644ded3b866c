"""Claim: a suspension is applied by 1,000 connected verifiers within a second of its acknowledgement.

One server process; the verifiers in two others, each a real connection that reads the frames, decodes every
message and follows the chain. Every 50th verifier checks the signatures too: a thousand verifiers have a thousand
machines, and here they share two cores with the server. Both are printed. An officer in this process suspends over
HTTP, one card after another; the clock starts when the answer is here and stops when a verifier has applied the
delta. A verifier that is quicker than the answer counts as 0. On SQLite and on PostgreSQL.

Also: the bytes of one suspension on the wire, the server's CPU time for a delta and a client, and how long it takes
to read a list of 2^20 places from the register, sign it anew and store it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from benchmarks.suspension_race import postgresql
from rahdari.app.clock import SeededChance
from rahdari.app.house import House, found_house
from rahdari.app.settings import read_settings
from rahdari.app.synthetic import as_person, synthetic_people
from rahdari.credentials.service import status
from rahdari.credentials.values.cards import Standing
from rahdari.credentials.values.status import PlaceStanding
from rahdari.wire import base64url, status_stream
from rahdari.wire.keys import PublicKey
from rahdari.wire.status_stream import Delta

VERIFIERS, SUSPENSIONS, CLIENT_PROCESSES, CHECKING_EVERY = 1000, 50, 2, 50
PLACES, SUSPENDED = 1 << 20, 10_485
SEED = 7
_START_SECONDS_MAX = 60
_ENVIRONMENT = {
    "RAHDARI_RATE_PER_MINUTE": "1000000",
    "RAHDARI_STREAMS_MAX": "10000",
    "RAHDARI_CALLER_STREAMS_MAX": "10000",
}


@dataclass
class Seen:
    """What one process of verifiers saw: when each delta was applied by each verifier, and the frames' sizes."""

    applied: dict[int, list[float]] = field(default_factory=dict)
    checked: dict[int, list[float]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)


async def _follow(port: int, seen: Seen, ready: list[int], public: PublicKey | None) -> None:
    """Be one verifier: apply what follows, in order, for as long as the process lives."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /s/stream?after=0 HTTP/1.1\r\nhost: localhost\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    sequence, digest, is_ready = 0, status_stream.FIRST, False
    while True:
        chunk = await reader.readuntil(b"\r\n")
        body = (await reader.readexactly(int(chunk, 16) + 2))[:-2]
        for frame in body.split(b"\n\n")[:-1]:
            signed = status_stream.decode(base64url.decode(frame.removeprefix(b"data:").decode()))
            if public is not None:
                signed.verify(public)
            if isinstance(signed.unverified, Delta):
                assert (signed.unverified.sequence, signed.unverified.previous) == (sequence + 1, digest)
                sequence, digest = signed.unverified.sequence, signed.digest
                now = time.monotonic()
                (seen.applied if public is None else seen.checked).setdefault(sequence, []).append(now)
                seen.sizes.append(len(chunk) + len(body) + 2)
        if not is_ready:
            is_ready = True
            ready[0] += 1


async def _verifiers(port: int, count: int, public: PublicKey, line: Connection) -> None:
    seen, ready = Seen(), [0]
    tasks = []
    for number in range(count):
        key = public if number % CHECKING_EVERY == 0 else None
        tasks.append(asyncio.create_task(_follow(port, seen, ready, key)))
        # A thousand at the same instant would be another question: how long connecting takes.
        await asyncio.sleep(0.002)
    while ready[0] < count:
        _raise_first(tasks)
        await asyncio.sleep(0.05)
    line.send("ready")
    wanted = await asyncio.to_thread(line.recv)
    while sum(map(len, seen.applied.values())) + sum(map(len, seen.checked.values())) < count * wanted:
        _raise_first(tasks)
        await asyncio.sleep(0.05)
    line.send(seen)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _raise_first(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        if task.done():
            task.result()


def _process(port: int, count: int, jwk: dict[str, object], line: Connection) -> None:
    asyncio.run(_verifiers(port, count, PublicKey.from_jwk(jwk), line))


@dataclass
class Measured:
    """Seconds from each acknowledgement to each application, and the server's CPU seconds meanwhile."""

    delays: list[float]
    checked_delays: list[float]
    answers: list[float]
    bytes_max: int
    server_cpu: float


def run(database: str, *, verifiers: int = VERIFIERS, suspensions: int = SUSPENSIONS) -> Measured:
    """Found a house on ``database`` (empty: SQLite), serve it, connect, suspend, and measure."""
    folder = Path(tempfile.mkdtemp(prefix="rahdari-stream-"))
    environment = os.environ | _ENVIRONMENT | {"RAHDARI_DATABASE": database}
    try:
        house, _ = found_house(read_settings(folder, environment), scrypt_n=2)
        cards = _issue(house, suspensions)
        jwk = next(one for one in house.authority.list_keys() if one.use == "status").public.as_jwk()
        house.close()
        token = (folder / "officers" / "officer.token").read_text(encoding="ascii").strip()
        with _serving(folder, environment) as (port, server):
            return _measure(port, server, cards, token, dict(jwk), verifiers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _issue(house: House, count: int) -> list[str]:
    officer = house.officers.authenticate_named("officer")
    today = house.foundation.clock.now().date()
    people = synthetic_people(count * 4, chance=SeededChance(SEED), today=today)
    adults = [as_person(one) for one in people if one.product == "nic"][:count]
    made = house.registry.add_holders([(one, None, "nic") for one in adults], actor=officer)
    house.registry.issue_waiting(actor=officer)
    house.authority.publish()
    return [str(card.number) for _, card in made]


@contextmanager
def _serving(folder: Path, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "rahdari.web", "--home", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:  # noqa: S603
        journal = server.stdout
        assert journal
        address = json.loads(journal.readline())["address"]
        threading.Thread(target=lambda: deque(journal, maxlen=0), daemon=True).start()
        try:
            yield int(address.rstrip("/").rsplit(":", 1)[1]), server.pid
        finally:
            server.terminate()
            server.wait(_START_SECONDS_MAX)


def _cpu_seconds(pid: int) -> float:
    """Read what a process has used so far (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(
    port: int, server: int, cards: list[str], token: str, jwk: dict[str, object], verifiers: int
) -> Measured:
    spawning = multiprocessing.get_context("spawn")
    lines, processes = [], []
    for _ in range(CLIENT_PROCESSES):
        ours, theirs = spawning.Pipe()
        made = spawning.Process(target=_process, args=(port, verifiers // CLIENT_PROCESSES, jwk, theirs))
        made.start()
        lines.append(ours)
        processes.append(made)
    for line in lines:
        assert line.recv() == "ready"
    time.sleep(1.0)
    cpu = _cpu_seconds(server)
    acknowledged, answers = _suspend(port, cards, token)
    for line in lines:
        line.send(len(cards))
    found = [line.recv() for line in lines]
    cpu = _cpu_seconds(server) - cpu
    for one in processes:
        one.join()
    return Measured(
        delays=_delays(acknowledged, [one.applied for one in found]),
        checked_delays=_delays(acknowledged, [one.checked for one in found]),
        answers=answers,
        bytes_max=max(max(one.sizes) for one in found),
        server_cpu=cpu,
    )


def _suspend(port: int, cards: list[str], token: str) -> tuple[list[float], list[float]]:
    acknowledged, answers = [], []
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as officer:
        for number in cards:
            began = time.monotonic()
            answer = officer.post(f"/api/v1/cards/{number}/acts", json={"act": "suspend", "reason": "lost"})
            acknowledged.append(time.monotonic())
            answers.append(acknowledged[-1] - began)
            assert answer.status_code == 200, answer.text
            time.sleep(0.2)
    return acknowledged, answers


def _delays(acknowledged: list[float], applied: list[dict[int, list[float]]]) -> list[float]:
    return sorted(
        max(0.0, at - acknowledged[sequence - 1])
        for one in applied
        for sequence, instants in one.items()
        for at in instants
    )


def sign_anew(database: str, *, rounds: int = 5) -> float:
    """Measure how long a full list of the register takes to be read, signed and stored again: the median."""
    folder = Path(tempfile.mkdtemp(prefix="rahdari-stream-"))
    try:
        house, _ = found_house(read_settings(folder, {"RAHDARI_DATABASE": database}), scrypt_n=2)
        chance = SeededChance(SEED)
        with house.foundation.writing() as desk:
            places = {chance.below(PLACES) for _ in range(SUSPENDED)}
            desk.store.set_standings([PlaceStanding(1, place, Standing.SUSPENDED) for place in places])
        taken = []
        for _ in range(rounds):
            began = time.perf_counter()
            with house.foundation.writing() as desk:
                status.publish(desk, every=True)
            taken.append(time.perf_counter() - began)
        house.close()
        return statistics.median(taken)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _row(name: str, figure: float, target: float | None = None) -> None:
    """Print a row; here less is better, and what has no target is told for information."""
    if target is None:
        print(f"info_{name} {figure:.4g}")
        return
    print(f"{name} {figure:.4g} {target:.4g} {'ok' if figure <= target else 'short'}")


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(engine: str, measured: Measured, verifiers: int, suspensions: int) -> None:
    """Print the rows of one engine."""
    every = sorted(measured.delays + measured.checked_delays)
    assert len(every) == verifiers * suspensions, "every verifier applied every delta"
    print(f"# {engine}: {verifiers} verifiers, {suspensions} suspensions, one server; 2 cores for all of it")
    _row(f"stream_{engine}_seconds_p50", _at(every, 0.5))
    _row(f"stream_{engine}_seconds_p99", _at(every, 0.99), 1.0)
    _row(f"stream_{engine}_seconds_worst", every[-1])
    _row(
        f"stream_{engine}_seconds_p99_of_those_that_check_signatures", _at(measured.checked_delays, 0.99), 1.0
    )
    _row(f"stream_{engine}_seconds_of_an_acknowledgement_p50", statistics.median(measured.answers))
    _row(f"stream_{engine}_bytes_of_a_suspension", measured.bytes_max, 200)
    per_client = measured.server_cpu / suspensions / verifiers * 1e6
    # Everything that the server did meanwhile: the suspension itself, signing the list anew, heads.
    _row(f"stream_{engine}_server_cpu_microseconds_a_delta_and_client", per_client)


def main() -> None:
    """Print the rows for each engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--verifiers", type=int, default=VERIFIERS)
    parser.add_argument("--suspensions", type=int, default=SUSPENSIONS)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    asked = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))
    for engine in asked.engine or ("sqlite", "postgresql"):
        with ExitStack() as stack:
            addresses = [
                stack.enter_context(postgresql()) if engine == "postgresql" else "" for _ in range(2)
            ]
            measured = run(addresses[0], verifiers=asked.verifiers, suspensions=asked.suspensions)
            report(engine, measured, asked.verifiers, asked.suspensions)
            _row(f"stream_{engine}_seconds_to_sign_a_list_anew", sign_anew(addresses[1]), 0.1)


if __name__ == "__main__":
    main()
