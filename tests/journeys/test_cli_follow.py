"""A gate stays connected: a suspension is known there within seconds, and nothing is lost when it is killed."""

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rahdari.credentials import Act
from tests.fakes.programs import Program
from tests.journeys.commands import CommandLine, found, people

pytestmark = pytest.mark.loopback


@contextmanager
def serving(home: Path, port: int) -> Iterator[None]:
    """A server of the home folder, on its own."""
    server = Program("rahdari.web", "--home", home, "--port", port)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/s/head", timeout=5):
                    break
            except OSError:
                assert server.poll() is None, "the server does not start"
                time.sleep(0.1)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        server.stdout.close()


@contextmanager
def following(home: Path, *words: str) -> Iterator[Program]:
    with Program("rahdari", "status", "follow", *words, "--home", home) as one:
        try:
            yield one
        finally:
            one.kill()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def rahdari(tmp_path: Path, port: int) -> CommandLine:
    """An authority whose passes name this server, with two holders."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "rahdari.toml").write_text(f'public_url = "http://127.0.0.1:{port}"\n', encoding="ascii")
    house = found(home)
    officer = house.officers.authenticate_named("officer")
    house.registry.add_holders(people(2), actor=officer)
    house.registry.issue_waiting(actor=officer)
    house.close()
    line = CommandLine(home)
    line.environment = {}
    return line


def verdict(rahdari: CommandLine, text: str) -> object:
    return rahdari.json("pass", "verify", "--text", text).document["verdict"]


def until(rahdari: CommandLine, text: str, wanted: str, *, seconds: float = 30) -> float:
    """Wait until the gate says so; give the seconds that it took."""
    began = time.monotonic()
    while verdict(rahdari, text) != wanted:
        assert time.monotonic() - began < seconds, verdict(rahdari, text)
        time.sleep(0.05)
    return time.monotonic() - began


def act(rahdari: CommandLine, what: Act) -> str:
    """Do something to the first card; give the text of its pass."""
    with rahdari.house() as house:
        officer = house.officers.authenticate_named("officer")
        card = house.registry.find_cards_of(house.registry.list_holders(limit=9)[0].id)[0]
        house.registry.act(card.number, what, actor=officer)
        return house.registry.get_pass(card.number).text


def test_a_suspension_reaches_a_gate_that_follows_while_another_command_verifies(
    rahdari: CommandLine, port: int
) -> None:
    with serving(rahdari.home, port), following(rahdari.home):
        text = act(rahdari, Act.SUSPEND)
        until(rahdari, text, "suspended")
        act(rahdari, Act.REINSTATE)
        until(rahdari, text, "valid")
        act(rahdari, Act.SUSPEND)
        assert until(rahdari, text, "suspended") < 20
        shown = rahdari.json("status", "show").document["streams"]
        assert isinstance(shown, list)
        assert (shown[0]["sequence"], shown[0]["age_seconds"] < 30) == (3, True)


def test_a_gate_that_is_killed_again_and_again_forgets_nothing(rahdari: CommandLine, port: int) -> None:
    text, is_dead = "", False
    with serving(rahdari.home, port):
        rahdari("status", "sync")
        for number in range(6):
            with following(rahdari.home) as one:
                text = act(rahdari, Act.REINSTATE if is_dead else Act.SUSPEND)
                is_dead = not is_dead
                time.sleep(0.1 + 0.15 * number)
                one.kill()
            told = verdict(rahdari, text)
            assert told in ("suspended", "valid")
        with following(rahdari.home, "--seconds", "3", "--json") as one:
            said = json.loads(one.stdout.read())
            one.wait(20)
        assert (one.returncode, said["streams"][0]["sequence"]) == (0, 6)
        assert verdict(rahdari, text) == ("suspended" if is_dead else "valid")


def test_without_a_server_following_ends_with_one_and_says_so(rahdari: CommandLine) -> None:
    with following(rahdari.home, "--seconds", "2", "--json") as one:
        said = json.loads(one.stdout.read())
        one.wait(20)
    assert (one.returncode, said["streams"][0]["state"]) == (1, "lost")


def test_what_is_asked_for_once_may_be_stricter_or_looser_than_the_setting(rahdari: CommandLine) -> None:
    with rahdari.house() as house:
        house.authority.publish()
    assert rahdari("status", "sync", "--from", rahdari.home / "public").code == 0
    text = rahdari.text(rahdari.card())
    assert rahdari("pass", "verify", "--text", text).code == 0
    time.sleep(2.1)
    assert rahdari("pass", "verify", "--text", text, "--max-age", "1").code == 16
    assert rahdari("pass", "verify", "--text", text, "--max-age", "600").code == 0
    assert rahdari("pass", "verify", "--text", text, "--max-age", "0").code == 2
    assert rahdari("pass", "verify", "--text", text, "--online", "--max-age", "9").code == 2
