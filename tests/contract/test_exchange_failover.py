"""A member with two gateways: where one is not reached at all, the other is asked, and nothing is asked twice."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord
from tests.contract.exchange_corridor import BANK, REGISTRY, Corridor, offer_of, reader_of, serving_corridor
from tests.fakes.gateway_homes import MadeGateway, add_gateway, fork_gateway
from tests.fakes.peer_calls import Got

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

REFUSED = "server.clientproxy.service_failed.network_error"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Corridor]:
    """The registry has two gateways with the same offer; neither is served yet."""
    with serving_corridor(tmp_path, start=False) as corridor:
        add_gateway(corridor.instance, REGISTRY, "registry", offer=offer_of(corridor.system.url))
        corridor.instance.publish()
        corridor.start(corridor.bank)
        yield corridor


def second_of(corridor: Corridor) -> MadeGateway:
    return corridor.instance.seconds[REGISTRY]


@contextmanager
def serving(made: MadeGateway) -> Iterator[None]:
    process = fork_gateway(made)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(25) == 0
        process.stderr.close()


def exchanges_of(made: MadeGateway) -> list[ExchangeRecord]:
    entries = (read_entry(raw) for _, raw in reader_of(made).iterate())
    return [one for one in entries if isinstance(one, ExchangeRecord)]


def _ask(corridor: Corridor, body: bytes = b"once") -> Got:
    return corridor.persons("/echo", method="POST", body=body)


def test_a_call_is_answered_by_the_other_gateway_and_recorded_once_on_each_side(pair: Corridor) -> None:
    pair.start(pair.registry)
    first = _ask(pair).one("x-road-request-id")
    with serving(second_of(pair)):
        pair.stop(REGISTRY, kill=True)
        got = [_ask(pair, b"%d" % number * 2_000_000) for number in range(3)]
        assert [one.status for one in got] == [200] * 3
        asked = [body for method, body in pair.system.asked if method == "POST"]
        assert len(asked) == 4, "nothing is asked of the member's system twice"
    assert pair.stop(BANK) == 0
    diverted = [one.one("x-road-request-id") for one in got]
    ours = exchanges_of(pair.bank)
    assert [(one.request_id, one.status, one.fault) for one in ours] == [
        (one, 200, "") for one in (first, *diverted)
    ]
    theirs = exchanges_of(second_of(pair))
    assert [one.request_id for one in theirs] == diverted
    # What the gateway that answered has signed is what the asking one has kept.
    assert [one.response for one in theirs] == [one.response for one in ours[1:]]
    assert [one.request for one in theirs] == [one.request for one in ours[1:]]


def exchanges_of_safely(made: MadeGateway) -> list[ExchangeRecord]:
    return exchanges_of(made) if (made.home.log_folder / "checkpoint").exists() else []


def test_where_no_gateway_is_reached_the_call_fails_and_is_recorded_once(pair: Corridor) -> None:
    assert _ask(pair).one("x-road-error") == REFUSED
    assert pair.stop(BANK) == 0
    (record,) = exchanges_of(pair.bank)
    assert record.fault == REFUSED


def test_who_asks_for_one_gateway_by_name_is_answered_by_that_one_or_not_at_all(pair: Corridor) -> None:
    with serving(second_of(pair)):
        named = [("X-Road-Security-Server", "PK/GOV/1001/gw2")]
        assert pair.persons("/seen", headers=named).status == 200
        named = [("X-Road-Security-Server", "PK/GOV/1001/gw1")]
        assert pair.persons("/seen", headers=named).one("x-road-error") == REFUSED


def test_a_gateway_with_another_certificate_is_passed_by(pair: Corridor) -> None:
    """Where the first should be somebody else listens: nothing is said to him, and the second is asked."""
    with _listening(pair.registry, second_of(pair).keys) as heard, serving(second_of(pair)):
        assert _ask(pair).status == 200
        page = pair.call("/catalogue?lang=en", client=None)
        assert (page.status, b"A service of tests" in page.body) == (200, True), "nor is the catalogue empty"
    assert heard == []


def test_a_request_that_may_have_been_received_is_not_sent_to_another(pair: Corridor) -> None:
    """The first takes the request and hangs up without a word: whether it was answered, nobody knows."""
    with _listening(pair.registry, pair.registry.keys) as heard, serving(second_of(pair)):
        assert _ask(pair).one("x-road-error") == REFUSED
        assert pair.persons("/seen").one("x-road-error") == REFUSED, (
            "nor is a question, which is logged as well"
        )
    assert len(heard) == 2
    assert pair.system.asked == []
    assert exchanges_of_safely(second_of(pair)) == []


@contextmanager
def _listening(made: MadeGateway, keys: GatewayKeys) -> Iterator[list[bytes]]:
    """Listen where a gateway should, with the certificate of ``keys``; what was heard, and nothing is answered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    held = keys.held_certificates[-1]
    keys.load_pair(context, held.certificate.der, held.private)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", made.home.peer.port)) as server:

        def listen() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as tls:
                    heard.append(tls.recv(1 << 16))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
