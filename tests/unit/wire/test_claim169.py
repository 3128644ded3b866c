from datetime import date

import cbor2
import pytest

from rahdari.wire import base45, claim169, cose
from rahdari.wire.claim169 import (
    Biometric,
    BodyPart,
    Gender,
    Identity,
    MaritalStatus,
    PhotoFormat,
    Profile,
)
from rahdari.wire.claim169.envelope import INFLATED_BYTES_MAX, STRAY_CHARS_MAX
from rahdari.wire.compression import Compression, compress
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.status_list import StatusReference

SIGNER = SoftwareSigner.generate()
PHOTO = bytes(range(256)) * 2
CLAIMS = Claims(
    issuer="https://authority.example", expires=2_000_000_000, issued_at=1_700_000_000,
    status=StatusReference("https://authority.example/status/1", 4711),
)  # fmt: skip
FULL = Identity(
    id="SAMPLE-0001", version="1.2.0", language="eng", full_name="Sample Person One", first_name="Sample",
    middle_name="Person", last_name="One", date_of_birth=date(1984, 2, 29), gender=Gender.FEMALE,
    address="House 1\nSample Town", email="one@sample.example", phone="+92 51 0000000", nationality="PAK",
    marital_status=MaritalStatus.MARRIED, guardian="SAMPLE-0002", photo=PHOTO, photo_format=PhotoFormat.WEBP,
    best_quality_fingers=(1, 2, 6), secondary_full_name="نمونہ شخص ایک", secondary_language="urd",
    location_code="8J5J+X2", legal_status="citizen", country_of_issuance="PAK",
    biometrics={part: (Biometric(b"template-%d" % part, 1, 1, "issuer"),) for part in BodyPart},
    rest={30: "family 1", 45: 12345, 70: b"\x01\x02", 99: True},
)  # fmt: skip


def wrap(claim: object, *, tag: bool = True, alg: int = -7) -> str:
    payload = cbor2.dumps({1: "issuer", 169: claim})
    parts: object = [cbor2.dumps({1: alg}), {}, payload, bytes(64)]
    return base45.encode(cbor2.dumps(cbor2.CBORTag(18, parts) if tag else parts))


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_pass_of_every_kind_comes_back_whole_and_verifies(
    profile: Profile, compression: Compression, algorithm: Algorithm
) -> None:
    signer = SoftwareSigner.generate(algorithm)
    text = claim169.write(signer, CLAIMS, FULL, profile=profile, compression=compression)
    unverified = claim169.read(text)
    assert unverified.identity == FULL
    assert unverified.claims == CLAIMS
    assert unverified.compression is compression
    signer.public.verify(unverified.sign1.signature, unverified.sign1.signing_input())


def test_the_mosip_profile_is_the_dialect_of_mosip() -> None:
    one = Identity(full_name="Sample", biometrics={BodyPart.FACE: (Biometric(PHOTO, 0, 4),)})
    sign1 = claim169.read(claim169.write(SIGNER, CLAIMS, one, profile=Profile.MOSIP)).sign1
    claim = cbor2.loads(sign1.payload)[169]
    assert sign1.tags == (61, 18)
    assert isinstance(claim, bytes)
    assert cbor2.loads(claim) == {4: "Sample", 62: {0: PHOTO, 1: 0, 2: 4}}


def test_the_map_profile_is_the_dialect_of_the_claim169_library() -> None:
    one = Identity(full_name="Sample", biometrics={BodyPart.FACE: (Biometric(PHOTO, 0, 4),)})
    sign1 = claim169.read(claim169.write(SIGNER, CLAIMS, one, profile=Profile.MAP)).sign1
    assert sign1.tags == (18,)
    assert cbor2.loads(sign1.payload)[169] == {4: "Sample", 62: [{0: PHOTO, 1: 0, 2: 4}]}


@pytest.mark.parametrize("profile", Profile)
def test_keys_are_written_in_ascending_order(profile: Profile) -> None:
    value = claim169.read(claim169.write(SIGNER, CLAIMS, FULL, profile=profile)).sign1.payload
    outer = cbor2.loads(value)
    claim = outer[169] if profile is Profile.MAP else cbor2.loads(outer[169])
    assert list(outer) == sorted(outer)
    assert list(claim) == sorted(claim)


def test_several_biometrics_of_one_part_stay_a_list_in_both_profiles() -> None:
    two = Identity(biometrics={BodyPart.FACE: (Biometric(b"a", 0, 1), Biometric(b"b", 0, 4))})
    for profile in Profile:
        assert claim169.decode(claim169.encode(two, profile)) == two


