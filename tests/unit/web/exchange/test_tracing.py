"""A call is a span, and its caller's span is its parent."""

import pytest

from rahdari.web.exchange.figures import Figures, Trip
from rahdari.web.exchange.tracing import tracing_by
from rahdari.wire.xroad import CallHeaders, Side, read_client, read_target, read_template

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="the extra traces is not installed")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def traced(parent: bytes, fault: str = "") -> object:
    exporter, provider = memory.InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    figures = Figures()
    figures.trace = tracing_by(provider)
    call = read_target(b"/r1/PK/GOV/1001/registry/persons/v1/persons/3520212345671")
    trip = Trip(Side.CLIENT, 1_000, 0.0, "GET", call, CallHeaders(read_client("PK/COM/2002/app")))
    trip.operation, trip.status, trip.fault = read_template("GET", "/v1/persons/{id}"), 200, fault
    figures.begin(trip, [(b"x", b"y"), (b"traceparent", parent)])
    figures.note(trip, tick=1.0, milliseconds=1_250)
    provider.shutdown()
    (span,) = exporter.get_finished_spans()
    return span


def test_a_span_tells_what_was_called_and_no_person() -> None:
    span = traced(PARENT)
    assert span.name == "exchange GET /v1/persons/{id}"  # type: ignore[attr-defined]
    assert span.parent.span_id == 0xB7AD6B7169203331  # type: ignore[attr-defined]
    assert (span.start_time, span.end_time) == (1_000_000_000, 1_250_000_000)  # type: ignore[attr-defined]
    assert "3520212345671" not in span.to_json()  # type: ignore[attr-defined]


@pytest.mark.parametrize("parent", [b"", b"nonsense", b"\xff" * 55, PARENT + b"x"])
def test_what_is_no_parent_is_none(parent: bytes) -> None:
    assert traced(parent).parent is None  # type: ignore[attr-defined]


def test_a_fault_is_an_error() -> None:
    assert not traced(b"", "server.serverproxy.access_denied").status.is_ok  # type: ignore[attr-defined]
