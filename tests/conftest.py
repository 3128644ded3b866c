"""Fixtures that every folder of tests may use."""

import os
from collections.abc import Generator
from pathlib import Path

import pluggy
import pytest
import pytest_socket
from hypothesis import settings

from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

# A busy machine is slow, not wrong: no test fails for the time a single example took.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def chance() -> SeededChance:
    return SeededChance()


@pytest.fixture(autouse=True)
def _loopback(request: pytest.FixtureRequest) -> None:
    """Open sockets on this machine alone, for tests that are marked ``loopback``."""
    if request.node.get_closest_marker("loopback"):
        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Published vectors and data that are too large for the repository, or skip with the reason."""
    folder = Path(os.environ.get("RAHDARI_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "vectors").is_dir():
        pytest.skip(f"published vectors are absent: no folder {folder.name}/vectors beside the checkout")
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    """Where everything is said to be installed, a test that skips itself for a missing tool fails."""
    outcome = yield
    report = outcome.get_result()
    is_excused = "vectors are absent" in str(report.longrepr)
    if report.skipped and os.environ.get("RAHDARI_FORBID_SKIPS") and not is_excused:
        report.outcome = "failed"
