"""Fetches small signed documents over http and https: bounded in size and time, unchanged ones not again."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from rahdari.app.errors import FolderFailed
from rahdari.app.files import read_limited

if TYPE_CHECKING:
    # A third of a second, which a command that reads files alone need not wait.
    import aiohttp

TOTAL_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 5.0
_ETAG_CHARS_MAX: Final = 200
_PIECE_BYTES: Final = 64 * 1024


class Fetched(NamedTuple):
    """What an address answered; ``etag`` is empty where it named none."""

    text: str
    etag: str


class Unfetched(Exception):
    """The document was not to be had; the sentence says why."""


class Fetch(Protocol):
    """Fetches a text; None where it is still the one of ``etag``."""

    async def __call__(self, url: str, *, etag: str, chars_max: int) -> Fetched | None:
        """Fetch. Raises ``Unfetched``."""
        ...


async def fetch_text(url: str, *, etag: str, chars_max: int) -> Fetched | None:
    """Fetch an ASCII text by http, https, or ``file:PATH``. Redirects are not followed.

    Raises:
        Unfetched: no answer in time, another status than 200 or 304, too long, not ASCII.
    """
    if url.startswith("file:"):
        return await asyncio.to_thread(_read_file, Path(url.removeprefix("file:")), chars_max)
    import aiohttp  # noqa: PLC0415 - see above

    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
    headers = {"if-none-match": etag} if etag else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, headers=headers, allow_redirects=False) as response,
        ):
            if response.status == 304:
                return None
            if response.status != 200:
                raise Unfetched(f"{url} answered {response.status}")
            raw = await _read(response, url, chars_max)
            named = response.headers.get("etag", "")[:_ETAG_CHARS_MAX]
            return Fetched(raw.decode("ascii"), named)
    except UnicodeDecodeError:
        raise Unfetched(f"{url} answered what is no signed text") from None
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise Unfetched(f"{url} was not reached ({type(error).__name__})") from None


async def post_text(url: str, text: str, *, media_type: str, chars_max: int) -> tuple[int, str]:
    """Post a text; give the status and the answer's text. Raises ``Unfetched``."""
    import aiohttp  # noqa: PLC0415 - see above

    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(
                url, data=text.encode(), headers={"content-type": media_type}, allow_redirects=False
            ) as response,
        ):
            raw = await _read(response, url, chars_max)
            return response.status, raw.decode("utf-8", errors="replace")
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise Unfetched(f"{url} was not reached ({type(error).__name__})") from None


async def _read(response: "aiohttp.ClientResponse", url: str, bytes_max: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_chunked(_PIECE_BYTES):
        size += len(piece)
        if size > bytes_max:
            raise Unfetched(f"{url} answered more than {bytes_max} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _read_file(path: Path, chars_max: int) -> Fetched:
    try:
        return Fetched(read_limited(path, size_bytes_max=chars_max).decode("ascii").strip(), "")
    except (FolderFailed, UnicodeDecodeError) as error:
        raise Unfetched(f"{path} cannot be read: {error}") from None
