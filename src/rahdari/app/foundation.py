"""What every part of the house stands on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rahdari.access.migrations import MIGRATIONS as ACCESS
from rahdari.access.store import SqlStore as AccessStore
from rahdari.app.errors import BadSettings
from rahdari.app.keyring_files import FileKeyRing, find_passphrase
from rahdari.app.settings import Settings
from rahdari.credentials.migrations import MIGRATIONS as CREDENTIALS
from rahdari.credentials.ports.keyring import KeyRing
from rahdari.credentials.rules.products import Catalogue
from rahdari.credentials.service.desk import Authority, Desk
from rahdari.credentials.store import REGISTER_LOCK, SqlStore
from rahdari.database import Database
from rahdari.kernel import Chance, Clock
from rahdari.oversight.migrations import MIGRATIONS as OVERSIGHT
from rahdari.oversight.store import SqlStore as OversightStore
from rahdari.signals.migrations import MIGRATIONS as SIGNALS
from rahdari.signals.store import FAN_OUT_LOCK
from rahdari.signals.store import SqlStore as SignalStore

MIGRATIONS = (ACCESS, CREDENTIALS, OVERSIGHT, SIGNALS)


@dataclass(frozen=True, slots=True)
class Foundation:
    """Settings, clock, chance, database, products and keys, opened once and shared by all parts."""

    settings: Settings
    clock: Clock
    chance: Chance
    database: Database
    products: Catalogue
    keyring: KeyRing = field(repr=False)

    @property
    def authority(self) -> Authority:
        """Who issues, by the settings."""
        settings = self.settings
        return Authority(
            issuer=settings.issuer,
            name=settings.name,
            country=settings.country,
            status_prefix=settings.status_prefix,
            shard_entries=settings.shard_entries,
        )

    @contextmanager
    def writing(self) -> Iterator[Desk]:
        """Open a transaction that writes; all of it is durable at the end, or none."""
        self.keyring.prepare()
        with self.database.transaction(lock=REGISTER_LOCK) as connection:
            yield self._desk(SqlStore(connection), self.clock.now())

    @contextmanager
    def admitting(self) -> Iterator[tuple[Desk, AccessStore]]:
        """Open a writing transaction over officers and the register, so that the log tells of both."""
        self.keyring.prepare()
        with self.database.transaction(lock=REGISTER_LOCK) as connection:
            yield self._desk(SqlStore(connection), self.clock.now()), AccessStore(connection)

    @contextmanager
    def reading(self) -> Iterator[Desk]:
        """Open a transaction that reads one state of the register."""
        began = self.clock.now()
        with self.database.reading() as connection:
            yield self._desk(SqlStore(connection), began)

    @contextmanager
    def overseeing(self) -> Iterator[tuple[Desk, AccessStore]]:
        """Open a reading transaction over officers and the register: one state of both."""
        began = self.clock.now()
        with self.database.reading() as connection:
            yield self._desk(SqlStore(connection), began), AccessStore(connection)

    @contextmanager
    def receiving(self) -> Iterator[tuple[Desk, AccessStore]]:
        """Open a writing transaction over holders' sign-in alone: the register is read, and its lock not taken."""
        began = self.clock.now()
        with self.database.transaction() as connection:
            yield self._desk(SqlStore(connection), began), AccessStore(connection)

    @contextmanager
    def auditing(self) -> Iterator[tuple[Desk, AccessStore, OversightStore, SignalStore]]:
        """Open a reading transaction over all that the log tells of: one state of it."""
        began = self.clock.now()
        with self.database.reading() as connection:
            desk = self._desk(SqlStore(connection), began)
            yield desk, AccessStore(connection), OversightStore(connection), SignalStore(connection)

    @contextmanager
    def watching(self) -> Iterator[tuple[Desk, OversightStore]]:
        """Open a writing transaction over flags and the register, so that the log tells of both."""
        self.keyring.prepare()
        with self.database.transaction(lock=REGISTER_LOCK) as connection:
            yield self._desk(SqlStore(connection), self.clock.now()), OversightStore(connection)

    @contextmanager
    def subscribing(self) -> Iterator[tuple[SignalStore, Callable[[], Desk]]]:
        """Open a writing transaction over streams, alone in all processes, and the log's desk for its end.

        The register's lock is taken when the desk is asked for: a suspension waits for the log's few rows alone.
        """
        self.keyring.prepare()
        with self.database.transaction(lock=FAN_OUT_LOCK) as connection:

            def log() -> Desk:
                self.database.take(connection, REGISTER_LOCK)
                return self._desk(SqlStore(connection), self.clock.now())

            yield SignalStore(connection), log

    def _desk(self, store: SqlStore, began: datetime) -> Desk:
        """Make the desk of a transaction.

        ``began`` is taken before the state is fixed that a reader sees, or under the writers' lock.
        """
        return Desk(
            store=store,
            began=began,
            products=self.products,
            keyring=self.keyring,
            clock=self.clock,
            chance=self.chance,
            authority=self.authority,
        )


def open_keyring(settings: Settings) -> KeyRing:
    """Open the key store that the settings name: a PKCS#11 module, or encrypted files in the home folder.

    Raises:
        BadSettings: a PKCS#11 module is named and the library for it is not installed.
    """
    folder = settings.home / "keys"
    if settings.pkcs11_module:
        # Imported here: the library is an extra, and only those who set the module need it.
        try:
            from rahdari.app.keyring_pkcs11 import Pkcs11KeyRing  # noqa: PLC0415
        except ImportError:
            raise BadSettings(
                "pkcs11_module is set and the library is absent; install rahdari[pkcs11]"
            ) from None
        return Pkcs11KeyRing(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin)
    file = Path(settings.passphrase_file) if settings.passphrase_file else folder / "passphrase"
    # The passphrase is looked for at the first signature: reading and verifying need none.
    return FileKeyRing(folder, lambda: find_passphrase(settings.passphrase, file))
