"""Values to bodies: what leaves the house as JSON."""

from rahdari.credentials import (
    AuditEntry,
    Card,
    CardProduct,
    Holder,
    LocalText,
    Organisation,
    Report,
    Verified,
)
from rahdari.web.api.bodies import (
    CardView,
    CheckView,
    Claims,
    HistoryEntry,
    HolderView,
    OrganisationRecord,
    PersonRecord,
    ProductView,
    ReportView,
    Words,
)


def _words(text: LocalText) -> Words:
    return Words(en=text.get("en"), ur=text.get("ur"), zh=text.get("zh"))


def render_holder(holder: Holder) -> HolderView:
    """Show a holder."""
    return HolderView(str(holder.id), holder.registered_at, _render_party(holder))


def _render_party(holder: Holder) -> PersonRecord | OrganisationRecord:
    party = holder.party
    if isinstance(party, Organisation):
        return OrganisationRecord(
            number=party.number,
            name=_words(party.name),
            nationality=party.nationality,
            form=party.form,
            address=_words(party.address),
            permanent_region=party.permanent_region,
        )
    return PersonRecord(
        number=party.number,
        name=_words(party.name),
        gender=party.gender,
        date_of_birth=party.date_of_birth,
        nationality=party.nationality,
        guardian=_words(party.guardian),
        family_number=party.family_number,
        address=_words(party.address),
        permanent_address=_words(party.permanent_address),
        permanent_region=party.permanent_region,
        country_of_stay=party.country_of_stay,
        passport_number=party.passport_number,
        captured=sorted(party.captured),
    )


def render_card(card: Card) -> CardView:
    """Show a card; who proposed its revocation is the log's to tell."""
    return CardView(
        number=card.number,
        holder=card.holder,
        product=str(card.product),
        stage=card.stage,
        applied_at=card.applied_at,
        valid_from=card.valid_from,
        expires=card.expires,
        replaces=card.replaces,
        revocation_proposed=card.revocation_proposed_by is not None,
    )


def render_entry(entry: AuditEntry) -> HistoryEntry:
    """Show an entry of the log."""
    event = entry.event
    return HistoryEntry(
        sequence=entry.sequence,
        at=event.at,
        actor=event.actor,
        act=event.act,
        reason=event.reason,
        details=dict(event.details),
    )


def render_report(report: Report) -> ReportView:
    """Show a verification, the claims only if it is valid."""
    return ReportView(
        verdict=report.verdict,
        as_of=report.as_of,
        reason=report.reason,
        code=report.code,
        checks=[CheckView(one.number, one.name, one.clause, one.outcome) for one in report.checks],
        claims=_render_claims(report.verified) if report.verified else None,
    )


def _render_claims(verified: Verified) -> Claims:
    terms, said = verified.terms, verified.attributes
    return Claims(
        issuer=verified.issuer,
        feature=verified.feature,
        product=str(terms.product) if terms.product else None,
        issued_at=terms.issued_at,
        expires=terms.expires,
        number=said.number,
        name=dict(said.name),
        date_of_birth=said.date_of_birth,
        gender=said.gender,
        guardian=dict(said.guardian),
        address=dict(said.address),
        nationality=said.nationality,
        region=said.region,
        country_of_issuance=said.country_of_issuance,
        family_number=said.family_number,
        country_of_stay=said.country_of_stay,
        passport_number=said.passport_number,
        marks=list(said.marks),
        photo=said.photo,
    )


def render_product(product: CardProduct) -> ProductView:
    """Show a card product."""
    return ProductView(
        id=product.ref.id,
        version=product.ref.version,
        holder=product.holder.value,
        title=dict(product.title),
        validity_years=product.validity.years,
        lifetime_from_age=product.validity.lifetime_from_age,
        required=list(product.required),
        features=[one.kind for one in product.features],
    )
