"""Starting, listening and stopping."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import pytest
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from rahdari.app.house import found_house
from rahdari.app.settings import Settings
from rahdari.web.__main__ import main
from rahdari.web.errors import PortTaken
from rahdari.web.server import address_of, listen, make_config

SECONDS_MAX = 30


def test_a_folder_without_a_house_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "rahdari init" in told


def test_settings_that_cannot_be_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rahdari.toml").write_text('colour = "blue"\n')
    assert main(["--home", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.loopback
def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match="--port"):
            listen("127.0.0.1", port)


@pytest.mark.loopback
def test_an_address_that_is_not_this_machines_is_refused() -> None:
    with pytest.raises(PortTaken):
        listen("192.0.2.1", 0)


@pytest.mark.loopback
def test_the_address_is_one_that_a_browser_opens() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert address_of(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert listening.family is socket.AF_INET


@pytest.mark.loopback
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_server_answers_on_loopback_and_ends_gracefully(tmp_path: Path, ending: signal.Signals) -> None:
    house, _ = found_house(Settings(home=tmp_path), scrypt_n=2)
    house.close()
    command = [sys.executable, "-m", "rahdari.web", "--home", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout
        address = json.loads(server.stdout.readline())["address"]
        assert address.startswith("http://127.0.0.1:")
        answer = httpx.get(f"{address}about?secret=personal", timeout=SECONDS_MAX)
        assert answer.status_code == 200
        assert "server" not in answer.headers
        head = httpx.head(f"{address}about", timeout=SECONDS_MAX)
        assert (head.status_code, head.content) == (200, b"")
        server.send_signal(ending)
        assert server.wait(SECONDS_MAX) == 0
        noted = [json.loads(line) for line in server.stdout]
    assert [(one["method"], one["route"], one["status"]) for one in noted] == [
        ("GET", "/about", 200),
        ("HEAD", "/about", 200),
    ]
    assert "personal" not in str(noted)


def forwarded(home: Path, proxy: str) -> tuple[str, str]:
    """Who a request comes from, and by which scheme, if 127.0.0.1 says it hands on another one's."""
    seen: list[tuple[str, str]] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        assert scope["type"] == ScopeType.HTTP
        seen.append((scope["client"][0] if scope["client"] else "", scope["scheme"]))

    async def nothing(*_: object) -> dict[str, object]:
        return {}

    config = make_config(app, Settings(home=home, trusted_proxy=proxy))  # type: ignore[arg-type]
    config.load()
    headers = [(b"x-forwarded-for", b"192.0.2.9"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": ("127.0.0.1", 5), "scheme": "http", "headers": headers}
    anyio.run(config.loaded_app, scope, nothing, nothing)
    return seen[0]


@pytest.mark.parametrize("proxy", ["", "192.0.2.1", "10.0.0.0/8"])
def test_nobody_says_who_somebody_else_is(
    tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert forwarded(tmp_path, proxy) == ("127.0.0.1", "http")


@pytest.mark.parametrize("proxy", ["127.0.0.1", "192.0.2.1, 127.0.0.0/8"])
def test_the_proxy_of_the_settings_is_believed(tmp_path: Path, proxy: str) -> None:
    assert forwarded(tmp_path, proxy) == ("192.0.2.9", "https")


def test_uvicorn_counts_no_connections_since_the_doorman_counts_requests(tmp_path: Path) -> None:
    """Streams are connections too; tests/unit/web/test_limits.py has the bound on requests at once."""

    async def app(*_: object) -> None: ...

    assert make_config(app, Settings(home=tmp_path)).limit_concurrency is None  # type: ignore[arg-type]
