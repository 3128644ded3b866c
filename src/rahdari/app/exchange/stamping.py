"""Time stamps for checkpoints (RFC 3161): a third party's word that they existed then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.x509 import load_der_x509_certificate

from rahdari.app.clock import tell_seconds
from rahdari.app.exchange.posting import NotAnswered, Post
from rahdari.kernel import Chance, Clock
from rahdari.wire.ndel.parties import Timestamper
from rahdari.wire.timestamps import (
    RESPONSE_BYTES_MAX,
    Imprint,
    Request,
    Stamped,
    TimestampMismatch,
    TimestampNotGranted,
    Token,
    Trust,
    read_response,
    read_token,
    verify,
)

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
# X-Road gives up after 4 hours without time stamps; so do we.
AGE_SECONDS_MAX: Final = 4 * 3600
# Clocks of two machines differ by so much at the most; beyond, one of them is wrong.
SKEW: Final = timedelta(seconds=120)
_NONCE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class NewStamp:
    """A token (DER) that was just given and verified; ``skew`` is how far its time is ahead of our clock."""

    token: bytes
    at: datetime
    skew: timedelta

    @property
    def is_odd(self) -> bool:
        """Whether the two clocks differ by more than they may."""
        return abs(self.skew) > SKEW


class Stamper:
    """Asks one time-stamping authority."""

    def __init__(self, timestamper: Timestamper, post: Post, *, clock: Clock, chance: Chance) -> None:
        """Ask ``timestamper`` through ``post``; nobody foresees the nonces of ``chance``."""
        self.timestamper = timestamper
        self._post, self._clock, self._chance = post, clock, chance

    async def stamp(self, text: str) -> NewStamp:
        """Have the text of a checkpoint stamped.

        Raises:
            NotAnswered: no answer. TimestampNotGranted: it gave no token. MalformedInput: not RFC 3161.
            TimestampMismatch, TimestampUntrusted, BadSignature: the token is not what was asked for.
        """
        nonce = int.from_bytes(self._chance.bytes(_NONCE_BYTES), "big")
        request = Request(Imprint.of(text.encode()), nonce=nonce)
        answer = await self._post(self.timestamper.url, request.encode(), QUERY_TYPE, RESPONSE_BYTES_MAX)
        if answer.status != 200 or answer.media_type != REPLY_TYPE:
            raise NotAnswered(
                f"{self.timestamper.name} answered {answer.status} and {answer.media_type or 'nothing'}"
            )
        response = read_response(answer.body)
        if response.token is None:
            raise TimestampNotGranted(
                f"{self.timestamper.name} gave no time stamp: {response.status.name.lower()} {response.words[:200]}"
            )
        stamped = _verify(response.token, self.timestamper, request.imprint, nonce=nonce)
        return NewStamp(response.token.raw, stamped.stamp.at, stamped.stamp.at - self._clock.now())


def verify_stamp(token: bytes, text: str, timestamper: Timestamper) -> Stamped:
    """Return the stamp only if ``timestamper``'s pinned certificate signed it over the text of a checkpoint.

    Any policy of the authority is taken: its certificate is pinned, and it follows its own. Raises as
    ``wire.timestamps.verify``, and ``MalformedInput``.
    """
    return _verify(read_token(token), timestamper, Imprint.of(text.encode()), nonce=None)


class StampAge:
    """How long something has been waiting for its time stamp, by a clock that nobody sets.

    Nothing waits while the log does not grow. At the start of a gateway the wall clock tells how old the last
    stamp is; it can be wrong by its own jumps then, and no more afterwards.
    """

    def __init__(
        self, clock: Clock, seconds_max: float = AGE_SECONDS_MAX, *, tick: Callable[[], float] = tell_seconds
    ) -> None:
        """Be overdue after ``seconds_max``; ``clock`` is asked once, at the start."""
        self._clock = clock
        self._seconds_max = seconds_max
        self._tick = tick
        self._waiting_since: float | None = None

    def begin(self, last: datetime | None) -> None:
        """Say at the start that records wait, and when the last stamp was given."""
        gone_by = 0.0 if last is None else max(0.0, (self._clock.now() - last).total_seconds())
        self._waiting_since = self._tick() - gone_by

    def waiting(self) -> None:
        """Say that a checkpoint waits for its stamp."""
        if self._waiting_since is None:
            self._waiting_since = self._tick()

    def done(self) -> None:
        """Say that nothing waits any more."""
        self._waiting_since = None

    def seconds(self, at: float | None = None) -> float:
        """Tell how long the oldest unstamped checkpoint has waited at ``at`` (of the tick), else now."""
        if self._waiting_since is None:
            return 0.0
        return max(0.0, (self._tick() if at is None else at) - self._waiting_since)

    def is_overdue(self, at: float | None = None) -> bool:
        """Tell whether the wait is longer than the policy allows."""
        return self.seconds(at) > self._seconds_max


def _verify(token: Token, timestamper: Timestamper, imprint: Imprint, *, nonce: int | None) -> Stamped:
    try:
        root = load_der_x509_certificate(timestamper.certificate)
    except ValueError:
        raise TimestampMismatch(
            f"the certificate configured for {timestamper.name} cannot be read; ask the registry for the right one"
        ) from None
    trust = Trust((root,), frozenset({token.unverified.policy}), (root,))
    return verify(token, trust, imprint=imprint, nonce=nonce)
