"""A publisher of a status stream in memory, whose line can be cut, slowed and tampered with."""

import json
from collections.abc import Callable, Generator
from pathlib import Path

from rahdari.app.gate import Gate
from rahdari.credentials.errors import StatusSourceFailed
from rahdari.wire.status_stream import read_sequence
from tests.unit.credentials.scene import Office


def gate_of(folder: Path, office: Office) -> Gate:
    """A gate that trusts the office, and holds nothing yet."""
    gate = Gate(folder, office.clock)
    import_trust(gate, office)
    return gate


def import_trust(gate: Gate, office: Office) -> None:
    gate.pin_root(json.dumps(office.root.public.as_jwk()).encode())
    gate.import_trust(office.trust_text)


class Server:
    """Serves an office's stream; ``tamper`` may alter whatever it is asked for, by the name of the request."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.is_down = False
        self.page = 1000
        self.asked: list[str] = []
        self.tamper: Callable[[str, bytes], bytes | None] = lambda _, raw: raw
        # What a listener hears once, in this order; then the line ends.
        self.live: list[bytes] = []

    def list_addresses(self, prefix: str) -> tuple[str, ...]:
        return tuple(uri for uri, _ in self.office.lists() if uri.startswith(prefix))

    def fetch(self, uri: str) -> bytes:
        raw = self._answer("list", dict(self.office.lists())[uri])
        if raw is None:
            raise StatusSourceFailed("the line gave nothing")
        return raw

    def fetch_bundle(self, prefix: str) -> bytes | None:
        return self._answer("bundle", self.office.bundle())

    def fetch_deltas(self, prefix: str, *, after: int) -> bytes | None:
        return self._answer("deltas", b"".join([*self.office.deltas(after)[: self.page], self.office.head()]))

    def fetch_manifest(self, prefix: str) -> bytes | None:
        bundle = self.office.bundle()
        return self._answer(
            "manifest", next(read_sequence(bundle, items_max=1 << 16, size_bytes_max=1 << 24))
        )

    def listen(self, prefix: str, *, after: int) -> Generator[bytes, None, None]:
        self._answer("stream", b"")
        yield from (*self.office.deltas(after), self.office.head())
        yield from self.live

    def _answer(self, what: str, raw: bytes) -> bytes | None:
        self.asked.append(what)
        if self.is_down:
            raise StatusSourceFailed("the line is cut")
        return self.tamper(what, raw)
