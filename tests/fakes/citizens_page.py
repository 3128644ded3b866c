"""The page for citizens beside a gateway, made by the command line and run as the program that it is."""

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.fakes.gateway_homes import ENVIRONMENT, free_port
from tests.journeys.commands import CommandLine

_READY_SECONDS = 30.0


@dataclass(frozen=True)
class CitizensPage:
    """A page that is served."""

    line: CommandLine
    folder: Path
    url: str

    def code_for(self, person: str, *, minutes: int = 5) -> str:
        """Make a code as a counter does."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("sys.stdin", io.StringIO(f"{person}\n"))
            words = (
                "exchange",
                "citizen",
                "admit",
                "--identifier-from-stdin",
                "--by",
                "Counter 3",
                "--minutes",
                minutes,
            )
            ended = self.line.json(*words, home=self.folder)
        assert ended.code == 0, ended.out
        return str(ended.document["code"])


@contextmanager
def serving_citizens(folder: Path, gateway: Path) -> Iterator[CitizensPage]:
    """Make the page's home beside a gateway and serve it; the program has no passphrase of the gateway's."""
    line = CommandLine(folder)
    words_of_the_door = {"RAHDARI_CITIZENS_PASSPHRASE": "words of the door"}
    line.environment |= {**ENVIRONMENT, **words_of_the_door}
    port = free_port()
    init = ("exchange", "citizen", "init", "--gateway", gateway, "--port", port)
    ended = line.json(*init, "--trusted-proxy", "127.0.0.1", home=folder)
    assert ended.code == 0, ended.out
    page = CitizensPage(line, folder, str(ended.document["url"]))
    words = [sys.executable, "-m", "rahdari.web.exchange.citizens", "--home", str(folder)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(words, env=words_of_the_door, stdout=said, stderr=said)  # noqa: S603 - our own words
    try:
        _wait(page, process)
        yield page
    finally:
        process.terminate()
        process.wait(20)


def _wait(page: CitizensPage, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _READY_SECONDS
    while True:
        assert process.poll() is None, (page.folder / "said").read_text(encoding="utf-8")
        assert time.monotonic() < end, "the page is not served in time"
        try:
            if httpx.get(f"{page.url}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
