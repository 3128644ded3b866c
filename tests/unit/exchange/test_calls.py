"""A call through both gateways: what is signed, what is refused, what is kept."""

import base64
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.directory import build_directory
from rahdari.exchange.service.provider import DESCRIPTIONS, REFUSALS
from rahdari.exchange.values.messages import Answer, Outgoing, Proofs, RequestHead
from rahdari.exchange.values.services import ClientProof, ConsentRule, LocalClient
from rahdari.kernel import Refused, time_ordered_id
from rahdari.wire.http_signatures import Request, Response, sign_request, verify_receipt
from rahdari.wire.http_signatures.gateway import REQUEST, RESPONSE
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.ndel.parties_as_json import keyid_of
from rahdari.wire.ndel.record_bytes import read_entry, read_particulars
from rahdari.wire.ndel.records import ExchangeRecord, Role
from rahdari.wire.sealed import MEDIA_TYPE
from rahdari.wire.xroad import Fault, FieldLine, Spelling
from tests.fakes.chance import SeededChance
from tests.unit.exchange.exchange_scene import (
    ASKED,
    AT,
    BANK,
    BANK_KEY,
    CERTIFICATE,
    REGISTRY,
    REGISTRY_KEY,
    TARGET,
    Scene,
    configuration,
    facts,
    offer,
    operation,
    rate,
    received,
    scene,
    service,
)

BODY = b'{"status":"good"}'


def asked_with(*lines: FieldLine) -> tuple[FieldLine, ...]:
    """The usual fields, with those of ``lines`` in their place."""
    names = {name for name, _ in lines}
    return (*(line for line in ASKED if line[0] not in names), *lines)


def without(name: bytes) -> tuple[FieldLine, ...]:
    return tuple(line for line in ASKED if line[0] != name)


def record_of(raw: bytes) -> ExchangeRecord:
    entry = read_entry(raw)
    assert isinstance(entry, ExchangeRecord)
    return entry


def fields_of(answer: Answer) -> dict[bytes, bytes]:
    names = [name for name, _ in answer.fields]
    assert len(set(names)) == len(names)
    return dict(answer.fields)


def refusal_of(asking: Scene, outgoing: Outgoing, certificate: bytes = CERTIFICATE) -> CallRefused:
    """The refusal with which the registry's gateway meets a request."""

    def meet() -> None:
        asked = asking.provider.read(received(outgoing), certificate, at=asking.at, tick=asking.tick)
        asking.provider.admit(asked, tick=asking.tick)

    with pytest.raises(CallRefused) as refused:
        meet()
    return refused.value


def test_a_call_goes_through_both_gateways_and_its_answer_is_accepted() -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    accepted = one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)
    assert accepted.status == 200
    assert accepted.content_digest == facts(BODY).content_digest
    assert not accepted.fault


def test_the_client_gets_what_x_road_gives_and_nothing_that_is_between_gateways() -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    accepted = one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)
    told = dict(accepted.fields)
    assert told[b"x-road-client"] == b"PK/COM/2002/loans"
    assert told[b"x-road-service"] == b"PK/GOV/1001/registry/person-status"
    assert told[b"x-road-request-hash"].decode() == outgoing.request_hash
    assert told[b"x-road-request-id"].decode() == outgoing.route.request_id
    assert {b"signature", b"signature-input", b"server", b"x-road-error"}.isdisjoint(told)


def test_both_gateways_compute_one_request_hash_with_and_without_a_body() -> None:
    for body in (b"", b"a question"):
        one = scene(offered=offer(service([operation("POST")])))
        outgoing = one.ask(method="POST", body=body)
        answer = one.answer(outgoing, body=body)
        assert fields_of(answer)[b"x-road-request-hash"].decode() == outgoing.request_hash


def test_both_records_hold_the_same_signatures_and_no_path() -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    accepted = one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)
    concluded = one.consumer.conclude(accepted, at=one.at)
    ours, theirs = record_of(concluded.record), record_of(answer.record)
    assert (ours.role, theirs.role) == (Role.CONSUMER, Role.PROVIDER)
    assert ours.request == theirs.request
    assert ours.response == theirs.response
    assert (ours.request_base, ours.response_base) == (theirs.request_base, theirs.response_base)
    assert theirs.operation == "GET /v1/persons/{id}"
    for raw in (concluded.record, answer.record):
        assert b"35202" not in raw


