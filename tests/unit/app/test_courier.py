"""The courier: connects to the address that was checked, believes no certificate but a good one, reads little."""

import asyncio
import datetime as dt
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rahdari.app import courier as module
from rahdari.app.courier import Answer, Courier, Unsent
from rahdari.app.resolving import Names
from rahdari.signals import read_networks
from tests.fakes.receiver import Handler, Server, flood, hang, receiving

pytestmark = pytest.mark.loopback
LOOPBACK = read_networks("127.0.0.0/8")
NAME = "bank.example"


def post(courier: Callable[[], Courier], url: str, times: int = 1) -> list[Answer]:
    async def send() -> list[Answer]:
        async with courier() as one:
            return [
                await one.post("st", url, {"host": NAME, "content-length": "2"}, b"{}") for _ in range(times)
            ]

    return asyncio.run(send())


def haste() -> Courier:
    return Courier(LOOPBACK, total_seconds=0.5)


def named(*addresses: str) -> Callable[[str, int], "asyncio.Future[list[str]]"]:
    def resolve(host: str, _port: int) -> "asyncio.Future[list[str]]":
        assert host == NAME
        found: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        found.set_result(list(addresses))
        return found

    return resolve


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for bank.example that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    begins = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    written = made.public_bytes(pem) + key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "bank.pem"
    path.write_bytes(written)
    return path


def secured(server: Server, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)


def test_a_name_is_connected_to_at_the_address_that_was_checked_and_by_tls_for_the_name(
    certificate: Path,
) -> None:
    with receiving(wrap=lambda server: secured(server, certificate)) as bank:
        url = bank.url.replace("http://127.0.0.1", f"https://{NAME}")
        trust = ssl.create_default_context(cafile=str(certificate))

        def courier(*addresses: str, by: ssl.SSLContext = trust) -> Callable[[], Courier]:
            return lambda: Courier(LOOPBACK, trust=by, resolve=named(*addresses))

        # The first address is inside a network that nobody named: it is passed over, not tried.
        assert post(courier("10.0.0.1", "127.0.0.1"), url) == [Answer(202)]
        with pytest.raises(Unsent, match="inside a private network"):
            post(courier("10.0.0.1", "169.254.169.254"), url)
        with pytest.raises(Unsent, match="certificate"):
            post(courier("127.0.0.1", by=ssl.create_default_context()), url)
        with pytest.raises(Unsent, match="certificate"):
            post(lambda: Courier(LOOPBACK, trust=trust), bank.url.replace("http://", "https://"))
        assert len(bank.got) == 1


