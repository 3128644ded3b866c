"""The corridor in memory: an authority, gates that sync when they can, a wound clock, faults from a seed."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from typing_extensions import override

from rahdari.credentials import (
    FEATURES,
    OFFLINE,
    Act,
    Card,
    CardNumber,
    HeldList,
    Reason,
    Report,
    Snapshot,
    Stage,
    StatusPlace,
    Trust,
    VerdictKind,
    Verifier,
    accept,
    accept_list,
    examine,
)
from rahdari.credentials.errors import (
    HolderTaken,
    StatusListRefused,
    TrustRefused,
    WrongStage,
)
from rahdari.credentials.ports.store import Store
from rahdari.credentials.service import audit, cards, holders, keys, status
from rahdari.credentials.service.desk import Desk
from rahdari.wire.keys import Algorithm, PublicKey
from rahdari.wire.trust_list import KeyUse
from tests.fakes.credentials import RegisterInMemory, StoreInMemory
from tests.unit.credentials.scene import ISSUER, OFFICER, PORTRAIT, SECOND, Office, person
from tests.world.streams import Following, Line

FEATURES_OF_A_CARD = ("qr", "sd-jwt-vc")


class Killed(Exception):
    """The process died here."""


class MortalStore:
    """A store whose process dies at its ``life``-th call."""

    def __init__(self, store: StoreInMemory, life: int) -> None:
        self._store = store
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., object]:
        self._life -= 1
        if self._life < 0:
            raise Killed(name)
        found: Callable[..., object] = getattr(self._store, name)
        return found


class MortalRegister(RegisterInMemory):
    """A register in which a transaction can be told to die at a point of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.life: int | None = None

    @override
    @contextmanager
    def transaction(self) -> Iterator[StoreInMemory]:
        life, self.life = self.life, None
        with super().transaction() as store:
            yield store if life is None else cast("StoreInMemory", MortalStore(store, life))


@dataclass
class Gate:
    """An offline verifier: what it holds, and how far its clock is off."""

    name: str
    root: PublicKey
    trust: Trust
    clock_is_off: timedelta = timedelta(0)
    lists: dict[str, HeldList] = field(default_factory=dict)
    # The step of the newest publication that was taken: from then on the gate may not know less.
    knows_until: dict[str, int] = field(default_factory=dict)
    # Where it follows the status stream instead.
    following: Following | None = None

    def examine(self, raw: str, now: datetime) -> Report:
        by = Verifier(
            features=tuple(FEATURES.values()),
            trust=self.trust,
            policy=OFFLINE,
            statuses=self.snapshot(),
        )
        return examine(raw, by=by, at=now + self.clock_is_off)

    def snapshot(self) -> Snapshot:
        stream = self.following.stream if self.following else None
        return Snapshot(self.lists.values(), [stream] if stream else [])

    def knows(self, place: StatusPlace, *, dead_since: int, sequence: int) -> bool:
        """Whether it has been told of a death: by a list, or by the delta of that number."""
        if self.following is None:
            return self.knows_until.get(place.uri, 0) >= dead_since
        return self.following.stream is not None and self.following.stream.sequence >= sequence


@dataclass(frozen=True)
class Published:
    """A status list as it went out, and the step at which it did."""

    uri: str
    raw: bytes
    step: int