def test_the_particulars_are_what_the_record_holds_the_hashes_of() -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    particulars, record = read_particulars(answer.particulars), record_of(answer.record)
    assert sha256(particulars.request_base.encode()).digest() == record.request_base
    assert particulars.response_base is not None
    assert sha256(particulars.response_base.encode()).digest() == record.response_base
    assert particulars.header_part == outgoing.header_part
    assert b"35202-1" in particulars.header_part


def test_the_receipt_proves_that_the_answer_was_received() -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    accepted = one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)
    receipt = one.consumer.acknowledge(accepted, at=one.at)
    verified = verify_receipt(
        receipt.signature,
        answer.response_signature,
        nonce=receipt.request_id,
        key_of=lambda _: BANK_KEY.public,
        at=int(AT.timestamp()),
    )
    assert verified.nonce == outgoing.route.request_id


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content_digest", b"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
        ("x_road_client", b"PK/COM/2002/cards"),
        ("x_road_id", b"another"),
        ("x_road_request_id", b"another"),
        ("ndel_purpose", b"audit"),
        ("ndel_consent", b"e30.e30.AA"),
        ("ndel_conf_version", b"8"),
    ],
)
def test_what_the_signature_covers_cannot_be_changed_on_the_way(name: str, value: bytes) -> None:
    one = scene(offered=offer(service([operation("POST")])))
    outgoing = one.ask(method="POST", body=b"x")
    with pytest.raises(CallRefused) as refused:
        one.provider.read(received(outgoing, **{name: value}), CERTIFICATE, at=one.at, tick=0.0)
    assert refused.value.error.write() == "server.serverproxy.signature_verification"


@pytest.mark.parametrize("name", ["signature", "signature_input", "ndel_purpose", "content_digest"])
def test_a_request_that_lacks_a_covered_field_is_not_signed(name: str) -> None:
    one = scene()
    with pytest.raises(CallRefused, match="signed"):
        one.provider.read(received(one.ask(), **{name: None}), CERTIFICATE, at=one.at, tick=0.0)


def test_another_path_under_the_same_signature_is_refused() -> None:
    one = scene()
    head = received(one.ask())
    other = replace(head, target_raw=TARGET.replace(b"35202-1", b"35202-2"))
    with pytest.raises(CallRefused, match="signature does not hold"):
        one.provider.read(other, CERTIFICATE, at=one.at, tick=0.0)


def test_a_request_is_answered_once() -> None:
    one = scene()
    outgoing = one.ask()
    one.answer(outgoing)
    with pytest.raises(CallRefused, match="answered already"):
        one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=299.0)


def resigned(outgoing: Outgoing, **changed: str) -> RequestHead:
    """The request with other values, signed anew by the bank."""
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    covered = {
        name: [names.get(name, values[0])]
        for name, values in outgoing.request.fields.items()
        if not name.startswith("signature")
    }
    request = Request(outgoing.request.method, outgoing.request.target_uri, covered)
    signed = sign_request(
        request, BANK_KEY, keyid=keyid_of(BANK_KEY.public), created=int(AT.timestamp())
    ).as_fields()
    values = {name: one[0] for name, one in (covered | signed).items()}
    lines = [(name, values.get(name.decode(), value.decode()).encode()) for name, value in outgoing.fields]
    return RequestHead(outgoing.request.method, outgoing.route.call.target_raw.encode(), tuple(lines))


LATER, EARLIER = (time_ordered_id(AT + timedelta(seconds=one), SeededChance(5)) for one in (125, -185))


@pytest.mark.parametrize(
    "changed",
    [
        {"x_road_request_id": "a" * 256},
        {"x_road_request_id": "6f9619ff-8b86-4011-b42d-00c04fc964ff"},
        {"x_road_request_id": LATER},
        {"x_road_request_id": EARLIER},
        {"content_digest": f"sha-512=:{'A' * 86}==:"},
        {"content_digest": f"unknown=:AA==:, {facts().content_digest}"},
        {"content_digest": "sha-256=:" + "A" * 20_000 + ":"},
        {"ndel_purpose": "p" * 65},
        {"ndel_consent": "c" * 2049},
    ],
)
def test_what_no_record_could_keep_is_not_begun(changed: dict[str, str]) -> None:
    one = scene()
    with pytest.raises(CallRefused) as refused:
        one.provider.read(resigned(one.ask(), **changed), CERTIFICATE, at=one.at, tick=0.0)
    assert refused.value.error.write() == "server.serverproxy.bad_request"
    assert one.provider.read(resigned(one.ask()), CERTIFICATE, at=one.at, tick=0.0).client == BANK


