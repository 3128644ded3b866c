"""Uses of a card, flags with their evidence, and what is compared at enrolment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

UseId = NewType("UseId", str)
FlagId = NewType("FlagId", str)

# A branch and its town fit; a paragraph about somebody does not.
PLACE_NAME_CHARS_MAX = 80
# About 110 m: enough to tell two towns apart, too coarse to tell which door a holder went through.
PLACE_DECIMALS = 3
NOTE_CHARS_MAX = 300
# Fifty tell what happened: a flood goes on being counted, and neither fills the row nor pushes others out of it.
EVIDENCE_MAX = 50
# Of one card; a traveller meets a few dozen in all the time that uses are kept, a forger's work is bounded by it.
INSTITUTIONS_LOOKED_AT_MAX = 256


class Purpose(StrEnum):
    """Why an institution asked, in its own words' stead: one of a few that a holder understands."""

    OPENING_ACCOUNT = "opening_account"
    SIM_REGISTRATION = "sim_registration"
    TRAVEL = "travel"
    EMPLOYMENT = "employment"
    HEALTH_CARE = "health_care"
    EDUCATION = "education"
    BENEFIT = "benefit"
    PROPERTY = "property"
    CUSTOMS = "customs"
    TAX = "tax"
    POLICE_CHECK = "police_check"
    INVESTMENT = "investment"
    WATCHING = "watching"
    """It asked to be told when the card is suspended; it is written down by the house itself."""
    OTHER = "other"
    UNSTATED = "unstated"
    """The institution gave no purpose; the holder is told so."""


class Channel(StrEnum):
    """By which way a card was used; the same words as the other rooms'."""

    ONLINE = "online"
    LOGIN = "login"
    PAYMENTS = "payments"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an institution says it stands: degrees north and east (WGS 84), both or neither.

    Made by ``rules.places.check_place``, which refuses what is not on this earth.
    """

    name: str
    latitude: float | None = None
    longitude: float | None = None

    @property
    def is_located(self) -> bool:
        """Tell whether there are coordinates."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an institution tells of its question. Both are its own word; nobody here can check them."""

    purpose: Purpose = Purpose.UNSTATED
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One verification of a card: by whom, when, why, where, and what was answered. No name, no claims.

    ``card`` None: what was shown is no genuine pass of this register, so it is nobody's use.
    """

    id: UseId
    card: str | None
    institution: str
    at: datetime
    purpose: Purpose
    place: Place | None
    channel: Channel
    verdict: str


class FlagKind(StrEnum):
    """What a fraud officer is asked to look at. The first two are about a card, the third about a holder."""

    IMPOSSIBLE_TRAVEL = "impossible_travel"
    ABNORMAL_RATE = "abnormal_rate"
    LIKELY_DUPLICATE = "likely_duplicate"

    @property
    def is_of_card(self) -> bool:
        """Tell whether the flag's subject is a card's number; else it is a holder's id."""
        return self is not FlagKind.LIKELY_DUPLICATE


class FlagState(StrEnum):
    """Where a flag stands. Only a human moves it, once."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CONFIRMED = "confirmed"


class Ground(StrEnum):
    """Why a fraud officer decided as he did."""

    CARD_COPIED = "card_copied"
    CARD_LENT = "card_lent"
    MISUSE_BY_INSTITUTION = "misuse_by_institution"
    SAME_PERSON = "same_person"
    IDENTITY_FRAUD = "identity_fraud"
    EXPLAINED_BY_HOLDER = "explained_by_holder"
    WRONG_PLACE_TOLD = "wrong_place_told"
    WRONG_CLOCK = "wrong_clock"
    BUSY_SERVICE = "busy_service"
    DIFFERENT_PEOPLE = "different_people"
    CLERICAL_ERROR = "clerical_error"


GROUNDS: Mapping[FlagState, frozenset[Ground]] = MappingProxyType(
    {
        FlagState.OPEN: frozenset[Ground](),
        FlagState.CONFIRMED: frozenset(
            {
                Ground.CARD_COPIED,
                Ground.CARD_LENT,
                Ground.MISUSE_BY_INSTITUTION,
                Ground.SAME_PERSON,
                Ground.IDENTITY_FRAUD,
            }
        ),
        FlagState.DISMISSED: frozenset(
            {
                Ground.EXPLAINED_BY_HOLDER,
                Ground.WRONG_PLACE_TOLD,
                Ground.WRONG_CLOCK,
                Ground.BUSY_SERVICE,
                Ground.DIFFERENT_PEOPLE,
                Ground.CLERICAL_ERROR,
            }
        ),
    }
)
"""Which grounds each outcome admits."""

Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen, as ids, times, places and numbers; never a name of a person."""

    at: datetime
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a fraud officer decided, and why. ``note`` stays in the flag and never enters the audit log."""

    outcome: FlagState
    ground: Ground
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something for a human to look at. ``evidence`` holds some of each institution, ``evidence_count`` counts all.

    Of the institution that fills the most room, the first one and the newest are held.
    ``subject`` is a card's number or a holder's id, as its kind says. ``is_logged`` tells whether the audit log
    speaks of its opening yet.
    """

    id: FlagId
    kind: FlagKind
    subject: str
    opened_at: datetime
    evidence: tuple[Evidence, ...]
    evidence_count: int
    state: FlagState = FlagState.OPEN
    decision: Decision | None = None
    is_logged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What is compared of a holder: read from the register for the comparison, and kept nowhere here.

    ``names`` maps languages (ISO 639-1) to the name; ``born`` is None for an organisation.
    """

    id: str
    kind: str
    number: str
    names: Mapping[str, str] = field(repr=False)
    born: date | None = field(default=None, repr=False)
    family_number: str | None = field(default=None, repr=False)
