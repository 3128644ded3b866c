"""Claim: two gateways that sign, verify and log cost at most twelve times what two plain proxies cost.

The bank's gateway and the registry's, each a process as in service, mutual TLS between them, and nginx as the
registry's own system behind them (one kilobyte of JSON). Against it: the same two hops through nginx with mutual
TLS, which signs, verifies and logs nothing. Both in turn, in short rounds, so that whatever else the machine does
falls on both alike; the figure is the CPU time of the two processes for a call, and the median of the rounds'
ratios.

Latency is measured by a caller of our own that asks 200 times a second, not by one that waits for answers; what is
added is the difference to asking the registry's system itself. Strict mode has 256 callers that each ask once a
second: as many who wait for the disk together.

Memory is what the larger of the two processes holds after all of this. With ``--load SECONDS`` nothing else is
measured: 64 callers ask as fast as answers come for as long (an hour takes 20 GB of disk for the two logs), memory
is told once a minute, and the rows are the most that either held, what it grew by after the first tenth, and how
far receipts were behind the answers they are for.

It needs nginx, and wrk where load is made; without one of them it says so and leaves those rows out.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rahdari.app.exchange.upstream import Place, Pool, Sending
from rahdari.wire.xroad import MemberId
from tests.fakes.gateway_homes import (
    MadeGateway,
    MadeInstance,
    add_gateway,
    free_port,
    make_instance,
    start_gateway,
)

RATIO_MAX = 12.0
REQUESTS_A_CORE_MIN = 1500.0
ADDED_P50_MS_MAX, ADDED_P99_MS_MAX = 2.0, 20.0
STRICT_P50_MS_MAX = 20.0
RSS_MIB_MAX = 100.0
# Flat: what an allocator's pages move by. A record that was kept would be a gigabyte an hour.
GROWN_MIB_MAX = 5.0
# Receipts go out once a second, and keep pace.
BEHIND_SECONDS_MAX = 3.0
LOAD_CALLERS = 64
TELL_SECONDS = 60.0
CALLERS = 256
RATE = 200
REGISTRY, BANK = MemberId("PK", "GOV", "1001"), MemberId("PK", "COM", "2002")
TARGET = "/r1/PK/GOV/1001/registry/persons"
FIELDS = ((b"x-road-client", b"PK/COM/2002/app"), (b"accept", b"application/json"))
_TICKS = os.sysconf("SC_CLK_TCK")

_OFFER = """
[[service]]
id = "PK/GOV/1001/registry/persons"
title = {{ en = "Persons" }}
base_url = "{url}"
concurrent_max = 4096
[[service.operation]]
method = "GET"
path = "/v1/persons/{{id}}"
purposes = ["kyc"]
rate = {{ per_second = 1000000, burst = 1000000 }}
[[service.operation]]
method = "GET"
path = "/v1/strict/{{id}}"
purposes = ["kyc"]
durability = "strict"
rate = {{ per_second = 1000000, burst = 1000000 }}
[[grant]]
client = "PK/COM/2002/app"
service = "PK/GOV/1001/registry/persons"
operations = ["GET /v1/persons/{{id}}", "GET /v1/strict/{{id}}"]
"""

_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 10000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {servers}
}}
"""
_SYSTEM = """
  server {{ listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type application/json; return 200 '{{"name":"{filler}"}}'; }} }}
"""
_EDGE = """
  upstream peer {{ server 127.0.0.1:{to}; keepalive 512; }}
  server {{ listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass https://peer; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_ssl_certificate {folder}/one.pem; proxy_ssl_certificate_key {folder}/one.key;
      proxy_ssl_trusted_certificate {folder}/two.pem; proxy_ssl_verify on; proxy_ssl_name 127.0.0.1;
      proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse on;
    }} }}
"""
_PEER = """
  upstream system {{ server 127.0.0.1:{to}; keepalive 512; }}
  server {{ listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {folder}/two.pem; ssl_certificate_key {folder}/two.key; ssl_protocols TLSv1.3;
    ssl_client_certificate {folder}/one.pem; ssl_verify_client on;
    location / {{ proxy_pass http://system; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
"""


@dataclass
class Bench:
    """Everything that runs: the processes by whose CPU time is counted, and where each chain begins."""

    ours: list[int]
    theirs: list[int]
    url: str
    their_url: str
    system_url: str


@contextmanager
def nginx(folder: Path, name: str, servers: str) -> Iterator[int]:
    """Run an nginx with one worker; gives the worker's process id."""
    own = folder / name
    own.mkdir()
    (own / "nginx.conf").write_text(_NGINX.format(folder=own, servers=servers), encoding="utf-8")
    words = ["nginx", "-c", str(own / "nginx.conf"), "-p", str(own), "-e", str(own / "error.log")]
    with subprocess.Popen(words) as process:  # noqa: S603 - our own words
        try:
            yield _child_of(process.pid)
        finally:
            process.terminate()


def _child_of(parent: int) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise RuntimeError("nginx did not begin")


