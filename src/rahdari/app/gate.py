"""Verification as a relying party does it: a folder with the pinned root, the trust list and the statuses."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rahdari.app.clock import SteadyClock, SystemClock
from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import read_limited, write_whole
from rahdari.app.gate_streams import GateStreams, publishers
from rahdari.app.settings import Settings
from rahdari.app.status_sources import TOKEN_BYTES_MAX, StatusSource
from rahdari.credentials import (
    FEATURES,
    OFFLINE,
    HeldList,
    HeldStream,
    Publisher,
    Report,
    Snapshot,
    StreamOutcome,
    Trust,
    VerificationPolicy,
    Verifier,
    accept,
    accept_list,
    examine,
    readmit_list,
)
from rahdari.credentials.errors import NoTrust, TrustExpired, TrustRolledBack
from rahdari.kernel import Clock, Problem
from rahdari.wire import trust_list
from rahdari.wire.errors import MalformedInput, UnsupportedAlgorithm
from rahdari.wire.jws import read_public_jwk
from rahdari.wire.keys import PublicKey

ROOT_BYTES_MAX = 4096
TRUST_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How a sync went: lists taken over, lists that were refused or not reached, with the reason."""

    taken: tuple[str, ...]
    failed: tuple[tuple[str, Problem], ...]


class Gate:
    """An offline verifier. Its folder can be copied to any machine; it holds no secret."""

    def __init__(self, folder: Path, clock: Clock, policy: VerificationPolicy = OFFLINE) -> None:
        """Work on ``folder``, which may be empty."""
        self._folder = folder
        self._clock = clock
        self._policy = policy
        self._streams = GateStreams(folder / "status", clock)

    def now(self) -> datetime:
        """Tell the present instant by the clock that verdicts are given by."""
        return self._clock.now()

    def pin_root(self, jwk: bytes) -> PublicKey:
        """Pin the root key that signs trust lists. Once pinned, another one is refused.

        Raises:
            BadFile: it is no public key. NoTrust: another root is pinned.
        """
        root = _read_root(jwk)
        path = self._folder / "root.jwk"
        if path.is_file():
            if _read_root(read_limited(path, size_bytes_max=ROOT_BYTES_MAX)) != root:
                raise NoTrust("another root is pinned here; to trust a new one, begin with an empty folder")
            return root
        write_whole(path, json.dumps(root.as_jwk()).encode())
        return root

    def root(self) -> PublicKey:
        """Give the root that is pinned. Raises ``NoTrust``."""
        return self._roots()[0]

    def import_trust(self, text: str) -> Trust:
        """Accept a signed trust list and keep it. Raises ``TrustRefused``, ``MalformedInput``."""
        with self._alone():
            return self._import_trust(text)

    def _import_trust(self, text: str) -> Trust:
        held = self._find_held_trust()
        sequence = held.listed.sequence if held else 0
        trust = accept(text, roots=self._roots(), held_sequence=sequence, at=self._clock.now())
        if held and trust.listed.sequence == sequence and trust.listed != held.listed:
            # Two lists of one number: the root was misused, or somebody shows different lists to different people.
            raise TrustRolledBack(
                f"another trust list of number {sequence} is held; ask the authority which one it signed"
            )
        write_whole(self._folder / "trust.jwt", text.encode())
        return trust

    def trust(self) -> Trust:
        """Give the trust list that is held, verified anew. Raises ``NoTrust``, ``TrustRefused``."""
        path = self._folder / "trust.jwt"
        if not path.is_file():
            raise NoTrust("no trust list is held; run: rahdari trust import")
        text = read_limited(path, size_bytes_max=TRUST_BYTES_MAX).decode("ascii", errors="replace")
        roots = self._roots()
        try:
            return accept(text, roots=roots, held_sequence=0, at=self._clock.now())
        except TrustExpired:
            # Handed on nevertheless: the verification itself answers "stale", which is what a gate should show.
            return Trust(trust_list.decode(text).verify_with(list(roots)))
        except (MalformedInput, UnsupportedAlgorithm):
            raise NoTrust("the trust list that is held is damaged; run: rahdari trust import") from None

    def sync(self, source: StatusSource) -> SyncResult:
        """Bring the statuses of every trusted issuer up to date; what is refused leaves what is held as it was.

        Where an issuer has a status stream, that is followed; else each of its lists is fetched.
        """
        trust, taken, failed = self.trust(), list[str](), list[tuple[str, Problem]]()
        for publisher in publishers(trust):
            try:
                stream = self._streams.sync(publisher, source)
            except Problem as problem:
                failed.append((publisher.prefix, problem))
                continue
            if stream is not None:
                taken += stream.addresses
            else:
                self._sync_prefix(publisher.prefix, source, trust, taken, failed)
        return SyncResult(tuple(taken), tuple(failed))

    def list_publishers(self) -> tuple[Publisher, ...]:
        """List who publishes statuses, by the trust list that is held. Raises ``NoTrust``."""
        return publishers(self.trust())

    def sync_stream(self, publisher: Publisher, source: StatusSource) -> HeldStream | None:
        """Bring one stream up to date; None where its publisher has none. Raises as ``GateStreams.sync``."""
        return self._streams.sync(publisher, source)

    def take(self, publisher: Publisher, message: bytes) -> StreamOutcome:
        """Take one message of a stream, durably. Raises as ``StreamStore.take``."""
        outcome = self._streams.take(publisher, (message,))
        # A log that has grown long is given up for a new copy of the lists, as where one is missing.
        return StreamOutcome.GAP if self._streams.is_long(publisher) else outcome

    def find_stream(self, publisher: Publisher) -> HeldStream | None:
        """Find the stream that is held of one publisher."""
        return self._streams.find_held(publisher)

    def is_forked(self, publisher: Publisher) -> bool:
        """Tell whether two histories of a publisher's stream were seen: nothing more of it is taken."""
        return self._streams.is_forked(publisher)

    def streams(self) -> tuple[HeldStream, ...]:
        """Give every stream that is held. Raises ``NoTrust``."""
        return self._streams.list_held(self.trust())

    def _sync_prefix(
        self,
        prefix: str,
        source: StatusSource,
        trust: Trust,
        taken: list[str],
        failed: list[tuple[str, Problem]],
    ) -> None:
        try:
            uris = source.list_addresses(prefix)
        except Problem as problem:
            failed.append((prefix, problem))
            return
        for uri in uris:
            try:
                raw = source.fetch(uri)
                with self._alone():
                    self._take(uri, raw, trust)
            except Problem as problem:
                failed.append((uri, problem))
            else:
                taken.append(uri)

    def _take(self, uri: str, raw: bytes, trust: Trust) -> None:
        skew = self._policy.clock_skew
        accept_list(
            raw, uri=uri, trust=trust, held=self._find_held(uri, trust), at=self._clock.now(), clock_skew=skew
        )
        write_whole(self._list_path(uri), raw)

    def snapshot(self, trust: Trust) -> Snapshot:
        """Give the lists and streams that are held, verified against ``trust``, as any process wrote them last.

        What was read before and has not changed since is taken from memory.
        """
        held = (self._read_held(path, trust) for path in sorted((self._folder / "status").glob("*.cwt")))
        # Lists from before a stream was followed know less than it did, also where it was damaged since.
        begun = [one for one in publishers(trust) if self._streams.is_begun(one)]
        lists = (one for one in held if one is not None and not any(_covers(by, one) for by in begun))
        return Snapshot(lists, self._streams.list_held(trust))

    def verifier(self) -> Verifier:
        """Give all that a verification stands on, as held now.

        Ask for it anew for each verification: it looks whether another process has written something.
        """
        trust = self.trust()
        return Verifier(
            features=tuple(FEATURES.values()), trust=trust, policy=self._policy, statuses=self.snapshot(trust)
        )

    def examine(self, raw: str) -> Report:
        """Verify a pass offline. Raises ``NoTrust`` where no trust list was imported."""
        return examine(raw, by=self.verifier(), at=self._clock.now())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Compare with what is held and write, with no other process between the two."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise FolderFailed(
                f"cannot write {self._folder}: {error.strerror}; nothing was changed"
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _roots(self) -> tuple[PublicKey, ...]:
        path = self._folder / "root.jwk"
        if not path.is_file():
            raise NoTrust("no root is pinned; run: rahdari trust import --root FILE")
        return (_read_root(read_limited(path, size_bytes_max=ROOT_BYTES_MAX)),)

    def _find_held_trust(self) -> Trust | None:
        """Find the list that is held; a damaged one is as good as none, or it could never be replaced."""
        try:
            return self.trust()
        except Problem:
            return None

    def _list_path(self, uri: str) -> Path:
        # An address is somebody else's text and never a path.
        return self._folder / "status" / f"{hashlib.sha256(uri.encode()).hexdigest()}.cwt"

    def _find_held(self, uri: str, trust: Trust) -> HeldList | None:
        path = self._list_path(uri)
        return self._read_held(path, trust) if path.is_file() else None

    def _read_held(self, path: Path, trust: Trust) -> HeldList | None:
        """Read a held list; one that no longer verifies is as good as none, and `stale` says so."""
        try:
            held = readmit_list(read_limited(path, size_bytes_max=TOKEN_BYTES_MAX), trust=trust)
        except Problem:
            return None
        # An older copy under another name would stand in for the one that was synced last.
        return held if path == self._list_path(held.listed.uri) else None


