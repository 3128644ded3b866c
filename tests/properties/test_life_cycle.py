"""A register that is worked at random stands, after every step, where a model of ten lines says it stands."""

from datetime import timedelta
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typing_extensions import override

from rahdari.credentials import MOVES, Act, Card, Reason, Stage, VerdictKind
from rahdari.credentials.errors import CredentialsRefused
from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.status import standing_of
from rahdari.credentials.service import audit, cards, keys
from rahdari.credentials.values.cards import Standing
from rahdari.kernel import Actor, ActorKind
from rahdari.wire.status_stream import FIRST, Delta, decode
from rahdari.wire.trust_list.entities import KEYS_MAX, KeyUse
from tests.unit.credentials.scene import OFFICER, SECOND, Office, person

WAITS_MAX = KEYS_MAX // len(KeyUse) - 1
LIVE = {Stage.ISSUED, Stage.ACTIVE, Stage.SUSPENDED}
SYSTEM = Actor("system", ActorKind.SYSTEM, frozenset({"system"}))
CLERK = Actor("clerk", ActorKind.OFFICER, frozenset({"registrar"}))
ACTORS = (OFFICER, SECOND, CLERK)
ACTS = (Act.ACTIVATE, Act.SUSPEND, Act.REINSTATE, Act.PROPOSE_REVOCATION, Act.REVOKE)
VERDICTS = {
    Stage.ISSUED: VerdictKind.SUSPENDED,
    Stage.ACTIVE: VerdictKind.VALID,
    Stage.SUSPENDED: VerdictKind.SUSPENDED,
    Stage.REVOKED: VerdictKind.REVOKED,
    Stage.REPLACED: VerdictKind.REVOKED,
    Stage.EXPIRED: VerdictKind.EXPIRED,
}


class Known(NamedTuple):
    """What the model knows of a card: where it stands, and who proposed to revoke it."""

    stage: Stage
    proposer: str | None = None


