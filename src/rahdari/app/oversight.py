"""Oversight of the house: uses told to their holders, flags for fraud officers, likely duplicates at enrolment."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rahdari import oversight
from rahdari.access.store import SqlStore as AccessStore
from rahdari.app.errors import FolderFailed
from rahdari.app.files import SECRET_MODE, read_limited
from rahdari.app.flag_audit import DECIDE_FLAG, OPEN_FLAG
from rahdari.app.flag_looks import FlagLook, enrolled_of, look_at, name_all
from rahdari.app.foundation import Foundation
from rahdari.app.holder_desk import CardUse
from rahdari.credentials import FEATURES, Act, CardNumber, Holder, HolderId, Outcome, Reason, Report
from rahdari.credentials.service import cards
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.audit import AuditEvent
from rahdari.credentials.values.cards import StatusPlace
from rahdari.database import DatabaseFailed
from rahdari.kernel import Actor, ActorKind, Problem, time_ordered_id
from rahdari.oversight import (
    BadDecision,
    Channel,
    Circumstances,
    Enrolled,
    Flag,
    FlagId,
    FlagState,
    Use,
    UseId,
    UseNotRecorded,
    Verdict,
    WatchPolicy,
)
from rahdari.oversight.rules.flags import require_fraud_officer
from rahdari.oversight.store import SqlStore as OversightStore

WATCH = Actor("watch", ActorKind.SYSTEM, frozenset())
"""Whoever opens flags: a rule, never a person. It decides none."""

_KEY_BYTES = 32
_BATCH = 500
# The steps of a verification up to "issuer may issue this product": past them, a pass is genuine.
_GENUINE_STEPS = 10


@dataclass(frozen=True, slots=True)
class ToldUse:
    """A use as its holder is told of it: with the institution's name beside its id."""

    use: Use
    institution: str


