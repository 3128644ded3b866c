"""Print sheets over HTTP."""

import re

import pytest

from tests.unit.web.conftest import Stage


def asked(stage: Stage, body: object, who: str = "issuer") -> tuple[int, str]:
    answer = stage.client.post("/api/v1/sheets", json=body, headers=stage.headers(who))
    return answer.status_code, answer.json()["code"]


def test_an_issuer_prints_cards_on_a_sheet(stage: Stage) -> None:
    numbers = [card.number for card in stage.cards]
    answer = stage.client.post("/api/v1/sheets", json={"cards": numbers}, headers=stage.headers("issuer"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert re.search(rb"/Count 2\b", answer.content)


def test_the_paper_may_be_letter(stage: Stage) -> None:
    body = {"cards": [stage.cards[0].number], "paper": "letter"}
    answer = stage.client.post("/api/v1/sheets", json=body, headers=stage.headers("issuer"))
    assert re.search(rb"/MediaBox ?\[0 0 61[12]", answer.content)


def test_what_makes_no_sheet_is_refused(stage: Stage) -> None:
    number = stage.cards[0].number
    assert asked(stage, {"cards": [number, number]}) == (422, "app.bad_sheet")
    assert asked(stage, {"cards": ["0000-0000-0000"]}) == (404, "credentials.unknown_card")
    assert stage.act(stage.cards[1], "suspend", reason="lost").status_code == 200
    assert asked(stage, {"cards": [number, stage.cards[1].number]}) == (409, "app.card_not_printable")
    for form in ("png", "pdf"):
        path = f"/api/v1/cards/{stage.cards[1].number}/card.{form}"
        answer = stage.client.get(path, headers=stage.headers("issuer"))
        assert (answer.status_code, answer.json()["code"]) == (409, "app.card_not_printable")
    # The stage is shared with other tests.
    assert stage.act(stage.cards[1], "reinstate", reason="found").status_code == 200


@pytest.mark.parametrize("cards", [[], ["0000-0000-0000"] * 201, ["../x"], "x", [1]])
def test_a_body_of_another_shape_is_refused(stage: Stage, cards: object) -> None:
    assert asked(stage, {"cards": cards})[0] in (400, 422)
