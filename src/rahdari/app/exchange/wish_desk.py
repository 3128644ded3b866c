"""A consent before it is signed, held against the configuration and the offer that lie in the home."""

from dataclasses import dataclass
from pathlib import Path

from rahdari.app.exchange.following import Following
from rahdari.app.exchange.home import read_home
from rahdari.app.exchange.offers import read_offer_file
from rahdari.exchange.rules.wishes import covered_operations, require_known, uncovered_operations
from rahdari.exchange.values.consents import Wish
from rahdari.kernel import Chance, Clock


@dataclass(frozen=True, slots=True)
class Reach:
    """For which operations of the member's own services a consent would do, and what others lack."""

    covered: tuple[str, ...]
    uncovered: tuple[str, ...]


def weigh_wish(folder: Path, wish: Wish, *, clock: Clock, chance: Chance) -> Reach:
    """Tell how far a consent would reach.

    Raises:
        ConsentRefused: it names a client, service, purpose or data class that there is not.
        ConfigurationRefused: this gateway has no configuration to hold it against.
        OfferRefused: services.toml cannot be read.
    """
    home = read_home(folder)
    directory = Following(home, clock=clock, chance=chance).load()
    offer = read_offer_file(home.services_file, home.member).offer
    require_known(wish, directory, offer, own=home.member)
    return Reach(covered_operations(wish, offer), uncovered_operations(wish, offer))
