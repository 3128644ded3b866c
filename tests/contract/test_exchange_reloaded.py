"""What a gateway at work takes over without a restart: its clients, and keys that were made beside it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_socket

from rahdari.app.exchange.home import FILE_NAME
from tests.contract.exchange_corridor import BANK, Corridor, serving_corridor
from tests.fakes.gateway_homes import ENVIRONMENT, MadeGateway, add_gateway, make_instance, of_programs

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

TOKEN = "a token of tests"
PROOF = ("ndel-client-token", TOKEN)


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("reloaded")) as made:
        yield made


@pytest.fixture
def file(corridor: Corridor) -> Iterator[Path]:
    """The bank's gateway.toml, put back at the end."""
    path = corridor.bank.home.folder / FILE_NAME
    text = path.read_text(encoding="utf-8")
    yield path
    path.write_text(text, encoding="utf-8")
    until(lambda: corridor.persons("/seen/back").status == 200)


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


@contextmanager
def started(made: MadeGateway) -> Iterator["subprocess.Popen[str]"]:
    """The gateway, as people start it."""
    words = [sys.executable, "-m", "rahdari", "exchange", "serve", "--home", str(made.home.folder)]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        words, env={**ENVIRONMENT, **of_programs()}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def test_a_gateway_says_that_it_serves_once_it_does(tmp_path: Path) -> None:
    pytest_socket.enable_socket()
    instance = make_instance(tmp_path)
    made = add_gateway(instance, BANK, "app")
    instance.publish()
    with started(made) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("Serving"):
                break
        else:
            raise AssertionError(said)
        assert said.startswith("Starting the gateway PK/COM/2002/gw1")
        with urllib.request.urlopen(f"{made.edge_url}/health", timeout=5) as answer:  # noqa: S310
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0


def test_a_gateway_that_cannot_begin_does_not_say_that_it_serves(tmp_path: Path) -> None:
    instance = make_instance(tmp_path)
    made = add_gateway(instance, BANK, "app", offer="[[service]]\n")
    instance.publish()
    with started(made) as process:
        _, said = process.communicate(timeout=30)
        assert process.returncode == 2
    assert "Serving" not in said


def with_token(text: str) -> str:
    digest = sha256(TOKEN.encode()).hexdigest()
    changed = text.replace(
        'proof = "network"\nsecret_digests = []', f'proof = "token"\nsecret_digests = ["{digest}"]'
    )
    assert changed != text
    return changed


@pytest.mark.parametrize("is_told", [True, False], ids=["by SIGHUP", "by looking"])
def test_a_client_that_must_show_a_token_is_refused_without_it(
    corridor: Corridor, file: Path, *, is_told: bool
) -> None:
    assert corridor.persons("/seen/a").status == 200
    file.write_text(with_token(file.read_text(encoding="utf-8")), encoding="utf-8")
    if is_told:
        os.kill(corridor.processes[BANK].pid, signal.SIGHUP)
    until(lambda: corridor.persons("/seen/b").status != 200)
    assert corridor.persons("/seen/c", headers=[PROOF]).status == 200


def test_a_broken_file_leaves_the_clients_as_they_were(corridor: Corridor, file: Path) -> None:
    text = with_token(file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    until(lambda: corridor.persons("/seen/b").status != 200)
    file.write_text(text.replace('proof = "token"', 'proof = "tokn"'), encoding="utf-8")
    os.kill(corridor.processes[BANK].pid, signal.SIGHUP)
    time.sleep(1.5)
    assert corridor.persons("/seen/d").status != 200
    assert corridor.persons("/seen/e", headers=[PROOF]).status == 200


def test_keys_that_were_made_beside_a_running_gateway_are_used_once_they_are_entered(
    corridor: Corridor,
) -> None:
    made, instance = corridor.bank, corridor.instance
    assert corridor.persons("/seen/a").status == 200
    old = made.keys.messages[-1].key
    at = datetime.now(UTC)
    configuration = instance.configuration
    assert configuration is not None
    members = [
        replace(
            member,
            gateways=tuple(
                replace(
                    gateway,
                    keys=tuple(
                        replace(key, withdrawn_at=int(at.timestamp())) if key == old else key
                        for key in gateway.keys
                    ),
                )
                for gateway in member.gateways
            ),
        )
        for member in configuration.members
    ]
    instance.publish(members=tuple(members))
    until(lambda: corridor.persons("/seen/b").status != 200)
    # As `exchange join --anew` does, in another process.
    made.keys.renew(at)
    instance.publish()
    until(lambda: corridor.persons("/seen/c").status == 200)


def test_keys_that_come_after_they_were_entered_are_read_by_sighup(corridor: Corridor) -> None:
    made = corridor.bank
    folder, aside = made.home.keys_folder, made.home.folder / "aside"
    before = set(folder.glob("*.jwe"))
    aside.mkdir()
    made.keys.renew(datetime.now(UTC))
    fresh = set(folder.glob("*.jwe")) - before
    assert len(fresh) == 2
    for one in fresh:
        one.rename(aside / one.name)
    corridor.instance.publish()
    until(lambda: corridor.persons("/seen/a").status != 200)
    for one in fresh:
        (aside / one.name).rename(one)
    aside.rmdir()
    os.kill(corridor.processes[BANK].pid, signal.SIGHUP)
    until(lambda: corridor.persons("/seen/b").status == 200)
