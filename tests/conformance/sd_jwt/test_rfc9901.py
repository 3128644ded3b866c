"""RFC 9901's own examples, and damaged copies of them."""

import json
from pathlib import Path

import pytest

from rahdari.wire import base64url, sd_jwt
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import PublicKey
from rahdari.wire.sd_jwt import disclosure

CASE = Path(__file__).parent / "rfc9901_5_1"
TEXT = (CASE / "input.sd-jwt").read_text().strip()
EXPECTED: dict[str, object] = json.loads((CASE / "expected.json").read_text())
# Appendix A.5: the key of the examples' issuer.
ISSUER = PublicKey.from_jwk(
    {
        "kty": "EC",
        "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }
)


def test_section_4_2_a_disclosure_has_the_digest_that_the_text_gives() -> None:
    claim = disclosure.read("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0")
    assert (claim.name, claim.value) == ("family_name", "M\u00f6bius")
    assert claim.digest == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    element = disclosure.read("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0")
    assert (element.name, element.value) == (None, "FR")
    assert element.digest == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        ("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd", "escaped"),
        ("WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ", "with line breaks"),
    ],
)
def test_section_4_2_1_other_writings_of_the_same_claim_are_read(text: str, contents: str) -> None:
    claim = disclosure.read(text)
    assert (claim.name, claim.value) == ("family_name", "M\u00f6bius"), contents
    assert claim.digest != "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_section_5_1_all_disclosures_give_the_whole_payload() -> None:
    assert sd_jwt.verify(sd_jwt.parse(TEXT), ISSUER) == EXPECTED


def test_section_5_1_the_holders_key_is_read() -> None:
    holder = sd_jwt.holder_key(sd_jwt.verify(sd_jwt.parse(TEXT), ISSUER))
    assert holder is not None
    assert base64url.encode(holder.x) == "TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc"


def test_section_5_2_a_presentation_shows_what_was_chosen() -> None:
    token = sd_jwt.parse(TEXT)
    american = [each for each in token.disclosures if each.name is None and each.value == "US"]
    shown = sd_jwt.present(token, [*token.named("family_name", "given_name", "address"), *american])
    hidden = {"email", "phone_number", "phone_number_verified", "birthdate", "updated_at"}
    expected = {name: value for name, value in EXPECTED.items() if name not in hidden}
    assert sd_jwt.verify(sd_jwt.parse(shown), ISSUER) == {**expected, "nationalities": ["US"]}


def test_section_7_1_nothing_disclosed_leaves_only_what_is_visible() -> None:
    shown = sd_jwt.parse(TEXT.split("~")[0] + "~")
    visible = {name: EXPECTED[name] for name in ("iss", "iat", "exp", "sub", "cnf")}
    assert sd_jwt.verify(shown, ISSUER) == {**visible, "nationalities": []}


def test_an_altered_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        sd_jwt.verify(sd_jwt.parse(TEXT.replace(".MczwjBFGtzf", ".XczwjBFGtzf")), ISSUER)


def test_an_altered_disclosure_is_refused() -> None:
    damaged = sd_jwt.parse(TEXT.replace("IkpvaG4iXQ", "IkpvaW4iXQ").replace("IkRvZSJd", "IkRvYSJd"))
    with pytest.raises(MalformedInput, match="no digest"):
        sd_jwt.verify(damaged, ISSUER)


def test_a_foreign_disclosure_is_refused() -> None:
    foreign = base64url.encode(b'["dummysalt", "foo", "bar"]')
    with pytest.raises(MalformedInput, match="no digest"):
        sd_jwt.verify(sd_jwt.parse(f"{TEXT}{foreign}~"), ISSUER)


def test_a_repeated_disclosure_is_refused() -> None:
    again = sd_jwt.parse(TEXT).disclosures[3].text
    with pytest.raises(MalformedInput, match="twice"):
        sd_jwt.verify(sd_jwt.parse(f"{TEXT}{again}~"), ISSUER)
