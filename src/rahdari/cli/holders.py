"""``rahdari holder``: persons and organisations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rahdari.app.errors import BadFile
from rahdari.app.files import read_limited
from rahdari.app.holder_files import FILE_BYTES_MAX
from rahdari.app.portraits import derivatives
from rahdari.cli.authority import Given
from rahdari.cli.documents import (
    CARD_HEADINGS,
    card_cells,
    card_document,
    grouped_number,
    holder_document,
)
from rahdari.cli.errors import BadUsage
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs, table_of
from rahdari.credentials import (
    Biometric,
    Gender,
    Holder,
    HolderId,
    HolderKind,
    Organisation,
    Party,
    Person,
    Portrait,
    UnknownHolder,
    local_text,
)
from rahdari.wire.qr import PICTURE_BYTES_MAX

LISTED_MAX = 10_000
# Ids are UUIDs (RFC 9562, 4).
_ID_LENGTH, _ID_HYPHENS = 36, 4


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class HolderOptions:
    """Everything that is written down of a holder.

    Args:
        number: National number, or the number in the register of firms.
        name_en: Name in English.
        name_ur: Name in Urdu.
        name_zh: Name in Chinese.
        guardian_en: Father's or husband's name in English.
        guardian_ur: Father's or husband's name in Urdu.
        guardian_zh: Father's or husband's name in Chinese.
        gender: As printed on the card.
        date_of_birth: Date of birth, as 1990-12-31.
        nationality: Country code of three capitals (ISO 3166-1 alpha-3).
        family_number: Family number.
        address_en: Present address in English.
        address_ur: Present address in Urdu.
        address_zh: Present address in Chinese.
        permanent_address_en: Permanent address in English.
        permanent_address_ur: Permanent address in Urdu.
        permanent_address_zh: Permanent address in Chinese.
        permanent_region: Region of the permanent address, as PK-PB (ISO 3166-2).
        country_of_stay: For overseas and origin cards, as nationality.
        passport_number: For overseas and origin cards.
        captured: Biometrics that were captured.
        organisation: Register a firm or institution instead of a person.
        form: Legal form of an organisation.
    """

    number: str
    name_en: str
    name_ur: str | None = None
    name_zh: str | None = None
    guardian_en: str | None = None
    guardian_ur: str | None = None
    guardian_zh: str | None = None
    gender: Literal["M", "F", "X"] | None = None
    date_of_birth: Annotated[date | None, Parameter(name=("--date-of-birth", "--born"))] = None
    nationality: str = "PAK"
    family_number: str | None = None
    address_en: str | None = None
    address_ur: str | None = None
    address_zh: str | None = None
    permanent_address_en: str | None = None
    permanent_address_ur: str | None = None
    permanent_address_zh: str | None = None
    permanent_region: str | None = None
    country_of_stay: str | None = None
    passport_number: str | None = None
    captured: tuple[Literal["photograph", "fingerprints", "iris"], ...] = ()
    organisation: bool = False
    form: str = "company"


def add(
    *,
    product: str,
    photo: Path | None = None,
    options: HolderOptions,
    session: Given,
) -> None:
    """Register a holder with an application for a card.

    Args:
        product: Card product that is applied for; see rahdari product list.
        photo: Photograph, PNG, JPEG or WebP.
        options: Everything else.
        session: This run.
    """
    actor = session.actor()
    portrait = _portrait(read_limited(photo, size_bytes_max=PICTURE_BYTES_MAX)) if photo else None
    holder, card = session.house().registry.add_holder(
        _party(options), product, actor=actor, portrait=portrait
    )
    document = {"holder": holder.id, "card": card.number, "product": str(card.product), "stage": card.stage}
    session.terminal.answer(
        document,
        "Registered, with an application that waits to be issued.",
        pairs(document),
        f"Next: {session.command(f'pass issue {holder.id}')}",
    )


def _portrait(raw: bytes) -> Portrait:
    made = derivatives(raw)
    return Portrait(made.card, {profile.value: face for profile, face in made.qr.items()})


def _party(told: HolderOptions) -> Party:
    name = local_text(en=told.name_en, ur=told.name_ur, zh=told.name_zh)
    address = local_text(en=told.address_en, ur=told.address_ur, zh=told.address_zh)
    if told.organisation:
        return Organisation(
            number=told.number,
            name=name,
            nationality=told.nationality,
            form=told.form,
            address=address,
            permanent_region=told.permanent_region,
        )
    if told.gender is None or told.date_of_birth is None:
        raise BadUsage(
            "a person needs --gender and --date-of-birth; an organisation is told by --organisation"
        )
    return Person(
        number=told.number,
        name=name,
        guardian=local_text(en=told.guardian_en, ur=told.guardian_ur, zh=told.guardian_zh),
        gender=Gender(told.gender),
        date_of_birth=told.date_of_birth,
        nationality=told.nationality,
        family_number=told.family_number,
        address=address,
        permanent_address=local_text(
            en=told.permanent_address_en, ur=told.permanent_address_ur, zh=told.permanent_address_zh
        ),
        permanent_region=told.permanent_region,
        country_of_stay=told.country_of_stay,
        passport_number=told.passport_number,
        captured=frozenset(Biometric(one) for one in told.captured),
    )


def import_file(file: Path, /, *, session: Given) -> None:
    """Register the holders of a CSV file, all or none.

    Every bad row is listed by line and column, and then nothing is imported.

    Args:
        file: CSV in UTF-8 with a heading; names in the column photo are files beside it.
        session: This run.
    """
    actor = session.actor()
    raw = read_limited(file, size_bytes_max=FILE_BYTES_MAX)
    with session.terminal.progress("Reading photographs", None) as advance:
        count = session.house().registry.import_holders(
            raw, actor=actor, photo_of=_photos_beside(file, advance)
        )
    session.terminal.answer(
        {"imported": count},
        f"Registered {count_of(count, 'holder')}, each with an application that waits to be issued.",
        f"Next: {session.command('pass issue --all')}",
    )


def _photos_beside(file: Path, advance: Callable[[int], None]) -> Callable[[str], Portrait]:
    folder = file.resolve().parent

    def photo_of(name: str) -> Portrait:
        path = (folder / name).resolve()
        # The file may come from a stranger: a name in it never reaches out of its own folder, not by a link.
        if not path.is_relative_to(folder):
            raise BadFile("the photograph lies outside the folder of the CSV file; put it beside the file")
        if not path.is_file():
            raise BadFile("there is no such file beside the CSV file")
        made = _portrait(read_limited(path, size_bytes_max=PICTURE_BYTES_MAX))
        advance(1)
        return made

    return photo_of


def show(holder: str, /, *, session: Given) -> None:
    """Show a holder with all cards.

    Args:
        holder: Id, or the number on the card.
        session: This run.
    """
    session.actor()
    found = find_holder(session, holder)
    cards = session.house().registry.find_cards_of(found.id)
    document = holder_document(found)
    session.terminal.answer(
        {**document, "cards": [card_document(card) for card in cards]},
        pairs({**document, "number": grouped_number(session.house().products, found.party)}),
        "",
        table_of(CARD_HEADINGS, map(card_cells, cards)),
    )


def find_holder(session: Session, word: str) -> Holder:
    """Find a holder by id, by the number of a person, or by that of an organisation.

    Raises:
        UnknownHolder: there is none.
    """
    registry = session.house().registry
    if len(word) == _ID_LENGTH and word.count("-") == _ID_HYPHENS:
        return registry.get_holder(HolderId(word.lower()))
    try:
        return registry.find_holder_by_number(word)
    except UnknownHolder:
        return registry.find_holder_by_number(word, kind=HolderKind.ORGANISATION)


def list_holders(*, after: str | None = None, limit: int = 50, session: Given) -> None:
    """List holders in the order of their registration.

    Args:
        after: Begin behind this holder's id.
        limit: How many.
        session: This run.
    """
    session.actor()
    if not 1 <= limit <= LISTED_MAX:
        raise BadUsage(f"--limit must lie between 1 and {LISTED_MAX}")
    found = session.house().registry.list_holders(after=HolderId(after) if after else None, limit=limit)
    products = session.house().products
    session.terminal.answer(
        {"holders": [holder_document(one) for one in found]},
        table_of(
            ("holder", "kind", "number", "name", ""),
            (
                (
                    one.id,
                    one.party.kind,
                    grouped_number(products, one.party),
                    one.party.name.get("en", ""),
                    " ".join(text for language, text in one.party.name.items() if language != "en"),
                )
                for one in found
            ),
            spare=("kind", ""),
        ),
    )
    if len(found) == limit:
        session.terminal.note(f"There may be more: {session.command(f'holder list --after {found[-1].id}')}")
