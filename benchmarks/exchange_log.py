"""Claim: a gateway's log takes 50,000 records a second, durable, in flat memory; a proof is small and quick.

10,000,000 records of 322 bytes (that of an exchange) are appended by one program on one event loop, as fast
as the log makes them durable: in batches, written and flushed, then tiles, index of requests, a signed
checkpoint each second. The rate is counted up to the last record in its signed tiles. CPU is that of all
threads together; wall and CPU must both hold. Then proofs and requests are looked for at random, each proof
verified.

``--quick``: 200,000 records. ``--particulars``: with 600 bytes of sealed particulars each.
"""

import argparse
import asyncio
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.log import EvidenceLogFiles, LogReader, LogSecrets, LogSigners
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.tlog import Ed25519NoteSigner, LogProof, MlDsa44NoteSigner, Policy, verify_proof

RECORDS, QUICK, RECORD_BYTES, PARTICULARS_BYTES = 10_000_000, 200_000, 322, 600
NAME_BYTES = 24
# So many records may wait at a time, as many callers do.
WAITING = 4096
# Behind so many records, every buffer has had its full size once.
SETTLED = 1_000_000
ORIGIN = "ndel/PK/GOV/1001/gw1"
LOOKED_UP = 300
PER_SECOND_MIN, PROOF_BYTES_MAX, PROOF_MS_MAX, FIND_MS_MAX, GROWTH_MB_MAX = 50_000, 1024, 2.0, 50.0, 20.0


@dataclass
class Taken:
    """What appending cost, how long it waited for a processor, and the resident memory (MB) early and late."""

    wall: float
    cpu: float
    queued: float
    memory_early: float
    memory_late: float


def name_of(number: int) -> str:
    """Write the request id of a record."""
    return f"{number:0{NAME_BYTES}d}"


def request_of(record: bytes) -> str:
    """Read the request id of a record."""
    return record[:NAME_BYTES].decode()


def resident_mb() -> float:
    """Tell the memory that this program holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def queued_seconds() -> float:
    """Tell how long this thread has waited for a processor that somebody else used (schedstat of Linux)."""
    stat = Path("/proc/self/schedstat")
    return int(stat.read_text(encoding="ascii").split()[1]) / 1e9 if stat.is_file() else 0.0


async def append_all(folder: Path, secrets: LogSecrets, count: int, particulars: bytes) -> Taken:
    """Append ``count`` records and see them signed."""
    tail = bytes(range(256))[: RECORD_BYTES - NAME_BYTES].ljust(RECORD_BYTES - NAME_BYTES, b"x")
    early = 0.0
    wall, cpu, queued = time.perf_counter(), time.process_time(), queued_seconds()
    log = EvidenceLogFiles(folder, secrets, clock=SystemClock(), chance=SystemChance(), request_of=request_of)
    async with log:
        marks: list[asyncio.Future[int]] = []
        future = log.append(name_of(0).encode() + tail, particulars)
        for number in range(1, count):
            future = log.append(name_of(number).encode() + tail, particulars)
            if number % 256 == 255:
                marks.append(future)
                if len(marks) > WAITING // 256:
                    await marks.pop(0)
            if number == min(count // 2, SETTLED):
                early = resident_mb()
        await future
        await log.publish(settle=True)
        late = resident_mb()
    return Taken(
        time.perf_counter() - wall, time.process_time() - cpu, queued_seconds() - queued, early, late
    )


def milliseconds(work: Callable[[int], object], numbers: list[int]) -> tuple[float, float]:
    """Measure the median of one call in CPU milliseconds, and in milliseconds of the wall."""
    cpu, wall = [], []
    for number in numbers:
        began, at = time.process_time(), time.perf_counter()
        work(number)
        cpu.append((time.process_time() - began) * 1000)
        wall.append((time.perf_counter() - at) * 1000)
    return statistics.median(cpu), statistics.median(wall)


def print_row(name: str, figure: float, target: float, *, is_ok: bool) -> None:
    """Print the row that ``make bench`` collects."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if is_ok else 'short'}", flush=True)


