"""The directory: who may be believed at this moment, and what two instances agreed on."""

from dataclasses import replace

import pytest

from rahdari.exchange.errors import ConfigurationRefused
from rahdari.exchange.rules.directory import (
    SKEW_SECONDS,
    Directory,
    build_directory,
    is_key_in_force,
    require_successor,
)
from rahdari.wire.ndel.parties import Allowance, Configuration, Member, Pin
from rahdari.wire.xroad import MemberId, SecurityServerId, ServiceId, SubsystemId
from tests.unit.wire.ndel_scene import DAY, NOW, REGISTRY, full_configuration, gateway_of, keys_of, member_of

HOME = replace(full_configuration(), pins=())
FIRST = MemberId("PK", "GOV", "1001")
REGISTRY_CLIENT = SubsystemId("PK", "GOV", "1001", "registry")
SECOND = MemberId("PK", "GOV", "1002")
FOREIGN = MemberId("CN", "GOV", "3001")
KEY = gateway_of("1001").keys[0]
CERTIFICATE = gateway_of("1001").certificates[0]
SERVICE = ServiceId("PK", "GOV", "1001", "registry", "persons")


def pin(inbound: tuple[Allowance, ...] = (), outbound: tuple[Allowance, ...] = ()) -> Pin:
    return Pin("CN", ("https://registry.example/configuration.jws",), (REGISTRY.public,), inbound, outbound)


def foreign(*members: Member, **changes: object) -> Configuration:
    listed = members or (member_of("3001", instance="CN"),)
    made = Configuration("CN", 3, NOW, NOW + DAY, 30, members=listed, purposes=())
    return replace(made, **changes)  # type: ignore[arg-type]


def federated(
    *allowances: Allowance, inbound: tuple[Allowance, ...] = (), other: Configuration | None = None
) -> Directory:
    return build_directory(replace(HOME, pins=(pin(inbound, allowances),)), [other or foreign()])


def with_member(**changes: object) -> Directory:
    first = replace(HOME.members[0], **changes)  # type: ignore[arg-type]
    return build_directory(replace(HOME, members=(first, *HOME.members[1:])))


def with_key(**changes: object) -> Directory:
    gateway = replace(gateway_of("1001"), keys=(replace(KEY, **changes),))  # type: ignore[arg-type]
    return with_member(gateways=(gateway,))


def test_a_key_in_force_is_found_with_its_gateway_and_member() -> None:
    found = build_directory(HOME).message_key(KEY.keyid, NOW)
    assert found is not None
    assert found.public == KEY.public
    assert found.gateway == gateway_of("1001")
    assert found.member.id == FIRST


def test_an_unknown_key_is_not_found() -> None:
    assert build_directory(HOME).message_key("nobody", NOW) is None


def test_a_key_is_found_in_its_window_give_or_take_what_clocks_differ() -> None:
    directory = with_key(not_before=NOW, not_after=NOW + 100)
    for at, is_found in (
        (NOW - SKEW_SECONDS - 1, False), (NOW - SKEW_SECONDS, True), (NOW, True),
        (NOW + 99 + SKEW_SECONDS, True), (NOW + 100 + SKEW_SECONDS, False),
    ):  # fmt: skip
        assert (directory.message_key(KEY.keyid, at) is not None) is is_found
        assert is_key_in_force(replace(KEY, not_before=NOW, not_after=NOW + 100), at) is is_found


def test_a_withdrawn_key_is_gone_whatever_the_clock_says() -> None:
    directory = with_key(withdrawn_at=NOW + 10_000)
    assert directory.message_key(KEY.keyid, NOW) is None
    assert directory.gateway_by_certificate(CERTIFICATE) is not None


def test_a_suspended_member_is_known_and_nothing_of_it_counts() -> None:
    directory = with_member(suspended_at=NOW + 10_000)
    assert directory.member(FIRST) is not None
    assert directory.message_key(KEY.keyid, NOW) is None
    assert directory.gateway_by_certificate(CERTIFICATE) is None
    assert directory.gateway(gateway_of("1001").id) is None
    assert directory.gateways_of(FIRST) == ()
    assert directory.recipients(FIRST) == ()
    assert not directory.is_client(FIRST)
    assert not directory.is_client(REGISTRY_CLIENT)
    assert FIRST not in {one.id for one in directory.members()}
    assert directory.is_client(SECOND)


