"""Sealing: whoever holds the recipient's public key makes what only the recipient can read."""

from rahdari.wire.errors import MalformedInput
from rahdari.wire.sealed.envelope import CONTENT_KEY_BYTES, Binding, Head
from rahdari.wire.sealed.recipients import RecipientKey
from rahdari.wire.sealed.stream import CHUNK_BYTES, derive_keys
from rahdari.wire.sealed.suites import SUITES, Aead


class Sealer:
    """Seals one body piece by piece; at most one chunk and the piece given are held.

    Send ``head``, then what each ``update`` gives, then what ``finish`` gives. ``content_key`` is 32 bytes of
    chance, for this body alone. HPKE's ephemeral key the cryptographic library draws itself; it cannot be given.
    """

    __slots__ = ("_buffer", "_finished", "_keys", "_number", "head")

    def __init__(
        self,
        recipient: RecipientKey,
        *,
        binding: Binding,
        content_key: bytes,
        aead: Aead = Aead.AES_256_GCM,
    ) -> None:
        """Seal the content key to ``recipient`` (RFC 9180, 6.1, base mode).

        Raises:
            MalformedInput: the content key has not 32 bytes, or nothing can be sealed to this key (RFC 7748, 6.1).
        """
        if len(content_key) != CONTENT_KEY_BYTES:
            raise MalformedInput(f"a content key of {len(content_key)} bytes; it has {CONTENT_KEY_BYTES}")
        unsealed = Head(recipient.kem, aead, recipient.kid, b"")
        try:
            sealed_key = SUITES[recipient.kem, aead].encrypt(
                content_key, recipient.key, unsealed.info(binding)
            )
        except ValueError:
            raise MalformedInput("nothing can be sealed to this key: it is a point of small order") from None
        head = Head(recipient.kem, aead, recipient.kid, sealed_key)
        self.head = head.encode()
        self._keys = derive_keys(head, content_key)
        self._buffer = bytearray()
        self._number = 0
        self._finished = False

    def update(self, content: bytes) -> bytes:
        """Take more of the content; give what is ready to be sent."""
        self._check()
        self._buffer += content
        ready, at = [], 0
        # One byte more than a chunk tells that this chunk is not the last one.
        while len(self._buffer) - at > CHUNK_BYTES:
            ready.append(self._seal(self._buffer[at : at + CHUNK_BYTES], last=False))
            at += CHUNK_BYTES
        del self._buffer[:at]
        return b"".join(ready)

    def finish(self) -> bytes:
        """Give the last chunk, empty only if the whole content is."""
        self._check()
        self._finished = True
        return self._seal(self._buffer, last=True)

    def _seal(self, chunk: bytes | bytearray, *, last: bool) -> bytes:
        nonce = self._keys.nonce(self._number, last=last)
        self._number += 1
        return self._keys.cipher.encrypt(nonce, chunk, None)

    def _check(self) -> None:
        if self._finished:
            raise AssertionError("a sealer seals one body")


def seal(
    content: bytes,
    recipient: RecipientKey,
    *,
    binding: Binding,
    content_key: bytes,
    aead: Aead = Aead.AES_256_GCM,
) -> bytes:
    """Seal a body that is held whole; see ``Sealer``."""
    sealer = Sealer(recipient, binding=binding, content_key=content_key, aead=aead)
    return b"".join((sealer.head, sealer.update(content), sealer.finish()))
