"""The authority's services for the exchange: asked by its own gateway, on behalf of institutions."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import post
from litestar.params import FromPath, RawBody
from msgspec import Meta

from rahdari.web.api.bodies import Line
from rahdari.web.api.reading import read_json
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.operation import JSON, describes

# As registers write numbers: digits and letters, perhaps grouped. Longer ones are no numbers.
PersonNumber = Annotated[str, Meta(pattern="^[0-9A-Za-z -]{1,40}$(?!\\n)")]
StatusName = Literal["not_registered", "no_card", "valid", "suspended", "expired", "revoked"]
_ASKED = ("credentials.bad_question", "wire.malformed", "wire.too_large")


class PersonAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a question is about."""

    number: PersonNumber


class PersonStatusView(msgspec.Struct, frozen=True):
    """How the person stands at ``as_of``; ``products`` are the cards that are valid then."""

    status: StatusName
    as_of: datetime
    products: list[str]


class AttributesAsked(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an institution believes of the person: one to three attributes."""

    number: PersonNumber
    name: Line | None = None
    date_of_birth: Line | None = None
    guardian: Line | None = None
    gender: Line | None = None
    nationality: Line | None = None


class AttributeAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an institution believes of one attribute of the person, which the address names."""

    number: PersonNumber
    value: Line


class AttributesView(msgspec.Struct, frozen=True):
    """Whether each is so; null where the register does not know, or the person's cards are not valid."""

    status: StatusName
    as_of: datetime
    matches: dict[str, bool | None]


class AgeAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the person has completed ``age`` years."""

    number: PersonNumber
    age: Annotated[int, Meta(ge=1, le=130)]


class AgeView(msgspec.Struct, frozen=True):
    """``is_over`` is null where the person's cards are not valid."""

    status: StatusName
    as_of: datetime
    age: int
    is_over: bool | None


@post(
    "/api/v1/exchange/person-status",
    operation_id="tellPersonStatus",
    status_code=200,
    sync_to_thread=True,
    opt=describes("Exchange", takes={JSON: PersonAsked}, gives={JSON: PersonStatusView}, refusals=_ASKED[1:]),
)
def tell_person_status(house: TheHouse, actor: TheActor, body: RawBody) -> PersonStatusView:
    """Tell how a person stands with the register.

    The register itself answers: a card that was suspended a moment ago is suspended here. For the authority's own
    exchange gateway, which asks on behalf of institutions, holds their consent and purpose, and keeps the evidence.
    """
    told = house.identity.tell_status(read_json(body, PersonAsked).number, by=actor)
    return PersonStatusView(told.status.value, told.as_of, list(told.products))


@post(
    "/api/v1/exchange/attribute-match",
    operation_id="matchAttributes",
    status_code=200,
    sync_to_thread=True,
    opt=describes("Exchange", takes={JSON: AttributesAsked}, gives={JSON: AttributesView}, refusals=_ASKED),
)
def match_attributes(house: TheHouse, actor: TheActor, body: RawBody) -> AttributesView:
    """Compare what an institution believes of a person with the register, yes or no.

    Names are compared in every language that the register has, without case, marks or order of words.
    """
    asked = read_json(body, AttributesAsked)
    believed = {
        name: text
        for name in ("name", "date_of_birth", "guardian", "gender", "nationality")
        if (text := getattr(asked, name)) is not None
    }
    told = house.identity.match_attributes(asked.number, believed, by=actor)
    return AttributesView(told.status.value, told.as_of, dict(told.matches))


@post(
    "/api/v1/exchange/attribute-match/{attribute:str}",
    operation_id="matchOneAttribute",
    status_code=200,
    sync_to_thread=True,
    opt=describes("Exchange", takes={JSON: AttributeAsked}, gives={JSON: AttributesView}, refusals=_ASKED),
)
def match_one_attribute(
    house: TheHouse, actor: TheActor, attribute: FromPath[str], body: RawBody
) -> AttributesView:
    """Compare what an institution believes of one attribute of a person with the register, yes or no.

    The attribute stands in the address (name, date_of_birth, guardian, gender, nationality), so that the exchange
    can demand a consent to this one alone.
    """
    asked = read_json(body, AttributeAsked)
    told = house.identity.match_attributes(asked.number, {attribute: asked.value}, by=actor)
    return AttributesView(told.status.value, told.as_of, dict(told.matches))


@post(
    "/api/v1/exchange/age-over",
    operation_id="tellAgeOver",
    status_code=200,
    sync_to_thread=True,
    opt=describes("Exchange", takes={JSON: AgeAsked}, gives={JSON: AgeView}, refusals=_ASKED),
)
def tell_age_over(house: TheHouse, actor: TheActor, body: RawBody) -> AgeView:
    """Tell whether a person has completed a number of years, and nothing else of the age."""
    asked = read_json(body, AgeAsked)
    told = house.identity.tell_age_over(asked.number, asked.age, by=actor)
    return AgeView(told.status.value, told.as_of, told.age, told.is_over)
