"""Claim: most people who are registered twice are flagged, few others are, and an import is not slowed much.

**Accuracy.** Pairs of synthetic people are drawn: one person written twice, with the slips that registers know
(another spelling in Latin letters, Arabic code points in Urdu, words exchanged, a word left out, an initial, a
digit of the number wrong or two exchanged, a day of birth with two digits exchanged); and two people who are
easily taken for one (twins of one family, neighbours in the register, namesakes of one day). ``recall`` is the
share of the former that is flagged, ``precision`` the share of all flagged pairs that are of the former, at as
many pairs of either sort. The spellings are made by rules of this file's own, not by those of the room.

**Cost.** CPU time of registering 1,000 holders with the watch over the same without it, median of the rounds.
The ratio to the limit: registering alone does everything but look for duplicates.
"""
# ruff: noqa: RUF001 - letters that look alike are what this file is about

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import cast

from typing_extensions import override

from rahdari.app.clock import SeededChance
from rahdari.app.house import found_house
from rahdari.app.oversight import Oversight
from rahdari.app.settings import read_settings
from rahdari.app.synthetic import as_person, synthetic_people
from rahdari.app.synthetic.names import FAMILIES, MEN
from rahdari.credentials import Person
from rahdari.oversight import WATCH, Enrolled, suspect
from rahdari.oversight.rules.duplicates import clues_of

PAIRS, HOLDERS, ROUNDS = 4_000, 1_000, 9
RECALL_TARGET, PRECISION_TARGET, COST_TARGET = 0.90, 0.90, 1.25
TODAY, _KEY = date(2026, 3, 1), b"k" * 32

# How clerks write the same sounds: each is tried at every place where it fits, at random.
_LATIN = (
    ("ee", "i"), ("i", "ee"), ("oo", "u"), ("u", "oo"), ("ai", "ay"), ("ay", "ai"), ("q", "k"), ("w", "v"),
    ("a", "e"), ("e", "a"), ("o", "u"), ("u", "o"), ("ss", "s"), ("s", "ss"), ("kh", "k"), ("aa", "a"),
    ("sh", "sch"), ("z", "zz"), ("f", "ph"),
    ("th", "t"), ("dh", "d"), ("gh", "g"), ("h", ""), ("i", "y"), ("y", "i"), ("m", "mm"),
)  # fmt: skip
_URDU = (("ی", "ي"), ("ک", "ك"), ("ہ", "ه"), ("ئ", "ی"), ("آ", "ا"), ("ا", "أ"), ("ں", "ن"), ("ہ", "ة"))


def main() -> None:
    """Print recall and precision, by sort of slip and together, and what the watch costs an import."""
    chance = SeededChance(11)
    found = {name: share(slip, chance) for name, slip in SLIPS.items()}
    for name, figure in found.items():
        print(f"# recall where {name}: {figure:.3f}")
    wrong = {name: share(pair, chance) for name, pair in STRANGERS.items()}
    for name, figure in wrong.items():
        print(f"# flagged although {name}: {figure:.4f}")
    recall, mistaken = statistics.mean(found.values()), statistics.mean(wrong.values())
    print_row("likely_duplicates_recall", recall, RECALL_TARGET)
    print_row("likely_duplicates_precision", recall / (recall + mistaken), PRECISION_TARGET)
    rounds = [cost(number) for number in range(ROUNDS)]
    print_row("likely_duplicates_import_cpu_ratio", statistics.median(rounds), COST_TARGET, is_limit=True)


def people(count: int, seed: int) -> Iterator[Person]:
    """Draw people, the same for the same seed."""
    for one in synthetic_people(count, chance=SeededChance(seed), today=TODAY):
        yield as_person(one)


