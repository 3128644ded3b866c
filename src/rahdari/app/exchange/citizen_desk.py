"""The citizen's log of a gateway's home, opened for whoever answers persons: the command line, or the authority.

A web page opens it once it is sure who asks (by a passkey of the identity authority), and calls ``log.answer``: it
needs the home of the gateway, its passphrase, and the identifier; the gateway itself may run beside it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rahdari.app.errors import BadSettings
from rahdari.app.exchange.citizens_log import CitizensLog
from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.consent_desk import opened_index
from rahdari.app.exchange.evidence_export import open_reader
from rahdari.app.exchange.home import GatewayHome, open_keys, read_home
from rahdari.app.exchange.offers import OfferFile
from rahdari.app.exchange.subject_keys import SubjectKeys
from rahdari.app.exchange.withholding_desk import FOLDER, lay_down
from rahdari.exchange.rules.directory import Directory, build_directory
from rahdari.exchange.rules.subjects import normalise, subject_index
from rahdari.exchange.rules.withholding import lift_record, order_records
from rahdari.exchange.values.lookups import Order
from rahdari.kernel import Chance, Clock, Problem, time_ordered_id
from rahdari.wire.ndel import configuration
from rahdari.wire.ndel.records import SubjectIndex
from rahdari.wire.xroad import ClientId, ServiceId

SUBJECT_KEYS = "subjects"


@dataclass(frozen=True, slots=True)
class CitizenDesk:
    """An open citizen's log, with what is needed to order that something be withheld."""

    log: CitizensLog
    home: GatewayHome
    keys: SubjectKeys
    clock: Clock
    chance: Chance

    def order(self, order: Order) -> str:
        """Lay an order to withhold down for the gateway to log, and give its id.

        Raises:
            WithholdingRefused: it may not be. SubjectUnreadable: the identifier is none.
        """
        now = self.clock.now()
        withholding_id, plain = time_ordered_id(now, self.chance), normalise(order.subject)

        def index_of(period: str) -> SubjectIndex:
            return subject_index(plain, self.keys.get_or_make(period), period=period)

        records = order_records(order, withholding_id, at=int(now.timestamp()), index_of=index_of)
        lay_down(self.home.folder / FOLDER, records)
        return withholding_id

    def knows(self, client: ClientId) -> bool:
        """Tell whether the configuration knows a client; an order about another one withholds nothing."""
        return read_names(self.home).is_client(client)

    def lift(self, withholding_id: str, *, by: str) -> None:
        """Lay down that an order is lifted before its time. Raises ``WithholdingRefused``."""
        at = int(self.clock.now().timestamp())
        record = lift_record(self.log.list_orders(), withholding_id, by=by, at=at)
        lay_down(self.home.folder / FOLDER, [record])


@contextmanager
def opened_citizens_log(
    folder: Path, environment: Mapping[str, str], *, clock: Clock, chance: Chance
) -> Iterator[CitizenDesk]:
    """Open the citizen's log of a gateway's home.

    Raises:
        NotInitialised: there is no gateway. KeysLocked: its keys cannot be opened. LogDamaged.
    """
    home = read_home(folder)
    keys = open_keys(home, environment, chance=chance)
    subjects = SubjectKeys(home.keys_folder / SUBJECT_KEYS, keys.subjects_key, chance)
    reader = open_reader(home, keys)
    names, titles = read_names(home), read_titles(home)
    with opened_index(home) as database:
        log = CitizensLog(
            database, reader, subjects, names=lambda: names, services=lambda: titles, clock=clock
        )
        yield CitizenDesk(log, home, subjects, clock, chance)


def read_names(home: GatewayHome) -> Directory:
    """Read who is who from the configurations on the disk: names alone, so an expired one does.

    Raises:
        BadSettings: there is none yet.
    """
    files = ConfigurationFiles(home.configuration_folder)
    text = files.read(home.anchor.instance)
    if text is None:
        raise BadSettings("this gateway has no configuration yet; start it once, so that names are known")
    own = configuration.decode(text).verify_with(home.anchor.keys)
    others = []
    for pin in own.pins:
        other = files.read(pin.instance)
        if other is not None:
            others.append(configuration.decode(other).verify_with(pin.keys))
    return build_directory(own, others)


def read_titles(home: GatewayHome) -> Mapping[ServiceId, Mapping[str, str]]:
    """Read how the services of a home are called."""
    try:
        services = OfferFile(home.services_file, home.member).offer.services
    except Problem:
        # An offer that is being mended does not keep a person from her log: codes stand in the place of titles.
        return {}
    return {one: service.title for one, service in services.items()}
