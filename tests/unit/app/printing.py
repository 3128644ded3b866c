"""A house that has a card of every product to print: the four of the package, and the firm's of the examples."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from rahdari.app.house import House
from rahdari.app.portraits import derivatives
from rahdari.app.synthetic import as_person, draw_portrait, synthetic_people
from rahdari.credentials import CardNumber, Organisation, Person, Portrait, local_text
from tests.fakes.chance import SeededChance
from tests.unit.app.founding import founded, officer

PRODUCTS = ("nic", "nicop", "poc", "juvenile", "firm")
FIRM_FILE = Path(__file__).parents[3] / "examples" / "products" / "firm.toml"
FIRM = Organisation(
    number="91110000MA00TEAM0E",
    name=local_text(en="Sample Trading Company", zh="样本贸易有限公司"),
    nationality="CHN",
    address=local_text(en="Sample Road 1, Kashgar", zh="喀什市样本路1号"),
    form="company",
)


def portrait(seed: int) -> Portrait:
    """A drawn face in the sizes that the register keeps."""
    made = derivatives(draw_portrait(seed))
    return Portrait(made.card, {profile.value: picture for profile, picture in made.qr.items()})


def people(count: int, product: str, *, seed: int = 3) -> list[tuple[Person, Portrait, str]]:
    """Synthetic holders of one product, with portraits."""
    drawn = synthetic_people(40 * count, chance=SeededChance(seed), today=date(2026, 1, 1))
    chosen = [one for one in drawn if one.product == product and one.captured][:count]
    return [(as_person(one), portrait(one.portrait_seed), product) for one in chosen]


def printing_house(home: Path) -> tuple[House, dict[str, CardNumber]]:
    """Found a house and issue one card of each product."""
    (home / "products").mkdir(parents=True)
    shutil.copy(FIRM_FILE, home / "products")
    house = founded(home)
    entries: list[tuple[Person | Organisation, Portrait | None, str]] = [
        *(entry for product in PRODUCTS[:4] for entry in people(1, product)),
        (FIRM, None, "firm"),
    ]
    made = house.registry.add_holders(entries, actor=officer(house))
    numbers = {card.product.id: card.number for _, card in made}
    for number in numbers.values():
        house.registry.issue(number, actor=officer(house))
    return house, numbers


def issue_more(house: House, count: int, product: str = "nic") -> list[CardNumber]:
    """Issue further cards of a product."""
    entries = [(replace(party), picture, product) for party, picture, _ in people(count, product, seed=9)]
    made = house.registry.add_holders(entries, actor=officer(house))
    return [house.registry.issue(card.number, actor=officer(house)).number for _, card in made]
