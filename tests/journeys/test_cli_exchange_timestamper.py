"""The keeper of an instance makes a time-stamping authority and serves it, by the command line alone."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rahdari.wire.timestamps import Imprint, Request, read_response
from tests.fakes.gateway_homes import ENVIRONMENT, free_port
from tests.journeys.commands import CommandLine

pytestmark = pytest.mark.loopback
OPENSSL = shutil.which("openssl")


@pytest.fixture
def rahdari(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path / "tsa")
    line.environment |= ENVIRONMENT
    return line


@pytest.fixture
def served(rahdari: CommandLine) -> Iterator[str]:
    """The authority as the command serves it; its address."""
    assert rahdari("exchange", "timestamper", "init", "--name", "Sample stamps").code == 0
    port = free_port()
    words = [sys.executable, "-m", "rahdari", "exchange", "timestamper", "serve"]
    words += ["--home", str(rahdari.home), "--port", str(port)]
    process = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own words
    address = f"http://127.0.0.1:{port}/"
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "Starting the time-stamping authority ...\n"
        # Whoever waits for this line may connect.
        assert f"Serving the time-stamping authority at {address}" in process.stderr.readline()
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=20)


def stamp(address: str, asked: bytes) -> bytes:
    got = httpx.post(address, content=asked, headers={"content-type": "application/timestamp-query"})
    assert got.status_code == 200
    return got.content


def test_an_authority_is_made_served_and_its_stamps_are_verified_by_another_program(
    rahdari: CommandLine, served: str, tmp_path: Path
) -> None:
    reply = stamp(served, Request(Imprint.of(b"a checkpoint"), nonce=5).encode())
    assert read_response(reply).token is not None
    if OPENSSL is None:
        pytest.skip("openssl is absent")
    (tmp_path / "checkpoint").write_bytes(b"a checkpoint")
    (tmp_path / "reply.tsr").write_bytes(reply)
    verify = [OPENSSL, "ts", "-verify", "-in", "reply.tsr", "-data", "checkpoint"]
    verify += ["-CAfile", str(rahdari.home / "timestamper.pem")]
    done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert (done.returncode, "Verification: OK" in done.stdout + done.stderr) == (0, True)


def test_it_tells_where_the_certificate_is_and_what_comes_next(rahdari: CommandLine) -> None:
    ended = rahdari.json("exchange", "timestamper", "init", "--name", "Sample stamps")
    assert ended.code == 0
    certificate = Path(str(ended.document["certificate"]))
    assert certificate.read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")
    again = rahdari.json("exchange", "timestamper", "init", "--name", "Sample stamps")
    assert (again.code, again.problem) == (5, "app.already_initialised")


def test_its_first_words_name_the_command_that_enters_it(rahdari: CommandLine) -> None:
    out = rahdari("exchange", "timestamper", "init", "--name", "Sample stamps").out
    assert "exchange timestamper add" in out
    assert "exchange timestamper serve" in out


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_a_name_that_no_certificate_can_show_is_refused(rahdari: CommandLine, name: str) -> None:
    ended = rahdari.json("exchange", "timestamper", "init", "--name", name)
    assert (ended.code, ended.problem) == (2, "cli.bad_usage")
    assert not rahdari.home.exists()


def test_without_an_authority_nothing_is_served(rahdari: CommandLine) -> None:
    assert rahdari.json("exchange", "timestamper", "serve").problem == "app.not_initialised"
