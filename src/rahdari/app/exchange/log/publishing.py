"""From durable records to tiles and a signed checkpoint."""

from collections.abc import Sequence
from pathlib import Path

from rahdari.app.exchange.log.checkpoints import Checkpoints, LogSigners
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.edge import Edge
from rahdari.app.exchange.log.finding import GROUP, Found, RequestOf
from rahdari.app.exchange.log.hours import Hours
from rahdari.app.exchange.log.journal import Batch
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.tile_files import TileFiles
from rahdari.kernel import Clock
from rahdari.wire.tlog import TILE_WIDTH


class Publisher:
    """Writes what the world may see of a log. Used by one thread at a time.

    Tiles, particulars and the index of requests are durable once ``settle`` was asked for; before that the
    journal has all that they are made of, so that what a crash takes of them is made again.
    """

    def __init__(
        self, places: Places, signers: LogSigners, *, clock: Clock, request_of: RequestOf, disk: Disk
    ) -> None:
        """Publish below ``places``; ``restore`` comes first."""
        self._signers = signers
        self._clock = clock
        self._request_of = request_of
        self._disk = disk
        self._tiles = TileFiles(places.folder, disk)
        self._hours = Hours(places.particulars, disk)
        self._found = Found(places.found, disk)
        self._edge = Edge()
        self._unsettled: set[Path] = set()
        self._superseded: dict[str, bytes] = {}
        self._is_unsure = False
        self.checkpoints = Checkpoints(places, signers.name, disk)

    @property
    def size(self) -> int:
        """How many records are in tiles."""
        return self._edge.size

    def restore(self, edge: Edge) -> None:
        """Stand at ``edge`` and forget whatever was written behind it."""
        self._edge = edge
        self._hours.cut_from(edge.size)
        for group in range(edge.size // GROUP):
            if not self._found.is_whole(group):
                self._learn(group * GROUP, (group + 1) * GROUP)
        self._learn(edge.size // GROUP * GROUP, edge.size)
        self._is_unsure = False

    def publish(self, batches: Sequence[Batch], *, settle: bool) -> None:
        """Write the tiles of ``batches``, which follow what is published, and sign a checkpoint if the log grew.

        With ``settle``, all of it is durable when this returns. Raises ``OSError``; the next call begins anew
        then.
        """
        if self._is_unsure:
            self.restore(self._edge)
        if batches and batches[0].first != self._edge.size:
            raise AssertionError(
                f"batch {batches[0].first} does not follow {self._edge.size} published records"
            )
        self._is_unsure = True
        entries = [record for batch in batches for record in batch.records]
        grown = self._edge.grow(entries)
        self._unsettled.update(self._hours.add(batches))
        self._unsettled.update(self._tiles.put(grown.files))
        self._unsettled.update(self._found.add(map(self._request_of, entries)))
        self._superseded.update(dict.fromkeys(grown.files, b""))
        if settle:
            self._disk.sync_files(self._unsettled)
        self._sign(grown.edge)
        self._edge = grown.edge
        self._is_unsure = False
        if settle:
            self._tiles.remove_partial(self._superseded)
            self._unsettled.clear()
            self._superseded.clear()

    def _sign(self, edge: Edge) -> None:
        latest = self.checkpoints.find_latest()
        # A checkpoint never goes back, and none is signed twice for one size.
        if latest is None or latest[1].head.size < edge.size:
            self.checkpoints.put(self._signers.sign(edge.head, self._clock))

    def _learn(self, start: int, end: int) -> None:
        """Take the requests of records from bundles into the index; ``start`` begins a group."""
        self._found.begin_at(start // GROUP)
        for bundle in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            entries = self._tiles.bundle(bundle, size=end)
            self._unsettled.update(self._found.add(map(self._request_of, entries)))
