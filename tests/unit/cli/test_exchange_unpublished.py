"""An officer is told what is done though it is not published yet."""

import json
from pathlib import Path

import pytest

from rahdari.app.clock import SystemClock
from rahdari.app.exchange.registry import Registry
from rahdari.cli import run
from rahdari.cli.exit_codes import ExitCode
from rahdari.wire.ndel.acts import Enter
from tests.fakes.exchange_registry import OFFICERS, make_registry
from tests.unit.wire.ndel_scene import PURPOSE


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = make_registry(tmp_path / "registry", SystemClock())
    made.propose(Enter(PURPOSE), *made.officer(OFFICERS[0], {}))
    made.public_file.unlink()
    # A folder that stands in the way, as one that cannot be written to.
    made.public_file.mkdir()
    (made.public_file / "inside").touch()
    return made


def approve(registry: Registry, *options: str) -> int:
    words = ["exchange", "approve", "2", "--officer", OFFICERS[1], "--home", str(registry.folder), *options]
    return run(words, environment={})


def test_what_is_done_and_not_published_is_told_so(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    (number,) = [one.number for one in registry.pending()]
    assert number == 2
    assert approve(registry) == ExitCode.DONE
    said = " ".join(capsys.readouterr().out.split())
    assert "It is done, but not published yet: cannot replace" in said
    assert "Once the disk can be written" in said
    assert approve(registry) == ExitCode.CONFLICT
    assert "is done already, and not published yet: cannot replace" in capsys.readouterr().err
    (registry.public_file / "inside").unlink()
    registry.public_file.rmdir()
    assert approve(registry) == ExitCode.CONFLICT
    assert registry.public_file.is_file()


def test_a_script_is_told_too(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert approve(registry, "--json") == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "done"
    assert told["unpublished"].startswith("cannot replace")
