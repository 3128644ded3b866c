"""Small questions to others over HTTP: one attempt each, bounded in size and time.

They go with the client of calls (``upstream``): a general one beside it would take 8 MB of the hundred that a
gateway may. Nothing is followed, decoded or kept, and no proxy of the environment is asked.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from rahdari.app.exchange.upstream import Place, Pool, Sending, UpstreamFailed
from rahdari.wire.xroad import FieldLine, values_of

# What stands in a request line as it is; spaces and controls would be a second line, or a second text.
_TARGET: Final = re.compile(r"[!-~]*", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+", re.ASCII)
_FIELDS: Final[tuple[FieldLine, ...]] = ((b"accept", b"*/*"), (b"user-agent", b"rahdari"))


class NotAnswered(Exception):
    """No answer came, or one that is too long; the sentence says which."""


class Question(NamedTuple):
    """What is asked at an ``http`` or ``https`` address."""

    method: str
    url: str
    fields: Sequence[FieldLine] = ()
    body: bytes = b""


class Answer(NamedTuple):
    """What was answered."""

    status: int
    fields: list[FieldLine]
    body: bytes

    def field(self, name: bytes) -> str:
        """Give the value of a field of this name (small letters); empty where there is none, or more than one."""
        values = values_of(self.fields, name)
        return values[0].decode("latin-1") if len(values) == 1 else ""


async def ask(
    question: Question, *, bytes_max: int, seconds: float, tls: ssl.SSLContext | None = None
) -> Answer:
    """Ask, and read at most ``bytes_max`` of the answer, in ``seconds`` in all.

    Whose certificate counts is what ``tls`` says; without it, the system's authorities are believed.

    Raises:
        NotAnswered: no such address, nobody there, another's certificate, no HTTP, too late or too much.
    """
    url, body = question.url, question.body
    place, target = _place_of(url, tls)
    pool, held = Pool(place), bytearray()
    sending = Sending(
        question.method, target, [*_FIELDS, *question.fields], len(body), body, timeout_seconds=seconds
    )
    try:
        async with asyncio.timeout(seconds):
            reply = await pool.send(sending)
            try:
                while part := await reply.read():
                    held += part
                    if len(held) > bytes_max:
                        raise NotAnswered(f"{url} answered more than {bytes_max} bytes")
            finally:
                reply.release()
    except TimeoutError:
        raise NotAnswered(f"{url} was not reached: no whole answer in time") from None
    except UpstreamFailed as failure:
        raise NotAnswered(f"{url} was not reached: {failure.message}") from None
    finally:
        pool.close()
    return Answer(reply.status, reply.fields, bytes(held))


def _place_of(url: str, tls: ssl.SSLContext | None) -> tuple[Place, bytes]:
    """Read an address. Raises ``NotAnswered``."""
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError:
        raise NotAnswered(f"{url} is no address") from None
    target = f"{split.path or '/'}{'?' if split.query else ''}{split.query}"
    is_secure = split.scheme == "https"
    is_sound = is_secure or (split.scheme == "http" and tls is None)
    if not is_sound or "@" in split.netloc or not _HOST.fullmatch(host) or not _TARGET.fullmatch(target):
        raise NotAnswered(f"{url} is no http or https address")
    context = (tls or _system_context()) if is_secure else None
    place = Place(host, port or (443 if is_secure else 80), split.netloc.encode("ascii"), context)
    return place, target.encode("ascii")


@cache
def _system_context() -> ssl.SSLContext:
    return ssl.create_default_context()
