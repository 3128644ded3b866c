"""A house in a folder, founded quickly: its keys are encrypted for show."""

from collections.abc import Mapping
from pathlib import Path

from rahdari.app.clock import SystemClock
from rahdari.app.house import House, found_house
from rahdari.app.settings import read_settings
from rahdari.credentials import Card
from rahdari.kernel import Actor, Clock
from tests.fakes.clock import WoundClock
from tests.fakes.homes import copied_house, plain_home, present_home
from tests.unit.credentials.scene import PORTRAIT, person

# What a house may be told when it is opened as well as when it was founded.
_LATER_SETTINGS = frozenset({"RAHDARI_LOCK_WAIT_SECONDS", "RAHDARI_SIGNAL_NETWORKS"})


def founded(home: Path, environment: Mapping[str, str] | None = None, *, clock: Clock | None = None) -> House:
    """A house whose clock is wound by hand; places and salts are drawn as always.

    Where founding would give the same again it is a copy of one that was founded, so all such share one root.
    """
    clock = clock or WoundClock()
    is_present = isinstance(clock, SystemClock)
    is_usual = _LATER_SETTINGS.issuperset(environment or {}) and (
        is_present or clock.now() == WoundClock().now()
    )
    if not is_usual or (home.is_dir() and any(home.iterdir())):
        return founded_anew(home, environment, clock=clock)
    prepared = present_home() if is_present else plain_home()
    return copied_house(read_settings(home, environment or {}), clock, prepared)


def founded_anew(
    home: Path, environment: Mapping[str, str] | None = None, *, clock: Clock | None = None
) -> House:
    """Found a house with a root of its own."""
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