def test_a_name_that_resolves_to_this_machine_is_refused_by_default() -> None:
    with receiving() as bank:
        for url in (bank.url, bank.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(Unsent, match="private network"):
                post(Courier, url)
        assert bank.got == []


def test_a_name_that_nobody_has_is_told_so() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        raise OSError

    with pytest.raises(Unsent, match="cannot be resolved"):
        post(lambda: Courier(resolve=resolve), f"https://{NAME}/")


def test_names_that_never_resolve_hold_up_neither_another_institution_nor_the_end() -> None:
    freed = threading.Event()

    def look_up(host: str, _port: int) -> list[str]:
        if host.startswith("hang"):
            freed.wait(30)
        return ["127.0.0.1"]

    async def send(url: str) -> tuple[Answer, float, list[BaseException | Answer]]:
        headers = {"host": NAME, "content-length": "2"}
        async with Courier(LOOPBACK, look_up=look_up, total_seconds=1.5) as one:
            hanging = [
                asyncio.create_task(
                    one.post(f"st_{n}", f"https://hang{n}.example/", headers, b"{}", owner="evil")
                )
                for n in range(40)
            ]
            await asyncio.sleep(0.1)
            busy = sum(thread.name == "signals-name" for thread in threading.enumerate())
            assert busy == 2, "an institution has two look-ups at once"
            began = time.monotonic()
            answer = await one.post("st_ok", url, headers, b"{}", owner="bank")
            return answer, time.monotonic() - began, await asyncio.gather(*hanging, return_exceptions=True)

    with receiving() as bank:
        began = time.monotonic()
        answer, took, failures = asyncio.run(send(bank.url.replace("127.0.0.1", "localhost")))
        ended = time.monotonic() - began
    freed.set()
    assert answer == Answer(202)
    assert took < 1
    assert ended < 4, "the end waits for no look-up"
    assert {type(one) for one in failures} == {Unsent}
    assert {"resolved in time" in str(one) or "no answer" in str(one) for one in failures} == {True}


def test_a_look_up_that_ends_late_gives_its_place_back() -> None:
    gate = threading.Semaphore(0)

    def look_up(_host: str, _port: int) -> list[str]:
        gate.acquire(timeout=10)
        return ["192.0.2.7"]

    async def find() -> list[str]:
        names = Names(look_up, seconds=0.3)
        late = await asyncio.gather(
            *(names.find("bank", f"{n}.example", 443) for n in range(3)), return_exceptions=True
        )
        assert [type(one) for one in late] == [TimeoutError] * 3
        gate.release(3)
        return await names.find("bank", NAME, 443)

    assert asyncio.run(find()) == ["192.0.2.7"]


def test_a_receiver_that_hangs_ends_in_time() -> None:
    with receiving(hang) as bank:
        began = time.monotonic()
        with pytest.raises(Unsent, match=r"no answer within 0\.5 seconds"):
            post(haste, bank.url)
        assert time.monotonic() - began < 3


def test_a_receiver_that_answers_drop_by_drop_ends_in_time() -> None:
    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        for _ in range(50):
            handler.wfile.write(b".")
            time.sleep(0.1)

    with receiving(drip) as bank:
        began = time.monotonic()
        with pytest.raises(Unsent, match="no answer"):
            post(haste, bank.url)
        assert time.monotonic() - began < 3


def test_an_answer_without_end_is_an_answer_all_the_same() -> None:
    with receiving(flood) as bank:
        began = time.monotonic()
        assert post(lambda: Courier(LOOPBACK), bank.url) == [Answer(200)]
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("nonsense", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 99999 x\r\n\r\n", b"\x00" * 99])
def test_what_is_no_http_is_a_failure(nonsense: bytes) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(nonsense)
        handler.wfile.flush()
        handler.close_connection = True

    with receiving(answer) as bank, pytest.raises(Unsent):
        post(haste, bank.url)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("1" * 12, None)],
)
def test_retry_after_is_read_in_seconds_only(value: str, seconds: int | None) -> None:
    def busy(handler: Handler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", value)
        handler.send_header("content-length", "0")
        handler.end_headers()

    with receiving(busy) as bank:
        wait = None if seconds is None else dt.timedelta(seconds=seconds)
        assert post(haste, bank.url) == [Answer(503, wait)]


def test_one_connection_serves_for_many_messages() -> None:
    ports: list[int] = []

    def note(handler: Handler) -> int:
        ports.append(handler.client_address[1])
        return 202

    with receiving(note) as bank:
        post(haste, bank.url, times=5)
    assert len(set(ports)) == 1


def test_connections_to_more_correspondents_than_are_kept_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECTIONS_MAX", 2)
    ports: list[int] = []

    def note(handler: Handler) -> int:
        ports.append(handler.client_address[1])
        return 202

    async def send(url: str) -> None:
        headers = {"host": NAME, "content-length": "2"}
        async with Courier(LOOPBACK) as one:
            for to in ("a", "b", "a", "c", "a", "b"):
                await one.post(to, url, headers, b"{}")

    with receiving(note) as bank:
        asyncio.run(send(bank.url))
    first, second, again, _, third, renewed = ports
    assert first == again == third
    assert renewed != second