def test_one_id_is_one_exchange_whoever_signed_it() -> None:
    one = scene()
    first = one.ask()
    one.answer(first)
    again = resigned(one.ask(), x_road_request_id=first.route.request_id)
    with pytest.raises(CallRefused, match="answered already"):
        one.provider.read(again, CERTIFICATE, at=one.at, tick=1.0)


def test_a_signature_whose_evidence_would_not_hold_is_refused_by_both() -> None:
    """RFC 9421 lets parameters stand in any order; what verifies evidence years later knows one."""
    one = scene()
    outgoing = one.ask()
    turned = turned_round(received(outgoing).fields, BANK_KEY, outgoing.request)
    head = RequestHead("GET", TARGET, turned)
    with pytest.raises(CallRefused, match="another form"):
        one.provider.read(head, CERTIFICATE, at=one.at, tick=0.0)
    answer = one.answer(outgoing)
    fields = turned_round(answer.fields, REGISTRY_KEY, Response(200, covered_of(answer), outgoing.request))
    with pytest.raises(CallRefused, match="form that no record could keep"):
        one.consumer.accept(outgoing, 200, fields, at=one.at)


def covered_of(answer: Answer) -> dict[str, list[str]]:
    names = ("content-digest", "x-road-request-hash")
    return {name: [dict(answer.fields)[name.encode()].decode()] for name in names}


def turned_round(
    fields: Iterable[FieldLine], signer: SoftwareSigner, message: Request | Response
) -> tuple[FieldLine, ...]:
    """The same message, its signature's parameters in another order, signed by the same key."""
    lines = dict(fields)
    label, _, text = lines[b"signature-input"].decode().partition("=")
    components, *parameters = text.split(";created=")
    told = f";created={parameters[0]}".split(";")[1:]
    turned = ";".join([components, *reversed(told)])
    profile = REQUEST if isinstance(message, Request) else RESPONSE
    values = [one.value(message) for one in profile.components]
    signature = signer.sign(profile.base(values, turned))
    lines[b"signature-input"] = f"{label}={turned}".encode()
    lines[b"signature"] = f"{label}=:{base64.b64encode(signature).decode()}:".encode()
    return tuple(lines.items())


@pytest.mark.parametrize("fault", [b"x" * 20_000, b"3520212345671", b"server.invented"])
def test_a_fault_that_x_road_does_not_have_is_not_passed_on(fault: bytes) -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    with pytest.raises(CallRefused) as refused:
        one.consumer.accept(outgoing, 500, (*answer.fields, (b"x-road-error", fault)), at=one.at)
    assert refused.value.error.faults[0] is Fault.SERVICE_FAILED
    assert fault.decode() not in refused.value.message


def test_a_body_that_took_long_to_come_gets_an_id_of_its_moment() -> None:
    one = scene()
    route = one.consumer.route(RequestHead("GET", TARGET, ASKED), Proofs(is_near=True), at=one.at)
    one.at += timedelta(hours=1)
    outgoing = one.consumer.sign(route, facts(), at=one.at)
    assert outgoing.route.request_id != route.request_id
    assert one.answer(outgoing).status == 200


def test_what_another_gateway_let_through_does_not_reach_the_providers_system() -> None:
    one = scene()
    outgoing = one.ask(fields=(*ASKED, (b"x-case", b"7")))
    lies = [
        (b"x_road_client", b"PK/GOV/3003/police"), (b"ndel_purpose", b"other"), (b"x-original-url", b"/secret"),
        (b"x-http-method-override", b"DELETE"), (b"x-road-service", b"PK/GOV/1001/registry/other"),
    ]  # fmt: skip
    head = received(outgoing)
    asked = one.provider.read(replace(head, fields=(*head.fields, *lies)), CERTIFICATE, at=one.at, tick=0.0)
    forwarded = one.provider.admit(asked, tick=0.0).forwarded
    assert {name for name, _ in lies}.isdisjoint(name for name, _ in forwarded)
    assert {b"x-road-client", b"x-road-id", b"x-road-request-id", b"x-case"} <= {
        name for name, _ in forwarded
    }


