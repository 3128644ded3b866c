"""Downloads: whole or not at all, resumed, and never believed."""

import hashlib
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path

import httpx
import pytest

from rahdari.app import downloads as module
from rahdari.app.download_addresses import next_address
from rahdari.app.downloads import Downloaded, Downloads, Wanted
from rahdari.app.errors import FolderFailed
from rahdari.trade import DownloadFailed
from tests.fakes.publisher import Publisher, publishing

pytestmark = pytest.mark.loopback

BODY = b"PK\x03\x04" + bytes(range(256)) * 4096
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing(BODY) as one:
        yield one


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "release.zip"


Fetch = Callable[..., Downloaded]


def downloads(*, seconds: float = 5, tick: Callable[[], float] | None = None) -> Downloads:
    client = httpx.Client(timeout=seconds, trust_env=False)
    return Downloads(client, pause=lambda _: None, **({"tick": tick} if tick else {}))


def fetch(publisher: Publisher, target: Path, *, sha256: str = "", bytes_max: int = 1 << 30) -> Downloaded:
    with downloads() as one:
        return one.fetch(Wanted(f"{publisher.url}/release.zip", sha256, bytes_max=bytes_max), target)


def nothing_left(target: Path) -> bool:
    return list(target.parent.iterdir()) == []


def test_a_file_comes_whole_with_its_digest_and_nothing_beside_it(publisher: Publisher, target: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with downloads() as one:
        got = one.fetch(
            Wanted(f"{publisher.url}/release.zip", DIGEST), target, told=lambda *what: told.append(what)
        )
    assert got == Downloaded(target, DIGEST, len(BODY), 0)
    assert target.read_bytes() == BODY
    assert list(target.parent.iterdir()) == [target]
    assert told[-1] == ("release.zip", len(BODY), len(BODY))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert publisher.asked[0]["accept-encoding"] == "identity"


def test_a_line_that_breaks_is_taken_up_where_it_broke(publisher: Publisher, target: Path) -> None:
    publisher.breaks_after, publisher.breaks_left = 300_000, 2
    got = fetch(publisher, target, sha256=DIGEST)
    assert target.read_bytes() == BODY
    assert len(publisher.asked) == 3
    first, second, third = publisher.asked
    assert "range" not in first
    assert second["if-range"] == third["if-range"] == '"one"'
    assert 0 < int(second["range"][6:-1]) < int(third["range"][6:-1])
    assert got.resumed_at == 0


def test_what_an_earlier_run_left_is_gone_on_with(publisher: Publisher, target: Path) -> None:
    publisher.breaks_after, publisher.breaks_left = 100_000, 3
    with pytest.raises(DownloadFailed, match="run it again, it goes on from there"):
        fetch(publisher, target)
    assert not target.exists()
    here = target.with_name("release.zip.part").stat().st_size
    assert here == 300_000
    got = fetch(publisher, target, sha256=DIGEST)
    assert got.resumed_at == here
    assert publisher.asked[-1]["range"] == f"bytes={here}-"
    assert target.read_bytes() == BODY


def test_a_server_that_knows_no_ranges_begins_anew(publisher: Publisher, target: Path) -> None:
    publisher.breaks_after, publisher.breaks_left, publisher.knows_ranges = 100_000, 1, False
    assert fetch(publisher, target, sha256=DIGEST).resumed_at == 0
    assert target.read_bytes() == BODY


def test_a_file_that_changed_between_is_taken_anew_not_glued_on(publisher: Publisher, target: Path) -> None:
    publisher.breaks_after, publisher.breaks_left = 100_000, 3
    with pytest.raises(DownloadFailed):
        fetch(publisher, target)
    publisher.body, publisher.etag = b"PK\x03\x04" + b"new" * 100_000, '"two"'
    got = fetch(publisher, target)
    assert target.read_bytes() == publisher.body
    assert got.resumed_at == 0


def test_a_server_that_glues_another_file_on_is_seen_through(publisher: Publisher, target: Path) -> None:
    """It ignores If-Range, but its tag and its length tell."""
    part, note = target.with_name("release.zip.part"), target.with_name("release.zip.part.json")
    part.write_bytes(b"PK\x03\x04old")
    address = f"{publisher.url}/release.zip"
    note.write_text(json.dumps({"address": address, "length": 999, "etag": '"one"', "last_modified": ""}))
    assert fetch(publisher, target).sha256 == DIGEST


def test_another_file_of_the_same_length_is_told_by_its_tag(publisher: Publisher, target: Path) -> None:
    """The server gives the rest of a new file though it was asked for the rest of the old one."""
    publisher.breaks_after, publisher.breaks_left = 100_000, 3
    with pytest.raises(DownloadFailed):
        fetch(publisher, target)
    new = b"PK\x03\x04" + b"N" * (len(BODY) - 4)
    kind = {"content-type": "application/zip", "etag": '"two"'}

    def rest(_: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if "range" not in headers:
            return 200, kind, new
        start = int(headers["range"][6:-1])
        return 206, kind | {"content-range": f"bytes {start}-{len(new) - 1}/{len(new)}"}, new[start:]

    publisher.answer = rest
    fetch(publisher, target)
    assert target.read_bytes() == new


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        "[" * 9000,
        '{"address": 5}',
        '{"address":"x","length":"9","etag":"","last_modified":""}',
    ],
)
def test_a_part_without_a_note_that_fits_is_not_trusted(
    publisher: Publisher, target: Path, note: str
) -> None:
    target.with_name("release.zip.part").write_bytes(b"PK\x03\x04 of another age")
    target.with_name("release.zip.part.json").write_text(note)
    assert fetch(publisher, target).sha256 == DIGEST
    assert "range" not in publisher.asked[0]


