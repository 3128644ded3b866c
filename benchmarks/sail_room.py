"""Talks to Sail's side (``benchmarks/peers/sail_engine.py``) in its own environment, ``.venv-peers``."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from typing_extensions import override

from benchmarks.peer_room import PYTHON, REPOSITORY
from rahdari.trade import EngineFailed
from rahdari.trade.store.engines import Engine, Whole

ABSENT = "skipped: run make peers"


def is_present() -> bool:
    """Tell whether the second environment has Sail."""
    return PYTHON.exists() and any(PYTHON.parent.parent.glob("lib/python*/site-packages/pysail"))


class SailRoom(Engine):
    """``SparkEngine`` against a Sail server, both in a process of their own; use it in a ``with`` statement."""

    def __enter__(self) -> Self:
        """Start Sail's side."""
        script = REPOSITORY / "benchmarks" / "peers" / "sail_engine.py"
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [str(PYTHON), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={"PYTHONPATH": str(REPOSITORY / "src"), "PATH": "/usr/bin:/bin"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its input, upon which it ends."""
        self._process.communicate()

    def open(self, files: Sequence[Path]) -> None:
        """Let these Parquet files be the flows."""
        self._say({"files": [str(one) for one in files]})

    @override
    def ask(self, sql: str) -> tuple[Whole, ...]:
        """Answer as ``Engine`` promises."""
        columns = self._say({"sql": sql})
        assert isinstance(columns, list)
        return tuple(np.array(one, dtype=np.int64) for one in columns)

    @override
    def close(self) -> None:
        """Leave the server running: the next book uses it too."""

    def _say(self, asked: dict[str, object]) -> object:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline() or "null")
        assert isinstance(told, dict), "Sail's side has ended; run it by hand to see why"
        if "refused" in told:
            raise EngineFailed(str(told["refused"]))
        return told["columns"]
