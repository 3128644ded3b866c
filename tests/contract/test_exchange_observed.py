"""What gateways at work tell those who watch them: spans to a collector, figures to Prometheus, X-Road's records.

The collector decodes OTLP with OpenTelemetry's own classes, the figures are read by Prometheus' own parser. None of
it names a person or a path.
"""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import pytest_socket
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.exchange_corridor import BANK, CLIENT, REGISTRY, serving_corridor
from tests.fakes.peer_calls import Got

pytest.importorskip("opentelemetry.proto", reason="the extra traces is not installed")

from tests.fakes.trace_collector import TraceCollector, attributes_of, collecting

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

SERVICE = "PK/GOV/1001/registry/persons"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PERSON, SECRET_WORD = "3520212345671", "fieldofprivacy"
PRIVATE = (
    ("X-Road-UserId", f"PK{PERSON}"),
    ("X-Road-Issue", f"case of {PERSON}"),
    ("X-Road-Represented-Party", f"PER/{PERSON}"),
    ("X-Own", PERSON),
)
# PR-OPMON, annex B: every field that a record may have.
OPERATIONAL_FIELDS = {
    "securityServerType", "requestInTs", "requestOutTs", "responseInTs", "responseOutTs", "clientXRoadInstance",
    "clientMemberClass", "clientMemberCode", "clientSubsystemCode", "serviceXRoadInstance", "serviceMemberClass",
    "serviceMemberCode", "serviceSubsystemCode", "serviceCode", "serviceVersion", "representedPartyClass",
    "representedPartyCode", "messageId", "messageUserId", "messageIssue", "messageProtocolVersion", "requestSize",
    "responseSize", "succeeded", "statusCode", "faultCode", "faultString", "xRequestId", "serviceType",
    "restMethod", "restPath", "xRoadVersion",
}  # fmt: skip


@dataclass
class Watched:
    """Two gateways, what was asked through them, and what they told of it until they ended."""

    answered: Got
    denied: Got
    metrics: dict[str, str]
    operational: dict[str, list[dict[str, object]]]
    collector: TraceCollector


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    pytest_socket.enable_socket()
    with collecting() as collector, serving_corridor(tmp_path_factory.mktemp("watched"), start=False) as made:
        for one in (made.registry, made.bank):
            file = one.home.folder / "gateway.toml"
            settings = f'\n[settings]\ntraces_url = "{collector.url}"\n'
            file.write_text(file.read_text(encoding="utf-8") + settings, encoding="utf-8")
            made.start(one)
        headers = [*PRIVATE, ("traceparent", f"00-{TRACE}-{PARENT}-01"), ("X-Road-Id", "m-1")]
        path = f"/seen/{PERSON}?{SECRET_WORD}={PERSON}"
        answered = made.persons(path, method="POST", body=PERSON.encode(), headers=headers)
        for _ in range(2):
            assert made.persons("/seen").status == 200
        denied = made.persons(f"/no/{PERSON}", headers=PRIVATE)
        metrics, operational = {}, {}
        for name, one in (("Producer", made.registry), ("Client", made.bank)):
            metrics[name] = own_page(one.home.edge.port, "/metrics")
            lines = own_page(one.home.edge.port, "/metrics/operational").splitlines()
            operational[name] = [json.loads(line) for line in lines]
        assert [made.stop(member) for member in (BANK, REGISTRY)] == [0, 0]
        yield Watched(answered, denied, metrics, operational, collector)


