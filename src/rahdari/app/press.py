"""Cards as pictures: what a product's file says is printed, filled in from the register."""

from functools import cached_property

from rahdari.app.card_drawing import CardDrawing, CardField, CardPrinter, Side, Theme, Words
from rahdari.app.foundation import Foundation
from rahdari.credentials import Card, CardNumber, CardProduct, Holder, LocalText, Person, print_number
from rahdari.credentials.rules.products import find_inscriptions, find_marks, localised, setting
from rahdari.credentials.service import cards
from rahdari.credentials.values.products import CardField as FieldSpec
from rahdari.credentials.values.products import Inscription
from rahdari.wire import qr

_LIFETIME = Words("Lifetime", "تاحیات")
_GENDERS = {"M": Words("Male", "مرد"), "F": Words("Female", "عورت"), "X": Words("X", "خواجہ سرا")}
_LOCAL = frozenset({"name", "guardian", "address", "permanent_address"})
# Drawn on the card itself, at its own place.
_PLACED = frozenset({"name", "number"})
SPECIMEN = "SYNTHETIC SPECIMEN"


class Press:
    """Draws cards and QR codes of the register."""

    def __init__(self, foundation: Foundation) -> None:
        """Work on the house's foundation; fonts are loaded at the first card."""
        self._on = foundation

    @cached_property
    def _printer(self) -> CardPrinter:
        return CardPrinter()

    def card_png(self, number: CardNumber, side: Side = "both") -> bytes:
        """Draw a card as PNG at 406 ppi. Raises ``UnknownCard``, ``UnknownFeature``, ``CardNotDrawable``."""
        return self._printer.png(self._drawing(number), side)

    def card_pdf(self, number: CardNumber) -> bytes:
        """Draw a card as PDF: front and back, CR80. Raises as ``card_png`` does."""
        return self._printer.pdf(self._drawing(number))

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
        spec = next(one for one in product.features if one.kind == "qr")
        return found.payload.decode("ascii"), setting(spec, "ec_level", "L")

    def _drawing(self, number: CardNumber) -> CardDrawing:
        with self._on.reading() as desk:
            card = cards.get_card(desk, number)
            text = cards.get_pass(desk, number, "qr").payload.decode("ascii")
            holder = desk.store.find_holders([card.holder])[card.holder]
            portrait = desk.store.find_portrait(card.holder)
        product = self._on.products.get(card.product)
        return draw(
            product,
            card,
            holder,
            qr_text=text,
            photo=portrait.card if portrait else b"",
            issuer=self._on.settings.name,
        )


def draw(
    product: CardProduct, card: Card, holder: Holder, *, qr_text: str, photo: bytes, issuer: str
) -> CardDrawing:
    """Put a card's drawing together as its product's file says, as of its day of issue."""
    party, day = holder.party, (card.valid_from or card.applied_at).date()
    lines = [one for one in product.fields if one.name not in _PLACED]
    labels = {one.name: one for one in product.fields}
    return CardDrawing(
        title=_words(product.title),
        issuer=Words(issuer, ""),
        number=print_number(product, party.number),
        name=_words(party.name),
        front=tuple(_line(one, card, holder) for one in lines if one.side == "front"),
        back=tuple(_line(one, card, holder) for one in lines if one.side == "back"),
        photo=photo,
        serial=card.number,
        qr_text=qr_text,
        theme=Theme(product.theme.get("ink", "#0b3d2e"), product.theme.get("accent", "#1f7a55")),
        marks=_all(find_marks(product, party, day)),
        inscriptions=_all(find_inscriptions(product, party, day)),
        note=Words(product.notice, ""),
        name_label=_label(labels, "name", Words("Name", "نام")),
        number_label=_label(labels, "number", Words("Number", "نمبر")),
        specimen=SPECIMEN,
        template=product.template,
    )


def _label(labels: dict[str, FieldSpec], name: str, otherwise: Words) -> Words:
    return _words(labels[name].label) if name in labels else otherwise


def _words(text: LocalText) -> Words:
    return Words(localised(text, "en"), text.get("ur", ""))


def _all(inscriptions: tuple[Inscription, ...]) -> tuple[Words, ...]:
    return tuple(_words(one.text) for one in inscriptions)


def _line(spec: FieldSpec, card: Card, holder: Holder) -> CardField:
    label, value = _words(spec.label), _value(spec.name, card, holder)
    return CardField(label.en, label.ur, value.en, value.ur)


def _value(name: str, card: Card, holder: Holder) -> Words:
    party = holder.party
    if name in _LOCAL:
        return _words(getattr(party, name, {}))
    if name == "valid_from":
        return Words((card.valid_from or card.applied_at).strftime("%d.%m.%Y"), "")
    if name == "expires":
        return Words(card.expires.strftime("%d.%m.%Y"), "") if card.expires else _LIFETIME
    if name == "gender" and isinstance(party, Person):
        return _GENDERS[party.gender]
    if name == "date_of_birth" and isinstance(party, Person):
        return Words(party.date_of_birth.strftime("%d.%m.%Y"), "")
    return Words(str(getattr(party, name, "") or ""), "")
