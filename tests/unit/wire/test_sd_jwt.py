"""SD-JWT: what a holder can and cannot do with what an issuer signed."""

import hashlib
import json
from collections.abc import Mapping

import pytest

from rahdari.wire import base64url, jws, sd_jwt, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.sd_jwt.disclosure import RESERVED_NAMES, SALT_BYTES, SALT_CHARS
from rahdari.wire.sd_jwt.issuing import DECOYS_MAX, NEVER_CONCEALED
from rahdari.wire.sd_jwt.reading import DISCLOSURES_MAX, TEXT_CHARS_MAX
from rahdari.wire.strict_json import DEPTH_MAX
from tests.fakes.chance import SeededChance

CLAIMS: Mapping[str, object] = {
    "iss": "https://issuer.example",
    "given_name": "نمونہ",
    "family_name": "Sample",
    "resident": True,
    "address": {"city": "Sample City", "lines": ["1 Example Road", "Block A"]},
}
HIDDEN = ("given_name", "family_name", "resident", "address")


@pytest.fixture(scope="module", params=list(Algorithm))
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SoftwareSigner.generate(Algorithm(request.param))


def issued(signer: SoftwareSigner, chance: SeededChance, decoys: int = 0) -> sd_jwt.UnverifiedSdJwt:
    text = sd_jwt.issue(signer, CLAIMS, disclosable=HIDDEN, chance=chance, decoys=decoys)
    return sd_jwt.parse(text)


def disclosure(*parts: object) -> str:
    return base64url.encode(json.dumps(parts).encode())


