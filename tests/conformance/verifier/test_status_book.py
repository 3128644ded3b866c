"""The JavaScript status book keeps its own promises: clocks, keeping, order, size (``frontend/tests``)."""

import subprocess

import pytest

from tests.conformance.verifier.sides import NO_NODE, NODE, TOOL


@pytest.mark.skipif(NODE is None, reason=NO_NODE)
def test_the_javascript_status_book_keeps_its_promises() -> None:
    assert NODE is not None
    folder = TOOL.parents[1] / "tests" / "statusBook.test.mjs"
    told = subprocess.run(  # noqa: S603 - our own tests
        [NODE, "--test", str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    assert told.returncode == 0, told.stdout[-4000:]