def test_a_weak_tag_does_not_tell_that_a_file_is_the_same(publisher: Publisher, target: Path) -> None:
    publisher.etag, publisher.breaks_after, publisher.breaks_left = 'W/"one"', 100_000, 1
    assert fetch(publisher, target).sha256 == DIGEST
    assert all("range" not in asked for asked in publisher.asked)


def test_a_date_tells_that_a_file_is_the_same_where_there_is_no_tag(
    publisher: Publisher, target: Path
) -> None:
    date = "Tue, 20 Jan 2026 08:00:00 GMT"
    kind = {"content-type": "application/zip", "last-modified": date}

    def answer(_: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if "range" not in headers:
            return 200, kind | {"content-length": str(len(BODY)), "connection": "close"}, BODY[:5000]
        assert (headers["if-range"], headers["range"]) == (date, "bytes=5000-")
        return 206, kind | {"content-range": f"bytes 5000-{len(BODY) - 1}/{len(BODY)}"}, BODY[5000:]

    publisher.answer = answer
    assert fetch(publisher, target, sha256=DIGEST).size_bytes == len(BODY)


def test_a_part_that_was_whole_already_is_not_fetched_again(publisher: Publisher, target: Path) -> None:
    target.with_name("release.zip.part").write_bytes(BODY)
    promised = {
        "address": f"{publisher.url}/release.zip",
        "length": len(BODY),
        "etag": '"one"',
        "last_modified": "",
    }
    target.with_name("release.zip.part.json").write_text(json.dumps(promised))
    assert fetch(publisher, target, sha256=DIGEST).resumed_at == len(BODY)
    assert publisher.asked == []


def test_a_part_that_is_too_long_is_thrown_away(publisher: Publisher, target: Path) -> None:
    target.with_name("release.zip.part").write_bytes(BODY + b"more")
    promised = {"address": f"{publisher.url}/release.zip", "length": 5, "etag": '"one"', "last_modified": ""}
    target.with_name("release.zip.part.json").write_text(json.dumps(promised))
    publisher.answer = lambda _, headers: (
        (416, {}, b"") if "range" in headers else (200, {"content-type": "application/zip"}, BODY)
    )
    assert fetch(publisher, target).sha256 == DIGEST


def test_a_length_that_is_longer_than_the_file_is_a_broken_line(publisher: Publisher, target: Path) -> None:
    publisher.length_told = len(BODY) + 100
    with pytest.raises(DownloadFailed, match=r"broke off .* after 1048580 bytes"):
        fetch(publisher, target)
    assert not target.exists()


def test_a_length_that_is_shorter_than_the_file_cuts_it_and_the_digest_tells(
    publisher: Publisher, target: Path
) -> None:
    publisher.length_told = 5000
    with pytest.raises(DownloadFailed, match="nothing of it was kept"):
        fetch(publisher, target, sha256=DIGEST)
    assert nothing_left(target)


def test_another_digest_is_refused_with_both(publisher: Publisher, target: Path) -> None:
    with pytest.raises(DownloadFailed, match=f"{DIGEST}, not {'a' * 64}"):
        fetch(publisher, target, sha256="a" * 64)
    assert nothing_left(target)


def test_a_digest_that_is_none_is_refused_before_anything_is_asked(
    publisher: Publisher, target: Path
) -> None:
    with pytest.raises(DownloadFailed, match="64 hexadecimal digits"):
        fetch(publisher, target, sha256="abc")
    assert publisher.asked == []


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8"])
def test_a_web_page_is_no_release(publisher: Publisher, target: Path, kind: str) -> None:
    publisher.kind = kind
    with pytest.raises(DownloadFailed, match="sends a web page"):
        fetch(publisher, target)
    assert nothing_left(target)


def test_a_web_page_that_calls_itself_a_zip_is_no_release(publisher: Publisher, target: Path) -> None:
    publisher.body = b"<html>please log in</html>" * 100
    with pytest.raises(DownloadFailed, match="something else than such a file"):
        fetch(publisher, target)
    assert nothing_left(target)


def test_a_file_of_two_bytes_is_no_release(publisher: Publisher, target: Path) -> None:
    publisher.body = b"PK"
    with pytest.raises(DownloadFailed, match="something else than such a file"):
        fetch(publisher, target)
    assert nothing_left(target)


def test_endless_bytes_end_at_the_limit(publisher: Publisher, target: Path) -> None:
    publisher.is_endless = True
    with pytest.raises(DownloadFailed, match="sends more than 3000000 bytes"):
        fetch(publisher, target, bytes_max=3_000_000)
    assert nothing_left(target)


def test_a_length_beyond_the_limit_is_refused_before_a_byte_of_it(publisher: Publisher, target: Path) -> None:
    with pytest.raises(DownloadFailed, match="promises 1048580 bytes, more than 1000"):
        fetch(publisher, target, bytes_max=1000)
    assert nothing_left(target)


def test_a_silent_server_is_left(publisher: Publisher, target: Path) -> None:
    publisher.drip_seconds = 2
    with downloads(seconds=0.1) as one, pytest.raises(DownloadFailed, match="ReadTimeout"):
        one.fetch(Wanted(f"{publisher.url}/release.zip"), target)
    assert not target.exists()


def test_a_dripping_server_is_left_though_it_never_falls_silent(publisher: Publisher, target: Path) -> None:
    now = iter(range(0, 10_000_000, 20))
    publisher.body, publisher.drip_seconds = BODY[:200], 0.001
    with (
        downloads(tick=lambda: next(now)) as one,
        pytest.raises(DownloadFailed, match=r"sent only .* in 60 seconds"),
    ):
        one.fetch(Wanted(f"{publisher.url}/release.zip"), target)
    assert not target.exists()


@pytest.mark.parametrize("status", [403, 404, 500, 503, 204])
def test_an_answer_without_a_file_is_told_by_its_number(
    publisher: Publisher, target: Path, status: int
) -> None:
    publisher.status = status
    with pytest.raises(DownloadFailed, match=f"answered {status}"):
        fetch(publisher, target)
    assert nothing_left(target)


def test_a_coding_that_was_not_asked_for_is_refused(publisher: Publisher, target: Path) -> None:
    publisher.answer = lambda *_: (200, {"content-encoding": "gzip"}, b"\x1f\x8b")
    with pytest.raises(DownloadFailed, match="coding"):
        fetch(publisher, target)
    assert nothing_left(target)


def test_a_redirect_is_followed(publisher: Publisher, target: Path) -> None:
    publisher.status, publisher.location = 302, "/whole"
    assert fetch(publisher, target).sha256 == DIGEST
    assert publisher.paths == ["/release.zip", "/whole"]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/again", "redirects more than 5 times"),
        ("", "redirects to nowhere"),
        ("file:///etc/hostname", "fetched by https, not from file"),
        ("http://publisher.example/x", "fetched by https, not from http"),
        ("ftp://publisher.example/x", "fetched by https, not from ftp"),
        ("https://user:word@publisher.example/x", "holds a user name"),
    ],
)
def test_a_redirect_to_where_nobody_should_go_is_not_followed(
    publisher: Publisher, target: Path, location: str, told: str
) -> None:
    publisher.answer = lambda *_: (302, {"location": location} if location else {}, b"")
    with pytest.raises(DownloadFailed, match=told):
        fetch(publisher, target)
    assert nothing_left(target)


