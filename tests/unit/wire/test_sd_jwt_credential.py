"""SD-JWT VC and key binding: whose credential it is, and who shows it."""

import json
from collections.abc import Callable

import pytest

from rahdari.wire import base64url, jws, sd_jwt
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.status_list import StatusReference
from tests.fakes.chance import SeededChance
from tests.unit.wire.test_sd_jwt import digest, disclosure, made

NOW = 1_800_000_000
ISSUER = SoftwareSigner.generate(Algorithm.ES256)
HOLDER = SoftwareSigner.generate(Algorithm.EDDSA)
CREDENTIAL = sd_jwt.Credential(
    vct="https://issuer.example/nic",
    issuer="https://issuer.example",
    claims={"given_name": "Sample", "product": "nic", "age_over_18": True},
    issued_at=NOW,
    not_before=NOW,
    expires=NOW + 1000,
    status=StatusReference("https://status.example/1", 77),
    holder=HOLDER.public,
)


def issued(chance: SeededChance) -> sd_jwt.UnverifiedSdJwt:
    return sd_jwt.parse(
        sd_jwt.issue_credential(ISSUER, CREDENTIAL, chance=chance, visible=["product"], decoys=2)
    )


def shown(chance: SeededChance) -> sd_jwt.UnverifiedSdJwt:
    token = issued(chance)
    return sd_jwt.parse(sd_jwt.present(token, token.named("age_over_18")))


def test_a_credential_is_read_back_as_it_was_issued(chance: SeededChance) -> None:
    token = issued(chance)
    assert sd_jwt.verify_credential(token, ISSUER.public) == CREDENTIAL
    assert token.token.typ == "dc+sd-jwt"


def test_only_the_visible_and_the_shown_claims_arrive(chance: SeededChance) -> None:
    credential = sd_jwt.verify_credential(shown(chance), ISSUER.public)
    assert credential.claims == {"product": "nic", "age_over_18": True}
    assert credential.status == CREDENTIAL.status
    assert credential.holder == HOLDER.public


def test_a_credential_needs_neither_status_nor_holder_nor_times(chance: SeededChance) -> None:
    plain = sd_jwt.Credential("urn:example:nic", "https://issuer.example", {"a": 1})
    token = sd_jwt.parse(sd_jwt.issue_credential(ISSUER, plain, chance=chance))
    assert sd_jwt.verify_credential(token, ISSUER.public) == plain


@pytest.mark.parametrize("name", ["iss", "vct", "iat", "nbf", "exp", "status", "cnf"])
def test_a_claim_cannot_stand_beside_its_own_field(chance: SeededChance, name: str) -> None:
    credential = sd_jwt.Credential("urn:example:nic", "https://issuer.example", {name: 1})
    with pytest.raises(MalformedInput, match="own fields"):
        sd_jwt.issue_credential(ISSUER, credential, chance=chance)


def test_the_key_of_another_issuer_does_not_verify(chance: SeededChance) -> None:
    with pytest.raises(BadSignature):
        sd_jwt.verify_credential(issued(chance), SoftwareSigner.generate().public)


@pytest.mark.parametrize("typ", ["vc+sd-jwt", "JWT", "kb+jwt"])
def test_a_token_of_another_type_is_no_credential(chance: SeededChance, typ: str) -> None:
    claims = {"vct": "urn:example:nic", "iss": "https://issuer.example"}
    text = sd_jwt.issue(ISSUER, claims, disclosable=(), chance=chance, typ=typ)
    with pytest.raises(MalformedInput, match="dc"):
        sd_jwt.verify_credential(sd_jwt.parse(text), ISSUER.public)


@pytest.mark.parametrize("name", ["exp", "status", "cnf", "nbf", "aud"])
def test_an_issuer_who_lets_the_holder_hide_the_validity_is_refused(name: str) -> None:
    one = disclosure("salt", name, 5)
    claims = {"vct": "urn:example:nic", "iss": "https://issuer.example", "_sd": [digest(one)]}
    with pytest.raises(MalformedInput, match="left it to the holder"):
        sd_jwt.verify_credential(made(ISSUER, claims, one), ISSUER.public)


