"""What happens to gateways when something breaks: killed, full, stuck, flooded, outdated."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_socket

from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord
from tests.contract.exchange_corridor import (
    BANK,
    CLIENT,
    PERSONS,
    REGISTRY,
    Corridor,
    reader_of,
    serving_corridor,
)
from tests.fakes.gateway_homes import ENVIRONMENT, MadeGateway

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

LARGE_BYTES = 1 << 30
LARGE_ANSWER_BYTES = 128 << 20


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("corridor")) as made:
        yield made


def _upload(corridor: Corridor, size: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", corridor.bank.home.edge.port, timeout=60)
    connection.putrequest("POST", f"{PERSONS}/echo")
    connection.putheader("X-Road-Client", CLIENT)
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    part = b"u" * (1 << 20)
    for at in range(0, size, len(part)):
        connection.send(part[: size - at])
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    connection.close()
    return body


def test_large_bodies_pass_in_little_memory(corridor: Corridor) -> None:
    corridor.persons("/seen")
    before = max(corridor.rss_mib(one) for one in (BANK, REGISTRY))
    most: list[float] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            most.append(max(corridor.rss_mib(one) for one in (BANK, REGISTRY)))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        assert _upload(corridor, LARGE_BYTES) == b"%d" % LARGE_BYTES
        connection = http.client.HTTPConnection("127.0.0.1", corridor.bank.home.edge.port, timeout=60)
        connection.request("GET", f"{PERSONS}/big/{LARGE_ANSWER_BYTES}", headers={"X-Road-Client": CLIENT})
        answer = connection.getresponse()
        count = 0
        while part := answer.read(1 << 20):
            count += len(part)
        connection.close()
        assert count == LARGE_ANSWER_BYTES
    finally:
        stop.set()
        watching.join()
    assert max(most) - before < 24


def test_one_stuck_service_stops_no_other(corridor: Corridor) -> None:
    hanging = [
        threading.Thread(target=corridor.call, args=("/r1/PK/GOV/1001/registry/hang/hang",)) for _ in range(8)
    ]
    for one in hanging:
        one.start()
    began = time.monotonic()
    assert corridor.persons("/seen").status == 200
    assert time.monotonic() - began < 0.45
    for one in hanging:
        one.join()


def test_the_offer_is_read_anew_when_it_changes_and_the_last_good_one_kept(corridor: Corridor) -> None:
    file = corridor.registry.home.services_file
    good = file.read_text(encoding="utf-8")
    assert corridor.persons("/secret").one("x-road-error") == "server.serverproxy.access_denied"
    try:
        file.write_text(good.replace("'GET /rare'", "'GET /rare', 'GET /secret'"), encoding="utf-8")
        _until(lambda: corridor.persons("/secret").status == 200)
        file.write_text("not toml [", encoding="utf-8")
        time.sleep(1.3)
        assert corridor.persons("/secret").status == 200
    finally:
        file.write_text(good, encoding="utf-8")
    corridor.processes[REGISTRY].send_signal(signal.SIGHUP)
    _until(lambda: corridor.persons("/secret").status == 500)


def _until(is_so: object, seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_gateway_that_ends_finishes_what_it_began(corridor: Corridor) -> None:
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(corridor.persons("/slow").status))
    before = len(corridor.system.asked)
    slow.start()
    _until(lambda: ("GET", "/slow") in corridor.system.asked[before:])
    assert corridor.stop(BANK) == 0
    slow.join()
    assert answers == [200]
    corridor.start(corridor.bank)


def _begin(made: MadeGateway) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-m", "rahdari.web.exchange", "--home", str(made.home.folder)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_two_gateways_cannot_serve_one_home(corridor: Corridor) -> None:
    code, said = _begin(corridor.bank)
    assert code == 2
    assert "another process" in said
    assert "Traceback" not in said


class TestOneGateway:
    """Faults that need a gateway of their own."""

    @pytest.fixture
    def quiet(self, tmp_path: Path) -> Iterator[Corridor]:
        with serving_corridor(tmp_path, start=False) as made:
            yield made

    def test_a_port_that_is_taken_is_said(self, quiet: Corridor) -> None:
        with socket.create_server(("127.0.0.1", quiet.bank.home.peer.port)):
            code, said = _begin(quiet.bank)
        assert code == 2
        assert str(quiet.bank.home.peer.port) in said
        assert "Traceback" not in said

    def test_an_offer_that_cannot_be_read_is_said(self, quiet: Corridor) -> None:
        quiet.registry.home.services_file.write_text("[[service]]\nid = 1\n", encoding="utf-8")
        code, said = _begin(quiet.registry)
        assert code == 2
        assert "line 1" in said
        assert "id must be text" in said

    def test_with_an_expired_configuration_everything_is_refused(self, quiet: Corridor) -> None:
        quiet.instance.publish(at=datetime.now(UTC) - timedelta(days=2))
        quiet.start(quiet.bank)
        got = quiet.persons("/seen")
        assert got.one("x-road-error") == "server.clientproxy.global_conf_outdated"
        assert quiet.call("/health").status == 503
        quiet.instance.publish()
        _until(lambda: quiet.call("/health").status == 200)

    def test_a_gateway_whose_peer_is_away_says_so_and_records_it(self, quiet: Corridor) -> None:
        quiet.start(quiet.bank)
        got = quiet.persons("/seen")
        assert got.one("x-road-error") == "server.clientproxy.service_failed.network_error"
        quiet.start(quiet.registry)
        assert quiet.persons("/seen").status == 200
        assert quiet.stop(BANK) == 0
        reader = reader_of(quiet.bank)
        entries = [read_entry(raw) for _, raw in reader.iterate()]
        assert [one.fault for one in entries if isinstance(one, ExchangeRecord)] == [
            "server.clientproxy.service_failed.network_error", "",
        ]  # fmt: skip

    def test_a_log_that_was_altered_is_not_served(self, quiet: Corridor) -> None:
        quiet.start(quiet.registry)
        quiet.start(quiet.bank)
        quiet.persons("/seen")
        assert quiet.stop(REGISTRY) == 0
        (bundle,) = (quiet.registry.home.log_folder).rglob("entries/000.p/*")
        raw = bytearray(bundle.read_bytes())
        raw[len(raw) // 2] ^= 1
        bundle.write_bytes(raw)
        code, said = _begin(quiet.registry)
        assert code == 2
        assert "Traceback" not in said

    def test_on_a_full_disk_nothing_is_exchanged_and_then_again(
        self, quiet: Corridor, tmp_path: Path
    ) -> None:
        """The size of a file is limited for the gateway's process alone: writing fails as on a full disk."""
        quiet.start(quiet.registry)
        quiet.start(quiet.bank)
        assert quiet.persons("/echo", method="POST", body=b"1").status == 200
        pid = quiet.processes[REGISTRY].pid
        asked = len(quiet.system.asked)
        subprocess.run(["prlimit", f"--pid={pid}", "--fsize=1:unlimited"], check=True)  # noqa: S603, S607
        got = quiet.persons("/echo", method="POST", body=b"2")
        assert got.one("x-road-error") == "server.serverproxy.logging_failed"
        got = quiet.persons("/seen")
        assert got.one("x-road-error") == "server.serverproxy.logging_failed"
        assert len(quiet.system.asked) <= asked + 1, "known once, nothing is asked of the service"
        subprocess.run(["prlimit", f"--pid={pid}", "--fsize=unlimited"], check=True)  # noqa: S603, S607
        _until(lambda: quiet.persons("/echo", method="POST", body=b"3").status == 200, 15)


def test_a_gateway_loads_no_framework_and_no_analytics() -> None:
    """Neither an HTTP client, before there is anybody whom it would ask, nor templates, before a page is opened."""
    heavy = {"aiohttp", "jinja2", "litestar", "polars", "duckdb", "numpy", "scipy", "sqlalchemy"}
    code = f"import rahdari.web.exchange.__main__, sys; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | ENVIRONMENT
    )
    assert done.stdout.strip() == "[]"