class Register(RuleBasedStateMachine):
    """The service on the register in memory, beside the model."""

    @initialize()
    def found(self) -> None:
        self.office = Office(shard_entries=16)
        self.model: dict[str, Known] = {}
        self.people = self.waits = 0
        self.log = self._length()

    @rule()
    def apply(self) -> None:
        self.people += 1
        card = self.office.add(person(self.people))
        self.model[card.number] = Known(Stage.APPLIED)

    @rule(place=st.integers(0, 9), activate=st.booleans())
    def issue(self, place: int, *, activate: bool) -> None:
        card = self._card(place)
        if card is None:
            return
        was = self.model[card.number].stage
        try:
            self.office.issue(card, activate=activate)
        except CredentialsRefused:
            assert was is not Stage.APPLIED
        else:
            assert was is Stage.APPLIED
            self.model[card.number] = Known(Stage.ACTIVE if activate else Stage.ISSUED)

    @rule(
        place=st.integers(0, 9),
        what=st.sampled_from(ACTS),
        by=st.sampled_from(ACTORS),
        reason=st.none() | st.sampled_from(Reason),
    )
    def act(self, place: int, what: Act, by: Actor, reason: Reason | None) -> None:
        card = self._card(place)
        if card is None:
            return
        expected = self._expect(self.model[card.number], what, by, reason)
        try:
            self.office.act(card, what, by=by, reason=reason)
        except CredentialsRefused:
            assert expected is None
        else:
            assert expected is not None
            self.model[card.number] = expected

    @staticmethod
    def _expect(known: Known, what: Act, by: Actor, reason: Reason | None) -> Known | None:
        move = MOVES.get((known.stage, what))
        if move is None or not by.has_any(move.roles) or (reason is not None and reason not in move.reasons):
            return None
        if what is Act.REVOKE:
            return None if known.proposer in (None, by.id) else Known(Stage.REVOKED, known.proposer)
        if what is Act.PROPOSE_REVOCATION:
            return Known(known.stage, by.id)
        return Known(move.to, None if what is Act.REINSTATE else known.proposer)

    @rule(place=st.integers(0, 9))
    def replace(self, place: int) -> None:
        card = self._card(place)
        if card is None:
            return
        known = self.model[card.number]
        try:
            with self.office.writing() as desk:
                _, new = cards.replace_card(desk, card.number, actor=OFFICER, reason=Reason.LOST)
        except CredentialsRefused:
            assert known.stage not in LIVE | {Stage.EXPIRED} or (known.stage in LIVE and known.proposer)
        else:
            assert known.stage not in LIVE or known.proposer is None
            self.model[card.number] = Known(Stage.REPLACED, known.proposer)
            self.model[new.number] = Known(Stage.APPLIED)

    # Each wait renews all keys, and a trust list holds a limited number of them.
    @precondition(lambda self: self.waits < WAITS_MAX)
    @rule(days=st.sampled_from([1, 30, 1300]))
    def wait(self, days: int) -> None:
        self.waits += 1
        self.office.clock.wind(timedelta(days=days))
        self.office.renew_keys()
        with self.office.writing() as desk:
            cards.expire_due(desk, actor=SYSTEM)
            ended = {
                card.number
                for card in desk.store.iterate_cards()
                if card.expires is not None and card.expires <= self.office.clock.now()
            }
        for number, known in self.model.items():
            if number in ended and known.stage in LIVE:
                self.model[number] = Known(Stage.EXPIRED, known.proposer)

    @invariant()
    def the_register_stands_where_the_model_stands(self) -> None:
        with self.office.writing() as desk:
            stages = {card.number: card.stage for card in desk.store.iterate_cards()}
        assert stages == {number: known.stage for number, known in self.model.items()}

    @invariant()
    def the_stream_tells_what_the_cards_say(self) -> None:
        """The deltas, folded, are the lists; the lists are the standings of the cards' passes, and decoys."""
        folded: dict[tuple[int, int], Standing] = {}
        previous = FIRST
        with self.office.writing() as desk:
            for number, record in enumerate(desk.store.list_deltas(after=0, limit=10_000), 1):
                delta = decode(record.message).unverified
                assert isinstance(delta, Delta)
                assert (delta.sequence, delta.previous) == (number, previous)
                folded |= {(one.shard, one.place): standing_of(one.status) for one in delta.changes}
                previous = record.digest
            decoys = {one[:2] for one, is_decoy in desk.store.iterate_standings() if is_decoy}
            stages = {card.number: card.stage for card in desk.store.iterate_cards()}
            places = desk.store.find_places(list(stages))
        told = {place: one for place, one in folded.items() if place not in decoys}
        truth = {place: STANDINGS[stages[card]] for card, some in places.items() for place in some}
        assert {place: told.get(place, Standing.VALID) for place in truth} == truth
        assert told.keys() <= truth.keys()

    @invariant()
    def the_log_only_grows(self) -> None:
        length = self._length()
        assert length >= self.log
        self.log = length

    @override
    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        with self.office.writing() as desk:
            found = audit.verify_log(desk, keys.find_keys(desk, KeyUse.AUDIT))
            everyone = list(desk.store.iterate_cards())
        assert found.faults == ()
        by = self.office.verifier()
        for card in everyone:
            self._check_status(card, by)

    def _check_status(self, card: Card, by: object) -> None:
        with self.office.writing() as desk:
            passes = [desk.store.find_pass(card.number, feature) for feature in ("qr", "sd-jwt-vc")]
        for one in passes:
            assert (one is None) == (card.valid_from is None)
            if one is None:
                continue
            answer = self.office.snapshot().find_standing(one.place, issuer=self.office.authority.issuer)
            assert answer is not None
            assert (answer.standing is Standing.VALID) == (card.stage is Stage.ACTIVE)
            verdict = self.office.examine(one.payload.decode(), by=by).verdict  # type: ignore[arg-type]
            has_ended = card.expires is not None and card.expires <= self.office.clock.now()
            assert verdict is (VerdictKind.EXPIRED if has_ended else VERDICTS[card.stage])

    def _card(self, place: int) -> Card | None:
        with self.office.writing() as desk:
            everyone = sorted(desk.store.iterate_cards(), key=lambda card: card.number)
        return everyone[place % len(everyone)] if everyone else None

    def _length(self) -> int:
        with self.office.writing() as desk:
            return sum(1 for _ in desk.store.read_log())


TestRegister = Register.TestCase
TestRegister.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
