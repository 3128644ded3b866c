"""The profiles between gateways: exactly what they cover, how long they live, and what binds the three."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.http_signatures import (
    LIFETIME_SECONDS_MAX,
    POST_QUANTUM_LABEL,
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
    MlDsaSigner,
    NotCovered,
    Request,
    Response,
    SignatureFields,
    SignatureMissing,
    SignatureNotInForce,
    SignatureParameters,
    UnknownKey,
    VerifyingKey,
    component,
    read_signatures,
    sign,
    sign_receipt,
    sign_request,
    sign_response,
    signature_base,
    verify_receipt,
    verify_request,
    verify_response,
)
from rahdari.wire.http_signatures.gateway import RECEIPT, REQUEST, RESPONSE
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.unit.wire.http_gateway_scene import (
    AT,
    CONSUMER,
    KEYS,
    PROVIDER,
    REQUEST_ID,
    accept,
    accept_response,
    request,
    response,
    signed_request,
    signed_response,
    with_fields,
)

TOLD = SignatureParameters(AT, AT + 60, nonce=REQUEST_ID, keyid="consumer-1", tag="ndel-req-v1")
COVERED = ["@method", "@target-uri", *REQUEST_FIELDS]


def changed(message: Request, name: str, lines: Sequence[str]) -> Request:
    return replace(message, fields={**message.fields, name: lines})


def otherwise(told: SignatureParameters = TOLD, covered: Sequence[str] = COVERED) -> Request:
    """Sign with the consumer's key what the general signer signs, whatever the profile says."""
    fields = sign(request(), [component(name) for name in covered], told, signer=CONSUMER)
    return with_fields(request(), fields)


# --- the request ---


def test_a_request_says_exactly_what_the_profile_says() -> None:
    fields = signed_request().fields
    [told] = fields["signature-input"]
    assert told == (
        'sig1=("@method" "@target-uri" "content-digest" "x-road-client" "x-road-id" "x-road-request-id" '
        '"ndel-purpose" "ndel-consent" "ndel-conf-version");created=1800000000;expires=1800000060;'
        f'nonce="{REQUEST_ID}";keyid="consumer-1";tag="ndel-req-v1"'
    )


def test_a_verified_request_tells_its_key_and_what_to_keep_against_replays() -> None:
    verified = accept(signed_request())
    assert (verified.keyid, verified.nonce, verified.created, verified.expires) == (
        "consumer-1",
        REQUEST_ID,
        AT,
        AT + 60,
    )
    assert verified.replay_key == (REQUEST_ID, "consumer-1")
    assert verified.kept_until == AT + 180
    assert verified.signature == read_signatures(signed_request())["sig1"].signature
    with pytest.raises(SignatureNotInForce):
        accept(signed_request(), at=verified.kept_until)


def test_the_fast_base_is_the_one_that_the_general_signer_builds() -> None:
    fast = signed_request()
    general = otherwise()
    assert fast.fields == general.fields
    read = read_signatures(fast)["sig1"]
    read.verify(fast, CONSUMER.public)
    values = [component(name).value(fast) for name in COVERED]
    assert REQUEST.base(values, read.parameters_text) == signature_base(
        fast, read.components, read.parameters_text
    )


@pytest.mark.parametrize("name", REQUEST_FIELDS)
def test_a_covered_field_that_is_changed_missing_or_repeated_is_refused(name: str) -> None:
    message = signed_request()
    for lines in ([*message.fields[name], "x"], []):
        with pytest.raises(NotCovered, match=name):
            accept(changed(message, name, lines))
    with pytest.raises((BadSignature, MalformedInput)):
        accept(changed(message, name, ["x"]))
    with pytest.raises(NotCovered, match=name):
        sign_request(changed(request(), name, []), CONSUMER, keyid="consumer-1", created=AT)
    with pytest.raises(NotCovered, match=name):
        sign_request(changed(request(), name, ["a", "b"]), CONSUMER, keyid="consumer-1", created=AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"target_uri": "https://gateway.provider.example/r1/PK/GOV/2222222-2/register/other"},
    ],
)
def test_another_method_or_target_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        accept(replace(signed_request(), **changes))  # type: ignore[arg-type] # both are texts


