"""The registry's rules: four eyes, an unbroken journal, and a configuration that can always be made."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from rahdari.exchange.errors import ActRefused, JoinRefused, LogDamaged, UnknownAct
from rahdari.exchange.rules.changes import (
    draft_configuration,
    is_publication_due,
    require_officer_name,
    require_terms,
)
from rahdari.exchange.rules.membership import KEPT_AFTER_SECONDS, RENEWAL_AGE_MAX_SECONDS
from rahdari.exchange.rules.registration import (
    find_pending,
    missing_approvals,
    pending_of,
    perform,
    replay,
)
from rahdari.exchange.values.registrations import ProposalState, Register
from rahdari.kernel import Refused
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.act_token import read_act, sign_act
from rahdari.wire.ndel.acts import (
    NOTHING_BEFORE,
    REGISTRY,
    Act,
    Approved,
    Change,
    Declined,
    Deed,
    DismissOfficer,
    EnrolOfficer,
    Enter,
    EntryKind,
    Founded,
    Join,
    Officer,
    Proposed,
    Published,
    Reinstate,
    Remove,
    RemoveGateway,
    Renewed,
    SetTerms,
    Suspend,
    Terms,
    WithdrawKey,
)
from rahdari.wire.ndel.joining import RenewalRequest, sign_renewal
from rahdari.wire.ndel.parties import ConsentIssuer
from rahdari.wire.xroad import MemberId
from tests.unit.wire.ndel_scene import (
    DAY,
    NOW,
    certificate,
    full_configuration,
    gateway_of,
    keys_of,
    message_key,
    signed_join,
    signed_renewal,
)

KEY = SoftwareSigner.generate(Algorithm.EDDSA)
OFFICERS = {name: SoftwareSigner.generate(Algorithm.EDDSA) for name in ("one", "two", "three")}
MEMBER = MemberId("PK", "GOV", "1001")
FULL = full_configuration()
FOUNDED = Founded("PK", tuple(Officer(name, key.public) for name, key in OFFICERS.items()), Terms())


class Desk:
    """A registry's journal in memory: does acts, and keeps their lines."""

    def __init__(self, founded: Founded = FOUNDED, *, at: int = NOW) -> None:
        self.at = at
        self.lines: list[str] = []
        self.register: Register | None = None
        self.act(founded, REGISTRY)

    def act(self, deed: Deed, by: str, key: SoftwareSigner | None = None) -> Register:
        number, tip = (
            (0, NOTHING_BEFORE) if self.register is None else (self.register.number, self.register.tip)
        )
        act = Act(number, tip, self.at, by, deed)
        perform(self.register, act)
        line = sign_act(key or (KEY if by == REGISTRY else OFFICERS[by]), act)
        self.register = replay(self.register, read_act(line), KEY.public)
        self.lines.append(line)
        return self.register

    def decide(self, change: Change) -> Register:
        number = self.act(Proposed(change), "one").number - 1
        return self.act(Approved(number), "two")


def joined(*codes: str) -> Desk:
    desk = Desk()
    for code in codes or ("1001",):
        desk.decide(Join(signed_join(code)))
    return desk


def test_a_registry_begins_with_its_officers() -> None:
    register = Desk().register
    assert register is not None
    assert register.officers == {name: key.public for name, key in OFFICERS.items()}
    assert draft_configuration(register, at=NOW).version == 1


def test_a_change_counts_once_two_officers_signed_it() -> None:
    desk = Desk()
    register = desk.act(Proposed(Join(signed_join("1001"))), "one")
    proposal = pending_of(register)[0]
    assert register.members == {}
    assert missing_approvals(register, proposal) == 1
    register = desk.act(Approved(proposal.number), "two")
    assert set(register.members) == {MEMBER}
    assert register.proposals[proposal.number].state is ProposalState.DONE
    assert register.proposals[proposal.number].signed_by == {"one", "two"}
    assert pending_of(register) == ()


def test_one_officer_does_not_count_twice() -> None:
    desk = Desk()
    number = desk.act(Proposed(Enter(FULL.purposes[0])), "one").number - 1
    with pytest.raises(ActRefused, match="signed proposal"):
        desk.act(Approved(number), "one")


def test_an_officer_who_was_dismissed_no_longer_counts() -> None:
    desk = Desk()
    number = desk.act(Proposed(Enter(FULL.purposes[0])), "three").number - 1
    desk.decide(DismissOfficer("three"))
    register = desk.act(Approved(number), "one")
    assert missing_approvals(register, register.proposals[number]) == 1
    register = desk.act(Approved(number), "two")
    assert register.proposals[number].state is ProposalState.DONE


