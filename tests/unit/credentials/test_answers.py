"""Online answers: signed, bound, short-lived, and no more than was asked."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from rahdari.credentials import OFFLINE, Act, KeyUse, VerdictKind, local_text
from rahdari.credentials.errors import BadQuestion, NotAllowed
from rahdari.credentials.rules.questions import (
    ARGUMENT_CHARS_MAX,
    DISCLOSABLE,
    QUESTIONS_MAX,
    Subject,
    ages_answered,
    answer_question,
    fold_name,
    parse_question,
)
from rahdari.credentials.service.answers import ANSWER_LIFE, ANSWER_TYP, Answer, answer
from rahdari.credentials.service.status import RegisterStatus
from rahdari.credentials.values.cards import ProductRef
from rahdari.credentials.values.passes import Attributes
from rahdari.kernel import Actor, ActorKind
from rahdari.wire import jws
from rahdari.wire.errors import BadSignature
from tests.unit.credentials.scene import ISSUER, OFFICER, Office, person

BANK = Actor("sample-bank", ActorKind.INSTITUTION, frozenset({"verifier"}))
NONCE = "nonce-0123456789"
POLICY = replace(OFFLINE, status_age_max=timedelta(seconds=1))


def ask(  # noqa: PLR0913 - what an institution sends
    office: Office,
    raw: str,
    asked: Sequence[str] = ("genuine", "in_good_standing"),
    *,
    wanted: Sequence[str] = (),
    allowed: frozenset[str] = frozenset(),
    asker: Actor = BANK,
    nonce: str = NONCE,
) -> Answer:
    with office.register.reading() as store, office.writing() as desk:
        by = office.verifier(statuses=RegisterStatus(store, office.clock.now(), issuer=ISSUER), policy=POLICY)
        return answer(desk, raw, by=by, asker=asker, asked=asked, wanted=wanted, allowed=allowed, nonce=nonce)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def text(office: Office) -> str:
    return office.text(office.issued())


def claims_of(given: Answer) -> dict[str, object]:
    claims = json.loads(jws.decode(given.token).payload)
    assert isinstance(claims, dict)
    return claims


def test_an_answer_is_signed_by_the_answer_key_and_by_no_other(office: Office, text: str) -> None:
    token = jws.decode(ask(office, text).token)
    assert token.header["typ"] == ANSWER_TYP
    at = office.clock.now()
    (key,) = office.trust().find_signing_keys(ISSUER, KeyUse.ANSWER, at)
    token.verify(key)
    (other,) = office.trust().find_signing_keys(ISSUER, KeyUse.PASS, at)
    with pytest.raises(BadSignature):
        token.verify(other)


def test_an_answer_is_bound_to_the_nonce_the_asker_the_pass_and_a_minute(office: Office, text: str) -> None:
    claims = claims_of(ask(office, text))
    now = int(office.clock.now().timestamp())
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, BANK.id, NONCE)
    assert (claims["iat"], claims["exp"]) == (now, now + 60)
    assert timedelta(seconds=60) >= ANSWER_LIFE
    assert claims["pass_sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_an_answer_holds_what_was_asked_and_nothing_of_the_holder(office: Office, text: str) -> None:
    given = ask(office, text, ["age_over:18"])
    assert given.answers == {"age_over:18": True}
    written = jws.decode(given.token).payload.decode()
    assert set(claims_of(given)) == {
        "iss", "aud", "iat", "exp", "nonce", "pass_sha256", "verdict", "as_of", "answers", "attributes",
    }  # fmt: skip
    for secret in ("Sample Holder", person().number, "1990", "Lahore", "SAMPLE-1"):
        assert secret not in written


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("genuine", True),
        ("in_good_standing", True),
        ("age_over:35", True),
        ("age_over:36", False),
        ("resident_of:PK", True),
        ("resident_of:PK-PB", True),
        ("resident_of:PK-SD", False),
        ("resident_of:P", None),
        ("national_of:PAK", True),
        ("national_of:chn", False),
        ("product_is:nic", True),
        ("product_is:poc", False),
        ("name_matches:sample holder 1", True),
        ("name_matches:1 HOLDER sample", True),
        ("name_matches:نمونہ حامل 1", True),
        ("name_matches:Sample Holder", False),
    ],
)
def test_each_question_is_answered_from_the_register(
    office: Office, text: str, question: str, *, expected: bool | None
) -> None:
    if expected is None:
        with pytest.raises(BadQuestion):
            ask(office, text, [question])
        return
    assert ask(office, text, [question]).answers == {question: expected}


def test_the_age_is_that_of_the_day_of_the_question() -> None:
    office = Office()
    born = person(born=date(2008, 3, 2))
    text = office.text(office.issued(born, "juvenile"))
    assert ask(office, text, ["age_over:18"]).answers == {"age_over:18": False}
    office.clock.wind(timedelta(hours=14, minutes=59))
    assert ask(office, text, ["age_over:18"]).answers == {"age_over:18": False}


def test_an_organisation_has_no_age_and_says_unknown(office: Office) -> None:
    firm = Subject(Attributes(name=local_text(en="Sample Firm")), ProductRef("firm", 1), date(2026, 3, 1))
    assert answer_question(parse_question("age_over:18"), firm) is None


def test_a_dead_pass_answers_nothing_about_its_holder_from_the_very_instant_on(office: Office) -> None:
    card = office.issued()
    text, asked = (
        office.text(card),
        ["genuine", "in_good_standing", "age_over:18", "name_matches:Sample Holder 1"],
    )
    allowed = frozenset({"name"})
    assert ask(office, text, asked, wanted=["name"], allowed=allowed).attributes
    office.act(card, Act.SUSPEND)
    given = ask(office, text, asked, wanted=["name"], allowed=allowed)
    assert given.verdict is VerdictKind.SUSPENDED
    assert given.answers == {
        "genuine": True,
        "in_good_standing": False,
        "age_over:18": None,
        "name_matches:Sample Holder 1": None,
    }
    assert given.attributes == {}
    assert "Sample Holder" not in jws.decode(given.token).payload.decode().replace(asked[3], "")


def test_a_forged_pass_is_not_genuine_and_answers_nothing(office: Office) -> None:
    stranger = Office(issuer=ISSUER)
    for raw in (stranger.text(stranger.issued()), "NOT A PASS", ""):
        given = ask(office, raw, ["genuine", "in_good_standing", "age_over:18"])
        assert given.answers == {"genuine": False, "in_good_standing": False, "age_over:18": None}


def test_attributes_are_given_only_where_the_role_allows_them(office: Office, text: str) -> None:
    given = ask(
        office, text, wanted=["name", "date_of_birth", "gender"],
        allowed=frozenset({"name", "date_of_birth", "gender"}),
    )  # fmt: skip
    assert given.attributes == {
        "name": {"en": "Sample Holder 1", "ur": "نمونہ حامل 1"},
        "date_of_birth": "1990-05-17",
        "gender": "M",
    }
    assert claims_of(given)["attributes"] == given.attributes
    for wanted, allowed in (("number", "name"), ("photo", "photo"), ("passport_number", "passport_number")):
        with pytest.raises(BadQuestion, match="may be told"):
            ask(office, text, wanted=[wanted], allowed=frozenset({allowed}))
    assert "photo" not in DISCLOSABLE


def test_only_a_verifier_asks(office: Office, text: str) -> None:
    for asker in (replace(BANK, roles=frozenset()), replace(OFFICER, roles=frozenset({"issuer"}))):
        with pytest.raises(NotAllowed):
            ask(office, text, asker=asker)


@pytest.mark.parametrize(
    "question",
    [
        "", ":", "genuine:yes", "GENUINE", "age_over", "age_over:", "age_over:abc", "age_over:1000", "age_over:-1",
        "name_matches:", "name_matches:a\nb", "resident_of:Punjab", "national_of:PK", "product_is:NIC",
        "blood_group:A", "name_matches:" + "a" * (ARGUMENT_CHARS_MAX + 1), "__class__:x",
    ],
)  # fmt: skip
def test_a_question_that_is_not_known_or_has_another_shape_is_refused(
    office: Office, text: str, question: str
) -> None:
    with pytest.raises(BadQuestion, match="known: genuine"):
        ask(office, text, [question])


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("age_over:0", "1 to 130"),
        ("age_over:131", "1 to 130"),
        ("age_over:999", "not 999"),
        ("product_is:nope", "there are: juvenile, nic"),
        ("resident_of:XX", "ISO 3166-1: XX"),
        ("resident_of:ZZ-PB", "ISO 3166-1: ZZ"),
        ("national_of:XXX", "ISO 3166-1: XXX"),
    ],
)
def test_a_question_about_what_does_not_exist_gets_no_signed_no(
    office: Office, text: str, question: str, said: str
) -> None:
    with pytest.raises(BadQuestion, match=said):
        ask(office, text, [question])


def test_ages_at_both_ends_are_asked(office: Office, text: str) -> None:
    answers = ask(office, text, ["age_over:1", "age_over:130"]).answers
    assert answers == {"age_over:1": True, "age_over:130": False}


@pytest.mark.parametrize(
    ("name", "arguments", "most"),
    [
        ("age_over", ["18", "21", "65"], 2),
        ("name_matches", ["Sample A", "Sample B", "Sample C", "Sample D"], 3),
        ("resident_of", ["PK-PB", "PK-SD", "PK-KP", "PK-BA"], 3),
        ("national_of", ["PAK", "CHN", "AFG", "IRN"], 3),
    ],
)
def test_a_value_is_not_found_out_by_many_guesses_in_one_call(
    office: Office, text: str, name: str, arguments: list[str], most: int
) -> None:
    guesses = [f"{name}:{one}" for one in arguments]
    assert len(ask(office, text, guesses[:most]).answers) == most
    with pytest.raises(BadQuestion, match=f"at most {most}"):
        ask(office, text, guesses)
    # The same one again tells nothing further.
    assert ask(office, text, [guesses[0]] * QUESTIONS_MAX).verdict is VerdictKind.VALID


def test_only_ages_that_were_answered_count() -> None:
    asked = {"age_over:18": True, "age_over:021": False, "age_over:60": None, "genuine": True}
    assert ages_answered(asked) == {18, 21}


def test_an_attribute_that_is_refused_is_named_and_a_strangers_word_is_not(office: Office, text: str) -> None:
    with pytest.raises(BadQuestion, match="not be told: gender; it may be told: name; ask yes or no"):
        ask(office, text, wanted=["name", "gender"], allowed=frozenset({"name"}))
    with pytest.raises(BadQuestion, match="no such attribute; there are: address, ") as refused:
        ask(office, text, wanted=["<script>"], allowed=frozenset({"name"}))
    assert "<script>" not in refused.value.message


def test_too_many_questions_and_bad_nonces_are_refused(office: Office, text: str) -> None:
    assert ask(office, text, ["genuine"] * QUESTIONS_MAX).verdict is VerdictKind.VALID
    with pytest.raises(BadQuestion, match="at most"):
        ask(office, text, ["genuine"] * (QUESTIONS_MAX + 1))
    for nonce in ("", "short", "a" * 129, "spaces are not allowed here", "نونس" * 8, "a" * 16 + "\n"):
        with pytest.raises(BadQuestion, match="nonce"):
            ask(office, text, nonce=nonce)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José Müller", "JOSE MULLER"),
        ("Sample  Holder", "holder, sample"),
        ("نُمُونہ حامل", "حامل نمونہ"),
        ("Straße", "STRASSE"),
        ("\uff33ample", "sample"),
        ("O'Sample", "o sample"),
    ],
)
def test_names_match_without_case_marks_and_order(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("Sample", "Samplé x"), ("Ali Sample", "Ali"), ("نمونہ", "نمون")])
def test_names_that_differ_do_not_match(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_a_name_of_nothing_but_marks_matches_nobody(office: Office, text: str) -> None:
    assert ask(office, text, ["name_matches:--- ..."]).answers == {"name_matches:--- ...": False}
