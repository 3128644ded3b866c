"""A fraud officer's day at the command line: a card at two places at once, a holder who comes twice."""

from datetime import timedelta
from typing import Any

import pytest

from rahdari.access import Enrolment
from rahdari.credentials import Act, CardNumber, Stage
from rahdari.kernel import Actor, ActorKind
from rahdari.oversight import Circumstances, Purpose, check_place
from tests.journeys.commands import CommandLine
from tests.journeys.test_cli_bad_input import GOOD, HEADING

PLACES = (check_place("Counter 2, Lahore", 31.549, 74.344), check_place("Gate 1, Kashgar", 39.467, 75.994))


def travelled(rahdari: CommandLine) -> CardNumber:
    """A card that an institution asks about at two places at once, as a server would be asked."""
    card = rahdari.card().number
    with rahdari.house() as house:
        wanted = Enrolment(ActorKind.INSTITUTION, "Sample Bank", frozenset({"verifier"}))
        bank = house.officers.enrol(wanted).as_actor()
        text = house.registry.get_pass(card).text
        for place in PLACES:
            told = Circumstances(Purpose.OPENING_ACCOUNT, place)
            house.authority.answer(text, asker=bank, asked=["genuine"], nonce="n" * 16, told=told)
    return card


def flags(rahdari: CommandLine, *words: str) -> list[dict[str, Any]]:
    listed = rahdari.json("flag", "list", *words).document["flags"]
    assert isinstance(listed, list)
    return listed


def test_a_flag_is_found_looked_at_and_confirmed_and_the_card_is_suspended_with_it(
    rahdari: CommandLine,
) -> None:
    card = travelled(rahdari)
    (flag,) = flags(rahdari)
    assert (flag["kind"], flag["subject"], flag["state"]) == ("impossible_travel", card, "open")
    shown = rahdari("flag", "show", flag["id"]).out
    assert "893" in shown
    assert "Gate 1, Kashgar" in shown
    assert "Sample Bank (" in shown
    assert "active" in shown
    words = ("--confirm", "--ground", "card_copied", "--note", "asked the bank", "--suspend")
    ended = rahdari("flag", "decide", flag["id"], *words)
    assert ended.code == 0, ended.err
    assert "is confirmed" in ended.out
    assert "is suspended" in ended.out
    assert flags(rahdari) == []
    (decided,) = flags(rahdari, "--state", "confirmed")
    assert decided["decision"]["note"] == "asked the bank"
    assert rahdari.card(stage=Stage.SUSPENDED).number == card
    assert "card_copied" in rahdari("flag", "show", flag["id"]).out
    acts = [entry["act"] for entry in _log(rahdari)]
    assert acts[-3:] == ["open_flag", "decide_flag", "suspend"]
    assert rahdari("audit", "verify").code == 0


def _log(rahdari: CommandLine) -> list[dict[str, Any]]:
    entries = rahdari.json("audit", "log").document["entries"]
    assert isinstance(entries, list)
    return entries


def test_what_a_flag_shows_names_nobody(rahdari: CommandLine) -> None:
    card = travelled(rahdari)
    with rahdari.house() as house:
        party = house.registry.get_holder(house.registry.get_card(card).holder).party
    (flag,) = flags(rahdari)
    shown = rahdari("flag", "show", flag["id"]).out + rahdari("audit", "log", "--limit", "50").out
    for personal in (party.number, *party.name.values()):
        assert personal not in shown