def test_refusals_of_what_nobody_may_do_are_recorded_up_to_a_rate() -> None:
    one = scene()
    asked = one.provider.read(received(one.ask()), CERTIFICATE, at=one.at, tick=0.0)
    for _ in range(REFUSALS.burst):
        one.provider.require_patience(asked, tick=0.0)
    with pytest.raises(CallRefused) as refused:
        one.provider.require_patience(asked, tick=0.0)
    assert (refused.value.status, refused.value.retry_after) == (429, 1)
    one.provider.require_patience(asked, tick=1.0)


def test_what_is_kept_of_a_call_without_a_right_is_what_was_signed_and_no_more() -> None:
    one = scene(offered=offer(service(), granted={}))
    outgoing = one.ask(fields=(*ASKED, (b"x-filler", b"f" * 10_000)))
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    with pytest.raises(CallRefused) as refused:
        one.provider.admit(asked, tick=0.0)
    kept = one.provider.refuse(asked, refused.value, at=one.at)
    assert len(kept.particulars) < 3_000
    assert "f" * 100 not in read_particulars(kept.particulars).request_base


@pytest.mark.parametrize("seconds", [-121, 181])
def test_a_signature_out_of_its_time_is_refused(seconds: int) -> None:
    one = scene()
    outgoing = one.ask()
    one.at += timedelta(seconds=seconds)
    assert "signature does not hold" in refusal_of(one, outgoing).message


@pytest.mark.parametrize("seconds", [-119, 179])
def test_clocks_may_differ_by_two_minutes(seconds: int) -> None:
    one = scene()
    outgoing = one.ask()
    one.at += timedelta(seconds=seconds)
    assert one.answer(outgoing).status == 200


def test_a_connection_of_an_unknown_certificate_is_refused() -> None:
    one = scene()
    refusal = refusal_of(one, one.ask(), b"another certificate")
    assert (refusal.error.write(), refusal.status) == ("server.serverproxy.ssl_authentication_failed", 403)


def test_a_gateway_cannot_use_another_members_connection() -> None:
    one = scene()
    assert "signature does not hold" in refusal_of(one, one.ask(), b"certificate of PK/GOV/1001").message


def test_a_gateway_speaks_for_its_own_member_only() -> None:
    # The registry's gateway signs a call in the bank's name, over its own connection.
    one = scene()
    impostor = scene()
    impostor.consumer._identity = lambda: impostor.identity
    refusal = refusal_of(one, impostor.ask(), b"certificate of PK/GOV/1001")
    assert refusal.error.write() == "server.serverproxy.invalid_client_identifier"


def test_a_suspended_member_is_unknown_at_once_to_both_gateways() -> None:
    one = scene()
    outgoing = one.ask()
    bank, registry = configuration().members
    one.directory = build_directory(configuration(members=(replace(bank, suspended_at=1), registry)))
    assert refusal_of(one, outgoing).error.write() == "server.serverproxy.ssl_authentication_failed"
    with pytest.raises(CallRefused, match="suspended"):
        one.ask()


def test_nothing_is_exchanged_on_an_expired_configuration() -> None:
    one = scene()
    outgoing = one.ask()
    one.directory = build_directory(configuration(expires=int(AT.timestamp())))
    with pytest.raises(CallRefused) as refused:
        one.ask()
    assert refused.value.error.write() == "server.clientproxy.global_conf_outdated"
    assert refusal_of(one, outgoing).error.write() == "server.serverproxy.global_conf_outdated"


@pytest.mark.parametrize(
    ("target", "method", "word"),
    [
        (TARGET.replace(b"person-status", b"tax"), "GET", "unknown_service"),
        (TARGET.replace(b"/v1/", b"/v2/"), "GET", "access_denied"),
        (TARGET, "DELETE", "access_denied"),
        (TARGET.replace(b"35202-1", b"35202-1/history"), "GET", "access_denied"),
    ],
)
def test_only_operations_of_known_services_are_called(target: bytes, method: str, word: str) -> None:
    one = scene()
    assert refusal_of(one, one.ask(target, method=method)).error.write() == f"server.serverproxy.{word}"


