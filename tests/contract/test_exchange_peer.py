"""What a gateway believes of another one: real keys, wrong words."""

import json
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_socket
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.receipts import write_batch
from rahdari.app.exchange.tls import client_context
from rahdari.exchange import Receipt
from rahdari.wire.http_signatures import SignatureFields, sign_receipt
from rahdari.wire.ndel.records import ExchangeRecord
from rahdari.wire.xroad import FieldLine, MemberId
from tests.contract.exchange_corridor import (
    BANK,
    PERSONS,
    REGISTRY,
    Corridor,
    entries_of,
    offer_of,
    serving_corridor,
)
from tests.fakes.clock import WoundClock
from tests.fakes.gateway_homes import MadeGateway, add_gateway
from tests.fakes.peer_calls import Got, lying_gateway, open_made, send, sign, talk

pytestmark = pytest.mark.loopback

LIAR = MemberId("PK", "GOV", "3003")


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("corridor"), start=False) as made:
        add_gateway(made.instance, LIAR, "registry")
        made.instance.publish()
        made.start(made.registry)
        made.start(made.bank)
        yield made


@pytest.fixture
def bank(corridor: Corridor) -> OpenGateway:
    """The bank's own keys in other hands."""
    return open_made(corridor.bank)


def error_of(got: Got) -> str:
    return got.one("x-road-error")


def test_a_signed_request_is_answered_with_a_signature(bank: OpenGateway) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    got = send(bank, outgoing)
    assert got.status == 200
    accepted = bank.consumer.accept(
        outgoing, got.status, [(n.encode(), v.encode("latin-1")) for n, v in got.fields], at=bank.clock.now()
    )
    assert accepted.content_digest == got.one("content-digest")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_gateways_speak_tls_1_3_and_nothing_older(bank: OpenGateway, version: ssl.TLSVersion) -> None:
    (peer,) = bank.directory().gateways_of(REGISTRY)
    context = client_context(bank.keys, bank.directory(), peer)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, version
    port = int(peer.url.rpartition(":")[2])
    refused = nullcontext() if version is ssl.TLSVersion.TLSv1_3 else pytest.raises(ssl.SSLError)
    with socket.create_connection(("127.0.0.1", port), 10) as plain, refused:
        context.wrap_socket(plain, server_hostname="127.0.0.1").close()


def test_a_request_counts_once(bank: OpenGateway) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    assert send(bank, outgoing).status == 200
    assert error_of(send(bank, outgoing)) == "server.serverproxy.invalid_request"


def test_a_request_that_was_answered_before_a_restart_counts_once_all_the_same(
    corridor: Corridor, bank: OpenGateway
) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    assert send(bank, outgoing).status == 200
    assert corridor.stop(REGISTRY) == 0
    corridor.start(corridor.registry)
    assert error_of(send(bank, outgoing)) == "server.serverproxy.invalid_request"


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_signature_of_another_time_is_refused(corridor: Corridor, seconds: int) -> None:
    clock = WoundClock(datetime.now(UTC) + timedelta(seconds=seconds))
    late = open_made(corridor.bank, clock=clock)
    assert error_of(send(late, sign(late, f"{PERSONS}/seen"))) == "server.serverproxy.signature_verification"


@pytest.mark.parametrize("seconds", [-100, 100])
def test_clocks_may_differ_by_two_minutes(corridor: Corridor, seconds: int) -> None:
    other = open_made(corridor.bank, clock=WoundClock(datetime.now(UTC) + timedelta(seconds=seconds)))
    assert send(other, sign(other, f"{PERSONS}/seen")).status == 200


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"/seen HTTP", b"/echo HTTP"),
        (b"GET /r1", b"PUT /r1"),
        (b"ndel-purpose: kyc", b"ndel-purpose: tax"),
        (b"ndel-consent: none", b"ndel-consent: nine"),
        (b"ndel-conf-version: ", b"ndel-conf-version: 1"),
        (b"x-road-client: PK/COM/2002/app", b"x-road-client: PK/COM/2002/apq"),
        (b"signature: sig1=:", b"signature: sig1=:A"),
        (b';keyid="', b';keyid="A'),
    ],
)
def test_what_was_signed_cannot_be_altered(bank: OpenGateway, before: bytes, after: bytes) -> None:
    def change(raw: bytes) -> bytes:
        assert before in raw
        return raw.replace(before, after)

    got = send(bank, sign(bank, f"{PERSONS}/seen"), change=change)
    assert error_of(got) in {
        "server.serverproxy.signature_verification",
        "server.serverproxy.missing_signature",
    }


@pytest.mark.parametrize(
    "name", ["signature", "signature-input", "content-digest", "x-road-id", "ndel-purpose"]
)
def test_what_must_be_signed_stands_once(bank: OpenGateway, name: str) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    line = next(one for one in outgoing.fields if one[0] == name.encode())
    without = replace(outgoing, fields=tuple(one for one in outgoing.fields if one != line))
    twice = replace(outgoing, fields=(*outgoing.fields, line))
    for one in (without, twice):
        assert error_of(send(bank, one)) == "server.serverproxy.missing_signature"


