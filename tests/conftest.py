"""Fixtures that every folder of tests may use."""

import os
from pathlib import Path

import pytest

from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def chance() -> SeededChance:
    return SeededChance()


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Published vectors and data that are too large for the repository, or skip with the reason."""
    folder = Path(os.environ.get("RAHDARI_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "vectors").is_dir():
        pytest.skip(f"published vectors are absent: no folder {folder.name}/vectors beside the checkout")
    return folder
