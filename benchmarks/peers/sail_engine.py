"""The other engine's side: Sail serves Spark Connect on a free port, and our own ``SparkEngine`` asks it.

Runs in ``.venv-peers`` with ``src`` on its path. One JSON object a line: ``{"files": [...]}`` opens files as flows,
``{"sql": "..."}`` answers ``{"columns": [[...], ...]}`` or ``{"refused": "..."}``.
"""

import json
import os
import sys
from pathlib import Path

from pysail.spark import SparkConnectServer

from rahdari.trade.errors import EngineFailed
from rahdari.trade.store.engines import SparkEngine


def main() -> None:
    """Answer until the input ends."""
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address = f"sc://127.0.0.1:{server.listening_address[1]}"
    engine: SparkEngine | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "files" in asked:
                if engine is not None:
                    engine.close()
                engine = SparkEngine(address, [Path(one) for one in asked["files"]])
                told: dict[str, object] = {"columns": []}
            else:
                assert engine is not None, "name the files first"
                told = {"columns": [column.tolist() for column in engine.ask(asked["sql"])]}
        except EngineFailed as error:
            told = {"refused": error.message}
        print(json.dumps(told), flush=True)
    server.stop()
    # A thread of the client outlives its server and would keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
