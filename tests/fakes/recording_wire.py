"""What goes over the wire between two gateways that are at work, byte for byte.

The provider's gateway is entered in the configuration under the address of a recorder, which holds the keys of both
and passes on what it reads: neither gateway knows of it, and nothing of their messages is changed.
"""

import asyncio
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rahdari.app.exchange.tls import ServerTls, client_context
from tests.contract.exchange_corridor import BANK, REGISTRY, Corridor, offer_of
from tests.fakes.gateway_homes import MadeGateway, add_gateway, free_port, make_instance
from tests.fakes.peer_calls import open_made
from tests.fakes.provider_system import serving_system


@dataclass(frozen=True)
class Sent:
    """A message as it went: the first line, the field lines in their order, the body."""

    first: str
    fields: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def all(self, name: str) -> list[str]:
        return [value for one, value in self.fields if one == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value


@dataclass
class Recorded:
    """All that went through the recorder, each request with its answer."""

    _streams: list[tuple[bytearray, bytearray]] = field(default_factory=list)

    def begin(self) -> tuple[bytearray, bytearray]:
        self._streams.append((bytearray(), bytearray()))
        return self._streams[-1]

    def pairs(self) -> list[tuple[Sent, Sent]]:
        return [
            pair
            for asked, answered in list(self._streams)
            for pair in zip(split(bytes(asked)), split(bytes(answered)), strict=False)
        ]

    def of(self, target: str, seconds: float = 10.0) -> tuple[Sent, Sent]:
        """Give the only request for a target, and its answer, once both have gone through."""
        deadline = time.monotonic() + seconds
        while not (found := [one for one in self.pairs() if one[0].first.split(" ")[1] == target]):
            assert time.monotonic() < deadline, f"nothing was sent to {target}"
            time.sleep(0.05)
        assert len(found) == 1
        return found[0]


def split(stream: bytes) -> Iterator[Sent]:
    """Split a connection's bytes into messages; gateways write every length (RFC 9112, 6.2)."""
    while b"\r\n\r\n" in stream:
        head, _, rest = stream.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = tuple(
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
        )
        length = int(next((value for name, value in fields if name == "content-length"), "0"))
        if len(rest) < length:
            return
        yield Sent(first, fields, rest[:length])
        stream = rest[length:]


@contextmanager
def recorded_corridor(folder: Path) -> Iterator[tuple[Corridor, Recorded]]:
    """Serve a bank and a registry; all between them is recorded."""
    with serving_system() as system:
        instance = make_instance(folder)
        registry = add_gateway(instance, REGISTRY, "registry", offer=offer_of(system.url))
        bank = add_gateway(instance, BANK, "app")
        instance.publish()
        port = _move(registry)
        corridor = Corridor(instance, registry, bank, system, {})
        with _recording(registry, bank, port) as recorded:
            try:
                corridor.start(registry)
                corridor.start(bank)
                yield corridor, recorded
            finally:
                for member, process in corridor.processes.items():
                    if process.poll() is None:
                        corridor.stop(member)


def _move(made: MadeGateway) -> int:
    """Let a gateway listen for others elsewhere than at the address that the configuration has; gives its port."""
    file, port = made.home.folder / "gateway.toml", free_port()
    written, count = re.subn(
        r"(?<=\[peer\]\nhost = \"127\.0\.0\.1\"\nport = )\d+", str(port), file.read_text(encoding="utf-8")
    )
    assert count == 1
    file.write_text(written, encoding="utf-8")
    return port


@contextmanager
def _recording(provider: MadeGateway, consumer: MadeGateway, port: int) -> Iterator[Recorded]:
    recorded, ended, begun = Recorded(), asyncio.Event(), threading.Event()
    server, client = open_made(provider), open_made(consumer)
    towards_us = ServerTls(server.keys, server.directory(), server.pinned()).context
    (peer,) = client.directory().gateways_of(provider.home.member)
    onwards = client_context(client.keys, client.directory(), peer)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked, answered = recorded.begin()
        with suppress(OSError):
            further, back = await asyncio.open_connection(
                "127.0.0.1", port, ssl=onwards, server_hostname="127.0.0.1"
            )
            await asyncio.gather(_carry(reader, back, asked), _carry(further, writer, answered))

    async def serve() -> None:
        async with await asyncio.start_server(connect, "127.0.0.1", provider.home.peer.port, ssl=towards_us):
            begun.set()
            await ended.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert begun.wait(5)
    try:
        yield recorded
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(5)
        loop.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    with suppress(OSError, ssl.SSLError):
        while part := await reader.read(1 << 16):
            kept += part
            writer.write(part)
            await writer.drain()
    writer.close()
