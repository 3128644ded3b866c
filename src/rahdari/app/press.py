"""Cards as pictures: what a product's file says is printed, filled in from the register."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from rahdari.app.card_drawing import CardDrawing, CardField, Side, Theme, Words
from rahdari.app.card_printing import CardPrinter
from rahdari.app.card_scripts import LATIN, script_of
from rahdari.app.card_sheets import BadSheet, Paper, check_count
from rahdari.app.countries import name_country
from rahdari.app.errors import CardNotPrintable
from rahdari.app.foundation import Foundation
from rahdari.credentials import Card, CardNumber, CardProduct, Holder, LocalText, Person, Stage, print_number
from rahdari.credentials.rules.products import find_inscriptions, find_marks, localised, setting
from rahdari.credentials.service import cards
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.products import CardField as FieldSpec
from rahdari.credentials.values.products import Inscription
from rahdari.wire import qr

# What the cards say by themselves, in the languages that the house can set; product files say the rest.
_LIFETIME: LocalText = {"en": "Lifetime", "ur": "تاحیات", "zh": "长期"}
_GENDERS: dict[str, LocalText] = {
    "M": {"en": "Male", "ur": "مرد", "zh": "男"},
    "F": {"en": "Female", "ur": "عورت", "zh": "女"},
    "X": {"en": "X", "ur": "خواجہ سرا", "zh": "其他"},
}
_NAME: LocalText = {"en": "Name", "ur": "نام", "zh": "名称"}
_NUMBER: LocalText = {"en": "Number", "ur": "نمبر", "zh": "号码"}
_LOCAL = frozenset({"name", "guardian", "address", "permanent_address"})
_COUNTRIES = frozenset({"nationality", "country_of_stay"})
# A card that was suspended, revoked or replaced is worth nothing in the hand; drawing one helps only a cheat.
PRINTED_STAGES = frozenset({Stage.ISSUED, Stage.ACTIVE})
# Drawn on the card itself, at its own place.
_PLACED = frozenset({"name", "number"})


class Press:
    """Draws cards and QR codes of the register."""

    def __init__(self, foundation: Foundation) -> None:
        """Work on the house's foundation; fonts are loaded at the first card."""
        self._on = foundation

    @cached_property
    def _printer(self) -> CardPrinter:
        return CardPrinter()

    def card_png(self, number: CardNumber, side: Side = "both") -> bytes:
        """Draw a card as PNG at 406 ppi: a picture is printed as easily as a PDF, so the same cards are drawn.

        Raises:
            CardNotPrintable: it is neither issued nor active.
            UnknownCard, CardNotDrawable, QrTooDense.
        """
        return self._printer.png(self._drawing(number), side)

    def card_pdf(self, number: CardNumber) -> bytes:
        """Draw a card for the printer as PDF: front and back, CR80.

        Raises:
            CardNotPrintable: it is neither issued nor active.
            UnknownCard, CardNotDrawable, QrTooDense.
        """
        return self._printer.pdf(self._drawing(number))

    def sheets_pdf(self, numbers: Sequence[CardNumber], paper: Paper = Paper.A4) -> bytes:
        """Draw print sheets as PDF: all the cards, fronts and backs on alternate pages; all or none.

        Raises:
            BadSheet: no card, more than ``SHEET_CARDS_MAX``, or one of them twice.
            CardNotPrintable: one is neither issued nor active.
            UnknownCard, CardNotDrawable, QrTooDense.
        """
        check_count(len(numbers))
        twice = next((one for nth, one in enumerate(numbers) if one in numbers[:nth]), None)
        if twice is not None:  # nobody carries two copies of one card
            raise BadSheet(f"card {twice} is named twice; name each card once")
        with self._on.reading() as desk:
            drawings = [self._drawn(desk, one) for one in numbers]
        return self._printer.sheets(drawings, paper)

    def qr_png(self, number: CardNumber, *, module_px: int = 4) -> bytes:
        """Draw the QR code alone. Raises ``UnknownCard``, ``UnknownFeature``."""
        text, level = self._qr(number)
        return qr.write_png(text, ec_level=level, module_px=module_px)

    def qr_terminal(self, number: CardNumber) -> str:
        """Draw the QR code with block characters. Raises ``UnknownCard``, ``UnknownFeature``."""
        text, level = self._qr(number)
        return qr.write_terminal(text, ec_level=level)

    def _qr(self, number: CardNumber) -> tuple[str, str]:
        with self._on.reading() as desk:
            product = desk.products.get(cards.get_card(desk, number).product)
            found = cards.get_pass(desk, number, "qr")
        return found.payload.decode("ascii"), _qr_level(product)

    def _drawing(self, number: CardNumber) -> CardDrawing:
        with self._on.reading() as desk:
            return self._drawn(desk, number)

    def _drawn(self, desk: Desk, number: CardNumber) -> CardDrawing:
        card = cards.get_card(desk, number)
        if card.stage not in PRINTED_STAGES:
            raise CardNotPrintable(
                f"card {number} is {card.stage}; only cards that are issued or active are drawn and printed, "
                "so issue it, reinstate it or replace it first"
            )
        text = cards.get_pass(desk, number, "qr").payload.decode("ascii")
        portrait = desk.store.find_portrait(card.holder)
        return draw(
            self._on.products.get(card.product),
            card,
            desk.store.find_holders([card.holder])[card.holder],
            qr_text=text,
            photo=portrait.card if portrait else b"",
            issuer=self._on.settings.name,
        )


