"""Everything at once, from a seed: gateways are killed, stopped, filled up and set to another hour under load.

Whatever happens, each answer that a caller got stands in both logs (the service is strict, and so is the bank's own
record), and nothing stands there twice.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pytest

from rahdari.app.exchange.home import FILE_NAME
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord, Role
from tests.contract.exchange_corridor import BANK, REGISTRY, offer_of, reader_of, serving_corridor
from tests.contract.test_exchange_clocks import HOUR, Moved, error_of
from tests.fakes.chance import SeededChance
from tests.fakes.gateway_homes import MadeGateway, add_gateway, fork_gateway
from tests.fakes.peer_calls import send, sign
from tests.fakes.programs import Program

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

CALLERS = 6
FAULTS = 7
SERVED = "/r1/PK/GOV/1001/registry"


@dataclass(slots=True)
class Storm:
    """A corridor under load, and the faults that come over it."""

    moved: Moved
    chance: SeededChance
    acknowledged: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    calm: threading.Event = field(default_factory=threading.Event)

    @property
    def faults(self) -> list[Callable[[MadeGateway], None]]:
        return [self.kill, self.tear, self.fill, self.set_clock, self.halt, self.hang, self.replay]

    def kill(self, made: MadeGateway) -> None:
        self.moved.corridor.stop(made.home.member, kill=True)
        self.moved.start(made)

    def tear(self, made: MadeGateway) -> None:
        """A write that the power failure cut in the middle: whatever stood on the disk there before."""
        self.moved.corridor.stop(made.home.member, kill=True)
        segment = max((made.home.log_folder / "journal").iterdir())
        with segment.open("ab") as file:
            file.write(self.chance.bytes(1 + self.chance.below(3000)))
        self.moved.start(made)

    def fill(self, made: MadeGateway) -> None:
        self._limit(made, "1:unlimited")
        self._wait()
        self._limit(made, "unlimited")

    def set_clock(self, made: MadeGateway) -> None:
        self.moved.set(made.home.member, HOUR if self.chance.below(2) else -HOUR)
        self._wait()
        self.moved.set(made.home.member, 0)

    def halt(self, made: MadeGateway) -> None:
        process = self.moved.corridor.processes[made.home.member]
        process.send_signal(signal.SIGSTOP)
        self._wait()
        process.send_signal(signal.SIGCONT)

    def hang(self, _: MadeGateway) -> None:
        asked = [threading.Thread(target=self._quietly, args=(f"{SERVED}/hang/hang",)) for _ in range(4)]
        for one in asked:
            one.start()
        for one in asked:
            one.join()

    def replay(self, _: MadeGateway) -> None:
        bank = self.moved.bank()
        outgoing = sign(bank, f"{SERVED}/persons/echo", b"again", method="POST")
        try:
            first = send(bank, outgoing, b"again")
            if not first.all("x-road-error"):
                assert error_of(send(bank, outgoing, b"again")) == "server.serverproxy.invalid_request"
        except (OSError, ValueError):
            return

    def ask(self) -> None:
        while not self.calm.is_set():
            got = self._quietly(f"{SERVED}/persons/echo", method="POST", body=b"strict")
            if got is None:
                time.sleep(0.02)
            else:
                self.acknowledged.append(got)

    def _quietly(self, path: str, **more: object) -> str | None:
        """Ask; the id of the exchange, if it was answered."""
        try:
            got = self.moved.corridor.call(path, **more)  # type: ignore[arg-type]
        except (OSError, HTTPException):
            return None
        return got.one("x-road-request-id") if got.status == 200 else None

    def _wait(self) -> None:
        time.sleep(0.1 + self.chance.below(400) / 1000)

    def _limit(self, made: MadeGateway, size: str) -> None:
        pid = self.moved.corridor.processes[made.home.member].pid
        subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size}"], check=True)  # noqa: S603, S607


@pytest.fixture
def storm(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Storm]:
    with serving_corridor(tmp_path, start=False) as corridor:
        bank = corridor.bank.home.folder / FILE_NAME
        bank.write_text(
            bank.read_text(encoding="utf-8").replace(
                "[[client]]", '[settings]\nown_record = "strict"\n\n[[client]]'
            ),
            encoding="utf-8",
        )
        moved = Moved(corridor, tmp_path)
        for one in (corridor.registry, corridor.bank):
            moved.set(one.home.member, 0)
            moved.start(one)
        yield Storm(moved, SeededChance(request.param))


def _seeds() -> list[int]:
    """More of them by ``RAHDARI_STORM_SEEDS=7,8,9``."""
    return [int(one) for one in os.environ.get("RAHDARI_STORM_SEEDS", "1").split(",")]


@pytest.mark.parametrize("storm", _seeds(), indirect=True)
def test_whatever_comes_no_answer_is_missing_from_a_log_and_none_stands_there_twice(storm: Storm) -> None:
    corridor = storm.moved.corridor
    asking = [threading.Thread(target=storm.ask) for _ in range(CALLERS)]
    for one in asking:
        one.start()
    try:
        for _ in range(FAULTS):
            storm._wait()
            fault = storm.faults[storm.chance.below(len(storm.faults))]
            made = (corridor.registry, corridor.bank)[storm.chance.below(2)]
            storm.history.append(f"{fault.__name__} {made.home.member}")
            fault(made)
        # And when all is over, calls are answered again.
        before, deadline = len(storm.acknowledged), time.monotonic() + 60
        while len(storm.acknowledged) < before + 10:
            assert time.monotonic() < deadline, storm.history
            time.sleep(0.1)
    finally:
        storm.calm.set()
        for one in asking:
            one.join(30)
    assert [corridor.stop(one) for one in (BANK, REGISTRY)] == [0, 0]
    for made, role in ((corridor.registry, Role.PROVIDER), (corridor.bank, Role.CONSUMER)):
        kept = _recorded(made, role)
        assert len(kept) == len(set(kept)), (made.home.member, storm.history)
        assert set(storm.acknowledged) <= set(kept), (made.home.member, storm.history)


@pytest.mark.parametrize("storm", _seeds()[:1], indirect=True)
def test_of_a_member_with_two_gateways_one_alone_answers_each_request(storm: Storm) -> None:
    """Whichever of them is killed under load: no request is answered, or logged, by both."""
    corridor = storm.moved.corridor
    instance = corridor.instance
    second = add_gateway(instance, REGISTRY, "registry", offer=offer_of(corridor.system.url))
    instance.publish()
    pair = {1: corridor.registry, 2: second}
    running = {1: corridor.processes[REGISTRY], 2: fork_gateway(second)}
    asking = [threading.Thread(target=storm.ask) for _ in range(CALLERS)]
    for one in asking:
        one.start()
    try:
        for _ in range(4):
            storm._wait()
            hit = 1 + storm.chance.below(2)
            storm.history.append(f"kill {hit}")
            _end(running[hit], signal.SIGKILL)
            storm._wait()
            running[hit] = fork_gateway(pair[hit])
    finally:
        storm.calm.set()
        for one in asking:
            one.join(30)
        for process in running.values():
            _end(process, signal.SIGTERM)
    assert corridor.stop(BANK) == 0
    by_first, by_second = (_recorded(made, Role.PROVIDER) for made in pair.values())
    every = [*by_first, *by_second]
    assert all((by_first, by_second)), storm.history
    assert len(every) == len(set(every)), storm.history
    assert set(storm.acknowledged) <= set(every), storm.history
    ours = _recorded(corridor.bank, Role.CONSUMER)
    assert len(ours) == len(set(ours)), storm.history
    assert set(storm.acknowledged) <= set(ours), storm.history


def _end(process: "subprocess.Popen[str] | Program", by: signal.Signals) -> None:
    process.send_signal(by)
    process.wait(25)
    if process.stderr is not None:
        process.stderr.close()


def _recorded(made: MadeGateway, role: Role) -> list[str]:
    entries = (read_entry(raw) for _, raw in reader_of(made).iterate())
    return [one.request_id for one in entries if isinstance(one, ExchangeRecord) and one.role is role]
