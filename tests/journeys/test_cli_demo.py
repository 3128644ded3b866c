"""The demonstration, as told, with a real server on a loopback port."""

import socket
from pathlib import Path

import pytest

from rahdari.cli.demo.server import find_free_port
from tests.journeys.commands import CommandLine

pytestmark = [pytest.mark.loopback, pytest.mark.slow, pytest.mark.usefixtures("socket_enabled")]


def _demo(home: Path) -> CommandLine:
    return CommandLine(home)


def test_the_demonstration_goes_as_told_and_a_second_run_does_not_trip(tmp_path: Path) -> None:
    home, port = tmp_path / "demo", find_free_port()
    first = _demo(home)("demo", "--once", "--holders", "20", "--port", port)
    assert first.code == 0, first.out + first.err
    for heading in ("1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8"):
        assert heading in first.out
    assert "V A L I D" in first.out
    assert "online   suspended" in first.out
    assert "offline  suspended" in first.out
    assert first.out.index("offline  valid  (it knows") < first.out.index("offline  suspended")
    assert "fetched over HTTP" in first.out
    assert "/roadmap: Pakistan's raw materials to China" in first.out
    assert "without the person's consent: refused" in first.out
    assert first.out.count("Sample Telecom: Do these details match?") == 2, "refused, and then answered"
    assert "with the consent: the name is right" in first.out
    assert "Proved of exchange " in first.out
    assert "saw the same log and countersigned it" in first.out
    assert "by a time stamp" in first.out
    assert "one status changed is refused" in first.out
    assert not (home / "trade").exists(), "the roadmap needs no folder of its own"
    kept = sorted(one.name for one in (home / "offline-verifier").iterdir())
    assert kept == ["lock", "root.jwk", "status", "trust.jwt"]
    assert len(list((home / "sample").glob("*.pdf"))) == 1

    second = _demo(home).json("demo", "--once", "--holders", "22")
    assert second.code == 0, second.out + second.err
    steps = second.document["steps"]
    assert isinstance(steps, list)
    assert [step["step"] for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert (steps[1]["registered"], steps[1]["issued"]) == (2, 2)
    assert _demo(home)("audit", "verify").code == 0

    other_seed = _demo(home).json("demo", "--once", "--seed", "2")
    assert (other_seed.code, other_seed.problem) == (5, "cli.other_demo")


def test_with_the_port_taken_the_demonstration_once_goes_on_elsewhere_and_says_so(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = _demo(tmp_path / "demo").json("demo", "--port", port)
        assert (refused.code, refused.problem) == (6, "cli.port_taken")
        assert not (tmp_path / "demo").exists()

        went_on = _demo(tmp_path / "demo")("demo", "--once", "--holders", "3", "--port", port)
        assert went_on.code == 0, went_on.out + went_on.err
        assert "is taken by another program" in went_on.out
        assert "fetched from the published folder" in went_on.out


def test_a_folder_of_somebody_else_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for words in (("demo", "--once"), ("demo", "--once", "--fresh")):
        refused = _demo(tmp_path).json(*words)
        assert (refused.code, refused.problem) == (5, "cli.other_demo")
    assert (tmp_path / "thesis.txt").read_text() == "mine"
