"""Whoever is named on the command line may do there what HTTP lets them do, and no more."""

import re

import pytest

from rahdari.credentials import Stage
from tests.journeys.commands import CommandLine, Ended

CLOSED = (
    "pass show CARD --text",
    "pass show CARD --qr",
    "pass render CARD --png",
    "card sheet CARD",
    "pass history CARD",
    "status publish",
    "signal list",
    "officer list",
    "officer enrol another --role supervisor",
)


def ran(rahdari: CommandLine, command: str, *more: str) -> Ended:
    return rahdari.json(*command.replace("CARD", rahdari.card().number).split(), *more)


@pytest.mark.parametrize("command", [*CLOSED, "pass show CARD", "holder list", "audit log", "flag list"])
def test_the_token_of_an_institution_opens_nothing(rahdari: CommandLine, command: str) -> None:
    given = rahdari.json("officer", "enrol", "Sample Bank", "--institution").document
    rahdari.environment["RAHDARI_TOKEN"] = str(given["token"])
    ended = ran(rahdari, command)
    assert (ended.code, ended.problem) == (3, "access.not_allowed")


@pytest.mark.parametrize("role", ["fraud_officer", "registrar"])
@pytest.mark.parametrize("command", CLOSED)
def test_an_officer_does_nothing_that_other_roles_are_for(
    rahdari: CommandLine, role: str, command: str
) -> None:
    assert rahdari("officer", "enrol", "desk-3", "--role", role).code == 0
    ended = ran(rahdari, command, "--as", "desk-3")
    assert (ended.code, ended.problem) == (3, "access.not_allowed")


def test_an_officer_does_what_the_role_is_for(rahdari: CommandLine) -> None:
    for name, role in (("desk-1", "issuer"), ("desk-2", "status_officer"), ("desk-3", "registrar")):
        assert rahdari("officer", "enrol", name, "--role", role).code == 0
    assert "passes" in ran(rahdari, "pass show CARD", "--as", "desk-1").document
    assert "passes" not in ran(rahdari, "pass show CARD", "--as", "desk-2").document
    for command, name in (("status publish", "desk-2"), ("signal list", "desk-2"), ("holder list", "desk-3")):
        assert ran(rahdari, command, "--as", name).code == 0


def test_an_auditor_sees_a_card_without_its_holders_name(rahdari: CommandLine) -> None:
    assert rahdari("officer", "enrol", "auditor-1", "--role", "auditor").code == 0
    shown = ran(rahdari, "pass show CARD", "--as", "auditor-1").document
    assert (shown["stage"], "name" in shown, "passes" in shown) == ("active", False, False)


def test_what_opens_no_records_runs_whoever_is_named(rahdari: CommandLine) -> None:
    text = rahdari.text(rahdari.card())
    rahdari.environment["RAHDARI_TOKEN"] = "rah_wrong"
    assert rahdari("pass", "verify", "--text", text).code == 0
    assert rahdari("product", "list").code == 0


def test_a_card_that_is_dead_is_not_drawn(rahdari: CommandLine) -> None:
    number = rahdari.card().number
    assert rahdari("pass", "suspend", number).code == 0
    for form in ("--png", "--pdf"):
        ended = rahdari.json("pass", "render", number, form, "--out", rahdari.home)
        assert (ended.code, ended.problem) == (5, "app.card_not_printable")
    assert not list(rahdari.home.glob(f"{number}*"))


def test_an_act_names_the_reason_that_was_taken_and_who_knows_of_it(rahdari: CommandLine) -> None:
    number = rahdari.card().number
    said = " ".join(rahdari("pass", "suspend", number).out.split())
    assert "No reason was given; fraud_suspected was noted." in said
    assert "connected verifiers have it already" in said
    assert "offline verifiers learn it" not in said
    assert "cleared was noted" in rahdari("pass", "reinstate", number).out
    assert "No reason" not in rahdari("pass", "suspend", number, "--reason", "lost").out
    assert "as no reason was given" in rahdari("pass", "revoke", number).out
    assert "The reason is fraud_proven" in rahdari("pass", "revoke", number, "--as", "supervisor").out
    assert rahdari.card(stage=Stage.REVOKED).number == number


def test_publishing_with_nothing_new_says_so(rahdari: CommandLine) -> None:
    rahdari("status", "publish")
    said = rahdari("status", "publish").out
    assert "Nothing changed since the lists were signed." in said
    assert "issued at" not in said
    rahdari("pass", "suspend", rahdari.card().number)
    assert "Nothing changed" not in rahdari("status", "publish").out


def test_a_suspended_verdict_tells_its_instant_once_and_to_the_second(rahdari: CommandLine) -> None:
    card = rahdari.card()
    rahdari("pass", "suspend", card.number)
    said = rahdari("pass", "verify", "--online", "--text", rahdari.text(card)).out
    box = said[: said.index("what was checked")]
    assert box.count("as of") == 1
    assert re.search(r"suspended as of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", box)
