"""Subscriptions: who is told of suspensions, and everything that the deliverer and the edges need of them."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rahdari import signals
from rahdari.access import PrincipalId
from rahdari.access.store import SqlStore as AccessStore
from rahdari.app.authority import AuthorityOffice
from rahdari.app.foundation import Foundation
from rahdari.app.oversight import Oversight, find_card_shown
from rahdari.app.signal_audit import BECAME, CHANGE_STREAM, DELETE_STREAM, OPEN_STREAM, fingerprint_of_stream
from rahdari.credentials import Act, KeyUse
from rahdari.credentials.ports.store import StreamStore
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.keys import ECHO
from rahdari.credentials.store import SqlStore as RegisterStore
from rahdari.credentials.store.stream import STREAM_CHANNEL
from rahdari.credentials.values.status import StandingChanged
from rahdari.database import Listener
from rahdari.kernel import Actor
from rahdari.oversight import Circumstances, Purpose, UseNotRecorded
from rahdari.signals import (
    FreshStream,
    Happening,
    Initiator,
    Kind,
    Method,
    Notice,
    Outcome,
    PassNotGood,
    Polled,
    Progress,
    Slots,
    State,
    Stream,
    StreamId,
    SubjectId,
    Wanted,
)
from rahdari.signals.store import FAN_OUT_LOCK
from rahdari.signals.store import SqlStore as SignalStore
from rahdari.wire import security_events
from rahdari.wire.keys import Signer

_WATCHING = Circumstances(Purpose.WATCHING)


@dataclass(frozen=True, slots=True)
class StreamReport:
    """A stream and how it fares."""

    stream: Stream
    progress: Progress
    pending: int
    watched: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One message ready to be sent: under which id, and its bytes."""

    order: int
    id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent to one stream, in order."""

    stream: Stream
    letters: tuple[Letter, ...]
    is_failing: bool = False


class Outbox:
    """``signals.Happenings`` from the register's own outbox."""

    def __init__(self, register: StreamStore) -> None:
        """Read in the transaction of ``register``."""
        self._register = register

    def read(self, *, after: int, limit: int) -> tuple[Happening, ...]:
        """Read what follows ``after``, in order."""
        return tuple(_happening(one) for one in self._register.read_outbox(after=after, limit=limit))


