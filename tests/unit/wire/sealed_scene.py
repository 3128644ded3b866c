"""Keys and an exchange for the tests of sealed bodies."""

from rahdari.wire.sealed import Aead, Binding, Direction, Kem, OpeningKey, seal

OURS = {kem: OpeningKey(kem, bytes(range(32))) for kem in Kem}
THEIRS = {kem: OpeningKey(kem, bytes(range(1, 33))) for kem in Kem}
CONTENT_KEY = bytes(range(100, 132))
EXCHANGE = Binding(
    Direction.REQUEST,
    "0190b1f0-0000-7000-8000-000000000001",
    "PK/BANK/0001/loans",
    "PK/GOV/0002/identity/person-status",
    "lending",
    "application/json",
)


def sealed(content: bytes, kem: Kem = Kem.X25519, aead: Aead = Aead.AES_256_GCM) -> bytes:
    return seal(content, OURS[kem].public, binding=EXCHANGE, content_key=CONTENT_KEY, aead=aead)