def test_nothing_is_found_once_the_configuration_has_expired() -> None:
    directory = build_directory(HOME)
    assert not directory.is_expired(HOME.expires - 1)
    assert directory.is_expired(HOME.expires)
    assert directory.message_key(KEY.keyid, HOME.expires - 1) is not None
    assert directory.message_key(KEY.keyid, HOME.expires) is None


def test_a_gateway_is_found_by_the_certificate_it_shows() -> None:
    directory = build_directory(HOME)
    assert directory.gateway_by_certificate(CERTIFICATE) == gateway_of("1001")
    assert directory.gateway_by_certificate(CERTIFICATE + b"\0") is None
    assert directory.gateway(SecurityServerId("PK", "GOV", "1002", "gw2")) == gateway_of("1002", "gw2")


def test_members_and_their_parts_are_found() -> None:
    directory = build_directory(HOME, digests={"PK": b"x"})
    assert directory.instance == "PK"
    assert directory.version == HOME.version
    assert directory.digests == {"PK": b"x"}
    assert [one.id.server_code for one in directory.gateways_of(SECOND)] == ["gw1", "gw2"]
    assert len(directory.recipients(SECOND)) == 4
    assert directory.purposes["passport-issue"] == HOME.purposes[0]
    assert directory.timestampers == HOME.timestampers
    assert directory.witnesses == HOME.witnesses
    assert directory.gateways_of(FOREIGN) == ()


def test_a_client_is_a_registered_subsystem_or_a_member() -> None:
    directory = build_directory(HOME)
    assert directory.is_client(REGISTRY_CLIENT)
    assert directory.is_client(FIRST)
    assert not directory.is_client(SubsystemId("PK", "GOV", "1001", "other"))
    assert not directory.is_client(MemberId("PK", "COM", "1001"))


def test_only_keys_in_force_of_a_consent_issuer_count() -> None:
    issuer = HOME.consent_issuers[0]
    assert build_directory(HOME).consent_keys(FIRST, NOW) == ()
    good = replace(issuer, keys=(replace(issuer.keys[0], withdrawn_at=None),))
    home = replace(HOME, consent_issuers=(good,))
    assert build_directory(home).consent_keys(FIRST, NOW) == (good.keys[0].public,)
    assert build_directory(home).consent_keys(FIRST, NOW + 2 * DAY) == ()
    assert build_directory(home).consent_keys(SECOND, NOW) == ()
    suspended = replace(HOME.members[0], suspended_at=NOW)
    assert build_directory(replace(home, members=(suspended,))).consent_keys(FIRST, NOW) == ()


def test_inside_an_instance_the_purpose_must_be_one_of_its_list() -> None:
    directory = build_directory(HOME)
    assert directory.may_ask(SECOND, SERVICE, "passport-issue")
    assert not directory.may_ask(SECOND, SERVICE, "curiosity")
    assert not directory.may_ask(SECOND, SERVICE, "")


THEIRS = ServiceId("CN", "GOV", "3001", "customs", "declarations")


@pytest.mark.parametrize(
    ("allowance", "is_allowed"),
    [
        (Allowance(None, None, frozenset({"trade"})), True),
        (Allowance(FOREIGN, None, frozenset({"trade"})), True),
        (Allowance(FOREIGN, "declarations", frozenset({"trade", "other"})), True),
        (Allowance(FOREIGN, "persons", frozenset({"trade"})), False),
        (Allowance(MemberId("CN", "GOV", "3002"), None, frozenset({"trade"})), False),
        (Allowance(None, None, frozenset({"other"})), False),
    ],
)
def test_another_instance_is_asked_for_what_is_agreed_on(allowance: Allowance, *, is_allowed: bool) -> None:
    directory = federated(allowance)
    assert directory.may_ask(FIRST, THEIRS, "trade") is is_allowed
    # What goes out is no leave for what comes in.
    assert not directory.may_ask(FOREIGN, SERVICE, "trade")


def test_another_instance_asks_for_what_is_agreed_on() -> None:
    directory = federated(inbound=(Allowance(FIRST, "persons", frozenset({"trade"})),))
    assert directory.may_ask(FOREIGN, SERVICE, "trade")
    assert not directory.may_ask(FOREIGN, SERVICE, "passport-issue")
    assert not directory.may_ask(FIRST, THEIRS, "trade")


