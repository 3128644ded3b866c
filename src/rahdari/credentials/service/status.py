"""The authority's side of status: signing lists, heads and manifests, and answering from the register itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rahdari.credentials.ports.store import Store
from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.status import read_token, sign_list
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.touched import list_shards
from rahdari.credentials.values.cards import Channel, StatusPlace
from rahdari.credentials.values.keys import KeyUse
from rahdari.credentials.values.status import PublishedStatus, StatusAnswer, StatusShard
from rahdari.wire import status_stream
from rahdari.wire.status_stream import FIRST, Head, Manifest

# After which a verifier must not use a list any more.
LIST_LIFE = timedelta(days=7)
# A list that nothing touches is signed anew this often, long before its life ends.
LIST_RENEWAL = timedelta(days=1)
# RFC 8392, 3.1.6 and RFC 7519, 4.1.6: `iat` counts seconds here.
_GRAIN = timedelta(seconds=1)


def publish(desk: Desk, *, every: bool = False) -> tuple[PublishedStatus, ...]:
    """Sign the status lists that changed since they were signed, and keep the signed forms to be served.

    Also those that were never signed, whose form is a day old, or that were signed by a key that is no longer
    in force; with ``every``, all of them. The first list is opened if there is none, so that an authority
    without cards publishes too. The instants of one list's forms grow strictly, also within a second or when
    the clock was set back: a verifier that holds one takes no other of the same instant, and none that is older.
    """
    if desk.store.find_open_shard() is None:
        desk.store.open_shard(uri_prefix=desk.authority.status_prefix, size=desk.authority.shard_entries)
    now = desk.clock.now().replace(microsecond=0)
    due = desk.store.list_shards() if every else find_stale(desk)
    return tuple(_sign(desk, shard, now) for shard in due)


def find_stale(desk: Desk) -> Sequence[StatusShard]:
    """List the shards whose signed form does not tell of their last change, or is to be renewed."""
    published, now = desk.store.list_published(), desk.clock.now()
    begun = desk.key(KeyUse.STATUS).not_before
    return [
        shard
        for shard in list_shards(desk)
        if shard.number not in published or _is_stale(shard, published[shard.number], begun=begun, now=now)
    ]


def _is_stale(shard: StatusShard, published: tuple[int, datetime], *, begun: datetime, now: datetime) -> bool:
    sequence, signed_at = published
    return sequence < shard.touched or signed_at < begun or now - signed_at >= LIST_RENEWAL


def _sign(desk: Desk, shard: StatusShard, now: datetime) -> PublishedStatus:
    before, last = desk.store.find_published(shard.number), desk.store.find_last_delta()
    signer, at = desk.status_signer(max(now, before.issued_at + _GRAIN) if before else now)
    one = sign_list(
        shard,
        desk.store.list_standings(shard.number),
        signer=signer,
        at=at,
        life=LIST_LIFE,
        sequence=last.sequence if last else 0,
    )
    if before and one.issued_at > now and _says_the_same(before, one):
        # Nothing to say, and the instant it would say it at has not come yet.
        return before
    desk.store.publish(one)
    return one


def _says_the_same(before: PublishedStatus, after: PublishedStatus) -> bool:
    old, new = read_token(before.cwt), read_token(after.cwt)
    said = (old.kid, old.uri, old.unverified.statuses, old.unverified.sequence)
    return said == (new.kid, new.uri, new.unverified.statuses, new.unverified.sequence)


def sign_head(desk: Desk) -> bytes:
    """Sign which delta is the last one, as of now: what makes a verifier's knowledge fresh when nothing changes.

    As of the beginning of the transaction: what was acknowledged before that instant is contained.
    """
    last = desk.store.find_last_delta()
    signer, at = desk.status_signer(max(desk.began, last.at) if last else desk.began)
    sequence, digest = (last.sequence, last.digest) if last else (0, FIRST)
    return status_stream.sign(signer, Head(sequence, int(at.timestamp()), digest))


def sign_manifest(desk: Desk) -> bytes:
    """Sign the head, and for each list the last delta that touched it: the beginning of a whole copy."""
    last, shards = desk.store.find_last_delta(), list_shards(desk)
    signer, at = desk.status_signer(max(desk.began, last.at) if last else desk.began)
    manifest = Manifest(
        sequence=last.sequence if last else 0,
        at=int(at.timestamp()),
        digest=last.digest if last else FIRST,
        prefix=desk.authority.status_prefix,
        shards=tuple(one.touched for one in shards),
    )
    return status_stream.sign(signer, manifest)


class RegisterStatus:
    """The standing of passes by the register itself: the truth at the instant of the question.

    Nothing is cached: a suspension that was acknowledged is seen by every question that starts later.
    """

    def __init__(
        self, store: Store, as_of: datetime, *, issuer: str, channel: Channel | None = Channel.ONLINE
    ) -> None:
        """Read ``store``, which holds the cards of ``issuer``, for a question on ``channel``.

        ``as_of``: an instant that is not after the state which ``store`` sees.
        """
        self._store = store
        self._as_of = as_of
        self._issuer = issuer
        self._channel = channel

    def find_standing(self, place: StatusPlace, *, issuer: str) -> StatusAnswer | None:
        """Find the standing of the pass at ``place``; None if it is not of this register."""
        if issuer != self._issuer:
            return None
        found = self._store.find_card_at(place.uri, place.index)
        if found is None:
            return None
        card = found[0]
        is_locked = self._channel is not None and self._channel in self._store.list_locks(card.number)
        return StatusAnswer(STANDINGS[card.stage], self._as_of, is_locked=is_locked)
