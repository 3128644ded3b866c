"""The consumer's gateway: from a client's call to a signed request, and from the response back to its client.

Without input or output: ``web.exchange`` carries the bytes. In order: ``route`` (the head), ``sign`` (once the body
is known), ``accept`` (the head of the response), ``conclude`` (once its body matched); ``fail`` where it came to
nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import consumer_fault
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.service.calling import consent_of, is_proved, purpose_of, read_call
from rahdari.exchange.values.messages import (
    NO_CONSENT,
    Accepted,
    BodyFacts,
    Concluded,
    Identity,
    Outgoing,
    Proofs,
    Receipt,
    RequestHead,
    Route,
)
from rahdari.exchange.values.services import LocalClient
from rahdari.kernel import Chance, Refused, time_ordered_id
from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick
from rahdari.wire.http_signatures import (
    Request,
    Response,
    VerifyingKey,
    sign_receipt,
    sign_request,
    verify_response,
)
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.record_bytes import encode_entry, encode_particulars
from rahdari.wire.ndel.records import ExchangeRecord, Particulars, Role, SignatureMark
from rahdari.wire.xroad import (
    CallHeaders,
    ClientId,
    ErrorType,
    Fault,
    FieldLine,
    Origin,
    ServiceCall,
    forward_request,
    header_part,
    request_hash,
)

# What a client may not say in the gateways' name, and what is between it and its own gateway.
_OURS: Final = frozenset(
    b"content-digest signature signature-input "
    b"ndel-purpose ndel-consent ndel-conf-version ndel-client-token".split()
)
# Between the gateways alone: the client gets an answer as X-Road would give it.
_BETWEEN: Final = frozenset(
    b"signature signature-input connection keep-alive transfer-encoding server".split()
)

_route, _outgoing, _accepted = quick(Route), quick(Outgoing), quick(Accepted)


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """What a gateway is told about its own clients."""

    clients: Mapping[ClientId, LocalClient]


class Consumer:
    """Decides and signs for the clients behind one gateway."""

    def __init__(
        self,
        settings: Callable[[], ConsumerSettings],
        directory: Callable[[], Directory],
        identity: Callable[[], Identity],
        chance: Chance,
    ) -> None:
        """Ask each of these anew for every call: they change while the gateway runs."""
        self._settings, self._directory, self._identity, self._chance = settings, directory, identity, chance

    def route(self, head: RequestHead, proofs: Proofs, *, at: datetime) -> Route:
        """Find out whether and where the call goes, by its head alone.

        Raises:
            CallRefused: with X-Road's word for it.
        """
        # (1) PR-REST, 4.1 and 4.3: target, method and headers, before anything is looked up.
        call, said = read_call(head)
        # (2) The client is one of ours, and this is its information system.
        client = self._require_client(said, head, proofs)
        # (3) Nothing is exchanged on the word of a configuration that has expired.
        directory, seconds = self._directory(), int(at.timestamp())
        if directory.is_expired(seconds):
            raise CallRefused(
                consumer_fault(Fault.GLOBAL_CONF_OUTDATED),
                f"the configuration {directory.version} of {directory.instance} has expired; the registry was not "
                "reached for too long",
            )
        # (4) Who calls and who is called are members in good standing.
        if not directory.is_client(said.client):
            raise CallRefused(
                consumer_fault(Fault.UNKNOWN_MEMBER),
                f"{said.client} is no client of the instance, or suspended",
            )
        # (5) Every call has a purpose; a client of old that names none has one by its gateway's settings.
        purpose = purpose_of(head, client, call)
        if call.metaservice is None and not directory.may_ask(said.client, call.service, purpose):
            raise CallRefused(
                consumer_fault(Fault.ACCESS_DENIED),
                f"{said.client} may not ask {call.service} for {purpose!r}: an unknown purpose, or one that the "
                "instances have not agreed on",
            )
        gateway = self._choose_gateway(directory, call, said)
        return _route(
            head,
            call,
            said,
            purpose,
            consent_of(head),
            gateway,
            said.message_id or time_ordered_id(at, self._chance),
            time_ordered_id(at, self._chance),
            directory.version,
            _milliseconds(at),
        )

    def sign(self, route: Route, body: BodyFacts, *, at: datetime) -> Outgoing:
        """Sign the request for the provider's gateway. Raises ``CallRefused``."""
        identity = self._identity()
        try:
            sent = _restated(
                forward_request(
                    _without(route.head.fields, _OURS),
                    message_id=route.message_id,
                    request_id=route.request_id,
                ),
                route,
            )
            part = header_part(route.head.method, route.call.target_raw, sent)
        except MalformedInput as refusal:
            raise CallRefused(ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,)), refusal.message) from None
        covered = {
            "content-digest": [body.content_digest],
            "x-road-client": [str(route.said.client)],
            "x-road-id": [route.message_id],
            "x-road-request-id": [route.request_id],
            "ndel-purpose": [route.purpose],
            "ndel-consent": [route.consent],
            "ndel-conf-version": [str(route.configuration_version)],
        }
        request = Request(route.head.method, route.gateway.url + route.call.target_raw, covered)
        signed = sign_request(request, identity.signer, keyid=identity.keyid, created=int(at.timestamp()))
        covered.update(signed.as_fields())
        return _outgoing(
            route,
            request,
            (*sent, *_between(covered)),
            part,
            request_hash(part, body.sha512),
            body,
            identity,
            signed,
        )

    def accept(
        self, outgoing: Outgoing, status: int, fields: Iterable[FieldLine], *, at: datetime
    ) -> Accepted:
        """Verify the head of the provider's response. Its body must be held against ``content_digest``.

        Raises:
            CallRefused: it is not signed by the gateway that was asked, or answers another request.
        """
        fields = tuple(fields)
        received = _single_fields(fields)
        if "signature" not in received:
            raise CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.MISSING_SIGNATURE), _why_unsigned(status, received)
            )
        # (1) PR-REST, 4.3: an answer carries the hash of its request; another one is never handed on. A refusal may
        # come before the body was read, and hashes the head alone; it is bound by its signature (2).
        claimed = received.get("x-road-request-hash", [""])[0]
        is_ours = compare_digest(claimed.encode("latin-1"), outgoing.request_hash.encode("ascii"))
        if not is_ours and "x-road-error" not in received:
            raise CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.INCONSISTENT_RESPONSE),
                "the answer carries the hash of another request; ask again",
            )
        # (2) RFC 9421, 2.4: the response's signature covers the request's.
        response = Response(status, received, outgoing.request)
        try:
            verified = verify_response(
                response, key_of=self._keys_of(outgoing.route.gateway, at), at=int(at.timestamp())
            )
        except Refused as refusal:
            raise CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.SIGNATURE_VERIFICATION),
                f"the answer's signature does not hold: {refusal.message}",
            ) from None
        return _accepted(
            outgoing,
            status,
            tuple(_without(fields, _BETWEEN)),
            received["content-digest"][0],
            verified,
            received.get("x-road-error", [""])[0],
        )

    def conclude(self, accepted: Accepted, *, at: datetime) -> Concluded:
        """Give the record of the exchange, and the receipt that proves the answer was received."""
        outgoing, verified = accepted.outgoing, accepted.verified
        identity = outgoing.identity
        receipt = sign_receipt(
            verified.signature,
            identity.signer,
            keyid=identity.keyid,
            nonce=outgoing.route.request_id,
            created=int(at.timestamp()),
        )
        record = replace(
            self._record(outgoing, accepted.status, at),
            response_digest=accepted.content_digest,
            response=SignatureMark(verified.parameters, verified.keyid, verified.signature),
            response_base=sha256(verified.base).digest(),
            fault=accepted.fault,
        )
        return Concluded(
            encode_entry(record),
            _particulars(outgoing, verified.base),
            Receipt(outgoing.route.request_id, receipt),
        )

    def fail(self, outgoing: Outgoing, error: ErrorType, *, at: datetime) -> Concluded:
        """Give the record of a signed request that got no answer worth the name."""
        record = replace(self._record(outgoing, error.status, at), fault=error.write())
        return Concluded(encode_entry(record), _particulars(outgoing, None), None)

    def _record(self, outgoing: Outgoing, status: int, at: datetime) -> ExchangeRecord:
        route, signed = outgoing.route, outgoing.signature
        return ExchangeRecord(
            role=Role.CONSUMER,
            request_id=route.request_id,
            message_id=route.message_id,
            began=route.began,
            ended=max(route.began, _milliseconds(at)),
            client=route.said.client,
            service=route.call.service,
            # The consumer's gateway does not know the templates of another's services, and keeps no paths.
            operation=route.head.method,
            purpose=route.purpose,
            configuration_version=route.configuration_version,
            request_hash=outgoing.request_hash,
            request_digest=outgoing.body.content_digest,
            request=SignatureMark(
                signed.signature_input.partition("=")[2], outgoing.identity.keyid, signed.raw
            ),
            request_base=sha256(signed.base).digest(),
            status=status,
            consent_digest=None if route.consent == NO_CONSENT else sha256(route.consent.encode()).digest(),
        )

    def _require_client(self, said: CallHeaders, head: RequestHead, proofs: Proofs) -> LocalClient:
        client = self._settings().clients.get(said.client)
        if client is None:
            raise CallRefused(
                consumer_fault(Fault.UNKNOWN_MEMBER),
                f"{said.client} is no client of this gateway; its operator adds it to gateway.toml",
            )
        if not is_proved(client, head, proofs):
            raise CallRefused(
                consumer_fault(Fault.SSL_AUTHENTICATION_FAILED),
                f"the call does not prove that it comes from {said.client} (by {client.proof})",
            )
        return client

    @staticmethod
    def _choose_gateway(directory: Directory, call: ServiceCall, said: CallHeaders) -> Gateway:
        gateways = directory.gateways_of(call.service.provider.member)
        # PR-REST, 4.3: X-Road-Security-Server asks for one of several.
        if said.security_server is not None:
            gateways = tuple(one for one in gateways if one.id == said.security_server)
        if not gateways:
            raise CallRefused(
                consumer_fault(Fault.UNKNOWN_MEMBER),
                f"no gateway of {call.service.provider.member} is known here, or the member is suspended",
            )
        return gateways[0]

    def _keys_of(self, gateway: Gateway, at: datetime) -> Callable[[str], VerifyingKey | None]:
        directory, seconds = self._directory(), int(at.timestamp())

        def key_of(keyid: str) -> VerifyingKey | None:
            found = directory.message_key(keyid, seconds)
            return found.public if found is not None and found.gateway.id == gateway.id else None

        return key_of


