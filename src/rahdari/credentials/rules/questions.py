"""The questions of an online verification: yes or no, and no more than was asked."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from rahdari.credentials.errors import BadQuestion
from rahdari.credentials.values.cards import ProductRef
from rahdari.credentials.values.countries import COUNTRIES, LONG_CODES
from rahdari.credentials.values.passes import Attributes

QUESTIONS_MAX = 16
ARGUMENT_CHARS_MAX = 200
# Nobody has reached 130; a threshold that everybody or nobody passes is a mistake, not a question.
AGE_MIN, AGE_MAX = 1, 130
AGE_OVER = "age_over"
# Several guesses at once turn yes and no into the value itself. Two ages are a bracket, as for a fare; three
# of the others are a name in three languages, or a few regions.
GUESSES_MAX: Mapping[str, int] = MappingProxyType(
    {AGE_OVER: 2, "name_matches": 3, "resident_of": 3, "national_of": 3}
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question as asked: ``age_over:18`` has the name ``age_over`` and the argument ``18``."""

    text: str
    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the questions are about, as the register knows it on ``day``."""

    attributes: Attributes
    product: ProductRef
    day: date


def _age(subject: Subject) -> int | None:
    born, day = subject.attributes.date_of_birth, subject.day
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _is_age_over(subject: Subject, argument: str) -> bool | None:
    age = _age(subject)
    return None if age is None else age >= int(argument)


def _name_matches(subject: Subject, argument: str) -> bool:
    asked = fold_name(argument)
    return any(fold_name(name) == asked for name in subject.attributes.name.values())


def _is_resident_of(subject: Subject, argument: str) -> bool:
    region = (subject.attributes.region or "").upper()
    return region == argument.upper() or region.startswith(f"{argument.upper()}-")


def _is_national_of(subject: Subject, argument: str) -> bool:
    return subject.attributes.nationality == argument.upper()


def _is_product(subject: Subject, argument: str) -> bool:
    return subject.product.id == argument


Answerer = Callable[[Subject, str], bool | None]

# The name of each question: the shape of its argument, and how it is answered from the register.
QUESTIONS: Mapping[str, tuple[str, Answerer]] = MappingProxyType(
    {
        AGE_OVER: (r"[0-9]{1,3}", _is_age_over),
        "name_matches": (r".+", _name_matches),
        "resident_of": (r"[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?", _is_resident_of),
        "national_of": (r"[A-Za-z]{3}", _is_national_of),
        "product_is": (r"[a-z][a-z0-9-]{0,31}", _is_product),
    },
)
# These two are answered from the verdict, before anything of the holder is looked at.
GENUINE = "genuine"
IN_GOOD_STANDING = "in_good_standing"

# Attributes that an institution's role may allow it to receive, and no others.
DISCLOSABLE = frozenset(
    {
        "number",
        "name",
        "date_of_birth",
        "gender",
        "guardian",
        "address",
        "nationality",
        "region",
        "family_number",
    },
)


def parse_question(text: str) -> Question:
    """Read a question. Raises ``BadQuestion`` with the list of those that there are."""
    name, _, argument = text.partition(":")
    if name in {GENUINE, IN_GOOD_STANDING} and not argument:
        return Question(text, name, "")
    shape = QUESTIONS.get(name)
    if shape is None or len(argument) > ARGUMENT_CHARS_MAX or not re.fullmatch(shape[0], argument):
        known = ", ".join([GENUINE, IN_GOOD_STANDING, *(f"{one}:…" for one in QUESTIONS)])
        raise BadQuestion(
            f"question {name[:32]!r} is not known or its argument has another shape; known: {known}"
        )
    _require_meaning(name, argument)
    return Question(text, name, argument)


def _require_meaning(name: str, argument: str) -> None:
    """Refuse an argument of the right shape that stands for nothing: its "no" would read as an answer."""
    if name == AGE_OVER and not AGE_MIN <= int(argument) <= AGE_MAX:
        raise BadQuestion(f"{AGE_OVER} takes {AGE_MIN} to {AGE_MAX} completed years, not {argument}")
    if name == "resident_of" and argument[:2].upper() not in COUNTRIES:
        raise BadQuestion(f"resident_of names no country of ISO 3166-1: {argument[:2]}; write PK or PK-JK")
    if name == "national_of" and argument.upper() not in LONG_CODES:
        raise BadQuestion(f"national_of names no country of ISO 3166-1: {argument}; write PAK or CHN")


def require_products(asked: Sequence[Question], known: Collection[str]) -> None:
    """Refuse a question about a card product that there is not. Raises ``BadQuestion``."""
    for one in asked:
        if one.name == "product_is" and one.argument not in known:
            raise BadQuestion(
                f"there is no card product {one.argument}; there are: {', '.join(sorted(known))}"
            )


def require_few_guesses(asked: Sequence[Question]) -> None:
    """Refuse a call that would find a value out by asking for many at once. Raises ``BadQuestion``."""
    for name, most in GUESSES_MAX.items():
        different = {_guess(one) for one in asked if one.name == name}
        if len(different) > most:
            raise BadQuestion(
                f"{len(different)} different {name} questions in one call, at most {most}: they would tell the "
                "value itself; ask only what your purpose needs"
            )


def _guess(question: Question) -> str | int:
    return int(question.argument) if question.name == AGE_OVER else question.argument.casefold()


def ages_answered(answers: Mapping[str, bool | None]) -> frozenset[int]:
    """Tell which ages ``age_over`` was answered for, with yes or no."""
    asked = (text.partition(":") for text, answer in answers.items() if answer is not None)
    return frozenset(int(argument) for name, _, argument in asked if name == AGE_OVER)


def answer_question(question: Question, subject: Subject) -> bool | None:
    """Answer from the register; None where the register does not know."""
    return QUESTIONS[question.name][1](subject, question.argument)


def fold_name(name: str) -> str:
    """Reduce a name to what counts in a comparison: letters, without case, marks, joiners or order of words.

    NFKD and casefold (Unicode Standard Annex 15 and chapter 3.13); vowel marks of Urdu and accents go away.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    kept = (letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(sorted("".join(kept).split()))
