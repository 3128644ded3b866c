"""The authority's services for its exchange gateway, over HTTP."""

import pytest

from rahdari.credentials import Person
from tests.unit.web.conftest import Stage

ROOT = "/api/v1/exchange"


def number_of(stage: Stage, place: int = 0) -> str:
    holder = stage.house.registry.get_holder(stage.cards[place].holder)
    assert isinstance(holder.party, Person)
    return holder.party.number


def test_the_gateway_is_told_how_a_person_stands_and_a_suspension_at_once(stage: Stage) -> None:
    card, asked = stage.cards[2], {"number": number_of(stage, 2)}
    told = stage.client.post(f"{ROOT}/person-status", json=asked, headers=stage.headers("exchange")).json()
    assert (told["status"], told["products"]) == ("valid", [card.product.id])
    stage.act(card, "suspend", reason="lost")
    told = stage.client.post(f"{ROOT}/person-status", json=asked, headers=stage.headers("exchange")).json()
    assert (told["status"], told["products"]) == ("suspended", [])
    stage.act(card, "reinstate", reason="found")


def test_attributes_are_compared_and_an_age_is_told(stage: Stage) -> None:
    number, head = number_of(stage), stage.headers("exchange")
    believed = {"number": number, "name": "Somebody Else", "nationality": "PAK"}
    told = stage.client.post(f"{ROOT}/attribute-match", json=believed, headers=head).json()
    assert told["matches"] == {"name": False, "nationality": True}
    over = stage.client.post(f"{ROOT}/age-over", json={"number": number, "age": 1}, headers=head).json()
    assert over["is_over"] is True


def test_one_attribute_is_compared_at_an_address_of_its_own(stage: Stage) -> None:
    number, head = number_of(stage), stage.headers("exchange")
    asked = {"number": number, "value": "PAK"}
    told = stage.client.post(f"{ROOT}/attribute-match/nationality", json=asked, headers=head).json()
    assert told["matches"] == {"nationality": True}
    for path, body in (
        ("address", asked),
        ("name", {"number": number}),
        ("name", {**asked, "guardian": "x"}),
    ):
        answer = stage.client.post(f"{ROOT}/attribute-match/{path}", json=body, headers=head)
        assert answer.status_code in {400, 422}, path


@pytest.mark.parametrize("name", ["officer", "bank", "auditor", "registrar"])
@pytest.mark.parametrize("path", ["person-status", "attribute-match", "attribute-match/name", "age-over"])
def test_nobody_else_is_answered(stage: Stage, name: str, path: str) -> None:
    asked = {"number": number_of(stage), "age": 18, "name": "x"}
    answer = stage.client.post(f"{ROOT}/{path}", json=asked, headers=stage.headers(name))
    assert answer.status_code == 403


def test_the_gateway_may_do_nothing_else(stage: Stage) -> None:
    for path in ("/api/v1/holders", "/api/v1/flags"):
        assert stage.client.get(path, headers=stage.headers("exchange")).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("person-status", {}),
        ("person-status", {"number": "1\n2"}),
        ("person-status", {"number": "1" * 41}),
        ("person-status", {"number": "1", "more": 2}),
        ("age-over", {"number": "1", "age": 0}),
        ("age-over", {"number": "1", "age": "18"}),
        ("attribute-match", {"number": "1"}),
        ("attribute-match", {"number": "1", "address": "x"}),
    ],
)
def test_a_question_of_another_shape_is_refused(stage: Stage, path: str, body: dict[str, object]) -> None:
    answer = stage.client.post(f"{ROOT}/{path}", json=body, headers=stage.headers("exchange"))
    assert answer.status_code in {400, 422}
