"""Which delta touched each list last, by the signed deltas themselves."""

from collections.abc import Sequence
from dataclasses import replace

from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.status import StatusShard
from rahdari.wire import status_stream
from rahdari.wire.status_stream import Delta

# Read again at each signature: a few milliseconds. What is older was signed into its list long before.
LATELY_MAX = 256


def list_shards(desk: Desk) -> Sequence[StatusShard]:
    """List the shards by number, each with the last delta that touched it.

    The number in a shard's row may be lowered beside the stream, and an old list would then pass for a new one:
    the last 256 deltas are read for it too, and the higher number holds.
    """
    last = desk.store.find_last_delta()
    if last is None:
        return desk.store.list_shards()
    told: dict[int, int] = {}
    for record in desk.store.list_deltas(after=max(0, last.sequence - LATELY_MAX), limit=LATELY_MAX):
        delta = status_stream.decode(record.message).unverified
        if isinstance(delta, Delta):
            told |= {change.shard: record.sequence for change in delta.changes}
    return [
        replace(one, touched=max(one.touched, told.get(one.number, 0))) for one in desk.store.list_shards()
    ]
