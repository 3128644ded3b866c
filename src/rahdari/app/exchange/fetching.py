"""Fetches small signed documents over http and https: bounded in size and time, unchanged ones not again."""

import asyncio
import re
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.asking import Answer, NotAnswered, Question, ask
from rahdari.app.files import read_limited

TOTAL_SECONDS: Final = 30.0
_ETAG_CHARS_MAX: Final = 200
# RFC 9110, 8.8.3, and of ASCII alone.
_TAG: Final = re.compile(r'(?:W/)?"[!#-~]*"')


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
    fields = [(b"if-none-match", etag.encode("ascii"))] if _TAG.fullmatch(etag) else []
    try:
        answer = await ask(Question("GET", url, fields), bytes_max=chars_max, seconds=TOTAL_SECONDS)
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise Unfetched(f"{url} answered {answer.status}")
        return Fetched(answer.body.decode("ascii"), _tag_of(answer))
    except UnicodeDecodeError:
        raise Unfetched(f"{url} answered what is no signed text") from None
    except NotAnswered as failure:
        raise Unfetched(str(failure)) from None


async def post_text(url: str, text: str, *, media_type: str, chars_max: int) -> tuple[int, str]:
    """Post a text; give the status and the answer's text. Raises ``Unfetched``."""
    fields = [(b"content-type", media_type.encode("ascii"))]
    try:
        question = Question("POST", url, fields, text.encode())
        answer = await ask(question, bytes_max=chars_max, seconds=TOTAL_SECONDS)
    except NotAnswered as failure:
        raise Unfetched(str(failure)) from None
    return answer.status, answer.body.decode("utf-8", errors="replace")


def _tag_of(answer: Answer) -> str:
    """Give the tag of an answer; one that could not be sent back in a line, or is too long, is none."""
    tag = answer.field(b"etag")
    return tag if len(tag) <= _ETAG_CHARS_MAX and _TAG.fullmatch(tag) else ""


def _read_file(path: Path, chars_max: int) -> Fetched:
    try:
        return Fetched(read_limited(path, size_bytes_max=chars_max).decode("ascii").strip(), "")
    except (FolderFailed, UnicodeDecodeError) as error:
        raise Unfetched(f"{path} cannot be read: {error}") from None
