"""One list of a status stream as a verifier holds it, and whose word is taken for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rahdari.credentials.errors import StatusStreamRefused
from rahdari.credentials.rules.trust import Trust
from rahdari.credentials.values.keys import KeyUse
from rahdari.kernel import Refused
from rahdari.wire import status_list, status_stream
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.status_list import StatusListToken
from rahdari.wire.status_list.compact import CompactStatuses
from rahdari.wire.status_stream import MANIFEST_BYTES_MAX, Manifest, SignedMessage

# 240 million holders have 458 lists; 4096 are nine passes for each of them.
LISTS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes the lists at ``prefix``, and whom one trusts for it."""

    prefix: str
    issuer: str
    trust: Trust

    def verify(self, signed: SignedMessage | StatusListToken, at: int) -> None:
        """Return if the publisher's status key that was in force at ``at`` signed this (rule 4).

        Raises:
            StatusStreamRefused: it did not.
        """
        for key in self.trust.find_signing_keys(self.issuer, KeyUse.STATUS, datetime.fromtimestamp(at, UTC)):
            try:
                signed.verify(key)
            except BadSignature:
                continue
            return
        raise StatusStreamRefused(
            f"a status message for {self.prefix} is not signed by its publisher's status key; it was not taken"
        )

    def read_manifest(self, raw: bytes) -> Manifest:
        """Read the manifest of this publisher's lists.

        Raises:
            MalformedInput: it is none.
            StatusStreamRefused: of other lists, of too many, or signed by somebody else.
        """
        signed = status_stream.decode(raw, size_bytes_max=MANIFEST_BYTES_MAX)
        manifest = signed.unverified
        if not isinstance(manifest, Manifest):
            raise MalformedInput("a copy of status lists begins with a manifest; this one does not")
        if manifest.prefix != self.prefix:
            raise StatusStreamRefused(f"the manifest for {self.prefix} is of other lists; it was not taken")
        if len(manifest.shards) > LISTS_MAX:
            raise StatusStreamRefused(f"{self.prefix} has {len(manifest.shards)} lists; {LISTS_MAX} are held")
        self.verify(signed, manifest.at)
        return manifest


class StreamShard:
    """One list: its token is read when it is first asked for, with the deltas that came since."""

    __slots__ = (
        "_publisher",
        "_raw",
        "_statuses",
        "_waiting",
        "find",
        "is_damaged",
        "least",
        "sequence",
        "uri",
    )

    def __init__(self, uri: str, publisher: Publisher, *, raw: bytes | None = None, least: int = 0) -> None:
        """Hold the list at ``uri`` as ``raw``, which must tell of every delta up to ``least``; or none yet."""
        self.uri = uri
        self.least = least
        self.sequence = 0
        self.is_damaged = False
        self._raw = raw
        self._publisher = publisher
        self._statuses: CompactStatuses | None = None
        # Finds the status of a place; None if it is not known to be anything. One call less once it is read.
        self.find: Callable[[int], int | None] = self._find_unread
        # For each place the last delta that changed it: what a token says of an older one is newer anyway.
        self._waiting: dict[int, tuple[int, int]] = {}

    @property
    def is_held(self) -> bool:
        """Tell whether its token is at hand, read or not."""
        return self._raw is not None or self._statuses is not None

    def open(self) -> None:
        """Read the list's token now. Raises as ``take``."""
        if self._raw is not None:
            self.take(self._raw)

    def take(self, raw: bytes) -> None:
        """Read the list's token ``raw``, and what came since.

        Raises:
            MalformedInput: it is no status list of a stream.
            StatusStreamRefused: of another address, older than the manifest says, or signed by somebody else.
        """
        token = status_list.decode_cwt(raw)
        sequence = token.unverified.sequence
        self._publisher.verify(token, token.issued_at)
        # Token Status List draft, 8.3, 4a: sub is the address.
        if token.uri != self.uri:
            raise StatusStreamRefused(f"the list for {self.uri} is of another address; it was not taken")
        # Rule 1: it tells of every delta that the manifest says touched it.
        if sequence is None or sequence < self.least:
            raise StatusStreamRefused(
                f"the list for {self.uri} is older than its manifest says; it was not taken"
            )
        self._statuses = CompactStatuses.of(token.unverified.statuses)
        self.sequence, self._raw, self.find = sequence, None, self._statuses.find
        for place, (at, status) in self._waiting.items():
            self.change(at, place, status)
        self._waiting = {}

    def change(self, sequence: int, place: int, status: int) -> None:
        """Note a change of delta ``sequence``."""
        if self._statuses is None:
            self._waiting[place] = sequence, status
        # Rule 1: what the token tells already is not done again. A place outside the list is no pass's.
        elif sequence > self.sequence and place < self._statuses.size:
            self._statuses.set(place, status)

    def _find_unread(self, place: int) -> int | None:
        if self._is_open():
            return self.find(place)
        # Of a list that is not held, what deltas said is known, and nothing else.
        return self._waiting.get(place, (0, 0))[1] or None

    def _is_open(self) -> bool:
        if self._raw is None or self.is_damaged:
            return False
        try:
            self.take(self._raw)
        except Refused:
            # As good as none: a good standing by it cannot be told.
            self.is_damaged = True
        return not self.is_damaged
