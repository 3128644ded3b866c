"""Values of the house as JSON documents; the same names as in the HTTP API."""

from collections.abc import Iterable

from rahdari.cli.instants import instant
from rahdari.cli.terminal import Document
from rahdari.credentials import (
    Attributes,
    Card,
    CardProduct,
    Holder,
    KeyRecord,
    Organisation,
    Party,
    Person,
    Report,
    Verified,
    print_number,
)


def grouped_number(products: Iterable[CardProduct], party: Party) -> str:
    """Write a holder's number as the cards of its kind print it, such as 35202-1234567-1."""
    for product in products:
        written = print_number(product, party.number)
        if product.holder is party.kind and written != party.number:
            return written
    return party.number


def card_cells(card: Card) -> tuple[object, ...]:
    """Write a card as a row below ``CARD_HEADINGS``."""
    ends = instant(card.expires) or ("lifetime" if card.valid_from else "")
    return card.number, str(card.product), card.stage, ends


CARD_HEADINGS = ("card", "product", "stage", "expires")


def card_document(card: Card) -> dict[str, object]:
    """Describe a card."""
    return {
        "card": card.number,
        "product": str(card.product),
        "stage": card.stage.value,
        "holder": card.holder,
        "applied_at": instant(card.applied_at),
        "valid_from": instant(card.valid_from),
        "expires": instant(card.expires) if card.valid_from else None,
        "lifetime": card.valid_from is not None and card.expires is None,
        "replaces": card.replaces,
        "revocation_proposed_by": card.revocation_proposed_by,
        "revocation_reason": card.revocation_reason.value if card.revocation_reason else None,
    }


def holder_document(holder: Holder) -> dict[str, object]:
    """Describe a holder."""
    return {
        "holder": holder.id,
        "registered_at": instant(holder.registered_at),
        **party_document(holder.party),
    }


def party_document(party: Party) -> dict[str, object]:
    """Describe a party as registered."""
    shared: dict[str, object] = {
        "kind": party.kind.value,
        "number": party.number,
        "name": dict(party.name),
        "nationality": party.nationality,
        "address": dict(party.address),
        "permanent_region": party.permanent_region,
    }
    if isinstance(party, Organisation):
        return {**shared, "form": party.form}
    return {**shared, **_person_document(party)}


def _person_document(person: Person) -> dict[str, object]:
    return {
        "guardian": dict(person.guardian),
        "gender": person.gender.value,
        "date_of_birth": instant(person.date_of_birth),
        "family_number": person.family_number,
        "permanent_address": dict(person.permanent_address),
        "country_of_stay": person.country_of_stay,
        "passport_number": person.passport_number,
        "captured": sorted(one.value for one in person.captured),
    }


def report_document(report: Report, *, mode: str) -> dict[str, object]:
    """Describe a verification; the claims stand in it only if the pass is valid."""
    return {
        "verdict": report.verdict.value,
        "mode": mode,
        "as_of": instant(report.as_of),
        "reason": report.reason,
        "code": report.code,
        "checks": [
            {"number": one.number, "name": one.name, "clause": one.clause, "outcome": one.outcome.value}
            for one in report.checks
        ],
        "pass": verified_document(report.verified) if report.verified else None,
    }


def verified_document(verified: Verified) -> dict[str, object]:
    """Describe a pass that withstood every check."""
    terms = verified.terms
    return {
        "feature": verified.feature,
        "issuer": verified.issuer,
        "product": str(terms.product) if terms.product else None,
        "issued_at": instant(terms.issued_at),
        "expires": instant(terms.expires),
        "claims": attributes_document(verified.attributes),
    }


def attributes_document(attributes: Attributes) -> dict[str, object]:
    """Describe what a pass says of its holder, as far as it says anything; of the photograph only its size."""
    told: dict[str, object] = {
        "number": attributes.number,
        "name": dict(attributes.name),
        "date_of_birth": instant(attributes.date_of_birth),
        "gender": attributes.gender.value if attributes.gender else None,
        "guardian": dict(attributes.guardian),
        "address": dict(attributes.address),
        "nationality": attributes.nationality,
        "region": attributes.region,
        "country_of_issuance": attributes.country_of_issuance,
        "family_number": attributes.family_number,
        "country_of_stay": attributes.country_of_stay,
        "passport_number": attributes.passport_number,
        "marks": list(attributes.marks),
        "photo_bytes": len(attributes.photo) if attributes.photo else None,
    }
    return {name: value for name, value in told.items() if value}


def key_document(key: KeyRecord) -> Document:
    """Describe a key of the authority."""
    return {
        "kid": key.public.kid.hex(),
        "use": key.use.value,
        "algorithm": key.public.algorithm.value,
        "not_before": instant(key.not_before),
        "not_after": instant(key.not_after),
        "withdrawn_at": instant(key.withdrawn_at),
    }


def product_document(product: CardProduct) -> dict[str, object]:
    """Describe a card product."""
    validity = product.validity
    return {
        "product": str(product.ref),
        "title": dict(product.title),
        "holder": product.holder.value,
        "years": validity.years,
        "until_age": validity.until_age,
        "lifetime_from_age": validity.lifetime_from_age,
        "age_min": product.eligibility.age_min,
        "age_below": product.eligibility.age_below,
        "nationalities": list(product.eligibility.nationalities),
        "required": list(product.required),
        "marks": [one.id for one in product.marks],
        "inscriptions": [one.id for one in product.inscriptions],
        "features": [one.kind for one in product.features],
        "notice": product.notice,
    }
