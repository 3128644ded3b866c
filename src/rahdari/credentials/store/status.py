"""Status lists: the places that are taken, and the signed forms."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Row

from rahdari.credentials.schema import issued_pass, published, shard, standing
from rahdari.credentials.store.table import Part, in_slices
from rahdari.credentials.values.status import PublishedStatus, StatusShard


class StatusTable(Part):
    """The part of the store that keeps status lists."""

    def open_shard(self, *, uri_prefix: str, size: int) -> StatusShard:
        """Open the next shard."""
        newest = self._connection.execute(select(func.max(shard.c.number))).scalar_one()
        number = (newest or 0) + 1
        opened = StatusShard(number, f"{uri_prefix}{number}", size, 0)
        self._connection.execute(insert(shard).values(number=number, uri=opened.uri, size=size, taken=0))
        return opened

    def find_open_shard(self) -> StatusShard | None:
        """Find the newest shard."""
        row = self._connection.execute(select(shard).order_by(shard.c.number.desc()).limit(1)).first()
        return _shard(row) if row else None

    def list_shards(self) -> tuple[StatusShard, ...]:
        """List every shard by number."""
        return tuple(_shard(row) for row in self._connection.execute(select(shard).order_by(shard.c.number)))

    def find_taken(self, of: StatusShard, indexes: Sequence[int]) -> frozenset[int]:
        """Tell which of ``indexes`` are taken in the shard."""
        taken: set[int] = set()
        for some in in_slices(indexes):
            wanted = select(issued_pass.c.place).where(
                issued_pass.c.shard == of.number, issued_pass.c.place.in_(some)
            )
            decoys = select(standing.c.place).where(
                standing.c.shard == of.number, standing.c.is_decoy == 1, standing.c.place.in_(some)
            )
            taken.update(self._connection.execute(wanted.union_all(decoys)).scalars())
        return frozenset(taken)

    def raise_taken(self, of: StatusShard, count: int) -> None:
        """Count ``count`` more places of the shard as taken."""
        change = update(shard).where(shard.c.number == of.number).values(taken=shard.c.taken + count)
        self._connection.execute(change)

    def publish(self, one: PublishedStatus) -> None:
        """Keep the newest signed form of a shard."""
        self._connection.execute(delete(published).where(published.c.shard == one.shard))
        self._connection.execute(
            insert(published).values(
                shard=one.shard, issued_at=one.issued_at, jwt=one.jwt, cwt=one.cwt, sequence=one.sequence
            )
        )

    def find_published(self, number: int) -> PublishedStatus | None:
        """Find the newest signed form of a shard."""
        wanted = select(published, shard.c.uri).join(shard).where(published.c.shard == number)
        row = self._connection.execute(wanted).first()
        if row is None:
            return None
        return PublishedStatus(
            shard=row.shard,
            uri=row.uri,
            issued_at=row.issued_at,
            jwt=row.jwt,
            cwt=bytes(row.cwt),
            sequence=row.sequence,
        )

    def list_published(self) -> Mapping[int, tuple[int, datetime]]:
        """List, for each shard that was ever signed, the sequence its form tells of, and when it was signed."""
        wanted = select(published.c.shard, published.c.sequence, published.c.issued_at)
        return {
            number: (sequence, issued_at) for number, sequence, issued_at in self._connection.execute(wanted)
        }


def _shard(row: Row[Any]) -> StatusShard:
    return StatusShard(row.number, row.uri, row.size, row.taken, row.touched)
