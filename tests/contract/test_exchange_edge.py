"""What a member's information system sees of two gateways: X-Road's REST, as its own RestProxyTest has it."""

import json
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role
from rahdari.wire.sealed import MEDIA_TYPE, Binding, Direction, seal
from tests.contract.exchange_corridor import (
    BANK,
    CLIENT,
    PERSONS,
    REGISTRY,
    Corridor,
    entries_of,
    serving_corridor,
)
from tests.fakes.gateway_homes import add_gateway, make_instance, start_gateway
from tests.fakes.peer_calls import Got, read_answer

pytestmark = pytest.mark.loopback


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("corridor")) as made:
        yield made


def seen(got: Got) -> dict[str, object]:
    assert got.status == 200, got
    told = json.loads(got.body)
    assert isinstance(told, dict)
    return told


def lines_of(got: Got, name: str) -> list[str]:
    headers = seen(got)["headers"]
    assert isinstance(headers, list)
    return [value for one, value in headers if one == name]


def test_a_call_is_answered_with_the_words_of_the_exchange(corridor: Corridor) -> None:
    got = corridor.persons("/seen", headers=[("X-Road-Id", "message-7")])
    assert got.one("x-road-id") == "message-7"
    assert got.one("x-road-client") == CLIENT
    assert got.one("x-road-service") == "PK/GOV/1001/registry/persons"
    assert len(got.one("x-road-request-hash")) == 88
    assert got.one("x-own") == "one"
    assert not got.all("x-road-error")
    assert not got.all("signature")
    assert not got.all("server")


def test_the_gateway_gives_an_id_where_the_call_has_none(corridor: Corridor) -> None:
    first, second = corridor.persons("/seen"), corridor.persons("/seen")
    assert first.one("x-road-id") != second.one("x-road-id")
    assert first.one("x-road-request-hash") != second.one("x-road-request-hash")


@pytest.mark.parametrize(
    "rest",
    ["", "/", "/%C3%A4", "/a%20b", "/a+b", "/x?a=%2F&b=c%26d", "/x?", "/x?a=1&a=2", "/~tilde(1)'!*"],
)
def test_path_and_query_go_on_byte_for_byte(corridor: Corridor, rest: str) -> None:
    assert seen(corridor.persons("/seen" + rest))["target"] == "/seen" + rest


def test_identifiers_may_be_percent_encoded(corridor: Corridor) -> None:
    assert corridor.call("/r1/PK/GOV/%31001/registry/person%73/seen").status == 200


@pytest.mark.parametrize(
    "path", ["/seen/../secret", "/seen/%2e%2e/secret", "/seen//x", "/seen/a%2Fb", "/seen/a;b"]
)
def test_what_two_servers_could_read_differently_is_refused(corridor: Corridor, path: str) -> None:
    asked = len(corridor.system.asked)
    got = corridor.persons(path)
    assert got.status == 500
    assert got.one("x-road-error") == "server.clientproxy.bad_request"
    assert len(corridor.system.asked) == asked


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_goes_on(corridor: Corridor, method: str) -> None:
    body = b"text" if method in {"POST", "PUT", "PATCH"} else None
    told = seen(corridor.persons("/seen", method=method, body=body))
    assert (told["method"], told["body"]) == (method, (body or b"").decode())


def test_head_has_fields_and_no_body(corridor: Corridor) -> None:
    got = corridor.persons("/seen", method="HEAD")
    assert (got.status, got.body) == (200, b"")
    assert got.one("x-own") == "one"


def test_trace_is_not_exchanged(corridor: Corridor) -> None:
    assert (
        corridor.persons("/seen", method="TRACE").one("x-road-error")
        == "server.clientproxy.invalid_http_method"
    )


@pytest.mark.parametrize("status", [201, 204, 301, 302, 304, 307, 404, 418, 500, 503])
def test_the_providers_status_goes_on_and_no_redirect_is_followed(corridor: Corridor, status: int) -> None:
    got = corridor.persons(f"/status/{status}")
    assert got.status == status
    assert got.all("location") == ["http://elsewhere.example/"]
    assert got.body == (b"" if status in {204, 304} else b"told")
    assert not got.all("x-road-error")


