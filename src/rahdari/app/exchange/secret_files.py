"""Secrets of an exchange home in files, each encrypted under a key that scrypt makes of the passphrase.

Every file is a JWE (RFC 7516, compact, ``dir`` with A256GCM) whose protected header names it, so that none can be
put in another's place. As ``app.keyring_files``, for more than signing keys, and with a quarter of the memory: a
gateway runs in 100 MB.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rahdari.app.errors import AlreadyInitialised, FolderFailed, NotInitialised
from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.exchange.errors import KeysLocked
from rahdari.kernel import Chance

# OWASP Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3 (32 MiB) is as hard as 2^17, 8, 1 (128 MiB).
SCRYPT_N: Final = 1 << 15
_SCRYPT_N_MAX: Final = 1 << 20
_R: Final = 8
_P: Final = 3
_FILE: Final = "store.json"
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105 - the name of a file
PASSPHRASE_VARIABLE: Final = "RAHDARI_PASSPHRASE"  # noqa: S105 - the name of a variable
_FILE_BYTES_MAX: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_CHECK_NAME: Final = "check"
_CHECK: Final = b"rahdari exchange"
_NONCE_BYTES: Final = 12  # RFC 7518, 5.3
_TAG_BYTES: Final = 16


class SecretFiles:
    """An opened folder of secrets."""

    def __init__(self, folder: Path, key: bytes, chance: Chance) -> None:
        """Work on ``folder`` with the key that ``open_secrets`` or ``create_secrets`` derived."""
        self._folder, self._cipher, self._chance = folder, AESGCM(key), chance

    @property
    def folder(self) -> Path:
        """Where the secrets are."""
        return self._folder

    def draw(self, count: int) -> bytes:
        """Draw bytes that nobody can foresee."""
        return self._chance.bytes(count)

    def names(self) -> tuple[str, ...]:
        """List the names of all secrets."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.jwe")))

    def read(self, name: str) -> bytes:
        """Give a secret. Raises ``KeysLocked`` where it is missing, damaged, or under another passphrase."""
        path = self._path(name)
        if not path.is_file():
            raise KeysLocked(f"the keys lack {name}; restore the folder keys from a backup")
        return _unseal(name, read_limited(path, size_bytes_max=_FILE_BYTES_MAX), self._cipher)

    def keep(self, name: str, secret: bytes) -> None:
        """Write a secret, whole or not at all. Raises ``FolderFailed``."""
        sealed = _seal(name, secret, self._cipher, self._chance)
        write_whole(self._path(name), sealed, mode=SECRET_MODE)

    def drop(self, name: str) -> None:
        """Take a secret away, for ever."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise AssertionError("a secret's name has letters, digits, - and _")
        return self._folder / f"{name}.jwe"


def create_secrets(
    folder: Path,
    environment: Mapping[str, str],
    *,
    chance: Chance,
    scrypt_n: int = SCRYPT_N,
    variable: str = PASSPHRASE_VARIABLE,
) -> SecretFiles:
    """Make an empty store that its owner alone may read.

    The passphrase is that of ``variable``; where it is not set, one is drawn and kept in ``passphrase`` beside the
    secrets: then the folder's rights protect them, and nothing else.

    Raises:
        AlreadyInitialised: there is one already.
        FolderFailed: the folder cannot be written to.
    """
    if (folder / _FILE).exists():
        raise AlreadyInitialised(
            f"{folder} holds keys already; nothing was changed. If they are left of a making that broke off, take "
            "the folder away and begin anew"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise FolderFailed(f"cannot make {folder}: {error.strerror}; nothing was changed") from None
    passphrase = environment.get(variable, "")
    if not passphrase:
        passphrase = chance.bytes(32).hex()
        write_whole(folder / PASSPHRASE_FILE, passphrase.encode(), mode=SECRET_MODE)
    salt = chance.bytes(16)
    key = _derive(passphrase, salt, scrypt_n)
    described = {
        "kdf": "scrypt",
        "n": scrypt_n,
        "r": _R,
        "p": _P,
        "salt": salt.hex(),
        "check": _seal(_CHECK_NAME, _CHECK, AESGCM(key), chance).decode(),
    }
    write_whole(folder / _FILE, json.dumps(described).encode(), mode=SECRET_MODE)
    return SecretFiles(folder, key, chance)


def open_secrets(
    folder: Path, environment: Mapping[str, str], *, chance: Chance, variable: str = PASSPHRASE_VARIABLE
) -> SecretFiles:
    """Open a store; a quarter of a second of scrypt.

    Raises:
        NotInitialised: there is none.
        KeysLocked: the passphrase does not open it, or its description is damaged.
    """
    if not (folder / _FILE).is_file():
        raise NotInitialised(f"{folder} holds no keys; make the home first, or point to the right folder")
    try:
        described = json.loads(read_limited(folder / _FILE, size_bytes_max=_FILE_BYTES_MAX))
        salt, count, check = bytes.fromhex(described["salt"]), int(described["n"]), str(described["check"])
    except (ValueError, KeyError, TypeError):
        raise KeysLocked(f"{_FILE} of the keys is damaged; restore it from a backup") from None
    if not 2 <= count <= _SCRYPT_N_MAX or count & (count - 1):
        raise KeysLocked(f"{_FILE} of the keys asks for an absurd amount of work; restore it from a backup")
    key = _derive(_find_passphrase(folder, environment.get(variable, ""), variable), salt, count)
    _unseal(_CHECK_NAME, check.encode(), AESGCM(key))
    return SecretFiles(folder, key, chance)


def _find_passphrase(folder: Path, given: str, variable: str) -> str:
    if given:
        return given
    file = folder / PASSPHRASE_FILE
    if not file.is_file():
        raise KeysLocked(f"no passphrase: set {variable}, or write it to {PASSPHRASE_FILE} in keys")
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise KeysLocked(f"others may read the passphrase file {file}; run: chmod 600 on it")
    return read_limited(file, size_bytes_max=4096).decode("utf-8", errors="replace").strip()


def _derive(passphrase: str, salt: bytes, count: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=count, r=_R, p=_P).derive(passphrase.encode())


def _seal(name: str, secret: bytes, cipher: AESGCM, chance: Chance) -> bytes:
    """Write the five parts of RFC 7516, 7.1; the encrypted key is empty with ``dir`` (RFC 7518, 4.5)."""
    header = _encode(json.dumps({"alg": "dir", "enc": "A256GCM", "kid": name}).encode())
    nonce = chance.bytes(_NONCE_BYTES)
    sealed = cipher.encrypt(nonce, secret, header)
    return b".".join(
        (header, b"", _encode(nonce), _encode(sealed[:-_TAG_BYTES]), _encode(sealed[-_TAG_BYTES:]))
    )


def _unseal(name: str, sealed: bytes, cipher: AESGCM) -> bytes:
    try:
        header, _, nonce, text, tag = sealed.strip().split(b".")
        if json.loads(_decode(header)).get("kid") != name:
            raise KeysLocked(f"the file of {name} holds another secret; restore it from a backup")
        return cipher.decrypt(_decode(nonce), _decode(text) + _decode(tag), header)
    except (ValueError, TypeError, AttributeError, InvalidTag, binascii.Error):
        raise KeysLocked("the passphrase does not open the keys, or a file of them was altered") from None


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
