"""Settings: defaults, then ``rahdari.toml`` in the home folder, then ``RAHDARI_*`` from the environment."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from rahdari.app.errors import BadSettings
from rahdari.signals import read_networks
from rahdari.wire.errors import MalformedInput
from rahdari.wire.strict_toml import read_toml

FILE_NAME = "rahdari.toml"
# Every setting with a paragraph of comment has some ten kilobytes.
FILE_BYTES_MAX = 256 * 1024
PREFIX = "RAHDARI_"
# A scheme, a host, a port, a path of plain names (RFC 3986): no user, query or fragment.
_PATH = r"(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?"
_PLACES = re.compile(
    rf"https://([A-Za-z0-9.-]{{1,253}}|\[[0-9A-Fa-f:.]+\]){_PATH}|http://(localhost|127\.0\.0\.1|\[::1\]){_PATH}"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set.

    A name here is a key of ``rahdari.toml`` and, in capitals after ``RAHDARI_``, a variable of the environment.
    """

    home: Path = field(default=Path("rahdari-home"), metadata={"about": "the folder of the authority"})
    database: str = field(
        default="", metadata={"about": "SQLAlchemy address; empty: SQLite in the home folder"}
    )
    issuer: str = field(
        default="urn:rahdari:authority", metadata={"about": "`iss` of every pass; short is good"}
    )
    name: str = field(default="Sample Identity Authority", metadata={"about": "name of the authority"})
    country: str = field(default="PAK", metadata={"about": "country of issuance, ISO 3166-1 alpha-3"})
    public_url: str = field(
        default="http://127.0.0.1:8440", metadata={"about": "where the world reaches the server"}
    )
    algorithm: str = field(default="ES256", metadata={"about": "algorithm of new keys: ES256 or EdDSA"})
    passphrase: str = field(
        default="", metadata={"about": "opens the key store; better in a file", "secret": "yes"}
    )
    passphrase_file: str = field(
        default="", metadata={"about": "file with the passphrase; empty: keys/passphrase"}
    )
    root_passphrase: str = field(default="", metadata={"about": "opens the offline root", "secret": "yes"})
    root_folder: str = field(
        default="", metadata={"about": "folder of the offline root; empty: root/ in home"}
    )
    pkcs11_module: str = field(
        default="", metadata={"about": "PKCS#11 library; empty: keys in encrypted files"}
    )
    pkcs11_token: str = field(default="rahdari", metadata={"about": "label of the PKCS#11 token"})
    pkcs11_pin: str = field(default="", metadata={"about": "PIN of the PKCS#11 token", "secret": "yes"})
    shard_entries: int = field(default=1 << 20, metadata={"about": "places in one status list"})
    status_age_max_seconds: int = field(default=60, metadata={"about": "older status offline is `stale`"})
    verifier_age_max_seconds: int = field(
        default=60, metadata={"about": "older status on the page /verify is `stale`"}
    )
    clock_skew_seconds: int = field(default=60, metadata={"about": "how far clocks may differ"})
    lock_wait_seconds: int = field(default=5, metadata={"about": "how long to wait for a locked database"})
    host: str = field(default="127.0.0.1", metadata={"about": "address that the server listens on"})
    port: int = field(default=8440, metadata={"about": "port that the server listens on"})
    trusted_proxy: str = field(
        default="",
        metadata={
            "about": "addresses of the reverse proxy, by commas: only its X-Forwarded-For and -Proto are believed"
        },
    )
    signal_networks: str = field(
        default="",
        metadata={
            "about": "private networks that subscribers' endpoints may lie in, by commas; on loopback also by http"
        },
    )
    heartbeat_seconds: int = field(
        default=10, metadata={"about": "how often the status stream tells that nothing changed"}
    )
    streams_max: int = field(default=5000, metadata={"about": "verifiers connected to one server at once"})
    caller_streams_max: int = field(
        default=2000, metadata={"about": "how many of them from one address, and begun by it in a minute"}
    )
    rate_per_minute: int = field(default=120, metadata={"about": "requests a minute of one caller"})
    travel_kmh_max: int = field(
        default=900, metadata={"about": "a card that would travel faster, in km/h, is flagged"}
    )
    travel_km_min: int = field(default=50, metadata={"about": "shorter journeys are never flagged, in km"})
    uses_in_ten_minutes_max: int = field(default=20, metadata={"about": "a card used more often is flagged"})
    institutions_in_hour_max: int = field(
        default=5, metadata={"about": "a card that more institutions verify in an hour is flagged"}
    )
    uses_kept_days: int = field(
        default=730, metadata={"about": "uses older than this are forgotten by `rahdari flag forget`"}
    )
    citizens_home: str = field(
        default="",
        metadata={"about": "home of `exchange citizen init`: holders who signed in get codes; empty: none"},
    )
    trade_folder: str = field(
        default="",
        metadata={"about": "folder of fetched trade data; empty: rahdari/trade among the user's data"},
    )
    trade_engine: str = field(
        default="",
        metadata={"about": "Spark Connect address, sc://host:port; empty: DuckDB in the same process"},
    )
    roadmap_at_start: int = field(
        default=0,
        metadata={
            "about": "1: the roadmap page's first view is made ready once the server runs; 0: when asked for"
        },
    )
    comtrade_key: str = field(
        default="", metadata={"about": "subscription key of the UN Comtrade API", "secret": "yes"}
    )
    language: str = field(default="en", metadata={"about": "language of pages: en, ur, zh"})

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.home / 'rahdari.db'}"

    @property
    def status_prefix(self) -> str:
        """Where the status lists stand: short, since it is part of every QR code."""
        return f"{self.public_url.rstrip('/')}/s/"