class Corridor:
    """Works at random from ``seed`` and checks after each step what must always hold."""

    def __init__(self, seed: int, *, gates: int = 4) -> None:
        self.random = random.Random(seed)
        self.office = Office(shard_entries=self.random.choice([8, 16, 33]), seed=seed)
        register = MortalRegister()
        register._rows = self.office.register._rows
        self.office.register = self.register = register
        self.step = 0
        self.people = 0
        self.published: list[Published] = []
        self.trust_lists = [self.office.trust_text]
        # Since which step a card is not in good standing; none while it is.
        self.dead_since: dict[CardNumber, int] = {}
        self.texts: dict[CardNumber, tuple[str, ...]] = {}
        self.gates = [
            Gate(f"gate {number}", self.office.root.public, self.office.trust()) for number in range(gates)
        ]
        self.line = Line(self.office, [], [])
        for gate in self.gates[::2]:
            gate.following = Following(self.office.authority.status_prefix, ISSUER)
        self.dead_by: dict[CardNumber, int] = {}
        self.told: dict[str, int] = {}

    def run(self, steps: int) -> None:
        """Take ``steps`` steps, then heal everything and see that nothing was lost."""
        deeds = [
            self.register_people, self.bulk_issue, self.bulk_issue, self.suspend, self.reinstate, self.revoke,
            self.replace, self.publish, self.publish, self.sync, self.sync, self.sync, self.pass_time,
            self.shake_a_clock, self.rotate, self.import_trust, self.ask_everywhere,
        ]  # fmt: skip
        for self.step in range(1, steps + 1):
            deed = self.random.choice(deeds)
            self.told[deed.__name__] = self.told.get(deed.__name__, 0) + 1
            deed()
            self.check()
        self.heal()

    # What the authority does.

    def register_people(self) -> None:
        first, count = self.people + 1, self.random.randint(1, 6)
        entries = [(person(number), PORTRAIT, "nic") for number in range(first, first + count)]
        self.people += count
        with self.desk() as desk:
            holders.register(desk, entries, actor=OFFICER)
        if self.random.random() < 0.3:
            # A request that is sent twice, since its first answer was lost, registers nobody twice.
            try:
                with self.desk() as desk:
                    holders.register(desk, entries, actor=OFFICER)
            except HolderTaken:
                return
            raise AssertionError("the same people were registered twice")

    def bulk_issue(self) -> None:
        """Issue what waits, in batches; now and then the process is killed in the middle of one."""
        if self.random.random() < 0.5:
            self.register.life = self.random.randint(0, 25)
        try:
            while self._issue_batch():
                pass
        except Killed:
            self.told["killed"] = self.told.get("killed", 0) + 1
        finally:
            self.register.life = None

    def _issue_batch(self) -> bool:
        with self.desk() as desk:
            issued = cards.issue(desk, desk.store.list_applied(None, limit=4), actor=OFFICER)
        if self.random.random() < 0.2:
            self.register.life = self.random.randint(0, 25)
        for card in issued:
            assert card.number not in self.texts, "a card was issued twice"
            self.texts[card.number] = self._read(card)
        return bool(issued)

    def _read(self, card: Card) -> tuple[str, ...]:
        with self.register.reading() as store:
            found = [store.find_pass(card.number, feature) for feature in FEATURES_OF_A_CARD]
        return tuple(one.payload.decode() for one in found if one is not None)

    def suspend(self) -> None:
        card = self._pick(Stage.ACTIVE)
        if card is None:
            return
        self._act_twice(card, Act.SUSPEND)
        self._note_death(card)
        # The very instant: the next question that begins sees it.
        assert self._ask_online(card) is VerdictKind.SUSPENDED

    def reinstate(self) -> None:
        card = self._pick(Stage.SUSPENDED)
        if card is None:
            return
        self._act_twice(card, Act.REINSTATE)
        del self.dead_since[card.number]
        assert self._ask_online(card) is VerdictKind.VALID

    def revoke(self) -> None:
        card = self._pick(Stage.ACTIVE)
        if card is None or self.random.random() < 0.6:
            return
        with self.desk() as desk:
            cards.act(desk, card.number, Act.PROPOSE_REVOCATION, actor=OFFICER)
        with self.desk() as desk:
            cards.act(desk, card.number, Act.REVOKE, actor=SECOND)
        self._note_death(card)
        assert self._ask_online(card) is VerdictKind.REVOKED

    def replace(self) -> None:
        card = self._pick(Stage.ACTIVE)
        if card is None or self.random.random() < 0.6:
            return
        with self.desk() as desk:
            cards.replace_card(desk, card.number, actor=OFFICER, reason=Reason.LOST)
        self._note_death(card)
        assert self._ask_online(card) is VerdictKind.REVOKED

    def _note_death(self, card: Card) -> None:
        self.dead_since[card.number] = self.step
        with self.register.reading() as store:
            last = store.find_last_delta()
        assert last is not None
        self.dead_by[card.number] = last.sequence

    def _act_twice(self, card: Card, what: Act) -> None:
        """Send a request, and perhaps again: the second time it is refused and changes nothing."""
        with self.desk() as desk:
            cards.act(desk, card.number, what, actor=OFFICER)
        if self.random.random() < 0.3:
            try:
                with self.desk() as desk:
                    cards.act(desk, card.number, what, actor=OFFICER)
            except WrongStage:
                return
            raise AssertionError("the same act was done twice")

    def publish(self) -> None:
        with self.desk() as desk:
            fresh = status.publish(desk, every=self.random.random() < 0.5)
        self.published += [Published(one.uri, one.cwt, self.step) for one in fresh]

    def rotate(self) -> None:
        if self.random.random() < 0.7:
            return
        with self.desk() as desk:
            keys.rotate(
                desk,
                self.random.choice(list(KeyUse)),
                algorithm=self.random.choice(list(Algorithm)),
                actor=OFFICER,
            )
        self.trust_lists.append(self.office.sign_trust_list())

    def pass_time(self) -> None:
        self.office.clock.wind(timedelta(seconds=self.random.choice([0, 1, 59, 3600, 40_000])))

    # What gates do, and what happens to them.

    def shake_a_clock(self) -> None:
        gate = self.random.choice(self.gates)
        gate.clock_is_off = timedelta(
            seconds=self.random.choice([0, 0, -30, 30, -4000, 4000, -90_000, 90_000])
        )

    def import_trust(self) -> None:
        gate, offered = self.random.choice(self.gates), self.random.choice(self.trust_lists)
        held = gate.trust.listed.sequence
        with suppress(TrustRefused):
            gate.trust = accept(
                offered, roots=[gate.root], held_sequence=held, at=self.office.clock.now() + gate.clock_is_off
            )
        assert gate.trust.listed.sequence >= held, "a trust list was rolled back"

    def sync(self) -> None:
        """Fetch the lists: some answers are lost, some are old ones that somebody kept."""
        gate = self.random.choice(self.gates)
        if gate.following:
            gate.following.hear(self.line, gate.trust, self.random, self._count)
            return
        newest = {one.uri: one for one in self.published}
        for uri, fresh in newest.items():
            luck = self.random.random()
            if luck < 0.25:
                continue
            old = [one for one in self.published if one.uri == uri]
            self._take(gate, fresh if luck < 0.8 else self.random.choice(old))

    def _count(self, what: str) -> None:
        self.told[what] = self.told.get(what, 0) + 1

    def _take(self, gate: Gate, offered: Published) -> None:
        try:
            held = accept_list(
                offered.raw,
                uri=offered.uri,
                trust=gate.trust,
                held=gate.lists.get(offered.uri),
                at=self.office.clock.now() + gate.clock_is_off,
                clock_skew=OFFLINE.clock_skew,
            )
        except StatusListRefused:
            self.told["list refused"] = self.told.get("list refused", 0) + 1
            return
        gate.lists[offered.uri] = held
        gate.knows_until[offered.uri] = max(offered.step, gate.knows_until.get(offered.uri, 0))

    def ask_everywhere(self) -> None:
        """Show every pass at every gate: what was published as dead is valid nowhere that took the list."""
        now = self.office.clock.now()
        for number, texts in self.texts.items():
            dead_since = self.dead_since.get(number)
            for gate in self.gates:
                for text in texts:
                    report = gate.examine(text, now)
                    self.told[report.verdict] = self.told.get(report.verdict, 0) + 1
                    if report.verified is None or dead_since is None:
                        continue
                    place = report.verified.terms.place
                    assert place is not None
                    knows = gate.knows(place, dead_since=dead_since, sequence=self.dead_by[number])
                    assert not knows, f"{gate.name} lets a dead pass through"
                    age = now + gate.clock_is_off - report.as_of
                    assert age <= OFFLINE.status_age_max, f"{gate.name} is valid beyond its age"

    # What must always hold.

    def check(self) -> None:
        with self.register.reading() as store:
            everyone = list(store.iterate_cards())
            places = set[tuple[str, int]]()
            for card in everyone:
                found = [store.find_pass(card.number, feature) for feature in FEATURES_OF_A_CARD]
                passes = [one for one in found if one is not None]
                assert len(passes) == (0 if card.valid_from is None else 2), "a card is half issued"
                fresh = {(one.place.uri, one.place.index) for one in passes}
                assert not fresh & places, "a status place is shared"
                assert len(fresh) == len(passes)
                places |= fresh
            decoys = [(one.shard, one.place) for one, is_decoy in store.iterate_standings() if is_decoy]
            assert sum(shard.taken for shard in store.list_shards()) == len(places) + len(decoys)
        issued = {card.number for card in everyone if card.valid_from is not None}
        assert issued == self.texts.keys(), "the register and the hands of the holders differ"

    def heal(self) -> None:
        """Everything works again: whoever waits gets a card, every gate knows all, the log is whole."""
        while self._heal_batch():
            pass
        self.office.clock.wind(timedelta(seconds=1))
        self.step += 1
        with self.desk() as desk:
            fresh = status.publish(desk, every=True)
        self.published += [Published(one.uri, one.cwt, self.step) for one in fresh]
        for gate in self.gates:
            gate.clock_is_off = timedelta(0)
            gate.trust = accept(
                self.office.trust_text,
                roots=[gate.root],
                held_sequence=gate.trust.listed.sequence,
                at=self.office.clock.now(),
            )
            for one in {one.uri: one for one in self.published}.values():
                if gate.following is None:
                    self._take(gate, one)
            if gate.following:
                gate.following.heal(self.line, gate.trust)
        self.check()
        self._check_the_end()

    def _heal_batch(self) -> bool:
        with self.desk() as desk:
            issued = cards.issue(desk, desk.store.list_applied(None, limit=100), actor=OFFICER)
        self.texts |= {card.number: self._read(card) for card in issued}
        return bool(issued)

    def _check_the_end(self) -> None:
        with self.register.reading() as store:
            everyone = list(store.iterate_cards())
            assert len(store.list_holders(after=None, limit=10_000)) == self.people, "a holder was lost"
        assert len({card.holder for card in everyone if card.stage is not Stage.REPLACED}) == self.people
        now = self.office.clock.now()
        for card in everyone:
            for gate in self.gates:
                verdicts = {gate.examine(text, now).verdict for text in self.texts[card.number]}
                assert (verdicts == {VerdictKind.VALID}) == (card.number not in self.dead_since)
        with self.desk() as desk:
            assert audit.verify_log(desk, keys.find_keys(desk, KeyUse.AUDIT)).faults == ()

    # Tools.

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        with self.office.writing() as desk:
            yield desk

    def _pick(self, stage: Stage) -> Card | None:
        with self.register.reading() as store:
            there = sorted(
                (one for one in store.iterate_cards() if one.stage is stage), key=lambda one: one.number
            )
        return self.random.choice(there) if there else None

    def _ask_online(self, card: Card) -> VerdictKind:
        """Ask the register itself, at this instant."""
        with self.register.reading() as store:
            asked: Store = store
            own = status.RegisterStatus(asked, self.office.clock.now(), issuer=ISSUER)
            policy = replace(OFFLINE, status_age_max=timedelta(seconds=1))
            by = self.office.verifier(statuses=own, policy=policy)
            verdicts = {self.office.examine(text, by=by).verdict for text in self.texts[card.number]}
        assert len(verdicts) == 1
        return verdicts.pop()
