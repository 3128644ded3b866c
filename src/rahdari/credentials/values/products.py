"""Card products: what the data files say, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rahdari.credentials.values.cards import ProductRef
from rahdari.credentials.values.holders import Biometric, HolderKind
from rahdari.credentials.values.text import LocalText


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a mark or an inscription applies: every given part must hold; an empty one always does."""

    age_min: int | None = None
    age_below: int | None = None
    permanent_region: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inscription:
    """Words that stand on the card, in each of its languages, when ``when`` holds."""

    id: str
    text: LocalText
    when: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long a card is valid: ``years``, cut at ``until_age``, without end from ``lifetime_from_age``."""

    years: int
    until_age: int | None = None
    lifetime_from_age: int | None = None


@dataclass(frozen=True, slots=True)
class CaptureRule:
    """Which biometrics are captured of a person younger than ``age_below`` (None: of any other age)."""

    age_below: int | None
    biometrics: frozenset[Biometric]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberShape:
    """The holder's number: a number of python-stdnum (``country``, ``kind``) and how it is printed.

    ``groups`` are the lengths of the printed groups: (5, 7, 1) prints 35202-1234567-1. ``stand_ins`` maps
    beginnings that the library does not know to known ones, for the check alone.
    """

    country: str
    kind: str
    groups: tuple[int, ...] = ()
    stand_ins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Who may apply. ``nationalities`` empty: anyone."""

    age_min: int | None = None
    age_below: int | None = None
    nationalities: tuple[str, ...] = ()
    excluded_nationalities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One verification feature that the product lists, with its settings (texts and lists of texts)."""

    kind: str
    settings: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardField:
    """One line of the printed card: the field of the holder, its label in each language, and its side."""

    name: str
    label: LocalText
    side: str = "front"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProduct:
    """A card product as its data file describes it; a change of the file is a new version."""

    ref: ProductRef
    holder: HolderKind
    title: LocalText
    languages: tuple[str, ...]
    number: NumberShape
    eligibility: Eligibility
    validity: Validity
    required: tuple[str, ...]
    marks: tuple[Inscription, ...] = ()
    inscriptions: tuple[Inscription, ...] = ()
    capture: tuple[CaptureRule, ...] = ()
    features: tuple[FeatureSpec, ...] = ()
    fields: tuple[CardField, ...] = ()
    template: str = "card.typ"
    theme: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
