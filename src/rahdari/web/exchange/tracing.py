"""Traces (OpenTelemetry) where the extra ``traces`` is installed and ``gateway.toml`` says where they go.

A call is a span of each gateway; whoever called with a ``traceparent`` (W3C Trace Context) is its parent. That
field goes through both gateways as it came, like every other. Spans hold what figures hold, and the gateway's own
id of the request, by which its record is found in the log: no ids of callers' making, no paths, no persons.
"""

import re
from collections.abc import Callable
from typing import Final

import structlog

from rahdari.web.exchange.figures import Trip

# W3C Trace Context, 3.2: version, trace id, parent id, flags.
_PARENT: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NANOSECONDS: Final = 1_000_000
SECONDS_MAX: Final = 3

Trace = Callable[[Trip, int], None]
"""Takes a call that ended, and when it did (milliseconds since 1970)."""

_LOG = structlog.get_logger("rahdari.exchange.tracing")


def open_tracing(url: str, gateway: str) -> tuple[Trace, Callable[[], None]] | None:
    """Send spans to the OTLP/HTTP address ``url``; gives what takes calls, and what sends the last ones.

    None, with a remark, where the libraries are not installed.
    """
    try:
        # Five megabytes that a gateway without traces does not load.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        _LOG.warning("no_traces", why="the extra is not installed: pip install 'rahdari[traces]'")
        return None
    resource = Resource.create({"service.name": "rahdari-exchange", "service.instance.id": gateway})
    provider = TracerProvider(resource=resource)
    # The last ones are waited for at the end: a collector that is gone is not waited for long.
    exporter = OTLPSpanExporter(endpoint=url, timeout=SECONDS_MAX)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return tracing_by(provider), provider.shutdown


def tracing_by(provider: object) -> Trace:
    """Make spans by a tracer provider of OpenTelemetry's SDK."""
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see above
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    if not isinstance(provider, TracerProvider):
        raise TypeError("spans are made by a provider of the SDK")
    tracer, reader = provider.get_tracer("rahdari.exchange"), TraceContextTextMapPropagator()

    def trace(trip: Trip, ended: int) -> None:
        carrier = {"traceparent": trip.traceparent.decode("ascii")} if _is_parent(trip.traceparent) else {}
        operation = trip.operation.name if trip.operation is not None else trip.method
        attributes = {
            "ndel.side": trip.side.value,
            "ndel.client": str(trip.said.client) if trip.said is not None else "",
            "ndel.service": str(trip.call.service) if trip.call is not None else "",
            "http.request.method": trip.method,
            "http.response.status_code": trip.status,
            "http.request.body.size": trip.request_size,
            "http.response.body.size": trip.response_size,
            "ndel.request_id": trip.request_id,
            "ndel.fault": trip.fault,
        }
        span = tracer.start_span(
            f"exchange {operation}",
            context=reader.extract(carrier),
            kind=SpanKind.SERVER,
            attributes=attributes,
            start_time=trip.request_in * _NANOSECONDS,
        )
        if trip.fault:
            span.set_status(StatusCode.ERROR)
        span.end(end_time=ended * _NANOSECONDS)

    return trace


def _is_parent(value: bytes) -> bool:
    return _PARENT.fullmatch(value) is not None
