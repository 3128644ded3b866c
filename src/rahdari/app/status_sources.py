"""Where status lists and trust lists are fetched from: a folder, or servers."""

import json
import re
import time
from collections.abc import Callable, Generator, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import read_limited
from rahdari.credentials import BUNDLE_BYTES_MAX
from rahdari.credentials.errors import StatusSourceFailed
from rahdari.wire import base64url
from rahdari.wire.errors import MalformedInput
from rahdari.wire.status_stream import MANIFEST_BYTES_MAX

if TYPE_CHECKING:
    import httpx

# A list of 2^20 two-bit entries has at most 256 KiB before and a little more after compression and signing.
TOKEN_BYTES_MAX = 2 * 1024 * 1024
INDEX_BYTES_MAX = 1024 * 1024
LISTS_MAX = 4096
# 1000 deltas of some 150 bytes each; a thousand full ones are 37 MB, and the lists themselves are the shorter way.
DELTAS_MAX = 1000
DELTAS_BYTES_MAX = 16 * 1024 * 1024
# A full delta has 64 KiB, four characters for three bytes of it, and the frame of its event.
EVENT_BYTES_MAX = 96 * 1024
# For connecting and for each piece of the answer, and for all of them together.
TIMEOUT_SECONDS = 10.0
DEADLINE_SECONDS = 20.0
# 5 MB over a poor line of 256 kbit/s.
BUNDLE_DEADLINE_SECONDS = 180.0
# A server says something at least every 10 seconds; one that has been silent for three times that is gone.
QUIET_SECONDS = 35.0
# Token Status List draft, 9.3: the aggregation names every list of an issuer, so that a verifier who will go
# offline can fetch them all beforehand.
INDEX_NAME = "lists"
# Our own beside it: as of when the lists are whole (wire.status_stream).
MANIFEST_NAME = "manifest"
BUNDLE_TYPE = DELTAS_TYPE = "application/cbor-seq"
COSE_TYPE = 'application/cose; cose-type="cose-sign1"'
EVENTS_TYPE = "text/event-stream"
# The unreserved characters of RFC 3986, 2.3: nothing that an address, a log or a terminal reads otherwise.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")


class StatusSource(Protocol):
    """Publishes status lists.

    ``fetch`` returns at most the named maximum of bytes, within a bounded time; it is not trusted: whatever
    it says is checked against the trust list.
    """

    def list_addresses(self, prefix: str) -> tuple[str, ...]:
        """Name the addresses of the lists that begin with ``prefix``. Raises ``StatusSourceFailed``."""
        ...

    def fetch(self, uri: str) -> bytes:
        """Fetch the status list token at ``uri``. Raises ``StatusSourceFailed``."""
        ...

    def fetch_bundle(self, prefix: str) -> bytes | None:
        """Fetch the manifest and every list; None where there is no stream. Raises ``StatusSourceFailed``."""
        ...

    def fetch_deltas(self, prefix: str, *, after: int) -> bytes | None:
        """Fetch at most 1000 deltas behind ``after`` and a head; None where only whole copies are to be had.

        Raises:
            StatusSourceFailed.
        """
        ...

    def fetch_manifest(self, prefix: str) -> bytes | None:
        """Fetch the manifest alone; None where only whole copies are to be had. Raises ``StatusSourceFailed``."""
        ...


class StreamSource(StatusSource, Protocol):
    """A source that one can stay connected with."""

    def listen(self, prefix: str, *, after: int) -> Generator[bytes, None, None]:
        """Give the deltas behind ``after`` and heads as they come, each once; ends when more is missing.

        Raises:
            StatusSourceFailed: it cannot be reached, breaks off, or has been silent for too long.
        """
        ...


