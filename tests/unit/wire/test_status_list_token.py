"""The signed status list, as JWT and as CWT: the same promises for both."""

import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from rahdari.wire import base64url, cbor, cose, jws
from rahdari.wire import status_list as lists
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.status_list.token import SECONDS_MAX

URI = "https://status.example/1"
ISSUED = 1_800_000_000


@dataclass(frozen=True)
class Form:
    """One of the two encodings, and how to write any claims in it."""

    name: str
    round_trip: Callable[[SoftwareSigner, lists.StatusList], lists.StatusListToken]
    write: Callable[[SoftwareSigner, dict[str, object]], lists.StatusListToken]


def as_jwt(signer: SoftwareSigner, claims: dict[str, object]) -> lists.StatusListToken:
    return lists.decode_jwt(jws.sign(signer, {"typ": "statuslist+jwt"}, json.dumps(claims).encode()))


KEYS = {"sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "status_list": 65533, "ttl": 65534}


def as_cwt(signer: SoftwareSigner, claims: dict[str, object]) -> lists.StatusListToken:
    listed = claims.get("status_list")
    if isinstance(listed, dict) and isinstance(listed.get("lst"), str):
        claims = {**claims, "status_list": {**listed, "lst": base64url.decode(listed["lst"])}}
    numbered = cbor.encode({KEYS[name]: value for name, value in claims.items()})
    return lists.decode_cwt(cose.sign(signer, numbered, extra_protected={16: "application/statuslist+cwt"}))


FORMS = [
    Form("jwt", lambda signer, listed: lists.decode_jwt(lists.sign_jwt(signer, listed)), as_jwt),
    Form("cwt", lambda signer, listed: lists.decode_cwt(lists.sign_cwt(signer, listed)), as_cwt),
]


@pytest.fixture(params=FORMS, ids=lambda form: form.name)
def form(request: pytest.FixtureRequest) -> Form:
    assert isinstance(request.param, Form)
    return request.param


@pytest.fixture(scope="module", params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SoftwareSigner.generate(Algorithm(request.param))


def a_list(*, expires: int | None = None, ttl: int | None = None) -> lists.StatusList:
    statuses = lists.StatusArray.of_size(1 << 12, [(7, lists.StatusType.SUSPENDED)])
    return lists.StatusList(URI, ISSUED, statuses, expires, ttl)


def claims_with(**changes: object) -> dict[str, object]:
    lst = base64url.encode(lists.StatusArray.of_size(16).deflate())
    claims: dict[str, object] = {"sub": URI, "iat": ISSUED, "status_list": {"bits": 2, "lst": lst}, **changes}
    return {name: value for name, value in claims.items() if value is not ...}


@pytest.mark.parametrize(
    ("expires", "ttl"), [(None, None), (ISSUED + 60, None), (None, 0), (ISSUED + 1, 43200)]
)
def test_a_list_is_read_back_and_verified(
    form: Form, signer: SoftwareSigner, expires: int | None, ttl: int | None
) -> None:
    listed = a_list(expires=expires, ttl=ttl)
    token = form.round_trip(signer, listed)
    token.verify(signer.public)
    assert token.unverified == listed
    assert (token.uri, token.issued_at, token.expires, token.ttl) == (URI, ISSUED, expires, ttl)
    assert token.kid == signer.public.kid
    assert token.algorithm is signer.public.algorithm
    assert [token.status_of(7), token.status_of(8)] == [lists.StatusType.SUSPENDED, lists.StatusType.VALID]


def test_a_list_of_another_authority_does_not_verify(form: Form, signer: SoftwareSigner) -> None:
    token = form.round_trip(signer, a_list())
    for algorithm in Algorithm:
        with pytest.raises(BadSignature):
            token.verify(SoftwareSigner.generate(algorithm).public)


def test_a_header_that_names_another_algorithm_than_the_keys_is_refused(
    form: Form, signer: SoftwareSigner
) -> None:
    token = form.round_trip(signer, a_list())
    (other,) = set(Algorithm) - {token.algorithm}
    with pytest.raises(BadSignature, match=f"the header says {other}"):
        replace(token, algorithm=other).verify(signer.public)


def test_a_smallest_claim_set_is_read(form: Form, signer: SoftwareSigner) -> None:
    assert form.write(signer, claims_with()).status_of(15) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ...}, {"sub": 5}, {"sub": "nowhere"}, {"iat": ...}, {"iat": "now"}, {"iat": True}, {"iat": -1},
        {"iat": 1.5}, {"iat": SECONDS_MAX + 1}, {"exp": "never"}, {"exp": ISSUED}, {"exp": ISSUED - 1},
        {"exp": -5}, {"ttl": -1}, {"ttl": "day"}, {"ttl": 0.5}, {"nbf": "x"}, {"nbf": -1}, {"aud": "a"},
        {"aud": []}, {"status_list": ...}, {"status_list": []}, {"status_list": {}},
        {"status_list": {"bits": 2}}, {"status_list": {"lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": "1", "lst": "eNrbuRgAAhcBXQ"}}, {"status_list": {"bits": 1, "lst": 5}},
        {"status_list": {"bits": 1, "lst": "AAAA"}}, {"status_list": {"bits": 1, "lst": ""}},
    ],
)  # fmt: skip
def test_a_claim_missing_or_of_the_wrong_kind_is_refused(
    form: Form, signer: SoftwareSigner, changes: dict[str, object]
) -> None:
    with pytest.raises(MalformedInput):
        form.write(signer, claims_with(**changes))


