"""The vectors of the claim-169 project and the worked example of the specification give the expected answers."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import cbor2
import pytest

from rahdari.wire import base45, claim169
from rahdari.wire.claim169 import Biometric, BodyPart, Identity, UnverifiedPass
from rahdari.wire.compression import Compression, compress
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import Algorithm, PublicKey

VALID = (
    "claim169-example", "demographics-full", "ecdsa-p256-signed", "ed25519-signed", "minimal", "refugee-identity",
    "with-all-biometrics", "with-face", "with-fingerprints",
)  # fmt: skip
EDGE = ("expired", "not-yet-valid", "unknown-fields")  # well formed; time is judged when a pass is verified
INVALID = {
    "bad-base45": "Base45 alphabet",
    "bad-zlib": "zlib",
    "missing-169": "without claim 169",
    "not-cose": "not a COSE_Sign1",
}
ENCRYPTED = ("encrypted-aes256", "encrypted-signed")
SIGNED = ("ecdsa-p256-signed", "ed25519-signed")
# The names of the published vectors for our fields, where they are not the same in another spelling.
NAMES = {
    "id": "id", "version": "version", "language": "language", "fullName": "full_name", "firstName": "first_name",
    "middleName": "middle_name", "lastName": "last_name", "address": "address", "email": "email",
    "phone": "phone", "nationality": "nationality", "guardian": "guardian", "gender": "gender",
    "maritalStatus": "marital_status", "photoFormat": "photo_format", "secondaryFullName": "secondary_full_name",
    "secondaryLanguage": "secondary_language", "locationCode": "location_code", "legalStatus": "legal_status",
    "countryOfIssuance": "country_of_issuance",
}  # fmt: skip
# "with-face" prints FF FD FE E0 00 10, but its code carries FF D8 FF E0 00 10, how a JPEG begins.
ERRATA = {"//3+4AAQ"}
PARTS = {
    "face": BodyPart.FACE,
    "rightThumb": BodyPart.RIGHT_THUMB,
    "rightPointerFinger": BodyPart.RIGHT_POINTER_FINGER,
}


def load(shared_folder: Path, name: str) -> dict[str, object]:
    (file,) = (shared_folder / "vectors/claim169/test-vectors").glob(f"*/{name}.json")
    vector = json.loads(file.read_text("utf-8"))
    assert isinstance(vector, dict)
    return vector


def said(identity: Identity) -> Iterator[tuple[str, object]]:
    for name, field in NAMES.items():
        if (value := getattr(identity, field)) is not None:
            yield name, value
    if identity.date_of_birth:
        yield "dateOfBirth", identity.date_of_birth.strftime("%Y%m%d")
    if identity.best_quality_fingers:
        yield "bestQualityFingers", list(identity.best_quality_fingers)


def check_identity(identity: Identity, expected: Mapping[str, object]) -> None:
    wanted = {name: value for name, value in expected.items() if name not in PARTS}
    if "dateOfBirth" in wanted:
        wanted["dateOfBirth"] = str(wanted["dateOfBirth"]).replace("-", "")
    assert dict(said(identity)) == wanted
    for name in PARTS.keys() & expected.keys():
        entries = expected[name]
        assert isinstance(entries, list)
        check_biometrics(identity.biometrics[PARTS[name]], entries)


def check_biometrics(found: tuple[Biometric, ...], wanted: list[dict[str, object]]) -> None:
    assert len(found) == len(wanted)
    for one, entry in zip(found, wanted, strict=True):
        assert (one.format, one.subformat) == (entry["format"], entry["subFormat"])
        # The worked example leaves the bytes of the photo out.
        if "data" in entry and entry["data"] not in ERRATA:
            assert one.data == base64.b64decode(str(entry["data"]))


def check_claims(claims: Claims, expected: object) -> None:
    found = {
        "issuer": claims.issuer, "subject": claims.subject, "expiresAt": claims.expires,
        "notBefore": claims.not_before, "issuedAt": claims.issued_at,
    }  # fmt: skip
    assert {name: value for name, value in found.items() if value is not None} == expected


def read(shared_folder: Path, name: str) -> tuple[UnverifiedPass, dict[str, object]]:
    vector = load(shared_folder, name)
    return claim169.read(str(vector["qr_data"])), vector


def test_every_published_vector_has_a_test(shared_folder: Path) -> None:
    published = {file.stem for file in (shared_folder / "vectors/claim169/test-vectors").glob("*/*.json")}
    assert published == {*VALID, *EDGE, *INVALID, *ENCRYPTED}


@pytest.mark.parametrize("name", [*VALID, *EDGE])
def test_a_well_formed_vector_says_what_is_expected(shared_folder: Path, name: str) -> None:
    unverified, vector = read(shared_folder, name)
    expected = vector["expected_claim169"]
    assert isinstance(expected, dict)
    check_identity(unverified.identity, expected)
    check_claims(unverified.claims, vector["expected_cwt_meta"])
    assert unverified.sign1.tags == (18,)
    assert unverified.compression is Compression.ZLIB


def test_unknown_keys_are_kept(shared_folder: Path) -> None:
    unverified, _ = read(shared_folder, "unknown-fields")
    assert dict(unverified.identity.rest) == {
        30: "reserved field 30",
        45: 12345,
        70: b"\x01\x02\x03",
        99: True,
    }


def test_all_biometrics_are_read(shared_folder: Path) -> None:
    unverified, _ = read(shared_folder, "with-all-biometrics")
    assert set(unverified.identity.biometrics) == set(BodyPart) - {63, 64, 65}
    assert unverified.identity.biometrics[BodyPart.LEFT_IRIS] == (Biometric(b"IRIS\x01", 2, 0),)


def test_the_face_whose_print_is_wrong_is_the_beginning_of_a_jpeg(shared_folder: Path) -> None:
    unverified, _ = read(shared_folder, "with-face")
    assert unverified.identity.face == Biometric(bytes.fromhex("ffd8ffe00010"), 0, 1)


def test_the_photo_of_keys_16_and_17_is_the_face(shared_folder: Path) -> None:
    unverified, _ = read(shared_folder, "refugee-identity")
    face = unverified.identity.face
    assert face is not None
    assert face.data[:4] == b"RIFF"
    assert (face.format, face.subformat) == (0, 4)


def key_of(vector: dict[str, object]) -> PublicKey:
    named = vector["signing_key"]
    assert isinstance(named, dict)
    raw = bytes.fromhex(named["public_key_hex"])
    if named["algorithm"] == "EdDSA":
        return PublicKey(Algorithm.EDDSA, raw)
    return PublicKey(Algorithm.ES256, raw[1:33], raw[33:])


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_vector_verifies_with_its_key_and_with_no_other(shared_folder: Path, name: str) -> None:
    unverified, vector = read(shared_folder, name)
    other = next(one for one in SIGNED if one != name)
    sign1 = unverified.sign1
    key_of(vector).verify(sign1.signature, sign1.signing_input())
    with pytest.raises(BadSignature):
        key_of(load(shared_folder, other)).verify(sign1.signature, sign1.signing_input())
    with pytest.raises(BadSignature):
        key_of(vector).verify(sign1.signature, sign1.signing_input() + b"\0")


@pytest.mark.parametrize("name", sorted({*VALID, *EDGE} - {*SIGNED}))
def test_an_unsigned_vector_never_verifies(shared_folder: Path, name: str) -> None:
    unverified, _ = read(shared_folder, name)
    assert unverified.sign1.signature == b""
    with pytest.raises(BadSignature):
        key_of(load(shared_folder, "ed25519-signed")).verify(b"", unverified.sign1.signing_input())


@pytest.mark.parametrize(("name", "says"), INVALID.items())
def test_an_invalid_vector_is_refused_for_its_reason(shared_folder: Path, name: str, says: str) -> None:
    with pytest.raises(MalformedInput, match=says):
        read(shared_folder, name)


@pytest.mark.parametrize("name", ENCRYPTED)
def test_an_encrypted_vector_is_refused_by_name(shared_folder: Path, name: str) -> None:
    with pytest.raises(MalformedInput, match="encrypted"):
        read(shared_folder, name)


@pytest.mark.parametrize("compression", Compression)
def test_the_worked_example_of_the_specification_is_read(
    shared_folder: Path, compression: Compression
) -> None:
    """Dialect A: tags 61(18()), claim 169 as a byte string, the face as a single map. Its key is not published."""
    example = json.loads(
        (shared_folder / "vectors/claim169-spec-1.2.0/worked_example.json").read_text("utf-8")
    )
    parts = [
        bytes.fromhex(example["protected"]), {4: bytes.fromhex(example["unprotected_kid"])},
        bytes.fromhex(example["payload"]), bytes.fromhex(example["signature"]),
    ]  # fmt: skip
    message = cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, parts)))
    unverified = claim169.read(base45.encode(compress(message, compression)))
    assert (unverified.sign1.tags, unverified.sign1.kid) == ((61, 18), b"k-1101")
    check_claims(
        unverified.claims,
        {"issuer": "www.mosip.io", "expiresAt": 1787912445, "notBefore": 1756376445, "issuedAt": 1756376445},
    )
    identity = unverified.identity
    assert (identity.id, identity.gender, identity.country_of_issuance) == ("3918592438", 1, None)
    assert identity.face is not None
    assert identity.face.data[8:12] == b"WEBP"
    assert (identity.face.format, identity.face.subformat) == (0, 4)