def test_where_one_approval_is_enough_a_proposal_is_done_at_once() -> None:
    desk = Desk(replace(FOUNDED, terms=Terms(approvals_min=1)))
    register = desk.act(Proposed(Enter(FULL.purposes[0])), "one")
    assert draft_configuration(register, at=NOW).purposes == (FULL.purposes[0],)


def test_one_officer_declines() -> None:
    desk = Desk()
    number = desk.act(Proposed(Enter(FULL.purposes[0])), "one").number - 1
    register = desk.act(Declined(number), "two")
    assert register.proposals[number].state is ProposalState.DECLINED
    with pytest.raises(ActRefused, match="declined already"):
        desk.act(Approved(number), "two")
    with pytest.raises(UnknownAct):
        find_pending(register, 99)


def test_what_could_not_be_done_any_more_is_refused_at_the_second_signature() -> None:
    desk = joined()
    number = desk.act(Proposed(Suspend(MEMBER)), "one").number - 1
    desk.decide(Suspend(MEMBER))
    with pytest.raises(ActRefused, match="suspended already"):
        desk.act(Approved(number), "two")


def test_a_member_is_suspended_and_reinstated() -> None:
    desk = joined()
    assert desk.decide(Suspend(MEMBER)).members[MEMBER].suspended_at == NOW
    assert desk.decide(Reinstate(MEMBER)).members[MEMBER].suspended_at is None
    for change in (Reinstate(MEMBER), Suspend(MemberId("PK", "GOV", "9"))):
        with pytest.raises((ActRefused, UnknownAct)):
            desk.act(Proposed(change), "one")


def test_a_member_that_joins_with_a_second_gateway_stays_suspended() -> None:
    desk = joined()
    desk.decide(Suspend(MEMBER))
    register = desk.decide(Join(signed_join("1001", "gw2")))
    assert register.members[MEMBER].suspended_at == NOW
    assert [one.id.server_code for one in register.members[MEMBER].gateways] == ["gw1", "gw2"]


def test_a_gateway_that_joins_anew_takes_its_own_place() -> None:
    desk = joined()
    register = desk.decide(Join(signed_join("1001", at=NOW + 1)))
    assert len(register.members[MEMBER].gateways) == 1


def test_a_request_for_another_instance_is_refused() -> None:
    desk = Desk(replace(FOUNDED, instance="CN"))
    with pytest.raises(JoinRefused, match="asks to join"):
        desk.act(Proposed(Join(signed_join("1001"))), "one")


def test_a_key_is_withdrawn_once_and_for_all() -> None:
    desk = joined()
    keyid = gateway_of("1001").keys[0].keyid
    register = desk.decide(WithdrawKey(keyid))
    assert register.members[MEMBER].gateways[0].keys[0].withdrawn_at == NOW
    with pytest.raises(ActRefused, match="withdrawn already"):
        desk.act(Proposed(WithdrawKey(keyid)), "one")
    with pytest.raises(UnknownAct):
        desk.act(Proposed(WithdrawKey("nobody")), "one")


def test_a_gateway_is_taken_out() -> None:
    desk = joined("1001", "1002")
    assert desk.decide(RemoveGateway(gateway_of("1001").id)).members[MEMBER].gateways == ()
    with pytest.raises(UnknownAct):
        desk.act(Proposed(RemoveGateway(gateway_of("1001").id)), "one")


def test_entries_come_and_go_by_kind_and_name() -> None:
    desk = joined()
    for entry in (
        FULL.purposes[0],
        FULL.timestampers[0],
        FULL.witnesses[0],
        FULL.pins[0],
        FULL.consent_issuers[0],
    ):
        desk.decide(Enter(entry))
    assert desk.register is not None
    drafted = draft_configuration(desk.register, at=NOW)
    assert drafted.purposes == FULL.purposes
    assert drafted.pins == FULL.pins
    assert drafted.consent_issuers == FULL.consent_issuers
    register = desk.decide(Remove(EntryKind.PIN, "CN"))
    assert draft_configuration(register, at=NOW).pins == ()
    with pytest.raises(UnknownAct):
        desk.act(Proposed(Remove(EntryKind.PIN, "CN")), "one")


def test_no_two_officers_agree_on_what_nobody_can_publish() -> None:
    desk = Desk()
    strange = ConsentIssuer(MemberId("PK", "GOV", "77"), (message_key(KEY),))
    for change in (Enter(strange), Enter(replace(FULL.pins[0], instance="PK"))):
        with pytest.raises(ActRefused, match="no configuration"):
            desk.act(Proposed(change), "one")