def test_there_is_one_date(corridor: Corridor) -> None:
    assert len(corridor.persons("/seen").all("date")) == 1
    assert len(corridor.call("/r1/PK/GOV/1001").all("date")) == 1


def test_what_is_between_hops_stays_there(corridor: Corridor) -> None:
    got = corridor.persons(
        "/seen",
        headers=[
            ("User-Agent", "old/1.0"), ("Connection", "keep-alive, X-Dropped"), ("X-Dropped", "1"), ("X-Kept", "2"),
            ("Cache-Control", "no-cache"), ("X-Road-Request-Id", "forged"), ("X-Road-Request-Hash", "forged"),
            ("Content-Digest", "sha-256=:AA==:"), ("Signature", "sig1=:AA==:"),
        ],
    )  # fmt: skip
    for name in (
        "user-agent",
        "x-dropped",
        "x-road-request-hash",
        "content-digest",
        "signature",
        "ndel-consent",
    ):
        assert lines_of(got, name) == [], name
    assert lines_of(got, "x-kept") == ["2"]
    assert lines_of(got, "cache-control") == ["no-cache"]
    assert lines_of(got, "x-road-request-id") == [got.one("x-road-request-id")]
    assert lines_of(got, "accept") == ["application/json"]
    assert lines_of(got, "ndel-purpose") == ["kyc"]
    assert lines_of(got, "host") == [corridor.system.url.removeprefix("http://")]


def test_field_lines_keep_their_order_and_their_bytes(corridor: Corridor) -> None:
    got = corridor.persons("/seen", headers=[("X-A", "1"), ("X-B", "caf\xe9"), ("X-A", "2")])
    assert lines_of(got, "x-a") == ["1", "2"]
    assert lines_of(got, "x-b") == ["caf\xe9"]


def test_a_missing_client_is_an_error_500(corridor: Corridor) -> None:
    got = corridor.persons("/seen", client=None)
    assert got.status == 500
    assert got.one("x-road-error") == "server.clientproxy.missing_header_field"


@pytest.mark.parametrize(
    "path", ["/r1/PK/GOV/1001", "/r2/PK/GOV/1001/registry/persons", "/r1//GOV/1001/registry/x"]
)
def test_a_malformed_target_is_an_error_500(corridor: Corridor, path: str) -> None:
    got = corridor.call(path)
    assert got.status == 500
    assert set(json.loads(got.body)) == {"type", "message", "detail"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/xml", "text/xml"), ("application/xml", "application/xml"), ("text/*", "text/xml"),
        ("application/json", "application/json"), ("text/plain", "application/json"), ("*/*", "application/json"),
        ("text/html, application/xml;q=0.9", "application/xml"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/secret", "/seen/../x"])
def test_errors_are_of_the_kind_that_is_accepted(
    corridor: Corridor, path: str, accept: str, kind: str
) -> None:
    got = corridor.persons(path, headers=[("Accept", accept)])
    assert got.one("content-type").split(";")[0] == kind
    read = (
        json.loads(got.body)
        if kind == "application/json"
        else {e.tag: e.text for e in ET.fromstring(got.body)}  # noqa: S314
    )
    assert read["type"] == got.one("x-road-error")


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/secret", 500, "server.serverproxy.access_denied"),
        ("/no/such/thing", 500, "server.serverproxy.access_denied"),
        ("/taxed", 500, "server.serverproxy.access_denied"),
        ("/private/7", 500, "server.serverproxy.access_denied"),
    ],
)
def test_the_providers_gateway_refuses(corridor: Corridor, path: str, status: int, error: str) -> None:
    got = corridor.persons(path)
    assert (got.status, got.one("x-road-error")) == (status, error)


