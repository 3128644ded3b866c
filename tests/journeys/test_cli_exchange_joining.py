"""A gateway joins the registry that was meant and no other; what its home knows need not be said again."""

from pathlib import Path

import pytest

from rahdari.app.clock import SystemClock
from rahdari.app.exchange.registry import Registry
from rahdari.wire.ndel.acts import Suspend, WithdrawKey
from rahdari.wire.ndel.configuration import write_registry_key
from tests.fakes.exchange_registry import OFFICERS, decide, make_registry
from tests.journeys.commands import Ended
from tests.journeys.test_cli_exchange import Desk

KNOWN = ("--member", "PK/COM/2002", "--url", "https://127.0.0.1:15502", "--name", "en=Sample Bank")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def joins(desk: Desk, registry: object, key: str, *more: object) -> Ended:
    words = ("exchange", "join", "--registry", registry, "--registry-key", key, *KNOWN, *more)
    return desk.run.json(*words, home=desk.folder / "bank")


def other(desk: Desk) -> Registry:
    return make_registry(desk.folder / "cn", SystemClock(), instance="CN")


def test_nothing_is_asked_of_a_registry_that_another_key_signs(desk: Desk) -> None:
    wrong = write_registry_key(other(desk).public)
    ended = joins(desk, desk.registry.folder, wrong)
    assert (ended.code, ended.problem) == (3, "exchange.configuration_refused")
    assert wrong in ended.out
    assert not (desk.folder / "bank").exists(), "no key is made for a registry that was not meant"
    assert joins(desk, desk.registry.folder, desk.registry_key).document["registry_verified"] is True


def test_nothing_is_asked_of_another_instances_registry(desk: Desk) -> None:
    foreign = other(desk)
    ended = joins(desk, foreign.folder, write_registry_key(foreign.public))
    assert ended.problem == "exchange.configuration_refused"
    assert "configuration of CN, not of PK" in ended.out
    page = desk.file("page.jws", b"<html>")
    assert "no configuration of a registry" in joins(desk, page, desk.registry_key).out


def test_a_registry_that_is_not_reached_is_told_as_not_verified(desk: Desk) -> None:
    ended = joins(desk, desk.folder / "nowhere.jws", desk.registry_key)
    assert (ended.code, ended.document["registry_verified"]) == (0, False)
    assert "could not be held against" in ended.err


def test_what_the_home_knows_need_not_be_said_again(desk: Desk) -> None:
    home = desk.folder / "bank"
    bare = desk.run.json("exchange", "join", home=home)
    assert (bare.code, bare.problem) == (2, "cli.bad_usage")
    assert "--registry, --registry-key, --member, --url" in bare.out
    first = joins(desk, desk.registry.folder, desk.registry_key, "--gateway", "gw7").document
    again = desk.run.json("exchange", "join", home=home).document
    assert again["request"] == first["request"]
    assert again["gateway"] == "PK/COM/2002/gw7"


@pytest.mark.parametrize(
    "more",
    [
        ("--member", "PK/COM/2003"),
        ("--gateway", "gw2"),
        ("--url", "https://127.0.0.1:1"),
        ("--registry", "https://elsewhere.example/"),
        ("--registry-key", "ed25519:" + "A" * 43),
        ("--subsystem", "unheard"),
    ],
    ids=lambda one: one[0],
)
def test_what_contradicts_the_home_is_refused(desk: Desk, more: tuple[str, ...]) -> None:
    assert joins(desk, desk.registry.folder, desk.registry_key).code == 0
    ended = desk.run.json("exchange", "join", *more, home=desk.folder / "bank")
    assert (ended.code, ended.problem) == (2, "cli.bad_usage")


def test_new_keys_are_asked_for_with_one_word(desk: Desk) -> None:
    old = desk.keys.messages[0].key.keyid
    decide(desk.registry, WithdrawKey(old))
    asked = desk.run.json("exchange", "join", "--anew", home=desk.home.folder)
    assert asked.code == 0, asked.out
    desk.run.json("exchange", "receive", asked.document["file"])
    for officer in OFFICERS:
        words = ("exchange", "approve", asked.document["request"], "--officer", officer)
        assert desk.run.json(*words, "--replaces", desk.home.id).code == 0
    status = desk.run.json("exchange", "status", "--fetch", home=desk.home.folder).document
    keys = status["keys"]
    assert isinstance(keys, list)
    assert [one["in_force"] for one in keys if one["keyid"] != old] == [True]


def test_a_gateway_of_a_suspended_member_says_so(desk: Desk) -> None:
    decide(desk.registry, Suspend(desk.home.member))
    said = desk.run("exchange", "status", "--fetch", home=desk.home.folder).out
    assert "entered suspended" in " ".join(said.split())
    assert "PK/GOV/1001 is SUSPENDED" in said
    told = desk.run.json("exchange", "status", home=desk.home.folder).document
    assert str(told["member_suspended"]).startswith("20")