def test_officers_come_and_go_and_enough_stay() -> None:
    desk = Desk()
    key = SoftwareSigner.generate(Algorithm.EDDSA)
    assert "four" in desk.decide(EnrolOfficer(Officer("four", key.public))).officers
    for change in (EnrolOfficer(Officer("five", key.public)), DismissOfficer("nobody")):
        with pytest.raises((ActRefused, UnknownAct)):
            desk.act(Proposed(change), "one")
    desk.decide(SetTerms(Terms(approvals_min=4)))
    number = desk.register.number if desk.register else 0
    with pytest.raises(ActRefused, match="cannot be"):
        desk.act(Proposed(DismissOfficer("three")), "one")
    assert desk.register is not None
    assert desk.register.number == number


@pytest.mark.parametrize("name", ["", " ", REGISTRY, "a\nb", "x" * 65])
def test_an_officer_has_a_name_that_can_be_shown(name: str) -> None:
    with pytest.raises(ActRefused):
        require_officer_name(name)


@pytest.mark.parametrize(
    "terms",
    [Terms(0), Terms(4), Terms(2, 0), Terms(2, 30, 599), Terms(2, 30, 8 * 86_400), Terms(2, 200, 600)],
)
def test_terms_have_bounds(terms: Terms) -> None:
    with pytest.raises(ActRefused):
        require_terms(terms, officers=3)


def test_a_registry_is_founded_once_and_first() -> None:
    with pytest.raises(ActRefused, match="founded once"):
        Desk().act(FOUNDED, REGISTRY)
    with pytest.raises(ActRefused, match="first act"):
        perform(None, Act(0, NOTHING_BEFORE, NOW, REGISTRY, Approved(0)))
    twins = replace(FOUNDED, officers=(FOUNDED.officers[0], FOUNDED.officers[0]))
    with pytest.raises(ActRefused, match="one name or one key"):
        Desk(twins)


def test_the_journal_replayed_is_the_register() -> None:
    desk = joined("1001", "1002")
    desk.decide(Suspend(MEMBER))
    desk.act(Published(1, NOW + DAY, bytes(32)), REGISTRY)
    assert replayed(desk.lines) == desk.register


def replayed(lines: list[str]) -> Register | None:
    register = None
    for line in lines:
        register = replay(register, read_act(line), KEY.public)
    return register


@pytest.mark.parametrize("broken", ["cut out", "swapped", "doubled"])
def test_a_journal_that_was_altered_is_refused(broken: str) -> None:
    lines = joined("1001", "1002").lines
    altered = {
        "cut out": lines[:2] + lines[3:],
        "swapped": [lines[0], lines[2], lines[1], *lines[3:]],
        "doubled": [*lines[:3], lines[2], *lines[3:]],
    }[broken]
    with pytest.raises(LogDamaged, match="does not follow"):
        replayed(altered)


def test_a_line_of_another_past_is_refused() -> None:
    """An officer's line that followed another one cannot be put here, though its number fits."""
    register = Desk().register
    assert register is not None
    for previous in (bytes(32), bytes(range(32))):
        act = Act(register.number, previous, NOW, "one", Proposed(Enter(FULL.purposes[0])))
        with pytest.raises(LogDamaged, match="does not follow"):
            replay(register, read_act(sign_act(OFFICERS["one"], act)), KEY.public)


def test_acts_are_signed_by_whom_they_name() -> None:
    desk = Desk()
    register = desk.register
    assert register is not None
    for by, key, deed in (
        ("one", OFFICERS["two"], Proposed(Enter(FULL.purposes[0]))),
        ("nobody", OFFICERS["one"], Proposed(Enter(FULL.purposes[0]))),
        (REGISTRY, KEY, Proposed(Enter(FULL.purposes[0]))),
        ("one", OFFICERS["one"], Published(1, NOW + 9, bytes(32))),
        (REGISTRY, OFFICERS["one"], Published(1, NOW + 9, bytes(32))),
    ):
        line = sign_act(key, Act(register.number, register.tip, NOW, by, deed))
        with pytest.raises(LogDamaged):
            replay(register, read_act(line), KEY.public)


def test_versions_follow_one_another() -> None:
    desk = Desk()
    assert desk.act(Published(1, NOW + DAY, bytes(32)), REGISTRY).version == 1
    for version in (1, 3):
        with pytest.raises(ActRefused, match="does not follow"):
            desk.act(Published(version, NOW + DAY, bytes(32)), REGISTRY)


