"""The first feature: a QR code that carries MOSIP Claim 169 in a CWT."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from rahdari.credentials.values.cards import ProductRef, StatusPlace
from rahdari.credentials.values.holders import Gender
from rahdari.credentials.values.passes import Attributes, PassContent, Terms, UnverifiedPass
from rahdari.credentials.values.products import FeatureSpec
from rahdari.credentials.values.text import LocalText, local_text, no_text
from rahdari.kernel import Chance
from rahdari.wire import claim169
from rahdari.wire.claim169 import Biometric, BiometricFormat, BodyPart, Identity, ImageFormat, Profile
from rahdari.wire.compression import Compression
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.status_list import StatusReference

KIND = "qr"
# Claim 169 counts languages in ISO 639-3, cards and pages in ISO 639-1.
_THREE = MappingProxyType({"en": "eng", "ur": "urd", "zh": "zho"})
_TWO = MappingProxyType({three: two for two, three in _THREE.items()})
_GENDERS = MappingProxyType(
    {
        Gender.MALE: claim169.Gender.MALE,
        Gender.FEMALE: claim169.Gender.FEMALE,
        Gender.OTHER: claim169.Gender.OTHER,
    },
)
_GENDERS_READ = MappingProxyType({number: gender for gender, number in _GENDERS.items()})
# Keys 75 to 99 "may be used in closed ecosystems by mutual agreement" (Claim 169, 1.2.0); see docs/standards.
_PRODUCT, _FAMILY, _MARKS, _GUARDIAN_2, _ADDRESS_2, _STAY, _PASSPORT = 75, 76, 77, 78, 79, 80, 81
_PRODUCT_SHAPE = re.compile(r"([a-z][a-z0-9-]{0,31})/([0-9]{1,6})")
MARKS_MAX = 16
_ALPHANUMERIC = re.compile(r"[\r\n\t]{0,16}[0-9A-Z $%*+\-./:]{3}")


class QrFeature:
    """Claim 169 in a CWT in a COSE_Sign1, compressed, in Base45; the picture is drawn by ``wire.qr``."""

    kind = KIND
    file_suffix = ".txt"

    def encode(self, content: PassContent, spec: FeatureSpec, signer: Signer, _chance: Chance) -> bytes:
        """Sign the claims that ``spec`` names and write the text of the QR code (ASCII).

        Settings: ``profile`` (mosip, map), ``compression`` (zlib, brotli, none), ``claims``.

        Raises:
            TooLarge: no QR code holds it; take a smaller photo profile.
        """
        identity = _identity(content.attributes, spec, content.terms.product)
        profile = Profile(str(spec.settings.get("profile", "mosip")))
        compression = Compression(str(spec.settings.get("compression", "zlib")))
        text = claim169.write(
            signer, _claims(content.terms), identity, profile=profile, compression=compression
        )
        return text.encode("ascii")

    def recognises(self, raw: str) -> bool:
        """Tell whether ``raw`` begins in the QR alphanumeric alphabet, which is Base45's (RFC 9285, 4.2).

        The beginning is enough to part it from other features; the reader refuses a wrong letter behind it.
        """
        return _ALPHANUMERIC.match(raw) is not None

    def read(self, raw: str) -> UnverifiedPass:
        """Read any dialect of Claim 169. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
        read = _read(raw)
        sign1 = read.sign1
        return _make_pass(
            feature=KIND,
            algorithm=sign1.algorithm,
            kid=sign1.kid,
            content=_make_content(_terms(read.claims, read.identity), _attributes(read.identity)),
            check_signature=_make_check(sign1.signature, sign1.signing_input()),
        )


def _read(raw: str) -> claim169.UnverifiedPass:
    """Read ``raw`` as it stands; spaces around it may be Base45's own, or may have been copied along."""
    try:
        return claim169.read(raw)
    except MalformedInput:
        bare = raw.strip(" \r\n\t")
        if bare == raw:
            raise
        return claim169.read(bare)


@dataclass(frozen=True, slots=True)
class _SignatureCheck:
    signature: bytes
    signing_input: bytes

    def __call__(self, key: PublicKey) -> None:
        key.verify(self.signature, self.signing_input)


def _claims(terms: Terms) -> Claims:
    place = terms.place
    return Claims(
        issuer=terms.issuer,
        issued_at=_seconds(terms.issued_at),
        not_before=_seconds(terms.not_before),
        expires=_seconds(terms.expires),
        status=StatusReference(place.uri, place.index) if place else None,
    )


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


