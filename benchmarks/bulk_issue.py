"""Claim: at least 2,000 cards a second are issued into a durable SQLite file.

A card here is a National Identity Card as shipped: each is decided by its product, moved through two acts of
its life, given its status places, signed (ES256), and written with its passes and its sealed log entries.
``qr`` issues the QR pass with a photograph of at most 1034 B alone; ``both`` the SD-JWT VC beside it, hence two
signatures and two rows a card. The log is verified afterwards and passes are read back.

CPU time of one core, median of the rounds; the wall clock, which the disk's flushes add to, is told beside it.
The limit: the same number of bare ES256 signatures, without anything around them.
"""

import re
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

import rahdari.credentials as room
from rahdari.app.clock import SeededChance
from rahdari.app.house import House, found_house
from rahdari.app.portraits import derivatives
from rahdari.app.settings import read_settings
from rahdari.app.synthetic import as_person, draw_portrait, synthetic_people
from rahdari.credentials import Portrait
from rahdari.wire.keys import SoftwareSigner

CARDS, ROUNDS, FACES = 2_000, 5, 8
TARGET = 2_000.0
SEED = 7
_NIC = Path(room.__file__).parent / "products" / "nic.toml"
_WALLET = re.compile(r"\[features\.sd-jwt-vc\][^\[]*(\[[^\n]*\][^\[]*)*?(?=\[\[fields\]\])")


def main() -> None:
    """Print one row for each set of features, and the bare signatures."""
    for name, features in (("qr", 1), ("both", 2)):
        rounds = [measure(only_qr=name == "qr") for _ in range(ROUNDS)]
        cpu, wall = (CARDS / statistics.median(column) for column in zip(*rounds, strict=True))
        print_row(f"bulk_issue_{name}_cards_per_second", cpu, TARGET)
        if features > 1:
            print_row(f"bulk_issue_{name}_passes_per_second", cpu * features, TARGET)
        print(f"# {name}: {wall:.0f} cards a second by the wall clock")
    print(f"# limit: {bare_signatures():.0f} bare ES256 signatures a second")


def measure(*, only_qr: bool) -> tuple[float, float]:
    """Issue to ``CARDS`` holders; give the seconds of CPU and of the wall clock."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if only_qr:
            (home / "products").mkdir()
            written = _WALLET.sub("", _NIC.read_text(encoding="utf-8"))
            assert "sd-jwt-vc" not in written
            (home / "products" / "nic.toml").write_text(written, encoding="utf-8")
        house, _ = found_house(read_settings(home, {}), scrypt_n=2)
        register(house)
        cpu, wall = time.process_time(), time.perf_counter()
        issued = house.registry.issue_waiting(actor=house.officers.authenticate_named("officer"))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        check(house, issued)
        house.close()
    return cpu, wall


def register(house: House) -> None:
    """Register the holders, with a few faces in turn: drawing is not what is measured."""
    faces = [derivatives(draw_portrait(seed)) for seed in range(FACES)]
    people = synthetic_people(CARDS * 2, chance=SeededChance(SEED), today=date(2026, 3, 1))
    adults = [one for one in people if one.product == "nic"]
    assert len(adults) >= CARDS
    entries = [
        (
            as_person(one),
            Portrait(
                faces[at % FACES].card, {size.value: face for size, face in faces[at % FACES].qr.items()}
            ),
            "nic",
        )
        for at, one in enumerate(adults[:CARDS])
    ]
    house.registry.add_holders(entries, actor=house.officers.authenticate_named("officer"))


def check(house: House, issued: int) -> None:
    """What was measured must be right: every card is issued, the log is whole, passes verify."""
    assert issued == CARDS
    assert house.authority.verify_log().is_intact
    with house.foundation.reading() as desk:
        cards = list(desk.store.iterate_cards())
    assert all(card.stage == "active" for card in cards)
    for card in cards[:: CARDS // 20]:
        assert house.authority.examine(house.registry.get_pass(card.number).text).verdict == "valid"


def bare_signatures() -> float:
    """Sign nothing but bytes: the limit that one core sets."""
    signer = SoftwareSigner.generate()
    began = time.process_time()
    for _ in range(CARDS):
        signer.sign(b"rahdari" * 100)
    return CARDS / (time.process_time() - began)


def print_row(name: str, figure: float, target: float) -> None:
    """Print ``name figure target ok|short``; here more is better."""
    print(f"{name} {figure:.0f} {target:.0f} {'ok' if figure >= target else 'short'}")


if __name__ == "__main__":
    main()
