"""A consent as a JWS: read strictly, believed only by its issuer's key."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from rahdari.wire import jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.consent_token import TEXT_CHARS_MAX, TYP, decode, sign
from rahdari.wire.ndel.consents import Consent, StatusPlace, Subject, subject_digest
from rahdari.wire.xroad import MemberId, ServiceId, SubsystemId

ISSUER = SoftwareSigner.generate(Algorithm.EDDSA)
SALT = bytes(range(16))
CONSENT = Consent(
    id="c-1",
    issuer=MemberId("PK", "GOV", "1001"),
    subject=Subject(SALT, subject_digest(SALT, "352021")),
    consumer=SubsystemId("PK", "COM", "2002", "loans"),
    services=(ServiceId("PK", "GOV", "1001", "registry", "person-status"),),
    purposes=frozenset({"lending", "kyc"}),
    data_classes=frozenset({"status"}),
    issued_at=1_800_000_000,
    not_before=1_800_000_000,
    expires=1_800_086_400,
    status=StatusPlace("https://id.example/consents/0", 7),
)


def payload(**changes: object) -> dict[str, object]:
    plain = jws.decode(sign(ISSUER, CONSENT)).payload_object()
    plain |= changes
    return {name: value for name, value in plain.items() if value is not ...}


def token(plain: dict[str, object], typ: str = TYP) -> str:
    return jws.sign(ISSUER, {"typ": typ}, strict_json.encode(plain))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_consent_is_read_again_as_it_was_signed(algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm)
    text = sign(signer, CONSENT)
    signed = decode(text)
    assert signed.verify_with([ISSUER.public, signer.public]) == CONSENT
    assert signed.digest == sha256(text.encode()).digest()


def test_a_members_consent_may_cover_its_subsystems() -> None:
    wide = replace(CONSENT, consumer=MemberId("PK", "COM", "2002"), covers_subsystems=True)
    assert decode(sign(ISSUER, wide)).unverified == wide
    assert decode(sign(ISSUER, replace(wide, covers_subsystems=False))).unverified.covers_subsystems is False


def test_only_its_issuers_key_makes_it_a_consent() -> None:
    with pytest.raises(BadSignature):
        decode(sign(ISSUER, CONSENT)).verify_with([SoftwareSigner.generate(Algorithm.EDDSA).public])
    with pytest.raises(BadSignature):
        decode(sign(ISSUER, CONSENT)).verify_with([])


def test_whatever_is_altered_is_refused() -> None:
    text = sign(ISSUER, CONSENT)
    for at in range(0, len(text), 7):
        altered = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises((MalformedInput, BadSignature, UnsupportedAlgorithm)):
            decode(altered).verify_with([ISSUER.public])


@pytest.mark.parametrize(
    "changes",
    [
        {"ver": 2},
        {"ver": True},
        {"jti": ...},
        {"jti": ""},
        {"jti": "x" * 65},
        {"jti": "a\nb"},
        {"more": 1},
        {"iss": "PK/GOV/1001/registry"},
        {"iss": "PK"},
        {"sub": "352021"},
        {"sub": ["AAAA", "AAAA"]},
        {"cli": "PK"},
        {"cli": 7},
        {"sub_all": True},
        {"sub_all": False, "cli": "PK/COM/2002"},
        {"svc": []},
        {"svc": ["PK/GOV/1001/registry/a"] * 2},
        {"svc": [f"PK/GOV/1001/r/{number}" for number in range(17)]},
        {"prp": []},
        {"prp": ["a", "a"]},
        {"cls": [7]},
        {"iat": 1.5},
        {"nbf": -1},
        {"exp": 1_800_000_000},
        {"exp": 253_402_300_800},
        {"status": {}},
        {"status": {"status_list": {"idx": -1, "uri": "https://id.example"}}},
        {"status": {"status_list": {"idx": 1, "uri": "nothing"}}},
        {"status": {"status_list": {"idx": 1, "uri": "https://id.example"}, "other": 1}},
    ],
)
def test_claims_that_are_not_what_they_must_be_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        decode(token(payload(**changes)))


def test_a_consent_without_data_classes_is_one() -> None:
    bare = replace(CONSENT, data_classes=frozenset())
    assert decode(sign(ISSUER, bare)).unverified == bare


def test_no_token_of_another_sort_is_a_consent() -> None:
    with pytest.raises(MalformedInput):
        decode(token(payload(), typ="ndel-configuration+jwt"))


def test_it_fits_into_a_header_field_or_is_refused() -> None:
    with pytest.raises(TooLarge):
        decode("a" * (TEXT_CHARS_MAX + 1))
    many = tuple(ServiceId("PK", "GOV", "1001", "registry", "s" * 100 + str(at)) for at in range(14))
    with pytest.raises(TooLarge):
        sign(ISSUER, replace(CONSENT, services=many))
    assert len(sign(ISSUER, CONSENT)) < 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"services": CONSENT.services * 2},
        {"id": ""},
        {"expires": CONSENT.issued_at},
        {"covers_subsystems": True},
        {"subject": Subject(b"short", bytes(32))},
    ],
)
def test_what_nobody_would_read_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        sign(ISSUER, replace(CONSENT, **changes))


def test_nothing_of_the_person_shows_in_a_repr() -> None:
    assert subject_digest(SALT, "352021").hex() not in repr(CONSENT)
    assert str(SALT) not in repr(CONSENT)
