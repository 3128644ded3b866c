"""One call through a consumer's and a provider's gateway, played with the formats alone: no network, no keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    MALFORMED_CALL,
    MISSING_CLIENT,
    BodyDigest,
    ClientMissing,
    ErrorType,
    Fault,
    FieldLine,
    FieldLines,
    Origin,
    ResponseMarks,
    ServiceType,
    Spelling,
    TemplateSet,
    forward_request,
    forward_response,
    header_part,
    read_call_headers,
    read_target,
    read_template,
    request_hash,
    require_request_hash,
    values_of,
    write_error,
)

SERVICE = "/r1/PK/GOV/1001/registry/echo"
CLIENT: FieldLine = (b"x-road-client", b"PK/COM/2002/app")
# A part as large as servers hand bodies over in.
PART_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """What the provider's own server got."""

    method: str
    target: str
    fields: FieldLines
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client's own system, or the gateway, gets back."""

    status: int
    fields: FieldLines
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        return [one.decode() for one in values_of(self.fields, name.encode())]

    @property
    def error(self) -> str | None:
        return next(iter(self.values("x-road-error")), None)


def echo(seen: Seen) -> Answer:
    """Answer with the body that came, and with a Date."""
    return Answer(200, [(b"content-type", b"application/json"), (b"date", b"today")], seen.body)


@dataclass
class Edge:
    """A pair of gateways before one provider; counts its calls to make ids."""

    provider: Callable[[Seen], Answer] = echo
    kind: ServiceType = ServiceType.REST
    rights: TemplateSet = field(default_factory=lambda: TemplateSet([read_template("*", "/**")]))
    spelling: Spelling = Spelling.SMALL
    calls: int = 0
    seen: list[Seen] = field(default_factory=list)

    def call(
        self, method: str, target: str, fields: Sequence[FieldLine] = (CLIENT,), *, body: bytes = b""
    ) -> Answer:
        """Carry one call, as far as it is allowed to go."""
        self.calls += 1
        try:
            return self._carry(method, target, fields, body)
        except ClientMissing as refusal:
            return self._fail(MISSING_CLIENT, refusal.message, fields)
        except MalformedInput as refusal:
            return self._fail(MALFORMED_CALL, refusal.message, fields)

    def _carry(self, method: str, target: str, fields: Sequence[FieldLine], body: bytes) -> Answer:
        service = read_target(target.encode())
        headers = read_call_headers(fields)
        message_id, request_id = headers.message_id or f"made-{self.calls}", f"request-{self.calls}"
        sent = forward_request(fields, message_id=message_id, request_id=request_id)
        running = BodyDigest()
        for begin in range(0, len(body), PART_BYTES):
            running.update(body[begin : begin + PART_BYTES])
        part = header_part(method, service.target_raw, sent)
        if self.kind is ServiceType.WSDL:
            return self._fail(ErrorType(Origin.SERVER_PROXY, (Fault.SERVICE_TYPE,)), "a WSDL service", fields)
        if self.rights.find(method, service.canonical_path) is None:
            return self._fail(ErrorType(Origin.SERVER_PROXY, (Fault.ACCESS_DENIED,)), "not allowed", fields)
        self.seen.append(Seen(method, service.forwarded, sent, body))
        answered = self.provider(self.seen[-1])
        hashed = request_hash(part, running.digest())
        marks = ResponseMarks(message_id, headers.client, service.service, request_id, hashed)
        require_request_hash(hashed, part, running.digest())
        return Answer(answered.status, forward_response(answered.fields, marks), answered.body)

    def _fail(self, error: ErrorType, message: str, fields: Sequence[FieldLine]) -> Answer:
        written = write_error(
            error,
            message,
            detail=UUID(int=self.calls),
            accept=values_of(fields, b"accept"),
            spelling=self.spelling,
        )
        return Answer(written.status, written.fields, written.body)
