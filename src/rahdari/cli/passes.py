"""``rahdari pass``: issue, show and draw."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rahdari.app.files import write_whole
from rahdari.app.house import House
from rahdari.cli.authority import Given
from rahdari.cli.documents import CARD_HEADINGS, card_cells, card_document, holder_document
from rahdari.cli.drawing import fit_width, is_tall
from rahdari.cli.errors import BadUsage, NothingWaits
from rahdari.cli.holders import find_holder
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs, table_of
from rahdari.cli.words import USUAL_FILE
from rahdari.credentials import Card, CardNumber, Stage

USUAL_NAME = Path(USUAL_FILE)
# Enough to tell how long a bulk issue takes; what waits behind it is issued all the same.
COUNTED_MAX = 1_000_000


def card_number(word: str) -> CardNumber:
    """Take a card's number as people type it: in any case, with or without its hyphens."""
    letters = word.strip().upper()
    if len(letters) == 12 and letters.isalnum():
        return CardNumber("-".join((letters[:4], letters[4:8], letters[8:])))
    return CardNumber(letters)


def issue(
    holder: str | None = None,
    /,
    *,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    product: str | None = None,
    no_activation: Annotated[bool, Parameter(name="--not-yet-handed-over")] = False,
    session: Given,
) -> None:
    """Issue the cards that were applied for.

    A bulk issue that was broken off goes on where it stopped: no card is issued twice, none is lost.

    Args:
        holder: Id or number of the holder.
        everything: Every application that waits.
        product: Only cards of this product; for one holder, apply for it first if need be.
        no_activation: The card is dead until rahdari pass activate.
        session: This run.
    """
    if everything == (holder is not None):
        raise BadUsage("name one holder, or say --all")
    session.require_own_address()
    if holder is None:
        if no_activation:
            raise BadUsage("--not-yet-handed-over is for one holder's card, not for --all")
        _issue_all(session, product)
        return
    actor, registry = session.actor(), session.house().registry
    waiting = _waiting(session, holder, product)
    issued = [registry.issue(card.number, actor=actor, activate=not no_activation) for card in waiting]
    session.terminal.answer(
        {"issued": [card_document(card) for card in issued]},
        table_of(CARD_HEADINGS, map(card_cells, issued)),
        f"Next: {session.command(f'pass show {issued[0].number} --qr')}, "
        f"or {session.command(f'pass render {issued[0].number} --png')}",
    )


def _waiting(session: Session, word: str, product: str | None) -> list[Card]:
    """Find the holder's applications; with a product named, apply for it where none waits."""
    registry = session.house().registry
    holder = find_holder(session, word)
    found = [
        card
        for card in registry.find_cards_of(holder.id)
        if card.stage is Stage.APPLIED and product in (None, card.product.id)
    ]
    if not found and product:
        return [registry.apply(holder.id, product, actor=session.actor())]
    if not found:
        raise NothingWaits("no application of this holder waits; name a product to apply for: --product nic")
    return found


def _issue_all(session: Session, product: str | None) -> None:
    actor, registry = session.actor(), session.house().registry
    total = len(registry.list_applied(product=product, limit=COUNTED_MAX))
    with session.terminal.progress("Issuing", total) as advance:
        count = registry.issue_waiting(actor=actor, product=product, progress=advance)
    if not count:
        session.terminal.answer({"issued": 0}, "No application waits; nothing was issued.")
        return
    session.terminal.answer(
        {"issued": count}, f"Issued {count_of(count, 'card')}; no application waits any more."
    )


def show(card: str, /, *, qr: bool = False, text: bool = False, wallet: bool = False, session: Given) -> None:
    """Show a card: its stage, its validity, its passes, its QR code.

    Args:
        card: Number of the card.
        qr: Draw the QR code in the terminal.
        text: Print the text of the QR code, and nothing else.
        wallet: Print the wallet file (SD-JWT VC), and nothing else.
        session: This run.
    """
    session.actor()
    house, number = session.house(), card_number(card)
    found = house.registry.get_card(number)
    if (text or wallet) and not session.terminal.is_json:
        session.terminal.write(house.registry.get_pass(number, "qr" if text else "sd-jwt-vc").text + "\n")
        return
    document = card_document(found)
    if session.may("holder show"):
        document["name"] = holder_document(house.registry.get_holder(found.holder))["name"]
    if session.terminal.is_json and session.may("pass show", "text", "wallet"):
        document["passes"] = _passes(house, found)
    session.terminal.answer(document, pairs(document))
    if qr and not session.terminal.is_json:
        _show_qr(session, house, number)


def _passes(house: House, card: Card) -> dict[str, str]:
    if card.valid_from is None:
        return {}
    product = house.foundation.products.get(card.product)
    return {one.kind: house.registry.get_pass(card.number, one.kind).text for one in product.features}


def _show_qr(session: Session, house: House, number: CardNumber) -> None:
    drawn = fit_width(house.press.qr_terminal(number), session.terminal.width)
    if drawn is None:
        session.terminal.note(
            "The terminal is too narrow for this QR code; write it to a file: "
            f"{session.command(f'pass render {number} --qr')}"
        )
        return
    session.terminal.write(drawn)
    if is_tall(drawn):
        session.terminal.note("Drawn at half its width, so it stands tall; a wider terminal shows it square.")


def render(  # noqa: PLR0913 - one option a form
    card: str,
    /,
    *,
    png: Path | None = None,
    pdf: Path | None = None,
    qr: Path | None = None,
    wallet: Path | None = None,
    text: Path | None = None,
    side: Literal["front", "back", "both"] = "both",
    out: Path = Path(),
    session: Given,
) -> None:
    """Write a card's files: picture, PDF, QR code, wallet file.

    Without a form named, the picture and the PDF are written. A file name may follow each form, as in
    --png card.png; else the file is named by the card's number.

    Args:
        card: Number of the card.
        png: The card as a picture, 406 dots an inch; a file name may follow, as it may each form.
        pdf: The card as PDF, front and back, in the size of a bank card.
        qr: The QR code alone, as a picture.
        wallet: The SD-JWT VC for a wallet.
        text: The text of the QR code.
        side: Which side of the card the picture shows.
        out: Folder to write into.
        session: This run.
    """
    session.actor()
    house, number = session.house(), card_number(card)
    forms: Mapping[str, tuple[Path | None, Callable[[], bytes]]] = {
        f"{number}.png": (png, partial(house.press.card_png, number, side)),
        f"{number}.pdf": (pdf, partial(house.press.card_pdf, number)),
        f"{number}-qr.png": (qr, partial(house.press.qr_png, number)),
        f"{number}.sd-jwt": (wallet, partial(_pass_file, house, number, "sd-jwt-vc")),
        f"{number}.txt": (text, partial(_pass_file, house, number, "qr")),
    }
    wanted = [name for name, (asked, _) in forms.items() if asked is not None] or list(forms)[:2]
    house.registry.get_card(number)
    files = []
    for name in wanted:
        asked, draw = forms[name]
        path = out / (name if asked in (None, USUAL_NAME) else asked)
        write_whole(path, draw())
        files.append(str(path))
    session.terminal.answer({"card": number, "files": files}, *(f"Wrote {file}" for file in files))


def _pass_file(house: House, number: CardNumber, feature: str) -> bytes:
    return house.registry.get_pass(number, feature).text.encode()
