"""The house: every part wired, ready for the edges. Command line and web call the same methods of this object."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rahdari.access import Enrolment, Role
from rahdari.app.authority import AuthorityOffice, fingerprint
from rahdari.app.catalogue import read_catalogue
from rahdari.app.citizen_codes import CitizenCodes
from rahdari.app.clock import SteadyClock, SystemChance, SystemClock
from rahdari.app.errors import AlreadyInitialised, BadSettings, FolderFailed, NotInitialised
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.app.foundation import MIGRATIONS, Foundation, open_keyring
from rahdari.app.gate import Gate, open_gate
from rahdari.app.holder_desk import HolderDesk
from rahdari.app.identity_services import IdentityServices
from rahdari.app.keyring_files import SCRYPT_N, FileKeyRing, create_store, find_passphrase
from rahdari.app.officers import OPERATOR, Officers
from rahdari.app.oversight import Oversight
from rahdari.app.press import Press
from rahdari.app.registry import Registry
from rahdari.app.roadmap_door import RoadmapDoor
from rahdari.app.settings import FILE_NAME, Settings, check_settings, write_settings
from rahdari.app.signals import SignalOffice
from rahdari.app.status_hub import StatusHub
from rahdari.credentials import CardProduct
from rahdari.credentials.service import keys
from rahdari.credentials.store import SqlStore
from rahdari.credentials.store.stream import STREAM_CHANNEL
from rahdari.database import is_current, migrate, open_database, require_current
from rahdari.kernel import Actor, ActorKind, Chance, Clock
from rahdari.wire.keys import Algorithm

__all__ = [
    "OPERATOR_ROLES",
    "Founding",
    "House",
    "found_house",
    "is_initialised",
    "migrate_house",
    "open_gate",
    "open_house",
    "require_own_address",
    "wire",
]

OPERATOR_ROLES = frozenset(role for role in Role if role not in {Role.VERIFIER, Role.EXCHANGE})


@dataclass(frozen=True, slots=True)
class House:
    """All parts of one authority's house (or, with an empty register, of one verifier's)."""

    settings: Settings
    foundation: Foundation
    registry: Registry
    authority: AuthorityOffice
    gate: Gate
    officers: Officers
    press: Press
    oversight: Oversight
    holder_desk: HolderDesk
    signals: SignalOffice
    hub: StatusHub
    roadmap: RoadmapDoor
    identity: IdentityServices
    citizens: CitizenCodes

    @property
    def products(self) -> tuple[CardProduct, ...]:
        """The card products, each in its newest version."""
        return self.foundation.products.list_current()

    def close(self) -> None:
        """Close the database."""
        self.foundation.database.close()


def wire(settings: Settings, clock: Clock, chance: Chance) -> House:
    """Wire the parts; touches no table and opens no key."""
    database = open_database(settings.database_url, lock_wait_seconds=settings.lock_wait_seconds)
    foundation = Foundation(
        settings, clock, chance, database, read_catalogue(settings.home), open_keyring(settings)
    )
    # A verdict on held statuses is by their age, which a clock that is set back must not lower.
    gate, oversight = open_gate(settings, clock=SteadyClock(clock)), Oversight(foundation)
    authority = AuthorityOffice(foundation, gate, oversight)
    signals = SignalOffice(foundation, authority, oversight)
    return House(
        settings=settings,
        foundation=foundation,
        registry=Registry(foundation, oversight),
        authority=authority,
        gate=gate,
        officers=Officers(foundation),
        press=Press(foundation),
        oversight=oversight,
        holder_desk=HolderDesk(foundation, oversight, signals),
        signals=signals,
        hub=StatusHub(
            authority,
            lambda: database.listen(STREAM_CHANNEL),
            heartbeat_seconds=settings.heartbeat_seconds,
        ),
        roadmap=RoadmapDoor(settings.trade_folder),
        identity=IdentityServices(foundation),
        citizens=CitizenCodes(settings, clock, chance),
    )


def open_house(settings: Settings, *, clock: Clock | None = None, chance: Chance | None = None) -> House:
    """Open the house in the home folder.

    Raises:
        NotInitialised: there is none yet.
        OutOfDate: its tables are of another version.
    """
    if not is_initialised(settings):
        raise NotInitialised(
            f"there is no authority in {settings.home}; run: rahdari init --home {settings.home}"
        )
    house = wire(settings, clock or SystemClock(), chance or SystemChance())
    require_current(house.foundation.database, MIGRATIONS)
    return house


def is_initialised(settings: Settings) -> bool:
    """Tell whether an authority was made in the home folder, to the end."""
    return (settings.home / "public" / "trust.jwt").is_file()


def migrate_house(settings: Settings) -> bool:
    """Bring the tables of an existing house to this version; tells whether anything was to be done."""
    with open_database(settings.database_url, lock_wait_seconds=settings.lock_wait_seconds) as database:
        was_current = is_current(database, MIGRATIONS)
        migrate(database, MIGRATIONS)
    return not was_current


@dataclass(frozen=True, slots=True)
class Founding:
    """What ``init`` tells: the root's fingerprint to be read out to verifiers, and where things are."""

    home: Path
    root_fingerprint: str
    trust_list: Path
    officers: tuple[str, ...]


