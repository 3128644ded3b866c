"""Content-Digest: what is written, what must match, and what proves nothing."""

import base64
import hashlib

import pytest

from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import (
    DigestAlgorithm,
    DigestCheck,
    DigestMismatch,
    RunningDigest,
    content_digest,
    preferred_digest,
    read_digests,
    require_digest,
    want_content_digest,
)
from rahdari.wire.http_signatures.content_digest import DIGESTS_MAX

BODY = b'{"hello": "world"}'
# RFC 9530, appendix B.1 and B.2: `{"hello": "world"}` with a line feed, and no content at all.
PRINTED = {
    BODY + b"\n": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
    b"": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
}
SHA_512 = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"


@pytest.mark.parametrize("content", PRINTED)
def test_the_field_is_the_printed_one(content: bytes) -> None:
    assert content_digest(content) == PRINTED[content]
    require_digest(PRINTED[content], content)


def test_sha_512_is_written_and_read_as_rfc_9421_prints_it() -> None:
    assert content_digest(BODY, DigestAlgorithm.SHA_512) == SHA_512
    require_digest(SHA_512, BODY)


def test_a_stream_is_digested_part_by_part_with_several_algorithms() -> None:
    running = RunningDigest(DigestAlgorithm)
    for at in range(len(BODY)):
        running.update(BODY[at : at + 1])
    assert running.field() == f"{content_digest(BODY)}, {SHA_512}"
    assert running.digests() == {
        "sha-256": hashlib.sha256(BODY).digest(),
        "sha-512": hashlib.sha512(BODY).digest(),
    }


@pytest.mark.parametrize("spelled", ["{}", " {} ", "md5=:AAAA:, {}", "{}, x=:AA==:", "{};a=1"])
def test_one_known_digest_is_enough_and_unknown_ones_are_ignored(spelled: str) -> None:
    require_digest(spelled.format(content_digest(BODY)), BODY)
    with pytest.raises(DigestMismatch):
        require_digest(spelled.format(content_digest(BODY)), BODY + b" ")


@pytest.mark.parametrize(
    "field", ["", "md5=:AAAA:", "sha=:AAAA:, crc32c=:AAAA:", "SHA-256".lower() + "x=:AAAA:"]
)
def test_without_a_known_digest_nothing_is_proved(field: str) -> None:
    with pytest.raises(DigestMismatch, match="no digest"):
        require_digest(field, BODY)


def test_every_known_digest_must_match() -> None:
    wrong = content_digest(b"other")
    for field in (f"{wrong}, {SHA_512}", f"{SHA_512}, {wrong}"):
        with pytest.raises(DigestMismatch, match="sha-256"):
            require_digest(field, BODY)


def test_a_check_of_a_stream_sees_what_is_missing_and_what_is_too_much() -> None:
    for parts, fits in [
        ((BODY[:5], BODY[5:]), True),
        ((BODY[:5],), False),
        ((BODY, b"x"), False),
        ((), False),
    ]:
        check = DigestCheck(f"{content_digest(BODY)}, {SHA_512}")
        for part in parts:
            check.update(part)
        if fits:
            check.require_match()
        else:
            with pytest.raises(DigestMismatch):
                check.require_match()


@pytest.mark.parametrize(
    "field",
    [
        "sha-256", "sha-256=?1", 'sha-256="x"', "sha-256=:AAAA:", "sha-256=(:AAAA:)", "sha-512=:AAAA:",
        "sha-256=abc",
        "SHA-256=:AAAA:", "sha-256=:AAAA:, sha-256=:AAAA:", "ü",
        "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4p=:",
        "\udc80",
    ],
)  # fmt: skip
def test_what_is_no_field_of_digests_is_refused(field: str) -> None:
    with pytest.raises(MalformedInput):
        require_digest(field, b"{}")
    with pytest.raises(MalformedInput):
        DigestCheck(field)


def test_a_field_of_too_many_digests_is_refused() -> None:
    names = [f"a{number}=:AA==:" for number in range(DIGESTS_MAX + 1)]
    assert len(read_digests(", ".join(names[:-1]))) == DIGESTS_MAX
    with pytest.raises(MalformedInput, match="17"):
        read_digests(", ".join(names))


def test_the_bytes_of_unknown_digests_are_read_too() -> None:
    assert read_digests("x=:AAE=:, " + content_digest(b"")) == {
        "x": b"\0\1",
        "sha-256": base64.b64decode(PRINTED[b""][9:-1]),
    }


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        ("sha-256=1", "sha-256"), ("sha-512=3, sha-256=10, unixsum=0", "sha-256"),
        ("sha-256=1, sha-512=2", "sha-512"),
        ("sha-256=0, sha-512=1", "sha-512"), ("md5=10", None), ("sha-256=0", None), ("", None),
        ("sha-256=5, sha-512=5", "sha-256"), ("x=10, sha-512=1", "sha-512"),
    ],
)  # fmt: skip
def test_the_preferred_digest_is_chosen(field: str, chosen: str | None) -> None:
    assert preferred_digest(field) == chosen


@pytest.mark.parametrize(
    "field", ["sha-256", "sha-256=11", "sha-256=-1", "sha-256=1.0", "sha-256=(1)", "x=?1", "x=:AA==:"]
)
def test_a_preference_is_an_integer_up_to_ten(field: str) -> None:
    with pytest.raises(MalformedInput):
        preferred_digest(field)


def test_preferences_are_written() -> None:
    wanted = {DigestAlgorithm.SHA_256: 10, DigestAlgorithm.SHA_512: 0}
    assert want_content_digest(wanted) == "sha-256=10, sha-512=0"
    assert preferred_digest(want_content_digest(wanted)) is DigestAlgorithm.SHA_256
    with pytest.raises(MalformedInput):
        want_content_digest({DigestAlgorithm.SHA_256: 11})
