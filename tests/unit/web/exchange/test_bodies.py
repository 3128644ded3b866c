"""Bodies of any length are digested and kept in little memory."""

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rahdari.web.exchange.asgi import ClientGone, Event, Receive
from rahdari.web.exchange.bodies import (
    HELD_BYTES_MAX,
    NO_BODY,
    SPOOLED,
    Body,
    BodyTooLarge,
    SpoolFailed,
    take_request,
)
from rahdari.wire.http_signatures import content_digest

BIG = HELD_BYTES_MAX // 3


def receiving(parts: Iterable[bytes], *, is_broken: bool = False) -> Receive:
    left = [*parts] or [b""]

    async def receive() -> Event:
        if not left:
            return {"type": "http.disconnect"}
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or is_broken}

    return receive


async def read(body: Body) -> bytes:
    if body.held is not None:
        return body.held
    parts = body.parts()
    assert parts is not None
    return b"".join([part async for part in parts])


def took(
    parts: Iterable[bytes], folder: Path, *, most: int = 1 << 30, is_broken: bool = False
) -> tuple[Body, bytes]:
    async def story() -> tuple[Body, bytes]:
        body = await take_request(receiving(parts, is_broken=is_broken), bytes_max=most, folder=folder)
        try:
            return body, await read(body)
        finally:
            body.close()

    return asyncio.run(story())


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b""],
        [b"a"],
        [b"a", b"", b"b"],
        [b"", b"", b"x"],
        [b"x" * BIG] * 3,
        [b"x" * BIG] * 4,
        [b"y" * BIG * 8],
    ],
)
def test_what_comes_is_kept_with_its_digests(parts: list[bytes], tmp_path: Path) -> None:
    whole = b"".join(parts)
    body, kept = took(parts, tmp_path)
    assert kept == whole
    assert body.facts.size == len(whole)
    assert body.facts.content_digest == content_digest(whole)
    assert body.facts.sha512 == (hashlib.sha512(whole).digest() if whole else None)
    # A single part is held as it came: the server gave it whole.
    assert (body.held is None) == (len(parts) > 1 and len(whole) > HELD_BYTES_MAX)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.integers(0, 700_000), max_size=6))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_cut(tmp_path: Path, sizes: list[int]) -> None:
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    body, kept = took(parts, tmp_path)
    assert kept == b"".join(parts)
    assert body.facts.content_digest == content_digest(kept)


def test_no_body_has_the_facts_of_none(tmp_path: Path) -> None:
    assert took([b""], tmp_path)[0].facts is NO_BODY


@pytest.mark.parametrize("size", [11, BIG * 6])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_what_is_too_large_is_refused(size: int, count: int, tmp_path: Path) -> None:
    before = _open_files()
    with pytest.raises(BodyTooLarge):
        took([b"x" * size] * count, tmp_path, most=size * count - 1)
    assert _open_files() <= before + 1


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("parts", [[b"a"], [b"x" * BIG] * 5])
def test_a_body_that_breaks_off_is_none(parts: list[bytes], tmp_path: Path) -> None:
    with pytest.raises(ClientGone):
        took(parts, tmp_path, is_broken=True)


def test_without_room_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpoolFailed):
        took([b"x" * BIG] * 5, tmp_path / "absent")


@pytest.mark.parametrize("count", [4, 8])
def test_files_of_all_together_are_bounded_and_counted_no_longer_than_they_are(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SPOOLED, "bytes_max", BIG * 5)
    before = _open_files()
    if count == 8:
        with pytest.raises(SpoolFailed):
            took([b"x" * BIG] * count, tmp_path)
    else:
        assert took([b"x" * BIG] * count, tmp_path)[0].file is not None
    for most in (BIG * 3 + 100, 1 << 30):
        with pytest.raises((BodyTooLarge, ClientGone)):
            took([b"x" * BIG] * 4, tmp_path, most=most, is_broken=True)
    assert SPOOLED.held == 0
    assert _open_files() <= before + 1
