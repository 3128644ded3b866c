"""What a holder must be like for a product: number shape, required fields, eligibility."""

from datetime import date

import stdnum
from stdnum.exceptions import ValidationError

from rahdari.credentials.errors import BadHolder, NotEligible
from rahdari.credentials.values.holders import Party, Person
from rahdari.credentials.values.products import CardProduct, NumberShape

# Nobody alive is older, and a date of birth beyond is a slip of the pen.
AGE_MAX = 130
# The longest name or address line that a card can print at its smallest size.
TEXT_CHARS_MAX = 200


def canonical_number(shape: NumberShape, written: str) -> str:
    """Reduce a written number to its canonical digits, its shape checked by python-stdnum.

    Raises:
        BadHolder: the number is not of that shape. The sentence does not repeat the number.
    """
    module = stdnum.get_cc_module(shape.country, shape.kind)
    if module is None:
        raise BadHolder("number", f"no number shape {shape.country}.{shape.kind} is known; mend the product")
    try:
        return str(module.validate(written))
    except ValidationError as error:
        groups = "-".join("0" * length for length in shape.groups)
        hint = f", written like {groups}" if groups else ""
        raise BadHolder("number", f"not a {shape.country} {shape.kind} number{hint}: {error}") from None


def check_party(product: CardProduct, party: Party, day: date) -> None:
    """Refuse a holder whose fields do not suffice for ``product`` on ``day``.

    Raises:
        BadHolder: a required field is missing, too long, or cannot be.
        NotEligible: the product is not for this holder.
    """
    if party.kind is not product.holder:
        raise NotEligible(f"{product.ref.id} is a card for a {product.holder}, the holder is a {party.kind}")
    check_texts(party)
    if isinstance(party, Person):
        check_birth(party, day)
    canonical_number(product.number, party.number)
    for name in product.required:
        _require(product, party, name)
    if isinstance(party, Person):
        _check_eligible(product, party, day)


def check_birth(person: Person, day: date) -> None:
    """Refuse a date of birth in the future or beyond any human life."""
    if person.date_of_birth > day:
        raise BadHolder("date_of_birth", "date of birth lies in the future; correct it")
    if person.age_at(day) > AGE_MAX:
        raise BadHolder("date_of_birth", f"date of birth is more than {AGE_MAX} years ago; correct it")


def check_texts(party: Party) -> None:
    """Refuse texts that a card cannot print: too long, or with control characters."""
    texts = {"name": party.name, "address": party.address}
    if isinstance(party, Person):
        texts |= {"guardian": party.guardian, "permanent_address": party.permanent_address}
    for field, text in texts.items():
        for language, words in text.items():
            if len(words) > TEXT_CHARS_MAX:
                raise BadHolder(
                    f"{field}.{language}", f"{field} ({language}) is longer than {TEXT_CHARS_MAX} characters"
                )
            if any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in words):
                raise BadHolder(f"{field}.{language}", f"{field} ({language}) holds a control character")


def _require(product: CardProduct, party: Party, name: str) -> None:
    value = getattr(party, name, None)
    if not value:
        raise BadHolder(name, f"{product.ref.id} needs {name.replace('_', ' ')}; add it to the holder")
    if name in {"name", "guardian", "address", "permanent_address"}:
        for language in product.languages:
            if not value.get(language):
                raise BadHolder(f"{name}.{language}", f"{product.ref.id} needs {name} in {language}; add it")


def _check_eligible(product: CardProduct, person: Person, day: date) -> None:
    rule, age = product.eligibility, person.age_at(day)
    if rule.age_min is not None and age < rule.age_min:
        raise NotEligible(f"{product.ref.id} is for holders of {rule.age_min} years and more")
    if rule.age_below is not None and age >= rule.age_below:
        raise NotEligible(f"{product.ref.id} is for holders below {rule.age_below} years")
    if rule.nationalities and person.nationality not in rule.nationalities:
        raise NotEligible(f"{product.ref.id} is for nationals of {', '.join(rule.nationalities)}")
    if person.nationality in rule.excluded_nationalities:
        raise NotEligible(
            f"{product.ref.id} is not for nationals of {', '.join(rule.excluded_nationalities)}"
        )
