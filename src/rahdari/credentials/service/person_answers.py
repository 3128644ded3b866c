"""What the register tells institutions through the exchange: three small questions about a person, by number.

The register answers from its own transaction, so that a suspension shows in the next answer. Nobody's attribute is
ever given: an institution says what it believes, and is told whether that is so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rahdari.credentials.errors import BadQuestion
from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.questions import AGE_MAX, AGE_MIN, ARGUMENT_CHARS_MAX, fold_name
from rahdari.credentials.service.desk import Desk, require_role
from rahdari.credentials.values.cards import Card, Stage, Standing
from rahdari.credentials.values.holders import HolderKind, Person
from rahdari.kernel import Actor

EXCHANGE: Final = "exchange"
# Three guesses are a name in three languages; more in one call would find a value out.
MATCHES_MAX: Final = 3


class PersonStatus(StrEnum):
    """How a person stands with the register, by the best of her cards."""

    NOT_REGISTERED = "not_registered"
    NO_CARD = "no_card"
    VALID = "valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """``status`` at ``as_of``; ``products`` are the ids of the cards that are valid then."""

    status: PersonStatus
    as_of: datetime
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """For each attribute that was asked: whether it is so; None where the register does not know it.

    Where ``status`` is not valid nothing is compared, and all are None.
    """

    status: PersonStatus
    as_of: datetime
    matches: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True)
class AgeAnswer:
    """Whether the person has completed ``age`` years; None where ``status`` is not valid."""

    status: PersonStatus
    as_of: datetime
    age: int
    is_over: bool | None


def tell_status(desk: Desk, number: str, *, by: Actor) -> PersonAnswer:
    """Tell how the person of this number stands. Raises ``NotAllowed``: the asker is no exchange gateway."""
    person, cards = _find(desk, number, by)
    if person is None:
        return PersonAnswer(PersonStatus.NOT_REGISTERED, desk.began)
    valid = tuple(sorted({one.product.id for one in cards if _is_valid(one, desk.began)}))
    return PersonAnswer(_status_of(cards, desk.began), desk.began, valid)


def match_attributes(desk: Desk, number: str, asked: Mapping[str, str], *, by: Actor) -> MatchAnswer:
    """Compare what an institution believes of a person with what the register knows.

    Raises:
        NotAllowed: the asker is no exchange gateway.
        BadQuestion: no attribute, an unknown one, more than ``MATCHES_MAX``, or a text that is too long.
    """
    _require_matches(asked)
    person, cards = _find(desk, number, by)
    status = PersonStatus.NOT_REGISTERED if person is None else _status_of(cards, desk.began)
    matches: dict[str, bool | None] = dict.fromkeys(asked)
    if person is not None and status is PersonStatus.VALID:
        matches = {name: ATTRIBUTES[name](person, text) for name, text in asked.items()}
    return MatchAnswer(status, desk.began, MappingProxyType(matches))


def tell_age_over(desk: Desk, number: str, age: int, *, by: Actor) -> AgeAnswer:
    """Tell whether the person has completed ``age`` years.

    Raises:
        NotAllowed: the asker is no exchange gateway.
        BadQuestion: an age that everybody or nobody has.
    """
    if not AGE_MIN <= age <= AGE_MAX:
        raise BadQuestion(f"an age of {AGE_MIN} to {AGE_MAX} completed years is asked for, not {age}")
    person, cards = _find(desk, number, by)
    status = PersonStatus.NOT_REGISTERED if person is None else _status_of(cards, desk.began)
    is_told = person is not None and status is PersonStatus.VALID
    is_over = person.age_at(desk.began.date()) >= age if is_told and person is not None else None
    return AgeAnswer(status, desk.began, age, is_over)


def _find(desk: Desk, number: str, by: Actor) -> tuple[Person | None, tuple[Card, ...]]:
    require_role(by, EXCHANGE, to="answer institutions through the exchange")
    digits = number.replace("-", "").replace(" ", "")
    holder = desk.store.find_holder_by_number(HolderKind.PERSON, digits)
    if holder is None or not isinstance(holder.party, Person):
        return None, ()
    return holder.party, desk.store.find_cards_of(holder.id)


def _is_valid(card: Card, at: datetime) -> bool:
    begins = card.valid_from is None or card.valid_from <= at
    return STANDINGS[card.stage] is Standing.VALID and begins and not _is_over(card, at)


def _is_over(card: Card, at: datetime) -> bool:
    return card.expires is not None and card.expires <= at


def _status_of(cards: tuple[Card, ...], at: datetime) -> PersonStatus:
    told = [one for one in cards if one.stage not in {Stage.APPLIED, Stage.REPLACED}]
    if any(_is_valid(one, at) for one in told):
        return PersonStatus.VALID
    if any(STANDINGS[one.stage] is Standing.SUSPENDED and not _is_over(one, at) for one in told):
        return PersonStatus.SUSPENDED
    if any(one.stage is Stage.EXPIRED or _is_over(one, at) for one in told):
        return PersonStatus.EXPIRED
    return PersonStatus.REVOKED if told else PersonStatus.NO_CARD


def _require_matches(asked: Mapping[str, str]) -> None:
    unknown = [name for name in asked if name not in ATTRIBUTES]
    if unknown or not 0 < len(asked) <= MATCHES_MAX:
        raise BadQuestion(
            f"1 to {MATCHES_MAX} of these attributes are compared in one call: {', '.join(sorted(ATTRIBUTES))}"
        )
    if any(not 0 < len(text) <= ARGUMENT_CHARS_MAX for text in asked.values()):
        raise BadQuestion(f"an attribute is compared with a text of 1 to {ARGUMENT_CHARS_MAX} characters")


def _has_name(person: Person, text: str) -> bool | None:
    return any(fold_name(name) == fold_name(text) for name in person.name.values())


def _was_born(person: Person, text: str) -> bool | None:
    try:
        return person.date_of_birth == date.fromisoformat(text)
    except ValueError:
        raise BadQuestion("a date of birth is compared as YYYY-MM-DD (ISO 8601)") from None


def _has_guardian(person: Person, text: str) -> bool | None:
    if not person.guardian:
        return None
    return any(fold_name(name) == fold_name(text) for name in person.guardian.values())


def _is_gender(person: Person, text: str) -> bool | None:
    return person.gender.value == text.upper()


def _is_national(person: Person, text: str) -> bool | None:
    return person.nationality == text.upper()


ATTRIBUTES: Final[Mapping[str, Callable[[Person, str], bool | None]]] = MappingProxyType(
    {
        "name": _has_name,
        "date_of_birth": _was_born,
        "guardian": _has_guardian,
        "gender": _is_gender,
        "nationality": _is_national,
    }
)
"""What can be compared, by name; three of them in one call."""