def test_nobody_is_led_from_https_into_plain_http() -> None:
    with pytest.raises(DownloadFailed, match="redirects away from https"):
        next_address("https://publisher.example/a", "http://127.0.0.1/x")
    assert next_address("https://publisher.example/a", "/b") == "https://publisher.example/b"


@pytest.mark.parametrize(
    "address",
    ["", "release.zip", "file:///release.zip", "http://publisher.example/a.zip", "https://", "https://a:b@c.example/",
     "https://c.example:port/", "http://[::2]/a.zip", "gopher://c.example/a"],
)  # fmt: skip
def test_only_https_or_this_machine_is_an_address(target: Path, address: str) -> None:
    with downloads() as one, pytest.raises(DownloadFailed):
        one.fetch(Wanted(address), target)
    assert nothing_left(target)


def test_nobody_there_is_told(target: Path) -> None:
    with (
        downloads() as one,
        pytest.raises(DownloadFailed, match=r"127.0.0.1 cannot be reached .* after 0 bytes"),
    ):
        one.fetch(Wanted("http://127.0.0.1:1/release.zip"), target)


def test_a_disk_without_room_is_told_before_the_first_byte(
    publisher: Publisher, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100))
    with pytest.raises(FolderFailed, match="needs 1048580 bytes more, the disk has 100 free"):
        fetch(publisher, target)
    assert not target.exists()


