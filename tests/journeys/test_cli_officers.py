"""Tokens of officers and institutions, from the first to the last."""

from datetime import timedelta

from rahdari.app.clock import SystemClock
from rahdari.app.foundation import Foundation
from rahdari.credentials import KeyUse
from tests.fakes.clock import WoundClock
from tests.journeys.commands import CommandLine


def token_ids(rahdari: CommandLine, name: str) -> list[str]:
    listed = rahdari.json("officer", "tokens", name).document["tokens"]
    assert isinstance(listed, list)
    return [one["id"] for one in listed]


def test_a_token_that_was_revoked_opens_nothing_and_the_others_stay_good(rahdari: CommandLine) -> None:
    first = rahdari.json("officer", "enrol", "counter-7", "--role", "registrar").document
    second = rahdari.json("officer", "token", "counter-7").document
    assert token_ids(rahdari, "counter-7") == [first["token_id"], second["token_id"]]

    assert rahdari("officer", "revoke-token", first["token_id"]).code == 0

    rahdari.environment["RAHDARI_TOKEN"] = str(first["token"])
    assert rahdari.json("holder", "list").problem == "access.not_authenticated"
    rahdari.environment["RAHDARI_TOKEN"] = str(second["token"])
    assert rahdari("holder", "list").code == 0


def test_a_list_of_tokens_shows_no_secret(rahdari: CommandLine) -> None:
    given = rahdari.json("officer", "enrol", "counter-8", "--role", "registrar").document
    told = rahdari("officer", "tokens", "counter-8")
    assert str(given["token"]).rsplit("_", 1)[1] not in told.out + told.err


def test_an_unknown_token_cannot_be_revoked(rahdari: CommandLine) -> None:
    assert rahdari.json("officer", "revoke-token", "aaaaaaaaaaaaaaaa").problem == "access.unknown_token"


def test_an_overdue_audit_key_still_seals_so_that_nobody_is_locked_out(rahdari: CommandLine) -> None:
    with rahdari.house() as house:
        on = house.foundation
        late = Foundation(
            on.settings,
            WoundClock(SystemClock().now() + timedelta(days=1100)),
            on.chance,
            on.database,
            on.products,
            on.keyring,
        )
        with late.reading() as desk:
            assert desk.key(KeyUse.AUDIT).not_after < late.clock.now()
