"""Where status lists come from: whatever a folder or a server says is bounded and named when it is wrong."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from rahdari.app.status_sources import (
    DELTAS_BYTES_MAX,
    INDEX_BYTES_MAX,
    LISTS_MAX,
    FolderSource,
    HttpSource,
    read_index,
    write_index,
)
from rahdari.credentials import BUNDLE_BYTES_MAX
from rahdari.credentials.errors import StatusSourceFailed

PREFIX = "https://status.sample.example/s/"


def served(answer: Callable[[httpx.Request], httpx.Response]) -> HttpSource:
    return HttpSource(httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_folder_names_its_lists_and_gives_them(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "lists").write_bytes(write_index((f"{PREFIX}1", "https://other.example/1")))
    (tmp_path / "s" / "1.cwt").write_bytes(b"token")
    source = FolderSource(tmp_path)
    assert source.list_addresses(PREFIX) == (f"{PREFIX}1",)
    assert source.fetch(f"{PREFIX}1") == b"token"


@pytest.mark.parametrize("name", ["2", "..", "../../secret", "a.b", ""])
def test_a_folder_gives_nothing_but_its_lists(tmp_path: Path, name: str) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "secret.cwt").write_bytes(b"secret")
    with pytest.raises(StatusSourceFailed):
        FolderSource(tmp_path).fetch(PREFIX + name)
    with pytest.raises(StatusSourceFailed, match="publish"):
        FolderSource(tmp_path / "absent").list_addresses(PREFIX)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"status_lists": 5}',
        b'{"status_lists": [5]}',
        b"[" * 100_000,
        b"\xff",
        json.dumps({"status_lists": ["x"] * (LISTS_MAX + 1)}).encode(),
    ],
)
def test_an_index_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(StatusSourceFailed):
        read_index(raw, PREFIX)


def test_a_server_is_asked_for_the_index_and_the_binary_form() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if str(request.url) == f"{PREFIX}lists":
            return httpx.Response(200, stream=httpx.ByteStream(write_index((f"{PREFIX}7",))))
        assert request.headers["accept"] == "application/statuslist+cwt"
        return httpx.Response(200, stream=httpx.ByteStream(b"token"))

    source = served(answer)
    assert source.list_addresses(PREFIX) == (f"{PREFIX}7",)
    assert source.fetch(f"{PREFIX}7") == b"token"


@pytest.mark.parametrize("status", [204, 301, 302, 304, 404, 500, 503])
def test_a_server_that_answers_otherwise_has_failed(status: int) -> None:
    source = served(lambda _: httpx.Response(status, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(StatusSourceFailed, match=str(status)):
        source.fetch(f"{PREFIX}1")


def test_a_server_that_sends_without_end_is_cut_off() -> None:
    source = served(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"x" * (INDEX_BYTES_MAX + 1))))
    with pytest.raises(StatusSourceFailed, match="more than"):
        source.list_addresses(PREFIX)


def test_a_server_that_cannot_be_reached_has_failed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    with pytest.raises(StatusSourceFailed, match="ConnectError"):
        served(answer).fetch(f"{PREFIX}1")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "identity, gzip"])
def test_a_coded_answer_is_refused_before_it_is_unpacked(coding: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        bomb = httpx.ByteStream(gzip.compress(bytes(50_000_000)))
        return httpx.Response(200, headers={"content-encoding": coding}, stream=bomb)

    with pytest.raises(StatusSourceFailed, match="coding"):
        served(answer).fetch(f"{PREFIX}1")


class _Drip(httpx.SyncByteStream):
    def __init__(self, ticker: list[float]) -> None:
        self._ticker = ticker

    @override
    def __iter__(self) -> Iterator[bytes]:
        while True:
            self._ticker[0] += 9
            yield b"x"


def test_a_server_that_sends_a_byte_now_and_then_is_cut_off() -> None:
    ticker = [0.0]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Drip(ticker)))
    source = HttpSource(httpx.Client(transport=transport), tick=lambda: ticker[0])
    with pytest.raises(StatusSourceFailed, match="20 seconds"):
        source.fetch(f"{PREFIX}1")
    assert ticker[0] == 27


@pytest.mark.parametrize("uri", ["https://[", "https://x:99999/1", f"{PREFIX}\n1", "http://\ud800/", "", "1"])
def test_what_is_no_address_has_failed_like_a_server_that_is_not_there(uri: str) -> None:
    source = HttpSource(httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(404))))
    with pytest.raises(StatusSourceFailed):
        source.fetch(uri)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "1\n",
        "1 ",
        "\x1b[2J",
        "..",
        ".",
        "../1",
        "a/b",
        "1?x",
        "1#x",
        "%31",
        "\ud800",
        "\u0661",
        "1" * 129,
    ],
)
def test_an_address_that_is_not_the_prefix_and_a_plain_name_is_left_out(name: str) -> None:
    raw = json.dumps(
        {"status_lists": [PREFIX + name, f"{PREFIX}1", f"{PREFIX}1", PREFIX[:-1] + "x/1"]}
    ).encode()
    assert read_index(raw, PREFIX) == (f"{PREFIX}1",)


# The status stream.

STREAM = "https://status.example/s/"


def events(*chunks: bytes, kind: str = "text/event-stream", status: int = 200) -> HttpSource:
    """A server of one stream, which sends these chunks."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{STREAM}stream?after=7"
        return httpx.Response(status, headers={"content-type": kind}, content=iter(chunks))

    return HttpSource(httpx.Client(transport=httpx.MockTransport(answer)), tick=iter(range(10_000)).__next__)