def lay_certificates(folder: Path, bank: MadeGateway, registry: MadeGateway) -> None:
    """Write both gateways' own certificates with their keys, so that nginx's TLS is the same."""
    for name, made in (("one", bank), ("two", registry)):
        held = made.keys.held_certificates[-1]
        certificate = x509.load_der_x509_certificate(held.certificate.der)
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        key = held.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(key)


@contextmanager
def running(folder: Path) -> Iterator[Bench]:
    """Run both chains on one system."""
    system, edge, peer = free_port(), free_port(), free_port()
    instance: MadeInstance = make_instance(folder / "instance")
    registry = add_gateway(
        instance, REGISTRY, "registry", offer=_OFFER.format(url=f"http://127.0.0.1:{system}")
    )
    bank = add_gateway(instance, BANK, "app")
    instance.publish()
    (folder / "tls").mkdir()
    lay_certificates(folder / "tls", bank, registry)
    with ExitStack() as stack:
        stack.enter_context(nginx(folder, "system", _SYSTEM.format(port=system, filler="x" * 1000)))
        theirs = [
            stack.enter_context(
                nginx(folder, "peer", _PEER.format(port=peer, to=system, folder=folder / "tls"))
            ),
            stack.enter_context(
                nginx(folder, "edge", _EDGE.format(port=edge, to=peer, folder=folder / "tls"))
            ),
        ]
        ours = []
        for made in (registry, bank):
            process = start_gateway(made)
            stack.callback(_end, process)
            ours.append(process.pid)
        path = f"{TARGET}/v1/persons/35202"
        yield Bench(
            ours,
            theirs,
            bank.edge_url + path,
            f"http://127.0.0.1:{edge}{path}",
            f"http://127.0.0.1:{system}{path}",
        )


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(25)
    if process.stderr is not None:
        process.stderr.close()


def cpu_seconds(pid: int) -> float:
    """Tell the CPU seconds that a process has used, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_mib(pid: int) -> float:
    """Tell the memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmRSS")) / 1024


def receipts_owed(url: str) -> int:
    """Tell how many receipts the consumer's gateway has not sent yet."""
    with urllib.request.urlopen(url.partition("/r1/")[0] + "/status", timeout=30) as answer:  # noqa: S310 - http, ours
        told: dict[str, int] = json.load(answer)
    return told["receipts_owed"]


def wrk(url: str, *, callers: int, seconds: float) -> int:
    """Ask as fast as answers come; gives how many were answered."""
    words = ["wrk", "-t1", f"-c{callers}", f"-d{seconds:g}s"]
    for name, value in FIELDS:
        words += ["-H", f"{name.decode()}: {value.decode()}"]
    done = subprocess.run([*words, url], capture_output=True, text=True, check=True)  # noqa: S603
    said = done.stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"not every call was answered: {said}")
    found = re.search(r"(\d+) requests in", said)
    if found is None:
        raise RuntimeError(said)
    return int(found[1])


def cost(pids: Sequence[int], work: Callable[[], int]) -> list[float]:
    """Tell the CPU microseconds that each process took for a call."""
    before = [cpu_seconds(one) for one in pids]
    count = work()
    return [(cpu_seconds(one) - then) / count * 1e6 for one, then in zip(pids, before, strict=True)]


async def ask_steadily(url: str, *, rate: float, seconds: float) -> list[float]:
    """Ask at a steady rate, whether or not answers came; gives the milliseconds of each."""
    host, _, rest = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    pool = Pool(Place(name, int(port), host.encode(), idle_seconds=20.0))
    taken: list[float] = []

    async def ask(due: float) -> None:
        sending = Sending("GET", f"/{rest}".encode(), FIELDS, 0)
        reply = await pool.send(sending)
        if reply.status != 200:
            raise RuntimeError(f"{reply.status} {reply.fields}")
        while await reply.read():
            pass
        reply.release()
        # From when it was due: a caller that was late itself does not make the gateway look quicker.
        taken.append((time.perf_counter() - due) * 1000)

    asking: set[asyncio.Task[None]] = set()
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asking.add(asyncio.create_task(ask(due)))
    await asyncio.gather(*asking)
    pool.close()
    return taken


def percentile(values: Sequence[float], percent: int) -> float:
    """Give a percentile."""
    return statistics.quantiles(values, n=100)[percent - 1]