def _covers(publisher: Publisher, held: HeldList) -> bool:
    return publisher.issuer == held.issuer and held.listed.uri.startswith(publisher.prefix)


def _read_root(raw: bytes) -> PublicKey:
    try:
        return read_public_jwk(json.loads(raw))
    except (ValueError, Problem, RecursionError):
        raise BadFile(
            "the root file holds no public key (JWK, RFC 7517); get root.jwk from the authority"
        ) from None


def open_gate(settings: Settings, *, clock: Clock | None = None, folder: Path | None = None) -> Gate:
    """Open the offline verifier alone, in ``folder`` or the home: no database, no keys, no authority needed."""
    policy = make_policy(
        status_age_max_seconds=settings.status_age_max_seconds, clock_skew_seconds=settings.clock_skew_seconds
    )
    return Gate(folder or settings.home / "verifier", clock or SteadyClock(SystemClock()), policy)


def make_policy(*, status_age_max_seconds: int, clock_skew_seconds: int) -> VerificationPolicy:
    """Make the offline policy of the settings."""
    return VerificationPolicy(
        algorithms=OFFLINE.algorithms,
        features=OFFLINE.features,
        status_age_max=timedelta(seconds=status_age_max_seconds),
        clock_skew=timedelta(seconds=clock_skew_seconds),
    )
