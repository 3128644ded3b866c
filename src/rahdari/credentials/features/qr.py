"""The first feature: a QR code that carries MOSIP Claim 169 in a CWT."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from rahdari.credentials.values.cards import ProductRef, StatusPlace
from rahdari.credentials.values.holders import Gender
from rahdari.credentials.values.passes import Attributes, PassContent, Terms, UnverifiedPass
from rahdari.credentials.values.products import FeatureSpec
from rahdari.credentials.values.text import LocalText, local_text
from rahdari.kernel import Chance
from rahdari.wire import claim169
from rahdari.wire.claim169 import Biometric, BiometricFormat, BodyPart, Identity, ImageFormat, Profile
from rahdari.wire.compression import Compression
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import MalformedInput
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
_PRODUCT_SHAPE = re.compile(r"([a-z][a-z0-9-]{0,31})/(\d{1,6})")
MARKS_MAX = 16
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")


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
        kept = _keep(content.attributes, spec)
        profile = Profile(str(spec.settings.get("profile", "mosip")))
        compression = Compression(str(spec.settings.get("compression", "zlib")))
        return claim169.write(
            signer,
            _claims(content.terms),
            _identity(kept, content.terms),
            profile=profile,
            compression=compression,
        ).encode("ascii")

    def recognises(self, raw: str) -> bool:
        """Tell whether ``raw`` is text of the QR alphanumeric alphabet, which is Base45's (RFC 9285, 4.2)."""
        return _ALPHANUMERIC.fullmatch(raw.strip("\r\n\t")) is not None

    def read(self, raw: str) -> UnverifiedPass:
        """Read any dialect of Claim 169. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
        read = claim169.read(raw)
        sign1 = read.sign1
        return UnverifiedPass(
            feature=KIND,
            algorithm=sign1.algorithm,
            kid=sign1.kid,
            content=PassContent(_terms(read.claims, read.identity), _attributes(read.identity)),
            check_signature=_SignatureCheck(sign1.signature, sign1.signing_input()),
        )


@dataclass(frozen=True, slots=True)
class _SignatureCheck:
    signature: bytes
    signing_input: bytes

    def __call__(self, key: PublicKey) -> None:
        key.verify(self.signature, self.signing_input)


def _keep(attributes: Attributes, spec: FeatureSpec) -> dict[str, object]:
    names = spec.settings.get("claims", ())
    return {name: getattr(attributes, name) for name in names if name in Attributes.__slots__}


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


def _identity(kept: Mapping[str, object], terms: Terms) -> Identity:
    def text(name: str) -> str | None:
        value = kept.get(name)
        return value if isinstance(value, str) else None

    name, guardian, address = (_pair(kept.get(one)) for one in ("name", "guardian", "address"))
    gender, born, photo = kept.get("gender"), kept.get("date_of_birth"), kept.get("photo")
    second = _second_language(kept.get("name"))
    return Identity(
        id=text("number"),
        language=_THREE["en"] if name[0] else None,
        full_name=name[0],
        secondary_full_name=name[1],
        secondary_language=second if name[1] else None,
        date_of_birth=born,  # type: ignore[arg-type]
        gender=_GENDERS[gender] if isinstance(gender, Gender) else None,
        guardian=guardian[0],
        address=address[0],
        nationality=text("nationality"),
        location_code=text("region"),
        country_of_issuance=text("country_of_issuance"),
        biometrics=_face(photo) if isinstance(photo, bytes) else claim169.identity.NO_BIOMETRICS,
        rest=_rest(
            {
                _PRODUCT: str(terms.product) if terms.product else None,
                _FAMILY: text("family_number"),
                _MARKS: list(marks) if isinstance(marks := kept.get("marks"), tuple) else None,
                _GUARDIAN_2: guardian[1],
                _ADDRESS_2: address[1],
                _STAY: text("country_of_stay"),
                _PASSPORT: text("passport_number"),
            },
        ),
    )


def _pair(value: object) -> tuple[str | None, str | None]:
    """The English text, and the one in the card's second language."""
    if not isinstance(value, Mapping):
        return None, None
    return value.get("en"), next((text for language, text in value.items() if language != "en"), None)


def _second_language(value: object) -> str | None:
    languages = [one for one in value if one != "en"] if isinstance(value, Mapping) else []
    return _THREE.get(languages[0], languages[0]) if languages else None


def _face(photo: bytes) -> Mapping[BodyPart, tuple[Biometric, ...]]:
    return {BodyPart.FACE: (Biometric(photo, BiometricFormat.IMAGE, ImageFormat.WEBP),)}


def _rest(values: Mapping[int, object]) -> Mapping[int, object]:
    return {key: value for key, value in values.items() if value}


def _terms(claims: Claims, identity: Identity) -> Terms:
    status = claims.status
    return Terms(
        issuer=claims.issuer,
        product=_product(identity.rest.get(_PRODUCT)),
        issued_at=_time(claims.issued_at),
        not_before=_time(claims.not_before),
        expires=_time(claims.expires),
        place=StatusPlace(status.uri, status.index) if status else None,
    )


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _product(value: object) -> ProductRef | None:
    if value is None:
        return None
    found = _PRODUCT_SHAPE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise MalformedInput("key 75 of claim 169 names no product (as in nic/1)")
    return ProductRef(found[1], int(found[2]))


def _attributes(identity: Identity) -> Attributes:
    rest, face = identity.rest, identity.face
    second = _TWO.get(identity.secondary_language or "", "ur") if identity.secondary_language else "ur"
    return Attributes(
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
    return local_text(**{"en": first, language: other})


def _text(rest: Mapping[int, object], key: int) -> str | None:
    value = rest.get(key)
    if value is not None and not isinstance(value, str):
        raise MalformedInput(f"key {key} of claim 169 is not text")
    return value


def _marks(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if (
        not isinstance(value, list)
        or len(value) > MARKS_MAX
        or not all(isinstance(one, str) for one in value)
    ):
        raise MalformedInput(f"key {_MARKS} of claim 169 is not a list of at most {MARKS_MAX} words")
    return tuple(value)