def found_house(
    settings: Settings, *, clock: Clock | None = None, chance: Chance | None = None, scrypt_n: int = SCRYPT_N
) -> tuple[House, Founding]:
    """Make an authority in the home folder: keys, root, tables, two officers, signed trust list, first status list.

    The verifier of the same folder trusts the new root. A run that broke off is begun anew from nothing.

    Raises:
        AlreadyInitialised: there is one, or the database holds one; nothing was changed.
        BadSettings, FolderFailed, DatabaseFailed.
    """
    clock, chance = clock or SystemClock(), chance or SystemChance()
    if is_initialised(settings):
        raise AlreadyInitialised(f"there is an authority in {settings.home} already; nothing was changed")
    # Everything that the settings can be wrong in is found before anything is written.
    check_settings(settings)
    read_catalogue(settings.home)
    open_keyring(settings)
    _refuse_kept_keys(settings)
    with _alone_in(settings.home):
        if is_initialised(settings):
            raise AlreadyInitialised(f"another init has just made an authority in {settings.home}")
        _clear_broken_founding(settings)
        # The address of the database may carry a password.
        write_whole(settings.home / FILE_NAME, write_settings(settings).encode(), mode=SECRET_MODE)
        _make_stores(settings, chance, scrypt_n)
        return _found(wire(settings, clock, chance))


def _found(house: House) -> tuple[House, Founding]:
    settings = house.settings
    migrate(house.foundation.database, MIGRATIONS)
    try:
        require_own_address(house)
    except BadSettings:
        house.close()
        raise
    _first_keys(house)
    house.oversight.clue_key()
    officers = _first_officers(house)
    founder = Actor("operator", ActorKind.SYSTEM, frozenset({Role.KEY_OFFICER.value}))
    house.authority.publish()
    text = house.authority.sign_trust_list(actor=founder)
    house.gate.pin_root(json.dumps(house.authority.root_public().as_jwk()).encode())
    house.gate.import_trust(text)
    told = Founding(
        home=settings.home,
        root_fingerprint=fingerprint(house.authority.root_public()),
        trust_list=house.authority.public_folder / "trust.jwt",
        officers=officers,
    )
    return house, told


