"""The consumer's gateway: from a client's call to a signed request, and from the response back to its client.

Without input or output: ``web.exchange`` carries the bytes. In order: ``route`` (the head), ``sign`` (once the body
is known), ``accept`` (the head of the response), ``conclude`` (once its body matched), ``acknowledge`` (once the
client has it); ``fail`` where it came to nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import consumer_fault
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.service.answered import is_fault, single_fields, why_unsigned
from rahdari.exchange.service.calling import consent_of, is_proved, purpose_of, read_call
from rahdari.exchange.service.received import is_plain_digest
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
    SecurityServerId,
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
# Far below what a provider takes (service.received.REQUEST_ID_AGE_SECONDS), clocks that differ included.
_ID_MILLISECONDS: Final = 10_000
# The signed fields that are added to those which X-Road's protocol has.
_BETWEEN_OUT: Final = tuple(
    (name.encode("ascii"), name)
    for name in (
        "content-digest", "ndel-purpose", "ndel-consent", "ndel-conf-version", "signature-input", "signature",
    )
)  # fmt: skip
# Between the gateways alone: the client gets an answer as X-Road would give it.
_BETWEEN: Final = frozenset(
    b"signature signature-input connection keep-alive transfer-encoding server".split()
)

_route, _outgoing, _accepted, _record = quick(Route), quick(Outgoing), quick(Accepted), quick(ExchangeRecord)


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
        self.is_away: Callable[[SecurityServerId], bool] = lambda _: False
        """Tells which gateways were not reached just now; a member's others are asked first."""

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
                f"{said.client} may not ask: {directory.why_not(said.client, call.service, purpose)}",
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
        """Sign the request for the provider's gateway. Raises ``CallRefused``.

        A body may have taken long to come: its request then has a new id, for providers take ids of this moment.
        """
        identity = self._identity()
        if _milliseconds(at) - route.began > _ID_MILLISECONDS:
            route = replace(route, request_id=time_ordered_id(at, self._chance))
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
        sent += [(name, covered[told][0].encode("ascii")) for name, told in _BETWEEN_OUT]
        return _outgoing(
            route,
            request,
            tuple(sent),
            part,
            request_hash(part, body.sha512),
            body,
            identity,
            signed,
        )

    def divert(
        self, outgoing: Outgoing, tried: Collection[SecurityServerId], *, at: datetime
    ) -> Outgoing | None:
        """Sign the same request for another gateway of the member, after ``tried`` were not reached at all.

        A request that any of them may have received is never given here: two gateways do not know of each other
        what they answered. None where no other is left.
        """
        route = outgoing.route
        for gateway in _gateways_for(self._directory(), route.call, route.said):
            if gateway.id not in tried:
                return self.sign(replace(route, gateway=gateway), outgoing.body, at=at)
        return None

    def accept(
        self, outgoing: Outgoing, status: int, fields: Iterable[FieldLine], *, at: datetime
    ) -> Accepted:
        """Verify the head of the provider's response. Its body must be held against ``content_digest``.

        Raises:
            CallRefused: it is not signed by the gateway that was asked, or answers another request.
        """
        fields = tuple(fields)
        received = single_fields(fields)
        if "signature" not in received:
            raise CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.MISSING_SIGNATURE), why_unsigned(status, received)
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
        # (3) What was signed in another form than ours could not be proved later; nor could a fault that is none.
        fault = received.get("x-road-error", [""])[0]
        if not verified.is_plain or not is_plain_digest(received["content-digest"][0]) or not is_fault(fault):
            raise CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.INCONSISTENT_RESPONSE),
                "the answer is signed, or names its fault, in a form that no record could keep",
            )
        return _accepted(
            outgoing,
            status,
            tuple(_without(fields, _BETWEEN)),
            received["content-digest"][0],
            verified,
            fault,
        )

    def conclude(self, accepted: Accepted, *, at: datetime) -> Concluded:
        """Give the record of the exchange."""
        record = self._record(accepted.outgoing, accepted.status, accepted.fault, at, accepted)
        return Concluded(encode_entry(record), _particulars(accepted.outgoing, accepted.verified.base))

    def acknowledge(self, accepted: Accepted, *, at: datetime) -> Receipt:
        """Sign the receipt that proves to the provider that its answer was received."""
        request_id, identity = accepted.outgoing.route.request_id, accepted.outgoing.identity
        signed = sign_receipt(
            accepted.verified.signature,
            identity.signer,
            keyid=identity.keyid,
            nonce=request_id,
            created=int(at.timestamp()),
        )
        return Receipt(request_id, signed)

    def fail(self, outgoing: Outgoing, error: ErrorType, *, at: datetime) -> Concluded:
        """Give the record of a signed request that got no answer worth the name."""
        record = self._record(outgoing, error.status, error.write(), at)
        return Concluded(encode_entry(record), _particulars(outgoing, None))

    def _record(
        self, outgoing: Outgoing, status: int, fault: str, at: datetime, accepted: Accepted | None = None
    ) -> ExchangeRecord:
        route, signed = outgoing.route, outgoing.signature
        verified = None if accepted is None else accepted.verified
        return _record(
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
            response_digest=None if accepted is None else accepted.content_digest,
            response=None
            if verified is None
            else SignatureMark(verified.parameters, verified.keyid, verified.signature),
            response_base=None if verified is None else sha256(verified.base).digest(),
            consent_digest=None if route.consent == NO_CONSENT else sha256(route.consent.encode()).digest(),
            fault=fault,
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

    def _choose_gateway(self, directory: Directory, call: ServiceCall, said: CallHeaders) -> Gateway:
        gateways = _gateways_for(directory, call, said)
        if not gateways:
            raise CallRefused(
                consumer_fault(Fault.UNKNOWN_MEMBER),
                f"no gateway of {call.service.provider.member} is known here, or the member is suspended",
            )
        if len(gateways) > 1:
            return next((one for one in gateways if not self.is_away(one.id)), gateways[0])
        return gateways[0]

    def _keys_of(self, gateway: Gateway, at: datetime) -> Callable[[str], VerifyingKey | None]:
        directory, seconds = self._directory(), int(at.timestamp())

        def key_of(keyid: str) -> VerifyingKey | None:
            found = directory.message_key(keyid, seconds)
            return found.public if found is not None and found.gateway.id == gateway.id else None

        return key_of


def _gateways_for(directory: Directory, call: ServiceCall, said: CallHeaders) -> tuple[Gateway, ...]:
    gateways = directory.gateways_of(call.service.provider.member)
    # PR-REST, 4.3: X-Road-Security-Server asks for one of several.
    if said.security_server is not None:
        gateways = tuple(one for one in gateways if one.id == said.security_server)
    return gateways


def _without(fields: Iterable[FieldLine], names: frozenset[bytes]) -> list[FieldLine]:
    return [line for line in fields if line[0] not in names]


def _restated(sent: Iterable[FieldLine], route: Route) -> list[FieldLine]:
    """Give the lines as they go out: identifiers in their one form, as they are signed and hashed."""
    ours = {b"x-road-client": str(route.said.client).encode(), b"x-road-id": route.message_id.encode()}
    return [(name, ours.get(name, value)) for name, value in sent]


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
