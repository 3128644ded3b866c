"""From an identity to the value of claim 169, in the dialect of a profile."""

from enum import StrEnum
from typing import Final

from rahdari.wire import cbor
from rahdari.wire.claim169.identity import (
    BEST_FINGERS,
    DATE_OF_BIRTH,
    GENDER,
    MARITAL_STATUS,
    PHOTO,
    PHOTO_FORMAT,
    TEXT_FIELDS,
    Biometric,
    Identity,
)

_NAMED: Final = frozenset(TEXT_FIELDS) | {DATE_OF_BIRTH, MARITAL_STATUS, PHOTO, BEST_FINGERS, *range(50, 66)}


class Profile(StrEnum):
    """Which of the two dialects in the wild a pass is written in.

    MOSIP: tags 61(18()), claim 169 as a byte string that holds the map, one face as a single map.
    MAP: tag 18(), claim 169 as a map, biometrics as lists.
    """

    MOSIP = "mosip"
    MAP = "map"


def encode(identity: Identity, profile: Profile) -> dict[int, object] | bytes:
    """Build the value of claim 169, what is None is not written."""
    claim = _demographics(identity)
    single = profile is Profile.MOSIP
    for part, taken in identity.biometrics.items():
        entries = [_entry(biometric) for biometric in taken]
        claim[int(part)] = entries[0] if single and len(entries) == 1 else entries
    if identity.rest:
        if not _NAMED.isdisjoint(identity.rest):
            raise AssertionError("a named key of claim 169 stands in rest; it has its own field")
        claim.update(identity.rest)
    return cbor.encode(claim) if single else claim


def _demographics(identity: Identity) -> dict[int, object]:
    claim: dict[int, object] = {}
    for key, name in TEXT_FIELDS.items():
        if (text := getattr(identity, name)) is not None:
            claim[key] = text
    if identity.date_of_birth is not None:
        claim[DATE_OF_BIRTH] = identity.date_of_birth.isoformat().replace("-", "")
    if identity.best_quality_fingers:
        claim[BEST_FINGERS] = list(identity.best_quality_fingers)
    for key, value in (
        (GENDER, identity.gender),
        (MARITAL_STATUS, identity.marital_status),
        (PHOTO, identity.photo),
        (PHOTO_FORMAT, identity.photo_format),
    ):
        if value is not None:
            claim[key] = value if type(value) is bytes else int(value)
    return claim


def _entry(biometric: Biometric) -> dict[int, object]:
    entry: dict[int, object] = {0: biometric.data}
    for key, value in ((1, biometric.format), (2, biometric.subformat), (3, biometric.issuer)):
        if value is not None:
            entry[key] = int(value) if isinstance(value, int) else value
    return entry