@pytest.mark.parametrize(
    ("service", "status", "error"),
    [
        ("absent", 500, "server.serverproxy.unknown_service"),
        ("off", 503, "server.serverproxy.service_disabled"),
        ("nobody", 500, "server.serverproxy.service_failed.network_error"),
        ("nonsense/nonsense", 500, "server.serverproxy.service_failed.http_error"),
        ("short/short", 500, "server.serverproxy.service_failed.network_error"),
        ("hang/hang", 500, "server.serverproxy.service_failed.network_error"),
        ("drip/drip", 500, "server.serverproxy.service_failed.network_error"),
    ],
)
def test_a_service_that_does_not_answer_is_told_as_such(
    corridor: Corridor, service: str, status: int, error: str
) -> None:
    got = corridor.call(f"/r1/PK/GOV/1001/registry/{service}")
    assert (got.status, got.one("x-road-error")) == (status, error)


def test_a_second_answer_is_nobodys(corridor: Corridor) -> None:
    path = "/r1/PK/GOV/1001/registry/smuggled/smuggled"
    assert {corridor.call(path).body for _ in range(3)} <= {b"one"} | {
        got.body for got in [corridor.call(path)] if got.status != 200
    }


@pytest.mark.parametrize(
    ("path", "client", "error"),
    [
        ("/r1/PK/GOV/9999/registry/persons", CLIENT, "server.clientproxy.unknown_member"),
        (PERSONS, "PK/COM/2002/other", "server.clientproxy.unknown_member"),
        (PERSONS, "PK/GOV/1001/registry", "server.clientproxy.unknown_member"),
        (PERSONS, "not an identifier", "server.clientproxy.bad_request"),
    ],
)
def test_the_clients_own_gateway_refuses(corridor: Corridor, path: str, client: str, error: str) -> None:
    got = corridor.call(path, client=client)
    assert (got.status, got.one("x-road-error")) == (500, error)


def test_what_is_no_call_is_not_found(corridor: Corridor) -> None:
    got = corridor.call("/verificationconf")
    assert (got.status, got.one("x-road-error")) == (404, "client.not_found")


def test_too_many_calls_are_told_when_to_come_again(corridor: Corridor) -> None:
    assert corridor.persons("/rare").status == 200
    got = corridor.persons("/rare")
    assert got.status == 429
    assert 1 <= int(got.one("retry-after")) <= 100


