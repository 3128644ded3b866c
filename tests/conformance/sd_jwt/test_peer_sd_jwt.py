"""PyPI `sd-jwt`, the reference implementation, and we read each other's tokens."""

import json

import pytest
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from rahdari.wire import sd_jwt
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.fakes.chance import SeededChance

# The judge warns of its own age in its dependencies' words; that is not our subject here.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NONCE, AUDIENCE, NOW = "n-0S6_WzA2Mj", "https://verifier.example", 1_800_000_000


@pytest.fixture(scope="module", params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SoftwareSigner.generate(Algorithm(request.param))


@pytest.fixture(scope="module")
def holder() -> SoftwareSigner:
    return SoftwareSigner.generate(Algorithm.ES256)


def theirs(signer: SoftwareSigner) -> JWK:
    jwk = {name: value for name, value in signer.as_private_jwk().items() if name not in ("use", "alg")}
    return JWK.from_json(json.dumps(jwk))


def judged(text: str, signer: SoftwareSigner, **expectations: str) -> object:
    return SDJWTVerifier(text, lambda _issuer, _header: theirs(signer), **expectations).get_verified_payload()


CLAIMS: dict[str, object] = {
    "iss": "https://issuer.example",
    "given_name": "نمونہ",
    "age": 61,
    "address": {"city": "Sample City", "lines": ["1", "2"]},
}


@pytest.mark.parametrize("decoys", [0, 3])
def test_the_judge_reads_what_we_issue_and_present(signer: SoftwareSigner, decoys: int) -> None:
    hidden = ["given_name", "age", "address"]
    token = sd_jwt.parse(
        sd_jwt.issue(signer, CLAIMS, disclosable=hidden, chance=SeededChance(), decoys=decoys)
    )
    assert judged(token.text, signer) == CLAIMS
    shown = sd_jwt.present(token, token.named("age"))
    assert judged(shown, signer) == {"iss": "https://issuer.example", "age": 61}


def test_the_judge_accepts_our_key_binding(signer: SoftwareSigner, holder: SoftwareSigner) -> None:
    claims = {**CLAIMS, "cnf": {"jwk": holder.public.as_jwk()}}
    token = sd_jwt.parse(sd_jwt.issue(signer, claims, disclosable=["age"], chance=SeededChance()))
    bound = sd_jwt.bind(holder, token, nonce=NONCE, audience=AUDIENCE, issued_at=NOW)
    assert judged(bound, signer, expected_nonce=NONCE, expected_aud=AUDIENCE) == claims
    with pytest.raises(ValueError, match="nonce"):
        judged(bound, signer, expected_nonce="another", expected_aud=AUDIENCE)


def issued_by_judge(signer: SoftwareSigner, holder: SoftwareSigner | None = None) -> str:
    claims = {
        "iss": "https://issuer.example",
        SDObj("given_name"): "نمونہ",
        SDObj("address"): {SDObj("city"): "Sample City", "country": "XX"},
        "nationalities": [SDObj("AA"), "BB", SDObj({SDObj("code"): "CC"})],
    }
    algorithm = signer.public.algorithm.value
    key = None if holder is None else theirs(holder)
    issuer = SDJWTIssuer(claims, theirs(signer), key, sign_alg=algorithm, add_decoy_claims=True)
    return str(issuer.sd_jwt_issuance)


def test_we_read_what_the_judge_issues_nested_in_objects_and_arrays(signer: SoftwareSigner) -> None:
    token = sd_jwt.parse(issued_by_judge(signer))
    assert sd_jwt.verify(token, signer.public) == {
        "iss": "https://issuer.example",
        "given_name": "نمونہ",
        "address": {"city": "Sample City", "country": "XX"},
        "nationalities": ["AA", "BB", {"code": "CC"}],
    }
    shown = sd_jwt.parse(sd_jwt.present(token, token.named("address")))
    expected = {"iss": "https://issuer.example", "address": {"country": "XX"}, "nationalities": ["BB"]}
    assert sd_jwt.verify(shown, signer.public) == expected
    assert judged(shown.text, signer) == expected


def test_we_accept_the_judges_key_binding(signer: SoftwareSigner, holder: SoftwareSigner) -> None:
    presenter = SDJWTHolder(issued_by_judge(signer, holder))
    presenter.create_presentation({"given_name": True}, NONCE, AUDIENCE, theirs(holder), sign_alg="ES256")
    token = sd_jwt.parse(presenter.sd_jwt_presentation)
    payload = sd_jwt.verify(token, signer.public)
    assert payload["given_name"] == "نمونہ"
    key = sd_jwt.holder_key(payload)
    assert key == holder.public
    assert key is not None
    assert token.key_binding is not None
    # The judge takes the time from the machine's clock, so the window is left wide open here.
    sd_jwt.verify_key_binding(token, key, nonce=NONCE, audience=AUDIENCE, at=NOW, age_seconds_max=10**10)
