"""What a holder must be like for a product: number shape, required fields, eligibility."""

import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from typing import Protocol

import stdnum
from stdnum.exceptions import ValidationError

from rahdari.credentials.errors import BadHolder, NotEligible
from rahdari.credentials.rules.products import find_captures
from rahdari.credentials.values.holders import Party, Person
from rahdari.credentials.values.products import CardProduct, NumberShape

# Nobody alive is older, and a date of birth beyond is a slip of the pen.
AGE_MAX = 130
# The longest name or address line that a card can print at its smallest size.
TEXT_CHARS_MAX = 200
# 200 letters of Urdu; a QR code holds 2.8 kB in all.
TEXT_BYTES_MAX = 400
PLAIN_FIELDS = (
    "family_number",
    "passport_number",
    "permanent_region",
    "nationality",
    "country_of_stay",
    "form",
)
PLAIN_CHARS_MAX = 40
# Urdu and Persian spelling needs them between letters.
_JOINERS = "\u200c\u200d"
# Fields with one text a language.
LOCAL_FIELDS = frozenset({"name", "guardian", "address", "permanent_address"})


class _NumberModule(Protocol):
    """What python-stdnum offers for one kind of number."""

    def compact(self, number: str) -> str: ...
    def validate(self, number: str) -> str: ...


def canonical_number(shape: NumberShape, written: str) -> str:
    """Reduce a written number to its canonical digits, its shape checked by python-stdnum.

    Raises:
        BadHolder: the number is not of that shape. The sentence does not repeat the number.
    """
    module = stdnum.get_cc_module(shape.country, shape.kind)
    if module is None:
        raise BadHolder("number", f"no number shape {shape.country}.{shape.kind} is known; mend the product")
    try:
        return _validate(module, shape, written)
    except ValidationError as error:
        groups = "-".join("0" * length for length in shape.groups)
        hint = f", written like {groups}" if groups else ""
        raise BadHolder("number", f"not a {shape.country} {shape.kind} number{hint}: {error}") from None


def _validate(module: _NumberModule, shape: NumberShape, written: str) -> str:
    """Let the library check the number; one with an unlisted beginning is checked under its stand-in."""
    bare = module.compact(written)
    for beginning, known in shape.stand_ins.items():
        if bare.startswith(beginning):
            module.validate(known + bare[len(beginning) :])
            return bare
    return module.validate(written)


def check_party(product: CardProduct, party: Party, day: date) -> None:
    """Refuse a holder whose fields do not suffice for ``product`` on ``day``.

    Raises:
        BadHolder: a required field is missing, too long, or cannot be.
        NotEligible: the product is not for this holder.
    """
    for fault in find_faults(product, party, day):
        raise fault


def find_faults(
    product: CardProduct, party: Party, day: date, *, unread: Collection[str] = ()
) -> Iterator[BadHolder | NotEligible]:
    """Find every reason why ``party`` cannot have ``product`` on ``day``, each as the refusal it would be.

    ``unread`` names fields ("date_of_birth", "name.ur") whose value could not be read and stands in for nothing:
    what depends on them alone is left out.
    """
    if party.kind is not product.holder:
        if "kind" not in unread:
            yield NotEligible(
                f"{product.ref.id} is a card for a {product.holder}, the holder is a {party.kind}"
            )
        # Of the other kind, no field of it means what the product asks for.
        return
    for fault in _find_bad_fields(product, party, day):
        if fault.field not in unread:
            yield fault
    if isinstance(party, Person):
        has_age = "date_of_birth" not in unread and not any(_find_bad_birth(party, day))
        if has_age:
            yield from _find_wrong_age(product, party, day)
            yield from _find_forbidden_captures(product, party, day)
        if "nationality" not in unread:
            yield from _find_wrong_nationality(product, party)