def _without(fields: Iterable[FieldLine], names: frozenset[bytes]) -> list[FieldLine]:
    return [line for line in fields if line[0] not in names]


def _restated(sent: Iterable[FieldLine], route: Route) -> list[FieldLine]:
    """Give the lines as they go out: identifiers in their one form, as they are signed and hashed."""
    ours = {b"x-road-client": str(route.said.client).encode(), b"x-road-id": route.message_id.encode()}
    return [(name, ours.get(name, value)) for name, value in sent]


def _between(covered: Mapping[str, list[str]]) -> Iterable[FieldLine]:
    for name, values in covered.items():
        if not name.startswith("x-road-"):
            yield (name.encode("ascii"), values[0].encode("ascii"))


def _single_fields(fields: Iterable[FieldLine]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        if name in _VERIFIED_FIELDS:
            found.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
    return found


_VERIFIED_FIELDS: Final = frozenset(
    b"content-digest x-road-request-hash signature signature-input x-road-error".split()
)


def _why_unsigned(status: int, received: Mapping[str, list[str]]) -> str:
    error = received.get("x-road-error", [""])[0]
    said = f"; it says {error[:120]}" if error.isascii() and error.isprintable() and error else ""
    return f"the provider's gateway answered {status} without a signature{said}"


def _particulars(outgoing: Outgoing, response_base: bytes | None) -> bytes:
    consent = outgoing.route.consent
    return encode_particulars(
        Particulars(
            outgoing.signature.base.decode("ascii"),
            None if response_base is None else response_base.decode("ascii"),
            outgoing.header_part,
            None if consent == NO_CONSENT else consent,
        )
    )


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