def draw(
    product: CardProduct, card: Card, holder: Holder, *, qr_text: str, photo: bytes, issuer: str
) -> CardDrawing:
    """Put a card's drawing together as its product's file says, as of its day of issue."""
    party, day = holder.party, (card.valid_from or card.applied_at).date()
    tongues = tongues_of(product)
    lines = [one for one in product.fields if one.name not in _PLACED]
    labels = {one.name: one.label for one in product.fields}
    return CardDrawing(
        title=_words(product.title, tongues),
        issuer=Words(issuer),
        number=print_number(product, party.number),
        name=_words(party.name, tongues),
        front=_lines([one for one in lines if one.side == "front"], card, holder, tongues),
        back=_lines([one for one in lines if one.side == "back"], card, holder, tongues),
        photo=photo,
        serial=card.number,
        qr_text=qr_text,
        theme=Theme(product.theme.get("ink", "#0b3d2e"), product.theme.get("accent", "#1f7a55")),
        marks=_all(find_marks(product, party, day), tongues),
        inscriptions=_all(find_inscriptions(product, party, day), tongues),
        note=Words(product.notice),
        name_label=_words(labels.get("name", _NAME), tongues),
        number_label=_words(labels.get("number", _NUMBER), tongues),
        specimen=product.theme.get("specimen", ""),
        second_language=tongues[1],
        of_person=isinstance(party, Person),
        template=product.template,
        qr_level=_qr_level(product),
    )


def tongues_of(product: CardProduct) -> tuple[str, str]:
    """Choose the card's two languages: the first in Latin letters, then the first other one (empty: none)."""
    latin = (one for one in product.languages if script_of(one).fonts[0] == LATIN)
    first = next(latin, "en")
    return first, next((one for one in product.languages if one != first), "")


def _qr_level(product: CardProduct) -> str:
    """The weakest level of error correction that the product's file admits."""
    spec = next((one for one in product.features if one.kind == "qr"), None)
    return setting(spec, "ec_level", "L") if spec else "L"


def _words(text: LocalText, tongues: tuple[str, str]) -> Words:
    return Words(localised(text, tongues[0]), text.get(tongues[1], ""))


def _all(inscriptions: tuple[Inscription, ...], tongues: tuple[str, str]) -> tuple[Words, ...]:
    return tuple(_words(one.text, tongues) for one in inscriptions)


def _lines(
    specs: Sequence[FieldSpec], card: Card, holder: Holder, tongues: tuple[str, str]
) -> tuple[CardField, ...]:
    """The lines of one side; a line whose value is not known is left out, for a bare label says nothing."""
    lines = (_line(one, card, holder, tongues) for one in specs)
    return tuple(one for one in lines if one.value or one.value_second)


def _line(spec: FieldSpec, card: Card, holder: Holder, tongues: tuple[str, str]) -> CardField:
    label, value = _words(spec.label, tongues), _value(spec.name, card, holder, tongues)
    return CardField(label.first, label.second, value.first, value.second)


def _value(name: str, card: Card, holder: Holder, tongues: tuple[str, str]) -> Words:
    party = holder.party
    if name in _LOCAL:
        return _words(getattr(party, name, {}), tongues)
    if name in _COUNTRIES:
        return _country(str(getattr(party, name, "") or ""), tongues)
    if name == "gender" and isinstance(party, Person):
        return _words(_GENDERS[party.gender], tongues)
    if name == "expires" and card.expires is None:
        return _words(_LIFETIME, tongues)
    found = (card.valid_from or card.applied_at) if name == "valid_from" else getattr(party, name, None)
    found = card.expires if name == "expires" else found
    return Words(found.strftime("%d.%m.%Y") if isinstance(found, date) else str(found or ""))


def _country(code: str, tongues: tuple[str, str]) -> Words:
    return Words(name_country(code, tongues[0]) or code, name_country(code, tongues[1]))
