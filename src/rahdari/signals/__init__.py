r"""Who wants to be told: streams of numbered, signed notices when a card's standing changes.

An institution opens a stream and shows it the passes that were shown to it; it is told of those cards
alone, each by a name that nobody else knows. Notices are numbered 1, 2, 3 ... and durable before the first
is sent.

Example:
    >>> from datetime import UTC, datetime
    >>> from rahdari import database, signals
    >>> from rahdari.signals.migrations import MIGRATIONS
    >>> from rahdari.signals.store import SqlStore
    >>> class Morning:
    ...     def now(self) -> datetime:
    ...         return datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    >>> class Dice:
    ...     def bytes(self, count: int) -> bytes:
    ...         return b"\x2a" * count  # a real one draws what nobody can guess
    ...     def below(self, bound: int) -> int:
    ...         return 0
    >>> wanted = signals.Wanted(signals.Delivery(signals.Method.PUSH, "https://bank.example/events"))
    >>> lost = signals.Happening(1, Morning().now(), "7K3F-9QX2-M4TD", signals.Became.SUSPENDED)
    >>> with database.open_database("sqlite://") as house:
    ...     database.migrate(house, [MIGRATIONS])
    ...     with house.transaction() as connection:
    ...         store = SqlStore(connection)
    ...         fresh = signals.create_stream(store, wanted, "institution-1", clock=Morning(), chance=Dice())
    ...         stream = fresh.stream.id
    ...         subject = signals.add_subject(store, stream, lost.card, "institution-1", chance=Dice())
    ...         ahead = signals.Ahead((lost,), store.find_watchers([lost.card]))
    ...         _ = signals.fan_out(store, ahead, clock=Morning())
    ...         waiting = store.list_pending(stream, limit=10)
    >>> [(notice.order, notice.kind.value) for notice in waiting]
    [(1, 'session_revoked'), (2, 'credential_change')]
"""

from rahdari.signals.errors import (
    BadEndpoint,
    NoEvents,
    NotKept,
    PassNotGood,
    SignalsRefused,
    TooManyStreams,
    TooManySubjects,
    TooSoon,
    UnknownStream,
    UnknownSubject,
    WrongMethod,
)
from rahdari.signals.policy import USUAL, Patience
from rahdari.signals.ports import Happenings, Store
from rahdari.signals.rules.endpoints import Endpoint, Network, is_reachable, read_endpoint, read_networks
from rahdari.signals.rules.events import (
    SUPPORTED,
    TYPES,
    as_event,
    as_webhook,
    kinds_named,
    require_events,
    types_of,
)
from rahdari.signals.service.notices import (
    claim,
    fan_out,
    find_due,
    judge,
    poll,
    purge,
    read_ahead,
    read_claimed,
    replay,
    write_down,
)
from rahdari.signals.service.streams import (
    Changes,
    add_subject,
    ask_verification,
    change_stream,
    create_stream,
    get_stream,
    impose_state,
    remove_stream,
    remove_subject,
    renew_secret,
    set_state,
)
from rahdari.signals.values import (
    KEPT,
    POLL_MAX,
    STREAMS_MAX,
    SUBJECTS_MAX,
    USUAL_KINDS,
    VERIFICATION_INTERVAL,
    Ahead,
    Became,
    Claimed,
    Delivery,
    Ending,
    FreshStream,
    Happening,
    Initiator,
    Judged,
    Kind,
    Method,
    Notice,
    Outcome,
    Polled,
    Progress,
    Slots,
    State,
    Stream,
    StreamId,
    SubjectId,
    Wanted,
    Watcher,
    Watching,
)

__all__ = [
    "KEPT",
    "POLL_MAX",
    "STREAMS_MAX",
    "SUBJECTS_MAX",
    "SUPPORTED",
    "TYPES",
    "USUAL",
    "USUAL_KINDS",
    "VERIFICATION_INTERVAL",
    "Ahead",
    "BadEndpoint",
    "Became",
    "Changes",
    "Claimed",
    "Delivery",
    "Ending",
    "Endpoint",
    "FreshStream",
    "Happening",
    "Happenings",
    "Initiator",
    "Judged",
    "Kind",
    "Method",
    "Network",
    "NoEvents",
    "NotKept",
    "Notice",
    "Outcome",
    "PassNotGood",
    "Patience",
    "Polled",
    "Progress",
    "SignalsRefused",
    "Slots",
    "State",
    "Store",
    "Stream",
    "StreamId",
    "SubjectId",
    "TooManyStreams",
    "TooManySubjects",
    "TooSoon",
    "UnknownStream",
    "UnknownSubject",
    "Wanted",
    "Watcher",
    "Watching",
    "WrongMethod",
    "add_subject",
    "as_event",
    "as_webhook",
    "ask_verification",
    "change_stream",
    "claim",
    "create_stream",
    "fan_out",
    "find_due",
    "get_stream",
    "impose_state",
    "is_reachable",
    "judge",
    "kinds_named",
    "poll",
    "purge",
    "read_ahead",
    "read_claimed",
    "read_endpoint",
    "read_networks",
    "remove_stream",
    "remove_subject",
    "renew_secret",
    "replay",
    "require_events",
    "set_state",
    "types_of",
    "write_down",
]
