"""Status lists: signing the authority's, accepting a fetched one, and looking places up offline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from rahdari.credentials.errors import StatusListRefused
from rahdari.credentials.rules.trust import Trust
from rahdari.credentials.values.cards import Standing, StatusPlace
from rahdari.credentials.values.keys import KeyUse
from rahdari.credentials.values.status import PublishedStatus, StatusAnswer, StatusShard
from rahdari.kernel import Refused
from rahdari.wire import status_list
from rahdari.wire.errors import BadSignature
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.status_list import StatusArray, StatusList, StatusListToken, StatusType

# Two bits hold valid, invalid and suspended (Token Status List draft, 7.1).
BITS = 2
# How long a verifier without the status stream may keep a list before it asks again.
_TTL_SECONDS = 60

_TYPES = MappingProxyType(
    {
        Standing.VALID: StatusType.VALID,
        Standing.INVALID: StatusType.INVALID,
        Standing.SUSPENDED: StatusType.SUSPENDED,
    },
)
_STANDINGS: Mapping[int, Standing] = MappingProxyType(
    {int(one): standing for standing, one in _TYPES.items()}
)


def sign_list(
    shard: StatusShard,
    standings: Iterable[tuple[int, Standing]],
    *,
    signer: Signer,
    at: datetime,
    life: timedelta,
    sequence: int,
) -> PublishedStatus:
    """Sign one shard as JWT and as CWT. Places that no pass has stay VALID, a crowd for those that have.

    ``sequence``: the last delta of the status stream that ``standings`` tells of.
    """
    seconds = int(at.timestamp())
    listed = StatusList(
        uri=shard.uri,
        issued_at=seconds,
        statuses=array_of(shard, standings),
        expires=seconds + int(life.total_seconds()),
        ttl=_TTL_SECONDS,
        sequence=sequence,
    )
    return PublishedStatus(
        shard=shard.number,
        uri=shard.uri,
        issued_at=at,
        jwt=status_list.sign_jwt(signer, listed),
        cwt=status_list.sign_cwt(signer, listed),
        sequence=sequence,
    )


def array_of(shard: StatusShard, standings: Iterable[tuple[int, Standing]]) -> StatusArray:
    """Write what a list says of all its places; those that are not named are VALID."""
    return StatusArray.of_size(shard.size, ((index, _TYPES[one]) for index, one in standings), bits=BITS)


def status_of(standing: Standing) -> StatusType:
    """Tell the number by which a list says a standing (Token Status List draft, 7.1)."""
    return _TYPES[standing]


def standing_of(status: int) -> Standing:
    """Tell the standing that a number in a list says.

    An application-specific status (3) has no meaning here, and what has no meaning is not valid.
    """
    return _STANDINGS.get(status, Standing.INVALID)


@dataclass(frozen=True, slots=True)
class HeldList:
    """A status list that was accepted: whose it is, and the token with its array."""

    issuer: str
    listed: StatusList


def read_token(raw: bytes) -> StatusListToken:
    """Read a status list token in either form; a JWT begins with the letters of its header.

    Raises:
        MalformedInput, UnsupportedAlgorithm.
    """
    if raw.startswith(b"eyJ"):
        return status_list.decode_jwt(raw.decode("ascii", errors="replace"))
    return status_list.decode_cwt(raw)


def accept_list(
    raw: bytes,
    *,
    uri: str,
    trust: Trust,
    held: HeldList | None,
    at: datetime,
    clock_skew: timedelta,
) -> HeldList:
    """Accept a fetched status list, or refuse it (Token Status List draft, 8.3).

    (1) Its address is within those of a trusted issuer. (2) It is signed by that issuer's status key.
    (3) ``sub`` is the address it was fetched for, ``iat`` is not in the future, ``exp`` has not passed.
    (4) It is not older than the one held, nor another one of the same second: an old list would bring
    suspended passes back.

    Raises:
        MalformedInput, UnsupportedAlgorithm: it is no status list.
        StatusListRefused: the check that failed.
    """
    token = read_token(raw)
    issuer = _signer_of(token, uri, trust)
    try:
        token.check(uri=uri, at=int(at.timestamp()), skew_seconds=int(clock_skew.total_seconds()))
    except Refused as refusal:
        raise StatusListRefused(f"the status list for {uri} is refused: {refusal.message}") from None
    if held is not None:
        _require_progress(token, held.listed)
    return HeldList(issuer, token.unverified)


def _require_progress(token: StatusListToken, held: StatusList) -> None:
    # Of one stream's lists the number of the last delta tells the order, whatever their clocks say.
    knows_less = (token.unverified.sequence or 0) < (held.sequence or 0)
    if token.issued_at < held.issued_at or knows_less:
        raise StatusListRefused(
            f"the status list for {token.uri} is older than the one held; ask its publisher why"
        )
    if token.issued_at == held.issued_at and token.unverified != held:
        # A publisher's lists follow one another; which of two of one second came first, nobody can tell.
        raise StatusListRefused(
            f"the status list for {token.uri} differs from the one held and is not newer; ask its publisher why"
        )


def readmit_list(raw: bytes, *, trust: Trust) -> HeldList:
    """Take a list back in that was accepted before and has been held since: by signature and address alone.

    Whatever the clock says now, a list that was held stands against older ones, and what it condemned stays
    condemned; ``verify`` calls a good standing by an expired list, or by one of the future, ``stale``.

    Raises:
        MalformedInput, UnsupportedAlgorithm: it is no status list.
        StatusListRefused: no trusted issuer publishes at its address, or it is not signed by the one who does.
    """
    token = read_token(raw)
    return HeldList(_signer_of(token, token.uri, trust), token.unverified)


def _signer_of(token: StatusListToken, uri: str, trust: Trust) -> str:
    """Find the issuer that publishes at ``uri`` and signed the token; addresses may lie within one another."""
    signed_at = datetime.fromtimestamp(token.issued_at, UTC)
    publishers = [one.id for one in trust.issuers.values() if uri.startswith(one.status_uris)]
    for issuer in publishers:
        keys = trust.find_signing_keys(issuer, KeyUse.STATUS, signed_at)
        if any(is_signed_by(token, key) for key in keys):
            return issuer
    if not publishers:
        raise StatusListRefused(f"no trusted issuer publishes status lists at {uri}; nothing was taken over")
    raise StatusListRefused(f"the status list for {uri} is not signed by its publisher; keep the one held")


def is_signed_by(token: StatusListToken, key: PublicKey) -> bool:
    """Tell whether the half of ``key`` that is kept secret signed the token."""
    try:
        token.verify(key)
    except BadSignature:
        return False
    return True


class StreamView(Protocol):
    """The state of a status stream (``rules.held_stream``), as far as a lookup needs it."""

    @property
    def prefix(self) -> str:
        """What the addresses of its lists begin with."""
        ...

    @property
    def issuer(self) -> str:
        """Whose lists these are."""
        ...

    def find_standing(self, place: StatusPlace) -> StatusAnswer | None:
        """Find what is known of ``place``; None where no list here covers it."""
        ...


class Snapshot:
    """The status lists and streams that a verifier holds. A lookup is a few dictionary reads."""

    def __init__(self, lists: Iterable[HeldList], streams: Iterable[StreamView] = ()) -> None:
        """Index accepted lists by their addresses, streams by what their lists' addresses begin with."""
        self._lists = {held.listed.uri: held for held in lists}
        self._streams = tuple(streams)

    @property
    def lists(self) -> tuple[HeldList, ...]:
        """Give every list that is held beside the streams."""
        return tuple(self._lists.values())

    def find_list(self, uri: str) -> HeldList | None:
        """Find the list held for an address."""
        return self._lists.get(uri)

    def find_standing(self, place: StatusPlace, *, issuer: str) -> StatusAnswer | None:
        """Find what is known of ``place``; None where no list of ``issuer`` covers it.

        A stream speaks for its lists alone: a list that was held before it knows less.
        """
        for stream in self._streams:
            if stream.issuer == issuer and place.uri.startswith(stream.prefix):
                return stream.find_standing(place)
        return self._find_listed(place, issuer)

    def _find_listed(self, place: StatusPlace, issuer: str) -> StatusAnswer | None:
        held = self._lists.get(place.uri)
        if held is None or held.issuer != issuer:
            return None
        listed = held.listed
        if not 0 <= place.index < listed.statuses.size:
            return None
        standing = standing_of(listed.statuses.get(place.index))
        expires = None if listed.expires is None else datetime.fromtimestamp(listed.expires, UTC)
        return StatusAnswer(standing, datetime.fromtimestamp(listed.issued_at, UTC), expires)