def digest(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def made(signer: SoftwareSigner, payload: object, *disclosures: str) -> sd_jwt.UnverifiedSdJwt:
    """Sign any payload and put any disclosures behind it."""
    token = jws.sign(signer, {"typ": "dc+sd-jwt"}, json.dumps(payload).encode())
    return sd_jwt.parse("~".join((token, *disclosures, "")))


# --- issuing ---


def test_all_disclosures_give_all_claims_back(signer: SoftwareSigner, chance: SeededChance) -> None:
    assert sd_jwt.verify(issued(signer, chance), signer.public) == CLAIMS


def test_no_concealed_name_or_value_stands_in_what_is_signed(
    signer: SoftwareSigner, chance: SeededChance
) -> None:
    payload = issued(signer, chance).token.payload.decode()
    assert not any(word in payload for word in (*HIDDEN, "Sample", "نمونہ"))
    assert "https://issuer.example" in payload


def test_digests_are_sorted_so_that_their_order_tells_nothing(
    signer: SoftwareSigner, chance: SeededChance
) -> None:
    sd_jwts = [issued(signer, chance) for _ in range(8)]
    assert all(each.payload["_sd"] == sorted(d.digest for d in each.disclosures) for each in sd_jwts)
    assert len({tuple(sorted(range(4), key=lambda i: each.disclosures[i].digest)) for each in sd_jwts}) > 1


def test_every_salt_is_fresh_and_long_enough(signer: SoftwareSigner, chance: SeededChance) -> None:
    salts = [
        strict_json.decode(base64url.decode(each.text), size_bytes_max=1000)
        for _ in range(4)
        for each in issued(signer, chance).disclosures
    ]
    texts = {salt[0] for salt in salts if isinstance(salt, list)}
    assert len(texts) == 16
    assert all(len(base64url.decode(text)) == SALT_BYTES >= 16 for text in texts)
    assert all(len(text) == SALT_CHARS for text in texts)


def test_decoys_hide_how_many_claims_there_are(signer: SoftwareSigner, chance: SeededChance) -> None:
    token = issued(signer, chance, decoys=5)
    digests = token.payload["_sd"]
    assert isinstance(digests, list)
    assert len(digests) == len(set(digests)) == 9
    assert {len(each) for each in digests} == {43}
    assert sd_jwt.verify(token, signer.public) == CLAIMS


@pytest.mark.parametrize("decoys", [-1, DECOYS_MAX + 1])
def test_an_impossible_number_of_decoys_is_refused(chance: SeededChance, decoys: int) -> None:
    with pytest.raises(MalformedInput, match="decoy"):
        issued(SoftwareSigner.generate(), chance, decoys=decoys)


def test_a_token_that_hides_nothing_has_no_digests(signer: SoftwareSigner, chance: SeededChance) -> None:
    token = sd_jwt.parse(sd_jwt.issue(signer, CLAIMS, disclosable=(), chance=chance))
    assert token.payload == CLAIMS
    assert token.text == token.issuer_signed + "~"


def test_a_name_that_is_no_claim_cannot_be_concealed(chance: SeededChance) -> None:
    with pytest.raises(MalformedInput, match="not among"):
        sd_jwt.issue(SoftwareSigner.generate(), CLAIMS, disclosable=["givn_name"], chance=chance)


@pytest.mark.parametrize("name", sorted(NEVER_CONCEALED))
def test_what_decides_validity_cannot_be_concealed(chance: SeededChance, name: str) -> None:
    with pytest.raises(MalformedInput, match="visible"):
        sd_jwt.issue(SoftwareSigner.generate(), {name: 1}, disclosable=[name], chance=chance)


@pytest.mark.parametrize(
    "claims",
    [
        {"_sd": []},
        {"...": 1},
        {"_sd_alg": "x"},
        {"a": {"_sd": 1}},
        {"a": [{"b": [{"...": "x"}]}]},
        {"a": [{"_sd": 1}]},
    ],
)
def test_an_issuers_claim_cannot_be_named_like_a_digest(
    chance: SeededChance, claims: dict[str, object]
) -> None:
    with pytest.raises(MalformedInput, match="named"):
        sd_jwt.issue(SoftwareSigner.generate(), claims, disclosable=(), chance=chance)


def test_a_value_that_is_not_json_is_not_issued(chance: SeededChance) -> None:
    for claims in ({"a": float("nan")}, {"a": object()}):
        for names in (["a"], []):
            with pytest.raises(MalformedInput):
                sd_jwt.issue(SoftwareSigner.generate(), claims, disclosable=names, chance=chance)


# --- presenting ---


def test_a_holder_shows_one_claim_and_keeps_the_others(signer: SoftwareSigner, chance: SeededChance) -> None:
    token = issued(signer, chance)
    text = sd_jwt.present(token, token.named("resident"))
    assert sd_jwt.verify(sd_jwt.parse(text), signer.public) == {
        "iss": "https://issuer.example",
        "resident": True,
    }
    nothing = sd_jwt.parse(sd_jwt.present(token, ()))
    assert sd_jwt.verify(nothing, signer.public) == {"iss": "https://issuer.example"}


def test_a_disclosure_of_another_token_cannot_be_shown(signer: SoftwareSigner, chance: SeededChance) -> None:
    one, other = issued(signer, chance), issued(signer, chance)
    with pytest.raises(MalformedInput, match="not of this"):
        sd_jwt.present(one, other.disclosures)


def test_an_inner_disclosure_is_not_shown_without_the_outer_one(signer: SoftwareSigner) -> None:
    inner = disclosure("salt", "city", "Sample City")
    outer = disclosure("salt2", "address", {"_sd": [digest(inner)]})
    token = made(signer, {"_sd": [digest(outer)]}, outer, inner)
    assert sd_jwt.verify(token, signer.public) == {"address": {"city": "Sample City"}}
    assert sd_jwt.verify(sd_jwt.parse(sd_jwt.present(token, token.named("address"))), signer.public) == {
        "address": {}
    }
    with pytest.raises(MalformedInput, match="no digest"):
        sd_jwt.present(token, token.named("city"))


def test_what_is_parsed_is_written_again_exactly(signer: SoftwareSigner, chance: SeededChance) -> None:
    text = sd_jwt.issue(signer, CLAIMS, disclosable=HIDDEN, chance=chance)
    assert sd_jwt.parse(text).text == text
    assert sd_jwt.parse(text + "kb").text == text + "kb"
    assert sd_jwt.parse(text + "kb").bound_text == text


# --- RFC 9901, 7.1 ---


def test_the_signature_is_checked_before_the_disclosures(
    signer: SoftwareSigner, chance: SeededChance
) -> None:
    other = SoftwareSigner.generate(signer.public.algorithm)
    with pytest.raises(BadSignature):
        sd_jwt.verify(issued(signer, chance), other.public)


def test_an_altered_disclosure_is_refused(signer: SoftwareSigner, chance: SeededChance) -> None:
    token = issued(signer, chance)
    forged = disclosure("salt", "resident", False)  # noqa: FBT003 - the value of a claim
    text = token.text.replace(token.named("resident")[0].text, forged)
    with pytest.raises(MalformedInput, match="no digest"):
        sd_jwt.verify(sd_jwt.parse(text), signer.public)


def test_a_disclosure_given_twice_is_refused(signer: SoftwareSigner, chance: SeededChance) -> None:
    token = issued(signer, chance)
    with pytest.raises(MalformedInput, match="twice"):
        sd_jwt.verify(sd_jwt.parse(token.text + token.disclosures[0].text + "~"), signer.public)


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": ["{0}", "{0}"]},
        {"_sd": ["{0}"], "a": {"_sd": ["{0}"]}},
        {"a": [{"...": "decoy"}, {"...": "decoy"}]},
        {"_sd": ["decoy", "decoy"]},
        {"_sd": ["decoy"], "a": [{"...": "decoy"}]},
    ],
)
def test_a_digest_in_two_places_is_refused(signer: SoftwareSigner, payload: object) -> None:
    one = disclosure("salt", "b", 1)
    filled = json.loads(json.dumps(payload).replace("{0}", digest(one)))
    with pytest.raises(MalformedInput, match="two places"):
        sd_jwt.verify_disclosures(made(signer, filled, *([one] if filled != payload else [])))


