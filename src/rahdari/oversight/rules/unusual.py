"""Uses of one card that a human should look at: too far apart too soon, or too many."""

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta

from rahdari.oversight.policy import WatchPolicy
from rahdari.oversight.rules.places import EARTH_RADIUS_KM, distance_km
from rahdari.oversight.values import Evidence, FlagKind, Place, Use

# Of each side of a new use; past the rate's own threshold there is a flag already.
USES_LOOKED_AT_MAX = 128
# Of each institution and each side, apart from those: nobody's flood hides another's journey, and of one
# institution the nearest uses tell enough.
LOCATED_LOOKED_AT_MAX = 8
# One journey of each institution, the fastest: a forger's, and what he would hide behind it.
JOURNEYS_MAX = 8
_HOUR = timedelta(hours=1)

Finding = tuple[FlagKind, tuple[Evidence, ...]]


def look_back(policy: WatchPolicy) -> timedelta:
    """Tell how far from a use another one can lie and still matter: half way round the earth, at the speed."""
    farthest = timedelta(hours=math.pi * EARTH_RADIUS_KM / policy.speed_kmh_max)
    return max(farthest, policy.uses_within, policy.institutions_within)


def find_unusual(
    use: Use, others: Sequence[Use], policy: WatchPolicy, *, located: Sequence[Use] = ()
) -> tuple[Finding, ...]:
    """Find what is unusual about ``use`` among the ``others`` of its card, in whichever order they came.

    ``located`` are further ones that tell where; some may be among the ``others``, and none counts for the rate.
    """
    # By time, then by id: what is found does not hang on the order in which servers wrote their records.
    every = sorted([*others, use], key=lambda one: (one.at, one.id))
    anywhere = list({one.id: one for one in (*others, *located)}.values())
    found = (_find_travel(use, anywhere, policy), _find_rate(use, every, policy))
    return tuple(one for one in found if one is not None)


def _find_travel(use: Use, others: Sequence[Use], policy: WatchPolicy) -> Finding | None:
    """Find the journeys that nobody can make: the fastest of each other institution, the fastest first.

    All are looked at, not only the nearest in time: short steps, each below the least distance, add up.
    """
    impossible = [
        (speed, distance, other)
        for other in others
        for speed, distance in _journeys(use, other, policy)
        if distance > policy.distance_km_min and speed > policy.speed_kmh_max
    ]
    if not impossible:
        return None
    impossible.sort(key=lambda one: (one[0], one[2].id), reverse=True)
    fastest: dict[str, Evidence] = {}
    for speed, distance, other in impossible:
        if other.institution not in fastest and len(fastest) < JOURNEYS_MAX:
            fastest[other.institution] = _tell_journey(use, other, policy, speed=speed, distance=distance)
    return FlagKind.IMPOSSIBLE_TRAVEL, tuple(fastest.values())


def _tell_journey(use: Use, other: Use, policy: WatchPolicy, *, speed: float, distance: float) -> Evidence:
    first, second = sorted((use, other), key=lambda one: (one.at, one.id))
    facts: dict[str, str | int | float] = {"distance_km": round(distance), "speed_kmh": round(speed)}
    facts["seconds"] = round((second.at - first.at).total_seconds())
    # So that the speed can be computed again: the distance over both of these.
    facts["clock_allowance_seconds"] = round(_allowance(policy).total_seconds())
    for word, one in (("first", first), ("second", second)):
        facts |= {
            f"{word}_use": one.id,
            f"{word}_at": one.at.isoformat(),
            f"{word}_institution": one.institution,
        }
        facts |= _place_facts(word, one.place)
    return Evidence(use.at, facts)


def _journeys(use: Use, other: Use, policy: WatchPolicy) -> Iterator[tuple[float, float]]:
    """Give (km/h, km) if both are located. The clocks' difference is the traveller's, so nothing divides by 0."""
    here, there = use.place, other.place
    if here is None or there is None or not here.is_located or not there.is_located:
        return
    distance = distance_km(here, there)
    hours = (abs(use.at - other.at) + _allowance(policy)) / _HOUR
    yield distance / hours, distance


def _allowance(policy: WatchPolicy) -> timedelta:
    return max(policy.clock_skew, timedelta(seconds=1))


def _place_facts(word: str, place: Place | None) -> dict[str, str | int | float]:
    if place is None or place.latitude is None or place.longitude is None:
        return {}
    return {
        f"{word}_place": place.name,
        f"{word}_latitude": place.latitude,
        f"{word}_longitude": place.longitude,
    }


def _find_rate(use: Use, every: Sequence[Use], policy: WatchPolicy) -> Finding | None:
    uses = max((len(some) for some in _windows(use, every, policy.uses_within)), default=0)
    institutions = max(
        (len({one.institution for one in some}) for some in _windows(use, every, policy.institutions_within)),
        default=0,
    )
    if uses <= policy.uses_max and institutions <= policy.institutions_max:
        return None
    facts: dict[str, str | int | float] = {
        "use": use.id,
        "institution": use.institution,
        "uses": uses,
        "uses_within_seconds": round(policy.uses_within.total_seconds()),
        "institutions": institutions,
        "institutions_within_seconds": round(policy.institutions_within.total_seconds()),
    }
    return FlagKind.ABNORMAL_RATE, (Evidence(use.at, facts),)


def _windows(use: Use, every: Sequence[Use], span: timedelta) -> Iterator[Sequence[Use]]:
    """Go through the windows of length ``span`` that hold ``use``: each begins at a use, its end is left out."""
    end = 0
    for begin, first in enumerate(every):
        if first.at > use.at:
            return
        if use.at - first.at >= span:
            continue
        while end < len(every) and every[end].at - first.at < span:
            end += 1
        yield every[begin:end]
