"""Card products: reading their data files, and deciding what a product means for one holder and day."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time

import msgspec

from rahdari.credentials.errors import BadProduct, UnknownProduct
from rahdari.credentials.values.cards import ProductRef
from rahdari.credentials.values.holders import Biometric, HolderKind, Party, Person
from rahdari.credentials.values.products import (
    CaptureRule,
    CardField,
    CardProduct,
    Condition,
    Eligibility,
    FeatureSpec,
    Inscription,
    NumberShape,
    Validity,
)
from rahdari.credentials.values.text import LocalText
from rahdari.wire.errors import MalformedInput
from rahdari.wire.strict_toml import read_toml

# A product file is a page of text; anything longer is a mistake.
PRODUCT_BYTES_MAX = 64 * 1024
_ID = re.compile(r"[a-z][a-z0-9-]{0,31}")


class _ConditionFile(msgspec.Struct, forbid_unknown_fields=True):
    age_min: int | None = None
    age_below: int | None = None
    permanent_region: tuple[str, ...] = ()


class _InscriptionFile(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    text: dict[str, str]
    when: _ConditionFile = msgspec.field(default_factory=_ConditionFile)


class _NumberFile(msgspec.Struct, forbid_unknown_fields=True):
    country: str
    kind: str
    groups: tuple[int, ...] = ()
    stand_ins: dict[str, str] = msgspec.field(default_factory=dict)


class _EligibilityFile(msgspec.Struct, forbid_unknown_fields=True):
    age_min: int | None = None
    age_below: int | None = None
    nationalities: tuple[str, ...] = ()
    excluded_nationalities: tuple[str, ...] = ()


class _ValidityFile(msgspec.Struct, forbid_unknown_fields=True):
    years: int
    until_age: int | None = None
    lifetime_from_age: int | None = None


class _CaptureFile(msgspec.Struct, forbid_unknown_fields=True):
    biometrics: tuple[Biometric, ...]
    age_below: int | None = None


class _FieldFile(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    label: dict[str, str]
    side: str = "front"


class ProductFile(msgspec.Struct, forbid_unknown_fields=True):
    """What a product's data file may say; its keys are those of the TOML."""

    id: str
    version: int
    holder: HolderKind
    title: dict[str, str]
    languages: tuple[str, ...]
    number: _NumberFile
    validity: _ValidityFile
    features: dict[str, dict[str, str | tuple[str, ...]]]
    eligibility: _EligibilityFile = msgspec.field(default_factory=_EligibilityFile)
    required: tuple[str, ...] = ()
    marks: tuple[_InscriptionFile, ...] = ()
    inscriptions: tuple[_InscriptionFile, ...] = ()
    capture: tuple[_CaptureFile, ...] = ()
    fields: tuple[_FieldFile, ...] = ()
    template: str = "card.typ"
    theme: dict[str, str] = msgspec.field(default_factory=dict)
    notice: str = ""


def read_product(raw: bytes, *, name: str) -> CardProduct:
    """Read a product's data file (TOML 1.0), strictly: an unknown word is an error, not a comment.

    Raises:
        BadProduct: says what is wrong and where; ``name`` is the file's name for the sentence.
    """
    if len(raw) > PRODUCT_BYTES_MAX:
        raise BadProduct(f"product file {name} is larger than {PRODUCT_BYTES_MAX} bytes; shorten it")
    try:
        file = msgspec.convert(read_toml(raw, bytes_max=PRODUCT_BYTES_MAX), ProductFile, strict=True)
    except (MalformedInput, ValueError, OverflowError) as error:
        raise BadProduct(f"product file {name}: {error}; see docs/look-up/products.md") from None
    _refuse_nonsense(file, name)
    return _product(file)


def _refuse_nonsense(file: ProductFile, name: str) -> None:
    faults = [
        (not _ID.fullmatch(file.id), "id: small letters, digits and hyphens, at most 32"),
        (file.version < 1, "version: counts from 1"),
        (not file.languages, "languages: at least one"),
        (file.validity.years < 1 or file.validity.years > 100, "validity.years: from 1 to 100"),
        (not file.features, "features: at least one, or nobody can verify the card"),
        (not set(file.languages) <= set(file.title), "title: one in each language of the card"),
        (_lacks_language(file), "marks and inscriptions: one text in each language of the card"),
        ("/" in file.template or ".." in file.template, "template: a file name, not a path"),
    ]
    wrong = [words for is_wrong, words in faults if is_wrong]
    if wrong:
        raise BadProduct(f"product file {name}: {'; '.join(wrong)}")


def _lacks_language(file: ProductFile) -> bool:
    texts = [*file.marks, *file.inscriptions]
    return any(not set(file.languages) <= set(one.text) for one in texts)