def test_a_right_is_of_one_client_and_one_operation() -> None:
    both = [operation(), operation("GET", "/v1/persons/{id}/photo")]
    granted = {BANK: frozenset({"GET /v1/persons/{id}"})}
    one = scene(offered=offer(service(both), granted=granted))
    assert one.answer(one.ask()).status == 200
    denied = one.ask(TARGET.replace(b"35202-1", b"35202-1/photo"))
    assert "no right" in refusal_of(one, denied).message


def test_a_purpose_that_the_operation_does_not_have_is_refused_with_those_it_has() -> None:
    one = scene()
    refusal = refusal_of(one, one.ask(fields=asked_with((b"ndel-purpose", b"audit"))))
    assert "its purposes are: lending" in refusal.message


def test_a_purpose_that_the_instance_does_not_have_does_not_leave_the_consumers_gateway() -> None:
    with pytest.raises(CallRefused) as refused:
        scene().ask(fields=asked_with((b"ndel-purpose", b"curiosity")))
    assert refused.value.error.write() == "server.clientproxy.access_denied"


def test_a_call_without_a_purpose_is_refused_unless_the_gateway_knows_one() -> None:
    one = scene()
    with pytest.raises(CallRefused, match="names no purpose"):
        one.ask(fields=without(b"ndel-purpose"))
    told = LocalClient(BANK, ClientProof.NETWORK, purposes={"": "lending"})
    one.settings = replace(one.settings, clients={BANK: told})
    assert one.ask(fields=without(b"ndel-purpose")).route.purpose == "lending"


def test_a_disabled_service_says_why_to_those_who_may_call_it() -> None:
    one = scene(offered=offer(service(disabled_notice="moving house")))
    refusal = refusal_of(one, one.ask())
    assert (refusal.error.write(), refusal.status) == ("server.serverproxy.service_disabled", 503)
    assert "moving house" in refusal.message


def test_a_client_that_calls_too_often_is_told_when_to_come_again() -> None:
    one = scene(offered=offer(service([operation(rate=rate(0.5, 2))])))
    one.answer(one.ask())
    one.answer(one.ask())
    refusal = refusal_of(one, one.ask())
    assert (refusal.status, refusal.retry_after) == (429, 2)
    one.tick = 2.0
    assert one.answer(one.ask()).status == 200


def test_a_refusal_is_signed_recorded_and_accepted_as_such() -> None:
    one = scene()
    outgoing = one.ask(fields=asked_with((b"ndel-purpose", b"audit")))
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    with pytest.raises(CallRefused) as refused:
        one.provider.admit(asked, tick=0.0)
    answer = one.provider.refuse(asked, refused.value, at=one.at)
    accepted = one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)
    assert accepted.fault == "server.serverproxy.access_denied"
    assert record_of(answer.record).fault == accepted.fault
    assert record_of(one.consumer.conclude(accepted, at=one.at).record).fault == accepted.fault
    assert answer.body is not None
    assert facts(answer.body).content_digest == accepted.content_digest


def test_the_spelling_of_errors_can_be_that_of_old_releases() -> None:
    one = scene()
    one.provider._spelling = Spelling.CAPITALS
    outgoing = one.ask(fields=asked_with((b"ndel-purpose", b"audit")))
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    with pytest.raises(CallRefused) as refused:
        one.provider.admit(asked, tick=0.0)
    answer = one.provider.refuse(asked, refused.value, at=one.at)
    assert fields_of(answer)[b"x-road-error"] == b"Server.ServerProxy.AccessDenied"


def test_an_unsigned_answer_is_no_answer() -> None:
    one = scene()
    with pytest.raises(CallRefused) as refused:
        one.consumer.accept(one.ask(), 502, [(b"x-road-error", b"server.serverproxy.io_error")], at=one.at)
    assert refused.value.error.write() == "server.clientproxy.service_failed.missing_signature"
    assert "server.serverproxy.io_error" in refused.value.message


def test_an_answer_to_another_request_is_refused() -> None:
    one = scene()
    first, second = one.ask(), one.ask()
    answer = one.answer(first)
    with pytest.raises(CallRefused) as refused:
        one.consumer.accept(second, answer.status, answer.fields, at=one.at)
    assert refused.value.error.write() == "server.clientproxy.service_failed.inconsistent_response"


