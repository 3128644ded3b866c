"""Fixtures that every folder of tests may use."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pluggy
import pytest
import pytest_socket
from hypothesis import settings

from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

# A busy machine is slow, not wrong: no test fails for the time a single example took.
# CI has twenty minutes; whoever has longer draws more.
settings.register_profile("house", deadline=None, max_examples=int(os.environ.get("RAHDARI_EXAMPLES", "40")))
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parent.parent

# A run writes about a gigabyte and syncs it thousands of times: in memory where there is room for it. What is
# tested is what survives a killed process; no test cuts the power.
MEMORY = Path("/dev/shm")  # noqa: S108
MEMORY_BYTES_MIN = 6 << 30


def _prepare_process() -> None:
    """Keep what was compiled, trust nobody outside, and work in memory; this process and those that it starts."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # No test speaks to the world, so none reads the world's certificates: a tenth of a second for every client.
    for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        os.environ.pop(name, None)
    os.environ["SSL_CERT_DIR"] = str(REPOSITORY / "tests")
    # Each worker is one of as many as there are processors: none has a second one for its matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    if is_roomy and os.access(MEMORY, os.W_OK) and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None  # asked for anew


_prepare_process()


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


def pytest_collection_finish() -> None:
    """Thousands of tests and their modules stay to the end: the collector of garbage need not look at them."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()
