"""kill -9 at instants drawn from a seed, under load: nothing acknowledged is missing, nothing is logged twice.

Two gateways as the programs they are; either is killed, or both, also while it recovers from the kill before. A
failure names its seed; ``RAHDARI_WORLD_SEED=n`` runs that one again.
"""

import http.client
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_socket

from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role
from rahdari.wire.xroad import MemberId
from tests.contract.exchange_corridor import (
    BANK,
    PERSONS,
    REGISTRY,
    Corridor,
    reader_of,
    serving_corridor,
)
from tests.fakes.gateway_homes import ENVIRONMENT, MadeGateway, of_programs
from tests.unit.app.exchange_log.log_scene import root

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

SEEDS = [int(os.environ["RAHDARI_WORLD_SEED"])] if "RAHDARI_WORLD_SEED" in os.environ else [1]
ROUNDS = 3
CALLERS = 12
# How often, the method, the path. What the provider's gateway refuses is recorded before it is sent, too.
CALLS = (
    (6, "POST", "/echo"),
    (2, "GET", "/seen"),
    (1, "GET", "/secret"),
)
STRICT = ("/echo", "/secret")


@dataclass
class Load:
    """Callers that ask until they are told to stop, or nobody answers, and remember what was answered."""

    corridor: Corridor
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)
    _callers: list[threading.Thread] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def begin(self, seeds: Iterable[int]) -> None:
        self._is_over.clear()
        self._callers = [threading.Thread(target=self._ask, args=(random.Random(seed),)) for seed in seeds]
        for one in self._callers:
            one.start()

    def end(self) -> None:
        self._is_over.set()
        for one in self._callers:
            one.join(30)

    def _ask(self, chance: random.Random) -> None:
        weights = [often for often, _, _ in CALLS]
        while not self._is_over.is_set():
            [(_, method, path)] = chance.choices(CALLS, weights)
            body = chance.randbytes(chance.choice([1, 500, 20_000])) if method == "POST" else None
            try:
                got = self.corridor.persons(path, method=method, body=body, timeout=15.0)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            if got.status == 200 or got.all("x-road-error") == ["server.serverproxy.access_denied"]:
                self.acknowledged[got.one("x-road-request-id")] = (path, got.status)
            else:
                time.sleep(0.02)


def killed_while_it_begins(made: MadeGateway, seconds: float) -> None:
    with subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-m", "rahdari.web.exchange", "--home", str(made.home.folder)],
        env={**ENVIRONMENT, **of_programs()}, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        time.sleep(seconds)
        process.kill()


def heads_of(corridor: Corridor) -> list[tuple[MemberId, int, bytes]]:
    """What each gateway has signed of its log so far."""
    found = []
    for member, made in ((REGISTRY, corridor.registry), (BANK, corridor.bank)):
        head = reader_of(made).checkpoint()[1].head
        found.append((member, head.size, head.root))
    return found


def run(corridor: Corridor, seed: int) -> tuple[Load, list[tuple[MemberId, int, bytes]]]:
    chance, load, heads = random.Random(seed), Load(corridor), []
    both = {REGISTRY: corridor.registry, BANK: corridor.bank}
    for made in both.values():
        corridor.start(made)
    for _ in range(ROUNDS):
        before = len(load.acknowledged)
        load.begin(chance.randbytes(4)[0] + one for one in range(CALLERS))
        deadline = time.monotonic() + 20
        while len(load.acknowledged) < before + CALLERS:
            assert time.monotonic() < deadline, "hardly anything is answered"
            time.sleep(0.005)
        time.sleep(chance.random() ** 2 * 0.8)
        heads += heads_of(corridor)
        gone = chance.choice([[REGISTRY], [BANK], [REGISTRY, BANK]])
        for member in gone:
            corridor.stop(member, kill=True)
        load.end()
        for member in gone:
            if chance.random() < 0.4:
                killed_while_it_begins(both[member], 0.4 + chance.random())
            corridor.start(both[member])
    assert corridor.persons("/seen").status == 200
    for member in both:
        assert corridor.stop(member) == 0
    return load, heads


def records_of(made: MadeGateway, role: Role) -> tuple[dict[str, ExchangeRecord], list[bytes]]:
    """Read a log from its first entry to its last; no exchange and no receipt stands in it twice."""
    reader = reader_of(made)
    raw = [entry for _, entry in reader.iterate()]
    signed = reader.checkpoint()[1].head
    assert (signed.size, signed.root) == (len(raw), root(raw))
    entries = [read_entry(one) for one in raw]
    answered = [one for one in entries if isinstance(one, ExchangeRecord) and one.role is role]
    receipts = Counter(one.request_id for one in entries if isinstance(one, ReceiptRecord))
    found = {one.request_id: one for one in answered}
    assert len(found) == len(answered), "no exchange is logged twice"
    assert set(receipts.values()) <= {1}, "no receipt is logged twice"
    return found, raw


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_killed_nothing_acknowledged_is_missing_and_nothing_is_logged_twice(
    seed: int, tmp_path: Path
) -> None:
    pytest_socket.enable_socket()
    try:
        with serving_corridor(tmp_path, start=False) as corridor:
            file = corridor.bank.home.folder / "gateway.toml"
            written = file.read_text(encoding="utf-8")
            assert "[settings]" not in written
            file.write_text(f'{written}\n[settings]\nown_record = "strict"\n', encoding="utf-8")
            load, heads = run(corridor, seed)
            judge(corridor, load, heads)
    except BaseException as failure:
        failure.add_note(f"RAHDARI_WORLD_SEED={seed}")
        raise


def judge(corridor: Corridor, load: Load, heads: list[tuple[MemberId, int, bytes]]) -> None:
    provider, provided = records_of(corridor.registry, Role.PROVIDER)
    consumer, consumed = records_of(corridor.bank, Role.CONSUMER)
    strict = {one for one, (path, _) in load.acknowledged.items() if path in STRICT}
    assert len(strict) > 3 * ROUNDS
    assert strict <= set(provider), "each strict answer is in the provider's log"
    assert set(load.acknowledged) <= set(consumer), "all is in the log of a consumer that records strictly"
    for request_id, (path, status) in load.acknowledged.items():
        if request_id in provider:
            mine, theirs = provider[request_id], consumer[request_id]
            assert (mine.status, theirs.status) == (status, status)
            assert mine.response == theirs.response, f"one answer to {PERSONS}{path}, signed once"
            assert mine.request_hash == theirs.request_hash
    # What was signed before a kill is the beginning of what there is now.
    for member, size, signed in heads:
        assert root((provided if member == REGISTRY else consumed)[:size]) == signed
