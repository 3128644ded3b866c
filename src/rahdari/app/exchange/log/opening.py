"""How a log is opened: one process at a time, and only where what is there leads to what was signed."""

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass

from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.edge import Edge
from rahdari.app.exchange.log.journal import START
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.publishing import Publisher
from rahdari.app.exchange.log.replay import Replayed, replay
from rahdari.app.exchange.log.segments import Journal
from rahdari.app.exchange.log.tile_files import TileFiles
from rahdari.app.files import SECRET_MODE
from rahdari.exchange.errors import LogDamaged, LogFull
from rahdari.wire.tlog import leaf_hash


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found at the start: the edge in tiles that are known to be durable, and what the journal adds."""

    edge: Edge
    replayed: Replayed


def lock(places: Places) -> tuple[int, ...]:
    """Hold the log for this process alone; gives the descriptors that hold it.

    A file of locks can be erased by whoever takes it for a stale one: the folder itself is held too.

    Raises:
        LogFull: another process writes it, or the folder cannot be written to.
    """
    try:
        places.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(places.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            held = (os.open(places.lock, os.O_RDWR | os.O_CREAT, SECRET_MODE), folder)
        except OSError:
            os.close(folder)
            raise
    except OSError as error:
        raise LogFull(
            f"the log's folder cannot be written to: {error.strerror}; nothing is exchanged"
        ) from None
    try:
        fcntl.flock(held[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(held[1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some file systems of networks know no locks of folders.
            if isinstance(error, BlockingIOError):
                raise
    except OSError:
        unlock(held)
        raise LogFull(
            f"another process writes the log in {places.folder.name}; a log has one writer: end that gateway first"
        ) from None
    return held


def unlock(held: Iterable[int]) -> None:
    """Let a log go that ``lock`` held."""
    for one in held:
        os.close(one)


def recover(places: Places, publisher: Publisher, journal: Journal, disk: Disk) -> None:
    """Bring a log back to all that was acknowledged, in tiles, signed and durable; begin it where there is none.

    What a torn write left behind the last acknowledged record is cut off. Done twice, it is as if done once.

    Raises:
        LogDamaged: tiles, records or journal are shorter than the signed checkpoint, or do not lead to it.
        OSError: the disk cannot be read or written.
    """
    found = _read(places, publisher, disk)
    if found is None:
        publisher.publish((), settle=True)
        journal.begin(0, START)
        return
    publisher.restore(found.edge)
    journal.begin(found.replayed.size, found.replayed.digest)
    publisher.publish(found.replayed.batches, settle=True)
    journal.remove_before(found.replayed.size)


def _read(places: Places, publisher: Publisher, disk: Disk) -> Recovered | None:
    latest = publisher.checkpoints.find_latest()
    replayed = replay(places)
    if latest is None:
        if replayed is not None or (places.folder / "tile").exists():
            raise LogDamaged(
                "the log has records and no checkpoint: it was taken away; restore the folder from a copy"
            )
        return None
    head = latest[1].head
    if replayed is None:
        if head.size:
            raise LogDamaged(
                "the log has a checkpoint and no journal: it was taken away; restore the folder from a copy"
            )
        return None
    if not replayed.first <= head.size <= replayed.size:
        raise LogDamaged(
            f"the signed checkpoint covers {head.size} records, tiles and journal hold {replayed.first} to "
            f"{replayed.size}: one of them was shortened or replaced; restore the folder from a copy"
        )
    edge = TileFiles(places.folder, disk).edge(replayed.first)
    leaves = (leaf_hash(record) for batch in replayed.batches for record in batch.records)
    covered = [leaf for leaf, _ in zip(leaves, range(head.size - replayed.first), strict=False)]
    if edge.frontier.append(covered).frontier.head != head:
        raise LogDamaged(
            f"the {head.size} records on disk do not lead to the root that was signed for them: a record or a tile "
            "was altered; keep the folder as it is and restore it from a copy"
        )
    return Recovered(edge, replayed)