def _product(file: ProductFile) -> CardProduct:
    return CardProduct(
        ref=ProductRef(file.id, file.version),
        holder=file.holder,
        title=file.title,
        languages=file.languages,
        number=msgspec.convert(file.number, NumberShape, from_attributes=True),
        eligibility=msgspec.convert(file.eligibility, Eligibility, from_attributes=True),
        validity=msgspec.convert(file.validity, Validity, from_attributes=True),
        required=file.required,
        marks=_inscriptions(file.marks),
        inscriptions=_inscriptions(file.inscriptions),
        capture=tuple(CaptureRule(one.age_below, frozenset(one.biometrics)) for one in file.capture),
        features=tuple(FeatureSpec(kind, settings) for kind, settings in file.features.items()),
        fields=tuple(CardField(name=one.name, label=one.label, side=one.side) for one in file.fields),
        template=file.template,
        theme=file.theme,
        notice=file.notice,
    )


def _inscriptions(files: tuple[_InscriptionFile, ...]) -> tuple[Inscription, ...]:
    return tuple(
        Inscription(one.id, one.text, msgspec.convert(one.when, Condition, from_attributes=True))
        for one in files
    )


def applies(condition: Condition, party: Party, day: date) -> bool:
    """Tell whether every given part of ``condition`` holds for ``party`` on ``day``."""
    region = party.permanent_region or ""
    if condition.permanent_region and region not in condition.permanent_region:
        return False
    if condition.age_min is None and condition.age_below is None:
        return True
    if not isinstance(party, Person):
        return False
    age = party.age_at(day)
    old_enough = condition.age_min is None or age >= condition.age_min
    return old_enough and (condition.age_below is None or age < condition.age_below)


def find_marks(product: CardProduct, party: Party, day: date) -> tuple[Inscription, ...]:
    """List the marks (such as the senior citizen's) that the card bears, decided on its day of issue."""
    return tuple(mark for mark in product.marks if applies(mark.when, party, day))


def find_inscriptions(product: CardProduct, party: Party, day: date) -> tuple[Inscription, ...]:
    """List the inscriptions that the card bears, decided on its day of issue."""
    return tuple(one for one in product.inscriptions if applies(one.when, party, day))


def find_captures(product: CardProduct, person: Person, day: date) -> frozenset[Biometric]:
    """Tell which biometrics are to be captured of ``person`` on ``day``: the first rule that fits."""
    age = person.age_at(day)
    for rule in product.capture:
        if rule.age_below is None or age < rule.age_below:
            return rule.biometrics
    return frozenset()


def find_expiry(product: CardProduct, party: Party, valid_from: datetime) -> datetime | None:
    """Tell when a card made at ``valid_from`` ends; None is lifetime validity.

    The end is midnight UTC after ``years``, or the birthday of ``until_age`` where that is earlier.
    """
    validity, day = product.validity, valid_from.astimezone(UTC).date()
    if not isinstance(party, Person):
        return _midnight(_years_after(day, validity.years))
    if validity.lifetime_from_age is not None and party.age_at(day) >= validity.lifetime_from_age:
        return None
    end = _years_after(day, validity.years)
    if validity.until_age is not None:
        end = min(end, _years_after(party.date_of_birth, validity.until_age))
    return _midnight(end)


def _years_after(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes 1 March, as ``Person.age_at`` counts."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def print_number(product: CardProduct, number: str) -> str:
    """Write the holder's number as the card prints it: 3520212345671 as 35202-1234567-1."""
    if sum(product.number.groups) != len(number):
        return number
    groups, at = [], 0
    for length in product.number.groups:
        groups.append(number[at : at + length])
        at += length
    return "-".join(groups)


def localised(text: LocalText, language: str) -> str:
    """Take the text in ``language``, else in English, else any; empty if there is none."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def setting(spec: FeatureSpec, name: str, default: str) -> str:
    """Take one text of a feature's settings."""
    value = spec.settings.get(name, default)
    return value if isinstance(value, str) else default


class Catalogue:
    """The card products of the house: the current version of each, and every older one still in hands."""

    def __init__(self, products: Iterable[CardProduct]) -> None:
        """Index the products. Raises ``BadProduct`` if one version stands in two files."""
        self._by_ref: dict[ProductRef, CardProduct] = {}
        for product in products:
            if product.ref in self._by_ref:
                raise BadProduct(f"two files describe {product.ref}; raise the version of one of them")
            self._by_ref[product.ref] = product

    def get(self, ref: ProductRef) -> CardProduct:
        """Get a product in one version. Raises ``UnknownProduct``."""
        found = self._by_ref.get(ref)
        if found is None:
            raise UnknownProduct(f"no file describes the product {ref}; bring the file of that version back")
        return found

    def get_current(self, product: str) -> CardProduct:
        """Get the newest version of a product. Raises ``UnknownProduct``."""
        versions = [one for one in self._by_ref.values() if one.ref.id == product]
        if not versions:
            known = ", ".join(sorted({ref.id for ref in self._by_ref}))
            raise UnknownProduct(f"there is no card product {product!r}; there are: {known}")
        return max(versions, key=lambda one: one.ref.version)

    def list_current(self) -> tuple[CardProduct, ...]:
        """List the newest version of every product, by id."""
        return tuple(self.get_current(one) for one in sorted({ref.id for ref in self._by_ref}))
