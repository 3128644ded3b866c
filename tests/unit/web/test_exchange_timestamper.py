"""The time-stamping authority over HTTP: one address, one method, one media type (RFC 3161, 3.4)."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.posting import NotAnswered, Post, posting
from rahdari.app.exchange.stamping import NewStamp, Stamper
from rahdari.app.exchange.timestamper import TimestampingAuthority, read_certificate
from rahdari.web.exchange.timestamper import main, make_app
from rahdari.wire.ndel.parties import Timestamper
from rahdari.wire.timestamps import REQUEST_BYTES_MAX, Imprint, Request, read_response
from tests.fakes.clock import WoundClock
from tests.unit.app.exchange_log.vouching_scene import Ticks, authority

REQUEST = Request(Imprint.of(b"a checkpoint"), nonce=5).encode()
QUERY = b"application/timestamp-query"


@pytest.fixture
def court(tmp_path: Path) -> TimestampingAuthority:
    return authority(tmp_path / "court", WoundClock(), Ticks())


def ask(
    court: TimestampingAuthority, *parts: bytes, method: str = "POST", path: str = "/", kind: bytes = QUERY
) -> tuple[int, Mapping[bytes, bytes], bytes]:
    sent: list[Mapping[str, object]] = []
    events = [
        {"type": "http.request", "body": part, "more_body": at < len(parts)}
        for at, part in enumerate(parts, 1)
    ]

    async def receive() -> Mapping[str, object]:
        return events.pop(0)

    async def send(event: Mapping[str, object]) -> None:
        sent.append(event)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"content-type", kind)]}
    asyncio.run(make_app(court)(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]  # type: ignore[return-value, call-overload]


@pytest.mark.parametrize("cut", [0, 1, len(REQUEST)])
def test_a_request_is_answered_in_however_many_parts_it_comes(court: TimestampingAuthority, cut: int) -> None:
    status, fields, body = ask(court, REQUEST[:cut], REQUEST[cut:])
    assert (status, fields[b"content-type"]) == (200, b"application/timestamp-reply")
    assert int(fields[b"content-length"]) == len(body)
    token = read_response(body).token
    assert token is not None
    assert token.unverified.nonce == 5


def test_a_request_that_cannot_be_read_is_answered_by_a_rejection(court: TimestampingAuthority) -> None:
    status, _, body = ask(court, b"nothing")
    assert status == 200
    assert read_response(body).token is None


def test_what_is_asked_otherwise_is_refused(court: TimestampingAuthority) -> None:
    assert ask(court, REQUEST, path="/tsa")[0] == 404
    assert ask(court, b"", method="GET")[0] == 405
    assert ask(court, REQUEST, kind=b"text/plain")[0] == 415
    assert ask(court, b"x" * REQUEST_BYTES_MAX, b"x", b"x" * 1000)[0] == 413
    assert ask(court, REQUEST, kind=b"Application/Timestamp-Query; charset=x")[0] == 200


def test_without_a_disk_for_serial_numbers_no_time_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    court = authority(tmp_path / "court", WoundClock(), Ticks())
    (tmp_path / "court").rename(tmp_path / "elsewhere")
    (tmp_path / "court").write_text("in the way")
    assert ask(court, REQUEST)[0] == 503
    told = capsys.readouterr().out
    assert "no_time_stamp" in told
    assert "cannot write serial.json" in told


@pytest.mark.loopback
def test_the_program_stamps_for_whoever_asks_over_http(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--home", str(tmp_path / "tsa"), "--name", "court", "--port", str(port)]
    program = subprocess.Popen(  # noqa: S603 - our own interpreter with our own words
        [sys.executable, "-m", "rahdari.web.exchange.timestamper", *words]
    )
    try:
        new = asyncio.run(stamped(tmp_path / "tsa", f"http://127.0.0.1:{port}/"))
    finally:
        program.terminate()
        assert program.wait(10) == 0
    assert not new.is_odd


async def answering(post: Post, url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            with suppress(NotAnswered):
                await post(url, b"", "text/plain", 1000)
                return
            await asyncio.sleep(0.05)


async def stamped(home: Path, url: str) -> NewStamp:
    post = posting(lambda _: None)
    await answering(post, url)
    with pytest.raises(NotAnswered, match="more than 10 bytes"):
        await post(url, REQUEST, QUERY.decode(), 10)
    der = read_certificate(home).public_bytes(Encoding.DER)
    timestamper = Timestamper("court", url, der)
    return await Stamper(timestamper, post, clock=SystemClock(), chance=SystemChance()).stamp("text")


def test_the_program_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err