def share(pair_of: Callable[[Person, SeededChance], tuple[Person, Person]], chance: SeededChance) -> float:
    """Tell which share of pairs is flagged."""
    flagged = 0
    for one in people(PAIRS // len(SLIPS), 5):
        first, second = (enrolled(person, at) for at, person in enumerate(pair_of(one, chance)))
        why = suspect(first, second)
        # Who shares no clue is never compared, however alike.
        do_meet = not set(clues_of(first, _KEY)).isdisjoint(clues_of(second, _KEY))
        flagged += do_meet and why is not None and why.score >= WATCH.likeness_min
    return flagged / (PAIRS // len(SLIPS))


def enrolled(person: Person, at: int) -> Enrolled:
    """Give what is compared of a person."""
    return Enrolled(
        id=str(at),
        kind="person",
        number=person.number,
        names=person.name,
        born=person.date_of_birth,
        family_number=person.family_number,
    )


def rewritten(text: str, rules: tuple[tuple[str, str], ...], chance: SeededChance, changes: int) -> str:
    """Write a name otherwise, by at most ``changes`` of the rules that fit."""
    for _ in range(changes):
        fitting = [(old, new) for old, new in rules if old in text[1:]]
        if fitting:
            old, new = fitting[chance.below(len(fitting))]
            at = text.index(old, 1)
            text = text[:at] + new + text[at + len(old) :]
    return text


def other_number(chance: SeededChance) -> str:
    """Draw a number that has nothing to do with the first."""
    return f"{1 + chance.below(7)}{chance.below(10**12):012d}"


def spelt(changes: int) -> Callable[[Person, SeededChance], tuple[Person, Person]]:
    """One person, spelt otherwise in both scripts, under another number."""

    def slip(one: Person, chance: SeededChance) -> tuple[Person, Person]:
        latin = rewritten(one.name["en"].casefold(), _LATIN, chance, changes).title()
        urdu = rewritten(one.name["ur"], _URDU, chance, changes)
        return one, replace(one, number=other_number(chance), name={"en": latin, "ur": urdu})

    return slip


def latin_alone(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """One person, of whom one record has only Latin letters, spelt in two ways otherwise."""
    latin = rewritten(one.name["en"].casefold(), _LATIN, chance, 2).title()
    return one, replace(one, number=other_number(chance), name={"en": latin})


def another_script(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """One person, in Latin letters here and Urdu ones there."""
    return replace(one, name={"en": one.name["en"]}), replace(
        one, number=other_number(chance), name={"ur": one.name["ur"]}
    )


def rearranged(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """One person with Muhammad before the name, or its parts exchanged, or an initial."""
    given, _, family = one.name["en"].partition(" ")
    forms = (
        f"Mohd. {given} {family}",
        f"{family}, {given}",
        f"{given[0]}. {family}",
        f"Muhammad {family} {given}",
    )
    name = forms[chance.below(len(forms))]
    return replace(one, name={"en": one.name["en"]}), replace(
        one, number=other_number(chance), name={"en": name}
    )


def slipped_number(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """One person, a digit of the number wrong or two exchanged, spelt otherwise, of another family number."""
    at, number = chance.below(12), one.number
    wrong = number[:at] + str((int(number[at]) + 1 + chance.below(9)) % 10) + number[at + 1 :]
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    written = swapped if chance.below(2) and swapped != number else wrong
    return one, replace(spelt(1)(one, chance)[1], number=written, family_number="OTHER")


def slipped_twice(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """The same with day and month exchanged too, or the last digit of the year wrong."""
    born, second = one.date_of_birth, slipped_number(one, chance)[1]
    if born.day <= 12:
        return one, replace(second, date_of_birth=date(born.year, born.day, born.month))
    return one, replace(second, date_of_birth=date(born.year - 1, born.month, min(born.day, 28)))


def no_family(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """One person without a family number in the second record."""
    return one, replace(spelt(1)(one, chance)[1], family_number=None)


SLIPS: dict[str, Callable[[Person, SeededChance], tuple[Person, Person]]] = {
    "one letter is spelt otherwise": spelt(1),
    "three letters are spelt otherwise": spelt(3),
    "one record has Latin letters only": latin_alone,
    "the records share no script": another_script,
    "words are exchanged, added or abbreviated": rearranged,
    "a digit of the number is wrong or exchanged": slipped_number,
    "so is the day of birth": slipped_twice,
    "one record has no family number": no_family,
}


def twins(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """Two of one family and one birth."""
    given, _ = MEN[chance.below(len(MEN))]
    family = one.name["en"].rpartition(" ")[2]
    if given == one.name["en"].partition(" ")[0]:
        given = "Zeeshan"
    return replace(one, name={"en": one.name["en"]}), replace(
        one, number=other_number(chance), name={"en": f"{given} {family}"}
    )


def neighbours(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """Two whose numbers differ by one digit, of one family name."""
    given, _ = MEN[chance.below(len(MEN))]
    second = slipped_number(one, chance)[1]
    born = date(1950 + chance.below(60), 1 + chance.below(12), 1 + chance.below(28))
    return one, replace(
        second, name={"en": f"{given} {one.name['en'].rpartition(' ')[2]}"}, date_of_birth=born
    )


def namesakes(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """Two of one name and different families, born on one day."""
    return one, replace(one, number=other_number(chance), family_number="OTHER")


def same_day(one: Person, chance: SeededChance) -> tuple[Person, Person]:
    """Two born on one day, of one given name, without family numbers."""
    family, _ = FAMILIES[chance.below(len(FAMILIES))]
    given = one.name["en"].partition(" ")[0]
    if family == one.name["en"].rpartition(" ")[2]:
        family = "Zardari"
    return replace(one, family_number=None), replace(
        one, number=other_number(chance), name={"en": f"{given} {family}"}, family_number=None
    )


STRANGERS: dict[str, Callable[[Person, SeededChance], tuple[Person, Person]]] = {
    "they are twins": twins,
    "they are neighbours in the register": neighbours,
    "they are namesakes of two families": namesakes,
    "they share a day of birth and a given name": same_day,
}


class _Blind(Oversight):
    """Oversight that looks at nobody: what an import would cost without it."""

    @override
    def watch_enrolment(self, desk: object, store: object, holders: object) -> None:
        """Do nothing."""


def cost(seed: int) -> float:
    """Register the same holders with the watch and without, in turn: the ratio of CPU seconds."""
    watched, blind = (registering(seed, is_blind=one) for one in (False, True))
    return watched / blind


def registering(seed: int, *, is_blind: bool) -> float:
    """Measure the CPU seconds of registering ``HOLDERS`` beside as many who are registered already."""
    with tempfile.TemporaryDirectory() as folder:
        house, _ = found_house(read_settings(Path(folder), {}), scrypt_n=2)
        officer = house.officers.authenticate_named("officer")
        everyone = synthetic_people(HOLDERS * 5, chance=SeededChance(seed), today=TODAY)
        adults = (one for one in everyone if one.product == "nic")
        entries = [(as_person(one), None, one.product) for one in islice(adults, HOLDERS * 2)]
        assert len(entries) == HOLDERS * 2
        house.registry.add_holders(entries[:HOLDERS], actor=officer)
        if is_blind:
            house.registry._oversight = cast("Oversight", _Blind(house.foundation))  # noqa: SLF001 - what is measured
        began = time.process_time()
        for at in range(HOLDERS, HOLDERS * 2, 250):
            house.registry.add_holders(entries[at : at + 250], actor=officer)
        seconds = time.process_time() - began
        house.close()
    return seconds


def print_row(name: str, figure: float, target: float, *, is_limit: bool = False) -> None:
    """Print ``name figure target ok|short``; ``is_limit``: less is better."""
    is_ok = figure <= target if is_limit else figure >= target
    print(f"{name} {figure:.3f} {target:.2f} {'ok' if is_ok else 'short'}")


if __name__ == "__main__":
    main()
