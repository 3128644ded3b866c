"""The trust list: what a root may say, and that nobody else says it."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from rahdari.wire import jws, trust_list
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from rahdari.wire.trust_list import KeyUse
from rahdari.wire.trust_list.document import TEXT_CHARS_MAX
from rahdari.wire.trust_list.entities import (
    ISSUERS_MAX,
    KEYS_MAX,
    NAME_CHARS_MAX,
    PRODUCTS_MAX,
    ROOTS_MAX,
    SECONDS_MAX,
    SEQUENCE_MAX,
    STATUS_URIS_MAX,
    URI_CHARS_MAX,
)

NOW = 1_800_000_000
ROOT = SoftwareSigner.generate(Algorithm.ES256)
PASS_KEY = SoftwareSigner.generate(Algorithm.ES256).public
STATUS_KEY = SoftwareSigner.generate(Algorithm.EDDSA).public

KEY = trust_list.TrustedKey(PASS_KEY, frozenset({KeyUse.PASS}), NOW, NOW + 1000)
ISSUER = trust_list.TrustedIssuer(
    id="https://issuer.example",
    name={"en": "Sample Authority", "ur": "نمونہ اتھارٹی", "zh-Hans": "示例机构"},
    products=frozenset({"nic", "nicop"}),
    status_uris=("https://status.example/1", "http://127.0.0.1:8440/status/2"),
    keys=(KEY, trust_list.TrustedKey(STATUS_KEY, frozenset(KeyUse), 0, SECONDS_MAX, withdrawn_at=NOW + 5)),
)
LIST = trust_list.TrustList(7, NOW, NOW + 3600, (ISSUER,), (STATUS_KEY,))


def written(change: Callable[[dict[str, object]], object] = len) -> dict[str, object]:
    """Give the payload of a good list after a change (none, if nothing is given)."""
    payload = jws.decode(trust_list.sign(ROOT, LIST)).payload_object()
    change(payload)
    return payload


def resigned(payload: object, typ: str = "rahdari-trust-list+jwt") -> trust_list.SignedTrustList:
    return trust_list.decode(jws.sign(ROOT, {"typ": typ}, json.dumps(payload).encode()))


def issuer_with(**changes: object) -> dict[str, object]:
    payload = written()
    issuers = payload["issuers"]
    assert isinstance(issuers, list)
    issuers[0] = {name: value for name, value in {**issuers[0], **changes}.items() if value is not ...}
    return payload


def key_with(**changes: object) -> dict[str, object]:
    key = {
        "jwk": PASS_KEY.as_jwk(), "uses": ["pass"], "not_before": NOW, "not_after": NOW + 1, **changes,
    }  # fmt: skip
    return issuer_with(keys=[{name: value for name, value in key.items() if value is not ...}])


def test_what_the_root_signed_is_read_back() -> None:
    signed = trust_list.decode(trust_list.sign(ROOT, LIST))
    assert signed.verify_with([ROOT.public]) == LIST
    assert signed.root_kid == jws.kid_text(ROOT.public)


def test_an_unknown_root_is_refused() -> None:
    signed = trust_list.decode(trust_list.sign(ROOT, LIST))
    for roots in ([], [SoftwareSigner.generate().public], [PASS_KEY, STATUS_KEY]):
        with pytest.raises(BadSignature, match="not known"):
            signed.verify_with(roots)


def test_a_key_that_the_list_itself_announces_does_not_make_it_true() -> None:
    forger = SoftwareSigner.generate()
    signed = trust_list.decode(trust_list.sign(forger, replace(LIST, roots=(forger.public,))))
    with pytest.raises(BadSignature):
        signed.verify_with([ROOT.public])


def test_a_forger_who_borrows_the_roots_kid_is_refused() -> None:
    forger = SoftwareSigner.generate()
    text = jws.sign(
        forger,
        {"typ": "rahdari-trust-list+jwt", "kid": jws.kid_text(ROOT.public)},
        json.dumps(written()).encode(),
    )
    with pytest.raises(BadSignature, match="did not sign"):
        trust_list.decode(text).verify_with([ROOT.public])


def with_kid(public: PublicKey, kid: bytes) -> PublicKey:
    """Copy a key under another's kid: what a collision of 8 bytes would look like."""
    copy = PublicKey(public.algorithm, public.x, public.y)
    object.__setattr__(copy, "kid", kid)
    return copy


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_all_roots_with_the_same_kid_are_tried(algorithm: Algorithm) -> None:
    twin = with_kid(SoftwareSigner.generate(algorithm).public, ROOT.public.kid)
    signed = trust_list.decode(trust_list.sign(ROOT, LIST))
    assert signed.verify_with([twin, ROOT.public]) == LIST
    with pytest.raises(BadSignature):
        signed.verify_with([twin])


def test_issuers_keys_with_the_same_kid_are_kept_apart() -> None:
    twin = replace(KEY, public=with_kid(SoftwareSigner.generate().public, PASS_KEY.kid))
    assert len(replace(ISSUER, keys=(KEY, twin)).keys) == 2


def test_a_list_of_another_type_or_without_kid_is_refused() -> None:
    with pytest.raises(MalformedInput, match="typ"):
        resigned(written(), typ="JWT")
    text = jws.sign(ROOT, {"typ": "rahdari-trust-list+jwt", "kid": ""}, json.dumps(written()).encode())
    with pytest.raises(BadSignature):
        trust_list.decode(text).verify_with([ROOT.public])


