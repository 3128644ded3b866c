"""Readers of outside text: a value, or a refusal by name, and nothing else."""

import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rahdari.wire import base64url, cbor, cose, jws, sd_jwt, strict_json, trust_list
from rahdari.wire import status_list as lists
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.fakes.chance import SeededChance

SIGNER = SoftwareSigner.generate(Algorithm.EDDSA)
REFUSALS = (MalformedInput, BadSignature, UnsupportedAlgorithm)

CREDENTIAL = sd_jwt.issue(
    SIGNER,
    {"iss": "https://issuer.example", "vct": "urn:example:nic", "a": [1], "b": {"c": "d"}},
    disclosable=["a", "b"],
    chance=SeededChance(),
)
STATUS = lists.StatusList("https://status.example/1", 5, lists.StatusArray.of_size(64), 9, 3)
TRUST = trust_list.sign(
    SIGNER,
    trust_list.TrustList(
        1, 5, 9,
        (
            trust_list.TrustedIssuer(
                "i", {"en": "Sample"}, frozenset({"nic"}), ("https://status.example/1",),
                (trust_list.TrustedKey(SIGNER.public, frozenset({trust_list.KeyUse.PASS}), 1, 2),),
            ),
        ),
    ),
)  # fmt: skip


def read_credential(text: str) -> object:
    token = sd_jwt.parse(text)
    sd_jwt.verify_disclosures(token)
    return sd_jwt.verify_credential(token, SIGNER.public)


def read_status_jwt(text: str) -> object:
    token = lists.decode_jwt(text)
    token.verify(SIGNER.public)
    return token.status_of(3)


def read_trust(text: str) -> object:
    return trust_list.decode(text).verify_with([SIGNER.public])


READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "jws": (jws.decode, TRUST),
    "sd-jwt": (read_credential, CREDENTIAL),
    "status-jwt": (read_status_jwt, lists.sign_jwt(SIGNER, STATUS)),
    "trust-list": (read_trust, TRUST),
}
readers = pytest.mark.parametrize("name", list(READERS))


def survives(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except REFUSALS:
        return


@readers
def test_the_good_example_is_read(name: str) -> None:
    read, good = READERS[name]
    assert read(good) is not None


@readers
@given(text=st.text())
@example(text="~~~~")
@example(text="..")
@example(text="\ud800.\ud800.\ud800")
def test_any_text_gives_a_value_or_a_named_refusal(name: str, text: str) -> None:
    survives(READERS[name][0], text)


@readers
@given(data=st.data())
def test_a_damaged_text_gives_a_value_or_a_named_refusal(name: str, data: st.DataObject) -> None:
    read, good = READERS[name]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 20)))
    survives(read, good[:start] + data.draw(st.text("Ae3.~=-_ \0é", max_size=5)) + good[end:])


json_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("eNrbuRgAAhcBXQ"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = [
    "iss", "sub", "iat", "exp", "ttl", "status_list", "bits", "lst", "idx", "uri", "status", "cnf",
    "jwk", "vct", "_sd", "...", "_sd_alg", "kty", "crv", "x", "y", "alg", "use", "version", "sequence",
    "issuers", "roots", "id", "name", "products", "status_uris", "status_required", "keys", "uses",
    "not_before", "not_after", "d",
]  # fmt: skip
named_junk = st.recursive(
    json_junk | st.sampled_from(["EC", "OKP", "P-256", "Ed25519", "sha-256", "https://a.example/", "pass"]),
    lambda inner: st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6) | st.lists(inner, max_size=2),
    max_leaves=10,
)
TYPS = {
    "jws": "x",
    "sd-jwt": "dc+sd-jwt",
    "status-jwt": "statuslist+jwt",
    "trust-list": "rahdari-trust-list+jwt",
}


@readers
@given(junk=named_junk, data=st.data())
def test_signed_junk_gives_a_value_or_a_named_refusal(name: str, junk: object, data: st.DataObject) -> None:
    """A hostile or broken issuer signs well and says anything: one member of a good payload becomes junk."""
    read, good = READERS[name]
    payload = jws.decode(good.split("~")[0]).payload_object()
    holder: object = payload
    for _ in range(data.draw(st.integers(0, 4))):
        if isinstance(holder, dict) and holder:
            deeper = holder[data.draw(st.sampled_from(sorted(holder)))]
        elif isinstance(holder, list) and holder:
            deeper = holder[0]
        else:
            break
        if not isinstance(deeper, (dict, list)) or not deeper:
            break
        holder = deeper
    if isinstance(holder, dict):
        holder[data.draw(st.sampled_from(sorted(holder) + MEMBERS))] = junk
    elif isinstance(holder, list):
        holder[0] = junk
    signed = jws.sign(SIGNER, {"typ": TYPS[name]}, json.dumps(payload).encode())
    survives(read, signed + "~" * (name == "sd-jwt"))


@given(st.binary(max_size=60))
def test_any_json_bytes_give_a_value_or_a_named_refusal(raw: bytes) -> None:
    survives(lambda _: strict_json.decode(raw, size_bytes_max=100), "")


@given(named_junk)
def test_any_disclosure_gives_a_value_or_a_named_refusal(parts: object) -> None:
    text = base64url.encode(json.dumps(parts).encode())
    survives(read_credential, f"{CREDENTIAL}{text}~")


@given(st.binary(max_size=200))
def test_any_bytes_as_a_status_list_cwt_give_a_value_or_a_named_refusal(raw: bytes) -> None:
    survives(lambda _: lists.decode_cwt(raw), "")


cbor_junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.text(max_size=5)
    | st.binary(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([2, 4, 6, 65533, 65534, "bits", "lst"]), inner, max_size=5)
    ),
    max_leaves=8,
)


@given(cbor_junk)
def test_signed_junk_as_a_status_list_cwt_gives_a_value_or_a_named_refusal(junk: object) -> None:
    raw = cose.sign(SIGNER, cbor.encode(junk), extra_protected={16: "application/statuslist+cwt"})
    survives(lambda _: lists.decode_cwt(raw), "")


@given(st.sampled_from([2, 4, 6, 65533, 65534]), cbor_junk)
def test_one_claim_of_junk_in_a_status_list_cwt_gives_a_value_or_a_named_refusal(
    key: int, junk: object
) -> None:
    claims = cbor.decode(cose.decode(lists.sign_cwt(SIGNER, STATUS)).payload, size_bytes_max=1000)
    assert isinstance(claims, dict)
    raw = cose.sign(
        SIGNER, cbor.encode({**claims, key: junk}), extra_protected={16: "application/statuslist+cwt"}
    )
    survives(lambda _: lists.decode_cwt(raw), "")
