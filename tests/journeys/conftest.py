"""Fixtures of the stories: a small authority, made once and copied for each."""

import shutil
from pathlib import Path

import pytest

from rahdari.app.status_sources import FolderSource
from tests.journeys.carrying import chromium, gate, player, visitor
from tests.journeys.commands import CommandLine, found, people

__all__ = ["chromium", "gate", "player", "visitor"]


@pytest.fixture(scope="session")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with 12 holders, 10 of them with active cards, everything published and synced."""
    home = tmp_path_factory.mktemp("populated") / "home"
    house = found(home)
    officer = house.officers.authenticate_named("officer")
    house.registry.add_holders(people(12), actor=officer)
    house.registry.issue_waiting(actor=officer, limit=10)
    house.authority.publish()
    house.gate.sync(FolderSource(house.authority.public_folder))
    house.close()
    return home


@pytest.fixture
def rahdari(populated: Path, tmp_path: Path) -> CommandLine:
    """The command line on a copy of the populated authority."""
    shutil.copytree(populated, tmp_path / "home")
    return CommandLine(tmp_path / "home")
