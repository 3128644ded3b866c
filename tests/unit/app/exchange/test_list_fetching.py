"""Whom an issuer of consents may send a gateway to: never into its own networks from another instance."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from rahdari.app.exchange.list_fetching import TOKEN_BYTES_MAX, ListFetcher, is_allowed
from rahdari.exchange.errors import StatusListRefused
from rahdari.wire.xroad import MemberId

OURS, THEIRS = MemberId("PK", "GOV", "1001"), MemberId("CN", "GOV", "7001")


class Names(AbstractResolver):
    """Leads every name to one address, and counts who asked."""

    def __init__(self, address: str) -> None:
        self.address, self.asked = address, 0

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        return [ResolveResult(hostname=host, host=self.address, port=port, family=family, proto=0, flags=0)]

    @override
    async def close(self) -> None:
        """Nothing is held."""


def fetched(address: str, issuer: MemberId, names: AbstractResolver | None = None) -> bytes:
    async def story() -> bytes:
        fetcher = ListFetcher("PK", resolver=names)
        try:
            return await fetcher.fetch(address, issuer)
        finally:
            await fetcher.close()

    return asyncio.run(story())


@contextmanager
def serving(body: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Serve one body at every path; gives the address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("address", ["http://lists.example/0", "file:///etc/hosts", "HTTP://lists.example/"])
def test_an_issuer_of_another_instance_names_https_alone(address: str) -> None:
    with pytest.raises(StatusListRefused):
        fetched(address, THEIRS, Names("198.51.100.1"))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254", "[fd00::1]"])
def test_an_issuer_of_another_instance_sends_nobody_into_our_networks(host: str) -> None:
    with pytest.raises(aiohttp.ClientConnectorError, match="is not fetched from"):
        fetched(f"https://{host}/metrics", THEIRS)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1"])
def test_a_name_that_leads_into_our_networks_is_not_followed_there(address: str) -> None:
    names = Names(address)
    with pytest.raises(aiohttp.ClientConnectorError, match="is not fetched from"):
        fetched("https://lists.example/0", THEIRS, names)
    assert names.asked == 1


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0"])  # noqa: S104 - refused
def test_no_issuer_at_all_sends_a_gateway_where_no_list_stands(host: str) -> None:
    with pytest.raises(aiohttp.ClientConnectorError, match="is not fetched from"):
        fetched(f"http://{host}/latest", OURS)


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "240.0.0.1",
        "fc00::1",
    ],
)
def test_our_networks_are_known_in_every_dress(address: str) -> None:
    assert not is_allowed(address, is_home=False)
    assert is_allowed(address, is_home=True)
    assert is_allowed("93.184.215.14", is_home=False)
    assert is_allowed("2a00:1450:4001::1", is_home=False)


@pytest.mark.loopback
def test_an_issuer_of_the_own_instance_may_serve_its_lists_on_a_private_network() -> None:
    with serving(b"a list") as (url, asked):
        assert fetched(f"{url}/ndel/consents/0?now", OURS) == b"a list"
        assert fetched(url.replace("127.0.0.1", "localhost"), OURS) == b"a list"
        with pytest.raises(StatusListRefused):
            fetched(f"{url}/metrics", THEIRS)
    assert asked == ["/ndel/consents/0?now", "/"]


@pytest.mark.loopback
def test_what_is_no_list_or_too_long_a_one_is_not_taken() -> None:
    with serving(b"gone", 404) as (url, _), pytest.raises(StatusListRefused, match="answered 404"):
        fetched(url, OURS)
    with (
        serving(b"x" * (TOKEN_BYTES_MAX + 1)) as (url, _),
        pytest.raises(StatusListRefused, match="more than"),
    ):
        fetched(url, OURS)


@pytest.mark.loopback
@pytest.mark.parametrize("said", [b"", b"no answer at all\r\n\r\n"])
def test_whoever_speaks_no_http_was_not_reached(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            # A question that had no answer at all is asked once more.
            for _ in range(1 if said else 2):
                other, _ = server.accept()
                with other:
                    other.recv(4096)
                    other.sendall(said)

        thread = Thread(target=talk)
        thread.start()
        with pytest.raises(ConnectionError, match="no status list"):
            fetched(f"http://127.0.0.1:{server.getsockname()[1]}/0", OURS)
        thread.join()
