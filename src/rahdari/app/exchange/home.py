"""A gateway's home: ``gateway.toml``, its keys, and the places of everything else. Read strictly.

``create_home`` writes one, ``read_home`` reads what a gateway needs before it serves.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from rahdari.app.errors import AlreadyInitialised, BadSettings, NotInitialised
from rahdari.app.exchange.edge_tls import EdgeTlsSettings, read_edge_tls
from rahdari.app.exchange.gateway_keys import GatewayKeys, make_keys
from rahdari.app.exchange.local_clients import read_clients
from rahdari.app.exchange.secret_files import SCRYPT_N, create_secrets, open_secrets
from rahdari.app.exchange.toml_fields import Fields
from rahdari.app.files import SECRET_MODE, make_folder, read_limited, write_whole
from rahdari.exchange.values.services import ClientProof, Durability, LocalClient
from rahdari.kernel import Chance
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.configuration import read_registry_key, write_registry_key
from rahdari.wire.ndel.json_members import require_address, require_names, require_origin, require_word
from rahdari.wire.strict_toml import read_toml
from rahdari.wire.xroad import (
    ClientId,
    MemberId,
    SecurityServerId,
    SubsystemId,
    read_security_server,
)

FILE_NAME: Final = "gateway.toml"
# A thousand local clients of 300 bytes each, and comments.
FILE_BYTES_MAX: Final = 1024 * 1024
_ANCHORS_MAX: Final = 8


class Listener(NamedTuple):
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """Whom this gateway believes: the registry of its instance, by its keys, and where its configuration stands.

    ``urls`` are http or https addresses; one that names a file of this machine has the form ``file:PATH``.
    """

    instance: str
    urls: tuple[str, ...]
    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What else can be set in ``gateway.toml``, in the table ``settings``."""

    body_bytes_max: int = 2 * 1024**3
    own_record: Durability = Durability.ASYNC
    stamp_age_max_seconds: int = 4 * 3600
    traces_url: str = ""
    renews: bool = True
    vouching_seconds: int = 60


@dataclass(frozen=True, slots=True)
class GatewayHome:
    """A gateway as its home describes it; ``open_keys`` opens its keys."""

    folder: Path
    id: SecurityServerId
    url: str
    name: Mapping[str, str]
    subsystems: tuple[str, ...]
    edge: Listener
    peer: Listener
    anchor: Anchor
    clients: Mapping[ClientId, LocalClient] = field(default_factory=dict)
    settings: GatewaySettings = field(default_factory=GatewaySettings)
    edge_tls: EdgeTlsSettings | None = None
    certificate_files: Mapping[ClientId, tuple[str, ...]] = field(default_factory=dict)

    @property
    def edge_url(self) -> str:
        """Where the member's own systems call, as they write it."""
        host = f"[{self.edge.host}]" if ":" in self.edge.host else self.edge.host
        return f"{'http' if self.edge_tls is None else 'https'}://{host}:{self.edge.port}"

    @property
    def member(self) -> MemberId:
        """The member whose gateway this is."""
        return MemberId(self.id.instance, self.id.member_class, self.id.member_code)

    @property
    def keys_folder(self) -> Path:
        """The encrypted keys."""
        return self.folder / "keys"

    @property
    def services_file(self) -> Path:
        """What the member offers."""
        return self.folder / "services.toml"

    @property
    def configuration_folder(self) -> Path:
        """The last good configurations, by instance, with all earlier ones in ``history``."""
        return self.folder / "configuration"

    @property
    def log_folder(self) -> Path:
        """The evidence log."""
        return self.folder / "log"

    @property
    def index_file(self) -> Path:
        """The SQLite file of the room's tables."""
        return self.folder / "index.db"

    @property
    def request_file(self) -> Path:
        """The request to join, as it was or is to be sent."""
        return self.folder / "join.jws"


def create_home(
    home: GatewayHome,
    environment: Mapping[str, str],
    *,
    at: datetime,
    chance: Chance,
    scrypt_n: int = SCRYPT_N,
) -> GatewayKeys:
    """Make a home with new keys, for its owner alone.

    Raises:
        AlreadyInitialised: there is one in the folder.
        BadSettings: what is asked for cannot be.
        FolderFailed: the folder cannot be written to; nothing is left in it of this attempt.
    """
    if (home.folder / FILE_NAME).exists():
        raise AlreadyInitialised(f"{home.folder} holds a gateway already; nothing was changed")
    written = write_gateway_file(home)
    _read(home.folder, written.encode(), "what is asked for")
    with make_folder(home.folder):
        home.folder.chmod(0o700)
        secrets = create_secrets(home.keys_folder, environment, chance=chance, scrypt_n=scrypt_n)
        make_keys(secrets, home.url, at=at, chance=chance)
        write_whole(home.folder / FILE_NAME, written.encode(), mode=SECRET_MODE)
    return GatewayKeys(secrets, home.id, home.url)


