"""The real web server as a child process, and what is asked of it over HTTP."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from rahdari.cli.errors import ServerFailed
from rahdari.cli.server import server_words

HOST = "127.0.0.1"
READY_SECONDS_MAX = 60
ENDING_SECONDS_MAX = 10
ASKING_SECONDS_MAX = 30
LOG_CHARS_MAX = 600
INSISTING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready."""

    url: str
    process: subprocess.Popen[bytes]

    def ask(
        self, path: str, question: Mapping[str, object], *, token: str, tries: int = 5
    ) -> dict[str, object]:
        """Post a question as an institution. Raises ``ServerFailed``."""
        try:
            answer = httpx.post(
                f"{self.url}{path}",
                json=dict(question),
                headers={"authorization": f"Bearer {token}"},
                timeout=ASKING_SECONDS_MAX,
            )
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and tries > 1:
                # RFC 9110, 15.6.4: come back. A register that is being written is busy for a moment.
                time.sleep(1)
                return self.ask(path, question, token=token, tries=tries - 1)
            answer.raise_for_status()
            read = answer.json()
        except httpx.HTTPStatusError as error:
            told = error.response.text[:LOG_CHARS_MAX]
            raise ServerFailed(f"the server refused {path}: {error.response.status_code} {told}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise ServerFailed(f"the server did not answer {path}: {type(error).__name__} {error}") from None
        if not isinstance(read, dict):
            raise ServerFailed(f"the server answered {path} with something that is no JSON object")
        return read


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Take SIGTERM, SIGINT and SIGHUP as Ctrl-C within the block, so that the server ends before this program.

    Set anew even for SIGINT: a shell starts what it runs in the background deaf to it (POSIX.1-2024, 2.12). SIGHUP
    stays ignored where ``nohup`` had it so. What is raised in a finaliser or in the callback of a weak reference
    (an import has many) goes no further (Python's data model, ``object.__del__``): it is raised again until it is
    on its way.
    """

    def interrupt(_number: int, _frame: object) -> None:
        before.setdefault(signal.SIGALRM, signal.signal(signal.SIGALRM, insist))
        signal.setitimer(signal.ITIMER_REAL, INSISTING_SECONDS, INSISTING_SECONDS)
        raise KeyboardInterrupt

    def insist(_number: int, _frame: object) -> None:
        if not isinstance(sys.exception(), KeyboardInterrupt):
            raise KeyboardInterrupt

    heard = [one for one in _ENDINGS if one != signal.SIGHUP or signal.getsignal(one) != signal.SIG_IGN]
    before = {one: signal.signal(one, interrupt) for one in heard}
    try:
        yield
    finally:
        if signal.SIGALRM in before:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        for one, handler in before.items():
            signal.signal(one, handler)


class UntilTold:
    """Ends the block, and nothing else, once somebody ends us in order."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Calm whoever insists; what else was raised goes on."""
        if kind is not KeyboardInterrupt:
            return False
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        return True


_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def running(home: Path, port: int, environment: Mapping[str, str]) -> Iterator[Server]:
    """Run the web server until the block ends. Raises ``ServerFailed``."""
    log = home / "server.log"
    with log.open("wb") as written:
        process: subprocess.Popen[bytes] | None = None
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own words, no shell
                server_words(str(home), HOST, port),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                # A machine that does much else is slow, not wrong.
                env={"RAHDARI_LOCK_WAIT_SECONDS": "60", **environment},
                # Ctrl-C comes to us, and we end the server in order.
                start_new_session=True,
            )
            server = Server(f"http://{HOST}:{port}", process)
            _wait(server, log)
            yield server
        finally:
            if process is not None:
                _end(process)


def _wait(server: Server, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    # One client for all tries: a new one reads the machine's certificates first, which takes longer than the try.
    with httpx.Client(timeout=2) as asking:
        while time.monotonic() < until:
            if server.process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace").strip()[-LOG_CHARS_MAX:]
                raise ServerFailed(
                    f"the server ended with {server.process.returncode}: {said or 'it said nothing'}"
                )
            try:
                if asking.get(f"{server.url}/health").status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
    raise ServerFailed(f"the server was not ready after {READY_SECONDS_MAX} seconds; see {log}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_SECONDS_MAX)
    finally:
        # Late, or we were told twice to end: no server outlives us. Of one that has ended, this does nothing.
        process.kill()
        process.wait()


def find_free_port() -> int:
    """Find a port of the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
