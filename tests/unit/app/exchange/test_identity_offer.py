"""The identity authority's offer is one that a gateway reads, and says what the authority's server does."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from rahdari.app.exchange.identity_offer import (
    BEARER_FILE,
    IdentityOffer,
    describe_identity,
    write_identity_offer,
)
from rahdari.app.exchange.offers import read_offer_file
from rahdari.exchange import ConsentRule, Durability, Offer, Wish
from rahdari.exchange.rules.wishes import covered_operations
from rahdari.web.rights import RIGHTS
from rahdari.wire.xroad import SubsystemId, read_target

PROVIDER = SubsystemId("PK", "GOV", "1001", "registry")
BANK = SubsystemId("PK", "COM", "2002", "loans")


@pytest.fixture
def offered(tmp_path: Path) -> Offer:
    asked = IdentityOffer(PROVIDER, "http://127.0.0.1:8440/", ("kyc",), (BANK,))
    (tmp_path / "services.toml").write_text(write_identity_offer(asked), encoding="utf-8")
    (tmp_path / BEARER_FILE).write_text("rah_sample0123456789\n", encoding="ascii")
    for name, described in describe_identity(PROVIDER).items():
        (tmp_path / name).write_bytes(described)
    read = read_offer_file(tmp_path / "services.toml", PROVIDER.member)
    assert read.remarks == ()
    return read.offer


def test_three_services_are_offered_and_each_demands_what_it_should(offered: Offer) -> None:
    told = {one.id.service_code: one.operations[0] for one in offered.services.values()}
    assert {code: one.consent for code, one in told.items()} == {
        "person-status": ConsentRule.NONE,
        "attribute-match": ConsentRule.REQUIRED,
        "age-over": ConsentRule.REQUIRED_NOW,
    }
    assert {one.durability for one in told.values()} == {Durability.STRICT}
    assert {one.subject.name for one in told.values()} == {"/number"}


def test_a_consent_to_one_attribute_does_for_its_own_operation_and_no_other(offered: Offer) -> None:
    match = next(one for one in offered.services.values() if one.id.service_code == "attribute-match")
    wish = Wish("1", BANK, (match.id,), frozenset({"kyc"}), frozenset({"name"}), 90)
    assert covered_operations(wish, offered) == (f"{match.id}: POST /name",)
    assert {one.template.path for one in match.operations} == {
        "/", "/name", "/date_of_birth", "/guardian", "/gender", "/nationality"
    }  # fmt: skip
    assert offered.grants[BANK, match.id] == {one.name for one in match.operations}


def test_the_gateway_asks_the_authoritys_server_with_its_own_token(offered: Offer) -> None:
    for service in offered.services.values():
        assert service.base_url == f"http://127.0.0.1:8440/api/v1/exchange/{service.id.service_code}"
        assert service.bearer == "rah_sample0123456789"
        assert "rah_sample" not in repr(service)


def test_the_clients_named_may_call_all_three(offered: Offer) -> None:
    assert {(client, service.service_code) for client, service in offered.grants} == {
        (BANK, code) for code in ("person-status", "attribute-match", "age-over")
    }


def test_who_follows_a_services_description_calls_what_is_offered(offered: Offer) -> None:
    """Server and path together are a target whose operation is there, with or without the last slash."""
    for service in offered.services.values():
        assert service.description is not None
        document = json.loads(service.description)
        validate(document)
        (server,) = document["servers"]
        found = []
        for path in document["paths"]:
            call = read_target((server["url"] + path).encode())
            assert call.service == service.id
            found.append(service.templates.find("POST", call.canonical_path))
        assert found == [one.template for one in service.operations]
        bare = read_target(server["url"].encode())
        assert service.templates.find("POST", bare.canonical_path) == service.operations[0].template
    assert {"tellPersonStatus", "matchAttributes", "tellAgeOver"} <= set(RIGHTS)
