"""Streams, the subjects they watch, and the numbered notices that go out by them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

StreamId = NewType("StreamId", str)
SubjectId = NewType("SubjectId", str)

# A bank has a stream for production, one for trials and one for each large branch of its trade.
STREAMS_MAX = 8
# The customers of the largest bank of a country of 240 million; a row each, looked up by an index.
SUBJECTS_MAX = 10_000_000
# Notices are kept this long after they were written, delivered or not, whatever the state of their stream.
# Then they are dropped; their numbers stay used up, so that the gap shows.
KEPT = timedelta(days=30)
# How soon a receiver may ask for another verification event (Shared Signals, 8.1.1, min_verification_interval).
VERIFICATION_INTERVAL = timedelta(seconds=10)
# What one poll brings at most (RFC 8936, 2.2): a thousand tokens of 1 KiB.
POLL_MAX = 1000


class Method(StrEnum):
    """How notices reach a receiver."""

    WEBHOOK = "webhook"
    """Standard Webhooks: JSON, signed with a shared secret."""
    PUSH = "push"
    """Security event tokens, sent (RFC 8935)."""
    POLL = "poll"
    """Security event tokens, fetched (RFC 8936)."""


class State(StrEnum):
    """Whether a stream runs (Shared Signals, 8.1.2)."""

    ENABLED = "enabled"
    """Notices are sent."""
    PAUSED = "paused"
    """Notices are kept and numbered, and sent once the stream runs again."""
    DISABLED = "disabled"
    """Nothing is sent; notices are numbered and kept as for a paused one, so that a gap never stays unseen."""


class Became(StrEnum):
    """What a card's standing became, as a relying service must know it."""

    GOOD = "good"
    SUSPENDED = "suspended"
    ENDED = "ended"
    """Revoked, replaced or expired: it never comes back."""


class Kind(StrEnum):
    """What a notice tells: first for webhooks, then the event types, then the stream's own."""

    STANDING = "standing"
    SESSION_REVOKED = "session_revoked"
    CREDENTIAL_CHANGE = "credential_change"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    VERIFICATION = "verification"
    STREAM_UPDATED = "stream_updated"


EVENT_KINDS = (
    Kind.SESSION_REVOKED,
    Kind.CREDENTIAL_CHANGE,
    Kind.ACCOUNT_DISABLED,
    Kind.ACCOUNT_ENABLED,
)
# What a receiver gets that names none: the two of CAEP.
USUAL_KINDS = frozenset({Kind.SESSION_REVOKED, Kind.CREDENTIAL_CHANGE})


class Initiator(StrEnum):
    """Whose act it was (CAEP, 2, initiating_entity). The reason of the act is nobody's business outside."""

    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Happening:
    """A card's standing changed. Positions ascend without gaps over the whole register."""

    position: int
    at: datetime
    card: str = field(repr=False)
    became: Became
    initiator: Initiator = Initiator.ADMIN


@dataclass(frozen=True, slots=True)
class Delivery:
    """How and where to; ``url`` None where the receiver fetches. ``authorization`` is never shown again."""

    method: Method
    url: str | None = None
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One institution's subscription.

    ``kinds`` are the event types it is sent; a webhook has none to choose. ``secret`` signs webhooks,
    ``former_secret`` signs beside it until ``former_until``. ``why`` tells why the house, not the
    receiver, changed its state.
    """

    id: StreamId
    institution: str
    delivery: Delivery
    kinds: frozenset[Kind]
    created_at: datetime
    description: str = ""
    state: State = State.ENABLED
    why: str | None = None
    secret: bytes | None = field(default=None, repr=False)
    former_secret: bytes | None = field(default=None, repr=False)
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class FreshStream:
    """A stream at the one moment its secret may be shown; None where no webhook is signed."""

    stream: Stream
    secret: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a stream has come: ``attempts`` in a row failed since ``failing_since``, the last ``gone`` by 410."""

    last_order: int = 0
    attempts: int = 0
    gone: int = 0
    due_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watcher:
    """A stream that watches a card, and the name that its institution knows the card by."""

    card: str = field(repr=False)
    stream: StreamId
    subject: SubjectId
    method: Method
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One numbered message of a stream.

    ``cause`` is the order of the first notice of the same happening in this stream. ``text`` is what a
    verification echoes, or the state that a stream came to.
    """

    stream: StreamId
    order: int
    cause: int
    kind: Kind
    at: datetime
    noted_at: datetime
    subject: SubjectId | None = None
    became: Became | None = None
    initiator: Initiator | None = None
    text: str | None = None
    settled_at: datetime | None = None

    @property
    def id(self) -> str:
        """Its name for ever: the same in every attempt and every replay."""
        return f"{self.stream}-{self.order}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an institution asks a stream to be."""

    delivery: Delivery
    kinds: frozenset[Kind] = USUAL_KINDS
    description: str = ""


@dataclass(frozen=True, slots=True)
class Watching:
    """The name that an institution knows a card by, and whether the stream did not watch it before."""

    subject: SubjectId
    is_new: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A stream that this deliverer alone may send by until its lease ends, and what is to be sent, in order."""

    stream: Stream
    progress: Progress
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """How many more streams may be sent by now: some for each sort, none of those that are ``busy`` here."""

    healthy: int
    failing: int
    busy: frozenset[StreamId] = frozenset()


class Ending(StrEnum):
    """How an attempt ended."""

    TAKEN = "taken"
    FAILED = "failed"
    GONE = "gone"
    """The receiver says that it wants no more (410)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the sending to one stream went: ``taken`` orders arrived, in order; then it ended so."""

    stream: StreamId
    taken: tuple[int, ...]
    ending: Ending
    failure: str | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What follows from an attempt: how far the stream has come, and why the house gives up on it, if it does."""

    outcome: Outcome
    progress: Progress
    why: str | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is to be fanned out, and who watched at the same instant."""

    happenings: tuple[Happening, ...]
    watchers: tuple[Watcher, ...]


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brings, and whether there is more."""

    notices: tuple[Notice, ...]
    has_more: bool


# What a happening is told as, by what the card's standing became; the order is the order of the notices.
# CAEP, 3.1: whatever session was opened with the card ends. CAEP, 3.3: a suspension and its end change a
# credential and can be undone ("update"); the end of the card is its revocation ("revoke"). RISC, 2.3 and 2.4.
TOLD_AS = MappingProxyType(
    {
        Became.SUSPENDED: (Kind.SESSION_REVOKED, Kind.CREDENTIAL_CHANGE, Kind.ACCOUNT_DISABLED),
        Became.GOOD: (Kind.CREDENTIAL_CHANGE, Kind.ACCOUNT_ENABLED),
        Became.ENDED: (Kind.SESSION_REVOKED, Kind.CREDENTIAL_CHANGE, Kind.ACCOUNT_DISABLED),
    }
)
