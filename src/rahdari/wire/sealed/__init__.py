"""Bodies sealed to their recipient, so that gateways carry what they cannot read (HPKE, RFC 9180).

A fresh content key is sealed by HPKE in base mode to X25519 or X-Wing (with ML-KEM-768) and bound to the exchange;
the body follows in chunks of 64 KiB, each with its own tag. Who sent it the message's signature tells, not this.

Example:
    >>> ours = OpeningKey(Kem.X25519, bytes(range(32)))
    >>> exchange = Binding(Direction.REQUEST, "id-1", "PK/BANK/1", "PK/GOV/2/status", "lending", "text/plain")
    >>> sealed = seal(b"salam", ours.public, binding=exchange, content_key=bytes(range(32, 64)))
    >>> open_sealed(sealed, [ours], binding=exchange)
    b'salam'
"""

from rahdari.wire.sealed.envelope import MEDIA_TYPE, Binding, Direction, begins_sealed
from rahdari.wire.sealed.opening import BODY_BYTES_MAX, HEAD_BYTES_MAX, Opener, open_sealed
from rahdari.wire.sealed.recipients import OpeningKey, RecipientKey
from rahdari.wire.sealed.refusals import SealBroken, SealedToAnother
from rahdari.wire.sealed.sealing import Sealer, seal
from rahdari.wire.sealed.stream import CHUNK_BYTES
from rahdari.wire.sealed.suites import Aead, Kem

__all__ = [
    "BODY_BYTES_MAX",
    "CHUNK_BYTES",
    "HEAD_BYTES_MAX",
    "MEDIA_TYPE",
    "Aead",
    "Binding",
    "Direction",
    "Kem",
    "Opener",
    "OpeningKey",
    "RecipientKey",
    "SealBroken",
    "SealedToAnother",
    "Sealer",
    "begins_sealed",
    "open_sealed",
    "seal",
]