def own_page(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200
    return text


def test_each_gateway_sends_a_span_of_each_call_with_the_exchanges_ids(watched: Watched) -> None:
    spans = watched.collector.spans()
    assert len(spans) == 8
    request_id = watched.answered.one("x-road-request-id")
    mine = {gateway: one for gateway, one in spans if attributes_of(one)["ndel.request_id"] == request_id}
    assert set(mine) == {"PK/COM/2002/gw1", "PK/GOV/1001/gw1"}
    for gateway, span in mine.items():
        is_provider = gateway.startswith("PK/GOV")
        assert span.trace_id.hex() == TRACE, "the caller's trace goes on"
        assert span.parent_span_id.hex() == PARENT
        assert span.name == ("exchange * /seen/**" if is_provider else "exchange POST")
        assert 0 <= span.end_time_unix_nano - span.start_time_unix_nano < 20_000_000_000
        assert attributes_of(span) == {
            "ndel.side": "Producer" if is_provider else "Client",
            "ndel.client": CLIENT,
            "ndel.service": SERVICE,
            "ndel.request_id": request_id,
            "ndel.fault": "",
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "http.request.body.size": len(PERSON),
            "http.response.body.size": len(watched.answered.body),
        }


def test_a_refusal_is_an_error_of_both_spans(watched: Watched) -> None:
    fault = "server.serverproxy.access_denied"
    assert watched.denied.one("x-road-error") == fault
    failed = [
        span for _, span in watched.collector.spans() if span.status.code == span.status.STATUS_CODE_ERROR
    ]
    assert [attributes_of(one)["ndel.fault"] for one in failed] == [fault, fault]


def test_no_span_figure_or_record_names_a_person_or_a_path(watched: Watched) -> None:
    told = [
        *watched.collector.bodies,
        *(one.encode() for one in watched.metrics.values()),
        *(json.dumps(one).encode() for one in watched.operational.values()),
    ]
    for one in told:
        assert one
        for private in (PERSON, SECRET_WORD, "/no/", "case of"):
            assert private.encode() not in one, private


def families_of(text: str) -> dict[str, Metric]:
    return {one.name: one for one in text_string_to_metric_families(text)}


def labelled(metric: Metric, name: str) -> dict[tuple[str, str, str], float]:
    return {
        (
            one.labels["service"],
            one.labels["operation"],
            one.labels["status"] + one.labels["fault"],
        ): one.value
        for one in metric.samples
        if one.name == name
    }


@pytest.mark.parametrize("side", ["Producer", "Client"])
def test_prometheus_reads_the_figures(watched: Watched, side: str) -> None:
    families = families_of(watched.metrics[side])
    assert {one.type for one in families.values()} == {"counter", "gauge", "histogram"}
    calls = labelled(families["rahdari_exchange_calls"], "rahdari_exchange_calls_total")
    names = ("* /seen/**", "* /seen/**", "GET") if side == "Producer" else ("POST", "GET", "GET")
    wanted: dict[tuple[str, str, str], float] = {}
    for operation, status, count in zip(names, ("200", "200", DENIED), (1.0, 2.0, 1.0), strict=True):
        key = (SERVICE, operation, status)
        wanted[key] = wanted.get(key, 0.0) + count
    assert calls == wanted
    assert {one.labels["side"] for one in families["rahdari_exchange_calls"].samples} == {side}
    clients = {one.labels["client"] for one in families["rahdari_exchange_calls"].samples}
    # Of a call that came to nothing a provider's gateway names the member alone.
    assert clients - {"PK/COM/2002"} == {CLIENT}
    taken = labelled(families["rahdari_exchange_request_bytes"], "rahdari_exchange_request_bytes_total")
    assert sum(taken.values()) == len(PERSON)
    given = labelled(families["rahdari_exchange_response_bytes"], "rahdari_exchange_response_bytes_total")
    assert max(given.values()) >= len(watched.answered.body)
    times = families["rahdari_exchange_seconds"]
    assert labelled(times, "rahdari_exchange_seconds_count") == calls
    assert all(value > 0 for value in labelled(times, "rahdari_exchange_seconds_sum").values())
    widest = [one for one in times.samples if one.labels.get("le") == "+Inf"]
    assert sum(one.value for one in widest) == sum(calls.values())
    # Records of async operations are durable within some 10 ms.
    assert families["rahdari_exchange_log_records"].samples[0].value > 0
    assert families["rahdari_exchange_configuration_version"].samples[0].value == 1


DENIED = "500server.serverproxy.access_denied"


@pytest.mark.parametrize("side", ["Producer", "Client"])
def test_the_last_calls_have_x_roads_operational_fields(watched: Watched, side: str) -> None:
    records = watched.operational[side]
    assert len(records) == 4
    assert set().union(*records) <= OPERATIONAL_FIELDS
    first, denied = records[0], records[-1]
    assert first["securityServerType"] == side
    assert first["xRequestId"] == watched.answered.one("x-road-request-id")
    assert (first["messageId"], first["succeeded"], first["statusCode"]) == ("m-1", True, 200)
    assert (first["requestSize"], first["responseSize"]) == (len(PERSON), len(watched.answered.body))
    assert (first["clientMemberCode"], first["serviceMemberCode"], first["serviceCode"]) == (
        "2002", "1001", "persons",
    )  # fmt: skip
    moments = [first[f"{name}Ts"] for name in ("requestIn", "requestOut", "responseIn", "responseOut")]
    assert moments == sorted(moments)  # type: ignore[type-var]
    assert first.get("restPath") == ("/seen/**" if side == "Producer" else None)
    assert (denied["succeeded"], denied["faultCode"]) == (False, "server.serverproxy.access_denied")
