"""Whether a consent covers a call: each step refuses by its own name, and nothing is accepted in doubt."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rahdari.exchange.errors import ConsentFault, ConsentRefused
from rahdari.exchange.rules.consents import (
    SKEW_SECONDS,
    STATUS_AGE_SECONDS_MAX,
    AskedConsent,
    HeldConsent,
    KnownStatus,
    VerifiedConsents,
    require_consent,
    require_scope,
    require_standing,
)
from rahdari.exchange.values.services import ConsentRule
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from rahdari.wire.ndel import consent_token
from rahdari.wire.ndel.consents import Consent
from rahdari.wire.xroad import MemberId, ServiceId, SubsystemId
from tests.unit.exchange.evidence_scene import ISSUER_KEY, PERSON, SECONDS, consent
from tests.unit.exchange.exchange_scene import BANK, REGISTRY, STATUS

ASKED = AskedConsent(BANK, STATUS, "lending", frozenset({"status"}), PERSON)
FRESH = KnownStatus(0, 3.0)


class Issuers:
    """Whose keys are in force; a test changes it."""

    def __init__(self, *keys: PublicKey) -> None:
        self.keys = {REGISTRY.member: keys or (ISSUER_KEY.public,)}
        self.asked = 0

    def consent_keys(self, issuer: MemberId, at: int) -> Sequence[PublicKey]:
        self.asked += 1
        return self.keys.get(issuer, ())


def signed(**changes: object) -> str:
    return consent_token.sign(ISSUER_KEY, consent(**changes))


def held(**changes: object) -> HeldConsent:
    return VerifiedConsents().open(signed(**changes), issuers=Issuers(), at=SECONDS)


def fault_of(text: str | None, issuers: Issuers | None = None, *, at: int = SECONDS) -> ConsentFault:
    with pytest.raises(ConsentRefused) as refused:
        VerifiedConsents().open(text, issuers=issuers or Issuers(), at=at)
    return refused.value.fault


def test_a_consent_that_covers_the_call_and_stands_is_given() -> None:
    one = held()
    given = require_consent(one, ASKED, FRESH)
    assert (given.id, given.digest, given.status_age_seconds) == ("c-1", one.digest, 3.0)


@pytest.mark.parametrize("text", [None, "", "none"])
def test_no_consent_is_no_consent(text: str | None) -> None:
    assert fault_of(text) is ConsentFault.MISSING


@pytest.mark.parametrize("text", ["a.b.c", "x" * 3000, "\ud800", "…", signed()[:-1] + "!"])
def test_what_cannot_be_read_is_refused_by_name(text: str) -> None:
    assert fault_of(text) is ConsentFault.UNREADABLE


def test_an_issuer_that_nobody_named_issues_nothing() -> None:
    assert fault_of(signed(issuer=MemberId("PK", "COM", "2002"))) is ConsentFault.ISSUER


def test_another_key_than_the_issuers_makes_no_consent() -> None:
    stranger = SoftwareSigner.generate(Algorithm.EDDSA)
    assert fault_of(signed(), Issuers(stranger.public)) is ConsentFault.SIGNATURE
    VerifiedConsents().open(signed(), issuers=Issuers(stranger.public, ISSUER_KEY.public), at=SECONDS)


@pytest.mark.parametrize(
    ("changes", "is_good"),
    [
        ({"not_before": SECONDS + SKEW_SECONDS}, True),
        ({"not_before": SECONDS + SKEW_SECONDS + 1}, False),
        ({"issued_at": SECONDS + SKEW_SECONDS + 1}, False),
        ({"expires": SECONDS - SKEW_SECONDS + 1, "not_before": 1, "issued_at": 1}, True),
        ({"expires": SECONDS - SKEW_SECONDS, "not_before": 1, "issued_at": 1}, False),
    ],
)
def test_times_hold_give_or_take_two_minutes(changes: dict[str, Any], *, is_good: bool) -> None:
    if is_good:
        held(**changes)
    else:
        assert fault_of(signed(**changes)) is ConsentFault.TIME


def test_a_key_withdrawn_meanwhile_ends_what_was_opened_before() -> None:
    issuers, opened = Issuers(), VerifiedConsents()
    opened.open(signed(), issuers=issuers, at=SECONDS)
    issuers.keys[REGISTRY.member] = (SoftwareSigner.generate(Algorithm.EDDSA).public,)
    with pytest.raises(ConsentRefused) as refused:
        opened.open(signed(), issuers=issuers, at=SECONDS)
    assert refused.value.fault is ConsentFault.ISSUER


def test_one_that_ended_meanwhile_is_refused_though_it_is_remembered() -> None:
    opened, text = VerifiedConsents(), signed()
    opened.open(text, issuers=Issuers(), at=SECONDS)
    with pytest.raises(ConsentRefused) as refused:
        opened.open(text, issuers=Issuers(), at=SECONDS + 86_400 + SKEW_SECONDS)
    assert refused.value.fault is ConsentFault.TIME


def test_what_was_verified_is_not_verified_again_and_the_least_used_is_forgotten() -> None:
    opened = VerifiedConsents(count_max=2)
    texts = [signed(id=f"c-{number}") for number in range(3)]
    first = opened.open(texts[0], issuers=Issuers(), at=SECONDS)
    assert opened.open(texts[0], issuers=Issuers(), at=SECONDS) is first
    for text in (texts[1], texts[0], texts[2]):
        opened.open(text, issuers=Issuers(), at=SECONDS)
    assert opened.open(texts[0], issuers=Issuers(), at=SECONDS) is first, "it was used after texts[1]"


def scope_fault(one: Consent | None = None, **changes: object) -> ConsentFault:
    asked = replace(ASKED, **changes)  # type: ignore[arg-type]
    with pytest.raises(ConsentRefused) as refused:
        require_scope(HeldConsent(one or consent(), bytes(32)), asked)
    return refused.value.fault


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"client": replace(BANK, subsystem_code="cards")}, ConsentFault.CONSUMER),
        ({"client": BANK.member}, ConsentFault.CONSUMER),
        ({"service": ServiceId("PK", "GOV", "1001", "registry", "other")}, ConsentFault.SERVICE),
        ({"purpose": "audit"}, ConsentFault.PURPOSE),
        ({"data_classes": frozenset({"status", "address"})}, ConsentFault.DATA_CLASSES),
        ({"subject": "352022"}, ConsentFault.SUBJECT),
        ({"subject": None}, ConsentFault.SUBJECT),
        ({"subject": ""}, ConsentFault.SUBJECT),
    ],
)
def test_a_consent_covers_exactly_what_it_says(changes: dict[str, Any], fault: ConsentFault) -> None:
    assert scope_fault(**changes) is fault


def test_a_consent_of_another_instance_opens_nothing_inside_this_one() -> None:
    """Another registry enters its issuers: whom it names says nothing about calls between two of ours."""
    issuer = MemberId("CN", "GOV", "7001")
    foreign = HeldConsent(consent(issuer=issuer, consumer=BANK), b"")
    with pytest.raises(ConsentRefused) as refused:
        require_scope(foreign, ASKED)
    assert refused.value.fault is ConsentFault.ISSUER


def test_a_consent_of_the_clients_instance_counts_for_a_call_from_there() -> None:
    bank = SubsystemId("CN", "COM", "7002", "loans")
    issuer = MemberId("CN", "GOV", "7001")
    require_scope(HeldConsent(consent(issuer=issuer, consumer=bank), b""), replace(ASKED, client=bank))
    third = MemberId("UZ", "GOV", "1")
    with pytest.raises(ConsentRefused):
        require_scope(HeldConsent(consent(issuer=third, consumer=bank), b""), replace(ASKED, client=bank))


def test_a_call_that_gives_less_away_is_covered() -> None:
    require_scope(held(), replace(ASKED, data_classes=frozenset()))


def test_a_members_consent_covers_its_subsystems_only_where_it_says_so() -> None:
    wide = consent(consumer=BANK.member, covers_subsystems=True)
    require_scope(HeldConsent(wide, bytes(32)), ASKED)
    require_scope(HeldConsent(wide, bytes(32)), replace(ASKED, client=BANK.member))
    assert scope_fault(replace(wide, covers_subsystems=False)) is ConsentFault.CONSUMER
    another = replace(BANK, member_code="2003")
    assert scope_fault(wide, client=another) is ConsentFault.CONSUMER


def standing_fault(status: KnownStatus | None, rule: ConsentRule = ConsentRule.REQUIRED) -> ConsentFault:
    with pytest.raises(ConsentRefused) as refused:
        require_standing(held(), replace(ASKED, rule=rule), status)
    return refused.value.fault


@pytest.mark.parametrize(
    "status",
    [
        None,
        KnownStatus(0, STATUS_AGE_SECONDS_MAX + 0.1),
        KnownStatus(0, -0.1),
        KnownStatus(0, float("nan")),
        KnownStatus(0, float("inf")),
    ],
)
def test_a_status_that_is_not_known_freshly_is_not_known(status: KnownStatus | None) -> None:
    assert standing_fault(status) is ConsentFault.STATUS_UNKNOWN


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (1, ConsentFault.REVOKED),
        (2, ConsentFault.PAUSED),
        (3, ConsentFault.REVOKED),
        (99, ConsentFault.REVOKED),
    ],
)
def test_a_consent_that_was_ended_or_rests_is_refused(status: int, fault: ConsentFault) -> None:
    assert standing_fault(KnownStatus(status, 0.0)) is fault


def test_where_a_revocation_acts_at_once_the_list_was_asked_for_this_call() -> None:
    assert standing_fault(FRESH, ConsentRule.REQUIRED_NOW) is ConsentFault.STATUS_UNKNOWN
    now = replace(ASKED, rule=ConsentRule.REQUIRED_NOW)
    require_standing(held(), now, KnownStatus(0, 0.2, is_fetched_now=True))


def test_refusals_say_nothing_of_the_person() -> None:
    with pytest.raises(ConsentRefused) as refused:
        require_scope(held(), replace(ASKED, subject="99999"))
    assert "99999" not in refused.value.message
    assert PERSON not in repr(ASKED)