def test_a_digest_repeated_inside_a_disclosure_is_refused(signer: SoftwareSigner) -> None:
    inner = disclosure("salt", "b", 1)
    outer = disclosure("salt", "a", {"_sd": [digest(inner)]})
    with pytest.raises(MalformedInput, match="two places"):
        sd_jwt.verify_disclosures(made(signer, {"_sd": [digest(outer), digest(inner)]}, outer, inner))


@pytest.mark.parametrize("taken", [{"a": 1}, {"a": None}])
def test_a_disclosure_cannot_replace_a_visible_claim(
    signer: SoftwareSigner, taken: dict[str, object]
) -> None:
    one = disclosure("salt", "a", 2)
    with pytest.raises(MalformedInput, match="taken"):
        sd_jwt.verify_disclosures(made(signer, {**taken, "_sd": [digest(one)]}, one))


def test_two_disclosures_cannot_have_the_same_name_at_one_level(signer: SoftwareSigner) -> None:
    one, two = disclosure("salt", "a", 1), disclosure("salt", "a", 2)
    with pytest.raises(MalformedInput, match="taken"):
        sd_jwt.verify_disclosures(made(signer, {"_sd": [digest(one), digest(two)]}, one, two))


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_disclosed_claim_cannot_have_a_reserved_name(signer: SoftwareSigner, name: str) -> None:
    one = disclosure("salt", name, [])
    with pytest.raises(MalformedInput, match="neither"):
        made(signer, {"_sd": [digest(one)]}, one)


def test_an_array_elements_disclosure_does_not_fit_an_object_and_the_other_way_round(
    signer: SoftwareSigner,
) -> None:
    element, member = disclosure("salt", "x"), disclosure("salt", "a", "x")
    assert sd_jwt.verify_disclosures(made(signer, {"a": [{"...": digest(element)}]}, element)) == {"a": ["x"]}
    with pytest.raises(MalformedInput, match="no name"):
        sd_jwt.verify_disclosures(made(signer, {"_sd": [digest(element)]}, element))
    with pytest.raises(MalformedInput, match="has a name"):
        sd_jwt.verify_disclosures(made(signer, {"a": [{"...": digest(member)}]}, member))


