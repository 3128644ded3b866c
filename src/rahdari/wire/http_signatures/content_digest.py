"""Content-Digest and Want-Content-Digest (RFC 9530): a digest of the content, on the message and under signatures.

SHA-256 and SHA-512 are known; whatever else stands in the field is ignored, and what is known must match, every
one of it. Streams keep a running digest, so that no body is ever held.

Example:
    >>> field = content_digest(b"{}")
    >>> field
    'sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:'
    >>> check = DigestCheck(field)
    >>> check.update(b"{")
    >>> check.update(b"}")
    >>> check.require_match()
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.errors import DigestMismatch

if TYPE_CHECKING:
    from hashlib import _Hash

# Two are known and seven were registered once; more is no digest field.
DIGESTS_MAX: Final = 16
PREFERENCE_MAX: Final = 10


class DigestAlgorithm(StrEnum):
    """The digests in force (RFC 9530, 5, "Active"); those of old, CRC and MD5 among them, prove nothing."""

    SHA_256 = "sha-256"
    SHA_512 = "sha-512"


_HASHES: Final[dict[str, "Callable[[], _Hash]"]] = {
    DigestAlgorithm.SHA_256: hashlib.sha256,
    DigestAlgorithm.SHA_512: hashlib.sha512,
}


def content_digest(content: bytes, algorithm: DigestAlgorithm = DigestAlgorithm.SHA_256) -> str:
    """Write the field for ``content`` held in memory."""
    running = RunningDigest([algorithm])
    running.update(content)
    return running.field()


class RunningDigest:
    """Digests a stream part by part, with one or several algorithms, in constant memory."""

    __slots__ = ("_hashes",)

    def __init__(self, algorithms: Iterable[str] = (DigestAlgorithm.SHA_256,)) -> None:
        """Begin with nothing; ``algorithms`` are names of ``DigestAlgorithm``."""
        self._hashes = {name: _HASHES[name]() for name in algorithms}

    def update(self, part: bytes) -> None:
        """Take the next part of the content."""
        for one in self._hashes.values():
            one.update(part)

    def digests(self) -> dict[str, bytes]:
        """Give each digest of what came so far."""
        return {name: one.digest() for name, one in self._hashes.items()}

    def field(self) -> str:
        """Write the field for what came so far (2)."""
        return sf.serialize_dictionary({name: sf.Item(digest) for name, digest in self.digests().items()})


class DigestCheck:
    """Compares a stream with the digests that a field promises for it.

    Raises:
        MalformedInput: the field is no dictionary of byte sequences, or a digest has another length.
        DigestMismatch: no known digest is in it.
    """

    __slots__ = ("_expected", "_running")

    def __init__(self, field: str) -> None:
        """Take the field; whoever received it has verified the signature that covers it, or has not yet."""
        self._expected = {name: digest for name, digest in read_digests(field).items() if name in _HASHES}
        if not self._expected:
            raise DigestMismatch("no digest by sha-256 or sha-512; the content cannot be checked")
        self._running = RunningDigest(self._expected)

    def update(self, part: bytes) -> None:
        """Take the next part of the content."""
        self._running.update(part)

    def require_match(self) -> None:
        """Return if every known digest is the one of the whole content. Raises ``DigestMismatch``."""
        for name, digest in self._running.digests().items():
            if not hmac.compare_digest(digest, self._expected[name]):
                raise DigestMismatch(f"the {name} of the content is another than the message says")


def require_digest(field: str, content: bytes) -> None:
    """Return if ``content`` is the one that the field promises. Raises what ``DigestCheck`` raises."""
    # The one form that we write ourselves, compared as a whole: 64 characters, one hash.
    if hmac.compare_digest(field.encode("latin-1", "replace"), _plain_field(content)):
        return
    check = DigestCheck(field)
    check.update(content)
    check.require_match()


def read_digests(field: str) -> dict[str, bytes]:
    """Read every digest of the field, known or not (2).

    Raises:
        MalformedInput: not a dictionary of byte sequences, or a known digest has another length.
    """
    read: dict[str, bytes] = {}
    for name, member in sf.parse_dictionary(field).items():
        if not isinstance(member, sf.Item) or not isinstance(member.value, bytes):
            raise MalformedInput("a digest is a byte sequence (RFC 9530, 2)")
        if name in _HASHES and len(member.value) != _HASHES[name]().digest_size:
            raise MalformedInput(
                f"a {name} of {len(member.value)} bytes; it has {_HASHES[name]().digest_size}"
            )
        read[name] = member.value
    if len(read) > DIGESTS_MAX:
        raise MalformedInput(f"{len(read)} digests in one field; at most {DIGESTS_MAX} are read")
    return read


def want_content_digest(preferences: dict[DigestAlgorithm, int]) -> str:
    """Write Want-Content-Digest: 1 (least) to 10 (most) for each algorithm, 0 for none of it (4)."""
    return sf.serialize_dictionary({name: sf.Item(_preference(value)) for name, value in preferences.items()})


def preferred_digest(field: str) -> DigestAlgorithm | None:
    """Choose the known algorithm that Want-Content-Digest prefers; None, if it wants none that is known.

    Raises:
        MalformedInput: not a dictionary of integers from 0 to 10.
    """
    wanted = {
        name: _preference(member.value if isinstance(member, sf.Item) else None)
        for name, member in sf.parse_dictionary(field).items()
    }
    known = [name for name in DigestAlgorithm if wanted.get(name, 0) > 0]
    return max(known, key=lambda name: wanted[name], default=None)


def _plain_field(content: bytes) -> bytes:
    return b"sha-256=:%b:" % base64.b64encode(hashlib.sha256(content).digest())


def _preference(value: object) -> int:
    if type(value) is not int or not 0 <= value <= PREFERENCE_MAX:
        raise MalformedInput("a preference among digests is an integer from 0 to 10 (RFC 9530, 4)")
    return value
