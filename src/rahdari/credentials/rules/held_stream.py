"""What an offline verifier holds of one authority's status stream: its lists, and every delta since.

The rules are those of docs/standards/status-stream.md, cited by number at each check. Pure: whoever fetches and
keeps the messages calls this with their bytes. Whatever is refused leaves the state as it was; it then grows
older, and a good standing by it becomes ``stale``.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from rahdari.credentials.errors import StatusStreamForked, StatusStreamRefused
from rahdari.credentials.rules.status import standing_of
from rahdari.credentials.rules.stream_shard import LISTS_MAX, Publisher, StreamShard
from rahdari.credentials.values.cards import StatusPlace
from rahdari.credentials.values.status import StatusAnswer
from rahdari.wire import status_stream
from rahdari.wire.errors import MalformedInput
from rahdari.wire.status_stream import Delta, Head, Manifest, SignedMessage

# 240 million holders with one in a hundred suspended are some 5 MB; a dozen times that is an attack.
BUNDLE_BYTES_MAX: Final = 64 * 1024 * 1024


class StreamOutcome(StrEnum):
    """What became of a message."""

    APPLIED = "applied"
    CONFIRMED = "confirmed"
    IGNORED = "ignored"
    GAP = "gap"


class HeldStream:
    """The state of one stream: lists, ``sequence`` and ``digest`` of the last delta, and ``as_of`` when.

    ``as_of`` counts seconds since 1970: everything acknowledged before then is known.
    """

    __slots__ = ("_answers", "_heard", "_newest", "_publisher", "_shards", "as_of", "digest", "sequence")

    def __init__(self, publisher: Publisher, manifest: Manifest, lists: Iterable[bytes]) -> None:
        """Hold lists that were checked before (``bootstrap``), each to be checked again when it is asked."""
        self._publisher = publisher
        self._shards: dict[str, StreamShard] = {}
        self.sequence, self.digest, self._newest = manifest.sequence, manifest.digest, 0
        for number, raw in enumerate(lists, 1):
            uri = f"{publisher.prefix}{number}"
            # Lists behind those that the manifest knows were opened since; their deltas are all held.
            least = manifest.shards[number - 1] if number <= len(manifest.shards) else 0
            self._shards[uri] = StreamShard(uri, publisher, raw=raw, least=least)
        if len(self._shards) < len(manifest.shards):
            raise StatusStreamRefused(
                f"the copy of {publisher.prefix} has {len(self._shards)} of {len(manifest.shards)} lists"
            )
        self.as_of = manifest.at
        self._heard: datetime | None = None
        self._answers = self._make_answers()

    @property
    def newest(self) -> int:
        """The last delta that is known to have been held once."""
        return max(self.sequence, self._newest)

    @classmethod
    def read(cls, bundle: bytes, publisher: Publisher) -> "HeldStream":
        """Take a copy of the lists back in that was taken before: its manifest now, each list when it is asked.

        Raises:
            MalformedInput, StatusStreamRefused: it is no such copy, or its manifest is not the publisher's.
        """
        items = status_stream.read_sequence(bundle, items_max=LISTS_MAX + 1, size_bytes_max=BUNDLE_BYTES_MAX)
        manifest = next(items, b"")
        return cls(publisher, publisher.read_manifest(manifest), items)

    @classmethod
    def bootstrap(cls, bundle: bytes, publisher: Publisher, *, held: "HeldStream | None") -> "HeldStream":
        """Take a whole copy of the lists in the place of what is held (rules 1 and 5), checking all of it.

        Raises:
            MalformedInput: it is no copy of lists.
            StatusStreamRefused: not signed by the publisher, not whole, or older than what is held.
            StatusStreamForked: it is of another history.
        """
        fresh = cls.read(bundle, publisher)
        if held is not None:
            fresh.require_progress(held)
        fresh.open()
        return fresh

    def open(self) -> None:
        """Read every list now. Raises ``MalformedInput``, ``StatusStreamRefused``."""
        for shard in self._shards.values():
            shard.open()

    def require_progress(self, held: "HeldStream") -> None:
        """Refuse to follow ``held`` if this ends before it does, or tells another history (rule 5)."""
        # An older copy would bring suspended passes back.
        self.require_least(held.newest)
        if self.sequence == held.sequence:
            if self.digest != held.digest:
                raise self._forked(self.sequence)
            self._see(held.as_of)

    def require_least(self, sequence: int) -> None:
        """Refuse a copy that ends before delta ``sequence``, which was held already (rule 5)."""
        if self.sequence < sequence:
            raise StatusStreamRefused(
                f"the copy of {self.prefix} ends with delta {self.sequence}, number {sequence} was held; "
                "ask its publisher why"
            )

    @property
    def prefix(self) -> str:
        """What the addresses of the lists begin with."""
        return self._publisher.prefix

    @property
    def issuer(self) -> str:
        """Whose lists these are."""
        return self._publisher.issuer

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the lists that are held."""
        return tuple(uri for uri, shard in self._shards.items() if shard.is_held)

    @property
    def lacks_a_list(self) -> bool:
        """Tell whether a delta touched a list that is not held, or one that was damaged."""
        return any(not one.is_held or one.is_damaged for one in self._shards.values())

    @property
    def is_behind(self) -> bool:
        """Tell whether deltas were lost that were held once; see ``mark_behind``."""
        return self.sequence < self._newest

    def apply(self, raw: bytes) -> StreamOutcome:
        """Take a delta or a head.

        Raises:
            MalformedInput: it is neither (rule 4).
            StatusStreamRefused: not signed by the publisher (rule 4).
            StatusStreamForked: it tells another history than the one held (rules 2 and 3).
        """
        signed = status_stream.decode(raw)
        message = signed.unverified
        if isinstance(message, Delta):
            return self._apply_delta(signed, message)
        if isinstance(message, Head):
            return self._apply_head(signed, message)
        raise MalformedInput("a manifest stands before lists, not among deltas; it was not taken")

    def _apply_delta(self, signed: SignedMessage, delta: Delta) -> StreamOutcome:
        # Rule 2: what is held already is passed over; nothing is believed, so no signature is looked at.
        is_last = delta.sequence == self.sequence
        if delta.sequence < self.sequence or (is_last and signed.digest == self.digest):
            return StreamOutcome.IGNORED
        self._publisher.verify(signed, delta.at)
        if is_last:
            raise self._forked(delta.sequence)
        if delta.sequence > self.sequence + 1:
            return StreamOutcome.GAP
        if delta.previous != self.digest:
            raise self._forked(delta.sequence)
        for number, place, status in delta.changes:
            uri = f"{self.prefix}{number}"
            shard = self._shards.get(uri)
            if shard is None:
                shard = self._shards[uri] = StreamShard(uri, self._publisher)
            shard.change(delta.sequence, place, status)
        self.sequence, self.digest = delta.sequence, signed.digest
        self._see(delta.at)
        return StreamOutcome.APPLIED

    def _apply_head(self, signed: SignedMessage, head: Head) -> StreamOutcome:
        # Rule 3: an old head says nothing new.
        is_last = head.sequence == self.sequence
        is_same = is_last and head.digest == self.digest
        if head.sequence < self.sequence or (is_same and head.at <= self.as_of):
            return StreamOutcome.IGNORED
        self._publisher.verify(signed, head.at)
        if is_last and not is_same:
            raise self._forked(head.sequence)
        if not is_same:
            return StreamOutcome.GAP
        self._see(head.at)
        return StreamOutcome.CONFIRMED

    def confirm(self, raw: bytes) -> StreamOutcome:
        """Take a manifest for what it says of the last delta, as a head (rules 3 and 5)."""
        manifest = self._publisher.read_manifest(raw)
        if manifest.sequence < self.sequence:
            raise StatusStreamRefused(
                f"the manifest of {self.prefix} ends with delta {manifest.sequence}, number {self.sequence} "
                "is held; ask its publisher why"
            )
        if manifest.sequence > self.sequence:
            return StreamOutcome.GAP
        if manifest.digest != self.digest:
            raise self._forked(self.sequence)
        self._see(manifest.at)
        return StreamOutcome.CONFIRMED

    def find_missing(self, manifest: bytes) -> tuple[str, ...]:
        """List the addresses of lists that a manifest names and that are not held, or are damaged.

        Raises:
            MalformedInput, StatusStreamRefused: it is no manifest of the publisher.
        """
        count = len(self._publisher.read_manifest(manifest).shards)
        wanted = (f"{self.prefix}{number}" for number in range(1, count + 1))
        return tuple(
            uri
            for uri in wanted
            if uri not in self._shards or not self._shards[uri].is_held or self._shards[uri].is_damaged
        )

    def add_list(self, uri: str, raw: bytes) -> None:
        """Take a list that was opened since the copy was made; every delta that touched it is held.

        Raises:
            MalformedInput, StatusStreamRefused: it is not the publisher's list at this address.
        """
        shard = self._shards.get(uri) or StreamShard(uri, self._publisher)
        shard.take(raw)
        self._shards[uri] = shard

    def mark_behind(self, sequence: int) -> None:
        """Note that delta ``sequence`` was held once: until it is again, what the rest calls good is not told.

        A lower number than one noted before changes nothing.
        """
        self._newest = max(self._newest, sequence)
        self._answers = self._make_answers()

    def hear(self, now: datetime) -> None:
        """Note when, by the verifier's clock, it had word of ``as_of``, unless that is noted (rule 6).

        The age of what is held is counted from then, or from ``as_of`` where that is longer ago.
        """
        if self._heard is None:
            self._heard = now
            self._answers = self._make_answers()

    def find_standing(self, place: StatusPlace) -> StatusAnswer | None:
        """Find what is known of ``place`` (rule 6); None where no list here covers it. A microsecond."""
        shard = self._shards.get(place.uri)
        return None if shard is None else self._answers.get(shard.find(place.index))

    def _see(self, at: int) -> None:
        if at > self.as_of or self._newest:
            self.as_of, self._heard = max(at, self.as_of), None if at > self.as_of else self._heard
            self._answers = self._make_answers()

    def _forked(self, sequence: int) -> StatusStreamForked:
        return StatusStreamForked(
            f"{self.prefix} tells two histories: its delta {sequence} is not the one that belongs here. What "
            "is held is kept and grows stale; ask its publisher, and begin with an empty folder if it has an answer"
        )

    def _make_answers(self) -> Mapping[int | None, StatusAnswer]:
        """Make the answers once for each instant: a lookup then makes no object."""
        as_of = datetime.fromtimestamp(self.as_of, UTC)
        expires = as_of if self.is_behind else None
        return {
            status: StatusAnswer(standing_of(status), as_of, expires, heard=self._heard)
            for status in range(4)
        }
