"""A consent is given to what there is, and says which operations it reaches."""

from dataclasses import replace

import pytest

from rahdari.exchange.errors import ConsentFault, ConsentRefused
from rahdari.exchange.rules.directory import build_directory
from rahdari.exchange.rules.wishes import covered_operations, require_known, uncovered_operations
from rahdari.exchange.values.consents import Wish
from rahdari.exchange.values.services import ConsentRule, Offer
from rahdari.wire.xroad import ServiceId, SubsystemId
from tests.unit.exchange.exchange_scene import (
    BANK,
    REGISTRY,
    STATUS,
    configuration,
    offer,
    operation,
    service,
)

DIRECTORY = build_directory(configuration())
WISH = Wish("35202-1", BANK, (STATUS,), frozenset({"lending"}), frozenset({"status"}), 90)
OURS = offer(
    service(
        [
            operation(consent=ConsentRule.REQUIRED),
            operation("POST", consent=ConsentRule.REQUIRED, data_classes=frozenset({"status", "name"})),
            operation("PUT"),
            operation("DELETE", consent=ConsentRule.REQUIRED, purposes=frozenset({"audit"})),
        ]
    )
)


def fault_of(wish: Wish, offered: Offer = OURS) -> ConsentFault:
    with pytest.raises(ConsentRefused) as refused:
        require_known(wish, DIRECTORY, offered, own=REGISTRY.member)
    return refused.value.fault


def test_a_wish_for_what_there_is_may_be_signed_and_its_reach_is_told() -> None:
    require_known(WISH, DIRECTORY, OURS, own=REGISTRY.member)
    assert covered_operations(WISH, OURS) == (f"{STATUS}: GET /v1/persons/{{id}}",)
    assert uncovered_operations(WISH, OURS) == (f"{STATUS}: POST /v1/persons/{{id}} needs name too",)


def test_each_unknown_part_is_named() -> None:
    unknown = SubsystemId("PK", "COM", "9", "x")
    assert fault_of(replace(WISH, consumer=unknown)) is ConsentFault.CONSUMER
    assert fault_of(replace(WISH, consumer=replace(BANK, subsystem_code="none"))) is ConsentFault.CONSUMER
    assert fault_of(replace(WISH, purposes=frozenset({"lending", "x"}))) is ConsentFault.PURPOSE
    assert fault_of(replace(WISH, data_classes=frozenset({"status", "x"}))) is ConsentFault.DATA_CLASSES
    assert fault_of(WISH, Offer({}, {}, {})) is ConsentFault.SERVICE
    foreign = ServiceId("PK", "GOV", "9", "x", "y")
    assert fault_of(replace(WISH, services=(foreign,))) is ConsentFault.SERVICE


def test_the_data_classes_of_anothers_service_are_that_members_affair() -> None:
    """An authority signs consents to services of others, whose offer it does not have."""
    wish = replace(WISH, data_classes=frozenset({"whatever"}))
    require_known(wish, DIRECTORY, Offer({}, {}, {}), own=BANK.member)
    assert covered_operations(wish, Offer({}, {}, {})) == ()
