"""Compact JWS: what is read, what is refused, and that only the right key verifies."""

import json
from collections.abc import Mapping

import pytest

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner


def signed(signer: SoftwareSigner, header: Mapping[str, object], payload: bytes = b"{}") -> str:
    """Sign exactly this header, whatever it says."""
    return signed_raw(signer, json.dumps(header).encode(), payload)


def signed_raw(signer: SoftwareSigner, header: bytes, payload: bytes = b"{}") -> str:
    message = f"{base64url.encode(header)}.{base64url.encode(payload)}"
    return f"{message}.{base64url.encode(signer.sign(message.encode()))}"


@pytest.fixture(scope="module", params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SoftwareSigner.generate(Algorithm(request.param))


def test_what_is_signed_is_read_back_and_verified(signer: SoftwareSigner) -> None:
    token = jws.decode(jws.sign(signer, {"typ": "note+jwt"}, b'{"a":1}'))
    token.verify(signer.public)
    assert token.payload_object() == {"a": 1}
    assert token.typ == "note+jwt"
    assert token.kid == jws.kid_text(signer.public)
    assert token.algorithm is signer.public.algorithm


def test_another_key_does_not_verify(signer: SoftwareSigner) -> None:
    token = jws.decode(jws.sign(signer, {}, b"{}"))
    with pytest.raises(BadSignature):
        token.verify(SoftwareSigner.generate(signer.public.algorithm).public)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_byte_in_any_part_is_noticed(signer: SoftwareSigner, part: int) -> None:
    parts = jws.sign(signer, {"typ": "note+jwt"}, b'{"a":1}').split(".")
    raw = bytearray(base64url.decode(parts[part]))
    raw[-3 if part < 2 else 5] ^= 1
    parts[part] = base64url.encode(bytes(raw))
    with pytest.raises((BadSignature, MalformedInput, UnsupportedAlgorithm)):
        jws.decode(".".join(parts)).verify(signer.public)


def test_the_algorithm_of_the_header_must_be_the_one_of_the_key() -> None:
    ec, ed = SoftwareSigner.generate(Algorithm.ES256), SoftwareSigner.generate(Algorithm.EDDSA)
    token = jws.decode(signed(ec, {"alg": "EdDSA"}))
    with pytest.raises(BadSignature, match="the header says EdDSA"):
        token.verify(ec.public)
    with pytest.raises(BadSignature):
        token.verify(ed.public)


def test_the_fully_specified_name_of_eddsa_is_read() -> None:
    ed = SoftwareSigner.generate(Algorithm.EDDSA)
    jws.decode(signed(ed, {"alg": "Ed25519"})).verify(ed.public)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES384", "RS256", "es256", "", None, 5, ["ES256"]])
def test_every_other_algorithm_is_refused(signer: SoftwareSigner, alg: object) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        jws.decode(signed(signer, {"alg": alg}))


def test_a_header_without_algorithm_is_refused(signer: SoftwareSigner) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        jws.decode(signed(signer, {"typ": "x"}))


@pytest.mark.parametrize("extra", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False}, {"b64": True}])
def test_extensions_that_change_the_meaning_are_refused(
    signer: SoftwareSigner, extra: dict[str, object]
) -> None:
    with pytest.raises(MalformedInput, match="crit or b64"):
        jws.decode(signed(signer, {"alg": signer.public.algorithm.value, **extra}))


@pytest.mark.parametrize("kid", [1, None, ["x"], "k" * 257])
def test_a_kid_that_is_no_short_text_is_refused(signer: SoftwareSigner, kid: object) -> None:
    with pytest.raises(MalformedInput, match="kid"):
        jws.decode(signed(signer, {"alg": signer.public.algorithm.value, "kid": kid}))


def test_the_same_name_twice_in_the_header_is_refused(signer: SoftwareSigner) -> None:
    name = signer.public.algorithm.value
    with pytest.raises(MalformedInput, match="twice"):
        jws.decode(signed_raw(signer, f'{{"alg":"none","alg":"{name}"}}'.encode()))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 100])
def test_a_text_that_has_not_three_parts_is_refused(count: int) -> None:
    with pytest.raises(MalformedInput, match="3 parts"):
        jws.decode("e30" + ".e30" * count)


@pytest.mark.parametrize("signature", ["", "AAAA", "A" * 84, "A" * 88])
def test_a_signature_of_another_length_is_refused(signer: SoftwareSigner, signature: str) -> None:
    head, payload, _ = jws.sign(signer, {}, b"{}").split(".")
    with pytest.raises(MalformedInput, match="signature of"):
        jws.decode(f"{head}.{payload}.{signature}")


@pytest.mark.parametrize("wrap", ["{}\n", " {}", "{}=", "{}é", "{}\0"])
def test_nothing_may_stand_around_the_text(signer: SoftwareSigner, wrap: str) -> None:
    with pytest.raises(MalformedInput):
        jws.decode(wrap.format(jws.sign(signer, {}, b"{}")))


