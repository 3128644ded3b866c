"""The catalogue as one gateway writes it and another reads it."""

import json
from typing import Any

import pytest

from rahdari.exchange.rules.catalogue import CATALOGUE_BYTES_MAX, read_catalogue, write_catalogue
from rahdari.exchange.values.services import ConsentRule, Durability
from rahdari.wire.errors import MalformedInput, TooLarge
from tests.unit.exchange.exchange_scene import BANK, REGISTRY, offer, operation, service

OFFERED = offer(
    service([operation(consent=ConsentRule.REQUIRED), operation("POST", "/v1/x", is_sealed=True)])
)


def written() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(write_catalogue(OFFERED, reader=BANK.member))
    return read


def reread(changed: dict[str, Any]) -> object:
    return read_catalogue(json.dumps(changed).encode(), provider=REGISTRY.member)


def test_what_is_written_is_read() -> None:
    (one,) = read_catalogue(write_catalogue(OFFERED, reader=BANK.member), provider=REGISTRY.member)
    first, second = one.operations
    assert (first.name, first.consent, first.durability) == (
        "GET /v1/persons/{id}",
        ConsentRule.REQUIRED,
        Durability.STRICT,
    )
    assert (first.purposes, first.data_classes) == (frozenset({"lending"}), frozenset({"status"}))
    assert (first.is_sealed, second.is_sealed) == (False, True)
    assert one.granted == {str(BANK): frozenset({"GET /v1/persons/{id}", "POST /v1/x"})}
    assert (one.has_description, one.disabled_notice) == (True, None)


def test_nobody_is_told_of_anothers_rights_nor_of_the_systems_behind() -> None:
    raw = write_catalogue(OFFERED, reader=REGISTRY.member)
    (one,) = read_catalogue(raw, provider=REGISTRY.member)
    assert one.granted == {}
    assert b"127.0.0.1" not in raw


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "PK/COM/2002/loans/x"),
        ("id", "PK/GOV"),
        ("title", {}),
        ("title", {"en": "a\u202eb"}),
        ("type", "GRPC"),
        ("has_description", 1),
        ("disabled", 7),
        ("disabled", "x" * 501),
        ("granted", {}),
        ("more", 1),
    ],
)
def test_a_service_of_another_form_or_member_is_refused(name: str, value: object) -> None:
    changed = written()
    changed["services"][0][name] = value
    with pytest.raises(MalformedInput):
        reread(changed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("consent", "perhaps"),
        ("durability", ""),
        ("sealed", "no"),
        ("path", "v1"),
        ("method", "get"),
        ("purposes", "lending"),
        ("purposes", ["two words"]),
        ("fee", 3),
    ],
)
def test_a_condition_that_is_not_understood_is_refused(name: str, value: object) -> None:
    changed = written()
    changed["services"][0]["operations"][0][name] = value
    with pytest.raises(MalformedInput):
        reread(changed)


def test_a_catalogue_beyond_its_limits_is_not_read() -> None:
    with pytest.raises(TooLarge):
        read_catalogue(b" " * (CATALOGUE_BYTES_MAX + 1), provider=REGISTRY.member)
    many = written()
    many["services"] = many["services"] * 1001
    with pytest.raises(TooLarge):
        reread(many)