def test_a_body_that_was_not_signed_goes_no_further(corridor: Corridor, bank: OpenGateway) -> None:
    outgoing = sign(bank, f"{PERSONS}/echo", b"signed", method="POST")
    asked = len(corridor.system.asked)
    got = send(bank, outgoing, b"forged")
    assert error_of(got) == "server.serverproxy.invalid_body"
    assert got.all("signature"), "the refusal is signed, for its sender is proved"
    assert len(corridor.system.asked) == asked


def test_a_gateway_speaks_for_its_own_member_alone(corridor: Corridor, bank: OpenGateway) -> None:
    liar = open_made(corridor.instance.gateways[LIAR])
    outgoing = sign(bank, f"{PERSONS}/seen")
    assert error_of(send(liar, outgoing)) == "server.serverproxy.signature_verification"


@pytest.mark.parametrize("shows", ["none", "a stranger's"])
def test_whoever_is_not_in_the_configuration_does_not_come_through_the_handshake(
    corridor: Corridor, bank: OpenGateway, tmp_path: Path, shows: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if shows != "none":
        # Made by the bank's own gateway, and in no configuration yet.
        held = bank.keys.renew(datetime.now(UTC))[1]
        certificate = x509.load_der_x509_certificate(held.certificate.der).public_bytes(Encoding.PEM)
        key = held.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "both.pem").write_bytes(certificate + key)
        context.load_cert_chain(tmp_path / "both.pem")

    def ask() -> bytes:
        """In TLS 1.3 the client is told behind the handshake, by an alert or by a closed connection."""
        try:
            with (
                socket.create_connection(("127.0.0.1", corridor.registry.home.peer.port), 5) as plain,
                context.wrap_socket(plain) as tls,
            ):
                tls.sendall(b"GET /log/checkpoint HTTP/1.1\r\nhost: x\r\n\r\n")
                return tls.recv(1)
        except OSError:
            return b""

    assert ask() == b""