def _find_bad_fields(product: CardProduct, party: Party, day: date) -> Iterator[BadHolder]:
    yield from _find_bad_texts(party)
    if isinstance(party, Person):
        yield from _find_bad_birth(party, day)
    try:
        canonical_number(product.number, party.number)
    except BadHolder as fault:
        yield fault
    for name in product.required:
        yield from _find_missing(product, party, name)


def _find_bad_birth(person: Person, day: date) -> Iterator[BadHolder]:
    if person.date_of_birth > day:
        yield BadHolder("date_of_birth", "date of birth lies in the future; correct it")
    elif person.age_at(day) > AGE_MAX:
        yield BadHolder("date_of_birth", f"date of birth is more than {AGE_MAX} years ago; correct it")


def _find_bad_texts(party: Party) -> Iterator[BadHolder]:
    texts = {"name": party.name, "address": party.address}
    if isinstance(party, Person):
        texts |= {"guardian": party.guardian, "permanent_address": party.permanent_address}
    for field, text in texts.items():
        for language, words in text.items():
            yield from _find_bad_words(f"{field}.{language}", f"{field} ({language})", words)
    for field in PLAIN_FIELDS:
        value = getattr(party, field, None) or ""
        if len(value) > PLAIN_CHARS_MAX or not (value.isascii() and value.isprintable()):
            yield BadHolder(
                field, f"{field} has more than {PLAIN_CHARS_MAX} characters, or others than ASCII"
            )


def _find_bad_words(place: str, name: str, words: str) -> Iterator[BadHolder]:
    if len(words) > TEXT_CHARS_MAX:
        yield BadHolder(place, f"{name} is longer than {TEXT_CHARS_MAX} characters")
    elif len(words.encode("utf-8", errors="replace")) > TEXT_BYTES_MAX:
        yield BadHolder(place, f"{name} takes more than {TEXT_BYTES_MAX} bytes")
    if not all(map(_is_writing, words)):
        yield BadHolder(place, f"{name} holds a control or direction character")


def _is_writing(letter: str) -> bool:
    """Tell whether a letter can stand in a name: no control, and none that turns the text around it."""
    return letter in _JOINERS or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _find_missing(product: CardProduct, party: Party, name: str) -> Iterator[BadHolder]:
    value = getattr(party, name, None)
    if name in LOCAL_FIELDS:
        texts = value or {}
        for language in product.languages:
            if not texts.get(language):
                yield BadHolder(
                    f"{name}.{language}",
                    f"{product.ref.id} needs {name.replace('_', ' ')} in {language}; add it",
                )
    elif not value:
        yield BadHolder(name, f"{product.ref.id} needs {name.replace('_', ' ')}; add it to the holder")


def _find_wrong_age(product: CardProduct, person: Person, day: date) -> Iterator[NotEligible]:
    rule, age = product.eligibility, person.age_at(day)
    if rule.age_min is not None and age < rule.age_min:
        yield NotEligible(f"{product.ref.id} is for holders of {rule.age_min} years and more")
    if rule.age_below is not None and age >= rule.age_below:
        yield NotEligible(f"{product.ref.id} is for holders below {rule.age_below} years")


def _find_forbidden_captures(product: CardProduct, person: Person, day: date) -> Iterator[BadHolder]:
    forbidden = person.captured - find_captures(product, person, day)
    if forbidden:
        words = " and ".join(sorted(forbidden))
        yield BadHolder("captured", f"{product.ref.id} does not capture {words} at this age; leave it out")


def _find_wrong_nationality(product: CardProduct, person: Person) -> Iterator[NotEligible]:
    rule = product.eligibility
    if rule.nationalities and person.nationality not in rule.nationalities:
        yield NotEligible(f"{product.ref.id} is for nationals of {', '.join(rule.nationalities)}")
    if person.nationality in rule.excluded_nationalities:
        yield NotEligible(
            f"{product.ref.id} is not for nationals of {', '.join(rule.excluded_nationalities)}"
        )
