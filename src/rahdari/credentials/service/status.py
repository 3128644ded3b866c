"""The authority's side of status: signing the lists, and answering from the register itself."""

from datetime import timedelta

from rahdari.credentials.ports.store import Store
from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.status import read_token, sign_list
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.cards import StatusPlace
from rahdari.credentials.values.keys import KeyUse
from rahdari.credentials.values.status import PublishedStatus, StatusAnswer
from rahdari.kernel import Clock

# How long a verifier may keep a list before it asks again, and after which it must not use it.
LIST_TTL = timedelta(minutes=5)
LIST_LIFE = timedelta(days=7)
# RFC 8392, 3.1.6 and RFC 7519, 4.1.6: `iat` counts seconds here.
_GRAIN = timedelta(seconds=1)


def publish(desk: Desk) -> tuple[PublishedStatus, ...]:
    """Sign every status list as the register stands now, and keep the signed forms to be served.

    The first list is opened if there is none, so that an authority without cards publishes too. The instants
    of one list's forms grow strictly, also within a second or when the clock was set back: a verifier that
    holds one takes no other of the same instant, and none that is older. What has not changed since an instant
    that is not over yet is not signed anew.
    """
    if desk.store.find_open_shard() is None:
        desk.store.open_shard(uri_prefix=desk.authority.status_prefix, size=desk.authority.shard_entries)
    signer, now = desk.signer(KeyUse.STATUS), desk.clock.now().replace(microsecond=0)
    published: list[PublishedStatus] = []
    for shard in desk.store.list_shards():
        before = desk.store.find_published(shard.number)
        at = max(now, before.issued_at + _GRAIN) if before else now
        standings = desk.store.list_standings(shard.number)
        one = sign_list(shard, standings, signer=signer, at=at, ttl=LIST_TTL, life=LIST_LIFE)
        if before and at > now and _says_the_same(before, one):
            one = before
        desk.store.publish(one)
        published.append(one)
    return tuple(published)


def _says_the_same(before: PublishedStatus, after: PublishedStatus) -> bool:
    old, new = read_token(before.cwt), read_token(after.cwt)
    return (old.kid, old.uri, old.unverified.statuses) == (new.kid, new.uri, new.unverified.statuses)


class RegisterStatus:
    """The standing of passes by the register itself: the truth at the instant of the question.

    Nothing is cached: a suspension that was acknowledged is seen by every question that starts later.
    """

    def __init__(self, store: Store, clock: Clock, *, issuer: str) -> None:
        """Read ``store``, which holds the cards of ``issuer``."""
        self._store = store
        self._clock = clock
        self._issuer = issuer

    def find_standing(self, place: StatusPlace, *, issuer: str) -> StatusAnswer | None:
        """Find the standing of the pass at ``place``; None if it is not of this register."""
        if issuer != self._issuer:
            return None
        found = self._store.find_card_at(place.uri, place.index)
        if found is None:
            return None
        return StatusAnswer(STANDINGS[found[0].stage], self._clock.now())
