"""Private keys in memory. The contract suite holds it to the promises of the real ones."""

from rahdari.credentials.errors import UnknownKey
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner


class KeyRingInMemory:
    """Keeps the keys that it made, and those that a test puts in."""

    def __init__(self) -> None:
        self._signers: dict[bytes, SoftwareSigner] = {}

    def prepare(self) -> None:
        """Nothing takes long here."""

    def create(self, algorithm: Algorithm) -> PublicKey:
        return self.put(SoftwareSigner.generate(algorithm))

    def put(self, signer: SoftwareSigner) -> PublicKey:
        self._signers[signer.public.thumbprint()] = signer
        return signer.public

    def signer(self, public: PublicKey) -> SoftwareSigner:
        known = self._signers.get(public.thumbprint())
        if known is None:
            raise UnknownKey(f"no private key {public.kid.hex()}")
        return known