@pytest.mark.parametrize(
    "changes",
    [
        {"vct": None}, {"vct": ""}, {"vct": 5}, {"iss": None}, {"iss": ""}, {"iss": []}, {"exp": "x"},
        {"exp": -1}, {"nbf": True}, {"iat": 1.5}, {"status": {}}, {"status": "x"}, {"cnf": {}},
        {"cnf": {"kid": "x"}}, {"cnf": {"jwk": "x"}}, {"cnf": []},
        {"cnf": {"jwk": {"kty": "oct", "k": "AA"}}},
    ],
)  # fmt: skip
def test_a_registered_claim_of_the_wrong_kind_is_refused(changes: dict[str, object]) -> None:
    claims = {"vct": "urn:example:nic", "iss": "https://issuer.example", **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
        sd_jwt.verify_credential(made(ISSUER, claims), ISSUER.public)


# --- key binding: RFC 9901, 7.3 ---


def bound(chance: SeededChance, signer: SoftwareSigner = HOLDER, at: int = NOW) -> sd_jwt.UnverifiedSdJwt:
    text = sd_jwt.bind(signer, shown(chance), nonce="n-1", audience="https://bank.example", issued_at=at)
    return sd_jwt.parse(text)


def check(token: sd_jwt.UnverifiedSdJwt, nonce: str = "n-1", audience: str = "https://bank.example") -> None:
    holder = sd_jwt.verify_credential(token, ISSUER.public).holder
    assert holder is not None
    sd_jwt.verify_key_binding(token, holder, nonce=nonce, audience=audience, at=NOW, age_seconds_max=60)


def test_the_holder_proves_to_hold_the_key(chance: SeededChance) -> None:
    check(bound(chance))


def test_another_key_proves_nothing(chance: SeededChance) -> None:
    with pytest.raises(BadSignature):
        check(bound(chance, SoftwareSigner.generate(Algorithm.EDDSA)))


def test_a_presentation_without_proof_is_refused(chance: SeededChance) -> None:
    with pytest.raises(sd_jwt.KeyBindingRefused, match="no key binding"):
        check(shown(chance))


def test_a_proof_for_another_request_or_verifier_is_refused(chance: SeededChance) -> None:
    with pytest.raises(sd_jwt.KeyBindingRefused, match="another request"):
        check(bound(chance), nonce="n-2")
    with pytest.raises(sd_jwt.KeyBindingRefused, match="another verifier"):
        check(bound(chance), audience="https://other.example")


@pytest.mark.parametrize("age", [-60, 0, 60])
def test_a_proof_within_the_window_is_taken(chance: SeededChance, age: int) -> None:
    check(bound(chance, at=NOW - age))


@pytest.mark.parametrize("age", [-61, 61, 10_000])
def test_a_proof_of_another_time_is_refused(chance: SeededChance, age: int) -> None:
    with pytest.raises(sd_jwt.KeyBindingRefused, match="within 60 s"):
        check(bound(chance, at=NOW - age))


def test_a_proof_does_not_cover_another_selection(chance: SeededChance) -> None:
    proof = bound(chance).key_binding
    assert proof is not None
    with pytest.raises(sd_jwt.KeyBindingRefused, match="selection"):
        check(sd_jwt.parse(issued(chance).bound_text + proof))


def rewritten(token: sd_jwt.UnverifiedSdJwt, typ: str, **changes: object) -> sd_jwt.UnverifiedSdJwt:
    assert token.key_binding is not None
    claims = {**jws.decode(token.key_binding).payload_object(), **changes}
    return sd_jwt.parse(token.bound_text + jws.sign(HOLDER, {"typ": typ}, json.dumps(claims).encode()))


def test_a_proof_of_another_type_is_refused(chance: SeededChance) -> None:
    with pytest.raises(MalformedInput, match="kb"):
        check(rewritten(bound(chance), "JWT"))
    check(rewritten(bound(chance), "kb+jwt"))


@pytest.mark.parametrize("name", ["iat", "nonce", "aud", "sd_hash"])
@pytest.mark.parametrize("value", [None, [], "", 1.5])
def test_a_proof_with_a_claim_of_the_wrong_kind_is_refused(
    chance: SeededChance, name: str, value: object
) -> None:
    with pytest.raises(sd_jwt.KeyBindingRefused):
        check(rewritten(bound(chance), "kb+jwt", **{name: value}))


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-1], lambda text: text + "~", lambda text: text.replace("~", "~~", 1)]
)
def test_a_damaged_presentation_is_refused(chance: SeededChance, damage: Callable[[str], str]) -> None:
    with pytest.raises(MalformedInput):
        check(sd_jwt.parse(damage(bound(chance).text)))


def test_an_unsigned_proof_is_refused(chance: SeededChance) -> None:
    token = bound(chance)
    assert token.key_binding is not None
    payload = token.key_binding.split(".")[1]
    header = base64url.encode(b'{"alg":"none","typ":"kb+jwt"}')
    with pytest.raises(UnsupportedAlgorithm):
        check(sd_jwt.parse(f"{token.bound_text}{header}.{payload}."))
