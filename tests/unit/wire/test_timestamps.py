"""Time stamps: what an authority gives, and whom a relying party believes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import ExtendedKeyUsageOID

from rahdari.wire.errors import MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.timestamps import (
    NONCE_BITS_MAX,
    REQUEST_BYTES_MAX,
    RESPONSE_BYTES_MAX,
    TOKEN_BYTES_MAX,
    Authority,
    Digest,
    Failure,
    Imprint,
    Request,
    Response,
    Status,
    TimestampNotGranted,
    TimestampUntrusted,
    answer,
    issue,
    read_request,
    read_response,
    read_stamp,
    read_token,
    reject,
    structures,
    verify,
)
from tests.unit.wire.timestamp_scene import (
    AT,
    AUTHORITY,
    CERTIFICATE,
    CONTENT,
    EXTENSION,
    IMPRINT,
    KEY,
    NONCE,
    OTHER_POLICY,
    POLICY,
    REQUEST,
    ROOT,
    SHA1,
    STAMPING,
    TRUST,
    make_certificate,
    rsa_authority,
    stamped,
)

OID = x509.ObjectIdentifier
NO_USAGE = dict.fromkeys(
    ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
     "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    False,
)  # fmt: skip


# What is asked


@pytest.mark.parametrize("digest", list(Digest))
def test_a_request_is_read_as_it_was_written(digest: Digest) -> None:
    request = Request(Imprint.of(CONTENT, digest), nonce=5, policy=POLICY, wants_certificate=False)
    assert read_request(request.encode()) == request


def test_a_request_needs_neither_nonce_nor_policy() -> None:
    request = Request(IMPRINT)
    assert read_request(request.encode()) == request
    assert len(request.encode()) == 57


def test_an_imprint_has_the_length_of_its_digest() -> None:
    with pytest.raises(MalformedInput, match="31 bytes; SHA256 has 32"):
        Imprint(Digest.SHA256, bytes(31))


@pytest.mark.parametrize("nonce", [-1, 1 << NONCE_BITS_MAX])
def test_a_nonce_out_of_range_is_refused(nonce: int) -> None:
    with pytest.raises(MalformedInput, match="nonce"):
        Request(IMPRINT, nonce=nonce)


def test_a_policy_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(MalformedInput, match="object identifier"):
        Request(IMPRINT, policy="the usual one").encode()


def odd_request(**changes: object) -> bytes:
    request = asn1.decode_der(structures.TimeStampReq, REQUEST.encode())
    for field, value in changes.items():
        setattr(request, field, value)
    return asn1.encode_der(request)


def test_requests_of_another_version_or_digest_are_refused() -> None:
    with pytest.raises(MalformedInput, match="version 2"):
        read_request(odd_request(version=2))
    with pytest.raises(UnsupportedAlgorithm, match=r"1\.3\.14\.3\.2\.26"):
        read_request(odd_request(imprint=structures.MessageImprint(algorithm=SHA1, digest=bytes(20))))


def test_extensions_of_a_request_are_named_and_never_written() -> None:
    request = read_request(odd_request(extensions=[EXTENSION]))
    assert request.extensions == ("1.2.3.4",)
    with pytest.raises(MalformedInput, match="extensions"):
        request.encode()


def test_a_null_behind_the_digest_is_read_too() -> None:
    """RFC 5754, 2: implementations MUST accept SHA-2 with absent and with NULL parameters."""
    with_null = structures.AlgorithmIdentifier(algorithm=OID(Digest.SHA256.value), parameters=asn1.Null())
    raw = odd_request(imprint=structures.MessageImprint(algorithm=with_null, digest=IMPRINT.value))
    assert read_request(raw) == REQUEST


@pytest.mark.parametrize(
    ("read", "size"),
    [
        (read_request, REQUEST_BYTES_MAX),
        (read_token, TOKEN_BYTES_MAX),
        (read_response, RESPONSE_BYTES_MAX),
        (read_stamp, TOKEN_BYTES_MAX),
    ],
)
def test_what_is_too_long_is_refused_unread(read: Callable[[bytes], object], size: int) -> None:
    with pytest.raises(TooLarge, match=str(size)):
        read(bytes(size + 1))
    with pytest.raises(MalformedInput, match="in DER"):
        read(bytes(size))


# What is given


def test_a_stamp_says_what_was_asked_for() -> None:
    stamped_ = verify(stamped(serial=9), TRUST, imprint=IMPRINT, nonce=NONCE)
    stamp = stamped_.stamp
    assert (stamp.imprint, stamp.at, stamp.policy, stamp.serial) == (IMPRINT, AT, POLICY, 9)
    assert (stamp.nonce, stamp.accuracy, stamp.is_ordered) == (NONCE, timedelta(seconds=1), False)
    assert stamped_.authority == CERTIFICATE


def test_an_rsa_authority_is_believed_too() -> None:
    assert verify(stamped(rsa_authority()), TRUST, imprint=IMPRINT).stamp.accuracy is None


def test_a_response_is_read_as_it_was_written() -> None:
    raw = answer(AUTHORITY, REQUEST.encode(), serial=1, at=AT)
    response = read_response(raw)
    assert response.status is Status.GRANTED
    assert response.encode() == raw
    assert read_token(response.require_token().raw) == response.token


def test_a_token_without_certificate_is_verified_with_the_one_we_know() -> None:
    token = stamped(request=replace(REQUEST, wants_certificate=False))
    assert token.certificates == ()
    verify(token, replace(TRUST, certificates=(CERTIFICATE,)), imprint=IMPRINT)
    with pytest.raises(TimestampUntrusted, match="neither inside nor known"):
        verify(token, TRUST, imprint=IMPRINT)


def test_the_time_of_a_stamp_keeps_its_fraction_and_needs_a_zone() -> None:
    at = datetime(2026, 3, 1, 9, 0, 0, 100_001, tzinfo=UTC)
    assert stamped(at=at).unverified.at == at
    with pytest.raises(MalformedInput, match="time zone"):
        issue(AUTHORITY, REQUEST, serial=1, at=at.replace(tzinfo=None))


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    local = AT.astimezone(datetime.strptime("+0500", "%z").tzinfo)
    assert stamped(at=local).unverified.at == AT


@pytest.mark.parametrize("serial", [-1, 1 << 160])
def test_a_serial_number_out_of_range_is_the_callers_fault(serial: int) -> None:
    with pytest.raises(MalformedInput, match="serial"):
        issue(AUTHORITY, REQUEST, serial=serial, at=AT)


def test_the_largest_serial_number_is_carried() -> None:
    assert stamped(serial=(1 << 160) - 1).unverified.serial == (1 << 160) - 1


@pytest.mark.parametrize(
    "accuracy", [timedelta(microseconds=1), timedelta(seconds=61, milliseconds=999, microseconds=7)]
)
def test_an_accuracy_is_carried_to_the_microsecond(accuracy: timedelta) -> None:
    assert stamped(replace(AUTHORITY, accuracy=accuracy)).unverified.accuracy == accuracy


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        (b"junk", Failure.BAD_DATA_FORMAT),
        (
            odd_request(imprint=structures.MessageImprint(algorithm=SHA1, digest=bytes(20))),
            Failure.BAD_ALGORITHM,
        ),
        (odd_request(extensions=[EXTENSION]), Failure.UNACCEPTED_EXTENSION),
        (odd_request(policy=OID("1.2.3")), Failure.UNACCEPTED_POLICY),
    ],
)
def test_a_bad_request_is_answered_with_its_reason(raw: bytes, failure: Failure) -> None:
    response = read_response(answer(AUTHORITY, raw, serial=1, at=AT))
    assert (response.status, response.token, response.failures) == (
        Status.REJECTION,
        None,
        frozenset({failure}),
    )
    with pytest.raises(TimestampNotGranted, match=failure.name.lower()):
        response.require_token()


@pytest.mark.parametrize("days", [-31, 301])
def test_no_stamp_is_given_while_the_certificate_is_not_in_force(days: int) -> None:
    response = issue(AUTHORITY, REQUEST, serial=1, at=AT + timedelta(days=days))
    assert response.failures == {Failure.TIME_NOT_AVAILABLE}


def test_a_policy_of_ours_is_followed_when_asked_for() -> None:
    token = stamped(request=replace(REQUEST, policy=OTHER_POLICY))
    assert token.unverified.policy == OTHER_POLICY


@pytest.mark.parametrize("failures", [{one} for one in Failure] + [set(Failure)])
def test_reasons_are_read_as_they_were_written(failures: set[Failure]) -> None:
    response = Response(Status.REJECTION, failures=frozenset(failures), words="because")
    assert read_response(response.encode()) == response


def test_a_rejection_without_reason_is_told_as_such() -> None:
    with pytest.raises(TimestampNotGranted, match=r"waiting \(no reason named"):
        read_response(Response(Status.WAITING).encode()).require_token()


def test_the_words_of_an_authority_are_cut_to_a_sentence() -> None:
    assert len(read_response(reject(Failure.SYSTEM_FAILURE, "x" * 1000).encode()).words) == 512


def status(number: int, *, token: bool, failure: asn1.BitString | None = None) -> bytes:
    return asn1.encode_der(
        structures.TimeStampResp(
            status=structures.StatusReport(status=number, words=None, failure=failure),
            token=asn1.decode_der(structures.Envelope, stamped().raw) if token else None,
        )
    )


def test_status_and_token_must_agree() -> None:
    assert read_response(status(1, token=True)).require_token().unverified.serial == 7
    for raw in (status(0, token=False), status(2, token=True)):
        with pytest.raises(MalformedInput, match="contradict"):
            read_response(raw)
    with pytest.raises(MalformedInput, match="0 to 5"):
        read_response(status(6, token=False))
    with pytest.raises(MalformedInput, match="9 bytes"):
        read_response(status(2, token=False, failure=asn1.BitString(bytes(9), 0)))


# Who may be an authority


def test_an_authority_is_for_time_stamps_alone() -> None:
    for certificate in (
        make_certificate(KEY, ROOT, usages=()),
        make_certificate(KEY, ROOT, critical=False),
        make_certificate(KEY, ROOT, usages=(STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)),
        make_certificate(KEY, ROOT, key_usage=x509.KeyUsage(**{**NO_USAGE, "key_agreement": True})),
    ):
        with pytest.raises(TimestampUntrusted, match="key usage"):
            replace(AUTHORITY, certificate=certificate)


def test_an_authority_has_the_key_of_its_certificate_and_a_policy() -> None:
    for change in (
        {"key": SoftwareSigner.generate(Algorithm.ES256)},
        {"key": SoftwareSigner.generate(Algorithm.EDDSA)},
        {"key": rsa_authority().key},
        {"policies": ()},
        {"policies": ("x",)},
        {"accuracy": timedelta()},
        {"accuracy": timedelta(days=2)},
        {"chain": (ROOT.certificate,) * 8},
    ):
        with pytest.raises(MalformedInput):
            replace(AUTHORITY, **change)
    with pytest.raises(MalformedInput, match="not of this certificate"):
        Authority(rsa_authority().certificate, SoftwareSigner(KEY), (POLICY,))
