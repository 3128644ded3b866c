"""The JSON bodies, in and out: shapes alone, no decisions."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rahdari.app.card_sheets import SHEET_CARDS_MAX, Paper
from rahdari.credentials import Act, Biometric, Gender, Outcome, Reason, Stage, VerdictKind
from rahdari.oversight import PLACE_NAME_CHARS_MAX

# The end of the text. Python's `$` lets a line feed follow; that of JSON Schema (ECMA-262) does not.
_END = "$(?!\\n)"
# What a line of a card or a register holds; control characters have no business in either.
Line = Annotated[str, Meta(max_length=500, pattern=f"^[^\\x00-\\x1f\\x7f]*{_END}")]
# A pass has at most 65,536 characters; the verification itself says so of what is longer.
PassText = Annotated[str, Meta(min_length=1)]
Country = Annotated[str, Meta(pattern=f"^[A-Z]{{3}}{_END}", description="ISO 3166-1 alpha-3")]
Region = Annotated[str, Meta(pattern=f"^[A-Z]{{2}}-[A-Z0-9]{{1,3}}{_END}", description="ISO 3166-2")]
Nonce = Annotated[
    str, Meta(pattern=f"^[A-Za-z0-9_.~-]{{16,128}}{_END}", description="drawn anew for each question")
]
HolderKindName = Annotated[str, Meta(pattern=f"^(person|organisation){_END}")]
Questions = Annotated[list[Annotated[str, Meta(max_length=240)]], Meta(max_length=16)]
Names = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=16)]
# oversight.Purpose without "watching": that one is written by the house itself, when a subject joins a stream.
StatedPurpose = Literal[
    "opening_account", "sim_registration", "travel", "employment", "health_care", "education", "benefit",
    "property", "customs", "tax", "police_check", "investment", "other", "unstated",
]  # fmt: skip
PictureBytes = Annotated[bytes, Meta(description="a PNG, JPEG or WebP picture in base64")]


class Words(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One meaning in several languages (ISO 639-1)."""

    en: Line | None = None
    ur: Line | None = None
    zh: Line | None = None


class PersonRecord(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True,
    tag_field="kind", tag="person",
):  # fmt: skip
    """A natural person as registered."""

    number: Line
    name: Words
    gender: Gender
    date_of_birth: date
    nationality: Country
    guardian: Words = Words()
    family_number: Line | None = None
    address: Words = Words()
    permanent_address: Words = Words()
    permanent_region: Region | None = None
    country_of_stay: Country | None = None
    passport_number: Line | None = None
    captured: list[Biometric] = []


class OrganisationRecord(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True,
    tag_field="kind", tag="organisation",
):  # fmt: skip
    """A firm or an institution as registered."""

    number: Line
    name: Words
    nationality: Country
    form: Line = "company"
    address: Words = Words()
    permanent_region: Region | None = None


class NewHolder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A holder to be registered, with an application for a card of ``product``."""

    product: Line
    party: PersonRecord | OrganisationRecord
    portrait: PictureBytes | None = None


class HolderSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A holder's number, however it is grouped. It travels in a body: addresses end up in logs."""

    number: Line
    kind: HolderKindName = "person"


class HolderView(msgspec.Struct, frozen=True):
    """A registered holder."""

    id: str
    registered_at: datetime
    party: PersonRecord | OrganisationRecord


class HolderPage(msgspec.Struct, frozen=True):
    """Some holders in the order of their registration; ``next`` is the ``after`` of the following page."""

    holders: list[HolderView]
    next: str | None


