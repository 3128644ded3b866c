"""Who a pass is about: persons and organisations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from rahdari.credentials.values.text import LocalText, no_text

HolderId = NewType("HolderId", str)


class HolderKind(StrEnum):
    """What sort of party a holder is; card products name the one they are made for."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Gender(StrEnum):
    """As printed on the card; Claim 169 (key 9) counts them 1, 2, 3."""

    MALE = "M"
    FEMALE = "F"
    OTHER = "X"


class Biometric(StrEnum):
    """What a registration centre captures; only the photograph ever enters a pass."""

    PHOTOGRAPH = "photograph"
    FINGERPRINTS = "fingerprints"
    IRIS = "iris"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A natural person as registered. ``number`` holds digits only; countries are ISO 3166 codes.

    ``permanent_region`` is an ISO 3166-2 subdivision ("PK-JK"); it decides inscriptions.
    """

    number: str
    name: LocalText
    guardian: LocalText = field(default_factory=no_text)
    gender: Gender
    date_of_birth: date
    nationality: str
    family_number: str | None = None
    address: LocalText = field(default_factory=no_text)
    permanent_address: LocalText = field(default_factory=no_text)
    permanent_region: str | None = None
    country_of_stay: str | None = None
    passport_number: str | None = None
    captured: frozenset[Biometric] = frozenset()

    @property
    def kind(self) -> HolderKind:
        """A person."""
        return HolderKind.PERSON

    def age_at(self, day: date) -> int:
        """Completed years of life on ``day``; who is born on 29 February turns on 1 March."""
        had_birthday = (day.month, day.day) >= (self.date_of_birth.month, self.date_of_birth.day)
        return day.year - self.date_of_birth.year - (0 if had_birthday else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A firm or an institution as registered under ``number`` in its country's register."""

    number: str
    name: LocalText
    nationality: str
    form: str = "company"
    address: LocalText = field(default_factory=no_text)
    permanent_region: str | None = None

    @property
    def kind(self) -> HolderKind:
        """An organisation."""
        return HolderKind.ORGANISATION


Party = Person | Organisation


@dataclass(frozen=True, slots=True)
class Portrait:
    """One photograph in the sizes it is needed in: for the card, and by photo profile for the QR code.

    ``qr`` maps the profile's name ("small", "standard") to a WebP picture that fits its budget.
    """

    card: bytes
    qr: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Holder:
    """A registered party. The portrait is kept apart: most questions do not need it."""

    id: HolderId
    party: Party
    registered_at: datetime