@lru_cache(maxsize=64)
def _known(claims: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the names of attributes; a product file may name others that another feature knows."""
    return tuple(name for name in claims if name in Attributes.__slots__)


def _identity(attributes: Attributes, spec: FeatureSpec, product: ProductRef | None) -> Identity:
    """Take over the attributes that the product names, each to its key of the table or of ours."""
    said: dict[str, Any] = {}
    rest: dict[int, object] = {} if product is None else {_PRODUCT: str(product)}
    for name in _known(tuple(spec.settings.get("claims", ()))):
        value = getattr(attributes, name)
        if not value:
            continue
        if name in _PLAIN:
            said[_PLAIN[name]] = value
        elif name in _OURS:
            rest[_OURS[name]] = value
        else:
            _WRITERS[name](value, said, rest)
    return _make_identity(**said, rest=rest)


def _write_name(name: LocalText, said: dict[str, Any], _: dict[int, object]) -> None:
    for language, text in name.items():
        if language == "en":
            said["language"], said["full_name"] = _THREE[language], text
        else:
            said["secondary_language"], said["secondary_full_name"] = _THREE.get(language, language), text


def _write_guardian(guardian: LocalText, said: dict[str, Any], rest: dict[int, object]) -> None:
    _write_pair(guardian, "guardian", _GUARDIAN_2, said, rest)


def _write_address(address: LocalText, said: dict[str, Any], rest: dict[int, object]) -> None:
    _write_pair(address, "address", _ADDRESS_2, said, rest)


def _write_pair(text: LocalText, field: str, key: int, said: dict[str, Any], rest: dict[int, object]) -> None:
    """The English text to its field, the one in the card's second language to a key of ours."""
    for language, words in text.items():
        if language == "en":
            said[field] = words
        else:
            rest[key] = words


def _write_gender(gender: Gender, said: dict[str, Any], _: dict[int, object]) -> None:
    said["gender"] = _GENDERS[gender]


def _write_photo(photo: bytes, said: dict[str, Any], _: dict[int, object]) -> None:
    face = Biometric(photo, BiometricFormat.IMAGE, ImageFormat.WEBP)
    said["biometrics"] = {BodyPart.FACE: (face,)}


def _write_marks(marks: tuple[str, ...], _: dict[str, Any], rest: dict[int, object]) -> None:
    rest[_MARKS] = list(marks)


# Attributes that are one text and one key: of the table, or of those it leaves to us.
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "number": "id",
        "date_of_birth": "date_of_birth",
        "nationality": "nationality",
        "region": "location_code",
        "country_of_issuance": "country_of_issuance",
    },
)
_OURS: Mapping[str, int] = MappingProxyType(
    {"family_number": _FAMILY, "country_of_stay": _STAY, "passport_number": _PASSPORT},
)
_WRITERS: Mapping[str, Callable[[Any, dict[str, Any], dict[int, object]], None]] = MappingProxyType(
    {
        "name": _write_name,
        "guardian": _write_guardian,
        "address": _write_address,
        "gender": _write_gender,
        "photo": _write_photo,
        "marks": _write_marks,
    },
)
_make_identity = quick(Identity)
_make_attributes = quick(Attributes)
_make_terms = quick(Terms)
_make_place = quick(StatusPlace)
_make_content = quick(PassContent)
_make_pass = quick(UnverifiedPass)
_make_check = quick(_SignatureCheck)


def _terms(claims: Claims, identity: Identity) -> Terms:
    status = claims.status
    return _make_terms(
        issuer=claims.issuer,
        product=_product(identity.rest.get(_PRODUCT)),
        issued_at=_time(claims.issued_at),
        not_before=_time(claims.not_before),
        expires=_time(claims.expires),
        place=_make_place(status.uri, status.index) if status else None,
    )


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _product(value: object) -> ProductRef | None:
    if value is None:
        return None
    product = _product_of(value) if isinstance(value, str) else None
    if product is None:
        raise MalformedInput("key 75 of claim 169 names no product (as in nic/1)")
    return product


# An authority has a handful of products; a verifier sees the same ones all day.
@lru_cache(maxsize=256)
def _product_of(text: str) -> ProductRef | None:
    found = _PRODUCT_SHAPE.fullmatch(text)
    return ProductRef(found[1], int(found[2])) if found else None


def _attributes(identity: Identity) -> Attributes:
    rest, face = identity.rest, identity.face
    second = _TWO.get(identity.secondary_language or "", "ur") if identity.secondary_language else "ur"
    return _make_attributes(
        number=identity.id,
        name=_texts(identity.full_name, identity.secondary_full_name, second),
        date_of_birth=identity.date_of_birth,
        gender=None if identity.gender is None else _GENDERS_READ[identity.gender],
        guardian=_texts(identity.guardian, _text(rest, _GUARDIAN_2), second),
        address=_texts(identity.address, _text(rest, _ADDRESS_2), second),
        nationality=identity.nationality,
        region=identity.location_code,
        country_of_issuance=identity.country_of_issuance,
        family_number=_text(rest, _FAMILY),
        country_of_stay=_text(rest, _STAY),
        passport_number=_text(rest, _PASSPORT),
        marks=_marks(rest.get(_MARKS)),
        photo=face.data if face else None,
    )


def _texts(first: str | None, other: str | None, language: str) -> LocalText:
    if first is None and other is None:
        return no_text()
    if first is None or other is None:
        return local_text(**{"en": first, language: other})
    return MappingProxyType({"en": first, language: other})


def _text(rest: Mapping[int, object], key: int) -> str | None:
    value = rest.get(key)
    if value is not None and not isinstance(value, str):
        raise MalformedInput(f"key {key} of claim 169 is not text")
    return value


def _marks(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if (
        not isinstance(value, list | tuple)
        or len(value) > MARKS_MAX
        or not all(isinstance(one, str) for one in value)
    ):
        raise MalformedInput(f"key {_MARKS} of claim 169 is not a list of at most {MARKS_MAX} words")
    return tuple(value)