@pytest.mark.parametrize("name", [b"signature", b"content-digest", b"signature-input"])
def test_an_answer_changed_on_the_way_is_refused(name: bytes) -> None:
    one = scene()
    outgoing = one.ask()
    other = one.answer(one.ask(), answered=b"something else")
    answer = one.answer(outgoing)
    exchanged = [(key, fields_of(other)[key] if key == name else value) for key, value in answer.fields]
    with pytest.raises(CallRefused, match="signature does not hold"):
        one.consumer.accept(outgoing, answer.status, exchanged, at=one.at)


def test_another_status_under_the_same_signature_is_refused() -> None:
    one = scene()
    outgoing = one.ask()
    answer = one.answer(outgoing)
    with pytest.raises(CallRefused, match="signature does not hold"):
        one.consumer.accept(outgoing, 404, answer.fields, at=one.at)


def test_an_answer_signed_by_another_members_gateway_is_refused() -> None:
    one = scene()
    one.identity = replace(one.identity, keyid=one.ask().identity.keyid, signer=BANK_KEY)
    outgoing = one.ask()
    answer = one.answer(outgoing)
    with pytest.raises(CallRefused, match="signature does not hold"):
        one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        (without(b"x-road-client"), "server.clientproxy.missing_header_field"),
        (asked_with((b"x-road-client", b"PK/COM")), "server.clientproxy.bad_request"),
        (asked_with((b"x-road-client", b"PK/COM/2002/cards")), "server.clientproxy.unknown_member"),
        (asked_with((b"ndel-purpose", b"a" * 65)), "client.bad_request"),
        (asked_with((b"ndel-consent", b"a" * 2049)), "client.bad_request"),
        ((*ASKED, (b"ndel-purpose", b"lending")), "client.bad_request"),
        (
            asked_with((b"x-road-security-server", b"PK/GOV/1001/other")),
            "server.clientproxy.unknown_member",
        ),
    ],
)
def test_a_call_that_says_it_wrongly_is_refused_at_the_edge(fields: tuple[FieldLine, ...], word: str) -> None:
    with pytest.raises(CallRefused) as refused:
        scene().ask(fields=fields)
    assert refused.value.error.write() == word


@pytest.mark.parametrize(
    "target",
    [
        b"/r1/PK/GOV/1001/registry",
        b"/r1/PK/GOV/1001/registry/person-status/../tax",
        b"/r1/PK/GOV/1001/registry/person-status/v1/%2e%2e/x",
        b"/r1/PK/GOV/1001/registry/person-status/v1%2Fpersons/1",
        b"/r1/PK/GOV/1001/registry/person-status//v1",
        b"/r1/PK/GOV/1001/registry/person-status/v1/x;y=1",
        b"/r1/PK/GOV/1001/registry/person-status/v1/%00",
        b"/r2/PK/GOV/1001/registry/person-status/v1",
        b"/",
    ],
)
def test_a_target_that_two_servers_could_read_differently_is_refused(target: bytes) -> None:
    with pytest.raises(CallRefused) as refused:
        scene().ask(target)
    assert (refused.value.error.write(), refused.value.status) == ("server.clientproxy.bad_request", 500)


def test_a_member_without_a_gateway_is_not_reached() -> None:
    bank, registry = configuration().members
    one = scene(changes={"members": (bank, replace(registry, gateways=()))})
    with pytest.raises(CallRefused, match="no gateway"):
        one.ask()


def test_a_client_proves_itself_as_its_gateway_demands() -> None:
    one = scene()
    secret = sha256(b"opensesame").digest()
    head = RequestHead("GET", TARGET, ASKED)
    for proof, good, bad in (
        (ClientProof.NETWORK, Proofs(is_near=True), Proofs(is_near=False)),
        (ClientProof.CERTIFICATE, Proofs(certificate=b"opensesame"), Proofs(is_near=True, certificate=b"x")),
    ):
        client = LocalClient(BANK, proof, frozenset({secret}))
        one.settings = replace(one.settings, clients={BANK: client})
        assert one.consumer.route(head, good, at=AT).said.client == BANK
        with pytest.raises(CallRefused, match="does not prove"):
            one.consumer.route(head, bad, at=AT)


