"""Two verifiers of HTTP message signatures by other people: npm and PyPI ``http-message-signatures``.

npm's is run by Node, PyPI's in the second environment (``make peers``). Each is one process that answers all
questions at once: "yes", "no", or why it could not tell.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peer_room import PYTHON
from tests.conftest import REPOSITORY

NAMES = ("npm", "PyPI")
SCRIPTS = REPOSITORY / "benchmarks" / "peers"
MODULES = REPOSITORY / "frontend" / "node_modules"
NODE = shutil.which("node")
Peer = Callable[[Sequence[Mapping[str, Any]]], list[Any]]


def find_peer(name: str) -> Peer:
    """Give a judge; the test is skipped where it is not installed."""
    if name == "npm":
        if NODE is None or not (MODULES / "http-message-signatures").is_dir():
            pytest.skip("npm http-message-signatures is not installed: run npm install in frontend/")
        return lambda questions: _ask([str(NODE), SCRIPTS / "http_signatures_peer.mjs", MODULES], questions)
    if not list(PYTHON.parent.parent.glob("lib/*/site-packages/http_message_signatures")):
        pytest.skip("PyPI http-message-signatures is not installed: run make peers")
    return lambda questions: _ask([PYTHON, SCRIPTS / "http_signatures_peer.py"], questions)


def _ask(command: Sequence[str | Path], questions: Sequence[Mapping[str, Any]]) -> list[Any]:
    told = subprocess.run(  # noqa: S603 - our own scripts
        command, input=json.dumps(questions), capture_output=True, text=True, check=True, timeout=60
    )
    answers = json.loads(told.stdout)
    assert isinstance(answers, list)
    return answers