def print_appending(taken: Taken, count: int) -> None:
    """Print the rows of appending."""
    for name, seconds in (("cpu", taken.cpu), ("wall", taken.wall)):
        rate = count / seconds
        print_row(f"log_records_per_second_{name}", rate, PER_SECOND_MIN, is_ok=rate >= PER_SECOND_MIN)
    growth = taken.memory_late - taken.memory_early
    print_row("log_memory_growth_mb", growth, GROWTH_MB_MAX, is_ok=growth <= GROWTH_MB_MAX)
    print(
        f"# {count} records; resident {taken.memory_early:.0f} MB at first, {taken.memory_late:.0f} at the end"
    )
    print(
        f"# of {taken.wall:.0f} s of wall, {taken.queued:.0f} s were spent waiting for a processor others used"
    )


def print_looking(folder: Path, secrets: LogSecrets, count: int) -> None:
    """Print the rows of proofs and of requests found."""
    chance = random.Random(6962)
    numbers = [chance.randrange(count) for _ in range(LOOKED_UP)]
    reader = LogReader(folder, secrets.signers.name, request_of=request_of)
    note, _ = reader.checkpoint()
    policy = Policy(ORIGIN, secrets.signers.name.keys, quorum=0, is_post_quantum=True)
    made, made_wall = milliseconds(reader.proof, numbers)
    proofs = {number: LogProof(number, reader.proof(number), note) for number in numbers}
    entries = {number: reader.entry(number) for number in numbers}
    checked, _ = milliseconds(lambda number: verify_proof(entries[number], proofs[number], policy), numbers)
    size = max(32 * len(proof.hashes) for proof in proofs.values())
    print_row("log_proof_bytes", size, PROOF_BYTES_MAX, is_ok=size <= PROOF_BYTES_MAX)
    print_row(
        "log_proof_made_and_verified_ms", made + checked, PROOF_MS_MAX, is_ok=made + checked <= PROOF_MS_MAX
    )
    reader.find(name_of(0))  # learns the last group, which is not whole yet
    found, found_wall = milliseconds(lambda number: _find(reader, number), numbers)
    print_row("log_request_found_ms", found, FIND_MS_MAX, is_ok=found <= FIND_MS_MAX)
    text = len(proofs[numbers[0]].encode())
    ed25519 = Policy(ORIGIN, (secrets.signers.name.keys[0],), quorum=0)
    alone = LogProof(numbers[0], proofs[numbers[0]].hashes, type(note)(note.text, note.signatures[:1]))
    verify_proof(entries[numbers[0]], alone, ed25519)
    print(f"# wall: proof made {made_wall:.2f} ms, request found {found_wall:.2f} ms; as text (tlog-proof)")
    print(f"# {len(alone.encode())} bytes with the Ed25519 line alone, {text} with ML-DSA-44 beside it")


def _find(reader: LogReader, number: int) -> None:
    assert reader.find(name_of(number)) == [number]


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200,000 records")
    parser.add_argument("--particulars", action="store_true", help="with sealed particulars")
    asked = parser.parse_args()
    count = QUICK if asked.quick else RECORDS
    signers = (
        Ed25519NoteSigner(ORIGIN, SoftwareSigner.generate(Algorithm.EDDSA)),
        MlDsa44NoteSigner(ORIGIN, MLDSA44PrivateKey.generate()),
    )
    secrets = LogSecrets(LogSigners(ORIGIN, signers), SystemChance().bytes(32))
    folder = Path(tempfile.mkdtemp(prefix="exchange-log-"))
    try:
        particulars = bytes(PARTICULARS_BYTES) if asked.particulars else b""
        print_appending(asyncio.run(append_all(folder, secrets, count, particulars)), count)
        print_looking(folder, secrets, count)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
