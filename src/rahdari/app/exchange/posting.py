"""Small questions to those who vouch for a log: stamps and cosignatures."""

import ssl
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from rahdari.app.exchange.asking import NotAnswered, Question, ask

__all__ = ["NotAnswered", "Post", "Posted", "posting"]

TOTAL_SECONDS: Final = 15.0


class Posted(NamedTuple):
    """What was answered."""

    status: int
    media_type: str
    body: bytes


# Posts a body of a media type to an address, and reads at most so many bytes of the answer. Raises ``NotAnswered``.
Post = Callable[[str, bytes, str, int], Awaitable[Posted]]


def posting(context_of: Callable[[str], ssl.SSLContext | None]) -> Post:
    """Post with the certificates that ``context_of`` gives for an address: a gateway's own are pinned."""

    async def post(url: str, body: bytes, media_type: str, bytes_max: int) -> Posted:
        fields = [(b"content-type", media_type.encode("ascii"))]
        question = Question("POST", url, fields, body)
        try:
            tls = context_of(url)
        except ValueError:
            raise NotAnswered(f"{url} is no address") from None
        answer = await ask(question, bytes_max=bytes_max, seconds=TOTAL_SECONDS, tls=tls)
        told = answer.field(b"content-type").partition(";")[0].strip().lower()
        return Posted(answer.status, told, answer.body)

    return post
