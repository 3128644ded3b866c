"""Large files from publishers: fetched whole or not at all, resumed where a line broke, never believed.

While a file is on its way it is called ``NAME.part``, and ``NAME.part.json`` beside it says what was promised. It
takes its name when it has the promised length, begins as such a file begins and, where the caller knows it, has the
digest that it should have.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rahdari.app.download_addresses import host_of, next_address, require_address
from rahdari.app.download_lines import Lines
from rahdari.app.download_parts import Note, Part, alone_in
from rahdari.app.errors import FolderFailed
from rahdari.trade import DownloadFailed

if TYPE_CHECKING:
    import httpx

# The largest release of BACI (HS92, thirty years) is a zip of a few gigabytes.
DOWNLOAD_BYTES_MAX = 8 * 1024**3
# Publishers move files behind one or two redirects; more lead in a circle.
REDIRECTS_MAX = 5
# For connecting, and for each piece of the answer.
TIMEOUT_SECONDS = 30.0
# A server that drips keeps every time-out content; less than this in a minute is no download.
WINDOW_SECONDS = 60.0
WINDOW_BYTES_MIN = 64 * 1024
# The head of an answer has some twenty lines; who sends one of them a second keeps every time-out content.
HEAD_SECONDS = 60.0
# All heads of one file: each redirect and each new attempt has one.
HEADS_SECONDS_MAX = 180.0
# The largest release over the slowest line that is still one; what is here then is gone on with at the next run.
FETCH_SECONDS_MAX = 24 * 3600.0
# A line that breaks is taken up again at once this often; then it is the caller's to decide.
ATTEMPTS_MAX = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# RFC 9110, 14.4.
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)

Told = Callable[[str, int, int], None]
"""Told the file's name, how many bytes are here, and how many there will be (0: nobody said)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fetch: ``sha256`` in hexadecimal where it is known, ``begins`` as such a file begins."""

    address: str
    sha256: str = ""
    begins: bytes = b"PK\x03\x04"
    bytes_max: int = DOWNLOAD_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is whole; ``resumed_at`` is how much of it was there before."""

    path: Path
    sha256: str
    size_bytes: int
    resumed_at: int


class _Broken(Exception):
    """The line broke; what came stays, and may be gone on with."""


class _Changed(Exception):
    """What is here does not go together with what the publisher has now; it is thrown away."""


class Downloads:
    """Fetches files. A context, for it keeps connections."""

    def __init__(
        self,
        client: "httpx.Client | None" = None,
        *,
        tick: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Fetch by ``client``; ``tick`` gives seconds that never go back, ``pause`` waits some."""
        # Costs every command a tenth of a second where it is imported with the module.
        import httpx  # noqa: PLC0415

        # UnicodeError: a host's name that no resolver can be asked for.
        self._failures = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError)
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._lines = Lines()
        self._tick = tick
        self._until = self._heads_left = 0.0
        self._pause = pause

    def __enter__(self) -> Self:
        """Begin; nothing is connected yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._client.close()
        self._lines.forget()

    def fetch(self, wanted: Wanted, target: Path, *, told: Told | None = None) -> Downloaded:
        """Fetch a file to ``target``; go on with what an earlier attempt left, if it is still the same file.

        Raises:
            DownloadFailed: no address to fetch from, no answer, another file than was promised, a digest that does
                not fit. Nothing has the name ``target`` then; what can be gone on with stays as ``.part``.
            FolderFailed: the disk is full or may not be written to.
        """
        require_address(wanted.address)
        if wanted.sha256 and not _SHA256.fullmatch(wanted.sha256):
            raise DownloadFailed("the SHA-256 to compare with is no 64 hexadecimal digits in lower case")
        part = Part(target)
        self._until, self._heads_left = self._tick() + FETCH_SECONDS_MAX, HEADS_SECONDS_MAX
        try:
            with alone_in(target.parent):
                resumed_at = part.size()
                self._attempt(wanted, part, told)
                digest = part.digest()
                _check_whole(wanted, part, digest)
                size = part.finish(target)
        except OSError as error:
            raise FolderFailed(
                f"cannot write {target.name}: {error.strerror}; make room and run it again, it goes on from there"
            ) from None
        return Downloaded(target, digest, size, resumed_at if part.was_resumed else 0)

    def _attempt(self, wanted: Wanted, part: Part, told: Told | None) -> None:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return self._take_rest(wanted, part, told)
            except _Changed:
                part.discard()
            except _Broken as broken:
                if attempt == ATTEMPTS_MAX:
                    raise DownloadFailed(
                        f"{host_of(wanted.address)} {broken} after {part.size()} bytes; "
                        "run it again, it goes on from there"
                    ) from None
                self._pause(float(attempt))
        raise DownloadFailed(
            f"{host_of(wanted.address)} gives another file at each attempt; try again later, or take a mirror"
        )

    def _take_rest(self, wanted: Wanted, part: Part, told: Told | None) -> None:
        note = part.note(wanted.address)
        if note and note.length and part.size() == note.length:
            part.was_resumed = True
            return
        if note is None or not note.validator:
            part.discard()
        headers = {"accept-encoding": "identity"}
        if part.size() and note:
            headers |= {"range": f"bytes={part.size()}-", "if-range": note.validator}
        try:
            with self._follow(wanted.address, headers) as response:
                promised = self._begin(response, wanted, part, note)
                self._write(response, wanted, part, told, promised)
        except self._failures as error:
            raise _Broken(f"cannot be reached or broke off ({type(error).__name__})") from None

    def _follow(self, address: str, headers: dict[str, str]) -> "_Streamed":
        for _ in range(REDIRECTS_MAX + 1):
            streamed = _Streamed(self._client, address, headers, self._lines)
            response = self._head_of(streamed, address)
            if response.status_code not in _REDIRECTS:
                return streamed
            streamed.close()
            address = next_address(address, response.headers.get("location", ""))
        raise DownloadFailed(f"{host_of(address)} redirects more than {REDIRECTS_MAX} times")

    def _head_of(self, streamed: "_Streamed", address: str) -> "httpx.Response":
        """Ask, and have the head in time. Raises ``_Broken``, and what the client raises."""
        began = self._tick()
        seconds = min(HEAD_SECONDS, self._heads_left)
        if seconds <= 0:
            raise DownloadFailed(
                f"{host_of(address)} took {HEADS_SECONDS_MAX:.0f} seconds for the heads of its answers alone; "
                "try again later, or take a mirror"
            )
        with self._lines.cut_after(seconds) as was_cut:
            try:
                return streamed.open()
            except self._failures:
                if was_cut.is_set():
                    raise _Broken(f"sent no whole head of an answer within {seconds:.0f} seconds") from None
                raise
            finally:
                self._heads_left -= self._tick() - began

    def _begin(self, response: "httpx.Response", wanted: Wanted, part: Part, note: Note | None) -> int:
        """Judge the answer's head, keep what it promises, and give the length of the whole (0: unknown)."""
        _require_file(response, wanted)
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            return _continued(response, part, note)
        # 200: the server does not know ranges, or the file is another one now: from the start.
        length = _length(response)
        if length > wanted.bytes_max:
            raise DownloadFailed(
                f"{host_of(wanted.address)} promises {length} bytes, more than {wanted.bytes_max}; nothing was "
                "taken"
            )
        part.restart(
            Note(
                wanted.address,
                length,
                response.headers.get("etag", "")[:1024],
                response.headers.get("last-modified", "")[:1024],
            )
        )
        return length

    def _write(
        self, response: "httpx.Response", wanted: Wanted, part: Part, told: Told | None, promised: int
    ) -> None:
        part.require_room(promised)
        done, window = part.size(), _Window(self._tick)
        with part.path.open("ab") as file:
            for piece in response.iter_raw():
                if done == 0 and not piece.startswith(wanted.begins[: len(piece)]):
                    _refuse(part, f"{host_of(wanted.address)} sends something else than such a file")
                done += len(piece)
                if done > wanted.bytes_max:
                    _refuse(part, f"{host_of(wanted.address)} sends more than {wanted.bytes_max} bytes")
                file.write(piece)
                window.count(len(piece))
                if self._tick() > self._until:
                    raise DownloadFailed(
                        f"{host_of(wanted.address)} did not send the file within "
                        f"{FETCH_SECONDS_MAX / 3600:.0f} hours; run it again, it goes on from there"
                    )
                if told:
                    told(part.target.name, done, promised)
            file.flush()
            os.fsync(file.fileno())
        if promised and done < promised:
            raise _Broken("ended the file early")
        if promised and done > promised:
            _refuse(part, f"{host_of(wanted.address)} promised {promised} bytes and sent {done}")


