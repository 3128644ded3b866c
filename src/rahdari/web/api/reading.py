"""Requests to values: bodies and parameters, each refused by name where it has another shape."""

import re
from typing import TypeVar

import msgspec

from rahdari.app.portraits import derivatives
from rahdari.credentials import (
    CardNumber,
    HolderId,
    Organisation,
    Party,
    Person,
    Portrait,
    local_text,
)
from rahdari.oversight import Place, check_place
from rahdari.web.api.bodies import OrganisationRecord, PersonRecord, PlaceTold, Words
from rahdari.web.api.wording import say_fault
from rahdari.web.errors import BadBody, BadParameter
from rahdari.web.operation import CARD_NUMBER, FEATURE, HOLDER_ID

_Body = TypeVar("_Body")
# A stranger's word may be long; the place and the pattern are not.
_FAULT_CHARS_MAX = 240


def read_json(raw: bytes, kind: type[_Body]) -> _Body:
    """Read a JSON body. Raises ``BadBody`` with the place of the first fault."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        # What is quoted is the place and the caller's own word, and no value of ours.
        fault = say_fault(str(error)[:_FAULT_CHARS_MAX])
        raise BadBody(f"the body is not what this operation takes: {fault}; see /api") from None


def read_number(text: str) -> CardNumber:
    """Read a card's number from a path. Raises ``BadParameter``."""
    _require(text, CARD_NUMBER, "a card's number looks like 7K3F-9QX2-M4TD, as printed on its back")
    return CardNumber(text)


def read_holder_id(text: str) -> HolderId:
    """Read a holder's id from a path or a query. Raises ``BadParameter``."""
    _require(text, HOLDER_ID, "a holder's id is a UUID in small letters, as the registration answered")
    return HolderId(text)


def read_feature(text: str) -> str:
    """Read the name of a verification feature from a path. Raises ``BadParameter``."""
    _require(text, FEATURE, "a feature's name looks like qr or sd-jwt-vc")
    return text


def _require(text: str, shape: str, sentence: str) -> None:
    if not re.fullmatch(shape.removeprefix("^").removesuffix("$"), text):
        raise BadParameter(sentence)


def read_party(record: PersonRecord | OrganisationRecord) -> Party:
    """Turn a record into the room's noun."""
    if isinstance(record, OrganisationRecord):
        return Organisation(
            number=record.number,
            name=_text(record.name),
            nationality=record.nationality,
            form=record.form,
            address=_text(record.address),
            permanent_region=record.permanent_region,
        )
    return Person(
        number=record.number,
        name=_text(record.name),
        guardian=_text(record.guardian),
        gender=record.gender,
        date_of_birth=record.date_of_birth,
        nationality=record.nationality,
        family_number=record.family_number,
        address=_text(record.address),
        permanent_address=_text(record.permanent_address),
        permanent_region=record.permanent_region,
        country_of_stay=record.country_of_stay,
        passport_number=record.passport_number,
        captured=frozenset(record.captured),
    )


def read_place(told: PlaceTold | None) -> Place | None:
    """Read where an institution asks from. Raises ``BadPlace``."""
    return check_place(told.name, told.latitude, told.longitude) if told else None


def _text(words: Words) -> dict[str, str]:
    return dict(local_text(en=words.en, ur=words.ur, zh=words.zh))


def read_portrait(raw: bytes | None) -> Portrait | None:
    """Turn a picture into the sizes that card and QR code take. Raises ``MalformedInput``, ``TooLarge``."""
    if raw is None:
        return None
    sizes = derivatives(raw)
    return Portrait(sizes.card, {profile.value: picture for profile, picture in sizes.qr.items()})
