"""A small server that says where it serves, once it listens: whoever waits for that line may connect."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from typing_extensions import override

# As uvicorn's own command ends where its server cannot begin.
NOT_BEGUN = 3


class AnnouncedServer(uvicorn.Server):
    """Says ``words`` on stderr once it listens."""

    def __init__(self, config: uvicorn.Config, words: str) -> None:
        """Serve as ``config`` has it."""
        super().__init__(config)
        self._words = words

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            with suppress(OSError):  # where nobody reads it, it serves all the same
                sys.stderr.write(f"{self._words}\n")
                sys.stderr.flush()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
            # It has ended as it was told to. Raised again, as the library does it, the signal would end the process
            # before its caller has closed what it opened.
            self._captured_signals.clear()


def run_announced(config: uvicorn.Config, what: str) -> int:
    """Serve until told to stop; gives the exit code, 0 where SIGTERM or SIGINT told so."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    server = AnnouncedServer(config, f"Serving {what} at http://{host}:{config.port}/ (Ctrl-C ends it)")
    try:
        server.run()
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else NOT_BEGUN
