"""A log as whoever may read its folder sees it: what its latest checkpoint covers, and nothing else.

No lock is needed, and no private key: tiles are written before the checkpoint that names them. What is given
out was proved against that checkpoint where it says so. Memory does not grow with the log.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from rahdari.app.exchange.log.checkpoints import Checkpoints, LogName
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.finding import GROUP, Found, RequestOf
from rahdari.app.exchange.log.hours import Hour, Hours
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.sealing import Opener
from rahdari.app.exchange.log.tile_files import TileFiles
from rahdari.exchange.errors import LogDamaged, UnknownExchange
from rahdari.wire.tlog import (
    TILE_WIDTH,
    Checkpoint,
    Note,
    ProofRefused,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    verify_inclusion,
)

_BUNDLES_A_GROUP: Final = GROUP // TILE_WIDTH


class LogReader:
    """Reads one log's folder. Not for several threads at once: make one for each."""

    def __init__(
        self, folder: Path, name: LogName, *, request_of: RequestOf, particulars_key: bytes | None = None
    ) -> None:
        """Read ``folder``, whose checkpoints ``name``'s keys signed.

        ``request_of`` tells the request of a record; without ``particulars_key`` no particulars are opened.
        """
        disk = Disk()
        places = Places(folder)
        self._tiles = TileFiles(folder, disk)
        self._hours = Hours(places.particulars, disk)
        self._found = Found(places.found, disk)
        self._request_of = request_of
        self._opener = None if particulars_key is None else Opener(particulars_key)
        self.checkpoints = Checkpoints(places, name, disk)

    def checkpoint(self) -> tuple[Note, Checkpoint]:
        """Give the latest checkpoint, as it was signed. Raises ``LogDamaged``."""
        latest = self.checkpoints.find_latest()
        if latest is None:
            raise LogDamaged("this folder holds no log with a checkpoint; point to the log of a gateway")
        return latest

    @property
    def size(self) -> int:
        """How many records the latest checkpoint covers. Raises ``LogDamaged``."""
        return self.checkpoint()[1].head.size

    def entry(self, index: int) -> bytes:
        """Give record ``index``; ``proof`` shows that it is the one that was signed.

        Raises:
            UnknownExchange: the checkpoint does not cover it. LogDamaged: its bundle is missing or damaged.
        """
        size = self.size
        if not 0 <= index < size:
            raise UnknownExchange(f"the log has {size} records, and none with index {index}")
        return self._entry(index, size)

    def proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Prove that record ``index`` stands in the tree of ``size`` records; by default the latest checkpoint's.

        Where it is the latest checkpoint's, the proof was verified against it and the record on disk.

        Raises:
            UnknownExchange: no such record. LogDamaged: the tiles do not lead to the checkpoint.
        """
        _, checkpoint = self.checkpoint()
        head = checkpoint.head
        size = head.size if size is None else size
        if not 0 <= index < size <= head.size:
            raise UnknownExchange(f"record {index} in a tree of {size}: the log has {head.size} records")
        hashes = prove_inclusion(self._tiles.reader(size), index, size=size)
        if size == head.size:
            try:
                verify_inclusion(leaf_hash(self._entry(index, size)), hashes, index=index, head=head)
            except ProofRefused:
                raise LogDamaged(
                    f"record {index} of the log does not lead to its signed checkpoint: the record or a tile was "
                    "altered; keep the folder as it is and restore it from a copy"
                ) from None
        return hashes

    def consistency(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Prove that the first ``old_size`` of ``size`` records are what they were; nothing is to prove from 0.

        Raises:
            UnknownExchange: the log is smaller. LogDamaged: a tile is missing.
        """
        if not 0 <= old_size <= size <= self.size:
            raise UnknownExchange(
                f"the log has {self.size} records; it does not grow from {old_size} to {size}"
            )
        return prove_consistency(self._tiles.reader(size), old_size, size=size) if old_size else ()

    def find(self, request: str) -> list[int]:
        """List the indices of the records of a request, in order. Raises ``LogDamaged``."""
        size = self.size
        self._catch_up(size)
        return [
            index
            for index in self._found.candidates(request)
            if index < size and self._request_of(self._entry(index, size)) == request
        ]

    def particulars(self, index: int) -> bytes | None:
        """Open the particulars of a record; None where there never were any, or where they were erased.

        Raises:
            UnknownExchange: no such record. LogDamaged: they do not open.
        """
        entry = self.entry(index)
        sealed = self._hours.read(index)
        if sealed is None or self._opener is None:
            return None
        return self._opener.open(sealed, leaf_hash(entry))

    def erase_particulars(self, *, before: datetime) -> int:
        """Erase the particulars of all hours that were over at ``before``; gives how many hours there were.

        The log itself does not change, nor does any proof. Those of the last minute or so stand in the
        journal yet.
        """
        return self._hours.erase(before)

    def hours(self) -> list[Hour]:
        """List the hours of which particulars are kept, in the order of their records."""
        return self._hours.list()

    def iterate(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Give the records from ``start`` on with their indices, up to the checkpoint of now; a bundle in memory.

        Raises:
            LogDamaged: a bundle is missing or damaged.
        """
        size = self.size
        for bundle in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
            first = bundle * TILE_WIDTH
            for at, entry in enumerate(self._tiles.bundle(bundle, size=size)):
                if first + at >= start:
                    yield first + at, entry

    def _entry(self, index: int, size: int) -> bytes:
        return self._tiles.entry(index, size=size)

    def _catch_up(self, size: int) -> None:
        """Know the requests of the group that is not whole; those of whole groups stand in files."""
        if self._found.size // GROUP != size // GROUP or not self._found.size:
            self._found.begin_at(size // GROUP)
        entries = (entry for _, entry in self.iterate(self._found.size))
        # A checkpoint may come while this reads; what it adds is left for the next time.
        missing = size - self._found.size
        for _ in self._found.add(
            self._request_of(entry) for _, entry in zip(range(missing), entries, strict=False)
        ):
            raise AssertionError("a group became whole that began behind the last whole one")
