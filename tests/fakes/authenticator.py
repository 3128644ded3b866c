"""A telephone's authenticator in software: makes passkeys and signs with them, honestly or as a test wants it."""

import base64
import hashlib
import json
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

# WebAuthn Level 3, 6.1: user present, user verified, attested credential data included.
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
CREATE, GET = "webauthn.create", "webauthn.get"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class SoftKey:
    """One passkey: its private half, whose it is, and how often it signed."""

    id: bytes
    private: ec.EllipticCurvePrivateKey
    handle: bytes
    count: int = 0

    def cose(self) -> bytes:
        """Write the public half as an EC2 key for ES256 (RFC 9053, 7.1.1)."""
        numbers = self.private.public_key().public_numbers()
        x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})


@dataclass(slots=True)
class SoftAuthenticator:
    """Answers ceremonies. What it says of itself can be set wrong, one thing at a time."""

    origin: str = "https://cards.example"
    rp_id: str = "cards.example"
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    client_extra: dict[str, object] = field(default_factory=dict)
    client_type: str = ""
    attestation: str = "none"
    keys: list[SoftKey] = field(default_factory=list)

    def create(self, options: str, *, key_id: bytes | None = None) -> str:
        """Answer ``navigator.credentials.create``."""
        asked = json.loads(options)
        key = SoftKey(
            id=key_id or hashlib.sha256(asked["challenge"].encode()).digest(),
            private=ec.generate_private_key(ec.SECP256R1()),
            handle=unb64(asked["user"]["id"]),
        )
        self.keys.append(key)
        attested = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + key.cose()
        written = self._authenticator_words(key, self.flags | ATTESTED) + attested
        statement = {"fmt": self.attestation, "attStmt": {}, "authData": written}
        return self._answer(
            key,
            {
                "clientDataJSON": b64(self._client_words(asked["challenge"], self.client_type or CREATE)),
                "attestationObject": b64(cbor2.dumps(statement)),
            },
        )

    def get(self, options: str, key: SoftKey | None = None, *, handle: bytes | None = None) -> str:
        """Answer ``navigator.credentials.get`` with the last passkey, or the one given."""
        asked, signing = json.loads(options), key or self.keys[-1]
        if self.counts:
            signing.count += 1
        client = self._client_words(asked["challenge"], self.client_type or GET)
        said = self._authenticator_words(signing, self.flags)
        signed = signing.private.sign(said + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            signing,
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(said),
                "signature": b64(signed),
                "userHandle": b64(signing.handle if handle is None else handle) or None,
            },
        )

    def _client_words(self, challenge: str, kind: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | self.client_extra).encode()

    def _authenticator_words(self, key: SoftKey, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + key.count.to_bytes(4, "big")

    @staticmethod
    def _answer(key: SoftKey, response: dict[str, str | None]) -> str:
        return json.dumps(
            {"id": b64(key.id), "rawId": b64(key.id), "type": "public-key", "response": response}
        )


def altered(answer: str, name: str, *, at: int = 20) -> str:
    """Change one byte of a part of an answer, and nothing else."""
    document = json.loads(answer)
    raw = bytearray(unb64(document["response"][name]))
    raw[at % len(raw)] ^= 1
    document["response"][name] = b64(bytes(raw))
    return json.dumps(document)
