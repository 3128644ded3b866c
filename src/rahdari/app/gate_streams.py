"""The status streams of a verifier: kept in its folder, brought up to date from a source."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rahdari.app.gate_store import StreamStore
from rahdari.app.status_sources import DELTAS_BYTES_MAX, DELTAS_MAX, StatusSource
from rahdari.credentials import HeldStream, Publisher, StreamOutcome, Trust
from rahdari.credentials.errors import StatusSourceFailed, StatusStreamRefused
from rahdari.kernel import Clock
from rahdari.wire.status_stream import read_sequence

# 4000 deltas; whoever has missed more gets the lists sooner than the deltas.
_PAGES_MAX: Final = 4
# New lists are opened one at a time; more of them come with a whole copy.
_NEW_LISTS_MAX: Final = 8


class GateStreams:
    """The streams in one folder, each kept in memory once it was read."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Work on ``folder``, which may be empty; ``clock`` is the one that verdicts are given by."""
        self._folder = folder
        self._clock = clock
        self._stores: dict[str, StreamStore] = {}

    def list_held(self, trust: Trust) -> tuple[HeldStream, ...]:
        """Give every stream that is held, with what other processes have written since."""
        found = (self.find_held(one) for one in publishers(trust))
        return tuple(one for one in found if one is not None)

    def find_held(self, publisher: Publisher) -> HeldStream | None:
        """Find the stream that is held of one publisher."""
        held = self._store(publisher).refresh()
        if held is not None:
            # Of what another process took, this one has word now.
            held.hear(self._clock.now())
        return held

    def take(self, publisher: Publisher, messages: Iterable[bytes]) -> StreamOutcome:
        """Take deltas and heads, durably; see ``StreamStore.take``."""
        try:
            return self._store(publisher).take(messages)
        finally:
            self.find_held(publisher)

    def is_begun(self, publisher: Publisher) -> bool:
        """Tell whether its stream was ever taken here, whatever is left of it."""
        return self._store(publisher).is_begun

    def is_forked(self, publisher: Publisher) -> bool:
        """Tell whether two histories of its stream were seen."""
        return self._store(publisher).is_forked

    def is_long(self, publisher: Publisher) -> bool:
        """Tell whether the log has grown so that the lists should be fetched anew."""
        return self._store(publisher).is_long

    def sync(self, publisher: Publisher, source: StatusSource) -> HeldStream | None:
        """Bring a stream up to date; None where its publisher has no stream.

        Deltas where they suffice, else a whole copy of the lists.

        Raises:
            StatusSourceFailed: the source did not answer, or no longer has the stream that is held.
            StatusStreamForked: two histories were seen, now or before.
            MalformedInput, StatusStreamRefused, FolderFailed: what came was not taken; what is held is kept.
        """
        store = self._store(publisher)
        store.require_one_history()
        # A copy of the lists does not tell whether it continues what is held: the deltas do, so they come first.
        caught_up = store.refresh() is not None and self._catch_up(store, source) and not store.is_long
        if not caught_up and not self._fetch_all(store, source, is_held=store.is_begun):
            return None
        if caught_up:
            self._fetch_new_lists(store, source)
        return self.find_held(publisher)

    def _fetch_all(self, store: StreamStore, source: StatusSource, *, is_held: bool) -> bool:
        prefix = store.publisher.prefix
        raw = source.fetch_bundle(prefix)
        if raw is None and is_held:
            raise StatusSourceFailed(f"{prefix} has no status stream any more; what is held is kept")
        if raw is None:
            return False
        store.take_bundle(raw)
        self._catch_up(store, source)
        return True

    def _catch_up(self, store: StreamStore, source: StatusSource) -> bool:
        """Fetch the deltas that are missing and the head; tells whether nothing is missing now (rule 2)."""
        for _ in range(_PAGES_MAX):
            held = store.refresh()
            if held is None:
                return False
            raw = source.fetch_deltas(store.publisher.prefix, after=held.sequence)
            if raw is None:
                return False
            if not raw:
                raise StatusSourceFailed(f"{store.publisher.prefix} answered nothing; what is held is kept")
            page = read_sequence(raw, items_max=DELTAS_MAX + 1, size_bytes_max=DELTAS_BYTES_MAX)
            before = held.sequence
            if store.take(page) is not StreamOutcome.GAP:
                return not held.is_behind
            if held.sequence == before:
                return False
        return False

    def _fetch_new_lists(self, store: StreamStore, source: StatusSource) -> None:
        """Fetch lists that were opened since the copy was made."""
        held, raw = store.refresh(), source.fetch_manifest(store.publisher.prefix)
        missing = held.find_missing(raw) if held is not None and raw is not None else ()
        if len(missing) > _NEW_LISTS_MAX:
            self._fetch_all(store, source, is_held=True)
            return
        for uri in missing:
            try:
                store.add_list(uri, source.fetch(uri))
            except StatusStreamRefused:
                self._fetch_all(store, source, is_held=True)
                return

    def _store(self, publisher: Publisher) -> StreamStore:
        known = self._stores.get(publisher.prefix)
        is_same = (
            known is not None
            and known.publisher.issuer == publisher.issuer
            and known.publisher.trust.listed == publisher.trust.listed
        )
        if known is None or not is_same:
            fresh = StreamStore(self._folder, publisher)
            if known is not None:
                fresh.remember(known)
            known = self._stores[publisher.prefix] = fresh
        return known


def publishers(trust: Trust) -> tuple[Publisher, ...]:
    """List everyone who may publish status lists, by what the lists' addresses begin with."""
    return tuple(
        Publisher(prefix, issuer.id, trust)
        for issuer in trust.issuers.values()
        for prefix in issuer.status_uris
    )