def test_array_elements_that_are_not_disclosed_leave_no_gap(signer: SoftwareSigner) -> None:
    element = disclosure("salt", ["deep", {"...x": 1}])
    payload = {"a": ["first", {"...": "decoy"}, {"...": digest(element)}, {"b": {"_sd": ["other"]}}]}
    assert sd_jwt.verify_disclosures(made(signer, payload, element)) == {
        "a": ["first", ["deep", {"...x": 1}], {"b": {}}]
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": "x"}, {"_sd": None}, {"_sd": {}}, {"_sd": [1]}, {"_sd": [["x"]]}, {"...": "x"},
        {"a": {"...": "x"}},
        {"a": [{"...": 1}]}, {"a": [{"...": None}]}, {"a": [{"...": "x", "b": 1}]}, {"a": {"_sd": [None]}},
    ],
)  # fmt: skip
def test_digests_in_the_wrong_shape_are_refused(signer: SoftwareSigner, payload: object) -> None:
    with pytest.raises(MalformedInput):
        sd_jwt.verify_disclosures(made(signer, payload))


@pytest.mark.parametrize("algorithm", ["sha-512", "SHA-256", "md5", None, 256])
def test_another_digest_algorithm_is_refused(signer: SoftwareSigner, algorithm: object) -> None:
    with pytest.raises(UnsupportedAlgorithm, match="sha-256"):
        sd_jwt.verify_disclosures(made(signer, {"_sd_alg": algorithm}))


def test_the_digest_algorithm_leaves_the_processed_payload(signer: SoftwareSigner) -> None:
    assert sd_jwt.verify_disclosures(made(signer, {"a": 1, "_sd_alg": "sha-256"})) == {"a": 1}


@pytest.mark.parametrize(
    "part",
    [
        "", "!", "AB", "e30", disclosure(), disclosure("s"), disclosure("s", "n", 1, 2),
        disclosure(1, "n", 1), disclosure("s", 5, 1), disclosure("s", None, 1), disclosure(["s"], 1),
        base64url.encode(b'["s","a",NaN]'),
        base64url.encode(b'["s",{"a":1,"a":2}]'),
    ],
)  # fmt: skip
def test_a_part_that_is_no_disclosure_is_refused(signer: SoftwareSigner, part: str) -> None:
    with pytest.raises(MalformedInput):
        made(signer, {}, part)


def test_disclosures_nested_beyond_the_limit_are_refused(signer: SoftwareSigner) -> None:
    def chain(length: int) -> sd_jwt.UnverifiedSdJwt:
        chained = [disclosure("salt", "a", 1)]
        for _ in range(length - 1):
            chained.append(disclosure("salt", "a", {"_sd": [digest(chained[-1])]}))
        return made(signer, {"_sd": [digest(chained[-1])]}, *chained)

    sd_jwt.verify_disclosures(chain(DEPTH_MAX))
    with pytest.raises(TooLarge, match="deeper"):
        sd_jwt.verify_disclosures(chain(DISCLOSURES_MAX))


def test_too_many_disclosures_and_too_long_texts_are_refused(signer: SoftwareSigner) -> None:
    with pytest.raises(TooLarge, match="disclosures"):
        made(signer, {}, *["x"] * (DISCLOSURES_MAX + 1))
    with pytest.raises(TooLarge, match="characters"):
        sd_jwt.parse("x" * (TEXT_CHARS_MAX + 1))


def test_a_plain_jwt_is_no_sd_jwt(signer: SoftwareSigner) -> None:
    with pytest.raises(MalformedInput, match="at least one ~"):
        sd_jwt.parse(jws.sign(signer, {}, b"{}"))
