"""A registry's or a time-stamping authority's server, started as the program that it is."""

import http.client
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.gateway_homes import ENVIRONMENT, free_port, of_programs

Connect = Callable[[], http.client.HTTPConnection]


@contextmanager
def started(
    module: str, folder: Path, *more: str, environment: Mapping[str, str] = ENVIRONMENT
) -> Iterator[Connect]:
    """Start a server; gives connections, each from another address of this machine, for addresses are limited."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-m", module, "--home", str(folder), "--port", str(port), *more],
        env={**environment, **of_programs()},
    )
    hosts = itertools.cycle(f"127.0.{third}.{fourth}" for third in range(1, 250) for fourth in range(1, 250))

    def connect() -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(next(hosts), 0))

    try:
        wait_for(connect, process)
        yield connect
    finally:
        process.terminate()
        process.wait(15)


def wait_for(connect: Connect, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        assert process.poll() is None
        connection = connect()
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise AssertionError("the server does not listen")
