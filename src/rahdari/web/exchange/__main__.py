"""Serve a gateway: ``python -m rahdari.web.exchange --home DIR``."""

import argparse
import asyncio
import ctypes
import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvloop

from rahdari.app.standard_streams import open_standard_streams

if __name__ == "__main__":
    open_standard_streams()
    # Until it serves, there is nothing to be read anew; and the signal's own meaning is that it ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # structlog would load rich, to colour what nobody sees here, and uvicorn a watcher of developers' files: 10 MB.
    for name in ("rich", "watchfiles"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]

from rahdari.app.exchange.gateway import open_gateway
from rahdari.kernel import Problem
from rahdari.web import journal
from rahdari.web.exchange.serving import serve

# Calls leave some hundred objects each, hardly any of them in circles.
GARBAGE: Final = (20_000, 20, 50)
# Those that live for a while would hardly ever be looked for by these counts: once a minute all are, in some 10 ms.
TIDY_SECONDS: Final = 60.0
# While tiles are written, the loop gets the interpreter back ten times sooner than by default: at 5 ms a call that
# reads, verifies, signs and writes waits for half of the time that the other thread takes.
SWITCH_SECONDS: Final = 0.0005
# glibc's names for the size from which memory is mapped by itself, and for how many heaps there are (mallopt(3));
# elsewhere they mean nothing.
M_MMAP_THRESHOLD: Final = -3
MAPPED_BYTES_MIN: Final = 128 * 1024
M_ARENA_MAX: Final = -8


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 at a graceful end, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m rahdari.web.exchange", description="Serve a gateway of the exchange."
    )
    parser.add_argument("--home", type=Path, required=True, help="the folder of the gateway")
    asked = parser.parse_args(arguments)
    map_large_buffers()
    journal.configure()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        uvloop.run(_serve(asked.home))
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def map_large_buffers() -> None:
    """Have large buffers mapped one by one: what is not touched of them takes no memory, what is freed goes back.

    The event loop holds 256 KiB for each connection with TLS, of which a call touches a page or two. Once the first
    of them is freed, glibc would take the next ones from its heap, among what was touched already. And of heaps
    there is one: the interpreter lets one thread work at a time, what one frees another one takes.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN)
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


async def _serve(home: Path) -> None:
    gateway = open_gateway(home, os.environ)

    def ready() -> None:
        # What is here now stays: it need not be looked through again and again for what could go.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        asyncio.get_running_loop().call_later(TIDY_SECONDS, _tidy)
        peer = gateway.peer
        with suppress(OSError):  # where nobody reads it, it serves all the same
            sys.stderr.write(
                f"Serving the gateway {gateway.home.id}: edge {gateway.home.edge_url}/, other gateways at "
                f"{peer.host}:{peer.port} (Ctrl-C ends it)\n"
            )
            sys.stderr.flush()

    await serve(gateway, ready=ready)


def give_back_memory() -> None:
    """Give what a burst took and nobody holds any more back to the system (malloc_trim(3))."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _tidy() -> None:
    give_back_memory()
    asyncio.get_running_loop().call_later(TIDY_SECONDS, _tidy)


if __name__ == "__main__":
    raise SystemExit(main())
