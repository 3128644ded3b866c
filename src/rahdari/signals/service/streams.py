"""Streams and their subjects, as institutions and operators manage them."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from rahdari.kernel import Chance, Clock
from rahdari.signals.errors import (
    BadEndpoint,
    TooManyStreams,
    TooManySubjects,
    TooSoon,
    UnknownStream,
    UnknownSubject,
    WrongMethod,
)
from rahdari.signals.ports import Store
from rahdari.signals.rules.endpoints import Network, read_endpoint, require_field
from rahdari.signals.service.notices import append
from rahdari.signals.values import (
    STREAMS_MAX,
    SUBJECTS_MAX,
    VERIFICATION_INTERVAL,
    Delivery,
    FreshStream,
    Kind,
    Method,
    Progress,
    State,
    Stream,
    StreamId,
    SubjectId,
    Wanted,
    Watching,
)

# 80 bits name a stream: unique, and no secret, for nobody reads another one's stream by knowing its id.
ID_BYTES = 10
# 128 bits name a subject: nobody may find the name that another institution knows a card by.
SUBJECT_BYTES = 16
# Standard Webhooks, "Signature scheme": 24 to 64 bytes.
SECRET_BYTES = 32
# For how long the former secret signs beside the new one.
SECRET_OVERLAP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to become otherwise of a stream; None leaves a thing as it is."""

    delivery: Delivery | None = None
    kinds: frozenset[Kind] | None = None
    description: str | None = None


def create_stream(
    store: Store,
    wanted: Wanted,
    institution: str,
    *,
    clock: Clock,
    chance: Chance,
    networks: Iterable[Network] = (),
) -> FreshStream:
    """Open a stream. The secret of a webhook is in the answer and is never shown again.

    Raises:
        TooManyStreams: the institution has ``STREAMS_MAX``.
        BadEndpoint: see there.
    """
    if len(store.list_streams(institution)) >= STREAMS_MAX:
        raise TooManyStreams(f"an institution has at most {STREAMS_MAX} streams; delete one, or change it")
    delivery = _checked(wanted.delivery, networks)
    secret = chance.bytes(SECRET_BYTES) if delivery.method is Method.WEBHOOK else None
    stream = Stream(
        id=StreamId(f"st_{_letters(chance.bytes(ID_BYTES))}"),
        institution=institution,
        delivery=delivery,
        kinds=wanted.kinds,
        created_at=clock.now(),
        description=wanted.description,
        secret=secret,
    )
    store.add_stream(stream)
    return FreshStream(stream, secret)


def get_stream(store: Store, stream: StreamId, institution: str | None = None) -> Stream:
    """Get a stream of this institution; of any, for the operator, if none is named.

    Raises:
        UnknownStream: there is none, or it is another one's.
    """
    found = store.find_stream(stream)
    if found is None or institution not in (None, found.institution):
        raise UnknownStream("there is no such stream among yours; list them, then try again")
    return found


def change_stream(
    store: Store,
    stream: StreamId,
    changes: Changes,
    institution: str,
    *,
    networks: Iterable[Network] = (),
) -> Stream:
    """Change a stream; its method stays, for its notices are numbered and signed for it.

    Raises:
        UnknownStream, BadEndpoint: see there.
        WrongMethod: another method is asked for.
    """
    before = get_stream(store, stream, institution)
    delivery = before.delivery
    if changes.delivery is not None:
        if changes.delivery.method is not delivery.method:
            raise WrongMethod("the method of a stream stays as it is; make another stream for another method")
        delivery = _checked(changes.delivery, networks)
    after = replace(
        before,
        delivery=delivery,
        kinds=before.kinds if changes.kinds is None else changes.kinds,
        description=before.description if changes.description is None else changes.description,
    )
    store.update_stream(after)
    if after.delivery != before.delivery:
        _try_at_once(store, stream)
    return after


def renew_secret(
    store: Store, stream: StreamId, institution: str, *, clock: Clock, chance: Chance
) -> FreshStream:
    """Give a webhook a new secret; the former one signs beside it for a day, so that nothing is missed.

    Raises:
        UnknownStream: see there.
        WrongMethod: the stream is no webhook.
    """
    before = get_stream(store, stream, institution)
    if before.secret is None:
        raise WrongMethod(
            "only a webhook is signed with a secret; this stream's events are signed with a key"
        )
    secret = chance.bytes(SECRET_BYTES)
    after = replace(
        before,
        secret=secret,
        former_secret=before.secret,
        former_until=clock.now() + SECRET_OVERLAP,
    )
    store.update_stream(after)
    return FreshStream(after, secret)