class _Streamed:
    """An answer whose body is still to be read, as a context."""

    def __init__(self, client: "httpx.Client", address: str, headers: dict[str, str], lines: Lines) -> None:
        """Prepare the question."""
        self._client = client
        self._request = client.build_request(
            "GET", address, headers=headers, extensions={"trace": lines.note}
        )
        self._response: httpx.Response | None = None

    def open(self) -> "httpx.Response":
        """Ask, and give the head."""
        self._response = self._client.send(self._request, stream=True, follow_redirects=False)
        return self._response

    def close(self) -> None:
        """Let go of the connection."""
        if self._response is not None:
            self._response.close()

    def __enter__(self) -> "httpx.Response":
        """Give the answer."""
        return self._response or self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connection."""
        self.close()


class _Window:
    """Counts what comes in a stretch of time; a drip is a line that broke."""

    def __init__(self, tick: Callable[[], float]) -> None:
        """Begin now."""
        self._tick = tick
        self._since, self._bytes = tick(), 0

    def count(self, size: int) -> None:
        """Count a piece. Raises ``_Broken``."""
        self._bytes += size
        now = self._tick()
        if now - self._since < WINDOW_SECONDS:
            return
        if self._bytes < WINDOW_BYTES_MIN:
            raise _Broken(f"sent only {self._bytes} bytes in {WINDOW_SECONDS:.0f} seconds")
        self._since, self._bytes = now, 0


def _check_whole(wanted: Wanted, part: Part, digest: str) -> None:
    if not part.begins_with(wanted.begins):
        _refuse(part, f"{host_of(wanted.address)} sends something else than such a file")
    if wanted.sha256 and digest != wanted.sha256:
        _refuse(
            part,
            f"the file has the SHA-256 {digest}, not {wanted.sha256}; it was altered, or is another release",
        )


def _refuse(part: Part, why: str) -> None:
    part.discard()
    raise DownloadFailed(f"{why}; nothing of it was kept")


def _require_file(response: "httpx.Response", wanted: Wanted) -> None:
    status, host = response.status_code, host_of(wanted.address)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise _Changed
    if status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        raise DownloadFailed(
            f"{host} answered {status}; is the release spelt right, and the address still good?"
        )
    coding = response.headers.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        raise DownloadFailed(f"{host} answers in a coding that was not asked for; take a mirror")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise DownloadFailed(
            f"{host} sends a web page, not a file; open the address in a browser to see what it says"
        )


def _continued(response: "httpx.Response", part: Part, note: Note | None) -> int:
    """Check that the rest fits to what is here (RFC 9110, 14.4); give the length of the whole."""
    told = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if note is None or told is None:
        raise _Changed
    begins, _, length = (int(number) for number in told.groups())
    tag = response.headers.get("etag", note.etag)
    if begins != part.size() or tag != note.etag or (note.length and length != note.length):
        raise _Changed
    part.was_resumed = True
    return length


def _length(response: "httpx.Response") -> int:
    told = response.headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 15 else 0
