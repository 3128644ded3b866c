"""Step 2: the synthetic holders, registered and given their passes."""

from collections.abc import Iterator, Sequence

from rahdari.app.clock import SeededChance
from rahdari.app.house import House
from rahdari.app.synthetic import SyntheticPerson, as_person, synthetic_people
from rahdari.cli.demo.faces import draw_faces
from rahdari.cli.demo.plan import Plan
from rahdari.cli.terminal import Advance
from rahdari.credentials import Card, Holder, Person, Portrait, Stage
from rahdari.kernel import Actor

# Small enough that the bar moves, large enough that a flush to disk costs little a person.
BATCH = 50


def register_missing(house: House, plan: Plan, *, actor: Actor, advance: Advance) -> int:
    """Register those people of the plan who are not registered yet; tells how many."""
    known = {holder.party.number for holder in iterate_holders(house)}
    missing = [
        person
        for person in synthetic_people(plan.holders, chance=SeededChance(plan.seed), today=plan.today)
        if person.number not in known
    ]
    advance(plan.holders - len(missing))
    faces = draw_faces([person.portrait_seed for person in missing if person.captured])
    for at in range(0, len(missing), BATCH):
        batch = missing[at : at + BATCH]
        # strict=False: the faces go on behind this batch.
        house.registry.add_holders(_entries(batch, faces), actor=actor)
        advance(len(batch))
    return len(missing)


def _entries(
    people: Sequence[SyntheticPerson], faces: Iterator[Portrait]
) -> list[tuple[Person, Portrait | None, str]]:
    """The youngest have no photograph: the rules let nothing be captured under three."""
    return [(as_person(one), next(faces) if one.captured else None, one.product) for one in people]


def iterate_holders(house: House) -> Iterator[Holder]:
    """Go through every holder."""
    page = house.registry.list_holders(limit=1000)
    while page:
        yield from page
        page = house.registry.list_holders(after=page[-1].id, limit=1000)


def find_sample(house: House, stage: Stage, *, product: str = "nic") -> tuple[Holder, Card] | None:
    """Find the first holder with a card of the product at this stage."""
    for holder in iterate_holders(house):
        for card in house.registry.find_cards_of(holder.id):
            if card.product.id == product and card.stage is stage:
                return holder, card
    return None
