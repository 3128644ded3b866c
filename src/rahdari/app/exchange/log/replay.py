"""What a journal holds, read after the gateway ended, however it ended."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rahdari.app.exchange.log.journal import (
    SEGMENT_HEAD_BYTES,
    Batch,
    SegmentHead,
    read_batches,
    read_segment_head,
)
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.segments import first_of
from rahdari.exchange.errors import LogDamaged

_ADVICE: Final = "keep the folder as it is and restore it from a copy"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The batches of a journal: from record ``first`` on, up to ``size``, the last of them with ``digest``."""

    first: int
    size: int
    digest: bytes = field(repr=False)
    batches: tuple[Batch, ...] = field(repr=False)


def replay(places: Places) -> Replayed | None:
    """Read all segments, in order, without what was torn or is void; None if there is no segment.

    Raises:
        LogDamaged: something is missing or altered in front of records that were acknowledged.
    """
    segments = list(_segments(places.segments()))
    if not segments:
        return None
    end = segments[0][1]
    start = end.first
    batches: list[Batch] = []
    for (path, head), following in zip(segments, [*segments[1:], None], strict=True):
        if head != end:
            raise _damage(path, f"it begins behind {head.first} records where {end.first} go before")
        limit = None if following is None else following[1].first
        for found in read_batches(path.read_bytes(), head, name=path.name):
            if limit is not None and found.batch.end > limit:
                break  # the batch that failed when this segment was given up
            batches.append(found.batch)
            end = SegmentHead(found.batch.end, found.batch.digest)
        if limit is not None and end.first != limit:
            raise _damage(path, f"it ends behind {end.first} records, and the next begins behind {limit}")
    return Replayed(start, end.first, end.digest, tuple(batches))


def _segments(paths: list[Path]) -> Iterator[tuple[Path, SegmentHead]]:
    for path, following in zip(paths, [*paths, None][1:], strict=True):
        with path.open("rb") as file:
            head = read_segment_head(file.read(SEGMENT_HEAD_BYTES))
        if head is not None:
            if head.first != first_of(path):
                raise _damage(path, "its name is not that of its first record")
            yield path, head
        # One that was being made when the machine stopped, or when the disk failed, has no more than a torn head.
        elif path.stat().st_size > SEGMENT_HEAD_BYTES or (
            following is not None and first_of(following) != first_of(path)
        ):
            raise _damage(path, "its head cannot be read")


def _damage(path: Path, what: str) -> LogDamaged:
    return LogDamaged(f"{path.name} of the journal is damaged: {what}; {_ADVICE}")