def print_row(name: str, figure: float, target: float, *, is_ok: bool) -> None:
    """Print the row that ``make bench`` collects."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if is_ok else 'short'}", flush=True)


def print_cost(bench: Bench, *, rounds: int, seconds: float) -> None:
    """Print what a call costs, in CPU time."""
    ratios, ours, theirs = [], [], []
    for one in (bench.url, bench.their_url):
        wrk(one, callers=32, seconds=1)
    for _ in range(rounds):
        theirs.append(cost(bench.theirs, lambda: wrk(bench.their_url, callers=32, seconds=seconds)))
        ours.append(cost(bench.ours, lambda: wrk(bench.url, callers=32, seconds=seconds)))
        ratios.append(sum(ours[-1]) / sum(theirs[-1]))
    ratio = statistics.median(ratios)
    provider, consumer = (statistics.median(one[place] for one in ours) for place in (0, 1))
    print(f"# CPU us a call: provider's gateway {provider:.0f}, consumer's {consumer:.0f};", end=" ")
    print(f"nginx twice {statistics.median(sum(one) for one in theirs):.0f}")
    print_row("exchange_cpu_of_two_nginx", ratio, RATIO_MAX, is_ok=ratio <= RATIO_MAX)
    a_core, least = 1e6 / max(provider, consumer), REQUESTS_A_CORE_MIN
    print_row("exchange_calls_a_core_and_gateway", a_core, least, is_ok=a_core >= least)


def print_strict(bench: Bench, seconds: float) -> None:
    """Print what waiting for the disk costs."""
    strict = bench.url.replace("/v1/persons/", "/v1/strict/")
    taken = asyncio.run(ask_steadily(strict, rate=CALLERS, seconds=seconds))
    p50 = percentile(taken, 50)
    print_row("exchange_strict_256_callers_p50_ms", p50, STRICT_P50_MS_MAX, is_ok=p50 <= STRICT_P50_MS_MAX)
    if shutil.which("wrk"):
        loose = wrk(bench.url, callers=CALLERS, seconds=seconds)
        ratio = wrk(strict, callers=CALLERS, seconds=seconds) / loose
        print_row("exchange_strict_throughput_of_async", ratio, 0.9, is_ok=ratio >= 0.9)


def print_latency(bench: Bench, seconds: float) -> None:
    """Print what two gateways add to the time of a call."""
    # Connections to the other gateway are made when they are first needed, at some ms each.
    asyncio.run(ask_steadily(bench.url, rate=RATE, seconds=2))
    direct = asyncio.run(ask_steadily(bench.system_url, rate=RATE, seconds=seconds))
    through = asyncio.run(ask_steadily(bench.url, rate=RATE, seconds=seconds))
    p50 = percentile(through, 50) - percentile(direct, 50)
    p99 = percentile(through, 99) - percentile(direct, 99)
    print_row("exchange_added_p50_ms", p50, ADDED_P50_MS_MAX, is_ok=p50 <= ADDED_P50_MS_MAX)
    print_row("exchange_added_p99_ms", p99, ADDED_P99_MS_MAX, is_ok=p99 <= ADDED_P99_MS_MAX)


def print_load(bench: Bench, seconds: float) -> None:
    """Print what memory does under load that lasts."""
    began, told, owed = time.monotonic(), list[tuple[float, list[float]]](), list[int]()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(min(TELL_SECONDS, seconds / 20)):
            told.append((time.monotonic() - began, [rss_mib(one) for one in bench.ours]))
            at, held = told[-1]
            owed.append(receipts_owed(bench.url))
            memory = f"provider's gateway {held[0]:.1f} MB, consumer's {held[1]:.1f}"
            print(f"# after {at:.0f} s: {memory}; {owed[-1]} receipts owed", flush=True)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        count = wrk(bench.url, callers=LOAD_CALLERS, seconds=seconds)
    finally:
        over.set()
        watching.join()
    print(f"# {count} calls in {seconds:g} s, {count / seconds:.0f} a second")
    most = max(max(held) for _, held in told)
    warm = [held for at, held in told if at >= seconds / 10]
    grown = max(max(side) - side[0] for side in zip(*warm, strict=True))
    print_row("exchange_rss_mib_under_load", most, RSS_MIB_MAX, is_ok=most <= RSS_MIB_MAX)
    print_row("exchange_rss_mib_grown_under_load", grown, GROWN_MIB_MAX, is_ok=grown <= GROWN_MIB_MAX)
    behind = max(owed) * seconds / count
    limit = BEHIND_SECONDS_MAX
    print_row("exchange_receipts_seconds_behind", behind, limit, is_ok=behind <= limit)


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds")
    parser.add_argument("--load", type=float, metavar="SECONDS", help="memory alone, under load for as long")
    asked = parser.parse_args()
    rounds, seconds = (3, 2.0) if asked.quick else (7, 5.0)
    if shutil.which("nginx") is None:
        sys.exit("# left out: nginx is not installed (apt-get install nginx-light wrk)")
    if asked.load and shutil.which("wrk") is None:
        sys.exit("# left out: wrk is not installed")
    folder = Path(tempfile.mkdtemp(prefix="exchange-gateway-"))
    try:
        with running(folder) as bench:
            if asked.load:
                print_load(bench, asked.load)
                return
            print_latency(bench, seconds)
            print_strict(bench, seconds)
            if shutil.which("wrk"):
                print_cost(bench, rounds=rounds, seconds=seconds)
            else:
                print("# left out: wrk is not installed, so the rows of CPU time are missing")
            rss = max(rss_mib(one) for one in bench.ours)
            print_row("exchange_rss_mib_after_load", rss, RSS_MIB_MAX, is_ok=rss <= RSS_MIB_MAX)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