def remove_stream(store: Store, stream: StreamId, institution: str) -> Stream:
    """Delete a stream with all that it watches and all its notices. Raises ``UnknownStream``."""
    gone = get_stream(store, stream, institution)
    store.remove_stream(stream)
    return gone


def set_state(store: Store, stream: StreamId, state: State, institution: str) -> Stream:
    """Let the receiver enable, pause or disable its own stream. Raises ``UnknownStream``."""
    get_stream(store, stream, institution)
    store.set_state(stream, state, None)
    if state is State.ENABLED:
        _try_at_once(store, stream)
    return get_stream(store, stream, institution)


def impose_state(store: Store, stream: StreamId, state: State, why: str | None, *, clock: Clock) -> Stream:
    """Let the house change a stream's state, and tell the receiver (Shared Signals, 8.1.5).

    Must run under the fan-out's lock, for it numbers a notice. Raises ``UnknownStream``.
    """
    before = get_stream(store, stream)
    if before.state is state:
        return before
    store.set_state(stream, state, why)
    append(store, stream, Kind.STREAM_UPDATED, state.value, clock=clock)
    _try_at_once(store, stream)
    return get_stream(store, stream)


def ask_verification(
    store: Store, stream: StreamId, institution: str, *, state: str | None, clock: Clock
) -> None:
    """Number a verification event that echoes ``state``. Must run under the fan-out's lock.

    Raises:
        UnknownStream: see there.
        TooSoon: the last one was asked for less than ``VERIFICATION_INTERVAL`` ago.
    """
    get_stream(store, stream, institution)
    progress, now = store.get_progress(stream), clock.now()
    if progress.verified_at is not None and now - progress.verified_at < VERIFICATION_INTERVAL:
        left = VERIFICATION_INTERVAL - (now - progress.verified_at)
        raise TooSoon(max(1, -(-left // timedelta(seconds=1))))
    append(store, stream, Kind.VERIFICATION, state, clock=clock)
    store.set_verified(stream, now)


def add_subject(store: Store, stream: StreamId, card: str, institution: str, *, chance: Chance) -> Watching:
    """Watch a card that the institution was shown; gives the name that it alone knows the card by.

    The same card has the same name in all streams of one institution, and another name for every other.

    Raises:
        UnknownStream: see there.
        TooManySubjects: the stream watches ``SUBJECTS_MAX``.
    """
    get_stream(store, stream, institution)
    if store.count_watched(stream) >= SUBJECTS_MAX:
        raise TooManySubjects(
            f"a stream watches at most {SUBJECTS_MAX} subjects; remove some, or open another"
        )
    if store.find_subject(institution, card) is None:
        store.add_subject(SubjectId(f"s_{_letters(chance.bytes(SUBJECT_BYTES))}"), institution, card)
    subject = store.find_subject(institution, card)
    if subject is None:
        raise AssertionError("a subject was added and is not there")
    return Watching(subject, is_new=store.watch(stream, subject))


def remove_subject(store: Store, stream: StreamId, subject: SubjectId, institution: str) -> None:
    """Watch a card no more; the institution's name for it stays reserved.

    Raises:
        UnknownStream, UnknownSubject: see there.
    """
    get_stream(store, stream, institution)
    if not store.unwatch(stream, subject):
        raise UnknownSubject("this stream does not watch this subject; nothing was changed")


def _checked(delivery: Delivery, networks: Iterable[Network]) -> Delivery:
    if delivery.method is Method.POLL:
        # The receiver comes to us: an address of its own would never be used.
        return Delivery(Method.POLL)
    if delivery.url is None:
        raise BadEndpoint("this method needs endpoint_url, where the notices are sent to")
    read_endpoint(delivery.url, networks)
    if delivery.authorization is not None:
        require_field(delivery.authorization)
    return delivery


def _try_at_once(store: Store, stream: StreamId) -> None:
    """Forget past failures: somebody has just mended something."""
    store.put_progress(stream, Progress())


def _letters(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