def read_home(folder: Path) -> GatewayHome:
    """Read a home.

    Raises:
        NotInitialised: there is none in the folder.
        BadSettings: an unknown name, or a value that cannot be; the sentence names it.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise NotInitialised(f"{folder} holds no gateway; make one with: rahdari exchange join")
    return _read(folder, read_limited(path, size_bytes_max=FILE_BYTES_MAX), str(path))


def open_keys(home: GatewayHome, environment: Mapping[str, str], *, chance: Chance) -> GatewayKeys:
    """Open the keys of a home. Raises ``NotInitialised``, ``KeysLocked``."""
    return GatewayKeys(open_secrets(home.keys_folder, environment, chance=chance), home.id, home.url)


def _read(folder: Path, raw: bytes, place: str) -> GatewayHome:
    try:
        found = Fields(read_toml(raw, bytes_max=FILE_BYTES_MAX), place)
        gateway = read_security_server(found.text("gateway"))
        edge = found.table("edge")
        edge_tls = read_edge_tls(edge.table("tls")) if "tls" in edge.names() else None
        clients, files = read_clients(found, gateway, folder, tls=edge_tls)
        home = GatewayHome(
            folder=folder,
            id=gateway,
            url=found.text("url"),
            name=found.table("name").texts(),
            subsystems=found.list_of_texts("subsystems", most=256),
            edge=_listener(edge),
            peer=_listener(found.table("peer")),
            anchor=_anchor(found.table("registry"), gateway.instance),
            clients=clients,
            settings=_settings(found.table("settings")),
            edge_tls=edge_tls,
            certificate_files=files,
        )
        found.require_nothing_else()
        require_origin(home.url)
        require_names(home.name)
    except MalformedInput as refusal:
        raise BadSettings(f"{place}: {refusal.message}") from None
    return home


def _listener(found: Fields) -> Listener:
    listener = Listener(found.text("host", "127.0.0.1"), found.number("port", least=0, most=65_535))
    found.require_nothing_else()
    return listener


def _anchor(found: Fields, instance: str) -> Anchor:
    urls = found.list_of_texts("urls", most=_ANCHORS_MAX)
    for url in urls:
        if not url.startswith("file:"):
            require_address(url)
    keys = tuple(read_registry_key(text) for text in found.list_of_texts("keys", most=_ANCHORS_MAX))
    found.require_nothing_else()
    if not urls or not keys:
        raise MalformedInput("registry needs at least one address in urls and one key in keys")
    return Anchor(require_word(instance), urls, keys)


def _settings(found: Fields) -> GatewaySettings:
    default = GatewaySettings()
    record = found.text("own_record", default.own_record.value)
    if record not in list(Durability):
        raise MalformedInput("own_record is async or strict")
    settings = GatewaySettings(
        body_bytes_max=found.number("body_bytes_max", default.body_bytes_max, least=1024, most=1 << 40),
        own_record=Durability(record),
        stamp_age_max_seconds=found.number(
            "stamp_age_max_seconds", default.stamp_age_max_seconds, least=60, most=30 * 86_400
        ),
        vouching_seconds=found.number("vouching_seconds", default.vouching_seconds, least=1, most=3600),
        traces_url=found.text("traces_url", ""),
        renews=found.truth("renews", default=default.renews),
    )
    found.require_nothing_else()
    if settings.traces_url:
        require_address(settings.traces_url)
    return settings


def write_gateway_file(home: GatewayHome) -> str:
    """Write ``gateway.toml``; settings that differ from their defaults alone."""
    default = GatewaySettings()
    changed = {
        one.name: getattr(home.settings, one.name)
        for one in fields(GatewaySettings)
        if getattr(home.settings, one.name) != getattr(default, one.name)
    }
    lines = [
        "# A gateway of the exchange; see docs/do/exchange-join.md",
        _line("gateway", str(home.id)),
        _line("url", home.url),
        _line("subsystems", list(home.subsystems)),
        *_table("name", home.name),
        *_table("edge", home.edge._asdict()),
        *(_table("edge.tls", home.edge_tls.as_table()) if home.edge_tls else ()),
        *_table("peer", home.peer._asdict()),
        *_table(
            "registry",
            {"urls": list(home.anchor.urls), "keys": [write_registry_key(one) for one in home.anchor.keys]},
        ),
        *(_table("settings", changed) if changed else ()),
    ]
    for client in home.clients.values():
        digests = sorted(one.hex() for one in client.secret_digests)
        by_certificate = client.proof is ClientProof.CERTIFICATE
        lines += [
            "\n[[client]]",
            _line("id", str(client.id)),
            _line("proof", client.proof.value),
            *(
                [_line("certificates", list(home.certificate_files.get(client.id, ())))]
                if by_certificate
                else []
            ),
            _line("certificate_digests" if by_certificate else "secret_digests", digests),
            *_table("client.purposes", client.purposes),
        ]
    return "\n".join(lines) + "\n"


def subsystem_of(member: MemberId, code: str) -> SubsystemId:
    """Give a member's subsystem. Raises ``MalformedInput``."""
    return SubsystemId(member.instance, member.member_class, member.member_code, code)


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    return [f"\n[{name}]", *(_line(key, value) for key, value in values.items())]


def _line(name: str, value: object) -> str:
    # A JSON text is a basic string of TOML 1.0, and so is a list of them.
    return (
        f"{json.dumps(name) if not name.isidentifier() else name} = {json.dumps(value, ensure_ascii=False)}"
    )
