"""Real servers on one register: what is committed through any of them reaches the verifiers of all."""

import json
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest

from rahdari.app.house import House, found_house, open_house
from rahdari.app.settings import read_settings
from rahdari.credentials import Act, CardNumber, Reason
from rahdari.wire import base64url, status_stream
from rahdari.wire.status_stream import Delta
from tests.fakes.programs import Program
from tests.unit.credentials.scene import person

pytestmark = [pytest.mark.loopback, pytest.mark.slow, pytest.mark.usefixtures("machine_alone")]
CARDS = 8
SECONDS = 60.0


class Authority:
    """A house with active cards, its servers, and the port that they are to be found at."""

    def __init__(self, home: Path, address: str) -> None:
        self.home = home
        self.environment = os.environ | {
            "RAHDARI_DATABASE": address,
            "RAHDARI_RATE_PER_MINUTE": "100000",
            "RAHDARI_HEARTBEAT_SECONDS": "30",
        }
        house, _ = found_house(read_settings(home, self.environment), scrypt_n=2)
        officer = house.officers.authenticate_named("officer")
        people = [(person(number), None, "nic") for number in range(1, CARDS + 1)]
        made = house.registry.add_holders(people, actor=officer)
        house.registry.issue_waiting(actor=officer)
        house.authority.publish()
        self.cards = [card.number for _, card in made]
        self.token = (home / "officers" / "officer.token").read_text()
        house.close()

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[tuple[int, Program]]:
        words = ("rahdari.web", "--home", self.home, "--port", port)
        with Program(*words, environment=self.environment) as server:
            journal = server.stdout
            try:
                address = json.loads(journal.readline())["address"]
                threading.Thread(target=lambda: deque(journal, maxlen=0), daemon=True).start()
                yield int(address.rstrip("/").rsplit(":", 1)[1]), server
            finally:
                server.kill()

    def suspend_through(self, port: int, at: int) -> None:
        answer = httpx.post(
            f"http://127.0.0.1:{port}/api/v1/cards/{self.cards[at]}/acts",
            json={"act": "suspend", "reason": "lost"},
            headers={"authorization": f"Bearer {self.token}"},
            timeout=SECONDS,
        )
        assert answer.status_code == 200, answer.text

    @contextmanager
    def house(self) -> Iterator[House]:
        house = open_house(read_settings(self.home, self.environment))
        yield house
        house.close()

    def suspend_here(self, number: CardNumber) -> None:
        with self.house() as house:
            officer = house.officers.authenticate_named("officer")
            house.registry.act(number, Act.SUSPEND, actor=officer, reason=Reason.LOST)

    def suspend_by_command(self, at: int) -> None:
        words = ("rahdari", "pass", "suspend", self.cards[at], "--reason", "lost", "--as", "officer")
        with Program(*words, "--home", self.home, environment=self.environment) as done:
            assert done.wait(SECONDS) == 0, done.stdout.read()


class Verifier:
    """Follows a stream as the specification says, comes back whenever it ends, and checks the chain."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sequence = 0
        self.digest = status_stream.FIRST
        self.connections = 0
        self.gaps = 0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join(SECONDS)

    def reaches(self, sequence: int) -> bool:
        ends = time.monotonic() + SECONDS
        while self.sequence < sequence and time.monotonic() < ends:
            time.sleep(0.01)
        return self.sequence == sequence

    def is_connected(self) -> bool:
        ends = time.monotonic() + SECONDS
        while not self.connections and time.monotonic() < ends:
            time.sleep(0.01)
        return bool(self.connections)

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._follow()
            except OSError:
                time.sleep(0.05)

    def _follow(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as line:
            line.sendall(b"GET /s/stream?after=%d HTTP/1.1\r\nhost: localhost\r\n\r\n" % self.sequence)
            held = b""
            while not self._ends.is_set():
                try:
                    some = line.recv(65_536)
                except TimeoutError:
                    continue
                if not some:
                    return
                held += some
                *whole, held = held.split(b"\n\n")
                for one in whole:
                    self._take(one)

    def _take(self, frame: bytes) -> None:
        if b"event:gap" in frame:
            self.gaps += 1
        elif b"data:" in frame:
            self.connections += 1
            signed = status_stream.decode(base64url.decode(frame.rpartition(b"data:")[2].decode()))
            said = signed.unverified
            if isinstance(said, Delta) and said.sequence > self.sequence:
                assert (said.sequence, said.previous) == (self.sequence + 1, self.digest)
                self.sequence, self.digest = said.sequence, signed.digest


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def authority(request: pytest.FixtureRequest, tmp_path: Path) -> Authority:
    address = request.getfixturevalue("postgresql_address") if request.param == "postgresql" else ""
    return Authority(tmp_path / "home", address)


def test_a_suspension_through_any_process_reaches_the_verifiers_of_every_server(authority: Authority) -> None:
    """Nothing but the database is between them; the heartbeat, 30 seconds, is not what brings it."""
    with authority.serving() as (first, _), authority.serving() as (second, _):  # noqa: SIM117
        with Verifier(first) as at_first, Verifier(second) as at_second:
            assert at_first.is_connected()
            assert at_second.is_connected()
            began = time.monotonic()
            authority.suspend_through(first, 0)
            assert at_second.reaches(1)
            assert at_first.reaches(1)
            authority.suspend_through(second, 1)
            assert at_first.reaches(2)
            assert at_second.reaches(2)
            assert time.monotonic() - began < 20
            authority.suspend_by_command(2)
            assert at_first.reaches(3)
            assert at_second.reaches(3)


def test_verifiers_lose_nothing_when_their_server_is_started_again(authority: Authority) -> None:
    with authority.serving() as (port, server):
        authority.suspend_through(port, 0)
        with Verifier(port) as verifier:
            assert verifier.reaches(1)
            server.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert server.wait(SECONDS) == 0
            # The open stream did not hold the server up for the time that it grants to requests.
            assert time.monotonic() - began < 9
            authority.suspend_here(authority.cards[1])
            with authority.serving(port):
                assert verifier.reaches(2)
                authority.suspend_through(port, 2)
                assert verifier.reaches(3)
            assert verifier.gaps == 0


def test_what_a_killed_server_committed_and_did_not_push_is_sent_by_the_next(authority: Authority) -> None:
    with authority.serving() as (port, server):  # noqa: SIM117
        with Verifier(port) as verifier:
            assert verifier.is_connected()
            # Stopped, so that it cannot push, and killed in that state.
            server.send_signal(signal.SIGSTOP)
            authority.suspend_here(authority.cards[0])
            server.kill()
            server.wait(SECONDS)
            assert verifier.sequence == 0
            with authority.serving(port):
                assert verifier.reaches(1)
