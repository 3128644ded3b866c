"""Two gateways as processes of their own, with a provider's system behind one of them."""

import http.client
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rahdari.app.exchange.log import LogReader, LogSigners
from rahdari.wire.ndel.record_bytes import read_entry, request_id_of
from rahdari.wire.ndel.records import LogEntry
from rahdari.wire.xroad import MemberId
from tests.fakes.gateway_homes import (
    MadeGateway,
    MadeInstance,
    add_gateway,
    fork_gateway,
    make_instance,
)
from tests.fakes.peer_calls import Got
from tests.fakes.programs import Program
from tests.fakes.provider_system import ProviderSystem, serving_system

REGISTRY = MemberId("PK", "GOV", "1001")
BANK = MemberId("PK", "COM", "2002")
CLIENT = "PK/COM/2002/app"
PERSONS = "/r1/PK/GOV/1001/registry/persons"

# method, path, and what else the operation says.
_OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("*", "/seen/**", ""),
    ("*", "/echo", 'durability = "strict"'),
    ("*", "/status/{code}", ""),
    ("GET", "/big/{count}", ""),
    ("GET", "/chunked", ""),
    ("GET", "/close", ""),
    ("GET", "/slow", ""),
    ("GET", "/subject", 'subject = { in = "answer" }'),
    ("GET", "/rare", "rate = { per_second = 0.01, burst = 1 }"),
    ("GET", "/taxed", 'purposes = ["tax"]'),
    ("GET", "/private/{id}", 'consent = "required"\nsubject = { in = "path", name = "id" }'),
    ("POST", "/sealed", "sealed = true"),
)
_UNGRANTED = ("GET", "/secret", "")


def offer_of(url: str) -> str:
    granted = [f"{method} {path}" for method, path, _ in _OPERATIONS]
    return "\n".join(
        [
            _service("persons", url, (*_OPERATIONS, _UNGRANTED), "body_bytes_max = 2000000000"),
            _grant("persons", granted),
            # Each in a service of its own: a breaker that opens is the affair of one alone.
            *(
                part
                for name in ("hang", "drip", "short", "nonsense", "smuggled")
                for part in (
                    _service(name, url, (("GET", f"/{name}", ""),), "timeout_seconds = 0.5"),
                    _grant(name, [f"GET /{name}"]),
                )
            ),
            _service("nobody", "http://127.0.0.1:1/", (("GET", "/", ""),)),
            _grant("nobody", ["GET /"]),
            _service("gone", "http://127.0.0.1:1/", (("GET", "/", ""),)),
            _grant("gone", ["GET /"]),
            _service("off", url, (("GET", "/", ""),), 'disabled = "closed for the holidays"'),
            _grant("off", ["GET /"]),
            _service("narrow", url, (("GET", "/slow", ""), ("POST", "/echo", "")),
                     "concurrent_max = 1\nbody_bytes_max = 1000"),
            _grant("narrow", ["GET /slow", "POST /echo"]),
        ]
    )  # fmt: skip


def _service(name: str, url: str, operations: Iterable[tuple[str, str, str]], more: str = "") -> str:
    lines = [
        "[[service]]",
        f'id = "PK/GOV/1001/registry/{name}"',
        'title = { en = "A service of tests" }',
        f'base_url = "{url}"',
        more,
    ]
    for method, path, said in operations:
        lines += ["[[service.operation]]", f'method = "{method}"', f'path = "{path}"', said]
        if "purposes" not in said:
            lines.append('purposes = ["kyc"]')
    return "\n".join(lines)


def _grant(name: str, operations: list[str]) -> str:
    return f'[[grant]]\nclient = "{CLIENT}"\nservice = "PK/GOV/1001/registry/{name}"\noperations = {operations}\n'


@dataclass(slots=True)
class Corridor:
    """A bank that asks and a registry that answers, each behind its gateway."""

    instance: MadeInstance
    registry: MadeGateway
    bank: MadeGateway
    system: ProviderSystem
    processes: dict[MemberId, subprocess.Popen[str] | Program]

    def call(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Iterable[tuple[str, str]] = (),
        client: str | None = CLIENT,
        timeout: float = 20.0,
    ) -> Got:
        """Call through the bank's edge; ``path`` is sent byte for byte."""
        connection = http.client.HTTPConnection("127.0.0.1", self.bank.home.edge.port, timeout=timeout)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            if client is not None:
                connection.putheader("X-Road-Client", client)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Got(answer.status, [(n.lower(), v) for n, v in answer.getheaders()], answer.read())
        finally:
            connection.close()

    def persons(self, path: str, **more: object) -> Got:
        return self.call(PERSONS + path, **more)  # type: ignore[arg-type]

    def rss_mib(self, member: MemberId) -> float:
        status = Path(f"/proc/{self.processes[member].pid}/status").read_text(encoding="ascii")
        line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def start(self, made: MadeGateway) -> None:
        self.processes[made.home.member] = fork_gateway(made)

    def stop(self, member: MemberId, *, kill: bool = False) -> int:
        process = self.processes[member]
        (process.kill if kill else process.terminate)()
        code = process.wait(25)
        if process.stderr is not None:
            process.stderr.close()
        return code


def entries_of(made: MadeGateway, request_id: str) -> list[LogEntry]:
    """Give what a gateway's log has of a request; it sees what was published, a second behind."""
    reader = reader_of(made)
    return [read_entry(reader.entry(index)) for index in reader.find(request_id)]


def reader_of(made: MadeGateway) -> LogReader:
    keys = made.keys
    name = LogSigners(keys.origin, keys.log_signers).name
    return LogReader(
        made.home.log_folder, name, request_of=request_id_of, particulars_key=keys.particulars_key
    )


@contextmanager
def serving_corridor(folder: Path, *, start: bool = True) -> Iterator[Corridor]:
    with serving_system() as system:
        instance = make_instance(folder)
        registry = add_gateway(instance, REGISTRY, "registry", offer=offer_of(system.url))
        bank = add_gateway(instance, BANK, "app")
        instance.publish()
        corridor = Corridor(instance, registry, bank, system, {})
        try:
            if start:
                corridor.start(registry)
                corridor.start(bank)
            yield corridor
        finally:
            system.release.set()
            for member, process in corridor.processes.items():
                if process.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        corridor.stop(member)