def test_a_field_that_is_not_covered_may_change() -> None:
    assert accept(changed(signed_request(), "accept", ["text/html"])).keyid == "consumer-1"


@pytest.mark.parametrize("line", [" account-opening", "account-opening\t ", "\taccount-opening"])
def test_white_space_around_a_field_does_not_count(line: str) -> None:
    assert accept(changed(signed_request(), "ndel-purpose", [line])).keyid == "consumer-1"


@pytest.mark.parametrize("value", ["a\nb", "a\r\n b", "a\tb", "ü", "a\x00", 'x\n"@method": GET'])
@pytest.mark.parametrize("name", ["x-road-client", "ndel-purpose"])
def test_a_value_that_would_forge_a_line_is_neither_signed_nor_verified(name: str, value: str) -> None:
    with pytest.raises(MalformedInput):
        sign_request(changed(request(), name, [value]), CONSUMER, keyid="consumer-1", created=AT)
    with pytest.raises(MalformedInput):
        accept(changed(signed_request(), name, [value]))


@pytest.mark.parametrize("method", ["GE\nT", "GÉT"])
def test_a_method_that_would_forge_a_line_is_not_signed(method: str) -> None:
    with pytest.raises(MalformedInput):
        sign_request(replace(request(), method=method), CONSUMER, keyid="consumer-1", created=AT)


@pytest.mark.parametrize("left_out", COVERED)
def test_a_signature_that_leaves_one_part_uncovered_is_refused_and_names_it(left_out: str) -> None:
    with pytest.raises(NotCovered, match=f'missing: "{left_out}"'):
        accept(otherwise(covered=[name for name in COVERED if name != left_out]))


def test_a_signature_that_covers_more_is_refused() -> None:
    with pytest.raises(NotCovered):
        accept(otherwise(covered=[*COVERED, "accept"]))


def test_components_in_another_order_are_accepted() -> None:
    assert accept(otherwise(covered=COVERED[::-1])).replay_key == (REQUEST_ID, "consumer-1")


def test_parameters_in_another_order_are_accepted() -> None:
    """The RFC gives no order; a peer may write its own."""
    covered = REQUEST.covered
    text = (
        f'{covered};tag="ndel-req-v1";keyid="consumer-1";nonce="{REQUEST_ID}";expires={AT + 60};created={AT}'
    )
    values = [component(name).value(request()) for name in COVERED]
    signed = CONSUMER.sign(REQUEST.base(values, text))
    fields = sign(request(), [], SignatureParameters(), signer=_Fixed(signed))
    assert accept(with_fields(request(), SignatureFields(f"sig1={text}", fields.signature))).created == AT


