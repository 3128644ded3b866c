"""Verification features: "QR code or any other technological feature". Each is a plug-in of this shape."""

from typing import Protocol

from rahdari.credentials.values.passes import PassContent, UnverifiedPass
from rahdari.credentials.values.products import FeatureSpec
from rahdari.kernel import Chance
from rahdari.wire.keys import Signer


class Feature(Protocol):
    """One way to carry a pass. Pure: encode and read are computations on bytes.

    To add one: implement this, add it to ``features.FEATURES``, and name its ``kind`` in a product file.
    """

    @property
    def kind(self) -> str:
        """The word that product files use."""
        ...

    @property
    def file_suffix(self) -> str:
        """How a file that carries the pass ends (".txt")."""
        ...

    def encode(self, content: PassContent, spec: FeatureSpec, signer: Signer, chance: Chance, /) -> bytes:
        """Encode and sign the part of ``content`` that the product's ``spec`` names.

        Raises ``wire.errors.TooLarge`` where the carrier cannot hold it.
        """
        ...

    def recognises(self, raw: str) -> bool:
        """Tell cheaply whether ``raw`` looks like this feature. At most one feature may say yes."""
        ...

    def read(self, raw: str) -> UnverifiedPass:
        """Parse ``raw``. Raises ``wire.errors.MalformedInput`` or ``UnsupportedAlgorithm``, nothing else."""
        ...
