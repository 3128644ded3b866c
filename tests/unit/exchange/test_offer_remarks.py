"""What is odd about an offer beside the configuration and the descriptions is said before it is used."""

import json
from dataclasses import replace

import pytest

from rahdari.exchange.rules.directory import build_directory
from rahdari.exchange.rules.offer_remarks import remarks_on
from rahdari.exchange.values.services import Offer, Rate, SubjectPlace, SubjectSource
from rahdari.wire.ndel.parties import Allowance, Pin
from rahdari.wire.xroad import ServiceType, SubsystemId
from tests.unit.exchange.exchange_scene import STATUS, configuration, offer, operation, service

DESCRIBED = json.dumps(
    {"openapi": "3.1.0", "paths": {"/v1/persons/{number}": {"get": {}, "parameters": []}}}
).encode()
DIRECTORY = build_directory(configuration())


def told(offered: Offer) -> list[str]:
    return list(remarks_on(offered, DIRECTORY))


def one(*operations: object, **changes: object) -> Offer:
    return offer(service(operations, description=DESCRIBED, **changes))  # type: ignore[arg-type]


def test_nothing_is_odd_about_what_fits() -> None:
    assert told(one(operation())) == []


def test_a_purpose_that_nobody_entered_is_named() -> None:
    (remark,) = told(one(operation(purposes=frozenset({"lending", "spying"}))))
    assert "'spying'" in remark
    assert "version 7" in remark
    unusable = told(one(operation(purposes=frozenset({"spying"}))))
    assert any("may not ask for any of its purposes: spying" in each for each in unusable)


def test_a_purpose_that_was_agreed_with_another_instance_is_none_to_remark() -> None:
    pin = Pin("CN", ("https://cn.example/c.jws",), (), (Allowance(None, None, frozenset({"trade"})),), ())
    directory = build_directory(configuration(pins=(pin,)))
    offered = one(operation(purposes=frozenset({"lending", "trade"})))
    assert list(remarks_on(offered, directory)) == []


def test_clients_that_nobody_knows_are_named() -> None:
    stranger = SubsystemId("PK", "COM", "9", "x")
    offered = offer(service(description=DESCRIBED), granted={stranger: frozenset({operation().name})})
    (remark,) = told(replace(offered, rates={str(stranger): Rate(1.0, 1)}))
    assert remark.startswith(f"a grant to {stranger}, which the configuration does not know")
    assert told(replace(one(operation()), rates={str(stranger): Rate(1.0, 1)})) == [
        f"a rate for {stranger}, which is granted nothing"
    ]


@pytest.mark.parametrize(
    ("method", "path", "is_described"),
    [
        ("GET", "/v1/persons/{id}", True),
        ("*", "/v1/persons/{id}", True),
        ("GET", "/v1/**", True),
        ("POST", "/v1/persons/{id}", False),
        ("GET", "/v1/persons", False),
        ("GET", "/v2/**", False),
    ],
)
def test_operations_are_compared_with_the_description(method: str, path: str, *, is_described: bool) -> None:
    offered = one(operation(method, path, subject=SubjectPlace(SubjectSource.NOBODY, "")))
    expected = (
        [] if is_described else [f"{STATUS}: {method} {path} does not stand in its OpenAPI description"]
    )
    assert told(offered) == expected


@pytest.mark.parametrize("description", [b"[" * 100_000, b"[]", b'{"paths": 7}', b'{"paths": {"/x": 7}}'])
def test_a_description_that_is_nonsense_is_remarked_and_no_more(description: bytes) -> None:
    (remark,) = told(offer(service(description=description)))
    assert "description" in remark


def test_a_description_in_yaml_is_left_alone_and_a_missing_one_is_told() -> None:
    (yaml,) = told(offer(service(description=b"openapi: 3.1.0")))
    assert "not compared" in yaml
    (missing,) = told(offer(service(description=None)))
    assert "getOpenAPI will be refused" in missing
    assert told(offer(service(description=None, type=ServiceType.REST))) == []


def test_a_subject_that_no_gateway_could_read_is_told() -> None:
    hidden = operation(is_sealed=True, subject=SubjectPlace(SubjectSource.BODY, "/number"))
    (remark,) = told(one(hidden))
    assert "sealed" in remark


def test_without_a_configuration_it_is_said_that_nothing_was_held_against_it() -> None:
    (remark,) = remarks_on(one(operation(purposes=frozenset({"spying"}))), None)
    assert "no configuration here yet" in remark