def test_more_calls_than_a_service_takes_are_told_to_come_again(corridor: Corridor) -> None:
    answers: list[Got] = []
    path = "/r1/PK/GOV/1001/registry/narrow/slow"
    threads = [threading.Thread(target=lambda: answers.append(corridor.call(path))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.status for one in answers} == {200, 503}
    assert {one.one("retry-after") for one in answers if one.status == 503} == {"1"}


def test_a_service_that_keeps_failing_is_left_alone_for_a_while(corridor: Corridor) -> None:
    path = "/r1/PK/GOV/1001/registry/gone"
    statuses = [corridor.call(path) for _ in range(7)]
    assert statuses[-1].status == 503
    assert 1 <= int(statuses[-1].one("retry-after")) <= 10


@pytest.mark.parametrize("size", [0, 1, 1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 13_000_000])
def test_a_body_of_any_length_comes_back_as_it_went(corridor: Corridor, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    if size > 1 << 20:
        assert corridor.persons("/echo", method="POST", body=body).body == b"%d" % size
    else:
        assert corridor.persons("/echo", method="POST", body=body).body == body


@pytest.mark.parametrize("size", [(1 << 20) + 1, 13_000_000])
def test_an_answer_of_any_length_comes_whole(corridor: Corridor, size: int) -> None:
    got = corridor.persons(f"/big/{size}")
    assert (got.status, len(got.body), got.one("content-length")) == (200, size, str(size))


@pytest.mark.parametrize(("path", "body"), [("/chunked", b"firstsecond"), ("/close", b"until the end")])
def test_answers_without_a_length_come_with_one(corridor: Corridor, path: str, body: bytes) -> None:
    got = corridor.persons(path)
    assert (got.body, got.one("content-length")) == (body, str(len(body)))
    assert not got.all("transfer-encoding")


def test_a_body_that_is_too_large_is_refused_at_once(corridor: Corridor) -> None:
    got = corridor.call("/r1/PK/GOV/1001/registry/narrow/echo", method="POST", body=b"x" * 1001)
    assert (got.status, got.one("x-road-error")) == (413, "server.serverproxy.invalid_body")


def test_a_body_that_must_be_sealed_is_not_carried_open(corridor: Corridor) -> None:
    got = corridor.persons("/sealed", method="POST", body=b"open")
    assert got.one("x-road-error") == "server.serverproxy.invalid_content_type"


@pytest.mark.parametrize("body", [b"open", b"RSB1", b"x" * 3_000_000])
def test_a_body_that_is_only_called_sealed_is_not_carried(corridor: Corridor, body: bytes) -> None:
    before = len(corridor.system.asked)
    got = corridor.persons("/sealed", method="POST", body=body, headers=[("content-type", MEDIA_TYPE)])
    assert got.one("x-road-error") == "server.serverproxy.invalid_body"
    assert b"exchange seal" in got.body
    assert len(corridor.system.asked) == before


def test_an_answer_that_is_only_called_sealed_goes_no_further(corridor: Corridor) -> None:
    reader = corridor.registry.keys.opening_keys[0].public
    binding = Binding(Direction.REQUEST, "m-1", CLIENT, "PK/GOV/1001/registry/persons", "kyc", "text/plain")
    body = seal(b"a secret of tests", reader, binding=binding, content_key=bytes(32))
    sent = [("content-type", MEDIA_TYPE), ("x-road-id", "m-1")]
    assert corridor.persons("/sealed", method="POST", body=body, headers=sent).body == body
    got = corridor.persons("/sealed?open", method="POST", body=body, headers=sent)
    assert got.one("x-road-error") == "server.serverproxy.service_failed.invalid_response"
    assert b"open" not in got.body.split()


def _raw(corridor: Corridor, raw: bytes, *more: bytes) -> Got:
    with socket.create_connection(("127.0.0.1", corridor.bank.home.edge.port), 10) as plain:
        plain.sendall(raw)
        for part in more:
            time.sleep(0.05)
            plain.sendall(part)
        return read_answer(plain)


_HEAD = (
    f"POST {PERSONS}/seen HTTP/1.1\r\nhost: localhost\r\nx-road-client: {CLIENT}\r\nconnection: close\r\n"
).encode()


def test_a_chunked_body_goes_on_with_its_length(corridor: Corridor) -> None:
    got = _raw(
        corridor, _HEAD + b"transfer-encoding: chunked\r\n\r\n", b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n"
    )
    assert seen(got)["body"] == "onetwo"
    assert lines_of(got, "content-length") == ["6"]


def test_a_caller_that_waits_to_be_told_to_go_on_is_told(corridor: Corridor) -> None:
    got = _raw(corridor, _HEAD + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n", b"one")
    assert got.status == 100
    assert b"HTTP/1.1 200 OK" in got.body


@pytest.mark.parametrize(
    "lines",
    [
        b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 3\r\ncontent-length: 4\r\n",
        b"content-length: -1\r\n",
        b" folded: header\r\n",
        b"transfer-encoding: chunked, identity\r\n",
    ],
)
def test_a_request_that_could_be_two_is_none(corridor: Corridor, lines: bytes) -> None:
    got = _raw(corridor, _HEAD + lines + b"\r\nabc0\r\n\r\n")
    assert got.status == 400


def test_a_head_without_end_is_cut_off(corridor: Corridor) -> None:
    got = _raw(corridor, _HEAD + b"x-long: ", *[b"x" * 40_000] * 2)
    assert (got.status, got.one("x-road-error")) == (431, "client.bad_request")


def test_who_takes_part_is_listed(corridor: Corridor) -> None:
    got = corridor.call("/listClients", headers=[("Accept", "application/json")])
    listed = json.loads(got.body)["member"]
    assert {(one["id"]["member_code"], one["id"].get("subsystem_code")) for one in listed} == {
        ("1001", None), ("1001", "registry"), ("2002", None), ("2002", "app"),
    }  # fmt: skip
    assert corridor.call("/listClients").one("content-type").startswith("text/xml")
    assert corridor.call("/listClients?xRoadInstance=%zz").status == 500


def test_methods_are_listed_and_those_that_are_allowed(corridor: Corridor) -> None:
    every = json.loads(corridor.call("/r1/PK/GOV/1001/registry/listMethods").body)["service"]
    assert {one["service_code"] for one in every} >= {"persons", "off", "hang"}
    allowed = json.loads(corridor.call("/r1/PK/GOV/1001/registry/allowedMethods").body)["service"]
    paths = next(one["endpoint_list"] for one in allowed if one["service_code"] == "persons")
    assert {"method": "GET", "path": "/secret"} not in paths
    assert {"method": "GET", "path": "/big/*"} in paths


def test_both_logs_hold_the_exchange_and_the_providers_the_receipt(corridor: Corridor) -> None:
    got = corridor.persons("/echo", method="POST", body=b"to be proved")
    request_id = got.one("x-road-request-id")
    deadline = time.monotonic() + 10
    expected = ((corridor.registry, 2), (corridor.bank, 1))
    while any(len(entries_of(made, request_id)) < count for made, count in expected):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    answered, receipt = entries_of(corridor.registry, request_id)
    (asked,) = entries_of(corridor.bank, request_id)
    assert isinstance(answered, ExchangeRecord)
    assert isinstance(asked, ExchangeRecord)
    assert isinstance(receipt, ReceiptRecord)
    assert (answered.role, asked.role) == (Role.PROVIDER, Role.CONSUMER)
    assert answered.response == asked.response
    assert answered.request_hash == asked.request_hash == got.one("x-road-request-hash")
    assert answered.operation == "* /echo"
    assert answered.is_strict


def test_whose_data_were_asked_for_stands_in_the_log_as_a_pseudonym(corridor: Corridor) -> None:
    got = corridor.persons("/subject")
    assert not got.all("ndel-subject")
    assert not got.all("x-road-error")
    deadline = time.monotonic() + 10
    while not (found := entries_of(corridor.registry, got.one("x-road-request-id"))):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert isinstance(found[0], ExchangeRecord)
    assert found[0].subject is not None


def test_a_gateway_tells_how_it_stands_and_nobody_is_in_it(corridor: Corridor) -> None:
    corridor.persons("/seen/3520212345671?who=me")
    assert json.loads(corridor.call("/health").body) == {"ready": True}
    told = json.loads(corridor.call("/status").body)
    assert told["is_ready"]
    assert told["configuration_version"] == 1
    metrics = corridor.call("/metrics").body.decode()
    assert 'rahdari_exchange_calls_total{client="PK/COM/2002/app"' in metrics
    operational = corridor.call("/metrics/operational").body
    assert json.loads(operational.splitlines()[-1])["securityServerType"] == "Client"
    for text in (metrics, operational.decode()):
        assert "3520212345671" not in text
        assert "who=me" not in text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ur", "rtl"), ("zh", "ltr")])
def test_the_status_page_is_in_three_languages(corridor: Corridor, language: str, direction: str) -> None:
    got = corridor.call("/status", headers=[("Accept", "text/html"), ("Accept-Language", language)])
    assert f'<html lang="{language}" dir="{direction}">' in got.body.decode()


def test_a_gateway_takes_little_memory(tmp_path: Path) -> None:
    instance = make_instance(tmp_path)
    made = add_gateway(instance, BANK, "app")
    # Another gateway, which is a witness of its log.
    add_gateway(instance, REGISTRY, "registry")
    instance.publish()
    # The program itself: one that was forked from another has that one's memory.
    with start_gateway(made) as process:
        try:
            proc = Path(f"/proc/{process.pid}")
            status = (proc / "status").read_text(encoding="ascii")
            mapped = (proc / "maps").read_text(encoding="utf-8")
        finally:
            process.terminate()
    line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
    assert int(line.split()[1]) / 1024 < 75
    # One HTTP client is enough; and pages, traces and databases are for those who use them.
    assert "httptools" in mapped
    assert not [one for one in ("aiohttp", "markupsafe", "sqlalchemy") if one in mapped]
