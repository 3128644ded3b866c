"""Whose keys are believed for a log, and whose gateway is met at an address: never another registry's for ours."""

from dataclasses import replace
from urllib.parse import urlsplit

from rahdari.app.exchange.vouching import claimed
from rahdari.exchange.rules.directory import Directory, build_directory
from rahdari.wire.ndel.parties import Configuration, Gateway, Member, Pin
from tests.unit.wire.ndel_scene import DAY, NOW, REGISTRY, full_configuration, gateway_of, member_of

OURS = gateway_of("1001")


def pin(instance: str) -> Pin:
    return Pin(instance, ("https://registry.example/configuration.jws",), (REGISTRY.public,), (), ())


def abroad(instance: str, code: str, **changes: object) -> Configuration:
    """Another instance, with one member whose gateway claims what ``changes`` say."""
    member = member_of(code, instance=instance)
    gateway = replace(member.gateways[0], **changes)  # type: ignore[arg-type]
    return Configuration(
        instance, 3, NOW, NOW + DAY, 30, members=(replace(member, gateways=(gateway,)),), purposes=()
    )


def directory(*others: Configuration, members: tuple[Member, ...] | None = None) -> Directory:
    home = full_configuration()
    home = replace(home, pins=tuple(pin(one.instance) for one in others), members=members or home.members)
    return build_directory(home, others)


def origin(gateway: Gateway) -> str:
    return gateway.log.origin


def address(gateway: Gateway) -> str:
    return urlsplit(gateway.url).netloc


def test_each_log_and_address_is_found_by_its_own() -> None:
    found = directory(abroad("CN", "3001"))
    names = {one.log.origin for member in found.members() for one in member.gateways}
    assert set(claimed(found, origin)) == names
    assert claimed(found, origin)[OURS.log.origin].id == OURS.id


def test_another_registry_takes_neither_our_logs_nor_our_addresses() -> None:
    thief = abroad("CN", "3001", url=OURS.url, log=replace(gateway_of("3001").log, origin=OURS.log.origin))
    found = directory(thief)
    assert claimed(found, origin)[OURS.log.origin].log.keys == OURS.log.keys
    assert claimed(found, address)[address(OURS)].id == OURS.id


def test_what_is_ours_stays_ours_while_its_member_is_suspended() -> None:
    first, *rest = full_configuration().members
    thief = abroad("CN", "3001", log=replace(gateway_of("3001").log, origin=OURS.log.origin))
    found = directory(thief, members=(replace(first, suspended_at=NOW), *rest))
    assert OURS.log.origin not in claimed(found, origin)


def test_what_two_others_claim_is_nobodys() -> None:
    log = replace(gateway_of("3001").log, origin="log.example/both")
    found = directory(abroad("CN", "3001", log=log), abroad("UZ", "3001", log=log))
    assert "log.example/both" not in claimed(found, origin)
    assert "log.example/both" in claimed(directory(abroad("CN", "3001", log=log)), origin)
