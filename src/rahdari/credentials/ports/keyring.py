"""Private keys, wherever they live: an encrypted file, a hardware module."""

from typing import Protocol

from rahdari.wire.keys import Algorithm, PublicKey, Signer


class KeyRing(Protocol):
    """Makes private keys and signs with them; never shows one.

    ``create`` is durable when it returns. A key that was made is there after a restart.
    """

    def create(self, algorithm: Algorithm) -> PublicKey:
        """Make a key. Raises ``KeyLocked`` or ``KeyStoreFailed``."""
        ...

    def prepare(self) -> None:
        """Do what takes long (a key is derived from a passphrase) before a transaction holds others up.

        Does nothing where there is nothing to do, and raises nothing: what is wrong is told at the first use.
        """
        ...

    def signer(self, public: PublicKey) -> Signer:
        """Give what signs with this key's private half. Raises ``UnknownKey``, ``KeyLocked``."""
        ...