@pytest.mark.parametrize(
    ("claim", "face"),
    [
        ({62: {0: b"f", 1: 0, 2: 4}}, Biometric(b"f", 0, 4)),
        ({62: [{0: b"f", 1: 0, 2: 4, 3: "x"}, {0: b"g"}], 16: b"old"}, Biometric(b"f", 0, 4, "x")),
        ({62: {0: b"f"}}, Biometric(b"f")),
        ({16: b"p", 17: 4}, Biometric(b"p", 0, 4)),
        ({16: b"p"}, Biometric(b"p", 0, None)),
        ({17: 1}, None),
        ({}, None),
    ],
)
def test_the_face_is_found_wherever_a_dialect_puts_it(
    claim: dict[int, object], face: Biometric | None
) -> None:
    for value in (claim, cbor2.dumps(claim)):
        assert claim169.decode(value).face == face


@pytest.mark.parametrize("text", ["19840229", "1984-02-29"])
def test_a_date_of_birth_is_read_in_both_spellings(text: str) -> None:
    assert claim169.decode({8: text}).date_of_birth == date(1984, 2, 29)


@pytest.mark.parametrize(
    "wrong",
    ["19830229", "1983-02-29", "840229", "1984/02/29", "1984-0229", "198402-29", "1984022", "00000101", "1984W101",
     "19841301",
     "\u0661\u0669\u0668\u0664\u0660\u0662\u0662\u0669", "+1984022", "1984 229", "", 19840229, b"19840229", None],
)  # fmt: skip
def test_a_date_of_birth_that_the_calendar_does_not_have_is_refused(wrong: object) -> None:
    with pytest.raises(MalformedInput, match="key 8") as caught:
        claim169.decode({8: wrong})
    assert "1984" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "gender"),
    [(1, Gender.MALE), (2, Gender.FEMALE), (3, Gender.OTHER), ("M", Gender.MALE), ("female", Gender.FEMALE),
     (" Others ", Gender.OTHER), ("2", Gender.FEMALE)],
)  # fmt: skip
def test_a_gender_is_read_as_number_or_word(value: object, gender: Gender) -> None:
    assert claim169.decode({9: value}).gender is gender


def test_a_gender_or_photo_format_beyond_the_table_is_kept_and_not_guessed() -> None:
    identity = claim169.decode({9: "عورت", 17: 9})
    assert (identity.gender, identity.photo_format) == (None, None)
    assert dict(identity.rest) == {9: "عورت", 17: 9}
    assert claim169.decode(claim169.encode(identity, Profile.MAP)) == identity


@pytest.mark.parametrize(
    "claim",
    [
        {1: 5}, {2: 1.0}, {3: None}, {4: b"bytes"}, {10: ["a"]}, {12: 92}, {9: 0}, {9: 4}, {9: True}, {9: 1.0},
        {14: 0}, {14: 4}, {14: "1"}, {16: "photo"}, {16: None}, {17: "webp"}, {17: -1}, {17: True}, {18: 1},
        {18: [11]}, {18: [-1]}, {18: ["1"]}, {18: [1] * 11}, {18: [True]}, {62: b"face"}, {62: []}, {62: {}},
        {62: {0: "text"}}, {62: {1: 0}}, {62: [{0: b"f"}] * 17}, {62: [[{0: b"f"}]]}, {62: {0: b"f", 1: "0"}},
        {62: {0: b"f", 1: -1}}, {62: {0: b"f", 2: 256}}, {62: {0: b"f", 2: True}}, {62: {0: b"f", 3: 1}},
        {62: {False: b"f"}}, {62: None}, {50: "x"}, {"1": "text key"}, {1.0: "x"}, {True: "x"}, {None: 1},
        dict.fromkeys(range(200, 329), 0),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_refused_in_both_dialects(claim: dict[object, object]) -> None:
    for value in (claim, cbor2.dumps(claim)):
        with pytest.raises(MalformedInput):
            claim169.decode(value)
    with pytest.raises(MalformedInput):
        claim169.read(wrap(claim))


@pytest.mark.parametrize("value", ["text", 5, None, [], b"", b"\x80", b"\xa0\x00", b"\xff"])
def test_a_claim_that_is_no_map_is_refused(value: object) -> None:
    with pytest.raises(MalformedInput):
        claim169.decode(value)


def test_what_is_kept_unread_cannot_be_changed() -> None:
    identity = claim169.decode({70: [1, {2: [3]}]})
    assert identity.rest[70] == (1, {2: (3,)})
    with pytest.raises(TypeError):
        identity.rest[71] = 1  # type: ignore[index]


def test_an_untagged_message_is_read_too() -> None:
    assert claim169.read(wrap({4: "Sample"}, tag=False)).sign1.tags == ()


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "\t{}", "\n\n{}\t"])
def test_line_ends_and_tabs_around_a_text_are_no_part_of_it(around: str) -> None:
    text = claim169.write(SIGNER, CLAIMS, FULL)
    assert claim169.read(around.format(text)).identity == FULL


