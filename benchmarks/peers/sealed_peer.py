"""PyPI pyhpke as judge of sealed bodies, by the format's page alone (docs/standards/sealed-bodies.md).

Reads one JSON list of questions (hex values) and writes one of answers. Runs in the second environment; see
``test_peers_open_sealed_bodies.py``.
"""

import hashlib
import json
import sys
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, OpenError

_CHUNK = 65536
_AEADS = {2: AEADId.AES256_GCM, 3: AEADId.CHACHA20_POLY1305}


def _suite(aead: int) -> Any:  # noqa: ANN401 - the peer's type is not in the first environment
    return CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, _AEADS[aead])


def _info(head: bytes, binding: list[str]) -> bytes:
    encoded = [field.encode() for field in binding]
    return b"rahdari sealed body v1\0" + head + b"".join(len(one).to_bytes(2, "big") + one for one in encoded)


def _stream(aead: int, whole_head: bytes, content_key: bytes) -> tuple[Any, bytes]:
    salt = hashlib.sha256(whole_head).digest()
    keys = HKDF(hashes.SHA256(), 39, salt, b"rahdari sealed body v1 stream").derive(content_key)
    return (AESGCM if aead == 2 else ChaCha20Poly1305)(keys[:32]), keys[32:]


def _open(question: dict[str, Any]) -> str:
    raw = bytes.fromhex(question["sealed"])
    aead = int.from_bytes(raw[8:10], "big")
    suite = _suite(aead)
    key = suite.kem.deserialize_private_key(bytes.fromhex(question["secret"]))
    try:
        context = suite.create_recipient_context(raw[18:50], key, info=_info(raw[:18], question["binding"]))
        cipher, prefix = _stream(aead, raw[:98], context.open(raw[50:98]))
        rest, content = raw[98:], b""
        for number, at in enumerate(range(0, len(rest), _CHUNK + 16)):
            last = b"\1" if at + _CHUNK + 16 >= len(rest) else b"\0"
            nonce = prefix + number.to_bytes(4, "big") + last
            content += cipher.decrypt(nonce, rest[at : at + _CHUNK + 16], None)
    except (OpenError, InvalidTag):
        return "refused"
    return content.hex()


def _seal(question: dict[str, Any]) -> str:
    whole: bytes
    public, aead = bytes.fromhex(question["public"]), question["aead"]
    suite = _suite(aead)
    numbers = b"".join(number.to_bytes(2, "big") for number in (0x20, 1, aead))
    head = b"RSB1" + numbers + hashlib.sha256(b"\0\x20" + public).digest()[:8]
    enc, context = suite.create_sender_context(
        suite.kem.deserialize_public_key(public), info=_info(head, question["binding"])
    )
    content_key, content = bytes(range(32)), bytes.fromhex(question["content"])
    whole = head + enc + context.seal(content_key)
    cipher, prefix = _stream(aead, whole, content_key)
    for number, at in enumerate(range(0, max(len(content), 1), _CHUNK)):
        last = b"\1" if at + _CHUNK >= len(content) else b"\0"
        whole += cipher.encrypt(prefix + number.to_bytes(4, "big") + last, content[at : at + _CHUNK], None)
    return whole.hex()


def main() -> None:
    """Answer all questions."""
    questions = json.load(sys.stdin)
    json.dump([_open(one) if "sealed" in one else _seal(one) for one in questions], sys.stdout)


if __name__ == "__main__":
    main()
