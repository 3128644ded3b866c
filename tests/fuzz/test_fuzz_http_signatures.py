"""Parsers of signed messages: a value or one of the refusals of ``wire``, nothing else, whatever the bytes."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.http_signatures import (
    Component,
    DigestMismatch,
    NotCovered,
    Request,
    Response,
    SignatureMissing,
    SignatureNotInForce,
    UnknownKey,
    content_digest,
    fields_of,
    preferred_digest,
    read_accept_signature,
    read_digests,
    read_signatures,
    require_digest,
    signature_base,
    verify_request,
    verify_response,
    write_accept_signature,
)
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.messages import split_target
from tests.unit.wire.http_gateway_scene import AT, KEYS, REQUEST_ID, signed_request, signed_response

REFUSALS = (
    BadSignature,
    DigestMismatch,
    MalformedInput,
    NotCovered,
    SignatureMissing,
    SignatureNotInForce,
    UnknownKey,
    UnsupportedAlgorithm,
)
SIGNED = signed_request()
TOLD, SIGNATURE = SIGNED.fields["signature-input"][0], SIGNED.fields["signature"][0]
ANSWER = signed_response(SIGNED)
PIECES = [
    "sig1", "sig1-pq", "=", "(", ")", ";", ",", " ", "\t", ":", '"', "\\", "?1", "1", "-1", "1.5", "AAAA",
    "AA==", "*",
    '"@method"', '"@query-param"', ";name=", '"signature"', ";key=", ";req", ";bs", ";sf", ";tr",
    ";created=", ";expires=",
    ";nonce=", ";keyid=", ";alg=", ";tag=", '"ndel-req-v1"', "sha-256=", "sha-512=", "token", "\n", "ü",
    "\x00", TOLD, SIGNATURE,
    f'"{REQUEST_ID}"', str(AT), content_digest(b"{}"),
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


@st.composite
def spliced(draw: st.DrawFn) -> str:
    """A valid field with something put into it."""
    text = draw(st.sampled_from([TOLD, SIGNATURE, ANSWER.fields["signature-input"][0]]))
    begin = draw(st.integers(0, len(text)))
    return text[:begin] + draw(texts) + text[min(len(text), begin + draw(st.integers(0, 8))) :]


fields = texts | spliced()


@given(fields)
@example("a=" + "(" * 500)
@example('a="' + "\\" * 501)
@example("a=1;" + "b;" * 500)
def test_any_text_is_a_structured_field_of_one_form_or_is_refused(text: str) -> None:
    readers: tuple[Callable[[str], str], ...] = (
        lambda one: sf.serialize_member(sf.parse_item(one)),
        lambda one: sf.serialize_list(sf.parse_list(one)),
        lambda one: sf.serialize_dictionary(sf.parse_dictionary(one)),
        lambda one: write_accept_signature(read_accept_signature(one)),
    )
    for canonical in readers:
        try:
            written = canonical(text)
        except MalformedInput:
            continue
        assert canonical(written) == written


@given(fields, st.binary(max_size=8))
def test_any_text_is_a_digest_or_a_preference_or_is_refused(text: str, content: bytes) -> None:
    for read in (read_digests, preferred_digest, lambda one: require_digest(one, content)):
        try:
            read(text)
        except REFUSALS:
            continue


@given(fields, fields, st.sampled_from(["GET", "\n", "ü"]), texts)
def test_any_fields_of_a_message_are_verified_or_refused(
    told: str, signed: str, method: str, target: str
) -> None:
    carried = {"signature-input": [told], "signature": [signed]}
    request = Request(method, f"https://g/{target}", {**SIGNED.fields, **carried})
    response = Response(200, {**ANSWER.fields, **carried}, request)
    for message in (request, response, replace(response, request=SIGNED)):
        for attempt in (verify_each, verify_profile):
            try:
                attempt(message)
            except REFUSALS:
                continue


def verify_each(message: Request | Response) -> None:
    for one in read_signatures(message).values():
        one.verify(message, KEYS["consumer-1"])


def verify_profile(message: Request | Response) -> None:
    if isinstance(message, Request):
        verify_request(message, key_of=KEYS.get, at=AT)
    else:
        verify_response(message, key_of=KEYS.get, at=AT)


parameters = st.dictionaries(
    st.sampled_from(["key", "name", "sf", "bs", "req", "tr", "x"]),
    st.booleans() | st.text(max_size=3) | st.integers(0, 1),
    max_size=3,
)


@given(st.sampled_from(["@method", "@query-param", "@status", "@path", "signature", "x-a", "@x",
"X"]) | st.text(max_size=4),
       parameters, st.lists(st.text(max_size=6), max_size=2), texts)  # fmt: skip
def test_any_component_of_any_message_has_a_value_or_is_refused(
    name: str, told: dict[str, bool | str | int], lines: list[str], target: str
) -> None:
    request = Request("GET", f"https://g/?{target}", {"x-a": lines, "signature": lines})
    for message in (request, Response(200, request.fields, request)):
        try:
            base = signature_base(message, [Component(name, told)], "()")
        except REFUSALS:
            continue
        assert base.count(b"\n") == 1


@given(st.text(max_size=40) | texts.map("https://g/".__add__))
def test_any_target_is_split_or_refused(target: str) -> None:
    try:
        parts = split_target(target)
    except MalformedInput:
        return
    assert parts.path[0] == "/"
    assert parts.query[0] == "?"


@given(st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=5))
def test_any_bytes_are_field_lines(pairs: list[tuple[bytes, bytes]]) -> None:
    assert sum(map(len, fields_of(pairs).values())) == len(pairs)


def test_the_pieces_reach_a_signature_that_verifies() -> None:
    """What the strategies are made of is valid, so that they do reach the code behind the parsers."""
    assert verify_request(SIGNED, key_of=KEYS.get, at=AT).nonce == REQUEST_ID
    with pytest.raises(BadSignature):
        verify_request(replace(SIGNED, method="PUT"), key_of=KEYS.get, at=AT)