def test_a_list_that_inflates_beyond_the_limit_is_refused(form: Form, signer: SoftwareSigner) -> None:
    lst = base64url.encode(zlib.compress(bytes(lists.LIST_BYTES_MAX + 1)))
    with pytest.raises(TooLarge):
        form.write(signer, claims_with(status_list={"bits": 1, "lst": lst}))


def test_the_largest_list_that_does_not_compress_still_travels(form: Form, signer: SoftwareSigner) -> None:
    statuses = lists.StatusArray(8, os.urandom(lists.LIST_BYTES_MAX))
    assert form.round_trip(signer, lists.StatusList(URI, ISSUED, statuses)).unverified.statuses == statuses


# --- 8.3, step 4 ---


def test_the_list_at_another_address_is_refused(form: Form, signer: SoftwareSigner) -> None:
    token = form.round_trip(signer, a_list())
    token.check(uri=URI, at=ISSUED)
    with pytest.raises(lists.AnotherStatusList, match="fetch the one"):
        token.check(uri=URI + "/", at=ISSUED)


def test_a_list_from_the_future_is_refused(form: Form, signer: SoftwareSigner) -> None:
    token = form.round_trip(signer, a_list())
    with pytest.raises(lists.StatusListFromTheFuture):
        token.check(uri=URI, at=ISSUED - 1)
    token.check(uri=URI, at=ISSUED - 30, skew_seconds=30)
    with pytest.raises(lists.StatusListFromTheFuture):
        token.check(uri=URI, at=ISSUED - 31, skew_seconds=30)


def test_a_list_is_refused_before_it_may_be_used(form: Form, signer: SoftwareSigner) -> None:
    token = form.round_trip(signer, replace(a_list(), not_before=ISSUED + 100))
    assert token.unverified.not_before == ISSUED + 100
    with pytest.raises(lists.StatusListFromTheFuture):
        token.check(uri=URI, at=ISSUED + 99)
    token.check(uri=URI, at=ISSUED + 100)


def test_a_list_is_refused_at_the_very_instant_of_its_expiry(form: Form, signer: SoftwareSigner) -> None:
    token = form.round_trip(signer, a_list(expires=ISSUED + 10))
    token.check(uri=URI, at=ISSUED + 9)
    with pytest.raises(lists.StatusListExpired):
        token.check(uri=URI, at=ISSUED + 10)


def test_a_list_without_expiry_does_not_expire(form: Form, signer: SoftwareSigner) -> None:
    form.round_trip(signer, a_list()).check(uri=URI, at=SECONDS_MAX)


@pytest.mark.parametrize(
    ("expires", "ttl", "until"),
    [(None, None, None), (ISSUED + 9, None, ISSUED + 9), (None, 0, ISSUED), (ISSUED + 9, 5, ISSUED + 5),
     (ISSUED + 9, 50, ISSUED + 9)],
)  # fmt: skip
def test_freshness_ends_with_the_earlier_of_both_limits(
    form: Form, signer: SoftwareSigner, expires: int | None, ttl: int | None, until: int | None
) -> None:
    assert form.round_trip(signer, a_list(expires=expires, ttl=ttl)).fresh_until == until


# --- what only one of the two forms has ---


@pytest.mark.parametrize("typ", ["JWT", "statuslist+cwt", None, "application/statuslist+json"])
def test_a_jwt_of_another_type_is_refused(signer: SoftwareSigner, typ: str | None) -> None:
    header = {} if typ is None else {"typ": typ}
    with pytest.raises(MalformedInput, match="typ"):
        lists.decode_jwt(jws.sign(signer, header, json.dumps(claims_with()).encode()))


@pytest.mark.parametrize("typ", ["statuslist+cwt", "application/statuslist+jwt", 5, None])
def test_a_cwt_of_another_type_is_refused(signer: SoftwareSigner, typ: object) -> None:
    payload = cbor.encode({2: URI, 6: ISSUED, 65533: {"bits": 1, "lst": b""}})
    with pytest.raises(MalformedInput, match="typ"):
        lists.decode_cwt(cose.sign(signer, payload, extra_protected={} if typ is None else {16: typ}))


@pytest.mark.parametrize("tags", [(), (18,), (61, 18)])
def test_a_cwt_is_read_untagged_and_under_both_tags(signer: SoftwareSigner, tags: tuple[int, ...]) -> None:
    untagged = lists.sign_cwt(signer, a_list())[1:]
    raw = {(): b"", (18,): b"\xd2", (61, 18): b"\xd8\x3d\xd2"}[tags] + untagged
    token = lists.decode_cwt(raw)
    token.verify(signer.public)
    assert token.status_of(7) == lists.StatusType.SUSPENDED


def test_a_cwt_whose_claims_are_no_map_is_refused(signer: SoftwareSigner) -> None:
    raw = cose.sign(signer, cbor.encode([1]), extra_protected={16: "application/statuslist+cwt"})
    with pytest.raises(MalformedInput, match="map"):
        lists.decode_cwt(raw)


@pytest.mark.parametrize("kid", ["12", "key_2026_01", "x" * 200])
def test_a_foreign_kid_in_a_jwt_is_no_kid_of_ours(signer: SoftwareSigner, kid: str) -> None:
    header = {"typ": "statuslist+jwt", "kid": kid}
    assert lists.decode_jwt(jws.sign(signer, header, json.dumps(claims_with()).encode())).kid is None


def test_an_unsigned_jwt_is_refused(signer: SoftwareSigner) -> None:
    payload = lists.sign_jwt(signer, a_list()).split(".")[1]
    header = base64url.encode(b'{"alg":"none","typ":"statuslist+jwt"}')
    with pytest.raises(UnsupportedAlgorithm):
        lists.decode_jwt(f"{header}.{payload}.")
