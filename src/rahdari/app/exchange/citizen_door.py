"""The door for citizens: a home of its own beside a gateway's, with the one key that the citizen's log needs.

The page that anybody on the network can reach runs as a program of its own, out of this home. Of the gateway's keys
it has the one that opens the pseudonyms of months, under a passphrase of its own; what signs calls, logs and
consents, and what opens particulars, it has not (decision record 0018).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from rahdari.app.errors import AlreadyInitialised, BadSettings, NotInitialised
from rahdari.app.exchange.citizen_desk import SUBJECT_KEYS, read_names, read_titles
from rahdari.app.exchange.citizens_log import CitizensLog
from rahdari.app.exchange.consent_desk import open_index_file
from rahdari.app.exchange.home import Listener, open_keys, read_home
from rahdari.app.exchange.log import LogName, LogReader
from rahdari.app.exchange.openings import Openings
from rahdari.app.exchange.secret_files import SCRYPT_N, create_secrets, open_secrets
from rahdari.app.exchange.subject_keys import SubjectKeys
from rahdari.app.exchange.toml_fields import Fields
from rahdari.app.files import SECRET_MODE, make_folder, read_limited, write_whole
from rahdari.database import Database
from rahdari.exchange.rules.subjects import KEY_BYTES
from rahdari.kernel import Chance, Clock
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.json_members import require_address
from rahdari.wire.ndel.record_bytes import request_id_of
from rahdari.wire.strict_toml import read_toml
from rahdari.wire.tlog import read_key

FILE_NAME: Final = "citizens.toml"
PASSPHRASE_VARIABLE: Final = "RAHDARI_CITIZENS_PASSPHRASE"  # noqa: S105 - the name of a variable
PORT: Final = 8319
_SUBJECTS: Final = "subjects"
_OPENINGS: Final = "openings"
_FILE_BYTES_MAX: Final = 64 * 1024
_KEYS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class DoorHome:
    """A door as its home describes it.

    ``url`` is its address as people's browsers have it; ``trusted_proxy`` lists the addresses whose word on where
    a request came from is taken.
    """

    folder: Path
    gateway: Path
    log: LogName
    listener: Listener
    url: str
    trusted_proxy: str = ""

    @property
    def admissions_folder(self) -> Path:
        """The codes that are open."""
        return self.folder / "admissions"

    @property
    def origin(self) -> str:
        """The origin (RFC 6454) of its pages."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


class DoorAddress(NamedTuple):
    """Where a door listens, and its address as people's browsers have it."""

    listener: Listener
    url: str
    trusted_proxy: str = ""


def create_door(
    folder: Path,
    gateway: Path,
    environment: Mapping[str, str],
    *,
    address: DoorAddress,
    chance: Chance,
    scrypt_n: int = SCRYPT_N,
) -> DoorHome:
    """Make a door beside the gateway whose home is ``gateway``.

    Raises:
        AlreadyInitialised: there is one in the folder. NotInitialised: there is no gateway.
        KeysLocked: the gateway's keys cannot be opened. BadSettings: the address is none.
        FolderFailed: the folder cannot be written to; nothing is left in it of this attempt.
    """
    if (folder / FILE_NAME).exists():
        raise AlreadyInitialised(f"{folder} holds a door for citizens already; nothing was changed")
    keys = open_keys(read_home(gateway), environment, chance=chance)
    log = LogName(keys.origin, tuple(one.key for one in keys.log_signers))
    door = DoorHome(folder, gateway.absolute(), log, *address)
    written = _written(door)
    _read(folder, written.encode(), "what is asked for")
    with make_folder(folder):
        folder.chmod(0o700)
        secrets = create_secrets(
            folder / "keys", environment, chance=chance, scrypt_n=scrypt_n, variable=PASSPHRASE_VARIABLE
        )
        secrets.keep(_SUBJECTS, keys.subjects_key)
        secrets.keep(_OPENINGS, chance.bytes(KEY_BYTES))
        write_whole(folder / FILE_NAME, written.encode(), mode=SECRET_MODE)
    return door


def read_door(folder: Path) -> DoorHome:
    """Read the home of a door. Raises ``NotInitialised``, ``BadSettings``."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise NotInitialised(f"{folder} holds no door; make one with: rahdari exchange citizen init")
    return _read(folder, read_limited(path, size_bytes_max=_FILE_BYTES_MAX), str(path))


class OpenDoor:
    """A door at work: its citizen's log. Not for several threads at once."""

    def __init__(
        self,
        home: DoorHome,
        environment: Mapping[str, str],
        *,
        clock: Clock,
        chance: Chance,
    ) -> None:
        """Open it; ``close`` ends it.

        Raises:
            NotInitialised: the gateway is gone. KeysLocked: the passphrase does not open the door's key.
        """
        self.home = home
        self._gateway = read_home(home.gateway)
        secrets = open_secrets(home.folder / "keys", environment, chance=chance, variable=PASSPHRASE_VARIABLE)
        months = SubjectKeys(self._gateway.keys_folder / SUBJECT_KEYS, secrets.read(_SUBJECTS), chance)
        self.openings = Openings(home.folder / "openings", secrets.read(_OPENINGS), clock=clock)
        reader = LogReader(self._gateway.log_folder, home.log, request_of=request_id_of)
        # An index of its own: the gateway's database holds consents, and is none of the door's.
        self._database: Database = open_index_file(home.folder / "index.db")
        self.log = CitizensLog(
            self._database,
            reader,
            months,
            # Read anew at each answer: the gateway beside it may have learnt of new members.
            names=lambda: read_names(self._gateway),
            services=lambda: read_titles(self._gateway),
            clock=clock,
        )

    @property
    def name(self) -> Mapping[str, str]:
        """The name of whose gateway it is, by language."""
        return self._gateway.name

    def close(self) -> None:
        """Let the index go."""
        self._database.close()


def _read(folder: Path, raw: bytes, place: str) -> DoorHome:
    try:
        found = Fields(read_toml(raw, bytes_max=_FILE_BYTES_MAX), place)
        door = DoorHome(
            folder=folder,
            gateway=Path(found.text("gateway")),
            log=LogName(
                found.text("log"),
                tuple(read_key(one) for one in found.list_of_texts("log_keys", most=_KEYS_MAX)),
            ),
            listener=Listener(
                found.text("host", "127.0.0.1"), found.number("port", PORT, least=0, most=65_535)
            ),
            url=require_address(found.text("url")).rstrip("/"),
            trusted_proxy=found.text("trusted_proxy", ""),
        )
        found.require_nothing_else()
    except MalformedInput as refusal:
        raise BadSettings(f"{place}: {refusal.message}") from None
    for one in filter(None, (part.strip() for part in door.trusted_proxy.split(","))):
        try:
            ip_network(one)
        except ValueError:
            raise BadSettings(f"{place}: trusted_proxy lists addresses or networks, by commas") from None
    if door.origin != door.url:
        raise BadSettings(f"{place}: url is an origin, such as https://mylog.example.pk, without a path")
    return door


def _written(door: DoorHome) -> str:
    lines = {
        "gateway": str(door.gateway),
        "log": door.log.origin,
        "log_keys": [one.text for one in door.log.keys],
        "host": door.listener.host,
        "port": door.listener.port,
        "url": door.url,
        "trusted_proxy": door.trusted_proxy,
    }
    told = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items())
    return f"# The door for citizens beside a gateway; see docs/do/exchange-citizens.md\n{told}"