class Application(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An application for a further card of a registered holder."""

    holder: Line
    product: Line


class SheetRequest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Cards to print on sheets, 200 at most and each once, and the paper."""

    cards: Annotated[list[Line], Meta(min_length=1, max_length=SHEET_CARDS_MAX)]
    paper: Paper = Paper.A4


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """A card. ``expires`` null once issued: lifetime validity."""

    number: str
    holder: str
    product: str
    stage: Stage
    applied_at: datetime
    valid_from: datetime | None
    expires: datetime | None
    replaces: str | None
    revocation_proposed: bool


class HolderWithCard(msgspec.Struct, frozen=True):
    """What a registration made."""

    holder: HolderView
    card: CardView


class HolderWithCards(msgspec.Struct, frozen=True):
    """A holder and every card that was ever made for it, the oldest first."""

    holder: HolderView
    cards: list[CardView]


class Imported(msgspec.Struct, frozen=True):
    """How many holders a file brought."""

    imported: int


class ActRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act of the life-cycle table. Without a reason the act's first one is taken; replacing needs one."""

    act: Act
    reason: Reason | None = None


class ActDone(msgspec.Struct, frozen=True):
    """The card after the act, and the new card where it was replaced."""

    card: CardView
    successor: CardView | None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit log."""

    sequence: int
    at: datetime
    actor: str
    act: str
    reason: str | None
    details: dict[str, str]


class History(msgspec.Struct, frozen=True):
    """What the log says of a card, the oldest first."""

    entries: list[HistoryEntry]


class PassView(msgspec.Struct, frozen=True):
    """A pass to hand out: its text, and how a file of it ends."""

    card: str
    feature: str
    text: str
    file_suffix: str


class PassToCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pass as text: what the QR code says, or the content of a wallet file."""

    pass_: PassText = msgspec.field(name="pass")


class CheckView(msgspec.Struct, frozen=True):
    """One numbered step of the verification, with its clause."""

    number: int
    name: str
    clause: str
    outcome: Outcome


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid pass says."""

    issuer: str
    feature: str
    product: str | None
    issued_at: datetime | None
    expires: datetime | None
    number: str | None
    name: dict[str, str]
    date_of_birth: date | None
    gender: Gender | None
    guardian: dict[str, str]
    address: dict[str, str]
    nationality: str | None
    region: str | None
    country_of_issuance: str | None
    family_number: str | None
    country_of_stay: str | None
    passport_number: str | None
    marks: list[str]
    photo: PictureBytes | None


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A verification: the verdict, as of when, what was checked, and the claims only if it is ``valid``."""

    verdict: VerdictKind
    as_of: datetime
    reason: str
    code: str | None
    checks: list[CheckView]
    claims: Claims | None


class PlaceTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the institution asks from: a name that the holder understands, and degrees north and east (WGS 84)."""

    name: Annotated[str, Meta(min_length=1, max_length=PLACE_NAME_CHARS_MAX)]
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class QuestionsAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pass, and what an institution wants to know: yes-or-no questions first, attributes where allowed.

    The holder is told of ``purpose`` and ``place``.
    """

    nonce: Nonce
    pass_: PassText = msgspec.field(name="pass")
    questions: Questions = []
    attributes: Names = []
    purpose: StatedPurpose = "unstated"
    place: PlaceTold | None = None


class AnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. ``token`` is a signed JWT that carries all of it, bound to the nonce, good for 60 seconds."""

    verdict: VerdictKind
    as_of: datetime
    answers: dict[str, bool | None]
    attributes: dict[str, str | dict[str, str] | None]
    token: str


class ProductView(msgspec.Struct, frozen=True, kw_only=True):
    """A card product in its newest version."""

    id: str
    version: int
    holder: str
    title: dict[str, str]
    validity_years: int
    lifetime_from_age: int | None
    required: list[str]
    features: list[str]


class Products(msgspec.Struct, frozen=True):
    """The card products of this authority."""

    products: list[ProductView]


class StatusPublication(msgspec.Struct, frozen=True):
    """One status list as it was just signed."""

    uri: str
    issued_at: datetime


class Publications(msgspec.Struct, frozen=True):
    """The status lists that were signed."""

    published: list[StatusPublication]


class FaultView(msgspec.Struct, frozen=True):
    """Something in the log that does not fit; ``sequence`` null: beside the log."""

    sequence: int | None
    what: str


class FindingView(msgspec.Struct, frozen=True):
    """The outcome of reading the whole audit log."""

    is_intact: bool
    entries: int
    head: str
    faults: list[FaultView]


class HealthView(msgspec.Struct, frozen=True):
    """The server answers."""

    status: str


class StatusIndex(msgspec.Struct, frozen=True):
    """The status list aggregation (Token Status List draft, 9.3)."""

    status_lists: list[str]


TicketCode = Annotated[str, Meta(max_length=64, description="the code in the link from the counter")]


class TicketView(msgspec.Struct, frozen=True):
    """A link that registers one passkey for the card; show it as a code to the holder's telephone."""

    card: str
    url: str
    expires_at: datetime


class EnrolmentBegun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which link from a counter is to be used."""

    ticket: TicketCode


class EnrolmentAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the authenticator answered: ``RegistrationResponseJSON`` of WebAuthn Level 3, 5.1.8."""

    ticket: TicketCode
    answer: msgspec.Raw


class PasskeyView(msgspec.Struct, frozen=True):
    """A passkey that was registered."""

    id: str
    registered_at: datetime


class SignInBegun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the holder's own lock on signing in is to be undone."""

    unlock: bool = False


class SignInAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the authenticator answered: ``AuthenticationResponseJSON`` of WebAuthn Level 3, 5.1.8."""

    answer: msgspec.Raw
    unlock: bool = False


class SessionView(msgspec.Struct, frozen=True):
    """A session that began; its token is in the cookie and nowhere else."""

    began_at: datetime