class SignalOffice:
    """Opens streams for institutions, keeps what they watch, and hands out what is to be sent."""

    def __init__(self, foundation: Foundation, authority: AuthorityOffice, oversight: Oversight) -> None:
        """Work on the house's foundation; ``authority`` verifies the passes that are shown.

        ``oversight`` writes down that they were.
        """
        self._on = foundation
        self._authority = authority
        self._oversight = oversight
        self.networks = signals.read_networks(foundation.settings.signal_networks)

    @property
    def issuer(self) -> str:
        """Who signs events: the address of this server (Shared Signals, 7.1, issuer)."""
        return self._on.settings.public_url.rstrip("/")

    def create(self, wanted: Wanted, *, actor: Actor) -> FreshStream:
        """Open a stream of the acting institution. Raises ``SignalsRefused``."""
        on = self._on
        with self._on.subscribing() as (store, log):
            fresh = signals.create_stream(
                store, wanted, actor.id, clock=on.clock, chance=on.chance, networks=self.networks
            )
            _record(log(), OPEN_STREAM, fresh.stream, actor)
        return fresh

    def get(self, stream: StreamId, *, actor: Actor) -> Stream:
        """Get a stream of the acting institution. Raises ``UnknownStream``."""
        with self._reading() as store:
            return signals.get_stream(store, stream, actor.id)

    def list_streams(self, *, actor: Actor | None = None) -> tuple[Stream, ...]:
        """List an institution's streams; all of them for the operator."""
        with self._reading() as store:
            return store.list_streams(actor.id if actor else None)

    def report(self, stream: StreamId, *, actor: Actor | None = None) -> StreamReport:
        """Tell how a stream fares. Raises ``UnknownStream``."""
        with self._reading() as store:
            found = signals.get_stream(store, stream, actor.id if actor else None)
            counts = store.count_pending(stream), store.count_watched(stream)
            return StreamReport(found, store.get_progress(stream), *counts)

    def change(self, stream: StreamId, changes: signals.Changes, *, actor: Actor) -> Stream:
        """Change a stream. Raises ``SignalsRefused``."""
        with self._on.subscribing() as (store, log):
            changed = signals.change_stream(store, stream, changes, actor.id, networks=self.networks)
            _record(log(), CHANGE_STREAM, changed, actor)
        return changed

    def renew_secret(self, stream: StreamId, *, actor: Actor) -> FreshStream:
        """Give a webhook a new secret, beside the former one for a day. Raises ``SignalsRefused``."""
        on = self._on
        with self._on.subscribing() as (store, log):
            fresh = signals.renew_secret(store, stream, actor.id, clock=on.clock, chance=on.chance)
            _record(log(), CHANGE_STREAM, fresh.stream, actor)
        return fresh

    def remove(self, stream: StreamId, *, actor: Actor) -> None:
        """Delete a stream and all that is kept of it. Raises ``UnknownStream``."""
        with self._on.subscribing() as (store, log):
            gone = signals.remove_stream(store, stream, actor.id)
            _record(log(), DELETE_STREAM, gone, actor)

    def set_state(self, stream: StreamId, state: State, *, actor: Actor) -> Stream:
        """Let an institution enable, pause or disable its stream. Raises ``UnknownStream``."""
        with self._writing() as store:
            return signals.set_state(store, stream, state, actor.id)

    def impose(self, stream: StreamId, state: State, why: str | None = None) -> Stream:
        """Let the operator change a stream's state; its receiver is told. Raises ``UnknownStream``."""
        with self._numbering() as store:
            return signals.impose_state(store, stream, state, why, clock=self._on.clock)

    def ask_verification(self, stream: StreamId, *, state: str | None, actor: Actor) -> None:
        """Send a verification event that echoes ``state``. Raises ``UnknownStream``, ``TooSoon``."""
        with self._numbering() as store:
            signals.ask_verification(store, stream, actor.id, state=state, clock=self._on.clock)

    def add_subject(self, stream: StreamId, shown: str, *, actor: Actor) -> SubjectId:
        """Watch the card of a pass that was shown to the institution. Its holder reads of it, refused or not.

        The pass is verified before and after the watch is kept. A suspension in between is thus either
        seen by the second look, or comes after it and is told: none falls between the two.

        Raises:
            PassNotGood: it is not valid here and now; nothing is watched.
            UseNotRecorded: the holder could not be told of it; nothing is watched and nothing answered.
            UnknownStream, TooManySubjects: see there.
        """
        # Whoever has no such stream learns nothing of the pass.
        self.get(stream, actor=actor)
        card = self._card_of(shown, actor)
        with self._writing() as store:
            watching = signals.add_subject(store, stream, card, actor.id, chance=self._on.chance)
        try:
            self._card_of(shown, actor, is_recorded=True)
        except (PassNotGood, UseNotRecorded):
            if watching.is_new:
                self.remove_subject(stream, watching.subject, actor=actor)
            raise
        return watching.subject

    def _card_of(self, shown: str, actor: Actor, *, is_recorded: bool = False) -> str:
        """Verify a pass; each verdict that is told, now or by a refusal, is written down before it leaves."""
        report = self._authority.examine(shown)
        with self._on.reading() as desk:
            card = find_card_shown(desk, shown, report)
        is_good = report.verified is not None and card is not None
        if not (is_good and is_recorded):
            self._oversight.record(card, _WATCHING, asker=actor, verdict=report.verdict.value)
        if is_good and card is not None:
            return card
        what = report.verdict.value if report.verified is None else "from another authority"
        raise PassNotGood(f"the pass is {what}; only the card of a valid pass of this authority is watched")

    def remove_subject(self, stream: StreamId, subject: SubjectId, *, actor: Actor) -> None:
        """Watch a card no more. Raises ``UnknownStream``, ``UnknownSubject``."""
        with self._writing() as store:
            signals.remove_subject(store, stream, subject, actor.id)

    def list_watchers(self, card: str) -> tuple[str, ...]:
        """List the institutions that are told of this card, by their names, for its holder."""
        with self._on.database.reading() as connection:
            ids, known = SignalStore(connection).list_watching(card), AccessStore(connection)
            found = {one: known.find_principal(PrincipalId(one)) for one in ids}
        return tuple(sorted(one.name if one else name for name, one in found.items()))

    def poll(
        self,
        stream: StreamId,
        *,
        acknowledged: Collection[str],
        refused: Collection[str],
        limit: int,
        actor: Actor,
    ) -> tuple[Polled, dict[str, str]]:
        """Take acknowledgements and give what waits, as signed events by id. Raises ``WrongMethod``."""
        self.fan_out()
        with self._writing() as store:
            found = signals.get_stream(store, stream, actor.id)
            polled = signals.poll(
                store,
                found,
                acknowledged=acknowledged,
                refused=refused,
                limit=limit,
                clock=self._on.clock,
            )
        letters = self._write(found, polled.notices, self._signer() if polled.notices else None)
        return polled, {one.id: one.body.decode("ascii") for one in letters}

    def replay(self, stream: StreamId, *, after: int, actor: Actor | None = None) -> int:
        """Send everything after order ``after`` again. Raises ``UnknownStream``, ``NotKept``."""
        with self._writing() as store:
            signals.get_stream(store, stream, actor.id if actor else None)
            return signals.replay(store, stream, after=after)

    def public_keys(self) -> list[dict[str, str]]:
        """Give the public keys that events may be signed with, as a JWK set holds them (RFC 7517, 5)."""
        now = self._on.clock.now()
        with self._on.reading() as desk:
            keys = [one for one in desk.store.list_keys() if one.use is KeyUse.ANSWER]
        return [
            one.public.as_jwk() for one in keys if one.withdrawn_at is None and now < one.not_after + ECHO
        ]

    def fan_out(self) -> int:
        """Number notices for everything that happened since the last time; tells how many were made."""
        made = 0
        while True:
            with self._on.database.reading() as connection:
                outbox = Outbox(RegisterStore(connection))
                ahead = signals.read_ahead(SignalStore(connection), outbox)
            if not ahead.happenings:
                return made
            with self._numbering() as store:
                made += signals.fan_out(store, ahead, clock=self._on.clock)

    def claim(self, owner: str, slots: Slots, *, patience: signals.Patience) -> tuple[Parcel, ...]:
        """Hold streams that are due and write their messages, signed. Writes nothing where none is due.

        What is read is read outside the transaction that writes: a suspension might wait for that one.
        """
        with self._reading() as store:
            due = signals.find_due(store, clock=self._on.clock, slots=slots)
        if not due:
            return ()
        with self._numbering() as store:
            until = signals.claim(store, due, owner, clock=self._on.clock, patience=patience)
        with self._reading() as store:
            claimed = signals.read_claimed(store, owner, until)
        needs_key = any(one.stream.delivery.method is Method.PUSH for one in claimed)
        signer = self._signer() if needs_key else None
        return tuple(
            Parcel(one.stream, self._write(one.stream, one.notices, signer), one.progress.attempts > 0)
            for one in claimed
        )

    def note(self, outcomes: Sequence[Outcome], owner: str, *, patience: signals.Patience) -> None:
        """Note how sending went, all in one short transaction."""
        on = self._on
        with self._reading() as store:
            judged = signals.judge(store, outcomes, clock=on.clock, patience=patience, chance=on.chance)
        # To give a stream up is to number a notice of it.
        gives_up = any(one.why is not None for one in judged)
        with self._numbering() if gives_up else self._writing() as store:
            signals.write_down(store, judged, owner, clock=on.clock)

    def let_go(self, streams: Collection[StreamId], owner: str) -> None:
        """Hold streams no more that were not sent by."""
        with self._writing() as store:
            store.release(streams, owner)

    def purge(self) -> int:
        """Forget notices that are older than what is kept."""
        with self._writing() as store:
            return signals.purge(store, clock=self._on.clock)

    def listen(self) -> Listener:
        """Begin to hear of changes of standing, in this process or another; ``close`` ends it."""
        return self._on.database.listen(STREAM_CHANNEL)

    def new_owner(self) -> str:
        """Draw a name for one deliverer, unlike that of any other."""
        return self._on.chance.bytes(12).hex()

    def now(self) -> int:
        """Tell the present second since 1970, for the header of an attempt."""
        return int(self._on.clock.now().timestamp())

    def secrets_of(self, stream: Stream) -> list[bytes]:
        """List the secrets that sign a webhook now, the present one first."""
        former = stream.former_secret
        is_over = stream.former_until is None or self._on.clock.now() >= stream.former_until
        return [one for one in (stream.secret, None if is_over else former) if one is not None]

    def _write(self, stream: Stream, notices: Sequence[Notice], signer: Signer | None) -> tuple[Letter, ...]:
        return tuple(Letter(one.order, one.id, self._body(stream, one, signer)) for one in notices)

    def _body(self, stream: Stream, notice: Notice, signer: Signer | None) -> bytes:
        if stream.delivery.method is Method.WEBHOOK:
            return signals.as_webhook(notice)
        if signer is None or notice.kind is Kind.STANDING:
            raise AssertionError("a security event needs a key and an event type")
        return security_events.sign(signer, signals.as_event(notice, stream, self.issuer)).encode("ascii")

    def _signer(self) -> Signer:
        with self._on.reading() as desk:
            return desk.signer(KeyUse.ANSWER)

    @contextmanager
    def _reading(self) -> Iterator[SignalStore]:
        with self._on.database.reading() as connection:
            yield SignalStore(connection)

    @contextmanager
    def _writing(self) -> Iterator[SignalStore]:
        with self._on.database.transaction() as connection:
            yield SignalStore(connection)

    @contextmanager
    def _numbering(self) -> Iterator[SignalStore]:
        """Write alone in all processes: orders have no gaps, and a stream changes for one at a time."""
        with self._on.database.transaction(lock=FAN_OUT_LOCK) as connection:
            yield SignalStore(connection)


def _record(desk: Desk, act: str, stream: Stream, actor: Actor) -> None:
    digest, method = fingerprint_of_stream(stream), stream.delivery.method.value
    desk.record(desk.event(actor, act, stream.id, digest=digest, method=method))


def _happening(changed: StandingChanged) -> Happening:
    by = Initiator.SYSTEM if changed.act is Act.EXPIRE else Initiator.ADMIN
    return Happening(changed.position, changed.at, changed.card, BECAME[changed.became], by)
