"""For every request: it is read as written, and the stamp given for it is believed for it and for nothing else."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.wire.timestamps import (
    Digest,
    Failure,
    Imprint,
    Request,
    Response,
    Status,
    TimestampMismatch,
    answer,
    read_request,
    read_response,
    verify,
)
from tests.unit.wire.timestamp_scene import AT, AUTHORITY, OTHER_POLICY, POLICY, TRUST

imprints = st.builds(Imprint.of, st.binary(max_size=40), st.sampled_from(Digest))
nonces = st.none() | st.integers(0, (1 << 160) - 1)
requests = st.builds(
    Request,
    imprints,
    nonce=nonces,
    policy=st.sampled_from([None, POLICY]),
    wants_certificate=st.just(value=True),
)
times = st.timedeltas(timedelta(days=-29), timedelta(days=299)).map(lambda apart: AT + apart)


@settings(max_examples=60)
@given(
    request=st.builds(
        Request,
        imprints,
        nonce=nonces,
        policy=st.sampled_from(
            [None, POLICY, OTHER_POLICY, "2.999.1.340282366920938463463374607431768211455"]
        ),
        wants_certificate=st.booleans(),
    )
)
def test_every_request_is_read_as_written(request: Request) -> None:
    assert read_request(request.encode()) == request


@settings(max_examples=40)
@given(request=requests, at=times, serial=st.integers(0, (1 << 160) - 1), other=imprints, nonce=nonces)
def test_every_stamp_is_believed_for_its_request_alone(
    request: Request, at: datetime, serial: int, other: Imprint, nonce: int | None
) -> None:
    response = read_response(answer(AUTHORITY, request.encode(), serial=serial, at=at))
    token = response.require_token()
    stamp = verify(token, TRUST, imprint=request.imprint, nonce=request.nonce).stamp
    assert (stamp.at, stamp.serial, stamp.nonce) == (at, serial, request.nonce)
    if other != request.imprint:
        with pytest.raises(TimestampMismatch):
            verify(token, TRUST, imprint=other)
    if nonce not in (None, request.nonce):
        with pytest.raises(TimestampMismatch):
            verify(token, TRUST, imprint=request.imprint, nonce=nonce)


@settings(max_examples=40)
@given(
    failures=st.frozensets(st.sampled_from(Failure)),
    words=st.text(max_size=50),
    status=st.sampled_from(Status),
)
def test_every_rejection_is_read_as_written(failures: frozenset[Failure], words: str, status: Status) -> None:
    if status > Status.GRANTED_WITH_MODIFICATIONS:
        response = Response(status, failures=failures, words=words)
        assert read_response(response.encode()) == response


def test_stamps_a_microsecond_apart_are_apart() -> None:
    request = Request(Imprint.of(b"x")).encode()
    first, second = (
        read_response(answer(AUTHORITY, request, serial=1, at=AT + timedelta(microseconds=n))).require_token()
        for n in (0, 1)
    )
    assert second.unverified.at - first.unverified.at == timedelta(microseconds=1)
