"""Small questions to others over HTTP: bounded in size and time, one attempt each."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    # A fifth of a second and 8 MB, for gateways that nobody vouches for.
    import aiohttp

TOTAL_SECONDS: Final = 15.0
CONNECT_SECONDS: Final = 5.0
_PIECE_BYTES: Final = 64 * 1024


class Posted(NamedTuple):
    """What was answered."""

    status: int
    media_type: str
    body: bytes


class NotAnswered(Exception):
    """No answer came, or one that is too long; the sentence says which."""


# Posts a body of a media type to an address, and reads at most so many bytes of the answer. Raises ``NotAnswered``.
Post = Callable[[str, bytes, str, int], Awaitable[Posted]]


def posting(session_of: Callable[[str], "aiohttp.ClientSession"]) -> Post:
    """Post with the session that ``session_of`` gives for an address: a gateway's has its certificate pinned."""

    async def post(url: str, body: bytes, media_type: str, bytes_max: int) -> Posted:
        import aiohttp  # noqa: PLC0415 - see above

        timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
        try:
            async with session_of(url).post(
                url, data=body, headers={"content-type": media_type}, allow_redirects=False, timeout=timeout
            ) as response:
                pieces: list[bytes] = []
                size = 0
                async for piece in response.content.iter_chunked(_PIECE_BYTES):
                    size += len(piece)
                    if size > bytes_max:
                        raise NotAnswered(f"{url} answered more than {bytes_max} bytes")
                    pieces.append(piece)
                return Posted(response.status, response.content_type, b"".join(pieces))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise NotAnswered(f"{url} did not answer ({type(error).__name__})") from None

    return post