_BOUNDS = {
    "shard_entries": (4, 1 << 20),
    "status_age_max_seconds": (1, 30 * 86_400),
    "verifier_age_max_seconds": (1, 30 * 86_400),
    "clock_skew_seconds": (0, 600),
    "lock_wait_seconds": (0, 600),
    "port": (0, 65_535),
    "roadmap_at_start": (0, 1),
    "heartbeat_seconds": (1, 30),
    "streams_max": (1, 1_000_000),
    "caller_streams_max": (1, 1_000_000),
    "rate_per_minute": (1, 1_000_000),
    "travel_kmh_max": (100, 100_000),
    "travel_km_min": (1, 20_000),
    "uses_in_ten_minutes_max": (1, 100),
    "institutions_in_hour_max": (1, 100),
    "uses_kept_days": (1, 36_500),
}
_CHOICES = {"algorithm": ("ES256", "EdDSA"), "language": ("en", "ur", "zh")}


def read_settings(home: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read the settings of ``home`` (else of ``RAHDARI_HOME``, else of ``rahdari-home``).

    Raises:
        BadSettings: an unknown name, or a value that cannot be.
    """
    folder = home or Path(environment.get(f"{PREFIX}HOME", "") or "rahdari-home")
    values = _from_file(folder / FILE_NAME) | _from_environment(environment)
    values.pop("home", None)
    settings = Settings(home=folder, **values)  # type: ignore[arg-type]
    check_settings(settings)
    return settings


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            read = read_toml(file.read(FILE_BYTES_MAX + 1), bytes_max=FILE_BYTES_MAX)
    except (OSError, MalformedInput) as error:
        raise BadSettings(f"{path} cannot be read: {error}") from None
    return {name: _typed(name, value, str(path)) for name, value in read.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    # RAHDARI_TOKEN and RAHDARI_SHARED belong to the command line and the tests.
    known = {one.name for one in fields(Settings)}
    found = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    return {
        name: _typed(name, value, f"{PREFIX}{name.upper()}") for name, value in found.items() if name in known
    }


def _typed(name: str, value: object, place: str) -> object:
    kinds = {one.name: one.type for one in fields(Settings)}
    if name not in kinds:
        raise BadSettings(f"{place} sets {name!r}, which is no setting; see docs/look-up/settings.md")
    if kinds[name] is int:
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
            raise BadSettings(f"{place}: {name} must be a whole number, at most nine digits")
        return int(str(value))
    if not isinstance(value, str):
        raise BadSettings(f"{place}: {name} must be text")
    return value


def check_settings(settings: Settings) -> None:
    """Check what was put together otherwise than by ``read_settings``. Raises ``BadSettings``."""
    for one in fields(Settings):
        value = getattr(settings, one.name)
        if isinstance(value, str) and _CONTROLS.search(value):
            raise BadSettings(f"{one.name} holds a control character or a line end; write it on one line")
    for name, (least, most) in _BOUNDS.items():
        if not least <= getattr(settings, name) <= most:
            raise BadSettings(f"{name} must lie between {least} and {most}")
    for name, choices in _CHOICES.items():
        if getattr(settings, name) not in choices:
            raise BadSettings(f"{name} must be one of {', '.join(choices)}")
    if not _PLACES.fullmatch(settings.public_url):
        raise BadSettings(
            "public_url must be https:// and a host, perhaps a port and a path (http:// is for loopback only)"
        )
    _check_proxies(settings.trusted_proxy)
    _check_networks(settings.signal_networks)


def _check_proxies(listed: str) -> None:
    for one in filter(None, (part.strip() for part in listed.split(","))):
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise BadSettings(
                "trusted_proxy must list addresses or networks, such as 192.0.2.7, 10.0.0.0/8"
            ) from None


def _check_networks(listed: str) -> None:
    try:
        read_networks(listed)
    except ValueError:
        raise BadSettings("signal_networks must list networks by commas, such as 10.0.0.0/8") from None


def write_settings(settings: Settings) -> str:
    """Write those settings that differ from the defaults and are no secrets, as TOML."""
    lines = ["# Rahdari; every setting stands in docs/look-up/settings.md\n"]
    for one in fields(Settings):
        value = getattr(settings, one.name)
        if one.name == "home" or "secret" in one.metadata or value == one.default:
            continue
        written = (
            str(value)
            if isinstance(value, int)
            else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )
        lines.append(f"{one.name} = {written}\n")
    return "".join(lines)
