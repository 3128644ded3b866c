"""Who may look at a flag, and how it is decided once."""

from datetime import timedelta

import pytest

from rahdari.kernel import Actor, ActorKind
from rahdari.oversight import (
    GROUNDS,
    NOTE_CHARS_MAX,
    BadDecision,
    FlagDecided,
    FlagId,
    FlagKind,
    FlagState,
    Ground,
    NotAllowed,
    UnknownFlag,
    Verdict,
    decide,
    get_flag,
    list_flags,
    take_unlogged,
)
from tests.fakes.clock import WoundClock
from tests.fakes.oversight import OversightInMemory
from tests.unit.oversight.scene import COUNTER, FRAUD_OFFICER, flag

LENT = Verdict(FlagState.CONFIRMED, Ground.CARD_LENT)
OURS = FlagId("flag-0001")


@pytest.fixture
def store() -> OversightInMemory:
    made = OversightInMemory()
    made.add_flag(flag(1))
    return made


def test_a_fraud_officer_decides_once_and_it_stands(store: OversightInMemory, clock: WoundClock) -> None:
    decided = decide(store, OURS, LENT, by=FRAUD_OFFICER, clock=clock)
    assert decided.state is FlagState.CONFIRMED
    assert decided.decision is not None
    assert (decided.decision.by, decided.decision.at) == (FRAUD_OFFICER.id, clock.now())
    clock.wind(timedelta(hours=1))
    second = Verdict(FlagState.DISMISSED, Ground.WRONG_CLOCK)
    with pytest.raises(FlagDecided):
        decide(store, OURS, second, by=FRAUD_OFFICER, clock=clock)
    assert store.find_flag(OURS) == decided


@pytest.mark.parametrize(
    "stranger",
    [
        COUNTER,
        Actor("bank-1", ActorKind.INSTITUTION, frozenset({"verifier"})),
        Actor("operator", ActorKind.SYSTEM, frozenset()),
        Actor("watch", ActorKind.SYSTEM, frozenset()),
    ],
)
def test_nobody_else_looks_at_flags_or_decides_them(
    store: OversightInMemory, clock: WoundClock, stranger: Actor
) -> None:
    with pytest.raises(NotAllowed):
        list_flags(store, by=stranger)
    with pytest.raises(NotAllowed):
        get_flag(store, OURS, by=stranger)
    with pytest.raises(NotAllowed):
        get_flag(store, FlagId("of-no-flag"), by=stranger)
    with pytest.raises(NotAllowed):
        decide(store, OURS, LENT, by=stranger, clock=clock)
    assert store.find_flag(OURS) == flag(1)


@pytest.mark.parametrize("outcome", list(FlagState))
@pytest.mark.parametrize("ground", list(Ground))
def test_each_outcome_has_its_grounds_and_open_has_none(
    store: OversightInMemory, clock: WoundClock, outcome: FlagState, ground: Ground
) -> None:
    if ground in GROUNDS[outcome]:
        assert decide(store, OURS, Verdict(outcome, ground), by=FRAUD_OFFICER, clock=clock).state is outcome
        return
    with pytest.raises(BadDecision):
        decide(store, OURS, Verdict(outcome, ground), by=FRAUD_OFFICER, clock=clock)
    assert store.find_flag(OURS) == flag(1)


def test_every_ground_belongs_to_one_outcome() -> None:
    counted = [ground for grounds in GROUNDS.values() for ground in grounds]
    assert sorted(counted) == sorted(Ground)


@pytest.mark.parametrize("note", ["x" * (NOTE_CHARS_MAX + 1), "two\nlines", "nul\0", "\ud800"])
def test_a_note_is_one_short_line(store: OversightInMemory, clock: WoundClock, note: str) -> None:
    with pytest.raises(BadDecision):
        decide(
            store, OURS, Verdict(FlagState.CONFIRMED, Ground.CARD_LENT, note), by=FRAUD_OFFICER, clock=clock
        )


def test_a_flag_that_is_not_there_is_named_so(store: OversightInMemory, clock: WoundClock) -> None:
    with pytest.raises(UnknownFlag):
        decide(store, FlagId("flag-0404"), LENT, by=FRAUD_OFFICER, clock=clock)
    with pytest.raises(UnknownFlag):
        list_flags(store, by=FRAUD_OFFICER, before=FlagId("flag-0404"))


def test_flags_are_listed_by_state(store: OversightInMemory, clock: WoundClock) -> None:
    store.add_flag(flag(2, kind=FlagKind.IMPOSSIBLE_TRAVEL))
    decide(store, OURS, LENT, by=FRAUD_OFFICER, clock=clock)
    assert [one.id[-1] for one in list_flags(store, by=FRAUD_OFFICER)] == ["2", "1"]
    assert [one.id[-1] for one in list_flags(store, by=FRAUD_OFFICER, state=FlagState.OPEN)] == ["2"]


def test_an_opening_is_handed_to_the_log_once(store: OversightInMemory) -> None:
    assert take_unlogged(store) == flag(1)
    assert take_unlogged(store) is None
