"""Where status lists come from: whatever a folder or a server says is bounded and named when it is wrong."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from rahdari.app.status_sources import (
    INDEX_BYTES_MAX,
    LISTS_MAX,
    FolderSource,
    HttpSource,
    read_index,
    write_index,
)
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
