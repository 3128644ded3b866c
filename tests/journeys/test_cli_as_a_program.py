"""The command line as a real process: serving, being interrupted, running out of disk."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from rahdari import cli as rahdari_cli
from rahdari.cli.demo.server import find_free_port
from rahdari.cli.exchange.serving import gateway_words
from rahdari.cli.ports import is_free
from tests.journeys.commands import CommandLine
from tests.journeys.programs import exit_code_of, started

READY_SECONDS_MAX = 60


def _until_ready(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    with httpx.Client(timeout=2) as asking:
        while time.monotonic() < until and process.poll() is None:
            try:
                if asking.get(url).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
    raise AssertionError(f"not ready: {process.poll()}")


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.usefixtures("socket_enabled")
def test_serve_serves_until_ctrl_c(rahdari: CommandLine, tmp_path: Path) -> None:
    port = find_free_port()
    with started("serve", "--home", rahdari.home, "--port", port, cwd=tmp_path) as process:
        _until_ready(f"http://127.0.0.1:{port}/health", process)
        taken = rahdari.json("serve", "--port", port)
        assert (taken.code, taken.problem) == (6, "cli.port_taken")
        process.send_signal(signal.SIGINT)
        exit_code_of(process)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_the_demonstrations_server_does_not_outlive_it(tmp_path: Path, how: signal.Signals) -> None:
    port = find_free_port()
    with started("demo", "--holders", 2, "--port", port, cwd=tmp_path) as process:
        _until_ready(f"http://127.0.0.1:{port}/health", process)
        process.send_signal(how)
        exit_code_of(process)
    assert is_free("127.0.0.1", port)


def test_a_terminal_without_urdu_gets_numbers_instead_of_letters(rahdari: CommandLine) -> None:
    words = [sys.executable, "-m", "rahdari", "holder", "list", "--json", "--home", str(rahdari.home)]
    ended = subprocess.run(  # noqa: S603
        words, capture_output=True, check=True, text=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}
    )
    [first, *_] = json.loads(ended.stdout)["holders"]
    assert any("\u0600" < letter < "\u06ff" for letter in first["name"]["ur"])


def test_a_full_disk_is_told_and_nothing_changes(rahdari: CommandLine, tmp_path: Path) -> None:
    # A file-size limit stands in for a full disk: every further write to the register's journal fails.
    card, text = rahdari.card(), rahdari.text(rahdari.card())
    program = (
        "import resource, sys; from rahdari.cli import run; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)); "
        f"sys.exit(run(['pass', 'suspend', {str(card.number)!r}, '--home', {str(rahdari.home)!r}]))"
    )
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, check=False, text=True, cwd=tmp_path
    )
    assert ended.returncode == 6, ended.stderr
    assert "Not done: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert rahdari("pass", "verify", "--text", text, "--online").code == 0
    assert rahdari("audit", "verify").code == 0


def test_a_server_takes_no_code_from_where_it_wasstarted(tmp_path: Path) -> None:
    """It holds keys; a file that lies in the current folder under a library's name must not run."""
    (tmp_path / "argparse.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    words = gateway_words("gateway")
    ended = subprocess.run(  # noqa: S603
        [*words[: words.index("--home")], "--help"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (ended.returncode, b"--home" in ended.stdout) == (0, True)


def test_no_command_starts_a_module_from_the_current_folder() -> None:
    sources = list((Path(rahdari_cli.__file__).parent).rglob("*.py"))
    starting = [one for path in sources for one in path.read_text().splitlines() if '"-m"' in one]
    assert len(starting) >= 3
    assert [one for one in starting if '"-P", "-m"' not in one and "program_word" not in one] == []
