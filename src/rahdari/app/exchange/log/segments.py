"""The journal's writer: one durable write a batch, and what happens when a disk says no."""

import os
from collections.abc import Sequence
from contextlib import suppress
from errno import ESTALE
from itertools import count, pairwise
from pathlib import Path
from typing import cast

from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.journal import (
    START,
    Batch,
    SegmentHead,
    encode_batch,
    read_batches,
    read_segment_head,
)
from rahdari.app.exchange.log.places import Places
from rahdari.exchange.errors import LogDamaged


class Journal:
    """Writes segments. Used by one thread at a time; every method but ``size`` may raise ``OSError``.

    After a write or a flush that failed, nobody can tell what is on the disk: the segment is closed, cut back
    to the end of its last durable batch, read again, and a new one begun. The new one's head says which
    records went before: where cutting failed too, what still stands behind them in the old one is void all
    the same. Until that is done (``mend``), nothing more is written. Nor is anything written to a segment behind
    which a next one was to be begun, though that failed: who knows what is left of it.
    """

    def __init__(self, places: Places, disk: Disk) -> None:
        """Write below ``places``; ``begin`` comes first."""
        self._places = places
        self._disk = disk
        self._handle: int | None = None
        self._path = places.journal
        self._place: os.stat_result | None = None
        self._turns = count(1)
        self._offset = 0
        self._digest = START
        self._is_torn = False
        self.size = 0

    @property
    def segment_bytes(self) -> int:
        """How large the segment is that is written now."""
        return self._offset

    def begin(self, size: int, digest: bytes) -> None:
        """Begin a segment behind ``size`` durable records, the last batch of which has ``digest``."""
        self.size, self._digest = size, digest
        self._places.journal.mkdir(parents=True, exist_ok=True)
        head = SegmentHead(size, digest).encode()
        taken = {path.name for path in self._places.segments()}
        path = next(
            one for turn in self._turns if (one := self._places.segment(size, turn)).name not in taken
        )
        try:
            handle = self._disk.open_new(path, head)
        except OSError:
            with suppress(OSError):
                self._disk.remove(path)
            # It may stand there all the same, or again after a power cut, and says that no record follows in the
            # segment before it: so none does.
            self._close()
            raise
        self._close()
        self._handle, self._path, self._offset = handle, path, len(head)
        self._place = os.fstat(handle)
        self._is_torn = False

    def write(self, records: Sequence[bytes], particulars: Sequence[bytes], *, at: int) -> Batch:
        """Make records durable with their sealed particulars; gives the batch that they became."""
        if self._handle is None:
            self.rotate()
        handle = cast("int", self._handle)
        raw, digest = encode_batch(Batch(self.size, at, records, particulars), self._digest)
        try:
            self.require_place()
            self._disk.append(handle, raw)
            self._disk.sync(handle)
        except OSError:
            self._is_torn = True
            self._close()
            raise
        batch = Batch(self.size, at, records, particulars, digest)
        self.size, self._digest = batch.end, digest
        self._offset += len(raw)
        return batch

    def require_place(self) -> None:
        """See that what is written is found again: nobody took the segment away, or a folder above it.

        Raises:
            OSError: somebody did.
        """
        if self._place is not None and not os.path.samestat(self._place, self._path.stat()):
            raise OSError(ESTALE, f"{self._path.name} of the journal is not the one that is written")

    def rotate(self) -> int:
        """Begin the next segment; gives how many records are in those before it."""
        if self._is_torn:
            raise OSError("the segment was closed after a failure")
        self.begin(self.size, self._digest)
        return self.size

    def mend(self) -> None:
        """Make the journal fit to be written to again. Raises ``OSError``, ``LogDamaged`` as long as it is not."""
        self._close()
        with suppress(OSError):  # where this fails, the head of the next segment says the same
            self._disk.cut(self._path, self._offset)
        self._require_durable()
        self.begin(self.size, self._digest)

    def remove_before(self, size: int) -> None:
        """Take away the segments whose records are all below ``size`` and stand durably in tiles."""
        paths = self._places.segments()
        for path, following in pairwise(paths):
            if path != self._path and first_of(following) <= size:
                self._disk.remove(path)

    def close(self) -> None:
        """Let go of the file."""
        self._close()

    def _close(self) -> None:
        if self._handle is not None:
            with suppress(OSError):
                os.close(self._handle)
            self._handle = None

    def _require_durable(self) -> None:
        """See that all that was acknowledged from this segment can be read."""
        raw = self._path.read_bytes()[: self._offset]
        head = read_segment_head(raw)
        end = SegmentHead(self.size, self._digest)
        if head is not None:
            found = [
                SegmentHead(one.batch.end, one.batch.digest)
                for one in read_batches(raw, head, name=self._path.name)
            ]
            if (found or [head])[-1] == end:
                return
        raise LogDamaged(
            f"{self._path.name} of the journal cannot be read back whole after the disk failed; stop the "
            "gateway, keep the folder as it is, and look at the disk"
        )


def first_of(path: Path) -> int:
    """Tell the index of the first record of a segment by its name."""
    return int(path.name.partition(".")[0])
