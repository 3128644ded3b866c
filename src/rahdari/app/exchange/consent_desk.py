"""A gateway's home as the place of a consent book: its key, where its lists are served, its database."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rahdari.app.errors import AlreadyInitialised, NotInitialised
from rahdari.app.exchange.consent_book import ConsentBook
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import GatewayHome, open_keys, read_home
from rahdari.app.files import write_whole
from rahdari.database import Database, migrate, open_database
from rahdari.exchange.migrations import MIGRATIONS
from rahdari.exchange.values.consents import Issuer
from rahdari.kernel import Chance, Clock
from rahdari.wire import jws
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from rahdari.wire.ndel.json_members import require_address

_KEY: Final = "consent-issuer"
_MARKS: Final = "consent-marks"
_LISTS: Final = "consent-lists"
PUBLIC_FILE: Final = "consent-issuer.jwk"
_MARK_BYTES: Final = 32


def open_index(home: GatewayHome) -> Database:
    """Open the home's database with this room's tables as they are in this version of the program."""
    return open_index_file(home.index_file)


def open_index_file(path: Path) -> Database:
    """Open a database of this room's tables as they are in this version; make it if there is none."""
    database = open_database(f"sqlite:///{path.absolute()}")
    migrate(database, [MIGRATIONS])
    return database


@contextmanager
def opened_index(home: GatewayHome) -> Iterator[Database]:
    """Open the home's database, and close it at the end."""
    with open_index(home) as database:
        yield database


def make_issuer(
    folder: Path, environment: Mapping[str, str], *, lists: str, chance: Chance
) -> tuple[PublicKey, Path]:
    """Make the key that signs consents, and the file with its public half for the registry's officers.

    ``lists`` is the address under which the status lists are served or published.

    Raises:
        AlreadyInitialised: this home signs consents already.
        MalformedInput: ``lists`` is no address.
    """
    home = read_home(folder)
    keys = open_keys(home, environment, chance=chance)
    if keys.secret(_KEY) is not None:
        raise AlreadyInitialised("this gateway's member has a key for consents already; nothing was changed")
    address = require_address(lists).rstrip("/")
    signer = SoftwareSigner.generate(Algorithm.EDDSA)
    keys.keep(_MARKS, chance.bytes(_MARK_BYTES))
    keys.keep(_LISTS, address.encode())
    # Last, for it is what says that all of it is there.
    keys.keep(_KEY, json.dumps(signer.as_private_jwk()).encode())
    path = home.folder / PUBLIC_FILE
    write_whole(path, json.dumps(signer.public.as_jwk(), indent=1).encode() + b"\n")
    return signer.public, path


def find_issuer(home: GatewayHome, keys: GatewayKeys) -> Issuer | None:
    """Give who signs consents here; None, if this member signs none. Raises ``KeysLocked``."""
    key, marks, lists = keys.secret(_KEY), keys.secret(_MARKS), keys.secret(_LISTS)
    if key is None or marks is None or lists is None:
        return None
    return Issuer(home.member, SoftwareSigner.from_private_jwk(json.loads(key)), marks, lists.decode())


@contextmanager
def opened_book(
    folder: Path, environment: Mapping[str, str], *, clock: Clock, chance: Chance
) -> Iterator[ConsentBook]:
    """Open the consent book of a home.

    Raises:
        NotInitialised: there is no gateway, or it signs no consents. KeysLocked: its keys cannot be opened.
    """
    home = read_home(folder)
    issuer = find_issuer(home, open_keys(home, environment, chance=chance))
    if issuer is None:
        raise NotInitialised(
            "this gateway's member signs no consents; make a key with: exchange consent init"
        )
    with opened_index(home) as database:
        yield ConsentBook(database, issuer, clock=clock, chance=chance)


def key_name(public: PublicKey) -> str:
    """Name a consent key as its tokens do."""
    return jws.kid_text(public)