def event(message: bytes) -> bytes:
    return b"data:" + base64.urlsafe_b64encode(message).rstrip(b"=") + b"\n\n"


def test_events_are_cut_into_messages_wherever_the_line_cuts_them() -> None:
    whole = (
        b":hello\n\n"
        + event(b"one")
        + b"retry:5\ndata: "
        + event(b"two")[5:]
        + event(b"three").replace(b"\n", b"\r\n")
    )
    for size in (1, 2, 3, 7, 1000):
        chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
        source = events(*chunks)
        source._tick = lambda: 0.0
        assert list(source.listen(STREAM, after=7)) == [b"one", b"two", b"three"]


def test_a_gap_ends_the_listening_and_a_half_event_at_the_end_is_none() -> None:
    assert list(events(event(b"one"), b"event:gap\ndata:\n\n", event(b"two")).listen(STREAM, after=7)) == [
        b"one"
    ]
    assert list(events(event(b"one"), event(b"two")[:-1]).listen(STREAM, after=7)) == [b"one"]


def test_what_is_no_base64url_is_handed_on_to_be_refused() -> None:
    assert list(events(b"data:%%%\n\n").listen(STREAM, after=7)) == [b"%%%"]


def test_an_event_without_an_end_is_not_kept() -> None:
    with pytest.raises(StatusSourceFailed, match="without an end"):
        list(events(*[b"data:" + b"A" * 65_536] * 3).listen(STREAM, after=7))


def test_a_server_that_drips_or_sends_comments_alone_is_as_good_as_silent() -> None:
    for chunk in (b":\n\n", b"d", b"data:\n\n"):
        with pytest.raises(StatusSourceFailed, match="35 seconds"):
            list(events(*[chunk] * 1000).listen(STREAM, after=7))


@pytest.mark.parametrize(
    ("kind", "status"), [("text/html", 200), ("text/event-stream", 404), ("text/event-stream", 500)]
)
def test_what_is_no_stream_is_not_listened_to(kind: str, status: int) -> None:
    with pytest.raises(StatusSourceFailed):
        list(events(event(b"one"), kind=kind, status=status).listen(STREAM, after=7))


def of_stream(content: bytes, kind: str, status: int = 200, *, seconds: float = 0) -> HttpSource:
    def answer(_: httpx.Request) -> httpx.Response:
        parts = (content[at : at + 65_536] for at in range(0, len(content), 65_536))
        return httpx.Response(status, headers={"content-type": kind}, content=parts)

    ticks = (number * seconds for number in range(10_000_000))
    return HttpSource(httpx.Client(transport=httpx.MockTransport(answer)), tick=ticks.__next__)


def test_where_there_is_no_stream_none_is_told_and_a_failing_server_is_a_failure() -> None:
    for kind, status in (("text/html", 200), ("application/cbor-seq", 404), ("application/cbor-seq", 410)):
        source = of_stream(b"x", kind, status)
        assert source.fetch_bundle(STREAM) is None
        assert source.fetch_deltas(STREAM, after=3) is None
        assert source.fetch_manifest(STREAM) is None
    for status in (301, 403, 500, 503):
        with pytest.raises(StatusSourceFailed):
            of_stream(b"x", "application/cbor-seq", status).fetch_bundle(STREAM)
    assert of_stream(b"x", "application/cbor-seq").fetch_bundle(STREAM) == b"x"
    assert of_stream(b"x", 'application/cose; cose-type="cose-sign1"').fetch_manifest(STREAM) == b"x"


def test_an_endless_or_a_dripping_answer_is_broken_off() -> None:
    with pytest.raises(StatusSourceFailed, match="more than"):
        of_stream(bytes(BUNDLE_BYTES_MAX + 1), "application/cbor-seq").fetch_bundle(STREAM)
    with pytest.raises(StatusSourceFailed, match="more than"):
        of_stream(bytes(DELTAS_BYTES_MAX + 1), "application/cbor-seq").fetch_deltas(STREAM, after=0)
    with pytest.raises(StatusSourceFailed, match="180 seconds"):
        of_stream(bytes(1 << 24), "application/cbor-seq", seconds=2).fetch_bundle(STREAM)
