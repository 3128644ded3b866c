"""Work that goes on beside the requests for as long as the server serves."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rahdari.web import journal

# How long a worker may take to end; then the process ends without it. What it does is durable or done again.
END_SECONDS = 5.0
# A worker that broke begins anew, but not in a circle that burns a core.
_ANEW_SECONDS = 1.0


class Worker(Protocol):
    """Works until it is told to stop, in a thread of its own."""

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; return soon after."""
        ...


@contextmanager
def working(
    workers: Sequence[Worker], *, note: Callable[[BaseException], None] = journal.note_broken
) -> Iterator[None]:
    """Let ``workers`` work for the time of the block. One that breaks is noted and begun anew."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=_keep_running, args=(one, stop, note), name=type(one).__name__, daemon=True)
        for one in workers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(END_SECONDS)


def _keep_running(worker: Worker, stop: threading.Event, note: Callable[[BaseException], None]) -> None:
    while not stop.is_set():
        try:
            worker.run(stop)
        # Whatever it was: a server whose deliveries stopped unnoticed would be worse than one that tries again.
        except Exception as defect:  # noqa: BLE001
            note(defect)
        stop.wait(_ANEW_SECONDS)
