"""Whatever officers do in whatever order: no change counts without two of them, and the journal is the register."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rahdari.exchange.errors import ActRefused, UnknownAct
from rahdari.exchange.rules.changes import draft_configuration
from rahdari.exchange.rules.registration import missing_approvals, perform, replay
from rahdari.exchange.values.registrations import ProposalState, Register
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.act_token import read_act, sign_act
from rahdari.wire.ndel.acts import (
    NOTHING_BEFORE,
    REGISTRY,
    Act,
    Approved,
    Declined,
    Deed,
    DismissOfficer,
    EnrolOfficer,
    Enter,
    EntryKind,
    Founded,
    Officer,
    Proposed,
    Published,
    Remove,
    SetTerms,
    Terms,
)
from rahdari.wire.ndel.configuration import decode, sign
from rahdari.wire.ndel.parties import Purpose
from tests.unit.wire.ndel_scene import NOW

KEY = SoftwareSigner.generate(Algorithm.EDDSA)
SIGNERS = {name: SoftwareSigner.generate(Algorithm.EDDSA) for name in ("one", "two", "three", "four")}
FIRST = ("one", "two", "three")
NAMES = st.sampled_from(sorted(SIGNERS))
CODES = st.sampled_from(["a", "b", "c"])


class Registry(RuleBasedStateMachine):
    """Three officers, a fourth who may come, and three purposes that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.register: Register | None = None
        self.lines: list[str] = []
        self.signed: dict[int, set[str]] = {}
        self.at = NOW
        self.act(
            Founded("PK", tuple(Officer(name, SIGNERS[name].public) for name in FIRST), Terms()), REGISTRY
        )

    def act(self, deed: Deed, by: str) -> bool:
        """Do an act as the registry does it; False where it is refused."""
        number, tip = (
            (0, NOTHING_BEFORE) if self.register is None else (self.register.number, self.register.tip)
        )
        act = Act(number, tip, self.at, by, deed)
        if by != REGISTRY and self.register is not None and by not in self.register.officers:
            return False
        try:
            perform(self.register, act)
        except (ActRefused, UnknownAct):
            return False
        self.lines.append(sign_act(KEY if by == REGISTRY else SIGNERS[by], act))
        self.register = replay(self.register, read_act(self.lines[-1]), KEY.public)
        if isinstance(deed, Proposed):
            self.signed[number] = {by}
        if isinstance(deed, Approved):
            self.signed[deed.proposal].add(by)
        return True

    @rule(by=NAMES, code=CODES)
    def enter(self, by: str, code: str) -> None:
        self.act(Proposed(Enter(Purpose(code, {"en": code}, "law"))), by)

    @rule(by=NAMES, code=CODES)
    def remove(self, by: str, code: str) -> None:
        self.act(Proposed(Remove(EntryKind.PURPOSE, code)), by)

    @rule(by=NAMES, name=NAMES)
    def dismiss(self, by: str, name: str) -> None:
        self.act(Proposed(DismissOfficer(name)), by)

    @rule(by=NAMES, name=NAMES)
    def enrol(self, by: str, name: str) -> None:
        self.act(Proposed(EnrolOfficer(Officer(name, SIGNERS[name].public))), by)

    @rule(by=NAMES, count=st.integers(0, 5))
    def set_terms(self, by: str, count: int) -> None:
        self.act(Proposed(SetTerms(Terms(max(2, count)))), by)

    @rule(by=NAMES, back=st.integers(1, 6))
    def approve(self, by: str, back: int) -> None:
        self.act(Approved(max(0, len(self.lines) - back)), by)

    @rule(by=NAMES, back=st.integers(1, 6))
    def decline(self, by: str, back: int) -> None:
        self.act(Declined(max(0, len(self.lines) - back)), by)

    @rule(seconds=st.integers(-3600, 3600))
    def publish(self, seconds: int) -> None:
        assert self.register is not None
        self.at += seconds
        drafted = draft_configuration(self.register, at=self.at)
        before = self.register.version
        assert decode(sign(KEY, drafted)).verify_with([KEY.public]) == drafted
        assert self.act(Published(drafted.version, drafted.expires, bytes(32)), REGISTRY)
        assert self.register.version == before + 1

    @invariant()
    def no_change_counts_without_two_officers(self) -> None:
        assert self.register is not None
        for number, proposal in self.register.proposals.items():
            assert proposal.signed_by == self.signed[number]
            if proposal.state is ProposalState.DONE:
                assert len(proposal.signed_by) >= 2
            if proposal.state is ProposalState.PENDING and not missing_approvals(self.register, proposal):
                # Terms that were lowered meanwhile count from the next signature on.
                assert len(proposal.signed_by) >= self.register.terms.approvals_min

    @invariant()
    def enough_officers_stay(self) -> None:
        assert self.register is not None
        assert len(self.register.officers) >= self.register.terms.approvals_min >= 2

    @invariant()
    def the_journal_is_the_register(self) -> None:
        register = None
        for line in self.lines:
            register = replay(register, read_act(line), KEY.public)
        assert register == self.register


Registry.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestRegistry = Registry.TestCase
