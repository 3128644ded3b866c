"""Each verdict of a verification, and what it says of the checks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rahdari.credentials import (
    OFFLINE,
    Act,
    Outcome,
    Reason,
    Snapshot,
    VerdictKind,
    VerificationPolicy,
    step_table,
    verify,
)
from rahdari.credentials.errors import Expired, PassRefused, Suspended, leaves
from rahdari.credentials.rules.verification import INPUT_CHARS_MAX
from rahdari.credentials.service import cards, keys
from rahdari.credentials.service.status import LIST_LIFE
from rahdari.wire.keys import Algorithm
from tests.unit.credentials.scene import OFFICER, SECOND, Office, person

DAY = timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize("feature", ["qr", "sd-jwt-vc"])
@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_fresh_pass_is_valid_and_every_check_passed(feature: str, algorithm: Algorithm) -> None:
    office = Office(algorithm=algorithm)
    card = office.issued()
    report = office.examine(office.text(card, feature))
    assert report.verdict is VerdictKind.VALID
    assert report.code is None
    assert {one.outcome for one in report.checks} == {Outcome.PASSED}
    assert [one.number for one in report.checks] == list(range(1, 15))
    assert report.verified is not None
    assert report.verified.attributes.number == person().number
    assert report.verified.terms.product == card.product
    assert report.as_of == office.clock.now()


def test_a_valid_pass_says_what_its_product_names_and_no_more(office: Office) -> None:
    card = office.issued(person(born=date(1950, 1, 1), region="PK-JK"))
    by_qr = office.examine(office.text(card)).verified
    by_wallet = office.examine(office.text(card, "sd-jwt-vc")).verified
    assert by_qr is not None
    assert by_wallet is not None
    assert by_qr.attributes.marks == by_wallet.attributes.marks == ("senior", "ajk")
    assert (by_qr.attributes.guardian, dict(by_wallet.attributes.guardian)["ur"]) == ({}, "نمونہ سرپرست")
    assert (by_qr.attributes.photo, by_wallet.attributes.photo) == (b"\x02" * 1034, b"\x01" * 540)
    assert by_qr.attributes.passport_number is None


def test_a_pass_is_refused_from_the_sync_after_its_suspension_on_and_good_again_after_it_is_lifted(
    office: Office,
) -> None:
    card = office.issued()
    text, before = office.text(card), office.verifier()
    office.act(card, Act.SUSPEND)
    assert office.examine(text, by=before).verdict is VerdictKind.VALID
    report = office.examine(text)
    assert (report.verdict, report.code) == (VerdictKind.SUSPENDED, "credentials.suspended")
    assert report.verified is None
    assert [one.number for one in report.checks if one.outcome is Outcome.FAILED] == [14]
    office.act(card, Act.REINSTATE)
    assert office.examine(text).verdict is VerdictKind.VALID


def test_a_revoked_and_a_replaced_pass_are_revoked_for_good(office: Office) -> None:
    one, other = office.issued(person(1)), office.issued(person(2))
    office.act(one, Act.PROPOSE_REVOCATION)
    office.act(one, Act.REVOKE, by=SECOND)
    with office.writing() as desk:
        cards.replace_card(desk, other.number, actor=OFFICER, reason=Reason.LOST)
    assert office.examine(office.text(one)).verdict is VerdictKind.REVOKED
    assert office.examine(office.text(other)).verdict is VerdictKind.REVOKED


def test_a_card_that_was_not_handed_over_is_suspended(office: Office) -> None:
    (card,) = office.issue(office.add(person()), activate=False)
    assert office.examine(office.text(card)).verdict is VerdictKind.SUSPENDED
    office.act(card, Act.ACTIVATE)
    assert office.examine(office.text(card)).verdict is VerdictKind.VALID


def test_a_pass_expires_at_the_very_instant_and_not_before(office: Office) -> None:
    card = office.issued()
    assert card.expires is not None
    text = office.text(card)
    office.clock.set(card.expires - timedelta(seconds=1))
    office.renew_keys()
    assert office.examine(text).verdict is VerdictKind.VALID
    by = office.verifier()
    office.clock.set(card.expires)
    report = office.examine(text, by=by)
    assert (report.verdict, report.code) == (VerdictKind.EXPIRED, "credentials.expired")
    with pytest.raises(Expired, match=r"renewed"):
        verify(text, by=by, at=card.expires)


def test_a_pass_from_the_future_is_not_yet_valid_beyond_the_clocks_skew(office: Office) -> None:
    text, by = office.text(office.issued()), office.verifier()
    office.clock.wind(-OFFLINE.clock_skew)
    assert office.examine(text, by=by).verdict is VerdictKind.VALID
    office.clock.wind(-timedelta(seconds=1))
    assert office.examine(text, by=by).verdict is VerdictKind.NOT_YET_VALID


def test_another_authoritys_pass_is_of_an_unknown_issuer(office: Office) -> None:
    stranger = Office(issuer="urn:sample:stranger")
    report = office.examine(stranger.text(stranger.issued()))
    assert (report.verdict, report.code) == (VerdictKind.UNKNOWN_ISSUER, "credentials.unknown_issuer")
    assert report.verified is None


def test_what_is_no_pass_is_malformed_whatever_its_size(office: Office) -> None:
    by = office.verifier()
    for raw in ("", "hello", "A" * INPUT_CHARS_MAX, "A" * 10_000_000, "اردو", "eyJ", "\0", "6BF"):
        report = office.examine(raw, by=by)
        assert (report.verdict, report.code) == (VerdictKind.MALFORMED, "credentials.malformed"), raw[:10]
        assert report.verified is None


def test_a_status_that_is_too_old_is_stale_and_fails_closed(office: Office) -> None:
    text, by = office.text(office.issued()), office.verifier()
    office.clock.wind(OFFLINE.status_age_max)
    assert office.examine(text, by=by).verdict is VerdictKind.VALID
    office.clock.wind(timedelta(seconds=1))
    report = office.examine(text, by=by)
    assert (report.verdict, report.code) == (VerdictKind.STALE, "credentials.stale")
    lists = Snapshot(office.accept(uri, raw) for uri, raw in office.lists())
    office.clock.wind(LIST_LIFE)
    assert "expired" in office.examine(text, by=office.verifier(statuses=lists)).reason


def test_a_bad_standing_is_told_even_by_a_list_that_is_old(office: Office) -> None:
    card = office.issued()
    text = office.text(card)
    office.act(card, Act.SUSPEND)
    by = office.verifier()
    office.clock.wind(LIST_LIFE)
    assert office.examine(text, by=by).verdict is VerdictKind.SUSPENDED


def test_no_status_list_at_all_is_stale(office: Office) -> None:
    report = office.examine(office.text(office.issued()), by=office.verifier(statuses=Snapshot([])))
    assert report.verdict is VerdictKind.STALE
    assert [one.number for one in report.checks if one.outcome is Outcome.FAILED] == [13]


def test_a_status_list_of_the_future_is_stale(office: Office) -> None:
    text = office.text(office.issued())
    office.clock.wind(timedelta(hours=2))
    by = office.verifier()
    office.clock.wind(-timedelta(hours=1))
    assert office.examine(text, by=by).verdict is VerdictKind.STALE


def test_an_expired_trust_list_is_stale(office: Office) -> None:
    text, by = office.text(office.issued()), office.verifier()
    office.clock.wind(keys.TRUST_LIFE)
    report = office.examine(text, by=by)
    assert report.verdict is VerdictKind.STALE
    assert [one.number for one in report.checks if one.outcome is Outcome.FAILED] == [4]


def test_an_empty_policy_accepts_nothing(office: Office) -> None:
    text = office.text(office.issued())
    by = office.verifier(policy=VerificationPolicy())
    assert office.examine(text, by=by).verdict is VerdictKind.MALFORMED
    no_algorithm = replace(OFFLINE, algorithms=frozenset())
    assert office.examine(text, by=office.verifier(policy=no_algorithm)).verdict is VerdictKind.MALFORMED
    no_age = replace(OFFLINE, status_age_max=timedelta(0))
    by = office.verifier(policy=no_age)
    office.clock.wind(timedelta(seconds=1))
    assert office.examine(text, by=by).verdict is VerdictKind.STALE


def test_an_algorithm_or_a_feature_that_the_policy_leaves_out_is_refused(office: Office) -> None:
    card = office.issued()
    only_eddsa = replace(OFFLINE, algorithms=frozenset({Algorithm.EDDSA}))
    only_wallet = replace(OFFLINE, features=frozenset({"sd-jwt-vc"}))
    refused = office.examine(office.text(card), by=office.verifier(policy=only_eddsa))
    assert (refused.verdict, [one.number for one in refused.checks if one.outcome is Outcome.FAILED]) == (
        VerdictKind.MALFORMED,
        [3],
    )
    by = office.verifier(policy=only_wallet)
    assert office.examine(office.text(card), by=by).verdict is VerdictKind.MALFORMED
    assert office.examine(office.text(card, "sd-jwt-vc"), by=by).verdict is VerdictKind.VALID


def test_verify_raises_what_examine_reports(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    with pytest.raises(Suspended) as refused:
        verify(office.text(card), by=office.verifier(), at=office.clock.now())
    assert refused.value.code == "credentials.suspended"


def test_without_status_the_checks_say_that_nobody_asked(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    by = replace(office.verifier(), statuses=None)
    report = office.examine(office.text(card), by=by)
    assert report.verdict is VerdictKind.VALID
    assert [one.number for one in report.checks if one.outcome is Outcome.NOT_ASKED] == [13, 14]


def test_the_steps_are_numbered_and_each_cites_its_clause() -> None:
    table = step_table()
    assert [number for number, _, _ in table] == list(range(1, 15))
    assert all(name and clause for _, name, clause in table)


def test_every_refusal_of_the_room_has_a_code_of_its_own() -> None:
    codes = [leaf.code for leaf in leaves()]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("credentials.") for code in codes)
    assert {leaf for leaf in leaves() if issubclass(leaf, PassRefused)} >= {Expired, Suspended}


def test_a_lifetime_pass_is_valid_in_a_century() -> None:
    office = Office()
    card = office.issued(person(born=date(1940, 1, 1)))
    assert card.expires is None
    report = office.examine(office.text(card))
    assert report.verified is not None
    assert report.verified.terms.expires is None
    assert datetime(2026, 3, 1, 9, tzinfo=UTC) == card.valid_from