class FolderSource:
    """A folder that was published, carried by hand or by any means: ``s/lists``, ``s/1.cwt``, ..."""

    def __init__(self, folder: Path) -> None:
        """Read from ``folder``."""
        self._folder = folder

    def list_addresses(self, prefix: str) -> tuple[str, ...]:
        """Name the addresses that the folder's index lists."""
        return read_index(self._read(INDEX_NAME), prefix)

    def fetch(self, uri: str) -> bytes:
        """Read the token of ``uri``, by the last part of its address."""
        name = uri.rsplit("/", 1)[-1]
        if not name.isalnum():
            raise StatusSourceFailed(
                "the address of a status list ends in no plain name; it is not in this folder"
            )
        return self._read(f"{name}.cwt")

    def fetch_bundle(self, prefix: str) -> bytes | None:
        """Put the manifest of the folder and its lists together; None where it has no manifest of ``prefix``."""
        if not (self._folder / "s" / MANIFEST_NAME).is_file():
            return None
        lists = sorted(self.list_addresses(prefix), key=lambda uri: (len(uri), uri))
        return self._read(MANIFEST_NAME) + b"".join(self.fetch(uri) for uri in lists) if lists else None

    def fetch_deltas(self, prefix: str, *, after: int) -> bytes | None:  # noqa: ARG002 - the port's shape
        """Give None: a folder is copied whole."""
        return None

    def fetch_manifest(self, prefix: str) -> bytes | None:  # noqa: ARG002 - the port's shape
        """Give None: a folder is copied whole."""
        return None

    def _read(self, name: str) -> bytes:
        try:
            return read_limited(self._folder / "s" / name, size_bytes_max=TOKEN_BYTES_MAX)
        except (FolderFailed, BadFile) as failure:
            raise StatusSourceFailed(f"{failure.message}; publish the status lists there first") from None


