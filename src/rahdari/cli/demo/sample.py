"""Steps 3 and 4: one card printed, and read back from its picture by a verifier that holds next to nothing."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rahdari.app.files import read_limited, write_whole
from rahdari.app.gate import Gate
from rahdari.app.house import House, open_gate
from rahdari.app.status_sources import FolderSource
from rahdari.cli.demo.story import Story
from rahdari.cli.drawing import fit_width, is_tall
from rahdari.cli.instants import instant
from rahdari.cli.verifying import report_lines
from rahdari.credentials import Card, Holder, Report, VerdictKind, print_number
from rahdari.wire import qr


@dataclass(frozen=True, slots=True)
class Sample:
    """The card that the rest of the demonstration is about; ``folder`` takes its files."""

    holder: Holder
    card: Card
    folder: Path

    @property
    def picture(self) -> Path:
        """Where the card's picture stands."""
        return self.folder / f"{self.card.number}.png"


def print_card(story: Story, house: House, sample: Sample) -> None:
    """Step 3: the QR code in the terminal, the card as PNG and PDF."""
    with story.step(3, "One pass as a QR code, its card as PNG and PDF"):
        number, party = sample.card.number, sample.holder.party
        product = house.foundation.products.get(sample.card.product)
        story.say(
            f"{product.title['en']} {number} of {party.name.get('en', '')} ({party.name.get('ur', '')}), "
            f"number {print_number(product, party.number)}. Nobody of this name is meant."
        )
        _write_files(house, sample)
        _draw(story, house.press.qr_terminal(number), sample)
        story.say(
            f"Written to {sample.folder}/: the card as PNG and PDF, the QR code, its text, the wallet file."
        )
        story.note(card=number, files=sorted(str(one) for one in sample.folder.iterdir()))


def _write_files(house: House, sample: Sample) -> None:
    number, folder = sample.card.number, sample.folder
    shutil.rmtree(folder, ignore_errors=True)
    write_whole(sample.picture, house.press.card_png(number))
    write_whole(folder / f"{number}.pdf", house.press.card_pdf(number))
    write_whole(folder / f"{number}-qr.png", house.press.qr_png(number))
    write_whole(folder / f"{number}.txt", house.registry.get_pass(number).text.encode())
    write_whole(folder / f"{number}.sd-jwt", house.registry.get_pass(number, "sd-jwt-vc").text.encode())


def _draw(story: Story, drawn: str, sample: Sample) -> None:
    columns = story.terminal.width
    fitted, needed = fit_width(drawn, columns), len(drawn.splitlines()[0])
    if fitted is None:
        story.say(
            f"The terminal has {columns} columns; the QR code needs {needed}. It stands in {sample.folder}/ as PNG."
        )
        return
    story.terminal.draw(fitted)
    if is_tall(fitted):
        story.say(
            f"Drawn at half its width, for the terminal has {columns} columns and not {needed}: it stands tall. "
            f"If a phone does not take it, show it the file {sample.card.number}-qr.png."
        )


def verifier_folder(house: House) -> Path:
    """Where the demonstration's offline verifier lives; it could be copied to any machine."""
    return house.settings.home / "offline-verifier"


def offline_gate(house: House) -> Gate:
    """Make a verifier from nothing but copies of the root's public key, the trust list and the status lists."""
    home = house.settings.home
    folder, carried, public = verifier_folder(house), home / "carried", house.authority.public_folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(carried, ignore_errors=True)
    shutil.copytree(public, carried)
    gate = open_gate(house.settings, folder=folder)
    gate.pin_root((carried / "root.jwk").read_bytes())
    gate.import_trust((carried / "trust.jwt").read_text(encoding="ascii"))
    gate.sync(FolderSource(carried))
    shutil.rmtree(carried)
    return gate


def read_picture(sample: Sample) -> str:
    """Read the QR code back from the card's picture on disk; "" where there is not exactly one."""
    found = qr.read_picture(read_limited(sample.picture, size_bytes_max=qr.PICTURE_BYTES_MAX))
    return found[0] if len(found) == 1 else ""


def verify_from_picture(story: Story, house: House, sample: Sample) -> Report:
    """Step 4: the picture's QR code, verified with nothing but the trust list and the status list."""
    with story.step(4, "Read back from the picture and verified offline"):
        house.authority.publish()
        gate, read = offline_gate(house), read_picture(sample)
        story.require(
            is_true=read == house.registry.get_pass(sample.card.number).text,
            what="the QR code in the card's picture reads otherwise than what was issued",
        )
        story.say(
            f"The verifier in {verifier_folder(house)}/ holds the root's public key, the trust list and the "
            f"status lists, and nothing else. From {sample.picture.name} it read {len(read)} characters:"
        )
        report = gate.examine(read)
        story.say(*report_lines(report, house.products))
        story.require(
            is_true=report.verdict is VerdictKind.VALID, what=f"offline the pass is {report.verdict}"
        )
        story.note(verdict=report.verdict.value, as_of=instant(report.as_of), characters=len(read))
    return report
