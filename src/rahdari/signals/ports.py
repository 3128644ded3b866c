"""What this room needs of the world."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from rahdari.signals.values import (
    Claimed,
    Happening,
    Notice,
    Progress,
    State,
    Stream,
    StreamId,
    SubjectId,
    Watcher,
)


class Happenings(Protocol):
    """Tells what happened to cards, written in the same transaction as the change itself."""

    def read(self, *, after: int, limit: int) -> tuple[Happening, ...]:
        """Read what follows position ``after``, in order. Positions have no gaps; what was read once stays."""
        ...


class Streams(Protocol):
    """Keeps streams, and who watches which card."""

    def add_stream(self, stream: Stream) -> None:
        """Keep a new stream, with nothing numbered yet."""
        ...

    def find_stream(self, stream: StreamId) -> Stream | None:
        """Find one by its id."""
        ...

    def list_streams(self, institution: str | None = None) -> tuple[Stream, ...]:
        """List one institution's streams, or all, in the order of their making."""
        ...

    def update_stream(self, stream: Stream) -> None:
        """Keep what changed; id, institution and instant never do."""
        ...

    def set_state(self, stream: StreamId, state: State, why: str | None) -> None:
        """Change these two alone, whatever else somebody changes meanwhile."""
        ...

    def remove_stream(self, stream: StreamId) -> None:
        """Forget a stream, what it watched and every notice of it."""
        ...

    def find_subject(self, institution: str, card: str) -> SubjectId | None:
        """Find the name that an institution knows a card by."""
        ...

    def add_subject(self, subject: SubjectId, institution: str, card: str) -> None:
        """Keep such a name; the pair must have none."""
        ...

    def find_cards(self, subjects: Collection[SubjectId]) -> dict[SubjectId, str]:
        """Find which card each of these names stands for; a name that nobody gave is left out."""
        ...

    def watch(self, stream: StreamId, subject: SubjectId) -> bool:
        """Let the stream watch the subject; tells whether it did not before."""
        ...

    def unwatch(self, stream: StreamId, subject: SubjectId) -> bool:
        """Watch it no more; tells whether it did before."""
        ...

    def count_watched(self, stream: StreamId) -> int:
        """Count the subjects that the stream watches."""
        ...

    def list_watching(self, card: str) -> tuple[str, ...]:
        """List the institutions that have a stream, whatever its state, which watches this card; each once."""
        ...

    def find_watchers(self, cards: Collection[str]) -> tuple[Watcher, ...]:
        """Find the streams that watch any of these cards, whatever their state: all are numbered for."""
        ...


class Notices(Protocol):
    """Keeps numbered notices and how far each stream has come.

    Orders of a stream ascend from 1 without gaps: whoever takes orders does it under the lock of the fan-out.
    """

    def get_position(self) -> int:
        """Tell the position up to which happenings were fanned out; 0 at first."""
        ...

    def set_position(self, position: int) -> None:
        """Keep that position."""
        ...

    def take_orders(self, counts: Mapping[StreamId, int]) -> dict[StreamId, int]:
        """Take the next so many order numbers of each stream; tells the first one of each."""
        ...

    def add_notices(self, notices: Iterable[Notice]) -> None:
        """Keep notices under orders that were taken."""
        ...

    def list_notices(self, stream: StreamId, *, after: int, limit: int) -> tuple[Notice, ...]:
        """List the notices of a stream that follow order ``after``, settled ones too."""
        ...

    def list_pending(self, stream: StreamId, *, limit: int, kind: str | None = None) -> tuple[Notice, ...]:
        """List the first notices of a stream that are not settled, in order, of one kind or of all."""
        ...

    def count_pending(self, stream: StreamId) -> int:
        """Count the notices of a stream that are not settled."""
        ...

    def settle(self, stream: StreamId, orders: Collection[int], at: datetime) -> int:
        """Note that these notices arrived; tells how many were not settled before."""
        ...

    def settle_many(self, orders: Mapping[StreamId, Collection[int]], at: datetime) -> None:
        """Note that these notices of many streams arrived."""
        ...

    def reopen(self, stream: StreamId, *, after: int) -> int:
        """Let every notice that follows order ``after`` be sent again; tells how many there are."""
        ...

    def purge(self, before: datetime, limit: int) -> int:
        """Forget up to ``limit`` notices written before this instant, from the oldest on; tells how many."""
        ...

    def get_progress(self, stream: StreamId) -> Progress:
        """Get how far a stream has come."""
        ...

    def put_progress(self, stream: StreamId, progress: Progress) -> None:
        """Keep everything of it but ``last_order`` and ``verified_at``."""
        ...

    def set_verified(self, stream: StreamId, at: datetime) -> None:
        """Note when a verification was asked for."""
        ...

    def find_due(self, at: datetime, *, failing: bool, limit: int) -> tuple[StreamId, ...]:
        """Find streams with something to send, whose time has come and whom nobody holds, longest due first.

        ``failing`` ones are those whose last attempt failed.
        """
        ...

    def claim(self, streams: Collection[StreamId], owner: str, *, at: datetime, until: datetime) -> None:
        """Hold those of ``streams`` that nobody holds at ``at``, until ``until``.

        Of two that claim one stream at once, one gets it.
        """
        ...

    def list_claimed(self, owner: str, until: datetime, *, batch: int) -> tuple[Claimed, ...]:
        """List what ``owner`` claimed until exactly ``until``, with up to ``batch`` notices each, in order."""
        ...

    def finish(self, owner: str, progress: Mapping[StreamId, Progress]) -> None:
        """Keep the progress of those streams that ``owner`` still holds, and hold them no more."""
        ...

    def release(self, streams: Collection[StreamId], owner: str) -> None:
        """Hold streams no more, those that ``owner`` holds."""
        ...


class Store(Streams, Notices, Protocol):
    """Both, within the transaction its maker opened: durable and seen by all when that ends well."""
