"""Makes registries, and opens them: the folder, ``registry.toml``, the key, the first officers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rahdari.app.errors import AlreadyInitialised, BadSettings, NotInitialised
from rahdari.app.exchange.home import Listener
from rahdari.app.exchange.registry import KEY, Registry
from rahdari.app.exchange.secret_files import SCRYPT_N, create_secrets, open_secrets
from rahdari.app.exchange.toml_fields import Fields
from rahdari.app.files import SECRET_MODE, make_folder, read_limited, write_whole
from rahdari.exchange.rules.changes import require_officer_name, require_terms
from rahdari.kernel import Chance, Clock
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.acts import Founded, Terms
from rahdari.wire.ndel.json_members import require_word
from rahdari.wire.strict_toml import read_toml

FILE_NAME: Final = "registry.toml"
_FILE_BYTES_MAX: Final = 64 * 1024
_PORT: Final = 8470


@dataclass(frozen=True, slots=True)
class Founding:
    """What a registry begins with; ``listener`` is where it will serve."""

    instance: str
    officers: tuple[str, ...]
    terms: Terms = field(default_factory=Terms)
    listener: Listener = field(default=Listener("127.0.0.1", _PORT))


def found_registry(
    folder: Path,
    founding: Founding,
    environment: Mapping[str, str],
    *,
    clock: Clock,
    chance: Chance,
    scrypt_n: int = SCRYPT_N,
) -> Registry:
    """Make a registry with its key, its officers' keys and its first configuration.

    Raises:
        AlreadyInitialised: there is one in the folder.
        ActRefused: officers or terms that cannot be.
        FolderFailed: the folder cannot be written to; nothing is left in it of this attempt.
    """
    if (folder / FILE_NAME).exists():
        raise AlreadyInitialised(f"{folder} holds a registry already; nothing was changed")
    for name in founding.officers:
        require_officer_name(name)
    require_terms(founding.terms, officers=len(set(founding.officers)))
    with make_folder(folder):
        folder.chmod(0o700)
        registry = _found(folder, founding, environment, clock=clock, chance=chance, scrypt_n=scrypt_n)
        write_whole(folder / FILE_NAME, _written(founding).encode(), mode=SECRET_MODE)
    return registry


def _found(
    folder: Path,
    founding: Founding,
    environment: Mapping[str, str],
    *,
    clock: Clock,
    chance: Chance,
    scrypt_n: int,
) -> Registry:
    secrets = create_secrets(folder / "keys", environment, chance=chance, scrypt_n=scrypt_n)
    signer = SoftwareSigner.generate(Algorithm.EDDSA)
    secrets.keep(KEY, json.dumps(signer.as_private_jwk()).encode())
    registry = Registry(folder, secrets, clock=clock, chance=chance)
    officers = [registry.make_officer(name, environment, scrypt_n=scrypt_n) for name in founding.officers]
    registry.found(Founded(require_word(founding.instance), tuple(officers), founding.terms))
    return registry


def open_registry(folder: Path, environment: Mapping[str, str], *, clock: Clock, chance: Chance) -> Registry:
    """Open a registry and read its journal. Raises ``NotInitialised``, ``KeysLocked``, ``LogDamaged``."""
    read_listener(folder)
    secrets = open_secrets(folder / "keys", environment, chance=chance)
    registry = Registry(folder, secrets, clock=clock, chance=chance)
    registry.check()
    return registry


def read_listener(folder: Path) -> Listener:
    """Read where the registry of a folder serves. Raises ``NotInitialised``, ``BadSettings``."""
    path = folder / FILE_NAME
    if not path.is_file():
        raise NotInitialised(f"{folder} holds no registry; make one with: rahdari exchange init")
    try:
        raw = read_limited(path, size_bytes_max=_FILE_BYTES_MAX)
        found = Fields(read_toml(raw, bytes_max=_FILE_BYTES_MAX), str(path))
        found.text("instance")
        listener = Listener(
            found.text("host", "127.0.0.1"), found.number("port", _PORT, least=0, most=65_535)
        )
        found.require_nothing_else()
    except MalformedInput as refusal:
        raise BadSettings(refusal.message) from None
    return listener


def _written(founding: Founding) -> str:
    return (
        "# A registry of the exchange; see docs/do/exchange-join.md\n"
        f"instance = {json.dumps(founding.instance)}\n"
        f"host = {json.dumps(founding.listener.host)}\n"
        f"port = {founding.listener.port}\n"
    )
