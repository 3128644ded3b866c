"""The keys of months by which the log names persons: one file a month, encrypted, and erasable for good.

The keys are drawn, never derived: what is erased cannot be made again, and then nobody can find out any more whom
the entries of that month were about.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.exchange.errors import SubjectKeyDamaged
from rahdari.exchange.rules.subjects import KEY_BYTES, is_period, normalise, period_of, subject_index
from rahdari.kernel import Chance
from rahdari.wire.ndel.records import SubjectIndex

_NONCE_BYTES: Final = 12
# Nonce, key, tag of 16 bytes.
_FILE_BYTES: Final = _NONCE_BYTES + KEY_BYTES + 16
_SUFFIX: Final = ".key"


class SubjectKeys:
    """The months' keys in a folder, sealed under ``wrapping_key`` (32 bytes, AES-256-GCM).

    One process at a time makes keys (the gateway, which holds the lock of its log); others only look for them.
    """

    def __init__(self, folder: Path, wrapping_key: bytes, chance: Chance) -> None:
        """Work on ``folder``, which is made if it is missing."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._cipher = AESGCM(wrapping_key)
        self._chance = chance
        self._known: dict[str, bytes] = {}

    def index(self, identifier: str, at: datetime) -> SubjectIndex:
        """Give the pseudonym of an identifier in the month of ``at``; makes the month's key at its first use.

        Raises:
            SubjectUnreadable: nothing is left of the identifier once it is normalised.
            SubjectKeyDamaged: the month's file is not one of ours.
        """
        plain = normalise(identifier)
        period = period_of(int(at.timestamp() * 1000))
        return subject_index(plain, self._known.get(period) or self.get_or_make(period), period=period)

    def find(self, period: str) -> bytes | None:
        """Find the key of a month; None where there was none, or where it is erased.

        Raises:
            SubjectKeyDamaged: the month's file is not one of ours.
        """
        path = self._path(period)
        if not path.is_file():
            self._known.pop(period, None)
            return None
        raw = read_limited(path, size_bytes_max=_FILE_BYTES)
        try:
            key = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], period.encode())
        except (InvalidTag, ValueError) as refusal:
            raise SubjectKeyDamaged(
                f"the key of {period} cannot be opened; restore {path.name} from a backup"
            ) from refusal
        self._known[period] = key
        return key

    def get_or_make(self, period: str) -> bytes:
        """Give the key of a month, which is made if there is none. Raises ``SubjectKeyDamaged``."""
        known = self.find(period)
        if known is not None:
            return known
        nonce, key = self._chance.bytes(_NONCE_BYTES), self._chance.bytes(KEY_BYTES)
        write_whole(
            self._path(period), nonce + self._cipher.encrypt(nonce, key, period.encode()), mode=SECRET_MODE
        )
        made = self.find(period)
        if made is None:
            raise AssertionError("a file that was just written is gone")
        return made

    def periods(self) -> tuple[str, ...]:
        """List the months whose keys are there, oldest first."""
        names = (path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))
        return tuple(sorted(name for name in names if is_period(name)))

    def erase(self, before: str) -> tuple[str, ...]:
        """Erase the keys of all months before the month ``before``; from then on nobody is found in them."""
        old = tuple(period for period in self.periods() if period < before)
        for period in old:
            self._path(period).unlink(missing_ok=True)
            self._known.pop(period, None)
        return old

    def _path(self, period: str) -> Path:
        if not is_period(period):
            raise AssertionError("a period is a month, as 2026-11")
        return self._folder / f"{period}{_SUFFIX}"
