"""One status stream in a verifier's folder: written so that a power cut leaves the state before or after.

Five files. ``bundle``: SHA-256 of the rest, then the copy of the lists as it came. ``deltas``: the deltas since, as
they came, one behind the other; what follows the last whole one is nothing. ``head``: the newest head. ``forked``:
there once two histories were seen, and then for good. ``lock``:
whoever writes holds it alone, whoever reads holds it with other readers. Nothing in them is believed unsigned; the
digest only tells a damaged file from a good one without reading every list.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rahdari.app.errors import FolderFailed
from rahdari.app.files import read_limited, write_at, write_whole
from rahdari.credentials import BUNDLE_BYTES_MAX, HeldStream, Publisher, StreamOutcome
from rahdari.credentials.errors import StatusStreamForked, StatusStreamRefused
from rahdari.kernel import Problem, Refused
from rahdari.wire import status_stream
from rahdari.wire.errors import MalformedInput
from rahdari.wire.status_stream import DELTA_BYTES_MAX, Head, read_sequence

_DIGEST_BYTES: Final = 32
# Some 3500 suspensions, whose signatures take half a second at the start; then the lists are fetched anew.
LOG_BYTES_LONG: Final = 512 * 1024
# What is read at all: a verifier that could not fetch the lists for long goes on with its log.
LOG_BYTES_MAX: Final = 64 * 1024 * 1024
# The shortest delta has more than 100 bytes.
_LOG_ITEMS_MAX: Final = LOG_BYTES_MAX // 100


class StreamStore:
    """Keeps one publisher's stream. Several processes may work on one folder."""

    def __init__(self, folder: Path, publisher: Publisher) -> None:
        """Work on the publisher's part of ``folder``."""
        # An address is somebody else's text and never a path.
        self._folder = folder / f"{hashlib.sha256(publisher.prefix.encode()).hexdigest()}.stream"
        self.publisher = publisher
        self._held: HeldStream | None = None
        self._stamps: tuple[object, object] = (None, None)
        self._log_end = 0
        # Deltas that are held in memory and could not be written yet: the disk was full.
        self._unsaved: list[bytes] = []
        # What this process has seen it does not forget, whatever becomes of the files.
        self._newest = 0
        self._is_forked = False

    def remember(self, before: "StreamStore") -> None:
        """Know of the fork that ``before`` has seen of the same stream, under another trust list."""
        self._is_forked = before.is_forked

    @property
    def is_begun(self) -> bool:
        """Tell whether the stream was ever taken here, whatever is left of it."""
        return self._folder.is_dir()

    @property
    def is_forked(self) -> bool:
        """Tell whether two histories of this stream were seen; no time and no later message undoes it."""
        return self._is_forked or self._mark.exists()

    def require_one_history(self) -> None:
        """Go on only while one history was seen. Raises ``StatusStreamForked``."""
        if self.is_forked:
            raise StatusStreamForked(
                f"two histories of {self.publisher.prefix} were seen here. What is held is kept and grows stale; "
                "ask its publisher which one is true, then begin with an empty folder"
            )

    def refresh(self) -> HeldStream | None:
        """Give what is held, with all that any process has written; None while it is nothing."""
        if self._folder.is_dir():
            with self._lock(fcntl.LOCK_SH):
                self._refresh()
        return self._held

    @property
    def is_long(self) -> bool:
        """Tell whether the log has grown so that the lists should be fetched anew."""
        return self._log_end > LOG_BYTES_LONG

    def take_bundle(self, raw: bytes) -> HeldStream:
        """Take a whole copy of the lists, and begin the log anew.

        Raises:
            MalformedInput, StatusStreamRefused, StatusStreamForked: see ``HeldStream.bootstrap``.
            FolderFailed: nothing was changed.
        """
        self.require_one_history()
        # The signatures are checked before anybody else has to wait.
        fresh = HeldStream.bootstrap(raw, self.publisher, held=None)
        self._make_folder()
        with self._lock(fcntl.LOCK_EX), self._watching():
            self._refresh()
            if self._held is not None:
                fresh.require_progress(self._held)
            fresh.require_least(max(self._last_known(), self._newest))
            self._require_head(fresh)
            self._write_bundle(raw)
            # A cut before this leaves a log of deltas that the copy tells of already; they are passed over.
            write_whole(self._log, b"")
            self._held, self._unsaved, self._log_end = fresh, [], 0
            self._stamps = _stamp(self._bundle), None
            self._read_head()
        return fresh

    def take(self, messages: Iterable[bytes]) -> StreamOutcome:
        """Take deltas and heads in their order, up to the first that does not follow; tells the last outcome.

        What was taken is on the disk when this returns or raises.

        Raises:
            MalformedInput, StatusStreamRefused, StatusStreamForked: see ``HeldStream.apply``.
            FolderFailed: it is held in memory and will be written with the next messages.
        """
        if not self._folder.is_dir():
            return StreamOutcome.GAP
        with self._lock(fcntl.LOCK_EX), self._watching():
            self._refresh()
            if self._held is None:
                return StreamOutcome.GAP
            try:
                outcome, head = self._apply(self._held, messages)
            finally:
                self._write_unsaved()
            if head is not None:
                write_whole(self._head, head)
                self._stamps = self._stamps[0], _stamp(self._head)
        return outcome

    def _apply(self, held: HeldStream, messages: Iterable[bytes]) -> tuple[StreamOutcome, bytes | None]:
        outcome, head = StreamOutcome.IGNORED, None
        for raw in messages:
            outcome = held.apply(raw)
            if outcome is StreamOutcome.APPLIED:
                self._unsaved.append(raw)
            elif outcome is StreamOutcome.CONFIRMED:
                head = raw
            elif outcome is StreamOutcome.GAP:
                break
        return outcome, head

    def add_list(self, uri: str, raw: bytes) -> None:
        """Take one list that was opened since; it must be the next by its number.

        Raises:
            MalformedInput, StatusStreamRefused: see ``HeldStream.add_list``.
            FolderFailed.
        """
        with self._lock(fcntl.LOCK_EX):
            self._refresh()
            held = self._held
            if held is None or uri != f"{self.publisher.prefix}{len(held.addresses) + 1}":
                raise StatusStreamRefused(f"the list {uri} is not the next one; fetch all of them")
            held.add_list(uri, raw)
            self._write_bundle(self._read_bundle() + raw)
            self._stamps = _stamp(self._bundle), self._stamps[1]

    @property
    def _bundle(self) -> Path:
        return self._folder / "bundle"

    @property
    def _log(self) -> Path:
        return self._folder / "deltas"

    @property
    def _head(self) -> Path:
        return self._folder / "head"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderFailed(
                f"cannot write {self._folder.parent}: {error.strerror}; nothing was changed"
            ) from None

    @property
    def _mark(self) -> Path:
        return self._folder / "forked"

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Take nothing once a fork was seen, and keep the mark of the first one; under the lock."""
        self.require_one_history()
        try:
            yield
        except StatusStreamForked as fork:
            self._is_forked = True
            # A disk that is full now does not undo it in this process.
            with suppress(FolderFailed):
                write_whole(self._mark, fork.message.encode())
            raise

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        path = self._folder / "lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            if kind == fcntl.LOCK_EX:
                raise FolderFailed(
                    f"cannot write {self._folder}: {error.strerror}; nothing was changed"
                ) from None
            # A folder that cannot be written to is written to by nobody.
            yield
            return
        try:
            fcntl.flock(handle, kind)
            yield
        finally:
            os.close(handle)

    def _refresh(self) -> None:
        """Read what others have written since; under the lock."""
        stamp = _stamp(self._bundle)
        if stamp != self._stamps[0] or _size(self._log) < self._log_end:
            self._load(stamp)
        if self._held is None:
            return
        self._read_log(self._held)
        self._reapply(self._held)
        if _stamp(self._head) != self._stamps[1]:
            self._read_head()

    def _load(self, stamp: object) -> None:
        """Read the copy of the lists; a damaged one is as good as none, and ``stale`` says so."""
        self._log_end, self._stamps = 0, (stamp, None)
        self._note_newest()
        try:
            self._held = HeldStream.read(self._read_bundle(), self.publisher)
        except Problem:
            self._held = None
        if self._held is not None and self._newest > self._held.newest:
            # Somebody put older files here while this process ran.
            self._held.mark_behind(self._newest)

    def _note_newest(self) -> None:
        if self._held is not None:
            self._newest = max(self._newest, self._held.newest)

    def _read_bundle(self) -> bytes:
        whole = read_limited(self._bundle, size_bytes_max=BUNDLE_BYTES_MAX + _DIGEST_BYTES)
        digest, raw = whole[:_DIGEST_BYTES], whole[_DIGEST_BYTES:]
        if hashlib.sha256(raw).digest() != digest:
            raise MalformedInput("the copy of the status lists that is held was damaged")
        return raw

    def _write_bundle(self, raw: bytes) -> None:
        write_whole(self._bundle, hashlib.sha256(raw).digest() + raw)

    def _read_log(self, held: HeldStream) -> None:
        """Apply what stands in the log behind the part that was read, up to the last whole delta that follows."""
        if _size(self._log) == self._log_end:
            return
        try:
            with self._log.open("rb") as file:
                file.seek(self._log_end)
                rest = file.read(LOG_BYTES_MAX)
            for raw in read_sequence(rest, items_max=_LOG_ITEMS_MAX, size_bytes_max=LOG_BYTES_MAX):
                if held.apply(raw) is StreamOutcome.GAP:
                    return
                self._log_end += len(raw)
        except (OSError, Refused):
            return

    def _reapply(self, held: HeldStream) -> None:
        """Apply what could not be written, to a state that was read anew."""
        try:
            follows = [held.apply(raw) is not StreamOutcome.GAP for raw in self._unsaved]
        except Refused:
            follows = [False]
        if not all(follows):
            self._unsaved = []

    def _read_head(self) -> None:
        """Take the newest head; one that tells of later deltas than the log has says that some were lost."""
        self._stamps = self._stamps[0], _stamp(self._head)
        known = self._last_known()
        if self._held is None or not known:
            return
        try:
            outcome = self._held.apply(read_limited(self._head, size_bytes_max=DELTA_BYTES_MAX))
        except Problem:
            return
        if outcome is StreamOutcome.GAP:
            self._held.mark_behind(known)

    def _require_head(self, fresh: HeldStream) -> None:
        """Refuse a copy that contradicts the newest head. Raises ``StatusStreamForked``."""
        try:
            fresh.apply(read_limited(self._head, size_bytes_max=DELTA_BYTES_MAX))
        except StatusStreamForked:
            raise
        except Problem:
            # No head, or a damaged one, contradicts nothing.
            return

    def _last_known(self) -> int:
        """Tell the last delta by the newest head; 0 where there is no head of the publisher's."""
        try:
            signed = status_stream.decode(read_limited(self._head, size_bytes_max=DELTA_BYTES_MAX))
            if isinstance(signed.unverified, Head):
                self.publisher.verify(signed, signed.unverified.at)
                return signed.unverified.sequence
        except Problem:
            pass
        return 0

    def _write_unsaved(self) -> None:
        """Append what is not in the log yet; whatever a cut left behind its last whole delta is cut off first."""
        if not self._unsaved:
            return
        content = b"".join(self._unsaved)
        try:
            write_at(self._log, self._log_end, content)
        except OSError as error:
            raise FolderFailed(
                f"cannot write {self._log.name}: {error.strerror}; it is held in memory and written later"
            ) from None
        self._log_end += len(content)
        self._unsaved = []


def _stamp(path: Path) -> object:
    """Tell what changes whenever a file is written anew; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_size


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
