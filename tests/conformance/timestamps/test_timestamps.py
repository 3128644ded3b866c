"""A time stamp of a public authority, made by another implementation, is read and verified; near misses are not."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_certificate

from rahdari.wire.timestamps import (
    Digest,
    Imprint,
    Status,
    TimestampMismatch,
    TimestampUntrusted,
    Trust,
    read_response,
    verify,
)

CASE = Path(__file__).parent / "sigstore_public_good"
POLICY = "1.3.6.1.4.1.57264.2"


def case(name: str) -> bytes:
    return base64.b64decode((CASE / f"{name}.b64").read_bytes())


IMPRINT = Imprint.of(case("stamped"))
TRUST = Trust(
    (load_der_x509_certificate(case("root")),),
    frozenset({POLICY}),
    (load_der_x509_certificate(case("authority")),),
)


def test_the_public_stamp_is_verified() -> None:
    response = read_response(case("response"))
    stamped = verify(response.require_token(), TRUST, imprint=IMPRINT)
    assert response.status is Status.GRANTED
    assert stamped.stamp.at == datetime(2026, 5, 13, 19, 47, 33, tzinfo=UTC)
    assert stamped.stamp.accuracy == timedelta(seconds=1)
    assert stamped.stamp.serial == 0x02F0491BE2E0D34BE578A29F7B1522F1483104C9
    assert stamped.authority == TRUST.certificates[0]


def test_the_public_stamp_is_written_again_byte_for_byte() -> None:
    assert read_response(case("response")).encode() == case("response")


def test_the_public_stamp_is_not_that_of_other_bytes() -> None:
    token = read_response(case("response")).require_token()
    with pytest.raises(TimestampMismatch, match="other bytes"):
        verify(token, TRUST, imprint=Imprint.of(b"other bytes"))
    with pytest.raises(TimestampMismatch, match="other bytes"):
        verify(token, TRUST, imprint=Imprint.of(case("stamped"), Digest.SHA384))


def test_the_public_stamp_came_without_certificate_and_needs_ours() -> None:
    token = read_response(case("response")).require_token()
    assert token.certificates == ()
    with pytest.raises(TimestampUntrusted, match="ESSCertIDv2"):
        verify(token, replace(TRUST, certificates=()), imprint=IMPRINT)


def test_the_public_authority_is_not_its_own_root() -> None:
    token = read_response(case("response")).require_token()
    with pytest.raises(TimestampUntrusted, match="no root is pinned"):
        verify(token, replace(TRUST, roots=()), imprint=IMPRINT)
