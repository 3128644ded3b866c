"""What a gateway counts: by client, service, operation template, status and fault. No ids, no paths, no persons.

Counting a call is one look into a dictionary; the words of Prometheus are written when somebody asks. The last
calls are kept with X-Road's operational fields as well (PR-OPMON, annex B), for this machine's own eyes.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    CallHeaders,
    FieldLine,
    MemberId,
    Moments,
    OperationalRecord,
    Outcome,
    PathTemplate,
    ServiceCall,
    ServiceType,
    Side,
    read_error_type,
)

# From a tenth of the least time of two gateways to the longest time-out.
BOUNDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
# Clients times operations times a few outcomes. Beyond, all others are counted under one name.
SERIES_MAX: Final = 2_000
# What callers may write as they like becomes no label until a call of it went through: services of other members.
SERVICES_MAX: Final = 1_000
# A minute of a busy gateway, in 1 MB; whoever wants all of them asks often.
RECENT_MAX: Final = 1_000
OTHER: Final = ("other", "other", "other", "other", "other", "other")
# Fields of X-Road's records that callers write as they like, and that name people: they stay in the call.
_OF_PEOPLE: Final = frozenset(
    {"messageUserId", "messageIssue", "representedPartyClass", "representedPartyCode"}
)
_LABELS: Final = ("side", "client", "service", "operation", "status", "fault")

Series = tuple[str, str, str, str, str, str]


@dataclass(slots=True)
class Trip:
    """One call on its way through this gateway: what is known of it so far."""

    side: Side
    request_in: int
    began: float
    method: str = ""
    call: ServiceCall | None = field(default=None, repr=False)
    said: CallHeaders | None = field(default=None, repr=False)
    operation: PathTemplate | None = None
    service_type: ServiceType | None = None
    request_id: str = ""
    request_out: int | None = None
    response_in: int | None = None
    status: int = 0
    fault: str = ""
    message: str = ""
    request_size: int = 0
    response_size: int = 0
    traceparent: bytes = b""


@dataclass(slots=True)
class _Sums:
    count: int = 0
    seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


class Figures(Collector):
    """All that one gateway counted since it began. Used by one event loop."""

    def __init__(self, gauges: Mapping[str, tuple[str, Callable[[], float]]] | None = None) -> None:
        """Count from nothing; ``gauges`` are asked when somebody reads: name, what it is, how much."""
        self._sums: dict[Series, _Sums] = {}
        self._answered: set[str] = set()
        self._recent: deque[tuple[Trip, int]] = deque(maxlen=RECENT_MAX)
        self._gauges = dict(gauges or {})
        self.trace: Callable[[Trip, int], None] | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def note(self, trip: Trip, *, tick: float, milliseconds: int) -> None:
        """Count a call that ended now."""
        client, service = self._who(trip)
        key: Series = (
            trip.side.value,
            client,
            service,
            trip.operation.name if trip.operation is not None else trip.method,
            str(trip.status),
            trip.fault and _known_fault(trip.fault),
        )
        sums = self._sums.get(key)
        if sums is None:
            key = key if len(self._sums) < SERIES_MAX else OTHER
            sums = self._sums.setdefault(key, _Sums())
        seconds = tick - trip.began
        sums.count += 1
        sums.seconds += seconds
        sums.bytes_in += trip.request_size
        sums.bytes_out += trip.response_size
        sums.buckets[bisect_left(BOUNDS, seconds)] += 1
        self._recent.append((trip, milliseconds))
        if self.trace is not None:
            self.trace(trip, milliseconds)

    def _who(self, trip: Trip) -> tuple[str, str]:
        """Name client and service; of a call that came to nothing, only their members, for these are registered."""
        if trip.said is None or trip.call is None:
            return "", ""
        client, service = trip.said.client, str(trip.call.service)
        is_real = trip.operation is not None or not trip.fault
        if is_real and len(self._answered) < SERVICES_MAX:
            self._answered.add(service)
        if trip.side is Side.PRODUCER and not is_real and not isinstance(client, MemberId):
            client = client.member
        is_known = service in self._answered
        return str(client), service if is_known else str(trip.call.service.provider.member)

    def begin(self, trip: Trip, fields: Iterable[FieldLine]) -> Trip:
        """Take what a call says of the trace that it belongs to, where there are traces."""
        if self.trace is not None:
            trip.traceparent = next((value for name, value in fields if name == b"traceparent"), b"")
        return trip

    def counted(self) -> Iterator[tuple[Series, int]]:
        """Give how often each kind of call was counted."""
        for key, sums in self._sums.items():
            yield key, sums.count

    @override
    def collect(self) -> Iterator[Metric]:
        """Give everything in Prometheus' words."""
        calls = CounterMetricFamily("rahdari_exchange_calls", "Calls that ended.", labels=_LABELS)
        taken = CounterMetricFamily(
            "rahdari_exchange_request_bytes", "Bytes of bodies asked with.", labels=_LABELS
        )
        given = CounterMetricFamily(
            "rahdari_exchange_response_bytes", "Bytes of bodies answered.", labels=_LABELS
        )
        times = HistogramMetricFamily(
            "rahdari_exchange_seconds", "Seconds from a call's head to its answer's end.", labels=_LABELS
        )
        # Read by another thread while calls are counted.
        for key, sums in list(self._sums.items()):
            calls.add_metric(key, sums.count)
            taken.add_metric(key, sums.bytes_in)
            given.add_metric(key, sums.bytes_out)
            times.add_metric(key, _cumulative(sums.buckets), sums.seconds)
        yield from (calls, taken, given, times)
        for name, (what, ask) in self._gauges.items():
            yield GaugeMetricFamily(name, what, value=ask())

    def write(self) -> bytes:
        """Write Prometheus' text format."""
        return generate_latest(self._registry)

    def recent(self) -> Iterator[dict[str, object]]:
        """Give the last calls as X-Road's operational records, the newest last; what names people is left out."""
        for trip, response_out in self._recent:
            told = _record(trip, response_out).as_json()
            yield {name: value for name, value in told.items() if name not in _OF_PEOPLE}


# Some dozens of words by a few origins; whatever else a gateway says of its answer is one label.
@lru_cache(maxsize=1024)
def _known_fault(fault: str) -> str:
    try:
        return read_error_type(fault).write()
    except MalformedInput:
        return "other"


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    bounds = [*(repr(one) for one in BOUNDS), "+Inf"]
    total, written = 0, []
    for bound, count in zip(bounds, buckets, strict=True):
        total += count
        written.append((bound, float(total)))
    return written


def _record(trip: Trip, response_out: int) -> OperationalRecord:
    error = None
    if trip.fault:
        try:
            error = read_error_type(trip.fault)
        except MalformedInput:
            error = None
    return OperationalRecord(
        side=trip.side,
        moments=Moments(trip.request_in, trip.request_out, trip.response_in, response_out),
        outcome=Outcome(
            not trip.fault, trip.status or None, trip.request_size, trip.response_size, error, trip.message
        ),
        headers=trip.said,
        service=None if trip.call is None else trip.call.service,
        operation=trip.operation,
        method=trip.method or None,
        request_id=trip.request_id or None,
        service_type=trip.service_type,
    )