class Oversight:
    """Writes every use down before its answer leaves, and keeps what a human should look at."""

    def __init__(self, foundation: Foundation) -> None:
        """Work on the house's foundation."""
        self._on = foundation
        self._key: bytes | None = None
        # Of an earlier process there may be some; whether there are is looked up once.
        self._may_have_unlogged = True

    @property
    def policy(self) -> WatchPolicy:
        """The thresholds, by the settings."""
        settings = self._on.settings
        return WatchPolicy(
            speed_kmh_max=settings.travel_kmh_max,
            distance_km_min=settings.travel_km_min,
            clock_skew=timedelta(seconds=settings.clock_skew_seconds),
            uses_max=settings.uses_in_ten_minutes_max,
            institutions_max=settings.institutions_in_hour_max,
        )

    def list_uses(
        self, card: CardNumber, *, limit: int = 20, before: UseId | None = None
    ) -> tuple[ToldUse, ...]:
        """List a card's uses, the newest first; ``before`` is the last one that was read. Raises ``UnknownUse``."""
        with self._on.database.reading() as connection:
            uses = oversight.list_uses(OversightStore(connection), card, limit=limit, before=before)
            names = name_all(AccessStore(connection), {use.institution for use in uses})
        return tuple(ToldUse(use, names.get(use.institution, use.institution)) for use in uses)

    def list_card_uses(self, card: str, *, limit: int) -> Sequence[CardUse]:
        """List a card's uses for the holder's page, the newest first."""
        return [
            CardUse(
                at=told.use.at,
                institution=told.institution,
                purpose=told.use.purpose.value,
                place=told.use.place.name if told.use.place else "",
                channel=told.use.channel.value,
                verdict=told.use.verdict,
            )
            for told in self.list_uses(CardNumber(card), limit=limit)
        ]

    def record(
        self,
        card: CardNumber | None,
        told: Circumstances,
        *,
        asker: Actor,
        verdict: str,
        channel: Channel = Channel.ONLINE,
        ages: frozenset[int] = frozenset(),
    ) -> Use:
        """Write a use down, durably, before its answer leaves; what is unusual about it is flagged.

        A transaction of its own: the register's lock is not taken, and those of one card take turns. ``ages`` are
        those for which ``age_over`` is about to be answered.

        Raises:
            TooManyAges: the answer would tell the age itself and must not be given; nothing was written.
            UseNotRecorded: it could not be written; the answer must not be given.
        """
        at = self._on.clock.now()
        use = Use(
            id=UseId(time_ordered_id(at, self._on.chance)),
            card=card,
            institution=asker.id,
            at=at,
            purpose=told.purpose,
            place=told.place,
            channel=channel,
            verdict=verdict,
        )
        try:
            with self._on.database.transaction(lock=card and f"oversight {card}") as connection:
                store = OversightStore(connection)
                oversight.note_ages(store, use, ages)
                opened = oversight.record_use(store, use, chance=self._on.chance, policy=self.policy)
        except DatabaseFailed as failure:
            raise UseNotRecorded(
                "the record of this verification could not be written, so it is not answered: every holder is "
                f"told of every use ({failure.code}); try again"
            ) from None
        self._may_have_unlogged = self._may_have_unlogged or bool(opened)
        return use

    def log_openings(self) -> int:
        """Tell the audit log of the flags that uses have opened; gives how many.

        Apart from the use itself, which must not wait for whoever holds the register.
        """
        # Before looking: one that is opened meanwhile sets it again.
        self._may_have_unlogged, count = False, 0
        try:
            while self._is_unlogged():
                with self._on.watching() as (desk, store):
                    flag = oversight.take_unlogged(store)
                    if flag is not None:
                        desk.record(_opening(desk, flag))
                        count += 1
        except Problem:
            self._may_have_unlogged = True
            raise
        return count

    def log_openings_later(self) -> None:
        """Do the same after an answer has left: where the register is busy, the next call does it."""
        if self._may_have_unlogged:
            with suppress(Problem):
                self.log_openings()

    def _is_unlogged(self) -> bool:
        with self._on.database.reading() as connection:
            return OversightStore(connection).find_unlogged() is not None

    def list_flags(
        self,
        *,
        actor: Actor,
        state: FlagState | None = None,
        limit: int = 50,
        before: FlagId | None = None,
    ) -> tuple[Flag, ...]:
        """List flags, the newest first. Raises ``NotAllowed``, ``UnknownFlag``."""
        with self._on.database.reading() as connection:
            store = OversightStore(connection)
            return oversight.list_flags(store, by=actor, state=state, limit=limit, before=before)

    def get_flag(self, flag_id: FlagId, *, actor: Actor) -> Flag:
        """Get a flag with its evidence. Raises ``NotAllowed``, ``UnknownFlag``."""
        with self._on.database.reading() as connection:
            return oversight.get_flag(OversightStore(connection), flag_id, by=actor)

    def look_at_flag(self, flag_id: FlagId, *, actor: Actor) -> FlagLook:
        """Get a flag with what is needed to judge it, personal data too. Raises ``NotAllowed``, ``UnknownFlag``."""
        with self._on.auditing() as (desk, access, store, _):
            return look_at(oversight.get_flag(store, flag_id, by=actor), desk, access)

    def decide(self, flag_id: FlagId, verdict: Verdict, *, actor: Actor, suspend: bool = False) -> Flag:
        """Decide a flag; with ``suspend``, a confirmed one suspends its card in the same transaction.

        Raises:
            NotAllowed: the actor is no fraud officer, or may not suspend.
            UnknownFlag, FlagDecided, BadDecision, WrongStage: see there. Nothing was changed.
        """
        require_fraud_officer(actor)
        self.log_openings()
        with self._on.watching() as (desk, store):
            flag = oversight.decide(store, flag_id, verdict, by=actor, clock=self._on.clock)
            ground, about = verdict.ground.value, {"kind": flag.kind.value, "about": flag.subject}
            desk.record(
                desk.event(actor, DECIDE_FLAG, flag.id, reason=ground, outcome=flag.state.value, **about)
            )
            if suspend:
                cards.act(
                    desk, _card_to_suspend(flag), Act.SUSPEND, actor=actor, reason=Reason.FRAUD_SUSPECTED
                )
        return flag

    def watch_enrolment(self, desk: Desk, store: OversightStore, holders: Sequence[Holder]) -> None:
        """Flag whoever of these is likely registered already; within the transaction that registers them."""
        opened = oversight.watch_enrolment(
            store,
            _Register(desk),
            [enrolled_of(holder) for holder in holders],
            key=self.clue_key(),
            clock=self._on.clock,
            chance=self._on.chance,
        )
        for flag in opened:
            desk.record(_opening(desk, flag))
            store.set_logged(flag.id)

    def build_index(self, *, actor: Actor) -> int:
        """Index every registered holder anew, for a register older than the index; tells how many.

        Raises:
            NotAllowed: the actor is no fraud officer.
        """
        require_fraud_officer(actor)
        with self._on.watching() as (desk, store):
            return oversight.build_index(store, _batches(desk), key=self.clue_key())

    def forget_uses(self, *, actor: Actor) -> int:
        """Forget the uses that are older than the settings keep them; tells how many. Raises ``NotAllowed``."""
        require_fraud_officer(actor)
        now, kept = self._on.clock.now(), timedelta(days=self._on.settings.uses_kept_days)
        with self._on.database.transaction() as connection:
            oversight.forget_ages(OversightStore(connection), now)
            return oversight.forget_uses(OversightStore(connection), now - kept)

    def clue_key(self) -> bytes:
        """Give the key of the clues, made at the first call. Raises ``FolderFailed``.

        It lies in the home folder and not in the database, so that whoever has a copy of the tables alone
        cannot look names and days of birth up in them.
        """
        if self._key is None:
            self._key = _open_key(
                self._on.settings.home / "keys" / "clues.key", self._on.chance.bytes(_KEY_BYTES)
            )
        return self._key


