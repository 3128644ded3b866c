"""Private keys in files, each encrypted under a key that scrypt makes of the passphrase.

Every key is a JWE (RFC 7516, compact, ``dir`` with A256GCM) of its private JWK (RFC 7517, 7). One scrypt run
opens the whole store, so that a command that signs twice does not wait twice.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.credentials.errors import KeyLocked, KeyStoreFailed, UnknownKey
from rahdari.kernel import Chance, Problem
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner

# OWASP Password Storage Cheat Sheet: scrypt with N = 2^17, r = 8, p = 1 (128 MiB, about a third of a second).
SCRYPT_N = 1 << 17
_SCRYPT_N_MAX = 1 << 20
_R, _P = 8, 1
_FILE = "store.json"
_FILE_BYTES_MAX = 16 * 1024
_CHECK = b"rahdari key store"


class FileKeyRing:
    """A folder of encrypted private keys. Opened at the first signature, not before."""

    def __init__(self, folder: Path, passphrase: Callable[[], str]) -> None:
        """Work on ``folder``, which ``create_store`` made; ``passphrase`` is asked at the first use."""
        self._folder = folder
        self._passphrase = passphrase
        self._opened: OctKey | None = None
        self._signers: dict[bytes, SoftwareSigner] = {}
        # Deriving the key takes 128 MiB: threads that come at once wait for the first.
        self._turn = Lock()

    def prepare(self) -> None:
        """Open the store, if it can be opened; half a second of scrypt, the first time."""
        with suppress(Problem):
            self._open()

    def create(self, algorithm: Algorithm) -> PublicKey:
        """Make a key and keep it encrypted. Raises ``KeyLocked``, ``KeyStoreFailed``."""
        signer = SoftwareSigner.generate(algorithm)
        sealed = _seal(json.dumps(signer.as_private_jwk()).encode(), self._open())
        write_whole(self._path(signer.public), sealed, mode=SECRET_MODE)
        self._signers[signer.public.thumbprint()] = signer
        return signer.public

    def signer(self, public: PublicKey) -> SoftwareSigner:
        """Give what signs with this key. Raises ``UnknownKey``, ``KeyLocked``, ``KeyStoreFailed``."""
        known = self._signers.get(public.thumbprint())
        if known is None:
            known = self._signers[public.thumbprint()] = self._load(public)
        return known

    def _load(self, public: PublicKey) -> SoftwareSigner:
        path = self._path(public)
        if not path.is_file():
            raise UnknownKey(
                f"the key store holds no private key {public.kid.hex()}; restore it from a backup"
            )
        opened = _unseal(read_limited(path, size_bytes_max=_FILE_BYTES_MAX), self._open())
        signer = SoftwareSigner.from_private_jwk(json.loads(opened))
        if signer.public != public:
            raise KeyStoreFailed(
                f"the file of key {public.kid.hex()} holds another key; restore it from a backup"
            )
        return signer

    def _path(self, public: PublicKey) -> Path:
        return self._folder / f"{public.thumbprint().hex()}.jwe"

    def _open(self) -> OctKey:
        if self._opened is None:
            with self._turn:
                if self._opened is None:
                    self._opened = _open_store(self._folder, self._passphrase())
        return self._opened


def create_store(folder: Path, passphrase: str, *, chance: Chance, scrypt_n: int = SCRYPT_N) -> None:
    """Make an empty key store in ``folder``, readable by its owner alone.

    Raises:
        KeyStoreFailed: there is one already.
        FolderFailed: the folder cannot be written to.
    """
    if (folder / _FILE).exists():
        raise KeyStoreFailed(f"{folder.name} holds a key store already; nothing was changed")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    salt = chance.bytes(16)
    kek = _derive(passphrase, salt, scrypt_n)
    described = {
        "kdf": "scrypt",
        "n": scrypt_n,
        "r": _R,
        "p": _P,
        "salt": salt.hex(),
        "check": _seal(_CHECK, kek).decode(),
    }
    write_whole(folder / _FILE, json.dumps(described).encode(), mode=SECRET_MODE)


def _open_store(folder: Path, passphrase: str) -> OctKey:
    if not (folder / _FILE).is_file():
        raise KeyStoreFailed(f"{folder.name} holds no key store; run init, or point to the right folder")
    try:
        described = json.loads(read_limited(folder / _FILE, size_bytes_max=_FILE_BYTES_MAX))
        salt, count, check = bytes.fromhex(described["salt"]), int(described["n"]), str(described["check"])
    except (ValueError, KeyError, TypeError):
        raise KeyStoreFailed(f"{_FILE} of the key store is damaged; restore it from a backup") from None
    if not 2 <= count <= _SCRYPT_N_MAX:
        raise KeyStoreFailed(
            f"{_FILE} of the key store asks for an absurd amount of work; restore it from a backup"
        )
    kek = _derive(passphrase, salt, count)
    _unseal(check.encode(), kek)
    return kek


def _derive(passphrase: str, salt: bytes, count: int) -> OctKey:
    secret = Scrypt(salt=salt, length=32, n=count, r=_R, p=_P).derive(passphrase.encode())
    return OctKey.import_key(secret)


def _seal(secret: bytes, kek: OctKey) -> bytes:
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, secret, kek).encode()


def _unseal(sealed: bytes, kek: OctKey) -> bytes:
    try:
        opened = jwe.decrypt_compact(sealed, kek).plaintext
    except (JoseError, InvalidTag, ValueError):
        raise KeyLocked("the passphrase does not open the key store, or its file was altered") from None
    if opened is None:
        raise KeyLocked("the key store's file is empty inside; restore it from a backup")
    return opened


def find_passphrase(given: str, file: Path) -> str:
    """Take the passphrase that was given, else the one in ``file``, which only its owner may read.

    Raises:
        KeyLocked: there is neither, or others may read the file.
    """
    if given:
        return given
    if not file.is_file():
        raise KeyLocked("no passphrase: set RAHDARI_PASSPHRASE or passphrase_file")
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise KeyLocked(f"others may read the passphrase file {file.name}; run: chmod 600 on it")
    return read_limited(file, size_bytes_max=4096).decode("utf-8", errors="replace").strip()
