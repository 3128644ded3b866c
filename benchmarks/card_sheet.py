"""Claim: print sheets are drawn at 10 cards a second of CPU time at least, one core.

A card with its photograph, its Nastaliq and a QR code of version 27 or 28 on both sides; 50 cards on five sheets of
A4, other cards each round. A card printer takes 20 to 30 s a card and a person with a guillotine as long, so at
10 a second the program is never what is waited for; 200 cards, the most of one call, come in 20 s.

Beside it: one card alone, as PDF and as picture, in milliseconds; and the size of the file.
"""

import dataclasses
import io
import random
import statistics
import time
from collections.abc import Callable

from PIL import Image

from benchmarks.rounds import print_row
from rahdari.app.card_drawing import CardDrawing, CardField, Theme, Words
from rahdari.app.card_printing import CardPrinter

CARDS, ROUNDS = 50, 5
TARGET_PER_SECOND = 10.0
CHARACTERS = 1900
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
SEED = 27


def face(chance: random.Random) -> bytes:
    """Make a picture of a card portrait's size, with as much in it as a soft photograph has."""
    coarse = Image.frombytes("RGB", (14, 18), chance.randbytes(14 * 18 * 3))
    target = io.BytesIO()
    coarse.resize((413, 531), Image.Resampling.BICUBIC).save(target, "WEBP", quality=80, method=0)
    return target.getvalue()


def sample(number: int, chance: random.Random) -> CardDrawing:
    """Make a card's drawing like the national identity card's."""
    address = f"House {number}, Sample Street {number % 60}, Sample Town"
    return CardDrawing(
        title=Words("National Identity Card", "قومی شناختی کارڈ"),
        issuer=Words("Sample Authority"),
        number=f"61101{number:07d}1",
        name=Words(f"Sample Holder {number}", "نمونہ حامل"),
        front=(
            CardField("Father / Husband", "والد / شوہر", "Sample Guardian", "نمونہ سرپرست"),
            CardField("Gender", "جنس", "Female", "عورت"),
            CardField("Date of Birth", "تاریخ پیدائش", "17.05.1990"),
            CardField("Date of Issue", "تاریخ اجراء", "01.03.2026"),
            CardField("Date of Expiry", "تاریخ تنسیخ", "01.03.2036"),
        ),
        back=(
            CardField("Family Number", "خاندان نمبر", "S4M7L3"),
            CardField("Present Address", "موجودہ پتہ", address, f"مکان {number}، نمونہ گلی"),
            CardField("Permanent Address", "مستقل پتہ", address, f"مکان {number}، نمونہ گلی"),
        ),
        photo=face(chance),
        serial=f"SMPL-{number:04d}-CARD",
        qr_text="".join(chance.choices(ALPHABET, k=CHARACTERS)),
        theme=Theme("#0b3d2e", "#1f7a55"),
        note=Words("Sample."),
        specimen="SYNTHETIC SPECIMEN",
    )


def milliseconds(draw: Callable[[CardDrawing], object], cards: list[CardDrawing]) -> float:
    """Give the median CPU time of a card."""
    spent = []
    for card in cards:
        began = time.process_time()
        draw(card)
        spent.append(1000 * (time.process_time() - began))
    return statistics.median(spent)


def main() -> None:
    """Print one row for the claim and what stands beside it."""
    chance = random.Random(SEED)
    printer, rates, size = CardPrinter(), [], 0
    cards = [sample(number, chance) for number in range(CARDS)]
    printer.sheets(cards[:2])  # fonts are loaded once, not measured
    for round_number in range(ROUNDS):
        fresh = [
            dataclasses.replace(
                one, qr_text=one.qr_text[::-1] + str(round_number), serial=f"{round_number}-{n}"
            )
            for n, one in enumerate(cards)
        ]
        began = time.process_time()
        size = len(printer.sheets(fresh))
        rates.append(CARDS / (time.process_time() - began))
    print_row("card_sheet_cards_per_cpu_second", statistics.median(rates), TARGET_PER_SECOND)
    others = [sample(number, chance) for number in range(CARDS, CARDS + 15)]
    pdf, png = milliseconds(printer.pdf, others), milliseconds(lambda one: printer.png(one, "both"), others)
    print(
        f"# one card: PDF {pdf:.0f} ms, picture of both sides {png:.0f} ms; a sheet has {size // CARDS} B a card"
    )


if __name__ == "__main__":
    main()
