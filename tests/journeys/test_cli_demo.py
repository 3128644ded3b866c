"""The demonstration, as told, with a real server on a loopback port."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from rahdari.cli.demo.server import find_free_port
from tests.journeys.commands import CommandLine
from tests.journeys.programs import exit_code_of, started

pytestmark = [pytest.mark.loopback, pytest.mark.slow, pytest.mark.usefixtures("socket_enabled")]


_SAID = (
    *(f"{number}/8" for number in range(1, 9)),
    "V A L I D",
    "online   suspended",
    "offline  suspended",
    "fetched over HTTP",
    "/roadmap: Pakistan's raw materials to China",
    "without the person's consent: refused",
    "with the consent: the name is right",
    "Proved of exchange ",
    "saw the same log and countersigned it",
    "by a time stamp",
    "one status changed is refused",
    "Stopped.",
)


def _demo(home: Path) -> CommandLine:
    return CommandLine(home)


@contextmanager
def _taken(port: int) -> Iterator[int]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield port


def _until_ctrl_c(folder: Path, port: int) -> str:
    """Let the demonstration stay until its pages are served, and end it; gives all that it said."""
    with started("demo", "--holders", 20, "--port", port, cwd=folder) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C ends"):
                break
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=10).status_code == 200
        _try_what_it_says("".join(said))
        process.send_signal(signal.SIGINT)
        said.append(process.stdout.read())
        assert exit_code_of(process) == 0, "".join(said)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
    return "".join(said)


def _try_what_it_says(said: str) -> None:
    """See the bank's catalogue, and who asked, as the person whom it was about."""
    bank = _found(said, r"(http://\S+)/catalogue ")
    door = _found(said, r"(http://\S+)/   the person's own page")
    code = _found(said, r"the person's own page .* by the code (\S+)")
    assert "Do these details match?" in httpx.get(f"{bank}/catalogue?lang=en", timeout=10).text
    with httpx.Client(base_url=door, headers={"origin": door}, timeout=10) as browser:
        assert browser.post("/enter", data={"code": code}).status_code == 303
        told = browser.get("/?lang=en").text
    assert told.count("Sample Telecom") == 2
    assert told.count("It was refused") == 1


def _found(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


def test_the_demonstration_stays_goes_as_told_and_a_second_run_does_not_trip(tmp_path: Path) -> None:
    home, port = tmp_path / "rahdari-demo", find_free_port()
    first = _until_ctrl_c(tmp_path, port)
    for said in _SAID:
        assert said in first
    assert first.index("offline  valid  (it knows") < first.index("offline  suspended")
    assert first.count("Sample Telecom: Do these details match?") == 2, "refused, and then answered"
    assert (home / "demo.json").is_file()
    assert not (home / "trade").exists(), "the roadmap needs no folder of its own"
    kept = sorted(one.name for one in (home / "offline-verifier").iterdir())
    assert kept == ["lock", "root.jwk", "status", "trust.jwt"]
    assert len(list((home / "sample").glob("*.pdf"))) == 1

    with _taken(port):
        second = _demo(home).json("demo", "--once", "--holders", "22")
    assert second.code == 0, second.out + second.err
    steps = second.document["steps"]
    assert isinstance(steps, list)
    assert [step["step"] for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert (steps[1]["registered"], steps[1]["issued"]) == (2, 2)
    assert steps[4]["server"] != f"http://127.0.0.1:{port}", "with the port taken, --once goes on elsewhere"
    assert steps[4]["status_lists_fetched"] == "from the published folder"
    assert _demo(home)("audit", "verify").code == 0

    other_seed = _demo(home).json("demo", "--once", "--seed", "2")
    assert (other_seed.code, other_seed.problem) == (5, "cli.other_demo")


def test_with_the_port_taken_the_demonstration_that_stays_is_refused(tmp_path: Path) -> None:
    with _taken(find_free_port()) as port:
        refused = _demo(tmp_path / "demo").json("demo", "--port", port)
        assert (refused.code, refused.problem) == (6, "cli.port_taken")
        assert not (tmp_path / "demo").exists()


def test_a_folder_of_somebody_else_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for words in (("demo", "--once"), ("demo", "--once", "--fresh")):
        refused = _demo(tmp_path).json(*words)
        assert (refused.code, refused.problem) == (5, "cli.other_demo")
    assert (tmp_path / "thesis.txt").read_text() == "mine"
