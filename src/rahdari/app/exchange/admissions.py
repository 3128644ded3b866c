"""Codes by which a person is let in to her own log: whoever made sure who she is hands her one, good once.

A code is made where she stands: at a counter that has seen her pass, or by a service where she signed in. On the
disk lies, under a name made of the code, whom it is for, encrypted under a key made of the code: whoever reads the
folder learns neither codes nor persons. Whoever can write to the folder can let anybody in as anybody; that is what
its rights are for.
"""

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.exchange.errors import AdmissionRefused
from rahdari.exchange.rules.subjects import normalise
from rahdari.kernel import Chance, Clock, Problem

# 80 bits in 16 letters and digits, read off a slip of paper. Guessing one of a thousand open codes at a thousand
# tries a second takes tens of thousands of years, and no code lives longer than an hour.
CODE_BYTES: Final = 10
_GROUP: Final = 4
_CODE_CHARS_MAX: Final = 64
MINUTES_MAX: Final = 60
# A counter and its town, or the name of a service.
BY_CHARS_MAX: Final = 100
# People who were handed a code and have not used it yet.
OPEN_MAX: Final = 1000
_FILE_BYTES_MAX: Final = 4096
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_NAME_BYTES: Final = 16
_SUFFIX: Final = ".admission"
# RFC 4648, 6 has neither 0 nor 1 nor 8: what looks like them is read as what was meant.
_ALIKE: Final = str.maketrans({"0": "O", "1": "I", "8": "B"})


class Admitted(NamedTuple):
    """Whom a code was for (an identifier, normalised), and who made sure that it was she."""

    identifier: str
    by: str


class Admission(NamedTuple):
    """A code, as it is handed over, and until when it is good."""

    code: str
    until: datetime


class Admissions:
    """The codes that are open, in a folder. Any number of processes may make and take them."""

    def __init__(self, folder: Path, *, clock: Clock, chance: Chance) -> None:
        """Work on ``folder``, which is made at the first code."""
        self._folder, self._clock, self._chance = folder, clock, chance

    def admit(self, identifier: str, *, by: str, minutes: int) -> Admission:
        """Make a code for a person, good once within ``minutes``; ``by`` says who made sure that it is she.

        Raises:
            SubjectUnreadable: the identifier is none.
            AdmissionRefused: it says nobody who did, would last too long, or too many codes are open.
        """
        plain = normalise(identifier)
        if not 1 <= len(by) <= BY_CHARS_MAX or not by.isprintable():
            raise AdmissionRefused(
                f"a code says who made sure who she is, in 1 to {BY_CHARS_MAX} visible characters: she reads it"
            )
        if not 1 <= minutes <= MINUTES_MAX:
            raise AdmissionRefused(f"a code is good for 1 to {MINUTES_MAX} minutes")
        if self.sweep() >= OPEN_MAX:
            raise AdmissionRefused(f"{OPEN_MAX} codes are open; wait until some were used or ran out")
        raw = self._chance.bytes(CODE_BYTES)
        until = self._clock.now() + timedelta(minutes=minutes)
        name, key = _derive(raw)
        nonce = self._chance.bytes(_NONCE_BYTES)
        kept = json.dumps({"identifier": plain, "by": by, "until": until.timestamp()}).encode()
        sealed = nonce + AESGCM(key).encrypt(nonce, kept, name.encode())
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The end stands in the name too, so that what has run out is swept without being read.
        path = self._folder / f"{name}-{int(until.timestamp()) + 1}{_SUFFIX}"
        write_whole(path, sealed, mode=SECRET_MODE)
        return Admission(_write(raw), until)

    def redeem(self, code: str) -> Admitted:
        """Give whom a code is for, and spend it.

        Raises:
            AdmissionRefused: for every reason alike: none such, spent, run out, damaged.
        """
        raw = _read(code)
        name, key = _derive(raw)
        path = next(self._folder.glob(f"{name}-*{_SUFFIX}"), None)
        if path is None:
            raise _refusal()
        try:
            sealed = read_limited(path, size_bytes_max=_FILE_BYTES_MAX)
            # Of two who come at once, one finds the file to take away.
            path.unlink()
            opened = json.loads(
                AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
            )
            admitted, until = Admitted(str(opened["identifier"]), str(opened["by"])), float(opened["until"])
        except (OSError, Problem, InvalidTag, ValueError, KeyError, TypeError):
            raise _refusal() from None
        if self._clock.now().timestamp() >= until:
            raise _refusal()
        return admitted

    def sweep(self) -> int:
        """Take away what has run out, and give how many codes are left."""
        now, left = self._clock.now().timestamp(), 0
        for path in self._folder.glob(f"*{_SUFFIX}"):
            until = path.name.removesuffix(_SUFFIX).rpartition("-")[2]
            if until.isascii() and until.isdigit() and int(until) > now:
                left += 1
            else:
                path.unlink(missing_ok=True)
        return left


def _refusal() -> AdmissionRefused:
    return AdmissionRefused("the code is not right, was used already, or has run out; ask for a new one")


def _derive(raw: bytes) -> tuple[str, bytes]:
    """Make the name of a code's file, and the key that opens it (RFC 5869)."""
    made = HKDF(hashes.SHA256(), _NAME_BYTES + _KEY_BYTES, salt=None, info=b"rahdari citizen admission v1")
    both = made.derive(raw)
    return both[:_NAME_BYTES].hex(), both[_NAME_BYTES:]


def _write(raw: bytes) -> str:
    text = base64.b32encode(raw).decode()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def _read(code: str) -> bytes:
    """Read a code however it was typed: small letters, spaces, no hyphens. Raises ``AdmissionRefused``."""
    if len(code) > _CODE_CHARS_MAX:
        raise _refusal()
    plain = "".join(one for one in code.upper() if one.isalnum()).translate(_ALIKE)
    try:
        raw = base64.b32decode(plain.encode("ascii"))
    except ValueError:
        raise _refusal() from None
    if len(raw) != CODE_BYTES:
        raise _refusal()
    return raw
