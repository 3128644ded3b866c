"""The verification features that the house has: "QR code or any other technological feature".

A product's data file lists the features its cards carry, by ``kind``. To add one, write a class of the shape
``ports.feature.Feature`` and name it in ``FEATURES``; nothing else changes.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rahdari.credentials.errors import UnknownFeature
from rahdari.credentials.features.qr import QrFeature
from rahdari.credentials.features.wallet import WalletFeature
from rahdari.credentials.ports.feature import Feature

FEATURES: Mapping[str, Feature] = MappingProxyType(
    {feature.kind: feature for feature in (QrFeature(), WalletFeature())},
)


def find_feature(kind: str) -> Feature:
    """Find the feature of a kind. Raises ``UnknownFeature``."""
    found = FEATURES.get(kind)
    if found is None:
        raise UnknownFeature(f"the house has no feature {kind!r}; it has: {', '.join(FEATURES)}")
    return found
