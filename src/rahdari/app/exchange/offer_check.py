"""An offer before it is used, held against the configuration that lies in the gateway's home."""

from pathlib import Path

from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.following import Following
from rahdari.app.exchange.home import GatewayHome
from rahdari.app.exchange.offers import ReadOffer, read_offer_file
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.rules.offer_remarks import remarks_on
from rahdari.kernel import Chance, Clock


def check_offer(home: GatewayHome, file: Path | None = None, *, clock: Clock, chance: Chance) -> ReadOffer:
    """Read an offer (None: the home's own), and remark all that is odd about it.

    Raises:
        OfferRefused: it cannot be read.
        ConfigurationRefused: the configuration in the home was altered.
    """
    found = read_offer_file(home.services_file if file is None else file, home.member)
    directory = _cached(home, clock=clock, chance=chance)
    return ReadOffer(found.offer, (*found.remarks, *remarks_on(found.offer, directory)))


def _cached(home: GatewayHome, *, clock: Clock, chance: Chance) -> Directory | None:
    if ConfigurationFiles(home.configuration_folder).read(home.anchor.instance) is None:
        return None
    return Following(home, clock=clock, chance=chance).load()
