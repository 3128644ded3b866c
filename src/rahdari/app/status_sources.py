"""Where status lists and trust lists are fetched from: a folder, or servers."""

import json
from pathlib import Path
from typing import Protocol

import httpx

from rahdari.app.errors import FolderFailed
from rahdari.app.files import read_limited
from rahdari.credentials.errors import StatusSourceFailed

# A list of 2^20 two-bit entries has at most 256 KiB before and a little more after compression and signing.
TOKEN_BYTES_MAX = 2 * 1024 * 1024
INDEX_BYTES_MAX = 1024 * 1024
LISTS_MAX = 4096
TIMEOUT_SECONDS = 10.0
# Token Status List draft, 9.3: the aggregation names every list of an issuer, so that a verifier who will go
# offline can fetch them all beforehand.
INDEX_NAME = "lists"


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
        except FolderFailed as failure:
            raise StatusSourceFailed(f"{failure.message}; publish the status lists there first") from None


class HttpSource:
    """The servers that the trust list names. No redirects: an address is what was signed."""

    def __init__(self, client: httpx.Client | None = None) -> None:
        """Use ``client``, or one of its own."""
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

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
        try:
            with self._client.stream("GET", uri, headers={"accept": accept}) as response:
                if response.status_code != httpx.codes.OK:
                    raise StatusSourceFailed(
                        f"{uri} answered {response.status_code}; the lists held are kept"
                    )
                return _take(response, uri, size_bytes_max)
        except httpx.HTTPError as error:
            raise StatusSourceFailed(
                f"{uri} cannot be reached ({type(error).__name__}); the lists held are kept"
            ) from None


def _take(response: httpx.Response, uri: str, size_bytes_max: int) -> bytes:
    taken = bytearray()
    for chunk in response.iter_bytes():
        taken += chunk
        if len(taken) > size_bytes_max:
            raise StatusSourceFailed(f"{uri} sends more than {size_bytes_max} bytes; this is no status list")
    return bytes(taken)


def read_index(raw: bytes, prefix: str) -> tuple[str, ...]:
    """Read a status list aggregation (Token Status List draft, 9.3) and keep what begins with ``prefix``.

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
    return tuple(one for one in listed if one.startswith(prefix))


def write_index(uris: tuple[str, ...]) -> bytes:
    """Write a status list aggregation."""
    return json.dumps({"status_lists": list(uris)}).encode()