def test_a_clients_token_is_compared_and_goes_no_further() -> None:
    one = scene()
    client = LocalClient(BANK, ClientProof.TOKEN, frozenset({sha256(b"opensesame").digest()}))
    one.settings = replace(one.settings, clients={BANK: client})
    outgoing = one.ask(fields=asked_with((b"ndel-client-token", b"opensesame")))
    assert b"ndel-client-token" not in dict(outgoing.fields)
    for token in (b"", b"opensesame2"):
        with pytest.raises(CallRefused, match="does not prove"):
            one.ask(fields=asked_with((b"ndel-client-token", token)))


def test_what_a_client_says_in_the_gateways_name_goes_no_further() -> None:
    forged = asked_with(
        (b"signature", b"sig1=:AA==:"),
        (b"content-digest", b"sha-256=:AA==:"),
        (b"ndel-conf-version", b"99"),
        (b"x-road-request-id", b"mine"),
    )
    one = scene()
    outgoing = one.ask(fields=forged)
    names = [name for name, _ in outgoing.fields]
    assert len(set(names)) == len(names)
    assert dict(outgoing.fields)[b"ndel-conf-version"] == b"7"
    assert one.answer(outgoing).status == 200


def test_an_identifier_in_another_spelling_is_one_client() -> None:
    one = scene()
    outgoing = one.ask(fields=asked_with((b"x-road-client", b"PK/COM/2002/%6Coans")))
    assert dict(outgoing.fields)[b"x-road-client"] == b"PK/COM/2002/loans"
    assert one.answer(outgoing).status == 200


def test_a_sealed_operation_takes_no_open_body() -> None:
    one = scene(offered=offer(service([operation("POST", is_sealed=True)])))
    opened = one.ask(method="POST", fields=asked_with((b"content-type", b"application/json")), body=b"{}")
    assert refusal_of(one, opened).error.write() == "server.serverproxy.invalid_content_type"
    sealed = one.ask(method="POST", fields=asked_with((b"content-type", MEDIA_TYPE.encode())), body=b"{}")
    head = received(sealed)
    asked = one.provider.read(head, CERTIFICATE, at=one.at, tick=one.tick)
    settled = one.provider.settle(one.provider.admit(asked, tick=0.0), facts(b"{}"), None, at=one.at)
    kind = [(b"content-type", MEDIA_TYPE.encode())]
    assert record_of(one.provider.answer(settled, 200, kind, facts(b"x"), at=one.at).record).is_sealed
    with pytest.raises(CallRefused, match="answered open"):
        one.provider.answer(settled, 200, [(b"content-type", b"text/plain")], facts(b"x"), at=one.at)


def test_the_provider_tells_whose_data_it_gave_and_the_client_does_not_see_it() -> None:
    one = scene()
    outgoing = one.ask()
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    settled = one.provider.settle(one.provider.admit(asked, tick=0.0), facts(), None, at=one.at)
    answer = one.provider.answer(settled, 200, [(b"ndel-subject", b"35202-1")], facts(b"x"), at=one.at)
    assert b"ndel-subject" not in dict(answer.fields)
    told = record_of(answer.record).subject
    assert told is not None
    assert told == record_of(one.answer(one.ask()).record).subject


def test_an_answer_about_somebody_who_cannot_be_read_does_not_leave() -> None:
    one = scene()
    asked = one.provider.read(received(one.ask()), CERTIFICATE, at=one.at, tick=0.0)
    settled = one.provider.settle(one.provider.admit(asked, tick=0.0), facts(), None, at=one.at)
    with pytest.raises(CallRefused, match="cannot be read") as refused:
        one.provider.answer(settled, 200, [(b"ndel-subject", b"\xff\xfe")], facts(b"x"), at=one.at)
    assert refused.value.error.write() == "server.serverproxy.service_failed.invalid_response"


def test_the_providers_system_learns_the_purpose_and_no_signature() -> None:
    one = scene()
    asked = one.provider.read(received(one.ask()), CERTIFICATE, at=one.at, tick=0.0)
    forwarded = dict(one.provider.admit(asked, tick=0.0).forwarded)
    assert forwarded[b"ndel-purpose"] == b"lending"
    assert forwarded[b"x-road-client"] == b"PK/COM/2002/loans"
    assert {b"signature", b"ndel-consent", b"host", b"content-length"}.isdisjoint(forwarded)