class _Fixed:
    """A signer that gives one signature, whatever it is asked to sign."""

    def __init__(self, signature: bytes) -> None:
        self.public, self._signature = CONSUMER.public, signature

    def sign(self, message: bytes) -> bytes:
        return self._signature


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        (replace(TOLD, tag="ndel-rsp-v1"), SignatureMissing),
        (replace(TOLD, tag=None), SignatureMissing),
        (replace(TOLD, created=None), MalformedInput),
        (replace(TOLD, expires=None), MalformedInput),
        (replace(TOLD, nonce=None), MalformedInput),
        (replace(TOLD, keyid=None), MalformedInput),
        (replace(TOLD, nonce="another"), MalformedInput),
        (replace(TOLD, nonce=""), MalformedInput),
        (replace(TOLD, keyid="a b"), MalformedInput),
        (replace(TOLD, keyid='a"b'), MalformedInput),
        (replace(TOLD, alg="ed25519"), MalformedInput),
        (replace(TOLD, keyid="nobody"), UnknownKey),
        (replace(TOLD, keyid="provider-1"), BadSignature),
        (replace(TOLD, expires=AT + 61), SignatureNotInForce),
        (replace(TOLD, expires=AT), SignatureNotInForce),
        (replace(TOLD, expires=AT - 1), SignatureNotInForce),
        (replace(TOLD, created=AT + 121, expires=AT + 150), SignatureNotInForce),
        (replace(TOLD, created=AT - 180, expires=AT - 120), SignatureNotInForce),
    ],
)
def test_a_signature_that_says_something_else_is_refused(
    told: SignatureParameters, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        accept(otherwise(told))


@pytest.mark.parametrize(
    ("seconds", "in_force"), [(-121, False), (-120, True), (0, True), (179, True), (180, False)]
)
def test_a_request_is_in_force_for_its_minute_give_or_take_two(seconds: int, in_force: bool) -> None:  # noqa: FBT001
    if in_force:
        assert accept(signed_request(), at=AT + seconds).created == AT
    else:
        with pytest.raises(SignatureNotInForce):
            accept(signed_request(), at=AT + seconds)


@pytest.mark.parametrize("seconds", [-1, 0, LIFETIME_SECONDS_MAX + 1])
def test_a_request_is_not_signed_for_longer_than_a_minute(seconds: int) -> None:
    with pytest.raises(SignatureNotInForce):
        sign_request(request(), CONSUMER, keyid="consumer-1", created=AT, lifetime_seconds=seconds)


@pytest.mark.parametrize("keyid", ["", "a b", 'a"', "a\\", "ü", "a\n", "k" * 257])
def test_a_key_id_that_a_string_would_escape_is_not_written(keyid: str) -> None:
    with pytest.raises(MalformedInput):
        sign_request(request(), CONSUMER, keyid=keyid, created=AT)
    with pytest.raises(MalformedInput):
        sign_request(request(x_road_request_id=keyid), CONSUMER, keyid="consumer-1", created=AT)


@pytest.mark.parametrize(
    ("told", "signed", "refusal"),
    [
        ([], [], SignatureMissing),
        (["{told}"], [], MalformedInput),
        ([], ["{signed}"], MalformedInput),
        (["{told}"], ["sig1=:AA==:"], BadSignature),
        (["{told}"], ["sig1=:AAAAA:"], MalformedInput),
        (["{told}"], ["sig1=:AAF=:"], MalformedInput),
        (["{told}"], ["sig1=:====:"], MalformedInput),
        (["{told}", "{told}"], ["{signed}"], MalformedInput),
        (["{told}"], ["{signed}", "{signed}"], MalformedInput),
        (["sig1=()"], ["{signed}"], SignatureMissing),
        (["x" * 20_000], ["{signed}"], MalformedInput),
    ],
)
def test_fields_that_are_missing_or_not_well_formed_are_refused(
    told: list[str], signed: list[str], refusal: type[Exception]
) -> None:
    message = signed_request()
    [own], [signature] = message.fields["signature-input"], message.fields["signature"]
    fields = {
        "signature-input": [line.replace("{told}", own) for line in told],
        "signature": [line.replace("{signed}", signature) for line in signed],
    }
    with pytest.raises(refusal):
        accept(replace(message, fields={**message.fields, **fields}))


def test_a_signature_under_another_label_is_not_the_profiles() -> None:
    message = with_fields(
        request(), sign_request(request(), CONSUMER, keyid="consumer-1", created=AT, label="other")
    )
    with pytest.raises(SignatureMissing, match="sig1"):
        accept(message)
    assert verify_request(message, key_of=KEYS.get, at=AT, label="other").keyid == "consumer-1"


def test_a_second_signature_by_ml_dsa_stands_beside_the_first_and_each_is_verified() -> None:
    signer = MlDsaSigner.generate()
    first = sign_request(request(), CONSUMER, keyid="consumer-1", created=AT)
    second = sign_request(request(), signer, keyid="consumer-pq", created=AT, label=POST_QUANTUM_LABEL)
    message = with_fields(request(), first.beside(second))
    keys: dict[str, VerifyingKey] = {**KEYS, "consumer-pq": signer.public}
    assert verify_request(message, key_of=keys.get, at=AT).keyid == "consumer-1"
    assert verify_request(message, key_of=keys.get, at=AT, label=POST_QUANTUM_LABEL).keyid == "consumer-pq"
    with pytest.raises(BadSignature):
        verify_request(
            changed(message, "ndel-purpose", ["x"]), key_of=keys.get, at=AT, label=POST_QUANTUM_LABEL
        )


def test_p256_signs_requests_too() -> None:
    signer = SoftwareSigner.generate(Algorithm.ES256)
    message = with_fields(request(), sign_request(request(), signer, keyid="k", created=AT))
    assert verify_request(message, key_of={"k": signer.public}.get, at=AT).keyid == "k"


def test_a_target_that_is_not_absolute_is_not_signed() -> None:
    with pytest.raises(MalformedInput):
        sign_request(replace(request(), target_uri="/r1/PK"), CONSUMER, keyid="consumer-1", created=AT)


# --- the response ---


def test_a_response_says_exactly_what_the_profile_says() -> None:
    [told] = signed_response(signed_request()).fields["signature-input"]
    assert told == (
        'sig1=("@status" "content-digest" "x-road-request-hash" "signature";key="sig1";req);'
        f'created=1800000000;expires=1800000060;nonce="{REQUEST_ID}";keyid="provider-1";tag="ndel-rsp-v1"'
    )


def test_a_verified_response_tells_who_signed_it() -> None:
    verified = accept_response(signed_response(signed_request()))
    assert (verified.keyid, verified.nonce, verified.created, verified.expires) == (
        "provider-1",
        REQUEST_ID,
        AT,
        AT + 60,
    )
    assert len(verified.signature) == 64


def test_the_general_reader_verifies_our_response_too() -> None:
    message = signed_response(signed_request())
    read_signatures(message)["sig1"].verify(message, PROVIDER.public)


def test_a_response_is_bound_to_the_signature_of_its_request() -> None:
    message = signed_response(signed_request())
    another = signed_request(created=AT + 1)
    assert another.fields["signature"] != signed_request().fields["signature"]
    with pytest.raises(BadSignature):
        accept_response(replace(message, request=another))
    with pytest.raises(MalformedInput, match="nonce"):
        accept_response(replace(message, request=changed(signed_request(), "x-road-request-id", ["x"])))
    with pytest.raises(NotCovered):
        accept_response(replace(message, request=None))
    with pytest.raises(NotCovered):
        accept_response(replace(message, request=request()))


@pytest.mark.parametrize("name", RESPONSE_FIELDS)
def test_a_covered_field_of_a_response_that_is_changed_missing_or_repeated_is_refused(name: str) -> None:
    message = signed_response(signed_request())
    refusals: list[tuple[list[str], type[Exception]]] = [
        ([], NotCovered),
        (["a", "b"], NotCovered),
        (["x"], BadSignature),
    ]
    for lines, refusal in refusals:
        with pytest.raises(refusal):
            accept_response(replace(message, fields={**message.fields, name: lines}))


def test_another_status_is_refused() -> None:
    with pytest.raises(BadSignature):
        accept_response(replace(signed_response(signed_request()), status=201))
    for status in (0, 99, 1000):
        with pytest.raises(MalformedInput):
            accept_response(replace(signed_response(signed_request()), status=status))


def test_a_response_is_not_signed_without_a_signed_request() -> None:
    for asked in (response(request()), Response(200, response(request()).fields)):
        with pytest.raises(NotCovered):
            sign_response(asked, PROVIDER, keyid="provider-1", created=AT)


def test_a_response_is_bound_to_a_request_whose_fields_another_spelled() -> None:
    """A second signature beside ours, or spaces: the member ``sig1`` is the same."""
    asked = signed_request()
    [own] = asked.fields["signature"]
    spelled = changed(asked, "signature", [f" other=:AA==:,  {own}"])
    message = signed_response(asked)
    assert accept_response(replace(message, request=spelled)).keyid == "provider-1"


def test_the_signature_of_a_request_is_no_signature_of_a_response() -> None:
    message = signed_response(signed_request())
    stolen = {name: signed_request().fields[name] for name in ("signature", "signature-input")}
    with pytest.raises(SignatureMissing):
        accept_response(replace(message, fields={**message.fields, **stolen}))


@pytest.mark.parametrize("seconds", [-121, 180])
def test_a_response_is_in_force_for_its_minute(seconds: int) -> None:
    with pytest.raises(SignatureNotInForce):
        accept_response(signed_response(signed_request()), at=AT + seconds)


# --- the receipt ---


def receipt(signature: bytes, **changes: str) -> SignatureFields:
    told = {"keyid": "consumer-1", "nonce": REQUEST_ID} | changes
    return sign_receipt(signature, CONSUMER, keyid=told["keyid"], nonce=told["nonce"], created=AT + 2)


def test_a_receipt_proves_that_the_response_was_received_and_does_not_expire() -> None:
    answered = accept_response(signed_response(signed_request()))
    given = receipt(answered.signature)
    assert given.signature_input == (
        f'sig1=("signature";key="sig1");created=1800000002;nonce="{REQUEST_ID}";keyid="consumer-1";tag="ndel-rcp-v1"'
    )
    for at in (AT, AT + 10**9):
        verified = verify_receipt(given, answered.signature, nonce=REQUEST_ID, key_of=KEYS.get, at=at)
        assert (verified.keyid, verified.nonce, verified.created) == ("consumer-1", REQUEST_ID, AT + 2)


def test_a_receipt_is_a_signature_over_the_response_as_the_rfc_says() -> None:
    answered = signed_response(signed_request())
    given = receipt(accept_response(answered).signature)
    read = read_signatures(Response(200, given.as_fields()))["sig1"]
    base = signature_base(answered, read.components, read.parameters_text)
    CONSUMER.public.verify(read.signature, base)


def test_a_receipt_for_something_else_is_refused() -> None:
    signature = accept_response(signed_response(signed_request())).signature
    given = receipt(signature)
    with pytest.raises(BadSignature):
        verify_receipt(given, signature[::-1], nonce=REQUEST_ID, key_of=KEYS.get, at=AT)
    with pytest.raises(MalformedInput, match="nonce"):
        verify_receipt(given, signature, nonce="another", key_of=KEYS.get, at=AT)
    with pytest.raises(UnknownKey):
        verify_receipt(given, signature, nonce=REQUEST_ID, key_of=lambda _: None, at=AT)
    with pytest.raises(SignatureNotInForce):
        verify_receipt(given, signature, nonce=REQUEST_ID, key_of=KEYS.get, at=AT - 119)
    with pytest.raises(BadSignature):
        verify_receipt(
            receipt(signature, keyid="provider-1"), signature, nonce=REQUEST_ID, key_of=KEYS.get, at=AT
        )


def test_a_receipt_with_an_end_is_none() -> None:
    told = SignatureParameters(AT, AT + 60, nonce=REQUEST_ID, keyid="consumer-1", tag="ndel-rcp-v1")
    message = Response(200, {"signature": ["sig1=:AA==:"]})
    given = sign(message, [component("signature", key="sig1")], told, signer=CONSUMER)
    with pytest.raises(MalformedInput):
        verify_receipt(given, b"\0", nonce=REQUEST_ID, key_of=KEYS.get, at=AT)


def test_the_three_profiles_cannot_be_taken_for_one_another() -> None:
    assert len({REQUEST.tag, RESPONSE.tag, RECEIPT.tag}) == 3
    assert len({REQUEST.covered, RESPONSE.covered, RECEIPT.covered}) == 3
    with pytest.raises(SignatureMissing):
        verify_response(Response(200, signed_request().fields, signed_request()), key_of=KEYS.get, at=AT)
