"""Streams over real sockets: what arrives, what is refused, and what ends them."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import pytest

from rahdari.app import status_hub
from rahdari.app.status_hub import ListSigner
from rahdari.web import connections, server
from rahdari.web.arriving import Pace
from rahdari.web.server import Server, Site, build_app, listen, make_config
from rahdari.web.workers import working
from rahdari.wire import base64url, status_stream
from rahdari.wire.status_stream import Delta, Head, read_sequence
from tests.unit.web.conftest import Stage, make_stage

pytestmark = pytest.mark.loopback
SECONDS = 20.0
REQUEST = b"GET /s/stream?after=%d HTTP/1.1\r\nhost: localhost\r\n\r\n"


@dataclass
class Served:
    """A site on a real socket, and the thread that serves it."""

    stage: Stage
    app: Site
    server: Server
    port: int
    thread: threading.Thread

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_streams(self) -> int:
        assert self.app.streams is not None
        return len(self.app.streams)

    def suspend(self, at: int) -> None:
        """Suspend a card, or take the suspension back."""
        card = self.stage.house.registry.get_card(self.stage.cards[at].number)
        act = "suspend" if card.stage.value == "active" else "reinstate"
        answer = self.stage.act(card, act, reason="lost" if act == "suspend" else None)
        assert answer.status_code == 200, answer.text

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


@contextmanager
def serving(stage: Stage) -> Iterator[Served]:
    app = build_app(stage.house)
    listening = listen("127.0.0.1", 0)
    running = Server(make_config(app, stage.house.settings), app)
    workers = (stage.house.hub, ListSigner(stage.house.authority, stage.house.hub.touched))
    # A server in a thread is sent no signals.
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    with working(workers):
        thread.start()
        served = Served(stage, app, running, listening.getsockname()[1], thread)
        try:
            until(lambda: running.started and stage.house.hub.is_running)
            yield served
        finally:
            served.stop()
            listening.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    stage = make_stage(tmp_path)
    with serving(stage) as made:
        yield made
    stage.house.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[ExitStack, list[Served]]]:
    with ExitStack() as until_the_end:
        yield until_the_end, []


@pytest.fixture
def unchanged(opened: tuple[ExitStack, list[Served]], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """One site for all tests that are refused and change nothing; begun by the first, when sockets are open."""
    until_the_end, begun = opened
    if not begun:
        stage = make_stage(tmp_path_factory.mktemp("unchanged"))
        until_the_end.callback(stage.house.close)
        begun.append(until_the_end.enter_context(serving(stage)))
    return begun[0]


class Raw:
    """One connection, read byte by byte as it comes."""

    def __init__(self, port: int, request: bytes = REQUEST % 0) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.line.sendall(request)
        self.held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()

    def head(self) -> bytes:
        """Read up to the end of the headers."""
        while b"\r\n\r\n" not in self.held:
            self._more()
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        return head

    def chunk(self) -> bytes:
        """Read one chunk with its frame, exactly as it is on the wire."""
        while b"\r\n" not in self.held:
            self._more()
        size = int(self.held.partition(b"\r\n")[0], 16)
        whole = len(self.held.partition(b"\r\n")[0]) + 2 + size + 2
        while len(self.held) < whole:
            self._more()
        chunk, self.held = self.held[:whole], self.held[whole:]
        return chunk

    def message(self) -> Delta | Head | str:
        """Read the next message; "end" for the end of the stream."""
        body = self.chunk().partition(b"\r\n")[2].removesuffix(b"\r\n")
        if not body:
            return "end"
        return read_frame(body)

    def _more(self) -> None:
        some = self.line.recv(65_536)
        if not some:
            raise EOFError
        self.held += some


def read_frame(frame: bytes) -> Delta | Head | str:
    if frame.startswith(b"event:"):
        return frame.decode()
    assert frame.startswith(b"data:")
    assert frame.endswith(b"\n\n")
    signed = status_stream.decode(base64url.decode(frame.decode()[5:-2]))
    assert isinstance(signed.unverified, Delta | Head)
    return signed.unverified


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.01)


def test_a_suspension_is_pushed_to_who_is_connected(served: Served) -> None:
    with Raw(served.port) as raw:
        head = raw.head().lower()
        assert head.startswith(b"http/1.1 200")
        for line in (
            b"content-type: text/event-stream",
            b"cache-control: no-store",
            b"x-accel-buffering: no",
            b"access-control-allow-origin: *",
            b"transfer-encoding: chunked",
        ):
            assert line in head
        assert b"content-encoding" not in head
        first = raw.message()
        assert isinstance(first, Head)
        assert first.sequence == 0
        served.suspend(0)
        pushed = raw.message()
        assert isinstance(pushed, Delta)
        assert pushed.sequence == 1


def test_one_suspension_is_at_most_200_bytes_on_the_wire(served: Served) -> None:
    with Raw(served.port) as raw:
        raw.head()
        raw.chunk()
        served.suspend(0)
        chunk = raw.chunk()
        assert b"data:" in chunk
        assert len(chunk) <= 200


def test_who_comes_again_is_sent_what_it_missed_and_nothing_twice(served: Served) -> None:
    for at in range(3):
        served.suspend(at)
    until(lambda: served.stage.house.hub.last == 3)
    with Raw(served.port, REQUEST % 1) as raw:
        raw.head()
        body = raw.chunk().partition(b"\r\n")[2].removesuffix(b"\r\n")
        frames = [read_frame(one + b"\n\n") for one in body.split(b"\n\n") if one]
        assert [one.sequence for one in frames if isinstance(one, Delta)] == [2, 3]
        head = raw.message()
        assert isinstance(head, Head)
        assert head.sequence == 3


def test_the_browsers_own_header_says_where_it_was(served: Served) -> None:
    served.suspend(0)
    until(lambda: served.stage.house.hub.last == 1)
    request = b"GET /s/stream?after=0 HTTP/1.1\r\nhost: localhost\r\nlast-event-id: 1\r\n\r\n"
    with Raw(served.port, request) as raw:
        raw.head()
        assert isinstance(raw.message(), Head)


@pytest.mark.parametrize(
    "after", ["-1", "1.5", "NaN", "1e3", "x", "", "+1", "0x1", "١", "9" * 17, "0&after=1x"]
)
def test_an_after_that_is_no_sequence_number_is_refused(unchanged: Served, after: str) -> None:
    for path in ("stream", "deltas"):
        answer = httpx.get(f"{unchanged.address}/s/{path}", params={"after": after}, timeout=SECONDS)
        assert answer.status_code == 400
        assert answer.json()["code"] == "web.bad_parameter"


def test_a_huge_after_is_sent_heads_alone(served: Served) -> None:
    with Raw(served.port, REQUEST % (10**16 - 1)) as raw:
        raw.head()
        served.suspend(0)
        assert isinstance(raw.message(), Head)
        assert not select.select([raw.line], [], [], 0.5)[0]


def test_head_tells_the_headers_and_ends(served: Served) -> None:
    answer = httpx.head(f"{served.address}/s/stream", timeout=SECONDS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.content == b""
    until(lambda: served.open_streams == 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(unchanged: Served, method: str) -> None:
    answer = httpx.request(method, f"{unchanged.address}/s/stream", timeout=SECONDS)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_the_documents_agree_with_one_another(served: Served) -> None:
    served.suspend(0)
    until(lambda: served.stage.house.hub.last == 1)
    get = {one: httpx.get(f"{served.address}/s/{one}", timeout=SECONDS) for one in ("head", "manifest")}
    head = status_stream.decode(get["head"].content).unverified
    manifest = status_stream.decode(get["manifest"].content, size_bytes_max=1 << 20).unverified
    deltas = list(
        read_sequence(
            httpx.get(f"{served.address}/s/deltas?after=0", timeout=SECONDS).content,
            items_max=1001,
            size_bytes_max=1 << 20,
        )
    )
    bundle = httpx.get(f"{served.address}/s/bundle", timeout=SECONDS)
    assert head.sequence == manifest.sequence == 1
    assert [status_stream.decode(one).unverified.sequence for one in deltas] == [1, 1]
    assert bundle.headers["content-type"] == "application/cbor-seq"
    assert int(bundle.headers["content-length"]) == len(bundle.content) > 0
    for answer in (*get.values(), bundle):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "no-store"
    again = httpx.get(f"{served.address}/s/bundle", timeout=SECONDS)
    assert again.content == bundle.content


def test_streams_take_no_place_from_requests(tmp_path: Path) -> None:
    stage = make_stage(tmp_path)
    with serving(stage) as served, ExitStack() as opened:
        for _ in range(300):
            opened.enter_context(Raw(served.port)).head()
        assert served.open_streams == 300
        assert httpx.get(f"{served.address}/about", timeout=SECONDS).status_code == 200
    stage.house.close()


@contextmanager
def limited(home: Path, **settings: int) -> Iterator[Served]:
    stage = make_stage(home, **settings)
    with serving(stage) as made:
        yield made
    stage.house.close()


def status_of(head: bytes) -> int:
    return int(head.split(b" ")[1])


def test_more_streams_than_the_server_holds_are_refused_for_a_while(tmp_path: Path) -> None:
    with limited(tmp_path, streams_max=2) as served, Raw(served.port) as first, Raw(served.port) as second:
        assert status_of(first.head()) == status_of(second.head()) == 200
        with Raw(served.port) as third:
            head = third.head()
            assert status_of(head) == 503
            assert b"retry-after" in head.lower()
        first.line.close()
        until(lambda: served.open_streams == 1)
        with Raw(served.port) as fourth:
            assert status_of(fourth.head()) == 200


def test_one_address_cannot_take_all_streams(tmp_path: Path) -> None:
    with limited(tmp_path, caller_streams_max=2) as served, Raw(served.port) as first:
        assert status_of(first.head()) == 200
        with Raw(served.port) as second:
            assert status_of(second.head()) == 200
            with Raw(served.port) as third:
                assert status_of(third.head()) == 429


def test_who_connects_and_drops_in_a_loop_leaves_nothing_behind(served: Served) -> None:
    for number in range(150):
        raw = Raw(served.port)
        if number % 2:
            raw.head()
        raw.line.close()
    until(lambda: served.open_streams == 0)
    until(lambda: not served.server.server_state.connections)


def test_streams_end_at_once_when_the_server_stops(served: Served) -> None:
    with Raw(served.port) as raw:
        raw.head()
        raw.message()
        began = time.monotonic()
        served.stop()
        assert time.monotonic() - began < server._GRACE_SECONDS / 2
        assert raw.message() == "end"


def test_who_missed_more_than_a_stream_brings_is_told_of_the_gap(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        served.suspend(0)
    monkeypatch.setattr(status_hub, "CATCH_UP_MAX", 1)
    with Raw(served.port) as raw:
        raw.head()
        assert raw.message() == "event:gap\ndata:\n\n"
        assert raw.message() == "end"


def test_who_never_reads_delays_nobody_and_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its frames lie in the kernel's buffers, and in one of ours; then it waits alone, and is ended."""
    monkeypatch.setattr(connections, "UNTAKEN_SECONDS", 2)
    stage = make_stage(tmp_path)
    with serving(stage) as served:
        hub = stage.house.hub
        assert served.app.streams is not None
        served.app.streams._stalled_seconds = 2.0
        with Raw(served.port) as deaf, Raw(served.port) as other:
            deaf.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.head()
            other.head()
            assert served.open_streams == 2
            # More than any buffer takes: 40 MB in frames of 60 KB, which both are sent.
            received = threading.Thread(target=drain, args=(other.line,))
            received.start()
            for _ in range(700):
                with hub._lock:
                    hub._frames.append(b"data:" + bytes(60_000) + b"\n\n")
                    hub.last += 1
                hub._wake()
                time.sleep(0.002)
            until(lambda: served.open_streams == 1)
            until(lambda: len(served.server.server_state.connections) == 1)
            other.line.shutdown(socket.SHUT_RDWR)
            received.join(SECONDS)
    stage.house.close()


def drain(line: socket.socket) -> None:
    try:
        while line.recv(1 << 20):
            pass
    except OSError:
        pass


def test_who_connects_and_asks_nothing_is_hung_up_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ASK_SECONDS", 0.3)
    with Raw(served.port, b"") as silent, Raw(served.port, b"GET /s/stream HTTP/1.1\r\nho") as slow:
        for one in (silent, slow):
            with pytest.raises((EOFError, ConnectionError)):
                one.head()
    with Raw(served.port) as follower:
        follower.head()
        follower.message()
        time.sleep(1.0)
        assert served.open_streams == 1


def test_a_stream_outlives_the_time_that_a_request_may_take(tmp_path: Path) -> None:
    stage = make_stage(tmp_path)
    with serving(stage) as served:
        assert served.app.doorman is not None
        served.app.doorman._pace = Pace(0.5)
        with Raw(served.port) as raw:
            raw.head()
            raw.message()
            time.sleep(1.0)
            served.suspend(0)
            assert isinstance(raw.message(), Delta)
    stage.house.close()
