"""The request hash: against what the specification's formula gives by hand."""

import base64
import hashlib

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.xroad import BodyDigest, HashMismatch, header_part, request_hash, require_request_hash
from rahdari.wire.xroad.request_hash import HEADER_PART_BYTES_MAX

TARGET = "/r1/PK/GOV/1001/registry/persons/v1/%70erson?id=7&x"
FIELDS = [(b"Accept", b"text/plain"), (b"x-road-client", b"PK/COM/2002/app"), (b"x-road-request-id", b"r-1")]
PART = (
    b"POST\r\n"
    b"/r1/PK/GOV/1001/registry/persons/v1/%70erson?id=7&x\r\n"
    b"Accept:text/plain\r\n"
    b"x-road-client:PK/COM/2002/app\r\n"
    b"x-road-request-id:r-1\r\n"
)
KNOWN_WITHOUT_BODY = (
    "reEPdjVbjXxLerS/ISZuboJ/g6KPKvRZQiqPTNYlEA9bECrsHVWRYvNMkf4rInNxEfGNKiFrCqAcSnABnwyf7Q=="
)
KNOWN_WITH_BODY = "oOt9yKdn+8dDz9NhYQ3rtK3VjH9u3G7drinwvypd9pzScyt529WaDk4RydQmu5fUTeLRXD38CMgDRStV0ZNaag=="


def sha512(raw: bytes) -> bytes:
    return hashlib.sha512(raw).digest()


def test_the_header_part_is_verb_target_and_lines_without_a_space() -> None:
    assert header_part("POST", TARGET, FIELDS) == PART
    assert header_part("GET", "/r1/a", []) == b"GET\r\n/r1/a\r\n"


def test_without_a_body_the_hash_is_that_of_the_header_part() -> None:
    assert request_hash(PART, None) == base64.b64encode(sha512(PART)).decode()


def test_with_a_body_the_hash_is_that_of_both_hashes() -> None:
    body = BodyDigest()
    body.update(b'{"val')
    body.update(b"")
    body.update(b'ue": 42}')
    expected = sha512(sha512(PART) + sha512(b'{"value": 42}'))
    assert request_hash(PART, body.digest()) == base64.b64encode(expected).decode()
    assert body.size == 13


def test_the_hash_of_a_known_request_does_not_change() -> None:
    """Computed with ``openssl dgst -sha512 -binary`` and ``base64`` over the bytes of ``PART``, and ``42``."""
    assert request_hash(PART, None) == KNOWN_WITHOUT_BODY
    body = BodyDigest()
    body.update(b"42")
    assert request_hash(PART, body.digest()) == KNOWN_WITH_BODY


def test_an_empty_body_is_no_body() -> None:
    body = BodyDigest()
    assert body.digest() is None
    body.update(b"")
    assert body.digest() is None
    body.update(b"\x00")
    assert body.digest() == sha512(b"\x00")


def test_a_digest_may_be_asked_for_on_the_way() -> None:
    body = BodyDigest()
    body.update(b"a")
    assert body.digest() == sha512(b"a")
    body.update(b"b")
    assert body.digest() == sha512(b"ab")


def test_another_id_or_another_order_is_another_hash() -> None:
    other = [*FIELDS[:2], (b"x-road-request-id", b"r-2")]
    parts = [header_part("POST", TARGET, one) for one in (FIELDS, other, FIELDS[::-1])]
    assert len({request_hash(one, None) for one in parts}) == 3


def test_a_claimed_hash_is_the_requests_or_refused() -> None:
    body = sha512(b"42")
    require_request_hash(request_hash(PART, body), PART, body)
    for claimed, digest in (
        (request_hash(PART, None), body),
        (request_hash(PART, body), None),
        (request_hash(PART + b"x", body), body),
        ("", body),
        ("ö" * 88, body),
    ):
        with pytest.raises(HashMismatch):
            require_request_hash(claimed, PART, digest)


@pytest.mark.parametrize("method", ["get", "TRACE", "CONNECT", "", "GET\r\nX", "GÉT"])
def test_an_unknown_method_has_no_header_part(method: str) -> None:
    with pytest.raises(MalformedInput):
        header_part(method, "/r1/a", [])


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("/a\r\nx:y", (b"a", b"1")),
        ("/a\n", (b"a", b"1")),
        ("/ö", (b"a", b"1")),
        ("/a", (b"a\r", b"1")),
        ("/a", (b"a", b"1\r\nb:2")),
        ("/a", (b"a", b"1\n")),
    ],
)
def test_a_line_break_within_a_line_is_never_hashed(target: str, line: tuple[bytes, bytes]) -> None:
    with pytest.raises(MalformedInput):
        header_part("GET", target, [line])


def test_what_is_no_digest_or_too_long_is_refused() -> None:
    with pytest.raises(MalformedInput):
        request_hash(PART, b"x" * 32)
    with pytest.raises(TooLarge):
        header_part("GET", "/r1/a", [(b"a", b"1" * HEADER_PART_BYTES_MAX)])