def test_a_holder_who_comes_twice_in_a_file_is_imported_and_flagged(rahdari: CommandLine) -> None:
    path = rahdari.home.parent / "people.csv"
    rows = [GOOD.format(serial=serial, photo="") for serial in (1, 2)]
    path.write_text(HEADING + "".join(rows), encoding="utf-8")
    assert rahdari("holder", "import", path).code == 0
    (flag,) = flags(rahdari)
    assert flag["kind"] == "likely_duplicate"
    assert rahdari("officer", "enrol", "desk-9", "--role", "fraud_officer").code == 0
    document = rahdari.json("flag", "show", flag["id"], "--as", "desk-9").document
    compared = document["holders"]
    assert isinstance(compared, list)
    assert [one["id"] for one in compared][:1] == [flag["subject"]]
    assert len({one["number"] for one in compared}) == 2
    assert len({one["date_of_birth"] for one in compared}) == 1
    shown = rahdari("flag", "show", flag["id"], "--as", "desk-9").out
    assert all(one["number"] in shown for one in compared)
    refused = rahdari.json("flag", "decide", flag["id"], "--confirm", "--ground", "same_person", "--suspend")
    assert (refused.code, refused.problem) == (2, "oversight.bad_decision")
    ended = rahdari("flag", "decide", flag["id"], "--dismiss", "--ground", "different_people")
    assert ended.code == 0, ended.err
    assert flags(rahdari, "--state", "dismissed")[0]["id"] == flag["id"]


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--confirm", "--dismiss", "--ground", "card_lent"), 2, "cli.bad_usage"),
        (("--ground", "card_lent"), 2, "cli.bad_usage"),
        (("--confirm",), 2, "cli.bad_usage"),
        (("--confirm", "--ground", "gut_feeling"), 2, "cli.bad_usage"),
        (("--confirm", "--ground", "wrong_clock"), 2, "oversight.bad_decision"),
        (("--dismiss", "--ground", "wrong_clock", "--suspend"), 2, "oversight.bad_decision"),
        (("--dismiss", "--ground", "wrong_clock", "--note", "x" * 301), 2, "oversight.bad_decision"),
    ],
)
def test_a_decision_that_is_none_leaves_the_flag_open(
    rahdari: CommandLine, words: tuple[str, ...], code: int, problem: str
) -> None:
    travelled(rahdari)
    (flag,) = flags(rahdari)
    ended = rahdari.json("flag", "decide", flag["id"], *words)
    assert (ended.code, ended.problem) == (code, problem)
    assert [one["id"] for one in flags(rahdari)] == [flag["id"]]


def test_two_outcomes_at_once_are_too_many(rahdari: CommandLine) -> None:
    ended = rahdari("flag", "decide", "any", "--confirm", "--dismiss", "--ground", "card_lent")
    assert "not both" in ended.err


def test_other_officers_are_refused_and_unknown_flags_are_named(rahdari: CommandLine) -> None:
    travelled(rahdari)
    for words in (("list",), ("show", "x"), ("index",), ("forget",)):
        ended = rahdari.json("flag", *words, "--as", "supervisor")
        assert (ended.code, ended.problem) == (3, "access.not_allowed")
    missing = rahdari.json("flag", "show", "no-such-flag")
    assert (missing.code, missing.problem) == (4, "oversight.unknown_flag")
    for words in (("--state", "closed"), ("--limit", "0")):
        assert rahdari.json("flag", "list", *words).problem == "cli.bad_usage"


def test_a_fraud_officer_is_enrolled_by_that_role_and_may_not_suspend(rahdari: CommandLine) -> None:
    card = travelled(rahdari)
    assert rahdari("officer", "enrol", "desk-9", "--role", "fraud_officer").code == 0
    (flag,) = flags(rahdari, "--as", "desk-9")
    words = ("flag", "decide", flag["id"], "--confirm", "--ground", "card_copied", "--as", "desk-9")
    refused = rahdari.json(*words, "--suspend")
    assert (refused.code, refused.problem) == (3, "credentials.not_allowed")
    assert rahdari(*words).code == 0
    assert rahdari.card().number == card
    with rahdari.house() as house:
        again = house.registry.act(
            rahdari.card().number, Act.SUSPEND, actor=house.officers.authenticate_named("officer")
        )
    assert again.number == card


def test_old_uses_are_forgotten_by_the_setting(rahdari: CommandLine) -> None:
    card = travelled(rahdari)
    assert rahdari.json("flag", "forget").document == {"forgotten": 0}
    with rahdari.house() as house:
        bank = Actor("institution-1", ActorKind.INSTITUTION, frozenset({"verifier"}))
        use = house.oversight.record(card, Circumstances(), asker=bank, verdict="valid")
        assert use.at - house.oversight.list_uses(card)[-1].use.at < timedelta(minutes=5)
    assert len(flags(rahdari)) == 1
