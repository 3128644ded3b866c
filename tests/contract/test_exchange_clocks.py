"""Clocks that jump an hour, and a registry that is away: refused by name, and mended without a restart."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import pytest
import pytest_socket

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import Outgoing
from rahdari.wire.xroad import MemberId
from tests.contract.exchange_corridor import BANK, PERSONS, REGISTRY, Corridor, serving_corridor
from tests.fakes.clock import WoundClock
from tests.fakes.gateway_homes import MadeGateway, start_gateway
from tests.fakes.peer_calls import Got, open_made, send, sign

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

HOUR = 3600
REPLAYED = "server.serverproxy.invalid_request"
STALE = "server.serverproxy.signature_verification"


@dataclass(slots=True)
class Moved:
    """A corridor whose gateways have clocks that can be set."""

    corridor: Corridor
    folder: Path

    def set(self, member: MemberId, seconds: int) -> None:
        aside = self.folder / "aside"
        aside.write_text(str(seconds), encoding="ascii")
        aside.replace(self._file(member))

    def start(self, made: MadeGateway, *, journal: IO[bytes] | None = None) -> None:
        words = ("tests.fakes.moved_gateway", "--clock", str(self._file(made.home.member)))
        self.corridor.processes[made.home.member] = start_gateway(made, words=words, journal=journal)

    def bank(self, seconds: int = 0) -> OpenGateway:
        """The bank's keys in other hands, with a clock of their own."""
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        return open_made(self.corridor.bank, clock=WoundClock(at))

    def _file(self, member: MemberId) -> Path:
        return self.folder / f"clock-{member.member_code}"


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("moved")
    with serving_corridor(folder, start=False) as corridor:
        made = Moved(corridor, folder)
        for one in (corridor.registry, corridor.bank):
            made.set(one.home.member, 0)
            made.start(one)
        yield made


def answered(bank: OpenGateway) -> Outgoing:
    outgoing = sign(bank, f"{PERSONS}/seen")
    assert send(bank, outgoing).status == 200
    return outgoing


def error_of(got: Got) -> str:
    return got.one("x-road-error")


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_providers_clock_that_jumps_refuses_by_name_and_mends_without_a_restart(
    moved: Moved, seconds: int
) -> None:
    corridor, bank = moved.corridor, moved.bank()
    before = answered(bank)
    moved.set(REGISTRY, seconds)
    try:
        assert error_of(send(bank, sign(bank, f"{PERSONS}/seen"))) == STALE
        got = corridor.persons("/seen")
        assert error_of(got) == "server.clientproxy.service_failed.missing_signature"
        assert STALE in json.loads(got.body)["message"]
        assert error_of(send(bank, before)) == STALE
    finally:
        moved.set(REGISTRY, 0)
    assert error_of(send(bank, before)) == REPLAYED
    assert corridor.persons("/seen").status == 200


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_consumers_clock_that_jumps_is_told_by_its_provider_and_mends_without_a_restart(
    moved: Moved, seconds: int
) -> None:
    moved.set(BANK, seconds)
    try:
        got = moved.corridor.persons("/seen")
        assert error_of(got) == "server.clientproxy.service_failed.missing_signature"
        assert STALE in json.loads(got.body)["message"]
    finally:
        moved.set(BANK, 0)
    assert moved.corridor.persons("/seen").status == 200


def test_what_only_the_log_knows_is_no_news_after_the_clock_was_set_back(moved: Moved) -> None:
    """Answered an hour ago by a clock of then; forgotten by the process; young again when the clock goes back."""
    corridor = moved.corridor
    moved.set(REGISTRY, -HOUR)
    past = moved.bank(-HOUR)
    before = answered(past)
    assert corridor.stop(REGISTRY) == 0
    moved.set(REGISTRY, 0)
    moved.start(corridor.registry)
    assert corridor.persons("/seen").status == 200
    assert error_of(send(past, before)) == STALE
    moved.set(REGISTRY, -HOUR)
    try:
        assert error_of(send(past, before)) == REPLAYED
        assert send(past, sign(past, f"{PERSONS}/seen")).status == 200, "new ones are answered"
    finally:
        moved.set(REGISTRY, 0)
    assert corridor.persons("/seen").status == 200


def test_what_was_answered_behind_the_jump_is_known_after_a_restart(moved: Moved) -> None:
    """The log then goes on where it was an hour ago: what it has of now stands behind what is later."""
    corridor = moved.corridor
    assert corridor.persons("/seen").status == 200
    moved.set(REGISTRY, -HOUR)
    past = moved.bank(-HOUR)
    before = answered(past)
    assert corridor.stop(REGISTRY) == 0
    moved.start(corridor.registry)
    try:
        assert error_of(send(past, before)) == REPLAYED
    finally:
        moved.set(REGISTRY, 0)
    assert corridor.persons("/seen").status == 200


def test_a_journal_that_cannot_be_written_stops_nothing(moved: Moved) -> None:
    """Its disk is full, or nobody reads the pipe: what would be told of a clock set back is lost, no call is."""
    corridor = moved.corridor
    assert corridor.stop(REGISTRY) == 0
    with Path("/dev/full").open("wb") as full:
        moved.start(corridor.registry, journal=full)
    try:
        assert corridor.persons("/seen").status == 200
        moved.set(REGISTRY, -HOUR)
        past = moved.bank(-HOUR)
        assert send(past, sign(past, f"{PERSONS}/seen")).status == 200
    finally:
        moved.set(REGISTRY, 0)
    assert corridor.persons("/seen").status == 200
    lost = next(line for line in _edge(corridor.registry, "/metrics").splitlines() if "lines_lost " in line)
    assert not lost.endswith(" 0.0")
    assert corridor.stop(REGISTRY) == 0
    moved.start(corridor.registry)


def _edge(made: MadeGateway, path: str) -> str:
    with urlopen(f"{made.edge_url}{path}", timeout=10) as answer:  # noqa: S310 - our own loopback server
        return str(answer.read(), "utf-8")


def _version(made: MadeGateway) -> int:
    return int(json.loads(_edge(made, "/status"))["configuration_version"])


def test_without_their_registry_gateways_go_on_until_their_configuration_ends_and_then_refuse_by_name(
    tmp_path: Path,
) -> None:
    with serving_corridor(tmp_path, start=False) as corridor:
        instance, file = corridor.instance, tmp_path / "configuration.jws"
        corridor.start(corridor.registry)
        corridor.start(corridor.bank)
        begun = datetime.now(UTC)
        instance.publish(lifetime=timedelta(seconds=10))
        ends = time.monotonic() + 10
        # Both ask for it each second; the registry's own edge tells as well.
        for made in (corridor.bank, corridor.registry):
            while _version(made) != instance.version:
                time.sleep(0.1)
        file.unlink()
        time.sleep(1.5)
        assert corridor.persons("/seen").status == 200
        early = open_made(corridor.bank, clock=WoundClock(begun + timedelta(seconds=2)))
        time.sleep(max(0.0, ends + 1 - time.monotonic()))
        asked = len(corridor.system.asked)
        assert error_of(corridor.persons("/seen")) == "server.clientproxy.global_conf_outdated"
        got = send(early, sign(early, f"{PERSONS}/seen"))
        assert error_of(got) == "server.serverproxy.global_conf_outdated"
        assert len(corridor.system.asked) == asked
        instance.publish()
        deadline = time.monotonic() + 30
        while corridor.persons("/seen").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
