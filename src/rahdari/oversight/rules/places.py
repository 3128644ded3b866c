"""Places as institutions tell them, and how far apart two are."""

import math
import unicodedata

from rahdari.oversight.errors import BadPlace
from rahdari.oversight.values import PLACE_DECIMALS, PLACE_NAME_CHARS_MAX, Place

# The mean radius of the earth, (2a + b) / 3 of the GRS 80 ellipsoid (Moritz 2000, Journal of Geodesy 74:128).
EARTH_RADIUS_KM = 6371.0088
# Urdu and Persian spelling needs them between letters.
_JOINERS = "\u200c\u200d"


def check_place(name: str, latitude: float | None = None, longitude: float | None = None) -> Place:
    """Take a place as it was told, its coordinates rounded to some 110 m.

    Raises:
        BadPlace: an empty, long or unprintable name, half a coordinate, or one that is not on this earth.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(name) <= PLACE_NAME_CHARS_MAX:
        raise BadPlace(
            f"a place's name has 1 to {PLACE_NAME_CHARS_MAX} characters; give the branch and its town"
        )
    if any(_is_unprintable(letter) for letter in name):
        raise BadPlace("a place's name holds a control or direction character; write it on one plain line")
    if latitude is None and longitude is None:
        return Place(name)
    return Place(name, _coordinate("latitude", latitude, 90), _coordinate("longitude", longitude, 180))


def _is_unprintable(letter: str) -> bool:
    # Direction overrides (category Cf) would let an institution write over what its record says.
    return (
        unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and letter not in _JOINERS
    )


def _coordinate(what: str, degrees: float | None, most: int) -> float:
    if degrees is None:
        raise BadPlace("a place has both latitude and longitude, or neither; give the other one too")
    # Written so that NaN, which compares with nothing, is refused.
    if not -most <= degrees <= most:
        raise BadPlace(f"the {what} lies between -{most} and {most} degrees; check the coordinates")
    # Adding zero turns -0.0 into 0.0.
    return round(float(degrees), PLACE_DECIMALS) + 0.0


def distance_km(one: Place, other: Place) -> float:
    """Measure the great circle between two places in kilometres; both must be located.

    By the haversine formula (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68:159, 1984).
    """
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        raise AssertionError("a distance was asked of a place without coordinates")
    north, other_north = math.radians(one.latitude), math.radians(other.latitude)
    half_north = (other_north - north) / 2
    half_east = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_north) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(half_east) ** 2
    # Rounding can carry the chord of two antipodes past 1.
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))
