"""The edge with TLS: which certificates are let in, whose they are, and what X-Road's clients see of it."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_socket

from rahdari.app.exchange.home import FILE_NAME
from tests.contract.exchange_corridor import CLIENT, PERSONS, Corridor, serving_corridor
from tests.contract.test_exchange_catalogue import PAGE
from tests.fakes.certificates import MadeCertificate, make_certificate
from tests.journeys.commands import CommandLine, Ended
from tests.journeys.xroad_client import XRoadClient, XRoadError

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

DAY = timedelta(days=1)
SERVICE = ("PK", "GOV", "1001", "registry", "persons")
TOKEN = "a token of tests"
OTHER = "PK/COM/2002"


@dataclass(slots=True)
class Edge:
    """A corridor whose bank has TLS at its edge, and certificates of those who call there."""

    corridor: Corridor
    known: MadeCertificate
    expired: MadeCertificate
    authority: MadeCertificate
    issued: MadeCertificate

    @property
    def port(self) -> int:
        return self.corridor.bank.home.edge.port

    @property
    def own_file(self) -> Path:
        return self.corridor.bank.home.folder / "edge.pem"

    def context(self, shown: MadeCertificate | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.own_file))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if shown is not None:
            context.load_cert_chain(shown.file)
        return context

    def xroad(self, shown: MadeCertificate | None = None, client: str = CLIENT) -> XRoadClient:
        return XRoadClient("localhost", self.port, client.split("/"), tls=self.context(shown))


def _write_settings(edge: Edge, folder: Path) -> None:
    file = folder / FILE_NAME
    text = file.read_text(encoding="utf-8")
    text = text.replace("[peer]", f'[edge.tls]\nauthorities = ["{edge.authority.file}"]\n\n[peer]')
    text = text.replace(
        'proof = "network"',
        f'proof = "certificate"\ncertificates = ["{edge.known.file}", "{edge.expired.file}"]\n'
        f'certificate_digests = ["{edge.issued.digest}"]',
    )
    text += (
        f'\n[[client]]\nid = "{OTHER}"\nproof = "token"\n'
        f'secret_digests = ["{sha256(TOKEN.encode()).hexdigest()}"]\npurposes = {{ "" = "kyc" }}\n'
    )
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    pytest_socket.enable_socket()
    folder, now = tmp_path_factory.mktemp("edge"), datetime.now(UTC)
    authority = make_certificate(folder, "authority", begins=now - DAY, life=3 * DAY)
    with serving_corridor(folder, start=False) as corridor:
        made = Edge(
            corridor,
            known=make_certificate(folder, "known", begins=now - DAY, life=3 * DAY),
            expired=make_certificate(folder, "expired", begins=now - 3 * DAY),
            authority=authority,
            issued=make_certificate(folder, "issued", begins=now - DAY, life=3 * DAY, by=authority),
        )
        _write_settings(made, corridor.bank.home.folder)
        corridor.start(corridor.registry)
        corridor.start(corridor.bank)
        yield made


@pytest.mark.parametrize("name", ["known", "issued"])
def test_an_xroad_client_with_its_certificate_is_answered(edge: Edge, name: str) -> None:
    got = edge.xroad(getattr(edge, name)).call(SERVICE, "/seen")
    assert got.status == 200
    assert got.headers["x-road-client"] == CLIENT


def test_many_calls_go_over_one_connection(edge: Edge) -> None:
    connection = http.client.HTTPSConnection("localhost", edge.port, context=edge.context(edge.known))
    for _ in range(3):
        connection.request("GET", f"{PERSONS}/seen", headers={"X-Road-Client": CLIENT})
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.close()


def test_without_a_certificate_no_client_that_needs_one_is_believed(edge: Edge) -> None:
    with pytest.raises(XRoadError) as refused:
        edge.xroad().call(SERVICE, "/seen")
    assert refused.value.type == "server.clientproxy.ssl_authentication_failed"
    assert CLIENT in refused.value.message


def test_a_client_with_a_token_needs_no_certificate(edge: Edge) -> None:
    with pytest.raises(XRoadError) as refused:
        edge.xroad(client=OTHER).call(SERVICE, "/seen", headers={"ndel-client-token": TOKEN})
    # Let in here by its token, refused there: the registry's gateway granted it nothing.
    assert refused.value.type == "server.serverproxy.access_denied"
    with pytest.raises(XRoadError) as refused:
        edge.xroad(client=OTHER).call(SERVICE, "/seen", headers={"ndel-client-token": "another"})
    assert refused.value.type == "server.clientproxy.ssl_authentication_failed"


def test_one_clients_certificate_is_not_anothers(edge: Edge) -> None:
    with pytest.raises(XRoadError) as refused:
        edge.xroad(edge.known, client=OTHER).call(SERVICE, "/seen")
    assert refused.value.type == "server.clientproxy.ssl_authentication_failed"


def test_another_certificate_of_the_same_authority_is_not_the_clients(edge: Edge, tmp_path: Path) -> None:
    other = make_certificate(
        tmp_path, "other", begins=datetime.now(UTC) - DAY, life=3 * DAY, by=edge.authority
    )
    with pytest.raises(XRoadError) as refused:
        edge.xroad(other).call(SERVICE, "/seen")
    assert refused.value.type == "server.clientproxy.ssl_authentication_failed"


def _handshake_fails(edge: Edge, shown: MadeCertificate) -> str:
    asked = len(edge.corridor.system.asked)
    with pytest.raises((ssl.SSLError, ConnectionError)) as refused:
        edge.xroad(shown).call(SERVICE, "/seen")
    assert len(edge.corridor.system.asked) == asked
    return str(refused.value)


def test_a_certificate_that_is_not_known_does_not_come_through_the_handshake(
    edge: Edge, tmp_path: Path
) -> None:
    unknown = make_certificate(tmp_path, "known", begins=datetime.now(UTC) - DAY, life=3 * DAY)
    assert "unknown ca" in _handshake_fails(edge, unknown)


def test_an_expired_certificate_does_not_come_through_the_handshake_though_it_is_named(edge: Edge) -> None:
    assert "expired" in _handshake_fails(edge, edge.expired)


def test_a_certificate_that_is_named_while_the_gateway_runs_is_taken_over(edge: Edge, tmp_path: Path) -> None:
    later = make_certificate(tmp_path, "later", begins=datetime.now(UTC) - DAY, life=3 * DAY)
    file = edge.corridor.bank.home.folder / FILE_NAME
    text = file.read_text(encoding="utf-8")
    assert "unknown ca" in _handshake_fails(edge, later)
    file.write_text(text.replace("certificates = [", f'certificates = ["{later.file}", '), encoding="utf-8")
    try:
        until = time.monotonic() + 15
        while True:
            try:
                assert edge.xroad(later).call(SERVICE, "/seen").status == 200
                break
            except (ssl.SSLError, ConnectionError, XRoadError):
                assert time.monotonic() < until
                time.sleep(0.1)
    finally:
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_tls_is_of_this_age(edge: Edge, version: ssl.TLSVersion, is_taken: bool) -> None:  # noqa: FBT001
    context = edge.context(edge.known)
    if not is_taken:
        # Else this side's own library would not even offer it.
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", edge.port), 10) as plain:
        if is_taken:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                assert tls.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)alert|version"):
                context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize(("scheme", "status"), [("https", 200), ("http", 403)])
def test_a_form_of_the_catalogue_is_taken_from_its_own_page_alone(
    edge: Edge, scheme: str, status: int
) -> None:
    connection = http.client.HTTPSConnection("localhost", edge.port, context=edge.context(), timeout=20)
    form = {"client": CLIENT, "method": "GET", "path": "/seen", "purpose": "kyc"}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"{scheme}://localhost:{edge.port}",
    }
    connection.request("POST", PAGE, body=urlencode(form), headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == status
    # A browser shows no certificate: the call that is tried out is refused as any other without one.
    assert (b"ssl_authentication_failed" in body) is (status == 200)


def test_plain_http_is_not_answered(edge: Edge) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=10)
    connection.request("GET", f"{PERSONS}/seen", headers={"X-Road-Client": CLIENT})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    connection.close()


def test_the_own_certificate_is_for_its_names_and_stays_after_a_restart(edge: Edge) -> None:
    shown = edge.own_file.read_bytes()
    context = edge.context(edge.known)
    with (
        socket.create_connection(("127.0.0.1", edge.port), 10) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)hostname"),
    ):
        context.wrap_socket(plain, server_hostname="elsewhere.example")
    assert edge.corridor.stop(edge.corridor.bank.home.member) == 0
    edge.own_file.unlink()
    edge.corridor.start(edge.corridor.bank)
    assert edge.own_file.read_bytes() == shown
    assert b"PRIVATE" not in shown


def test_the_command_calls_an_edge_with_tls(edge: Edge, tmp_path: Path) -> None:
    line, home = CommandLine(tmp_path), edge.corridor.bank.home.folder
    url = f"https://localhost:{edge.port}"

    def call(*more: object) -> Ended:
        target = "PK/GOV/1001/registry/persons/seen"
        return line.json("exchange", "call", target, "--client", CLIENT, *more, home=home)

    shown = ("--cert", edge.known.file)
    assert call(*shown).document["status"] == 200
    assert call(*shown, "--gateway", url, "--ca", edge.own_file).document["status"] == 200
    assert call().document["error"] == "server.clientproxy.ssl_authentication_failed"
    for strange in ((*shown, "--gateway", url), ("--cert", edge.expired.file)):
        ended = call(*strange)
        assert ended.problem == "exchange.call_refused"
        assert "do not believe each other" in ended.out
    for words in (
        ("--key", edge.known.file),
        ("--cert", edge.own_file),
        (*shown, "--ca", tmp_path / "none.pem"),
    ):
        assert call(*words).problem == "cli.bad_usage"


def test_a_certificate_that_is_exchanged_is_shown_without_a_restart(edge: Edge) -> None:
    corridor, folder = edge.corridor, edge.corridor.bank.home.folder
    first = make_certificate(folder, "shown", begins=datetime.now(UTC) - DAY, life=3 * DAY)
    file = folder / FILE_NAME
    kept = file.read_text(encoding="utf-8")
    file.write_text(
        kept.replace("[edge.tls]", '[edge.tls]\ncertificate = "shown.pem"\nkey = "shown.pem"'),
        encoding="utf-8",
    )
    assert corridor.stop(corridor.bank.home.member) == 0
    try:
        corridor.start(corridor.bank)
        assert _shown(edge) == first.der
        first.file.write_text("half of a file", encoding="ascii")
        time.sleep(1.5)
        assert _shown(edge) == first.der, "what cannot be used changes nothing"
        second = make_certificate(folder, "shown", begins=datetime.now(UTC) - DAY, life=3 * DAY)
        deadline = time.monotonic() + 8
        while _shown(edge) != second.der:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        corridor.stop(corridor.bank.home.member)
    finally:
        file.write_text(kept, encoding="utf-8")
        corridor.start(corridor.bank)


def _shown(edge: Edge) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", edge.port), timeout=10))