def test_a_configuration_is_signed_when_something_changed_or_a_quarter_of_its_validity_is_gone() -> None:
    desk = Desk()
    assert desk.register is not None
    assert is_publication_due(desk.register, at=NOW)
    register = desk.act(Published(1, NOW + DAY, bytes(32)), REGISTRY)
    for at, is_due in ((NOW, False), (NOW + DAY // 4 - 1, False), (NOW + DAY // 4, True), (NOW - 1, True)):
        assert is_publication_due(register, at=at) is is_due
    register = desk.act(Proposed(Enter(FULL.purposes[0])), "one")
    assert not is_publication_due(register, at=NOW)
    register = desk.act(Approved(register.number - 1), "two")
    assert is_publication_due(register, at=NOW)


def test_a_renewal_by_the_key_in_force_needs_no_officer() -> None:
    desk = joined()
    desk.at = NOW + 60 * DAY
    text, message, _ = signed_renewal("1001", at=desk.at)
    gateway = desk.act(Renewed(text), REGISTRY).members[MEMBER].gateways[0]
    assert [key.public for key in gateway.keys] == [gateway_of("1001").keys[0].public, message.public]
    assert len(gateway.certificates) == 2


def test_the_same_renewal_again_changes_nothing() -> None:
    desk = joined()
    text, _, _ = signed_renewal("1001", at=NOW)
    first = desk.act(Renewed(text), REGISTRY)
    assert desk.act(Renewed(text), REGISTRY).members == first.members


def test_the_old_keys_leave_a_day_after_they_ran_out() -> None:
    desk = joined()
    desk.at = NOW + 60 * DAY
    text, _, _ = signed_renewal("1001", at=desk.at)
    register = desk.act(Renewed(text), REGISTRY)
    ends = gateway_of("1001").keys[0].not_after
    for at, count in ((ends, 2), (ends + KEPT_AFTER_SECONDS - 1, 2), (ends + KEPT_AFTER_SECONDS, 1)):
        gateway = draft_configuration(register, at=at).members[0].gateways[0]
        assert len(gateway.keys) == count
    assert len(draft_configuration(register, at=ends + DAY).members[0].gateways[0].certificates) == 1


def refused_renewal(desk: Desk, text: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        desk.act(Renewed(text), REGISTRY)
    return refusal.value


def test_a_renewal_is_refused_where_nobody_in_good_standing_asks() -> None:
    text, _, _ = signed_renewal("1001", at=NOW)
    assert isinstance(refused_renewal(Desk(), text), JoinRefused)
    suspended = joined()
    suspended.decide(Suspend(MEMBER))
    assert "not in force" in refused_renewal(suspended, text).message
    withdrawn = joined()
    withdrawn.decide(WithdrawKey(gateway_of("1001").keys[0].keyid))
    assert "not in force" in refused_renewal(withdrawn, text).message


@pytest.mark.parametrize("late", [RENEWAL_AGE_MAX_SECONDS + 1, -RENEWAL_AGE_MAX_SECONDS - 1])
def test_an_old_renewal_is_refused(late: int) -> None:
    desk = joined()
    text, _, _ = signed_renewal("1001", at=NOW)
    desk.at = NOW + late
    refused_renewal(desk, text)


def test_a_certificate_that_is_not_in_force_is_refused() -> None:
    desk = joined()
    message, tls = SoftwareSigner.generate(Algorithm.EDDSA), generate_private_key(SECP256R1())
    der = certificate(tls, "127.0.0.1", begins=DAY)
    asked = RenewalRequest(NOW, gateway_of("1001").id, message_key(message), der)
    text = sign_renewal(asked, keys_of("1001").message, message=message, tls=SoftwareSigner(tls))
    assert "not in force by the registry's clock" in refused_renewal(desk, text).message


def test_a_key_that_ran_out_renews_nothing() -> None:
    desk = joined()
    desk.at = gateway_of("1001").keys[0].not_after
    text, _, _ = signed_renewal("1001", at=desk.at)
    assert "not in force" in refused_renewal(desk, text).message


def test_one_gateways_key_does_not_renew_anothers() -> None:
    desk = joined("1001", "1002")
    by_second, _, _ = signed_renewal("1001", at=NOW, by=keys_of("1002").message)
    assert isinstance(refused_renewal(desk, by_second), Refused)
    assert desk.register is not None
    assert len(desk.register.members[MEMBER].gateways[0].keys) == 1


def test_a_gateway_does_not_gather_keys_without_end() -> None:
    desk = joined()
    for _ in range(3):
        desk.act(Renewed(signed_renewal("1001", at=NOW)[0]), REGISTRY)
    assert "too often" in refused_renewal(desk, signed_renewal("1001", at=NOW)[0]).message
