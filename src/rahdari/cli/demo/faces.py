"""Portraits of synthetic people, drawn on as many processors as there are."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from rahdari.app.portraits import derivatives
from rahdari.app.synthetic import draw_portrait
from rahdari.credentials import Portrait

# Beyond this a demonstration would take a small machine's memory for little time gained.
WORKERS_MAX = 4
# A process costs a second to start, as much as sixty portraits.
WORTH_PROCESSES = 120
_AT_ONCE = 20


def draw_faces(seeds: Sequence[int]) -> Iterator[Portrait]:
    """Draw one portrait a seed, in order."""
    workers = min(WORKERS_MAX, os.cpu_count() or 1)
    if workers < 2 or len(seeds) < WORTH_PROCESSES:
        drawn = map(_draw, seeds)
        yield from (Portrait(card, faces) for card, faces in drawn)
        return
    # "spawn": a fork would take open databases and threads along.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_let_parent_decide)
    try:
        for card, faces in pool.map(_draw, seeds, chunksize=_AT_ONCE):
            yield Portrait(card, faces)
    finally:
        pool.shutdown(cancel_futures=True)


def _let_parent_decide() -> None:
    """Leave Ctrl-C to the parent, who ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _draw(seed: int) -> tuple[bytes, dict[str, bytes]]:
    made = derivatives(draw_portrait(seed))
    return made.card, {profile.value: face for profile, face in made.qr.items()}
