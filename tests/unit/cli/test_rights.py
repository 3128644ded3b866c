"""The command line's table of rights: whole, and the same as HTTP's where both have an operation."""

import pytest

from rahdari.access import Role
from rahdari.cli import describe_commands
from rahdari.cli.rights import ANYONE, OPERATOR, RIGHTS, rows_of
from rahdari.web import rights as web

# Commands whose operation HTTP has too.
SAME = {
    "holder add": "addHolder",
    "holder import": "importHolders",
    "holder list": "listHolders",
    "holder show": "getHolder",
    "pass show": "getCard",
    "pass show --text": "getPass",
    "pass show --wallet": "getPass",
    "pass show --qr": "drawQr",
    "pass render": "drawCardPdf",
    "pass verify": "checkPass",
    "pass history": "getCardHistory",
    "card sheet": "drawSheets",
    "card passkey": "openPasskeyTicket",
    "status publish": "publishStatus",
    "audit verify": "getAuditFinding",
    "flag list": "listFlags",
    "flag show": "getFlag",
    "flag decide": "decideFlag",
    "product list": "listProducts",
}
ACTS = ("issue", "activate", "suspend", "reinstate", "revoke", "replace")


def test_every_command_has_a_row_and_no_row_is_of_another() -> None:
    described = describe_commands()
    words = {command.removeprefix("rahdari ") for command, _, _ in described}
    options = {
        f"{command.removeprefix('rahdari ')} {name}"
        for command, _, told in described
        for names, _ in told
        for name in names.split(", ")
    }
    assert words <= set(RIGHTS)
    assert set(RIGHTS) <= words | options


@pytest.mark.parametrize("command", SAME)
def test_a_command_needs_the_roles_of_its_operation_over_http(command: str) -> None:
    assert RIGHTS[command] == web.RIGHTS[SAME[command]]


@pytest.mark.parametrize("form", ["getPass", "drawQr", "drawCardPng", "drawCardPdf"])
def test_whoever_renders_may_make_every_form_over_http(form: str) -> None:
    assert RIGHTS["pass render"] == web.RIGHTS[form]


@pytest.mark.parametrize("act", ACTS)
def test_acts_on_cards_are_for_some_of_those_whom_http_admits(act: str) -> None:
    assert RIGHTS[f"pass {act}"]
    assert RIGHTS[f"pass {act}"] <= web.ACTING


def test_every_row_names_roles_that_there_are() -> None:
    known = {role.value for role in Role}
    assert [
        row for row, roles in RIGHTS.items() if roles not in (ANYONE, OPERATOR) and not roles <= known
    ] == []
    assert all(RIGHTS.values())


def test_an_institution_and_a_stranger_to_the_table_may_do_nothing_here() -> None:
    assert [row for row, roles in RIGHTS.items() if Role.VERIFIER.value in roles] == []
    assert rows_of("pass unheard-of") == (OPERATOR,)
    assert rows_of("pass show", ("text", "card")) == (RIGHTS["pass show"], RIGHTS["pass show --text"])