def test_another_instance_knows_of_what_is_agreed_on_and_of_nothing_else() -> None:
    directory = federated(inbound=(Allowance(FIRST, "persons", frozenset({"trade"})),))
    other = replace(SERVICE, service_code="taxes")
    assert [directory.may_see(FOREIGN, one) for one in (SERVICE, other, THEIRS)] == [True, False, False]
    assert all(directory.may_see(FIRST, one) for one in (SERVICE, other))
    assert not build_directory(HOME, [foreign()]).may_see(FOREIGN, SERVICE)


def test_what_nobody_pinned_is_forbidden_both_ways() -> None:
    directory = build_directory(HOME, [foreign()])
    assert not directory.may_ask(FIRST, THEIRS, "passport-issue")
    assert not directory.may_ask(FOREIGN, SERVICE, "passport-issue")
    assert not directory.may_ask(FOREIGN, THEIRS, "passport-issue")
    assert directory.others == {}
    assert directory.member(FOREIGN) is None
    assert directory.message_key(gateway_of("3001", instance="CN").keys[0].keyid, NOW) is None


def test_nothing_is_carried_between_two_others() -> None:
    anything = Allowance(None, None, frozenset({"trade"}))
    directory = federated(anything, inbound=(anything,))
    assert not directory.may_ask(FOREIGN, THEIRS, "trade")


def test_why_something_may_not_be_asked_is_told_by_what_is_missing() -> None:
    trade = frozenset({"trade"})
    pinned = federated(
        Allowance(THEIRS.provider.member, THEIRS.service_code, trade),
        inbound=(Allowance(FIRST, "declarations", trade),),
    )
    assert "'curiosity' is no purpose of PK; those are " in pinned.why_not(SECOND, SERVICE, "curiosity")
    assert f"has the service {THEIRS} for trade, not for 'passport-issue'" in pinned.why_not(
        FIRST, THEIRS, "passport-issue"
    )
    # The purpose is agreed on, the service is not.
    assert "does not name the service PK/GOV/1001/registry/persons" in pinned.why_not(
        FOREIGN, SERVICE, "trade"
    )
    alone = build_directory(HOME)
    assert "PK has no agreement with CN" in alone.why_not(FOREIGN, SERVICE, "trade")
    assert pinned.why_not(FOREIGN, THEIRS, "trade") == "PK carries nothing between two others"


def test_a_federated_members_key_is_found_until_its_own_configuration_expires() -> None:
    directory = federated(other=foreign(expires=NOW + 50))
    keyid = gateway_of("3001", instance="CN").keys[0].keyid
    found = directory.message_key(keyid, NOW)
    assert found is not None
    assert found.member.id == FOREIGN
    assert directory.message_key(keyid, NOW, instance="CN") == found
    assert directory.message_key(keyid, NOW, instance="PK") is None
    assert directory.message_key(keyid, NOW + 50) is None
    assert directory.is_expired(NOW + 50, instance="CN")
    assert not directory.is_expired(NOW + 50)
    assert directory.is_expired(NOW, instance="IR")


def test_another_instance_cannot_put_its_gateway_in_the_place_of_ours() -> None:
    """Its registry may list our keys and certificates; ours are still ours."""
    theirs = gateway_of("3001", instance="CN")
    thief = replace(theirs, keys=gateway_of("1001").keys, certificates=gateway_of("1001").certificates)
    directory = federated(other=foreign(replace(member_of("3001", instance="CN"), gateways=(thief,))))
    found = directory.message_key(KEY.keyid, NOW)
    assert found is not None
    assert found.member.id == FIRST
    assert directory.gateway_by_certificate(CERTIFICATE) == gateway_of("1001")
    assert keys_of("1001").message.public == found.public


def test_versions_never_go_back() -> None:
    newer = replace(HOME, version=HOME.version + 1)
    require_successor(None, HOME, at=NOW)
    require_successor(HOME, newer, at=NOW)
    require_successor(HOME, HOME, at=NOW)
    with pytest.raises(ConfigurationRefused, match="older"):
        require_successor(newer, HOME, at=NOW)


def test_two_configurations_of_one_version_are_refused() -> None:
    with pytest.raises(ConfigurationRefused, match="bear the version"):
        require_successor(HOME, replace(HOME, members=()), at=NOW)


def test_an_expired_or_a_strange_configuration_is_refused() -> None:
    with pytest.raises(ConfigurationRefused, match="expired"):
        require_successor(None, HOME, at=HOME.expires)
    with pytest.raises(ConfigurationRefused, match="is followed"):
        require_successor(HOME, replace(foreign(), version=99), at=NOW)