def test_a_gateway_that_shows_another_certificate_is_not_asked(corridor: Corridor, bank: OpenGateway) -> None:
    """The liar's gateway listens where the registry's should, under its own certificate."""
    made = corridor.instance.gateways[LIAR]
    registry = sign(bank, f"{PERSONS}/seen").route.gateway
    context = client_context(bank.keys, bank.directory(), registry)
    offer = offer_of(corridor.system.url).replace("1001", "3003")
    with (
        lying_gateway(made, offer, lambda fields, body: (fields, body), body=b""),
        socket.create_connection(("127.0.0.1", made.home.peer.port), 5) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def _without(name: bytes) -> object:
    def alter(fields: list[FieldLine], body: bytes) -> tuple[list[FieldLine], bytes]:
        return [one for one in fields if one[0] != name], body

    return alter


def _other_body(fields: list[FieldLine], body: bytes) -> tuple[list[FieldLine], bytes]:
    return fields, body[:-1] + b"?"


def _short(fields: list[FieldLine], body: bytes) -> tuple[list[FieldLine], bytes]:
    return fields, body[:-1]


def _other_hash(fields: list[FieldLine], body: bytes) -> tuple[list[FieldLine], bytes]:
    return [(n, b"AAAA" + v[4:] if n == b"x-road-request-hash" else v) for n, v in fields], body


@pytest.mark.parametrize(
    ("alter", "error"),
    [
        (_without(b"signature"), "server.clientproxy.service_failed.missing_signature"),
        (_without(b"content-digest"), "server.clientproxy.service_failed.signature_verification"),
        (_other_hash, "server.clientproxy.service_failed.inconsistent_response"),
        (_other_body, "server.clientproxy.service_failed.inconsistent_response"),
        (_short, "server.clientproxy.service_failed.network_error"),
    ],
)
def test_an_answer_that_was_not_signed_is_not_handed_on(
    corridor: Corridor, alter: object, error: str
) -> None:
    made = corridor.instance.gateways[LIAR]
    offer = offer_of(corridor.system.url).replace("1001", "3003")
    with lying_gateway(made, offer, alter, body=b'{"age":21}'):  # type: ignore[arg-type]
        got = corridor.call("/r1/PK/GOV/3003/registry/persons/seen")
    assert (got.status, got.one("x-road-error")) == (500, error)
    record = _wait_for(corridor.bank, got.one("x-road-request-id"))
    assert record.fault == error
    assert record.response is None


def test_a_large_answer_that_was_altered_is_never_ended_cleanly(corridor: Corridor) -> None:
    made = corridor.instance.gateways[LIAR]
    offer = offer_of(corridor.system.url).replace("1001", "3003")
    with lying_gateway(made, offer, _other_body, body=b"b" * 3_000_000):
        path = "/r1/PK/GOV/3003/registry/persons/seen"
        with socket.create_connection(("127.0.0.1", corridor.bank.home.edge.port), 10) as plain:
            head = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nx-road-client: PK/COM/2002/app\r\n\r\n"
            plain.sendall(head.encode())
            raw = bytearray()
            try:
                while part := plain.recv(1 << 16):
                    raw += part
            except ConnectionResetError:
                pass
    body = bytes(raw).partition(b"\r\n\r\n")[2]
    assert raw.startswith(b"HTTP/1.1 200")
    assert len(body) < 3_000_000


def _wait_for(made: MadeGateway, request_id: str) -> ExchangeRecord:
    deadline = time.monotonic() + 10
    while not (found := entries_of(made, request_id)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert isinstance(found[0], ExchangeRecord)
    return found[0]


def _post_receipts(bank: OpenGateway, corridor: Corridor, *receipts: Receipt) -> Got:
    body = write_batch(receipts)
    outgoing = sign(bank, f"{PERSONS}/seen")
    head = (
        f"POST /ndel/receipts HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return talk(bank, outgoing, head.encode() + body)


def _answered(bank: OpenGateway) -> tuple[str, bytes]:
    outgoing = sign(bank, f"{PERSONS}/seen")
    got = send(bank, outgoing)
    fields = [(n.encode(), v.encode("latin-1")) for n, v in got.fields]
    accepted = bank.consumer.accept(outgoing, got.status, fields, at=bank.clock.now())
    return outgoing.route.request_id, accepted.verified.signature


def test_a_receipt_is_logged_once_and_only_for_the_answer_it_is_for(
    corridor: Corridor, bank: OpenGateway
) -> None:
    request_id, signature = _answered(bank)
    identity, created = bank.identity(), int(bank.clock.now().timestamp())

    def receipt(over: bytes, nonce: str = request_id) -> Receipt:
        signed = sign_receipt(over, identity.signer, keyid=identity.keyid, nonce=nonce, created=created)
        return Receipt(request_id, signed)

    other = receipt(bytes(64))
    good = receipt(signature)
    unsigned = Receipt(request_id, SignatureFields(good.signature.signature_input, "sig1=:AAAA:"))
    unknown = Receipt("01890000-0000-7000-8000-000000000000", good.signature)
    told = [
        json.loads(_post_receipts(bank, corridor, one).body) for one in (other, unsigned, unknown, good, good)
    ]
    assert told == [{"logged": 0, "refused": 1}] * 3 + [
        {"logged": 1, "refused": 0},
        {"logged": 0, "refused": 1},
    ]


@pytest.mark.parametrize(
    "body", [b"no json\n", b"{}\n", b"[]\n", b'{"request_id":1,"signature_input":"","signature":""}\n']
)
def test_what_is_no_receipt_is_refused(bank: OpenGateway, body: bytes) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    head = (
        b"POST /ndel/receipts HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        % len(body)
    )
    assert talk(bank, outgoing, head + body).status == 400


def test_other_members_see_the_logs_hashes_and_no_records(corridor: Corridor, bank: OpenGateway) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    _wait_for(corridor.registry, send(bank, outgoing).one("x-road-request-id"))

    def get(path: str) -> Got:
        return talk(bank, outgoing, f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())

    assert get("/log/checkpoint").body.startswith(b"ndel/PK/GOV/1001/gw1\n")
    assert get("/log/tile/entries/000").status == 404
    assert get("/log/../keys").status == 404
    assert get("/nothing").status == 404
    assert get("/status").status == 404


def _publish(corridor: Corridor, *suspended: MemberId) -> None:
    """Publish another version, and wait until both gateways follow it."""
    corridor.instance.publish(suspended=suspended)
    deadline = time.monotonic() + 15
    for made in (corridor.bank, corridor.registry):
        while True:
            assert time.monotonic() < deadline
            with urllib.request.urlopen(f"{made.edge_url}/status") as answer:  # noqa: S310
                if json.load(answer)["configuration_version"] == corridor.instance.version:
                    break
            time.sleep(0.2)


def test_a_suspended_member_is_refused_within_seconds(corridor: Corridor, bank: OpenGateway) -> None:
    outgoing = sign(bank, f"{PERSONS}/seen")
    liar = open_made(corridor.instance.gateways[LIAR])
    empty = b"POST /ndel/receipts HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    try:
        _publish(corridor, LIAR)
        assert talk(liar, outgoing, empty).status == 403
        got = corridor.call("/r1/PK/GOV/3003/registry/persons/seen")
        assert error_of(got) == "server.clientproxy.unknown_member"
    finally:
        _publish(corridor)
    assert talk(liar, outgoing, empty).status == 200


def test_a_bank_is_answered_by_its_own_gateway_at_the_end(corridor: Corridor) -> None:
    assert corridor.persons("/seen").status == 200
    assert corridor.stop(BANK) == 0
    corridor.start(corridor.bank)
    assert corridor.persons("/seen").status == 200
