"""Serve a gateway: ``python -m rahdari.web.exchange --home DIR``."""

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import Final

import uvloop

from rahdari.app.exchange.gateway import open_gateway
from rahdari.kernel import Problem
from rahdari.web import journal
from rahdari.web.exchange.serving import serve

# Calls leave some hundred objects each, hardly any of them in circles.
GARBAGE: Final = (20_000, 20, 50)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 at a graceful end, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m rahdari.web.exchange", description="Serve a gateway of the exchange."
    )
    parser.add_argument("--home", type=Path, required=True, help="the folder of the gateway")
    asked = parser.parse_args(arguments)
    journal.configure()
    try:
        uvloop.run(_serve(asked.home))
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


async def _serve(home: Path) -> None:
    gateway = open_gateway(home, os.environ)

    def ready() -> None:
        # What is here now stays: it need not be looked through again and again for what could go.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        edge, peer = gateway.edge, gateway.peer
        sys.stderr.write(
            f"Serving {home}: edge http://{edge.host}:{edge.port}, peer {peer.host}:{peer.port}\n"
        )
        sys.stderr.flush()

    await serve(gateway, ready=ready)


if __name__ == "__main__":
    raise SystemExit(main())
