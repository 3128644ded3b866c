"""The nouns of Claim 169: an identity, its biometrics, and the numbers that the table gives to words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Gender(IntEnum):
    """Key 9."""

    MALE = 1
    FEMALE = 2
    OTHER = 3


class MaritalStatus(IntEnum):
    """Key 14."""

    UNMARRIED = 1
    MARRIED = 2
    DIVORCED = 3


class PhotoFormat(IntEnum):
    """Key 17, the format of the photo of key 16 (both superseded by key 62 in 1.2.1)."""

    JPEG = 1
    JPEG2000 = 2
    AVIF = 3
    WEBP = 4


class BodyPart(IntEnum):
    """Keys 50 to 65: what a biometric was taken from."""

    RIGHT_THUMB = 50
    RIGHT_POINTER_FINGER = 51
    RIGHT_MIDDLE_FINGER = 52
    RIGHT_RING_FINGER = 53
    RIGHT_LITTLE_FINGER = 54
    LEFT_THUMB = 55
    LEFT_POINTER_FINGER = 56
    LEFT_MIDDLE_FINGER = 57
    LEFT_RING_FINGER = 58
    LEFT_LITTLE_FINGER = 59
    RIGHT_IRIS = 60
    LEFT_IRIS = 61
    FACE = 62
    RIGHT_PALM = 63
    LEFT_PALM = 64
    VOICE = 65


class BiometricFormat(IntEnum):
    """Key 1 of a biometric."""

    IMAGE = 0
    TEMPLATE = 1
    SOUND = 2
    BIOHASH = 3


class ImageFormat(IntEnum):
    """Key 2 of a biometric whose format is IMAGE; 100 to 200 belong to vendors."""

    PNG = 0
    JPEG = 1
    JPEG2000 = 2
    AVIF = 3
    WEBP = 4
    TIFF = 5
    WSQ = 6


class TemplateFormat(IntEnum):
    """Key 2 of a biometric whose format is TEMPLATE; 100 to 200 belong to vendors."""

    ANSI_378 = 0
    ISO_19794_2 = 1
    NIST = 2


@dataclass(frozen=True, slots=True)
class Biometric:
    """One biometric: its bytes, and how to read them (``BiometricFormat``; the subformat is by format)."""

    data: bytes = field(repr=False)
    format: int | None = None
    subformat: int | None = None
    issuer: str | None = None


NO_BIOMETRICS: Final[Mapping[BodyPart, tuple[Biometric, ...]]] = MappingProxyType({})
NO_REST: Final[Mapping[int, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What claim 169 says of a person, by the names of the 1.2.0 table (keys 1 to 23 and 50 to 65).

    None means "not said". ``rest`` keeps every key that the table does not name (24 to 49, 66 to 99 and
    beyond), and key 9 or 17 where its value is a word or number that the table does not know. The repr is
    empty, so that no log ever holds a person.
    """

    id: str | None = field(default=None, repr=False)
    version: str | None = field(default=None, repr=False)
    language: str | None = field(default=None, repr=False)
    full_name: str | None = field(default=None, repr=False)
    first_name: str | None = field(default=None, repr=False)
    middle_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    date_of_birth: date | None = field(default=None, repr=False)
    gender: Gender | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    nationality: str | None = field(default=None, repr=False)
    marital_status: MaritalStatus | None = field(default=None, repr=False)
    guardian: str | None = field(default=None, repr=False)
    photo: bytes | None = field(default=None, repr=False)
    photo_format: PhotoFormat | None = field(default=None, repr=False)
    best_quality_fingers: tuple[int, ...] = field(default=(), repr=False)
    secondary_full_name: str | None = field(default=None, repr=False)
    secondary_language: str | None = field(default=None, repr=False)
    location_code: str | None = field(default=None, repr=False)
    legal_status: str | None = field(default=None, repr=False)
    country_of_issuance: str | None = field(default=None, repr=False)
    biometrics: Mapping[BodyPart, tuple[Biometric, ...]] = field(
        default_factory=lambda: NO_BIOMETRICS, repr=False
    )
    rest: Mapping[int, object] = field(default_factory=lambda: NO_REST, repr=False)

    @property
    def face(self) -> Biometric | None:
        """The first face of key 62, else the photo of keys 16 and 17 as one; None where there is neither."""
        if faces := self.biometrics.get(BodyPart.FACE):
            return faces[0]
        if self.photo is None:
            return None
        # The photo formats 1 to 4 of key 17 are the image formats 1 to 4 of a biometric.
        subformat = None if self.photo_format is None else int(self.photo_format)
        return Biometric(self.photo, BiometricFormat.IMAGE, subformat)


# The keys whose values are text, and where they go.
TEXT_FIELDS: Final[Mapping[int, str]] = {
    1: "id", 2: "version", 3: "language",
    4: "full_name", 5: "first_name", 6: "middle_name", 7: "last_name",
    10: "address", 11: "email", 12: "phone", 13: "nationality", 15: "guardian", 19: "secondary_full_name",
    20: "secondary_language", 21: "location_code", 22: "legal_status", 23: "country_of_issuance",
}  # fmt: skip
DATE_OF_BIRTH, GENDER, MARITAL_STATUS, PHOTO, PHOTO_FORMAT, BEST_FINGERS = 8, 9, 14, 16, 17, 18