def test_a_disk_that_fills_up_on_the_way_is_told(
    publisher: Publisher, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderFailed, match="No space left on device"):
        fetch(publisher, target)
    assert not target.exists()


def test_two_at_once_do_not_write_one_file(publisher: Publisher, target: Path) -> None:
    second: list[str] = []

    def meanwhile(*_: object) -> None:
        if not second:
            with pytest.raises(FolderFailed, match="something else is written") as refusal:
                fetch(publisher, target)
            second.append(refusal.value.message)

    with downloads() as one:
        one.fetch(Wanted(f"{publisher.url}/release.zip", DIGEST), target, told=meanwhile)
    assert len(second) == 1
    assert target.read_bytes() == BODY


@contextmanager
def dripping(piece: bytes, seconds: float) -> Iterator[str]:
    """Give the address of a server that begins an answer and sends one piece after the other, for ever."""
    listening = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            with suppress(OSError):
                line, _ = listening.accept()
                with line:
                    line.sendall(b"HTTP/1.1 200 OK\r\n")
                    while not is_over.wait(seconds):
                        line.sendall(piece)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/release.zip"
    finally:
        is_over.set()
        with suppress(OSError):
            socket.create_connection(listening.getsockname(), 1).close()
        thread.join(5)
        listening.close()


def test_a_server_that_drips_its_head_is_left_in_time(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.15)
    began = time.monotonic()
    with dripping(b"x-more: y\r\n", 0.02) as address, downloads() as one:  # noqa: SIM117 - two parts
        with pytest.raises(DownloadFailed, match=r"sent no whole head of an answer within 0 seconds"):
            one.fetch(Wanted(address), target)
    assert time.monotonic() - began < 3


def test_all_heads_together_have_an_end_too(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADS_SECONDS_MAX", 0.1)
    with dripping(b"x-more: y\r\n", 0.02) as address, downloads() as one:  # noqa: SIM117 - two parts
        with pytest.raises(DownloadFailed, match="for the heads of its answers alone"):
            one.fetch(Wanted(address), target)


def test_a_file_that_takes_days_is_gone_on_with_another_day(publisher: Publisher, target: Path) -> None:
    # The head comes at once, and its body a day later: neither is slow by itself.
    passed = chain([0, 1, 2], repeat(90_000))
    with downloads(tick=lambda: float(next(passed))) as one, pytest.raises(DownloadFailed, match="24 hours"):
        one.fetch(Wanted(f"{publisher.url}/release.zip"), target)


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "x." + "b" * 70 + ".example"])
def test_a_redirect_to_a_host_that_cannot_be_is_a_named_refusal(
    host: str, publisher: Publisher, target: Path
) -> None:
    publisher.status, publisher.location = 302, f"https://{host}/x.zip"
    with pytest.raises(DownloadFailed, match="more than 63 characters"):
        fetch(publisher, target)


@pytest.mark.parametrize("host", ["xn--a", "a..b", "\xff\xfe..\xad", "[::1", "x" * 63 + ".invalid", "-"])
def test_a_redirect_to_any_odd_host_is_a_failed_download(
    host: str, publisher: Publisher, target: Path
) -> None:
    publisher.status, publisher.location = 302, f"http://127.0.0.1:1/{host}"
    with pytest.raises(DownloadFailed):
        fetch(publisher, target)
    publisher.location = f"https://{host}:1/x.zip"
    with pytest.raises(DownloadFailed):
        fetch(publisher, target)
