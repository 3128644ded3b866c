"""A house in a folder, founded quickly: its keys are encrypted for show."""

from collections.abc import Mapping
from pathlib import Path

from rahdari.app.house import House, found_house
from rahdari.app.settings import read_settings
from rahdari.credentials import Card
from rahdari.kernel import Actor, Clock
from tests.fakes.clock import WoundClock
from tests.unit.credentials.scene import PORTRAIT, person


def founded(home: Path, environment: Mapping[str, str] | None = None, *, clock: Clock | None = None) -> House:
    """Found a house whose clock is wound by hand; places and salts are drawn as always."""
    settings = read_settings(home, environment or {})
    return found_house(settings, clock=clock or WoundClock(), scrypt_n=2)[0]


def officer(house: House) -> Actor:
    return house.officers.authenticate_named("officer")


def supervisor(house: House) -> Actor:
    return house.officers.authenticate_named("supervisor")


def issued(house: House, number: int = 1) -> Card:
    """Register a sample person and issue the card."""
    _, card = house.registry.add_holder(person(number), "nic", actor=officer(house), portrait=PORTRAIT)
    return house.registry.issue(card.number, actor=officer(house))