class HttpSource:
    """The servers that the trust list names. No redirects: an address is what was signed."""

    def __init__(
        self, client: "httpx.Client | None" = None, *, tick: Callable[[], float] = time.monotonic
    ) -> None:
        """Use ``client``, or one of its own; ``tick`` gives seconds that never go back."""
        # Imported here: whoever verifies offline never asks a server, and does not wait for the library.
        import httpx  # noqa: PLC0415

        self._failures = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError)
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._tick = tick

    def close(self) -> None:
        """Close the connections to the servers."""
        self._client.close()

    def list_addresses(self, prefix: str) -> tuple[str, ...]:
        """Ask the aggregation at ``prefix`` + "lists"."""
        return read_index(self._get(prefix + INDEX_NAME, "application/json", INDEX_BYTES_MAX), prefix)

    def fetch(self, uri: str) -> bytes:
        """Get the CWT form of a list."""
        return self._get(uri, "application/statuslist+cwt", TOKEN_BYTES_MAX)

    def fetch_bundle(self, prefix: str) -> bytes | None:
        """Get the whole copy at ``prefix`` + "bundle"; None where the server has none."""
        return self._get_of_stream(f"{prefix}bundle", BUNDLE_TYPE, BUNDLE_BYTES_MAX, BUNDLE_DEADLINE_SECONDS)

    def fetch_deltas(self, prefix: str, *, after: int) -> bytes | None:
        """Get the deltas behind ``after``, and a head."""
        uri = f"{prefix}deltas?after={after}"
        return self._get_of_stream(uri, DELTAS_TYPE, DELTAS_BYTES_MAX, DEADLINE_SECONDS)

    def fetch_manifest(self, prefix: str) -> bytes | None:
        """Get the manifest."""
        return self._get_of_stream(
            f"{prefix}{MANIFEST_NAME}", COSE_TYPE, MANIFEST_BYTES_MAX, DEADLINE_SECONDS
        )

    def listen(self, prefix: str, *, after: int) -> Generator[bytes, None, None]:
        """Listen to the server-sent events at ``prefix`` + "stream"."""
        uri, headers = f"{prefix}stream?after={after}", {"accept": EVENTS_TYPE, "accept-encoding": "identity"}
        try:
            with self._client.stream("GET", uri, headers=headers, timeout=QUIET_SECONDS) as response:
                _require_plain(response, uri)
                if not _is_of_type(response, EVENTS_TYPE):
                    raise StatusSourceFailed(f"{uri} sends no events; what is held is kept")
                yield from self._events(response.iter_raw(), uri)
        except self._failures as error:
            raise StatusSourceFailed(
                f"{uri} broke off ({type(error).__name__}); what is held is kept"
            ) from None

    def _events(self, chunks: Iterator[bytes], uri: str) -> Iterator[bytes]:
        """Cut the stream into events, each of which is one message (WHATWG HTML, 9.2.5 and 9.2.6)."""
        waiting, heard = b"", self._tick()
        for chunk in chunks:
            *events, waiting = (waiting + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
            if len(waiting) > EVENT_BYTES_MAX:
                raise StatusSourceFailed(f"{uri} sends an event without an end; what is held is kept")
            for event in events:
                if event.startswith(b"event:gap"):
                    return
                message = _message_in(event)
                if message:
                    heard = self._tick()
                    yield message
            # A server that drips single bytes or empty comments is as good as silent.
            if self._tick() - heard > QUIET_SECONDS:
                raise StatusSourceFailed(f"{uri} has said nothing for {QUIET_SECONDS:.0f} seconds")

    def _get_of_stream(self, uri: str, accept: str, size_bytes_max: int, seconds: float) -> bytes | None:
        """Get what only a server with a stream has; None where there is nothing of that kind."""
        headers, ends = {"accept": accept, "accept-encoding": "identity"}, self._tick() + seconds
        try:
            with self._client.stream("GET", uri, headers=headers) as response:
                is_there = response.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
                if not is_there or (
                    response.status_code == HTTPStatus.OK and not _is_of_type(response, accept)
                ):
                    return None
                _require_plain(response, uri)
                return self._take(response, uri, size_bytes_max, ends=ends, seconds=seconds)
        except self._failures as error:
            raise StatusSourceFailed(
                f"{uri} cannot be reached ({type(error).__name__}); what is held is kept"
            ) from None

    def _get(self, uri: str, accept: str, size_bytes_max: int) -> bytes:
        # RFC 9110, 12.5.3: the content as it is. A token is compressed inside already, and a coded content
        # would be unpacked before anybody could count it.
        headers, ends = {"accept": accept, "accept-encoding": "identity"}, self._tick() + DEADLINE_SECONDS
        try:
            with self._client.stream("GET", uri, headers=headers) as response:
                _require_plain(response, uri)
                return self._take(response, uri, size_bytes_max, ends=ends, seconds=DEADLINE_SECONDS)
        except self._failures as error:
            raise StatusSourceFailed(
                f"{uri} cannot be reached ({type(error).__name__}); the lists held are kept"
            ) from None

    def _take(
        self, response: "httpx.Response", uri: str, size_bytes_max: int, *, ends: float, seconds: float
    ) -> bytes:
        taken = bytearray()
        for chunk in response.iter_raw():
            taken += chunk
            if len(taken) > size_bytes_max:
                raise StatusSourceFailed(
                    f"{uri} sends more than {size_bytes_max} bytes; this is no status list"
                )
            if self._tick() > ends:
                raise StatusSourceFailed(
                    f"{uri} took too long, more than {seconds:.0f} seconds; the list held is kept"
                )
        return bytes(taken)


def _require_plain(response: "httpx.Response", uri: str) -> None:
    if response.status_code != HTTPStatus.OK:
        raise StatusSourceFailed(f"{uri} answered {response.status_code}; the lists held are kept")
    coding = response.headers.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        raise StatusSourceFailed(f"{uri} answers in a coding that was not asked for; the lists held are kept")


def _is_of_type(response: "httpx.Response", wanted: str) -> bool:
    return _essence(response.headers.get("content-type", "")) == _essence(wanted)


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _message_in(event: bytes) -> bytes:
    """Read the message in one event; empty in one that carries none, such as a comment."""
    written = b"".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))
    try:
        return base64url.decode(written.decode("ascii", errors="replace"))
    except MalformedInput:
        # Handed on as it is: whoever takes messages refuses it, and says so.
        return written


def read_index(raw: bytes, prefix: str) -> tuple[str, ...]:
    """Read a status list aggregation (Token Status List draft, 9.3): each address of ``prefix`` and a plain name.

    Others are left out: they are not this issuer's, or no addresses at all.

    Raises:
        StatusSourceFailed: it is not of that form.
    """
    try:
        listed = json.loads(raw)["status_lists"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise StatusSourceFailed("the index of status lists is not JSON with status_lists") from None
    if (
        not isinstance(listed, list)
        or len(listed) > LISTS_MAX
        or not all(isinstance(one, str) for one in listed)
    ):
        raise StatusSourceFailed(f"the index of status lists must name at most {LISTS_MAX} addresses")
    mine = (one for one in listed if one.startswith(prefix) and _NAME.fullmatch(one.removeprefix(prefix)))
    return tuple(dict.fromkeys(mine))


def write_index(uris: tuple[str, ...]) -> bytes:
    """Write a status list aggregation."""
    return json.dumps({"status_lists": list(uris)}).encode()
