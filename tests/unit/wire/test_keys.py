import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner

# RFC 8037, appendix A.1 and A.3: a key pair and its thumbprint.
RFC8037 = {
    "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}  # fmt: skip
RFC8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
# RFC 7515, appendix A.3.1: a P-256 key pair.
RFC7515 = {
    "kty": "EC", "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}  # fmt: skip
BOTH = pytest.mark.parametrize("algorithm", Algorithm)


def public(jwk: dict[str, str], **changed: str) -> dict[str, str]:
    return {name: value for name, value in {**jwk, **changed}.items() if name != "d"}


def test_the_thumbprint_of_the_standard_holds_and_the_kid_is_its_beginning() -> None:
    key = PublicKey.from_jwk(public(RFC8037))
    thumbprint = base64.urlsafe_b64decode(RFC8037_THUMBPRINT + "=")
    assert key.thumbprint() == thumbprint
    assert key.kid == thumbprint[:8]


def test_the_signature_of_rfc_8037_is_made_and_verified() -> None:
    signer = SoftwareSigner.from_private_jwk(RFC8037)
    message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"  # appendix A.4
    signature = base64.urlsafe_b64decode(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg=="
    )
    assert signer.sign(message) == signature
    signer.public.verify(signature, message)


def test_the_signature_of_rfc_7515_verifies() -> None:
    message = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        b"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = base64.urlsafe_b64decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q=="
    )
    PublicKey.from_jwk(public(RFC7515)).verify(signature, message)


@BOTH
def test_a_key_survives_the_journey_through_its_jwk(algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm)
    again = SoftwareSigner.from_private_jwk(signer.as_private_jwk())
    assert PublicKey.from_jwk(signer.public.as_jwk()) == signer.public == again.public
    signer.public.verify(again.sign(b"message"), b"message")
    assert signer.public.as_jwk()["alg"] == algorithm
    assert "d" not in signer.public.as_jwk()
    assert len(signer.public.kid) == 8


@BOTH
def test_every_damage_to_signature_or_message_is_noticed(algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm)
    signature = signer.sign(b"message")
    signer.public.verify(signature, b"message")
    for at in range(64):
        damaged = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        with pytest.raises(BadSignature):
            signer.public.verify(damaged, b"message")
    # A zero byte before s leaves the number as it was: only the length gives it away.
    padded = signature[:32] + b"\0" + signature[32:]
    for wrong in (b"", signature[:63], signature + b"\0", padded, bytes(64), b"\xff" * 64):
        with pytest.raises(BadSignature):
            signer.public.verify(wrong, b"message")
    with pytest.raises(BadSignature):
        signer.public.verify(signature, b"massage")
    with pytest.raises(BadSignature):
        SoftwareSigner.generate(algorithm).public.verify(signature, b"message")


def test_numbers_with_leading_zeros_are_written_and_read_at_their_full_length() -> None:
    """One signature in 128 has a number with a leading zero byte; a thousand make sure of meeting several."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = SoftwareSigner(key)
    short = 0
    for number in range(1000):
        message = number.to_bytes(4, "big")
        signature = signer.sign(message)
        assert len(signature) == 64
        short += signature[0] == 0 or signature[32] == 0
        signer.public.verify(signature, message)
    assert short


def test_r_and_s_are_those_of_the_library() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.sign(b"m", ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    PublicKey.from_cryptography(key.public_key()).verify(r.to_bytes(32, "big") + s.to_bytes(32, "big"), b"m")


@pytest.mark.parametrize(
    "jwk",
    [
        RFC7515,  # a private key
        RFC8037,
        public(RFC7515, y=RFC7515["x"]),  # not on the curve
        public(RFC7515, x="A" * 43),
        public(RFC7515, x=RFC7515["x"] + "="),
        public(RFC7515, x=RFC7515["x"][:-1] + "V"),  # the unused bits of the last letter are not zero
        public(RFC7515, x=RFC7515["x"][:-1]),
        public(RFC7515, x="+" + RFC7515["x"][1:]),
        public(RFC7515, x=""),
        {"kty": "EC", "crv": "P-256", "x": RFC7515["x"]},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": None},
        {"kty": "OKP", "crv": "Ed25519", "x": "A"},
    ],
)
def test_a_jwk_that_is_no_public_key_is_refused(jwk: dict[str, object]) -> None:
    with pytest.raises(MalformedInput):
        PublicKey.from_jwk(jwk)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "P-384"},
        {"kty": ["EC"], "crv": "P-256"},
        {"kty": "OKP", "crv": "X25519", "x": RFC8037["x"]},
        public(RFC7515, alg="EdDSA"),  # the algorithm of another key type
        public(RFC8037, alg="ES256"),
        public(RFC7515, use="enc"),
    ],
)
def test_a_key_of_another_type_algorithm_or_use_is_refused(jwk: dict[str, object]) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        PublicKey.from_jwk(jwk)


@pytest.mark.parametrize(
    "changed", [{"d": "A" * 43}, {"d": "_" * 42 + "8"}, {"d": ""}, {"x": "A" * 43}, {"d": RFC8037["d"]}]
)
def test_a_private_jwk_whose_halves_do_not_belong_together_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(MalformedInput):
        SoftwareSigner.from_private_jwk({**RFC7515, **changed})


def test_other_curves_are_refused() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        PublicKey.from_cryptography(ec.generate_private_key(ec.SECP384R1()).public_key())


@BOTH
def test_a_signer_never_shows_its_key(algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm)
    assert signer.as_private_jwk()["d"] not in repr(signer)
    assert "kid" in repr(signer)


def test_a_coordinate_of_another_length_is_refused() -> None:
    with pytest.raises(MalformedInput):
        PublicKey(Algorithm.EDDSA, bytes(32), bytes(32))
    with pytest.raises(MalformedInput):
        PublicKey(Algorithm.ES256, bytes(31), bytes(32))