def _opening(desk: Desk, flag: Flag) -> AuditEvent:
    return desk.event(WATCH, OPEN_FLAG, flag.id, kind=flag.kind.value, about=flag.subject)


def iterate_flags(store: OversightStore) -> Iterator[Flag]:
    """Go through every flag, the newest first, without holding them all."""
    last: Flag | None = None
    while page := store.list_flags(state=None, limit=_BATCH, before=last):
        yield from page
        last = page[-1]


def _card_to_suspend(flag: Flag) -> CardNumber:
    if flag.state is not FlagState.CONFIRMED or not flag.kind.is_of_card:
        raise BadDecision(
            f"a {flag.kind} flag that is {flag.state} suspends no card; confirm it without suspending, then "
            "suspend the card in question by itself"
        )
    return CardNumber(flag.subject)


def find_card_shown(desk: Desk, raw: str, report: Report) -> CardNumber | None:
    """Find the card of the pass that was shown, if the pass is genuine and of this register; else None.

    A pass that is suspended, expired or locked is genuine too: its holder is told that it was shown. One of
    another issuer may name a place in our lists, and is no card of ours for that.
    """
    if any(one.outcome is not Outcome.PASSED for one in report.checks[:_GENUINE_STEPS]):
        return None
    place = _own_place(raw, desk.authority.issuer)
    found = desk.store.find_card_at(place.uri, place.index) if place else None
    return found[0].number if found else None


def _own_place(raw: str, issuer: str) -> StatusPlace | None:
    for feature in FEATURES.values():
        if feature.recognises(raw):
            terms = feature.read(raw).content.terms
            return terms.place if terms.issuer == issuer else None
    return None


class _Register:
    """``oversight.Register``: holders of the desk's transaction."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def find_enrolled(self, holders: Sequence[str]) -> Mapping[str, Enrolled]:
        found = self._desk.store.find_holders([HolderId(one) for one in holders])
        return {holder.id: enrolled_of(holder) for holder in found.values()}


def _batches(desk: Desk) -> Iterator[Sequence[Enrolled]]:
    after: HolderId | None = None
    while batch := desk.store.list_holders(after=after, limit=_BATCH):
        yield [enrolled_of(one) for one in batch]
        after = batch[-1].id


def _open_key(path: Path, fresh: bytes) -> bytes:
    """Read the key; where there is none, ``fresh`` becomes it, for the first of all processes that try."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}.new")
        if not path.is_file():
            aside.unlink(missing_ok=True)
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE), "wb") as file:
                file.write(fresh)
                file.flush()
                os.fsync(file.fileno())
            try:
                # A link is made or refused, whole: of two processes, one wins and both read the same.
                path.hardlink_to(aside)
            except FileExistsError:
                pass
            finally:
                aside.unlink()
    except OSError as error:
        raise FolderFailed(f"cannot write {path.name}: {error.strerror}; nothing was changed") from None
    key = read_limited(path, size_bytes_max=_KEY_BYTES)
    if len(key) != _KEY_BYTES:
        raise FolderFailed(f"{path.name} is damaged; restore it from a backup, or remove it and index anew")
    return key