def test_another_version_and_unknown_members_are_refused() -> None:
    assert resigned(written()).unverified == LIST
    for change in (
        lambda payload: payload.update(version=2),
        lambda payload: payload.update(version=True),
        lambda payload: payload.update(regions=[]),
        lambda payload: payload.pop("roots"),
        lambda payload: payload.pop("sequence"),
    ):
        with pytest.raises(MalformedInput):
            resigned(written(change))


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": 0}, {"sequence": -1}, {"sequence": SEQUENCE_MAX + 1}, {"sequence": "7"},
        {"sequence": 7.0}, {"iat": NOW + 3600}, {"exp": NOW}, {"exp": SECONDS_MAX + 1}, {"iat": -1},
        {"iat": None}, {"exp": True}, {"issuers": {}}, {"issuers": [5]}, {"issuers": None}, {"roots": [5]},
        {"roots": [{}]}, {"roots": None}, {"roots": [ROOT.as_private_jwk()]},
    ],
)  # fmt: skip
def test_a_list_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
        resigned(written(lambda payload: payload.update(changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ...}, {"id": ""}, {"id": "two words"}, {"id": "x" * 257}, {"id": 5}, {"name": {}},
        {"name": []}, {"name": {"en": ""}}, {"name": {"en": "  "}}, {"name": {"en": 5}},
        {"name": {"english language": "x"}}, {"name": {"en": "x" * (NAME_CHARS_MAX + 1)}},
        {"name": {"en": "a\nb"}}, {"name": {"en": "a\u202eb"}},
        {"name": {f"x{chr(97 + n)}": "x" for n in range(17)}}, {"products": []}, {"products": ["a b"]},
        {"products": ["nic", "nic"]}, {"products": [1]},
        {"products": [f"p{n}" for n in range(PRODUCTS_MAX + 1)]},
        {"status_uris": ["ftp://status.example/"]}, {"status_uris": ["http://status.example/"]},
        {"status_uris": ["https://user@status.example/"]}, {"status_uris": ["https://status.example/#x"]},
        {"status_uris": ["https:///x"]}, {"status_uris": ["https://status.example/ "]},
        {"status_uris": [1]}, {"status_uris": ["http://127.0.0.1.evil.example/"]},
        {"status_uris": ["http://localhost@evil.example/"]},
        {"status_uris": ["https://a.example/1", "https://a.example/1"]},
        {"status_uris": "https://a.example/"},
        {"status_uris": ["https://a.example/" + "x" * URI_CHARS_MAX]},
        {"status_uris": [f"https://a.example/{n}" for n in range(STATUS_URIS_MAX + 1)]},
        {"status_required": 1}, {"status_required": "true"}, {"status_required": ...}, {"keys": []},
        {"keys": None}, {"keys": [5]}, {"more": 1},
    ],
)  # fmt: skip
def test_an_issuer_outside_the_limits_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedInput):
        resigned(issuer_with(**changes))


@pytest.mark.parametrize(
    "uri",
    ["https://a.example", "https://a.example:8443/s?x=1&y=%20", "http://localhost:1/x", "http://127.9.0.1/",
     "http://[::1]:8440/status/1"],
)  # fmt: skip
def test_an_address_that_can_be_fetched_safely_is_taken(uri: str) -> None:
    assert resigned(issuer_with(status_uris=[uri])).unverified.issuers[0].status_uris == (uri,)


@pytest.mark.parametrize(
    "changes",
    [
        {"jwk": ...}, {"jwk": "x"}, {"jwk": {}}, {"jwk": {"kty": "RSA", "n": "AA", "e": "AQAB"}},
        {"jwk": {**PASS_KEY.as_jwk(), "y": PASS_KEY.as_jwk()["x"]}},
        {"jwk": {**PASS_KEY.as_jwk(), "alg": []}}, {"jwk": {**PASS_KEY.as_jwk(), "d": "AA"}}, {"uses": []},
        {"uses": ["sign"]}, {"uses": ["pass", "pass"]}, {"uses": [1]}, {"uses": "pass"},
        {"uses": [["pass"]]}, {"not_before": NOW + 1}, {"not_after": NOW}, {"not_before": -1},
        {"not_after": SECONDS_MAX + 1}, {"not_after": ...}, {"withdrawn_at": None}, {"withdrawn_at": -1},
        {"withdrawn_at": "now"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_key_outside_the_limits_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
        resigned(key_with(**changes))


def test_the_same_issuer_key_or_root_twice_is_refused() -> None:
    for make in (
        lambda: replace(LIST, issuers=(ISSUER, ISSUER)),
        lambda: replace(ISSUER, keys=(KEY, KEY)),
        lambda: replace(ISSUER, keys=(KEY, replace(KEY, not_after=NOW + 5))),
        lambda: replace(LIST, roots=(STATUS_KEY, STATUS_KEY)),
    ):
        with pytest.raises(MalformedInput, match="twice"):
            make()


def test_too_many_entries_are_refused_before_a_key_is_computed() -> None:
    payload = written(lambda payload: payload.update(issuers=[None] * (ISSUERS_MAX + 1)))
    with pytest.raises(MalformedInput, match="at most 256"):
        resigned(payload)
    with pytest.raises(MalformedInput, match=f"at most {KEYS_MAX}"):
        resigned(issuer_with(keys=[None] * (KEYS_MAX + 1)))
    with pytest.raises(MalformedInput, match=f"at most {ROOTS_MAX}"):
        resigned(written(lambda payload: payload.update(roots=[None] * (ROOTS_MAX + 1))))
    many = tuple(SoftwareSigner.generate(Algorithm.EDDSA).public for _ in range(ROOTS_MAX + 1))
    with pytest.raises(TooLarge):
        replace(LIST, roots=many)


def test_a_text_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        trust_list.decode("x" * (TEXT_CHARS_MAX + 1))
