"""Security event tokens: written so that any library reads them, read so that no other token passes for one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from rahdari.wire import jws, security_events
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.security_events import SecurityEvent

SIGNER = SoftwareSigner.generate(Algorithm.ES256)
EVENT = SecurityEvent(
    issuer="https://authority.example",
    audience="institution-1",
    jti="st_a-1",
    issued_at=1_800_000_000,
    subject="s_b",
    type=security_events.CREDENTIAL_CHANGE,
    payload={"change_type": "update", "reason_user": {"ur": "معطل"}},
    txn="st_a-1",
    order=1,
)
CLAIMS: dict[str, object] = {
    "iss": "i",
    "aud": "a",
    "jti": "j",
    "iat": 1,
    "sub_id": {"format": "opaque", "id": "s"},
    "events": {"urn:example:event": {}},
}


def signed(claims: dict[str, object], typ: str = "secevent+jwt") -> str:
    return jws.sign(SIGNER, {"typ": typ}, json.dumps(claims).encode())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864; the old name is what everyone reads
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_another_library_reads_what_we_write(algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm)
    kind = ECKey if algorithm is Algorithm.ES256 else OKPKey
    key = kind.import_key(dict(signer.public.as_jwk()))
    read = jwt.decode(security_events.sign(signer, EVENT), key, algorithms=["ES256", "EdDSA"])
    assert read.header["typ"] == "secevent+jwt"
    assert read.header["kid"] == jws.kid_text(signer.public)
    assert read.claims == {
        "iss": "https://authority.example",
        "aud": "institution-1",
        "jti": "st_a-1",
        "iat": 1_800_000_000,
        "txn": "st_a-1",
        "rahdari_order": 1,
        "sub_id": {"format": "opaque", "id": "s_b"},
        "events": {EVENT.type: EVENT.payload},
    }


def test_we_read_what_another_library_writes() -> None:
    key = ECKey.generate_key("P-256")
    text = jwt.encode({"alg": "ES256", "typ": "secevent+jwt"}, CLAIMS, key)
    read = security_events.decode(text)
    assert read.unverified.order is None
    assert read.unverified.txn is None
    public = jws.read_public_jwk(key.as_dict(private=False))
    assert read.verify(public, audience="a").type == "urn:example:event"


def test_a_token_proves_nothing_by_another_key_or_to_somebody_else() -> None:
    token = security_events.decode(security_events.sign(SIGNER, EVENT))
    assert token.verify(SIGNER.public, audience="institution-1") == EVENT
    with pytest.raises(BadSignature):
        token.verify(SoftwareSigner.generate(Algorithm.ES256).public, audience="institution-1")
    with pytest.raises(BadSignature, match="another receiver"):
        token.verify(SIGNER.public, audience="institution-2")


@pytest.mark.parametrize("typ", ["JWT", "rahdari-answer+jwt", "statuslist+jwt", ""])
def test_a_token_of_another_type_is_none(typ: str) -> None:
    with pytest.raises(MalformedInput):
        security_events.decode(signed(CLAIMS, typ))


@pytest.mark.parametrize("added", ["sub", "exp"])
def test_what_might_pass_for_a_token_that_lets_in_is_refused(added: str) -> None:
    with pytest.raises(MalformedInput, match="neither sub nor exp"):
        security_events.decode(signed({**CLAIMS, added: 1}))


@pytest.mark.parametrize("name", list(CLAIMS))
def test_every_claim_must_be_there(name: str) -> None:
    with pytest.raises(MalformedInput):
        security_events.decode(signed({key: value for key, value in CLAIMS.items() if key != name}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": 1},
        {"aud": ["a", "b"]},
        {"jti": ""},
        {"iat": "1"},
        {"iat": True},
        {"iat": -1},
        {"iat": 1.5},
        {"sub_id": "s"},
        {"sub_id": {"format": "email", "email": "x"}},
        {"sub_id": {"format": "opaque", "id": ""}},
        {"sub_id": {"format": "opaque", "id": "s", "more": 1}},
        {"events": {}},
        {"events": []},
        {"events": {"urn:a": {}, "urn:b": {}}},
        {"events": {"urn:a": []}},
        {"txn": 1},
        {"rahdari_order": "1"},
    ],
)
def test_a_claim_of_another_shape_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(MalformedInput):
        security_events.decode(signed(CLAIMS | wrong))


def test_a_token_beyond_the_limit_is_not_read() -> None:
    with pytest.raises(TooLarge):
        security_events.decode("x" * (security_events.TOKEN_CHARS_MAX + 1))


@given(st.text(max_size=200))
def test_any_text_is_refused_by_name(text: str) -> None:
    with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
        security_events.decode(text)


@given(
    st.text(min_size=1, max_size=20),
    st.dictionaries(st.text(max_size=9), st.one_of(st.integers(0, 9), st.text(max_size=9)), max_size=4),
    st.integers(0, security_events.SECONDS_MAX),
)
def test_what_is_written_is_read_the_same(name: str, payload: dict[str, object], at: int) -> None:
    event = SecurityEvent(
        issuer=name, audience=name, jti=name, issued_at=at, subject=name, type=name, payload=payload
    )
    token = security_events.decode(security_events.sign(SIGNER, event))
    assert token.verify(SIGNER.public, audience=name) == event