def test_the_gateway_proves_itself_to_its_own_system_and_not_by_the_clients_word() -> None:
    one = scene(offered=offer(service(bearer="the-gateways-own-token")))
    outgoing = one.ask(fields=asked_with((b"authorization", b"Bearer the-clients-token")))
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    forwarded = one.provider.admit(asked, tick=0.0).forwarded
    told = [value for name, value in forwarded if name == b"authorization"]
    assert told == [b"Bearer the-gateways-own-token"]


def test_a_failed_call_is_recorded_without_an_answer() -> None:
    one = scene()
    outgoing = one.ask()
    with pytest.raises(CallRefused) as refused:
        one.consumer.accept(outgoing, 200, [], at=one.at)
    concluded = one.consumer.fail(outgoing, refused.value.error, at=one.at)
    record = record_of(concluded.record)
    assert record.response is None
    assert record.fault == "server.clientproxy.service_failed.missing_signature"


def test_metaservices_tell_what_there_is_and_what_is_allowed() -> None:
    both = [operation(), operation("PUT", "/v1/persons/{id}")]
    granted = {BANK: frozenset({"GET /v1/persons/{id}"})}
    one = scene(offered=offer(service(both), granted=granted))
    base = b"/r1/PK/GOV/1001/registry/"
    told = {}
    for name in (b"listMethods", b"allowedMethods", b"getOpenAPI?serviceCode=person-status"):
        outgoing = one.ask(base + name, fields=without(b"ndel-purpose"))
        asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
        answer = one.provider.describe(asked, at=one.at, tick=0.0)
        one.consumer.accept(outgoing, answer.status, answer.fields, at=one.at)
        told[name[:5]] = answer.body or b""
    assert told[b"listM"].count(b'"method"') == 2
    assert told[b"allow"].count(b'"method"') == 1
    assert told[b"getOp"] == b'{"openapi":"3.1.0"}'


def test_descriptions_are_asked_for_up_to_a_rate() -> None:
    one = scene()
    outgoing = one.ask(b"/r1/PK/GOV/1001/registry/listMethods")
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    for _ in range(DESCRIPTIONS.burst):
        one.provider.describe(asked, at=one.at, tick=0.0)
    with pytest.raises(CallRefused) as refused:
        one.provider.describe(asked, at=one.at, tick=0.0)
    assert refused.value.status == 429


@pytest.mark.parametrize(
    ("query", "word"),
    [(b"", "bad_request"), (b"?serviceCode=none", "unknown_service")],
)
def test_a_description_is_asked_for_by_a_known_code(query: bytes, word: str) -> None:
    one = scene()
    outgoing = one.ask(b"/r1/PK/GOV/1001/registry/getOpenAPI" + query)
    asked = one.provider.read(received(outgoing), CERTIFICATE, at=one.at, tick=0.0)
    with pytest.raises(CallRefused) as refused:
        one.provider.describe(asked, at=one.at, tick=0.0)
    assert refused.value.error.write() == f"server.serverproxy.{word}"


def test_an_operation_that_needs_a_consent_is_not_called_without_one() -> None:
    one = scene(offered=offer(service([operation(consent=ConsentRule.REQUIRED)])))
    asked = one.provider.read(received(one.ask()), CERTIFICATE, at=one.at, tick=0.0)
    admitted = one.provider.admit(asked, tick=0.0)
    with pytest.raises(CallRefused, match="consent") as refused:
        one.provider.examine(admitted, "35202-1", at=one.at)
    assert refused.value.error.write() == "server.serverproxy.access_denied"
    # Whoever was asked about sees who tried.
    kept = one.provider.refuse(asked, refused.value, admitted=admitted, subject="35202-1", at=one.at)
    assert record_of(kept.record).subject == record_of(scene().answer(scene().ask()).record).subject


def test_no_refusal_names_the_person() -> None:
    one = scene()
    for target in (TARGET.replace(b"/v1/", b"/v2/"), TARGET.replace(b"person-status", b"tax")):
        assert "35202" not in refusal_of(one, one.ask(target)).message
    with pytest.raises(Refused) as refused:
        one.ask(TARGET + b"%zz")
    assert "35202" not in str(refused.value)


def test_the_registry_is_no_client_of_the_banks_gateway() -> None:
    with pytest.raises(CallRefused, match="no client of this gateway"):
        scene().ask(fields=asked_with((b"x-road-client", str(REGISTRY).encode())))
