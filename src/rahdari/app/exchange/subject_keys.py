"""The keys of months by which the log names persons: one file a month, encrypted, and erasable for good.

The keys are drawn, never derived: what is erased cannot be made again, and then nobody can find out any more whom
the entries of that month were about.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rahdari.app.errors import FolderFailed
from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.exchange.errors import SubjectKeyDamaged
from rahdari.exchange.rules.subjects import KEY_BYTES, is_period, normalise, period_of, subject_index
from rahdari.kernel import Chance, Problem
from rahdari.wire.ndel.records import SubjectIndex

_NONCE_BYTES: Final = 12
# Nonce, key, tag of 16 bytes.
_FILE_BYTES: Final = _NONCE_BYTES + KEY_BYTES + 16
_SUFFIX: Final = ".key"
# The next month's key is made while somebody can still mend a disk that takes no file.
_AHEAD: Final = timedelta(days=1)
_AHEAD_AGAIN: Final = timedelta(minutes=1)

_LOG = structlog.get_logger("rahdari.exchange.subject_keys")


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
        self._told: set[str] = set()
        self._ahead_at: datetime | None = None

    def prepare(self, at: datetime) -> None:
        """Have the key of the month of ``at`` ready, and in its last day the next month's too.

        Where only the next month's cannot be made, that is told in the journal, tried again each minute, and
        nothing fails yet. What is ready costs nothing.

        Raises:
            SubjectKeyDamaged: this month's key can neither be opened nor made.
        """
        now, next_day = (period_of(int(one.timestamp() * 1000)) for one in (at, at + _AHEAD))
        if now not in self._known:
            self.get_or_make(now)
        if next_day not in self._known and (
            self._ahead_at is None or abs(at - self._ahead_at) >= _AHEAD_AGAIN
        ):
            self._ahead_at = at
            with suppress(SubjectKeyDamaged):
                self.get_or_make(next_day)

    def index(self, identifier: str, at: datetime) -> SubjectIndex:
        """Give the pseudonym of an identifier in the month of ``at``; makes the month's key at its first use.

        Raises:
            SubjectUnreadable: nothing is left of the identifier once it is normalised.
            SubjectKeyDamaged: the month's file is not one of ours, or cannot be made.
        """
        plain = normalise(identifier)
        period = period_of(int(at.timestamp() * 1000))
        return subject_index(plain, self._known.get(period) or self.get_or_make(period), period=period)

    def find(self, period: str) -> bytes | None:
        """Find the key of a month; None where there was none, or where it is erased.

        Raises:
            SubjectKeyDamaged: the month's file is not one of ours, or cannot be read.
        """
        path = self._path(period)
        try:
            if not path.is_file():
                self._known.pop(period, None)
                return None
            raw = read_limited(path, size_bytes_max=_FILE_BYTES)
            key = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], period.encode())
        except (InvalidTag, ValueError, OSError, Problem) as refusal:
            why = f"the key of {period} cannot be opened; restore {path.name} from a backup"
            raise self._failed(period, why) from refusal
        self._found(period, key)
        return key

    def get_or_make(self, period: str) -> bytes:
        """Give the key of a month, which is made if there is none.

        Raises:
            SubjectKeyDamaged: it can neither be opened nor made; the journal says so, once.
        """
        known = self.find(period)
        if known is not None:
            return known
        nonce, key = self._chance.bytes(_NONCE_BYTES), self._chance.bytes(KEY_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, key, period.encode())
        try:
            write_whole(self._path(period), sealed, mode=SECRET_MODE)
        except FolderFailed as failure:
            why = f"the key of {period} cannot be made ({failure.message}); make room on the disk, or restore it"
            raise self._failed(period, why) from failure
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

    def _found(self, period: str, key: bytes) -> None:
        self._known[period] = key
        self._told.discard(period)

    def _failed(self, period: str, why: str) -> SubjectKeyDamaged:
        """Tell the operator once, however many calls fail by it, and give what to raise."""
        if period not in self._told:
            self._told.add(period)
            _LOG.error("subject_key_failed", period=period, why=why)
        return SubjectKeyDamaged(why)

    def _path(self, period: str) -> Path:
        if not is_period(period):
            raise AssertionError("a period is a month, as 2026-11")
        return self._folder / f"{period}{_SUFFIX}"
