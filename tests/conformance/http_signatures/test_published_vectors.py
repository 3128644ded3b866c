"""The signatures that RFC 9421 and C2SP httpsig-pq print: their bases byte for byte, and every one verifies."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rahdari.wire.errors import BadSignature, UnsupportedAlgorithm
from rahdari.wire.http_signatures import (
    Component,
    Message,
    MlDsaSigner,
    NotCovered,
    Request,
    Response,
    SignatureAlgorithm,
    SignatureParameters,
    VerifyingKey,
    component,
    read_signatures,
    require_digest,
    sign,
    signature_base,
)
from rahdari.wire.http_signatures.algorithms import name_of
from rahdari.wire.keys import PublicKey, SoftwareSigner

HERE = Path(__file__).parent
KEYS = json.loads((HERE / "keys.json").read_text(encoding="utf-8"))
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "message.json").is_file())


@dataclass(frozen=True)
class Case:
    message: Message
    label: str
    keyid: str
    base: bytes
    content: str | None


def message_of(told: Mapping[str, Any]) -> Message:
    if "status" in told:
        request = message_of(told["request"]) if "request" in told else None
        assert request is None or isinstance(request, Request)
        return Response(told["status"], told["fields"], request)
    return Request(told["method"], told["target_uri"], told["fields"])


def case(name: str) -> Case:
    told = json.loads((HERE / name / "message.json").read_text(encoding="utf-8"))
    base = (HERE / name / "base.txt").read_bytes()
    return Case(message_of(told), told["label"], told["keyid"], base, told.get("content"))


def key(keyid: str) -> VerifyingKey:
    jwk = KEYS[keyid]
    if "seed" in jwk:
        return MlDsaSigner.from_seed(bytes.fromhex(jwk["seed"])).public
    return PublicKey.from_jwk({name: value for name, value in jwk.items() if name != "d"})


def test_every_case_is_found() -> None:
    assert len(CASES) == 7


@pytest.mark.parametrize("name", CASES)
def test_the_base_is_the_printed_one_and_the_signature_verifies(name: str) -> None:
    given = case(name)
    read = read_signatures(given.message)[given.label]
    assert signature_base(given.message, read.components, read.parameters_text) == given.base
    assert read.parameters.keyid == given.keyid
    read.verify(given.message, key(given.keyid))


@pytest.mark.parametrize("name", [name for name in CASES if case(name).content])
def test_the_content_is_the_one_of_its_printed_digest(name: str) -> None:
    given = case(name)
    assert given.content is not None
    require_digest(given.message.fields["content-digest"][0], given.content.encode())


@pytest.mark.parametrize("name", CASES)
def test_every_damaged_copy_is_refused(name: str) -> None:
    """Each covered line changed, the label's parameters changed, and each byte of the signature's ends."""
    given = case(name)
    read = read_signatures(given.message)[given.label]
    public = key(given.keyid)
    for at in (0, 1, len(read.signature) // 2, -1):
        damaged = bytearray(read.signature)
        damaged[at] ^= 1
        with pytest.raises(BadSignature):
            public.verify(bytes(damaged), given.base)
    for line in given.base.split(b"\n"):
        for changed in (line + b"x", line.replace(b": ", b":  ", 1), b""):
            with pytest.raises(BadSignature):
                public.verify(read.signature, given.base.replace(line, changed, 1))
    for whole in (
        given.base + b"\n",
        given.base.replace(b"\n", b"\r\n"),
        hashlib.sha512(given.base).digest(),
    ):
        with pytest.raises(BadSignature):
            public.verify(read.signature, whole)
    with pytest.raises(BadSignature):
        public.verify(read.signature[:-1], given.base)
    with pytest.raises(BadSignature):
        public.verify(read.signature + b"\0", given.base)


def test_our_ed25519_signature_over_the_printed_request_is_the_printed_one() -> None:
    """RFC 9421, B.2.6: Ed25519 is deterministic, so the whole of both fields is equal."""
    given = case("rfc9421_b_2_6")
    signer = SoftwareSigner.from_private_jwk(KEYS["test-key-ed25519"])
    covered = ["date", "@method", "@path", "@authority", "content-type", "content-length"]
    fields = sign(
        given.message,
        [component(name) for name in covered],
        SignatureParameters(1_618_884_473, keyid="test-key-ed25519"),
        signer=signer,
        label="sig-b26",
    )
    assert [fields.signature_input] == given.message.fields["signature-input"]
    assert [fields.signature] == given.message.fields["signature"]


def test_the_seed_of_httpsig_pq_gives_its_base_and_our_hedged_signature_verifies_too() -> None:
    given = case("httpsig_pq_ml_dsa_44")
    checksum = "08264481b48366f88f467c5af283f501ebb2a18ddf08dc19fa422f1f985a79e8"
    assert hashlib.sha256(given.base).hexdigest() == checksum
    signer = MlDsaSigner.from_seed(bytes.fromhex(KEYS[given.keyid]["seed"]))
    assert name_of(signer.public) is SignatureAlgorithm.ML_DSA_44
    signer.public.verify(signer.sign(given.base), given.base)


# RFC 9421, B.4: what a signature survives, and what it does not.
TRANSFORMED = {
    "an added header and query parameter": (
        {"target_uri": "https://example.org/demo?name1=Value1&Name2=value2&param=added"},
        {"accept-language": ["en-US,en;q=0.5"]},
        True,
    ),
    "a removed Date, an added Referer, Accept on one line": (
        {},
        {"date": [], "referer": ["https://developer.example.org/demo"], "accept": ["application/json, */*"]},
        True,
    ),
    "another method and authority": (
        {"method": "POST", "target_uri": "https://example.com/demo?name1=Value1&Name2=value2"},
        {},
        False,
    ),
    "Accept in another order": ({}, {"accept": ["*/*", "application/json"]}, False),
}


@pytest.mark.parametrize("what", TRANSFORMED)
def test_a_signature_survives_what_the_rfc_says_it_survives(what: str) -> None:
    changes, fields, survives = TRANSFORMED[what]
    message = case("rfc9421_b_4").message
    assert isinstance(message, Request)
    told: dict[str, str] = {"method": message.method, "target_uri": message.target_uri} | changes
    changed = Request(told["method"], told["target_uri"], {**message.fields, **fields})
    read = read_signatures(changed)["transform"]
    if survives:
        read.verify(changed, key("test-key-ed25519"))
    else:
        with pytest.raises(BadSignature):
            read.verify(changed, key("test-key-ed25519"))


def test_a_proxys_rsa_signature_beside_the_clients_is_refused_by_name() -> None:
    given = case("rfc9421_4_3")
    with pytest.raises(UnsupportedAlgorithm):
        read_signatures(given.message)["proxy_sig"].verify(given.message, key("test-key-ed25519"))


def test_a_response_without_its_request_is_not_verified() -> None:
    given = case("rfc9421_2_4")
    assert isinstance(given.message, Response)
    alone = Response(given.message.status, given.message.fields)
    with pytest.raises(NotCovered):
        read_signatures(alone)["reqres"].verify(alone, key(given.keyid))


# RFC 9421, 2.1 to 2.2.9: the values that its examples give for components.
FIELDS: dict[str, list[str]] = {
    "host": ["www.example.com"],
    "x-ows-header": ["   Leading and trailing whitespace.          "],
    "cache-control": ["max-age=60", "   must-revalidate"],
    "example-dict": ["  a=1,    b=2;x=1;y=2,   c=(a   b   c), d"],
    "x-empty-header": [""],
    "example-header": ["value, with, lots", "of, commas"],
}
BIG_QUERY = (
    "?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something"
)
PRINTED: list[tuple[Component, str, str]] = [
    (component("host"), "/", "www.example.com"),
    (component("x-ows-header"), "/", "Leading and trailing whitespace."),
    (component("cache-control"), "/", "max-age=60, must-revalidate"),
    (component("x-empty-header"), "/", ""),
    (component("example-dict", key="a"), "/", "1"),
    (component("example-dict", key="b"), "/", "2;x=1;y=2"),
    (component("example-dict", key="c"), "/", "(a b c)"),
    (component("example-dict", key="d"), "/", "?1"),
    (component("example-header", bs=True), "/", ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
    (component("@method"), "/path?param=value", "POST"),
    (component("@target-uri"), "/path?param=value", "https://www.example.com/path?param=value"),
    (component("@authority"), "/path?param=value", "www.example.com"),
    (component("@scheme"), "/path?param=value", "https"),
    (component("@request-target"), "/path?param=value", "/path?param=value"),
    (component("@path"), "/path?param=value", "/path"),
    (component("@path"), "", "/"),
    (component("@query"), "/path?param=value&foo=bar&baz=bat%2Dman", "?param=value&foo=bar&baz=bat%2Dman"),
    (component("@query"), "/path?queryString", "?queryString"),
    (component("@query"), "/path", "?"),
    (component("@query-param", name="baz"), "/path?param=value&foo=bar&baz=batman&qux=", "batman"),
    (component("@query-param", name="qux"), "/path?param=value&foo=bar&baz=batman&qux=", ""),
    (
        component("@query-param", name="var"),
        "/parameters" + BIG_QUERY,
        "this%20is%20a%20big%0Amultiline%20value",
    ),
    (component("@query-param", name="bar"), "/parameters" + BIG_QUERY, "with%20plus%20whitespace"),
    (component("@query-param", name="fa%C3%A7ade%22%3A%20"), "/parameters" + BIG_QUERY, "something"),
]


@pytest.mark.parametrize(
    ("one", "rest", "value"), PRINTED, ids=lambda part: str(getattr(part, "identifier", ""))
)
def test_a_component_has_the_printed_value(one: Component, rest: str, value: str) -> None:
    request = Request("POST", f"https://www.example.com{rest}", FIELDS)
    assert one.value(request) == value
    assert Component(one.name, {**one.parameters, "req": True}).value(Response(200, {}, request)) == value
