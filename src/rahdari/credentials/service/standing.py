"""What a change of a card's stage does to the world: status lists, the stream of deltas, and the outbox.

All of it is written in the transaction of the change itself: whoever is told "suspended" can rely on a signed
delta that says so, with a number in the authority's one sequence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.status import status_of
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.passes import FILL_MAX
from rahdari.credentials.values.cards import Act, Card, CardNumber, Reason, Stage, Standing
from rahdari.credentials.values.status import DeltaRecord, PlaceStanding, StandingChanged
from rahdari.wire import status_stream
from rahdari.wire.status_stream import CHANGES_MAX, FIRST, Change, Delta

# One card in so many takes a decoy along. With each one, the lists of 240 million holders, 1 % of them suspended,
# would take 6.9 MB to download instead of 4.7 (benchmarks/status_scale.py).
CARDS_A_DECOY = 4
# How often a free place is looked for before the decoy is left out: a list that is half full gives one at
# the second draw, a list without a free place never.
_DRAWS_MAX = 8

_Places = Mapping[CardNumber, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Moved:
    """A card as it is now, and the stage it came from."""

    card: Card
    was: Stage

    @property
    def listed(self) -> Standing:
        """What the lists say of its passes until now; places that no pass had are VALID."""
        return Standing.VALID if self.was is Stage.APPLIED else STANDINGS[self.was]

    @property
    def becomes(self) -> Standing:
        """What they say from now on."""
        return STANDINGS[self.card.stage]


def tell(desk: Desk, moved: Iterable[Moved], act: Act, reason: Reason | None) -> int | None:
    """Tell the world of cards that moved; gives the sequence number that carries it, None if nothing shows.

    Cards whose standing is the same as before (a card that is issued and handed over at once, one that expires
    after it was revoked) change no list. A card without passes yet changes none either.
    """
    changed = [one for one in moved if one.listed is not one.becomes]
    places = desk.store.find_places([one.card.number for one in changed])
    changed = [one for one in changed if places.get(one.card.number)]
    if not changed:
        return None
    sequence = _append_deltas(desk, _set_places(desk, changed, places))
    _write_outbox(desk, changed, act, reason, sequence)
    return sequence


def _set_places(desk: Desk, changed: Sequence[Moved], places: _Places) -> list[PlaceStanding]:
    """Set the places of the cards, and beside each card's the place of a decoy."""
    own = [
        PlaceStanding(shard, place, one.becomes)
        for one in changed
        for shard, place in places[one.card.number]
    ]
    desk.store.set_standings(own)
    decoys = _move_decoys(desk, changed, places)
    return own + decoys


def _move_decoys(desk: Desk, changed: Sequence[Moved], places: _Places) -> list[PlaceStanding]:
    """Move a place that belongs to nobody with some of the cards (Token Status List draft, 13.4).

    How many places a delta moves then does not tell how many passes a card has, nor which of them is one.
    """
    moved: dict[tuple[int, int], PlaceStanding] = {}
    for one in changed:
        if desk.chance.below(CARDS_A_DECOY):
            continue
        shard = places[one.card.number][desk.chance.below(len(places[one.card.number]))][0]
        place = _find_decoy(desk, shard, one.listed, moved)
        if place is not None:
            moved[shard, place] = PlaceStanding(shard, place, one.becomes)
    desk.store.set_standings(list(moved.values()), are_decoys=True)
    return list(moved.values())


def _find_decoy(
    desk: Desk, shard: int, listed: Standing, moved: Mapping[tuple[int, int], object]
) -> int | None:
    """Find a decoy that stands where the card stood; among VALID places, a fresh one is drawn."""
    if listed is not Standing.VALID:
        found = desk.store.find_decoys(shard, listed, limit=len(moved) + 1)
        return next((place for place in found if (shard, place) not in moved), None)
    of = next(one for one in desk.store.list_shards() if one.number == shard)
    if of.taken + 1 > of.size * FILL_MAX:
        return None  # a list that is as full as it may get keeps its room for passes
    for _ in range(_DRAWS_MAX):
        place = desk.chance.below(of.size)
        if (shard, place) not in moved and not desk.store.find_taken(of, [place]):
            desk.store.raise_taken(of, 1)
            return place
    return None


def _append_deltas(desk: Desk, standings: Sequence[PlaceStanding]) -> int:
    """Sign the changes into the chain, in as many deltas as they need; gives the last one's number."""
    changes = sorted(Change(one.shard, one.place, status_of(one.standing)) for one in standings)
    last, now = desk.store.find_last_delta(), desk.clock.now().replace(microsecond=0)
    # A clock that was set back does not make the stream run backwards.
    signer, at = desk.status_signer(max(now, last.at) if last else now)
    for first in range(0, len(changes), CHANGES_MAX):
        some = tuple(changes[first : first + CHANGES_MAX])
        delta = _next_delta(last, at, some)
        digest = status_stream.digest_of(delta.payload())
        last = DeltaRecord(
            delta.sequence, datetime.fromtimestamp(delta.at, UTC), digest, status_stream.sign(signer, delta)
        )
        desk.store.add_delta(last, {one.shard for one in some})
    if last is None:
        raise AssertionError("places changed, and no delta tells of it")
    return last.sequence


def _next_delta(last: DeltaRecord | None, at: datetime, changes: tuple[Change, ...]) -> Delta:
    seconds = int(at.timestamp())
    return Delta(last.sequence + 1 if last else 1, seconds, last.digest if last else FIRST, changes)


def _write_outbox(
    desk: Desk, changed: Sequence[Moved], act: Act, reason: Reason | None, sequence: int
) -> None:
    """Tell subscribers; nobody has seen the passes of a card that is only being issued."""
    first, now = desk.store.find_last_position() + 1, desk.clock.now()
    told = [one for one in changed if one.was is not Stage.APPLIED]
    desk.store.add_to_outbox(
        [
            StandingChanged(
                position=position,
                at=now,
                card=one.card.number,
                act=act,
                reason=reason,
                was=one.listed,
                became=one.becomes,
                sequence=sequence,
            )
            for position, one in enumerate(told, first)
        ]
    )
