"""Who becomes a principal, and who may make one."""

import pytest

from rahdari.access import (
    AccessRefused,
    BadName,
    BadRole,
    Enrolment,
    NameTaken,
    NotAllowed,
    Role,
    UnknownPrincipal,
    disable,
    enrol,
    find_principal_named,
    find_principals,
    get_principal,
    require_any,
)
from rahdari.access.values import PrincipalId
from rahdari.kernel import Actor, ActorKind, Refused
from tests.fakes.access import OPERATOR, AccessInMemory
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

COUNTER = Enrolment(ActorKind.OFFICER, "Sample Counter 3", frozenset({"issuer", "registrar"}))
BANK = Enrolment(ActorKind.INSTITUTION, "Sample Bank", frozenset({"verifier"}), frozenset({"age_over:18"}))


@pytest.fixture
def store() -> AccessInMemory:
    return AccessInMemory()


def refused(
    store: AccessInMemory, enrolment: Enrolment, kind: type[AccessRefused], by: Actor = OPERATOR
) -> str:
    with pytest.raises(kind) as caught:
        enrol(store, enrolment, by=by, clock=WoundClock(), chance=SeededChance())
    assert store.find_principals() == ()
    return str(caught.value)


def test_an_officer_is_enrolled_with_its_roles_and_an_id_that_tells_its_kind(
    store: AccessInMemory, clock: WoundClock, chance: SeededChance
) -> None:
    officer = enrol(store, COUNTER, by=OPERATOR, clock=clock, chance=chance)
    assert officer.id.startswith("officer-")
    assert officer.as_actor() == Actor(officer.id, ActorKind.OFFICER, frozenset({"issuer", "registrar"}))
    assert officer.enrolled_at == clock.now()
    assert find_principals(store) == (officer,)
    assert find_principal_named(store, "Sample Counter 3") == officer


def test_an_institution_is_enrolled_with_the_attributes_it_may_be_told(
    store: AccessInMemory, clock: WoundClock, chance: SeededChance
) -> None:
    bank = enrol(store, BANK, by=OPERATOR, clock=clock, chance=chance)
    assert bank.attributes == {"age_over:18"}
    assert bank.as_actor().has_any(frozenset({"verifier"}))


@pytest.mark.parametrize("kind", [ActorKind.OFFICER, ActorKind.INSTITUTION, ActorKind.VISITOR])
def test_nobody_but_the_operator_enrols_not_even_a_holder_of_every_role(
    store: AccessInMemory, kind: ActorKind
) -> None:
    refused(store, COUNTER, NotAllowed, by=Actor("ambitious", kind, frozenset(Role)))


def test_an_institution_cannot_act_on_passes_nor_an_officer_pose_as_an_institution(
    store: AccessInMemory,
) -> None:
    for kind, role in ((ActorKind.INSTITUTION, "issuer"), (ActorKind.OFFICER, "verifier")):
        assert role in refused(store, Enrolment(kind, "Sample", frozenset({role})), BadRole)


@pytest.mark.parametrize("roles", [frozenset[str](), frozenset({"king"}), frozenset({"issuer", ""})])
def test_a_role_nobody_knows_or_none_at_all_is_refused_with_the_choice(
    store: AccessInMemory, roles: frozenset[str]
) -> None:
    assert "registrar" in refused(store, Enrolment(ActorKind.OFFICER, "Sample", roles), BadRole)


@pytest.mark.parametrize("kind", [ActorKind.SYSTEM, ActorKind.VISITOR])
def test_a_visitor_and_the_operator_are_no_principals(store: AccessInMemory, kind: ActorKind) -> None:
    refused(store, Enrolment(kind, "Sample", frozenset({"issuer"})), BadRole)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "line\nbreak", "nul\x00", "half\ud800"])
def test_a_name_that_cannot_stand_on_one_line_is_refused_and_not_repeated(
    store: AccessInMemory, name: str
) -> None:
    sentence = refused(store, Enrolment(ActorKind.OFFICER, name, frozenset({"issuer"})), BadName)
    assert "120 printable characters" in sentence


def test_a_name_in_urdu_with_its_joining_marks_is_kept_in_one_spelling(
    store: AccessInMemory, clock: WoundClock, chance: SeededChance
) -> None:
    # U+0622 and U+0627 U+0653 are one letter in two spellings; U+200C is a joiner, not junk.
    decomposed = Enrolment(
        ActorKind.OFFICER, " \u0627\u0653\u0632\u0645\u0627\u0626\u0634\u200c\u06cc ", frozenset({"issuer"})
    )
    enrol(store, decomposed, by=OPERATOR, clock=clock, chance=chance)
    same = Enrolment(
        ActorKind.OFFICER, "\u0622\u0632\u0645\u0627\u0626\u0634\u200c\u06cc", frozenset({"issuer"})
    )
    with pytest.raises(NameTaken) as caught:
        enrol(store, same, by=OPERATOR, clock=clock, chance=chance)
    assert same.name not in str(caught.value), "an officer's name is personal"


@pytest.mark.parametrize(
    "attributes",
    [frozenset({"Name"}), frozenset({""}), frozenset({"a" * 41}), frozenset(map(str, range(65)))],
)
def test_an_attribute_of_another_form_is_refused(store: AccessInMemory, attributes: frozenset[str]) -> None:
    refused(store, Enrolment(ActorKind.INSTITUTION, "Sample", frozenset({"verifier"}), attributes), BadName)


def test_more_attributes_than_there_can_be_are_refused(store: AccessInMemory) -> None:
    many = frozenset(f"a{number}" for number in range(65))
    refused(store, Enrolment(ActorKind.INSTITUTION, "Sample", frozenset({"verifier"}), many), BadName)


def test_an_officer_is_told_no_attributes(store: AccessInMemory) -> None:
    refused(
        store, Enrolment(ActorKind.OFFICER, "Sample", frozenset({"issuer"}), frozenset({"name"})), BadRole
    )


def test_an_id_of_nobody_is_named_in_the_refusal(store: AccessInMemory) -> None:
    with pytest.raises(UnknownPrincipal, match="officer-nobody"):
        get_principal(store, PrincipalId("officer-nobody"))
    with pytest.raises(UnknownPrincipal):
        disable(store, PrincipalId("officer-nobody"), by=OPERATOR, clock=WoundClock())


def test_only_the_operator_disables(store: AccessInMemory, clock: WoundClock, chance: SeededChance) -> None:
    officer = enrol(store, COUNTER, by=OPERATOR, clock=clock, chance=chance)
    with pytest.raises(NotAllowed):
        disable(store, officer.id, by=officer.as_actor(), clock=clock)
    assert get_principal(store, officer.id).disabled_at is None


def test_a_role_that_is_needed_is_named_and_no_role_opens_nothing() -> None:
    auditor = Actor("officer-1", ActorKind.OFFICER, frozenset({"auditor"}))
    require_any(auditor, frozenset({"auditor", "supervisor"}))
    with pytest.raises(NotAllowed, match="issuer, registrar"):
        require_any(auditor, frozenset({"registrar", "issuer"}))
    with pytest.raises(NotAllowed):
        require_any(auditor, frozenset())


def test_every_refusal_has_a_code_of_this_room() -> None:
    leaves = AccessRefused.__subclasses__()
    assert issubclass(AccessRefused, Refused)
    assert len({leaf.code for leaf in leaves}) == len(leaves)
    assert all(leaf.code.startswith("access.") for leaf in leaves)
