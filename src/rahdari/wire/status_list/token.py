"""The Status List Token: one status list, dated and signed (Token Status List, 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rahdari.kernel import Refused
from rahdari.wire import base64url
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import Algorithm, PublicKey
from rahdari.wire.status_list.array import StatusArray
from rahdari.wire.status_list.reference import require_uri

# 9999-12-31T23:59:59Z, the last second that a calendar of the house can show.
SECONDS_MAX = 253_402_300_799
# 2^53 - 1, the last integer that a browser counts exactly (RFC 8259, 6).
SEQUENCE_MAX = (1 << 53) - 1


class AnotherStatusList(Refused):
    """The token is a status list, yet not the one that the pass refers to."""

    code: ClassVar[str] = "wire.another_status_list"


class StatusListFromTheFuture(Refused):
    """The token says it was issued after the present instant."""

    code: ClassVar[str] = "wire.status_list_from_the_future"


class StatusListExpired(Refused):
    """The token's own end has come; it says nothing about the present."""

    code: ClassVar[str] = "wire.status_list_expired"


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list as its authority states it: times in seconds since 1970-01-01T00:00:00Z.

    ``uri`` is the list's own address (claim ``sub``). ``expires``, ``ttl`` and ``not_before`` are optional; a
    ``ttl`` of 0 means that the list must not be cached at all. ``sequence`` (our claim ``rahdari_seq``) is the
    last delta of the authority's status stream that the list tells of; None where there is no such stream.

    Raises:
        MalformedInput: no URI, a time outside the calendar, an end that is not after the beginning.
    """

    uri: str
    issued_at: int
    statuses: StatusArray
    expires: int | None = None
    ttl: int | None = None
    not_before: int | None = None
    sequence: int | None = None

    def __post_init__(self) -> None:
        require_uri(self.uri)
        for moment in (self.issued_at, self.expires, self.ttl, self.not_before):
            if moment is not None and not 0 <= moment <= SECONDS_MAX:
                raise MalformedInput("iat, nbf, exp and ttl are seconds from 0 to the year 9999")
        if self.sequence is not None and not 0 <= self.sequence <= SEQUENCE_MAX:
            raise MalformedInput("rahdari_seq is a number from 0 to 2^53 - 1")
        if self.expires is not None and self.expires <= self.issued_at:
            raise MalformedInput("this status list expires before it is issued")


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """A status list with its signature, as it was read. Nothing is trusted until ``verify`` returned.

    ``kid`` is the id of the key by the header's claim, a hint (ours have 8 bytes); None where there is none.
    """

    unverified: StatusList
    algorithm: Algorithm
    kid: bytes | None
    signature: bytes
    signing_input: bytes

    @property
    def uri(self) -> str:
        """The address under which the list was published, by its own claim."""
        return self.unverified.uri

    @property
    def issued_at(self) -> int:
        """When the list was made, in seconds since 1970."""
        return self.unverified.issued_at

    @property
    def expires(self) -> int | None:
        """When the list stops saying anything, in seconds since 1970; None for never."""
        return self.unverified.expires

    @property
    def ttl(self) -> int | None:
        """For how many seconds a copy may be kept; 0 not at all, None unsaid."""
        return self.unverified.ttl

    @property
    def fresh_until(self) -> int | None:
        """The earlier of ``exp`` and ``iat`` + ``ttl``, in seconds since 1970; None if neither is said.

        8.3, step 4d counts ``ttl`` from the fetch; counting from ``iat`` is the stricter reading, and one
        that an old copy passed from hand to hand cannot stretch.
        """
        ends = [] if self.ttl is None else [self.issued_at + self.ttl]
        ends += [] if self.expires is None else [self.expires]
        return min(ends, default=None)

    def verify(self, public: PublicKey) -> None:
        """Return if ``public`` signed this list; refuse otherwise (5.1 and 5.2, rule 2).

        Raises:
            BadSignature: another key signed, a bit was altered, or the algorithm does not belong to the key.
        """
        if self.algorithm is not public.algorithm:
            raise BadSignature(f"the header says {self.algorithm}, the key signs with {public.algorithm}")
        public.verify(self.signature, self.signing_input)

    def check(self, *, uri: str, at: int, skew_seconds: int = 0) -> None:
        """Return if the list is the one at ``uri`` and speaks of the instant ``at`` (8.3, step 4).

        Whether its age is acceptable is the caller's policy. The signature is ``verify``'s business.

        Raises:
            AnotherStatusList: ``sub`` is not ``uri``.
            StatusListFromTheFuture: ``iat`` or ``nbf`` lies more than ``skew_seconds`` after ``at``.
            StatusListExpired: ``exp`` is reached.
        """
        # (a) sub MUST be equal to the uri of the referenced token. RFC 3986, 6.2.1: compared as they stand.
        if self.uri != uri:
            raise AnotherStatusList(f"this is the status list of {self.uri}; fetch the one of {uri}")
        # (b) iat: a list from the future was made by a wrong clock or by someone who prepares a rollback.
        # RFC 7519, 4.1.5: before nbf it MUST NOT be accepted.
        begins = max(self.issued_at, self.unverified.not_before or 0)
        if begins > at + skew_seconds:
            raise StatusListFromTheFuture(f"this list begins at {begins}, and now is {at}; check both clocks")
        # (c) exp MUST be checked; RFC 7519, 4.1.4: "on or after which" it MUST NOT be accepted.
        if self.expires is not None and at >= self.expires:
            raise StatusListExpired(f"the status list expired at {self.expires}, now is {at}; sync again")

    def status_of(self, index: int) -> int:
        """Say the status at ``index`` by this list: a number that compares with ``StatusType``.

        Raises:
            MalformedInput: the index lies outside the list (8.3, step 6).
        """
        return self.unverified.statuses.get(index)


def read_claims(claim: Callable[[str], object], inflate: Callable[[int, object], StatusArray]) -> StatusList:
    """Build a ``StatusList`` from decoded claims; ``claim`` looks one up by its JWT name.

    Raises:
        MalformedInput: a required claim is absent or a claim is of the wrong type.
    """
    uri, listed = claim("sub"), claim("status_list")
    # 8.3, step 3b: required claims exist.
    if not isinstance(uri, str) or not isinstance(listed, Mapping):
        raise MalformedInput("a status list token needs sub, a text, and status_list, a map")
    # RFC 7519, 4.1.3: a token for an audience MUST be refused by whoever is not of it. A status list is public.
    if claim("aud") is not None:
        raise MalformedInput("this status list is addressed to somebody (aud); a public one has no audience")
    issued_at = _whole(claim("iat"))
    if issued_at is None:
        raise MalformedInput("a status list token needs iat")
    bits = listed.get("bits")
    if not isinstance(bits, int) or isinstance(bits, bool):
        raise MalformedInput("bits must be an integer: 1, 2, 4 or 8")
    return StatusList(
        uri=uri,
        issued_at=issued_at,
        statuses=inflate(bits, listed.get("lst")),
        expires=_whole(claim("exp")),
        ttl=_whole(claim("ttl")),
        not_before=_whole(claim("nbf")),
        sequence=_whole(claim("rahdari_seq")),
    )


def key_id_of(text: str | None) -> bytes | None:
    """Read a JOSE ``kid`` as one of our 8-byte key ids, or None where it is something else."""
    if text is None or len(text) != 11:
        return None
    try:
        return base64url.decode(text)
    except MalformedInput:
        return None


def _whole(value: object) -> int | None:
    # RFC 7519, 2 lets a NumericDate have a fraction; no list needs one, and whole seconds compare exactly.
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedInput("times and numbers of a status list are whole")
    return value
