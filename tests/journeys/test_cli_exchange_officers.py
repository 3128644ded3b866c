"""What officers of a registry are told before they sign: all that a change does, and what it takes the place of."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rahdari.app.clock import SystemClock
from rahdari.app.exchange.joining import make_request
from rahdari.wire.ndel.acts import (
    Change,
    DismissOfficer,
    EnrolOfficer,
    Enter,
    EntryKind,
    Officer,
    Reinstate,
    Remove,
    RemoveGateway,
    SetTerms,
    Suspend,
    Terms,
    WithdrawKey,
)
from rahdari.wire.ndel.parties import Allowance, ConsentIssuer, Pin, Purpose
from rahdari.wire.xroad import MemberId
from tests.fakes.exchange_registry import OFFICERS, decide, make_gateway
from tests.journeys.test_cli_exchange import BY, Desk
from tests.unit.wire.ndel_scene import PURPOSE, REGISTRY, full_configuration, keys_of, message_key

OTHER = ("--officer", OFFICERS[1])
FULL = full_configuration()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def impostor(desk: Desk) -> str:
    """A request with fresh keys, in the name of the gateway that is at work; gives its id."""
    home, keys = make_gateway(desk.folder / "impostor", desk.registry, SystemClock())
    read = desk.registry.receive(make_request(home, keys, SystemClock()))
    assert read.request.gateway.keys != desk.keys.as_gateway(desk.home.id).keys
    return read.id


def test_a_request_in_the_name_of_a_gateway_at_work_is_told_as_what_it_is(desk: Desk) -> None:
    request = impostor(desk)
    told = desk.run("exchange", "pending").out
    assert f"Request {request}: REPLACE the gateway {desk.home.id}" in told
    assert f"REPLACES the keys of gateway {desk.home.id}, known since version 2." in told
    gone = told[told.index("in the place of") :]
    assert desk.keys.messages[0].key.keyid in gone
    assert f"exchange approve {request} --officer NAME --replaces {desk.home.id} --home" in gone
    listed = desk.run.json("exchange", "pending").document["requests"]
    assert isinstance(listed, list)
    assert listed[0]["told"]["replaces"] == str(desk.home.id)
    asked, known = listed[0]["told"]["facts"], listed[0]["told"]["before"]
    for name in ("message key", "certificate (SHA-256)", "log key"):
        both = [[fact["value"] for fact in facts if fact["what"] == name] for facts in (asked, known)]
        assert all(both), name
        assert both[0] != both[1], name


@pytest.mark.parametrize("named", [(), ("--replaces", "PK/GOV/1001/gw2")])
def test_nobody_replaces_a_gateway_without_naming_it(desk: Desk, named: tuple[str, ...]) -> None:
    words = ("exchange", "approve", impostor(desk))
    ended = desk.run.json(*words, *BY, *named)
    assert (ended.code, ended.problem) == (5, "exchange.act_refused")
    assert f"REPLACES the keys of the gateway {desk.home.id}, known since version 2" in ended.out
    assert "Not done" in desk.run(*words, *BY, *named).err
    assert desk.registry.pending() == ()


def test_each_of_the_two_officers_names_the_gateway_that_is_replaced(desk: Desk) -> None:
    words = ("exchange", "approve", impostor(desk))
    replaces = ("--replaces", desk.home.id)
    first = desk.run(*words, *BY, *replaces)
    assert "REPLACES" in first.out
    assert f"--replaces {desk.home.id}" in first.out
    assert desk.run.json(*words, *OTHER).problem == "exchange.act_refused"
    second = desk.run.json(*words, *OTHER, *replaces).document
    told = second["told"]
    assert isinstance(told, dict)
    assert (second["state"], told["replaces"]) == ("done", str(desk.home.id))


def test_the_second_officer_is_asked_though_the_gateway_came_in_between(desk: Desk) -> None:
    home, keys = make_gateway(desk.folder / "one", desk.registry, SystemClock(), code="1002")
    other, others = make_gateway(desk.folder / "two", desk.registry, SystemClock(), code="1002")
    ids = [
        desk.registry.receive(make_request(*one, SystemClock())).id for one in ((home, keys), (other, others))
    ]
    for one in ids:
        assert desk.run.json("exchange", "approve", one, *BY).code == 0
    assert desk.run.json("exchange", "approve", ids[0], *OTHER).document["state"] == "done"
    assert desk.run.json("exchange", "approve", ids[1], *OTHER).problem == "exchange.act_refused"


def test_what_replaces_nothing_is_not_signed_as_if_it_did(desk: Desk) -> None:
    desk.run.json("exchange", "receive", desk.request())
    listed = desk.run.json("exchange", "pending").document["requests"]
    assert isinstance(listed, list)
    assert listed[0]["told"]["replaces"] is None
    words = ("exchange", "approve", listed[0]["id"], *BY)
    assert desk.run.json(*words, "--replaces", desk.home.id).problem == "exchange.act_refused"
    assert desk.run.json(*words).code == 0


def test_another_gateway_of_a_member_that_is_here_is_no_new_member(desk: Desk) -> None:
    words = (
        "exchange", "join", "--registry", desk.registry.folder, "--registry-key", desk.registry_key,
        "--member", "PK/GOV/1001", "--gateway", "gw2", "--url", "https://127.0.0.1:15509",
    )  # fmt: skip
    asked = desk.run.json(*words, home=desk.folder / "gw2")
    desk.run.json("exchange", "receive", asked.document["file"])
    told = desk.run("exchange", "pending").out
    assert "ADDS a gateway that speaks for PK/GOV/1001, which has gw1" in told


def pin() -> Pin:
    inbound = (Allowance(MemberId("PK", "GOV", "1001"), "persons", frozenset({"trade"})),)
    outbound = (Allowance(None, None, frozenset({"customs"})),)
    return Pin("CN", ("https://registry.example/c.jws",), (REGISTRY.public,), inbound, outbound)


ISSUER = ConsentIssuer(MemberId("PK", "GOV", "1001"), (message_key(keys_of("1001").message),))
TOLD: dict[str, tuple[Callable[[Desk], Change], tuple[str, ...]]] = {
    "purpose": (
        lambda _: Enter(PURPOSE),
        ("enter the purpose", PURPOSE.code, PURPOSE.basis, *PURPOSE.title.values()),
    ),
    "pin": (
        lambda _: Enter(pin()),
        (
            "federation with CN", "https://registry.example/c.jws", "registry key: ed25519:",
            "its members may ask here: persons of PK/GOV/1001, for trade",
            "our members may ask there: every service of every member, for customs",
        ),
    ),
    "issuer": (lambda _: Enter(ISSUER), ("issuer of consents PK/GOV/1001", ISSUER.keys[0].keyid, "until 20")),
    "authority": (
        lambda _: Enter(FULL.timestampers[0]),
        ("time-stamping authority", FULL.timestampers[0].url, "certificate (SHA-256): "),
    ),
    "witness": (
        lambda _: Enter(FULL.witnesses[0]), (FULL.witnesses[0].url, FULL.witnesses[0].keys[0].text),
    ),
    "suspend": (
        lambda _: Suspend(MemberId("PK", "GOV", "1001")),
        ("suspend the member PK/GOV/1001", "Sample Office 1001", "PK/GOV/1001/gw1"),
    ),
    "key": (
        lambda desk: WithdrawKey(desk.keys.messages[0].key.keyid),
        ("withdraw the message key", "gateway: PK/GOV/1001/gw1", "keys that stay: 0"),
    ),
    "gateway": (lambda desk: RemoveGateway(desk.home.id), ("take the gateway PK/GOV/1001/gw1 out", "log key: ")),
    "terms": (
        lambda _: SetTerms(Terms(1, 60, 3600)),
        (
            "officers who must sign a change: 1", "in the place of", "officers who must sign a change: 2",
            "gateways ask every: 30 seconds", "good for: 86400 seconds",
        ),
    ),
    "enrol": (
        lambda _: EnrolOfficer(Officer("Sample Three", keys_of("1001").message.public)),
        ("let 'Sample Three' act as an officer", "key: ed25519:"),
    ),
    "another key": (
        lambda _: EnrolOfficer(Officer(OFFICERS[0], keys_of("1001").message.public)),
        (f"REPLACES the key of the officer '{OFFICERS[0]}'", "in the place of"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_each_change_is_told_in_full_before_and_after_it_is_signed(desk: Desk, name: str) -> None:
    change, expected = TOLD[name]
    number = desk.registry.propose(change(desk), *desk.registry.officer(OFFICERS[1], {})).number
    pending, signed = desk.run("exchange", "pending").out, desk.run("exchange", "approve", number, *BY).out
    for text in expected:
        assert text in pending, pending
        # The sentence of the one begins where that of the other goes on.
        assert text.lower() in signed.lower(), signed


def test_what_is_changed_or_taken_out_is_told_as_it_stood(desk: Desk) -> None:
    decide(desk.registry, Enter(PURPOSE))
    changed = Purpose(PURPOSE.code, PURPOSE.title, "Another Act 2")
    desk.registry.propose(Enter(changed), *desk.registry.officer(OFFICERS[1], {}))
    desk.registry.propose(Remove(EntryKind.PURPOSE, PURPOSE.code), *desk.registry.officer(OFFICERS[1], {}))
    told = desk.run("exchange", "pending").out
    assert f"REPLACES the purpose {PURPOSE.code} as it stands now" in told
    assert told.index("Another Act 2") < told.index("in the place of") < told.index(PURPOSE.basis)
    assert f"take out the purpose {PURPOSE.code}\n  title" in told


def test_the_end_of_a_suspension_and_of_an_officer_is_told(desk: Desk) -> None:
    decide(desk.registry, Suspend(desk.home.member))
    desk.registry.propose(Reinstate(desk.home.member), *desk.registry.officer(OFFICERS[1], {}))
    decide(desk.registry, EnrolOfficer(Officer("Sample Three", keys_of("1001").message.public)))
    desk.registry.propose(DismissOfficer("Sample Three"), *desk.registry.officer(OFFICERS[1], {}))
    told = desk.run("exchange", "pending").out
    assert f"end the suspension of the member {desk.home.member}" in told
    assert "dismiss the officer 'Sample Three'\n  officers that stay: 2" in told


def test_where_nothing_is_found_the_hint_names_the_home(desk: Desk) -> None:
    place = f"rahdari exchange pending --home {desk.registry.folder}"
    for name in (("approve", "99"), ("approve", "0" * 16), ("decline", "99")):
        assert place in desk.run("exchange", *name, *BY).err.replace("\n", " ")