def test_a_text_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge, match="at most 10"):
        jws.decode("x" * 11, size_chars_max=10)


def test_a_header_over_the_limit_is_refused(signer: SoftwareSigner) -> None:
    header = {"alg": signer.public.algorithm.value, "x5c": "A" * jws.HEADER_BYTES_MAX}
    with pytest.raises(TooLarge):
        jws.decode(signed(signer, header))


@pytest.mark.parametrize("typ", ["application/note+jwt", "NOTE+JWT", "note+jwt"])
def test_the_type_is_compared_as_a_media_type(signer: SoftwareSigner, typ: str) -> None:
    jws.decode(jws.sign(signer, {"typ": typ}, b"{}")).require_typ("note+jwt")


@pytest.mark.parametrize("header", [{}, {"typ": "other+jwt"}, {"typ": 5}])
def test_a_token_of_another_type_is_refused(signer: SoftwareSigner, header: dict[str, object]) -> None:
    with pytest.raises(MalformedInput, match="note"):
        jws.decode(jws.sign(signer, header, b"{}")).require_typ("note+jwt")


def test_a_signer_never_writes_another_algorithm_than_its_own(signer: SoftwareSigner) -> None:
    with pytest.raises(MalformedInput):
        jws.sign(signer, {"alg": "none"}, b"{}")


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"{", b'{"a":1,"a":2}', b"\xff", b"{}x"])
def test_a_payload_that_is_no_strict_object_is_refused(signer: SoftwareSigner, payload: bytes) -> None:
    with pytest.raises(MalformedInput):
        jws.decode(jws.sign(signer, {}, payload)).payload_object()


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        "x",
        {},
        {"kty": "EC"},
        {"kty": ["EC"]},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA", "alg": []},
    ],
)
def test_a_jwk_that_is_none_is_refused(jwk: object) -> None:
    with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
        jws.read_public_jwk(jwk)


def test_a_private_jwk_is_refused_where_a_public_one_belongs(signer: SoftwareSigner) -> None:
    with pytest.raises(MalformedInput, match="private"):
        jws.read_public_jwk(signer.as_private_jwk())
    assert jws.read_public_jwk(signer.public.as_jwk()) == signer.public


# --- base64url ---


@pytest.mark.parametrize(("raw", "text"), [(b"", ""), (b"\0", "AA"), (b"\xfb\xff", "-_8"), (b"abc", "YWJj")])
def test_base64url_is_written_without_padding(raw: bytes, text: str) -> None:
    assert base64url.encode(raw) == text
    assert base64url.decode(text) == raw


@pytest.mark.parametrize(
    "text", ["A", "AB", "AA==", "AA=", "+_8", "-/8", "A A", "AA\n", "AAA.", "é", "\u0660\u0660", "AAAAA"]
)
def test_base64url_text_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        base64url.decode(text)


# --- strict JSON ---


@pytest.mark.parametrize(
    "raw",
    [
        b"NaN", b"Infinity", b"[-Infinity]", b"1e999", b"[1e400]", b'"\\ud800"', b'{"\\udc00":1}',
        b"\xef\xbb\xbf{}", b'{"a":{"b":1,"b":1}}', b"'a'", b"01", b"[1,]", b"", b'"\x01"',
        b"9" * 5000, b"{} {}", b"\xed\xa0\x80",
    ],
)  # fmt: skip
def test_json_that_readers_disagree_about_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        strict_json.decode(raw, size_bytes_max=10_000)


def test_json_deeper_than_the_limit_is_refused() -> None:
    depth = strict_json.DEPTH_MAX
    assert strict_json.decode(b"[" * depth + b"]" * depth, size_bytes_max=1000)
    for deep in (depth + 2, 100_000):
        with pytest.raises(TooLarge, match="deeper"):
            strict_json.decode(b"[" * deep + b"]" * deep, size_bytes_max=1_000_000)
    with pytest.raises(TooLarge, match="deeper"):
        strict_json.decode(b'{"a":' * 40 + b"1" + b"}" * 40, size_bytes_max=1000)


def test_json_longer_than_the_limit_is_refused() -> None:
    assert strict_json.decode(b"[1]", size_bytes_max=3) == [1]
    with pytest.raises(TooLarge):
        strict_json.decode(b"[12]", size_bytes_max=3)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": "\ud800"}, object(), {"a": {1j}}])
def test_what_json_cannot_say_is_not_written(value: object) -> None:
    with pytest.raises(MalformedInput):
        strict_json.encode(value)


def test_null_is_written_as_null() -> None:
    assert strict_json.encode({"a": None, "b": "سلام"}) == '{"a":null,"b":"سلام"}'.encode()