@contextmanager
def _alone_in(home: Path) -> Iterator[None]:
    """Hold the folder against another ``init``; the kernel lets go of it when the process ends, however it ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        held = os.open(home / ".init.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SECRET_MODE)
    except OSError as error:
        raise FolderFailed(f"cannot write to {home}: {error.strerror}; nothing was changed") from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyInitialised(f"another init is under way in {home}; wait for it to end") from None
        yield
    finally:
        os.close(held)


def _clear_broken_founding(settings: Settings) -> None:
    """Take away what a founding left that broke off before it signed a trust list; nobody has seen any of it.

    A database of one's own choosing is never touched, and neither is a root that lies elsewhere.
    """
    home, file = settings.home, settings.home / "rahdari.db"
    if settings.database or not file.is_file():
        return
    with open_database(settings.database_url, lock_wait_seconds=settings.lock_wait_seconds) as database:
        migrate(database, MIGRATIONS)
        with database.reading() as connection:
            store = SqlStore(connection)
            if store.find_trust_list() is not None or next(iter(store.iterate_cards()), None) is not None:
                return
    # The database goes after what it speaks of, and the root after the database: a run that breaks off in between
    # leaves what the next one clears, or goes on with.
    patterns = ["officers/*.token", "keys/store.json", "keys/*.jwe", "public/s/*", "public/*.json"]
    patterns += ["rahdari.db-*", "rahdari.db"]
    if not settings.root_folder:
        patterns += ["public/root.jwk", "root/store.json", "root/*.jwe"]
    for pattern in patterns:
        for path in home.glob(pattern):
            path.unlink(missing_ok=True)


def require_own_address(house: House) -> None:
    """Refuse to serve, issue or publish under another address than the one that every pass carries since ``init``.

    Whoever suspends, verifies or looks is not held up by it.

    Raises:
        BadSettings: ``public_url`` was changed after the first status list was opened.
    """
    prefix = house.settings.status_prefix
    strange = [uri for uri in house.authority.list_status_uris() if not uri.startswith(prefix)]
    if strange:
        raise BadSettings(
            f"public_url is {house.settings.public_url}, but this authority's passes and status lists carry "
            f"{strange[0].rpartition('/s/')[0]} since init; no verifier would find them elsewhere: set it "
            "back to that, or begin anew in an empty folder with rahdari init --public-url"
        )


def _refuse_kept_keys(settings: Settings) -> None:
    """Refuse a database that holds another folder's authority: its keys are not here, and could never sign.

    A run that broke off has left its root in this folder, and goes on.
    """
    if (settings.home / "public" / "root.jwk").is_file() or not _may_hold_tables(settings.database_url):
        return
    with open_database(settings.database_url, lock_wait_seconds=settings.lock_wait_seconds) as database:
        if not is_current(database, MIGRATIONS):
            return
        with database.reading() as connection:
            has_keys = bool(SqlStore(connection).list_keys())
    if has_keys:
        raise AlreadyInitialised(
            f"{database.place} holds an authority that is already initialised, from another home folder; nothing "
            "was changed: use that folder with --home, or name an empty database"
        )


def _may_hold_tables(database_url: str) -> bool:
    """Tell whether there is anything to open; opening a SQLite file that is not there would make it."""
    file = database_url.removeprefix("sqlite:///").partition("?")[0]
    return file == database_url or Path(file).is_file()


def _make_stores(settings: Settings, chance: Chance, scrypt_n: int) -> None:
    """Make the key stores of the house and of the root; each has a passphrase of its own."""
    places: list[tuple[str, str, str]] = []
    if not settings.pkcs11_module:
        places.append(("keys", settings.passphrase, settings.passphrase_file))
    if not settings.root_folder:
        places.append(("root", settings.root_passphrase, ""))
    for name, given, file in places:
        folder = settings.home / name
        if (folder / "store.json").exists():
            continue
        passphrase = given
        if not passphrase:
            passphrase = chance.bytes(32).hex()
            write_whole(Path(file) if file else folder / "passphrase", passphrase.encode(), mode=SECRET_MODE)
        create_store(folder, passphrase, chance=chance, scrypt_n=scrypt_n)


def _first_keys(house: House) -> None:
    algorithm = Algorithm(house.settings.algorithm)
    if not (house.authority.public_folder / "root.jwk").is_file():
        folder = (
            Path(house.settings.root_folder) if house.settings.root_folder else house.settings.home / "root"
        )
        ring = FileKeyRing(
            folder, lambda: find_passphrase(house.settings.root_passphrase, folder / "passphrase")
        )
        public = ring.create(algorithm)
        write_whole(house.authority.public_folder / "root.jwk", json.dumps(public.as_jwk()).encode())
    with house.foundation.writing() as desk:
        if not desk.store.list_keys():
            keys.create_keys(desk, algorithm=algorithm)


def _first_officers(house: House) -> tuple[str, ...]:
    """Enrol two officers, since revoking takes two; their tokens are kept in the home folder."""
    names = {"officer": OPERATOR_ROLES, "supervisor": frozenset({Role.SUPERVISOR})}
    for name, roles in names.items():
        known = house.officers.find_named(name)
        enrolment = Enrolment(ActorKind.OFFICER, name, frozenset(role.value for role in roles))
        made = known or house.officers.enrol(enrolment, by=OPERATOR)
        fresh = house.officers.issue_token(made.id, by=OPERATOR, lifetime=timedelta(days=366))
        house.officers.keep_token(name, fresh.text)
    return tuple(names)