def test_a_space_is_a_letter_of_base45_and_never_dropped() -> None:
    text = wrap({4: "Sample"})
    assert len(text) % 3 != 1
    with pytest.raises(MalformedInput):
        claim169.read(text + " ")
    with pytest.raises(MalformedInput):
        claim169.read(text[:20] + "\n" + text[20:])


def test_ten_megabytes_of_text_are_refused_at_once() -> None:
    with pytest.raises(TooLarge, match="10000000 characters"):
        claim169.read("\n" * 10_000_000)
    with pytest.raises(TooLarge):
        claim169.read("0" * (claim169.TEXT_CHARS_MAX + 1))
    with pytest.raises(MalformedInput) as caught:  # only the strays make it too long
        claim169.read("0" * claim169.TEXT_CHARS_MAX + "\n" * STRAY_CHARS_MAX)
    assert not isinstance(caught.value, TooLarge)


@pytest.mark.parametrize("kind", [Compression.ZLIB, Compression.BROTLI])
def test_an_inflation_bomb_is_refused(kind: Compression) -> None:
    bomb = base45.encode(compress(bytes(INFLATED_BYTES_MAX + 1), kind))
    with pytest.raises(TooLarge):
        claim169.read(bomb)


def test_deep_cbor_is_refused() -> None:
    deep: object = b"x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(MalformedInput, match="nesting"):
        claim169.read(wrap({70: deep}))


def test_an_eu_health_certificate_is_told_from_a_pass() -> None:
    with pytest.raises(MalformedInput, match="HC1:"):
        claim169.read("HC1:6BFOXN")


def test_a_token_without_claim_169_is_refused() -> None:
    text = base45.encode(cose.sign(SIGNER, cbor2.dumps({1: "issuer", 4: 5})))
    with pytest.raises(MalformedInput, match="without claim 169"):
        claim169.read(text)


def test_an_encrypted_pass_is_refused_by_name() -> None:
    encrypted = cbor2.dumps(cbor2.CBORTag(16, [b"\xa1\x01\x03", {5: bytes(12)}, b"ciphertext"]))
    for kind in Compression:
        with pytest.raises(MalformedInput, match="encrypted"):
            claim169.read(base45.encode(compress(encrypted, kind)))


def test_another_algorithm_is_refused() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        claim169.read(wrap({4: "Sample"}, alg=-37))


@pytest.mark.parametrize("text", ["", "0", " ", "\n", "hello", "6BF", "https://authority.example/", "ب" * 20])
def test_what_is_no_pass_at_all_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        claim169.read(text)


def test_a_truncated_text_is_refused_wherever_it_is_cut() -> None:
    text = claim169.write(SIGNER, CLAIMS, Identity(full_name="Sample"))
    for end in range(len(text)):
        with pytest.raises(MalformedInput):
            claim169.read(text[:end])


@pytest.mark.parametrize("compression", Compression)
def test_no_single_changed_character_goes_unnoticed(compression: Compression) -> None:
    """Either the reader refuses it, or the signature does, or the signed content is what it was."""
    text = claim169.write(SIGNER, CLAIMS, Identity(full_name="Sample"), compression=compression)
    before = claim169.read(text)
    for at, letter in enumerate(text):
        changed = text[:at] + base45.ALPHABET[(base45.ALPHABET.index(letter) + 1) % 45] + text[at + 1 :]
        try:
            after = claim169.read(changed)
            SIGNER.public.verify(after.sign1.signature, after.sign1.signing_input())
        except (MalformedInput, UnsupportedAlgorithm, BadSignature):
            continue
        assert (after.identity, after.claims) == (before.identity, before.claims)


def test_a_pass_that_no_qr_code_holds_is_not_written() -> None:
    big = Identity(biometrics={BodyPart.FACE: (Biometric(bytes(i * i % 251 for i in range(3000)), 0, 4),)})
    with pytest.raises(TooLarge, match="smaller photo"):
        claim169.write(SIGNER, CLAIMS, big, compression=Compression.NONE)


def test_a_named_key_in_rest_is_our_own_fault() -> None:
    with pytest.raises(AssertionError):
        claim169.encode(Identity(rest={4: "Sample"}), Profile.MAP)


def test_a_person_never_reaches_a_log_by_repr() -> None:
    assert repr(FULL) == "Identity()"
    assert "template" not in repr(FULL.biometrics)


def test_the_named_parts_are_those_of_the_table() -> None:
    assert [int(part) for part in BodyPart] == list(range(50, 66))
