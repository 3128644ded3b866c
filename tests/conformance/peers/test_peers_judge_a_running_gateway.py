"""``openssl ts`` and PyPI pymerkle judge what gateways at work have left: their stamps, their roots, their proofs.

Two gateways and a time-stamping authority, each the program that it is. A log is stamped when its gateway begins,
then once a minute: so the provider's is restarted once.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_socket
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from benchmarks.peer_room import ABSENT, PYTHON, REPOSITORY
from rahdari.wire.ndel.configuration import write_registry_key
from rahdari.wire.ndel.parties import Timestamper
from tests.contract.exchange_corridor import REGISTRY, Corridor, reader_of, serving_corridor
from tests.fakes.exchange_servers import started
from tests.fakes.gateway_homes import ENVIRONMENT
from tests.journeys.commands import CommandLine

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

OPENSSL = shutil.which("openssl")
CALLS = 20


@dataclass
class Court:
    """What a court is given: one exchange with its evidence unpacked, and the authority's certificate."""

    corridor: Corridor
    line: CommandLine
    request_id: str
    evidence: Path
    parts: Path
    authority: Path

    def ts(self, *words: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - the judge
            [OPENSSL or "", "ts", *map(str, words)], capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("court")
    with started("rahdari.web.exchange.timestamper", folder / "tsa", "--name", "Example Court") as connect:
        authority = folder / "tsa" / "timestamper.pem"
        der = load_pem_x509_certificate(authority.read_bytes()).public_bytes(Encoding.DER)
        with serving_corridor(folder / "corridor", start=False) as corridor:
            url = f"http://127.0.0.1:{connect().port}/"
            corridor.instance.publish(timestampers=(Timestamper("court", url, der),))
            corridor.start(corridor.registry)
            corridor.start(corridor.bank)
            answers = [corridor.persons("/echo", method="POST", body=b"%d" % one) for one in range(CALLS)]
            assert {one.status for one in answers} == {200}
            request_id = answers[3].one("x-road-request-id")
            assert corridor.stop(REGISTRY) == 0
            corridor.start(corridor.registry)
            line = CommandLine(folder)
            line.environment |= ENVIRONMENT
            evidence = exported(line, corridor, request_id, folder / "evidence.json")
            parts = folder / "parts"
            key = f"PK={write_registry_key(corridor.instance.registry.public)}"
            words = ("--registry-key", key, "--tsa-certificate", authority, "--unpack", parts)
            ended = line.json("exchange", "evidence", "verify", evidence, *words)
            assert ended.code == 0, ended.out
            steps = {one["step"]: one["state"] for one in ended.document["steps"]}  # type: ignore[attr-defined]
            assert steps["time"] == "proved"
            yield Court(corridor, line, request_id, evidence, parts, authority)


def exported(line: CommandLine, corridor: Corridor, request_id: str, out: Path) -> Path:
    """Export evidence, once the log is stamped."""
    deadline = time.monotonic() + 20
    while True:
        words = ("exchange", "evidence", "export", request_id, "--out", out)
        ended = line.json(*words, home=corridor.registry.home.folder)
        if ended.code == 0 and '"stamp":null' not in out.read_text(encoding="utf-8"):
            return out
        assert time.monotonic() < deadline, ended.out
        time.sleep(0.2)


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_verifies_the_stamp_that_a_running_gateway_was_given(court: Court, tmp_path: Path) -> None:
    stamp, text = court.parts / "0-stamp.tst", court.parts / "0-checkpoint.txt"
    against = ("-verify", "-token_in", "-CAfile", court.authority)
    assert "Verification: OK" in court.ts(*against, "-in", stamp, "-data", text).stdout
    shown = court.ts("-reply", "-token_in", "-in", stamp, "-token_out", "-text").stdout
    assert "Hash Algorithm: sha256" in shown
    digest = hashlib.sha256(text.read_bytes()).hexdigest()
    assert digest[:16] in shown.replace(" ", "")
    other = tmp_path / "other"
    other.write_bytes(text.read_bytes() + b"\n")
    assert court.ts(*against, "-in", stamp, "-data", other).returncode != 0
    raw = bytearray(stamp.read_bytes())
    raw[-10] ^= 1
    other.write_bytes(raw)
    assert court.ts(*against, "-in", other, "-data", text).returncode != 0


def test_pymerkle_has_the_root_and_the_proof_of_a_running_gateways_records(court: Court) -> None:
    if not PYTHON.exists():
        pytest.skip(ABSENT)
    reader = reader_of(court.corridor.registry)
    raw = [entry for _, entry in reader.iterate()]
    origin, size, root = (court.parts / "0-checkpoint.txt").read_text(encoding="utf-8").split("\n")[:3]
    assert origin == "ndel/PK/GOV/1001/gw1"
    index = raw.index((court.parts / "0-record.json").read_bytes())
    request = {"entries": [one.hex() for one in raw], "sizes": [int(size)], "indexes": [index]}
    done = subprocess.run(  # noqa: S603 - our own script
        [str(PYTHON), str(REPOSITORY / "benchmarks" / "peers" / "merkle_peer.py")],
        input=json.dumps(request), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "No module named 'pymerkle'" in done.stderr:
        pytest.skip(ABSENT)
    told = json.loads(done.stdout)
    assert int(size) >= CALLS
    assert base64.b64encode(bytes.fromhex(told["roots"][size])).decode() == root
    written = (court.parts / "0-proof.txt").read_text(encoding="utf-8")
    proved = [base64.b64encode(bytes.fromhex(one)).decode() for one in told["inclusion"][size][str(index)]]
    assert f"index {index}\n" in written
    assert "\n".join(proved) in written
