"""Where status lists and trust lists are fetched from: a folder, or servers."""

import json
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import read_limited
from rahdari.credentials.errors import StatusSourceFailed

if TYPE_CHECKING:
    import httpx

# A list of 2^20 two-bit entries has at most 256 KiB before and a little more after compression and signing.
TOKEN_BYTES_MAX = 2 * 1024 * 1024
INDEX_BYTES_MAX = 1024 * 1024
LISTS_MAX = 4096
# For connecting and for each piece of the answer, and for all of them together.
TIMEOUT_SECONDS = 10.0
DEADLINE_SECONDS = 20.0
# Token Status List draft, 9.3: the aggregation names every list of an issuer, so that a verifier who will go
# offline can fetch them all beforehand.
INDEX_NAME = "lists"
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

    def _get(self, uri: str, accept: str, size_bytes_max: int) -> bytes:
        # RFC 9110, 12.5.3: the content as it is. A token is compressed inside already, and a coded content
        # would be unpacked before anybody could count it.
        headers, ends = {"accept": accept, "accept-encoding": "identity"}, self._tick() + DEADLINE_SECONDS
        try:
            with self._client.stream("GET", uri, headers=headers) as response:
                _require_plain(response, uri)
                return self._take(response, uri, size_bytes_max, ends)
        except self._failures as error:
            raise StatusSourceFailed(
                f"{uri} cannot be reached ({type(error).__name__}); the lists held are kept"
            ) from None

    def _take(self, response: "httpx.Response", uri: str, size_bytes_max: int, ends: float) -> bytes:
        taken = bytearray()
        for chunk in response.iter_raw():
            taken += chunk
            if len(taken) > size_bytes_max:
                raise StatusSourceFailed(
                    f"{uri} sends more than {size_bytes_max} bytes; this is no status list"
                )
            if self._tick() > ends:
                raise StatusSourceFailed(
                    f"{uri} took more than {DEADLINE_SECONDS:.0f} seconds; the list held is kept"
                )
        return bytes(taken)


def _require_plain(response: "httpx.Response", uri: str) -> None:
    if response.status_code != HTTPStatus.OK:
        raise StatusSourceFailed(f"{uri} answered {response.status_code}; the lists held are kept")
    coding = response.headers.get("content-encoding", "identity")
    if coding.strip().lower() != "identity":
        raise StatusSourceFailed(f"{uri} answers in a coding that was not asked for; the lists held are kept")


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
