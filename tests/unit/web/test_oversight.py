"""Purpose and place of a question, and flags over HTTP."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from rahdari.credentials import Card, Person
from tests.unit.web.conftest import Stage

LAHORE = {"name": "Counter 2, Lahore", "latitude": 31.549, "longitude": 74.344}
KASHGAR = {"name": "Gate 1, Kashgar", "latitude": 39.467, "longitude": 75.994}
NOWHERE = "0" * 8 + "-0000" * 3 + "-" + "0" * 12


def ask(stage: Stage, card: Card, **told: object) -> httpx.Response:
    body = {"pass": stage.text(card), "questions": ["genuine"], "nonce": "n" * 16, **told}
    return stage.client.post("/api/v1/verifications", json=body, headers=stage.headers("bank"))


def flags(stage: Stage, query: str = "") -> Any:  # noqa: ANN401 - JSON
    return stage.client.get(f"/api/v1/flags{query}", headers=stage.headers("fraud_officer")).json()["flags"]


def travelled(stage: Stage, card: Card) -> dict[str, Any]:
    """A card at two places at once; its flag."""
    for place in (LAHORE, KASHGAR):
        assert ask(stage, card, purpose="customs", place=place).status_code == 200
    found: dict[str, Any] = next(one for one in flags(stage) if one["subject"] == card.number)
    return found


def test_purpose_and_place_are_written_down_for_the_holder(stage: Stage) -> None:
    card = stage.cards[0]
    stage.clock.wind(timedelta(seconds=1))
    assert ask(stage, card, purpose="sim_registration", place=LAHORE).status_code == 200
    stage.clock.wind(timedelta(seconds=1))
    assert ask(stage, card).status_code == 200
    unstated, told = stage.house.oversight.list_uses(card.number, limit=2)
    assert (unstated.use.purpose, unstated.use.place) == ("unstated", None)
    assert told.use.purpose == "sim_registration"
    assert told.use.place is not None
    assert told.use.place.name == LAHORE["name"]
    assert told.institution == "Sample bank"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"purpose": "curiosity"}, "web.bad_body"),
        ({"purpose": None}, "web.bad_body"),
        ({"purpose": "watching"}, "web.bad_body"),
        ({"place": "Lahore"}, "web.bad_body"),
        ({"place": {"name": ""}}, "web.bad_body"),
        ({"place": {"name": "x" * 81}}, "web.bad_body"),
        ({"place": {**LAHORE, "latitude": 90.1}}, "web.bad_body"),
        ({"place": {**LAHORE, "longitude": -180.1}}, "web.bad_body"),
        ({"place": {**LAHORE, "latitude": "31"}}, "web.bad_body"),
        ({"place": {**LAHORE, "altitude": 5}}, "web.bad_body"),
        ({"place": {"name": "half", "latitude": 5}}, "oversight.bad_place"),
        ({"place": {"name": "written\u202eover"}}, "oversight.bad_place"),
        ({"place": {"name": "two\nlines"}}, "oversight.bad_place"),
    ],
)
def test_a_forged_place_is_refused_by_name_and_leaves_nothing(
    stage: Stage, told: dict[str, object], code: str
) -> None:
    before = len(stage.house.oversight.list_uses(stage.cards[1].number))
    answer = ask(stage, stage.cards[1], **told)
    assert answer.json()["code"] == code
    assert answer.status_code in {400, 422}
    assert len(stage.house.oversight.list_uses(stage.cards[1].number)) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e308"])
def test_numbers_that_are_none_are_refused(stage: Stage, number: str) -> None:
    body = f'{{"pass": "x", "nonce": "{"n" * 16}", "place": {{"name": "a", "latitude": {number}, "longitude": 1}}}}'
    headers = {**stage.headers("bank"), "content-type": "application/json"}
    answer = stage.client.post("/api/v1/verifications", content=body.encode(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "web.bad_body")


def test_a_flag_is_listed_shown_and_decided(stage: Stage) -> None:
    flag = travelled(stage, stage.cards[2])
    assert (flag["kind"], flag["state"], flag["decision"]) == ("impossible_travel", "open", None)
    headers = stage.headers("fraud_officer")
    shown = stage.client.get(f"/api/v1/flags/{flag['id']}", headers=headers).json()
    assert {name: shown.pop(name) for name in ("card_stage", "holders")} == {
        "card_stage": "active",
        "holders": [],
    }
    assert list(shown.pop("institutions").values()) == ["Sample bank"]
    assert shown == flag
    assert shown["evidence"][0]["facts"]["distance_km"] == 893
    verdict = {"outcome": "confirmed", "ground": "card_copied", "note": "asked the bank"}
    decided = stage.client.post(f"/api/v1/flags/{flag['id']}/decision", json=verdict, headers=headers)
    assert decided.status_code == 200
    assert decided.json()["decision"]["ground"] == "card_copied"
    again = stage.client.post(f"/api/v1/flags/{flag['id']}/decision", json=verdict, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "oversight.flag_decided")
    assert flag["id"] in {one["id"] for one in flags(stage, "?standing=confirmed")}
    assert flag["id"] not in {one["id"] for one in flags(stage, "?standing=open")}


def test_the_log_knows_of_the_flag_as_soon_as_the_answer_has_left(stage: Stage) -> None:
    flag = travelled(stage, stage.cards[3])
    events = [entry.event for entry in stage.house.authority.read_log_end(50)]
    assert ("open_flag", flag["id"]) in {(one.act, one.subject) for one in events}


def test_suspending_with_the_decision_needs_the_role_for_it(stage: Stage) -> None:
    card = next(one for one in stage.cards[4:] if one.stage == "active")
    flag = travelled(stage, card)
    verdict = {"outcome": "confirmed", "ground": "card_copied", "suspend": True}
    path = f"/api/v1/flags/{flag['id']}/decision"
    refused = stage.client.post(path, json=verdict, headers=stage.headers("fraud_officer"))
    assert (refused.status_code, refused.json()["code"]) == (403, "credentials.not_allowed")
    assert stage.client.post(path, json=verdict, headers=stage.headers("officer")).status_code == 200
    assert stage.house.registry.get_card(card.number).stage == "suspended"
    assert ask(stage, card).json()["verdict"] == "suspended"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/api/v1/flags/{NOWHERE}", 404, "oversight.unknown_flag"),
        ("/api/v1/flags/nothing", 400, "web.bad_parameter"),
        ("/api/v1/flags/a%00b", 400, "web.bad_parameter"),
        (f"/api/v1/flags?before={NOWHERE}", 404, "oversight.unknown_flag"),
        ("/api/v1/flags?before=x", 400, "web.bad_parameter"),
        ("/api/v1/flags?limit=0", 400, "web.bad_parameter"),
        ("/api/v1/flags?limit=201", 400, "web.bad_parameter"),
        ("/api/v1/flags?limit=%D9%A1", 400, "web.bad_parameter"),
        ("/api/v1/flags?standing=closed", 400, "web.bad_parameter"),
    ],
)
def test_what_cannot_be_asked_of_flags_is_named(stage: Stage, path: str, status: int, code: str) -> None:
    answer = stage.client.get(path, headers=stage.headers("fraud_officer"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [
        ({"outcome": "open", "ground": "card_copied"}, 422, "oversight.bad_decision"),
        ({"outcome": "dismissed", "ground": "card_copied"}, 422, "oversight.bad_decision"),
        ({"outcome": "confirmed", "ground": "gut_feeling"}, 400, "web.bad_body"),
        ({"outcome": "confirmed"}, 400, "web.bad_body"),
        ({"outcome": "dismissed", "ground": "wrong_clock", "suspend": True}, 422, "oversight.bad_decision"),
    ],
)
def test_a_decision_that_is_none_leaves_the_flag_open(
    stage: Stage, verdict: dict[str, object], status: int, code: str
) -> None:
    flag = travelled(stage, stage.cards[1])
    path = f"/api/v1/flags/{flag['id']}/decision"
    answer = stage.client.post(path, json=verdict, headers=stage.headers("officer"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    shown = stage.client.get(f"/api/v1/flags/{flag['id']}", headers=stage.headers("fraud_officer")).json()
    assert shown["state"] == "open"


def test_pages_of_flags_follow_each_other(stage: Stage) -> None:
    travelled(stage, stage.cards[0])
    travelled(stage, stage.cards[5])
    every, headers = [one["id"] for one in flags(stage)], stage.headers("fraud_officer")
    seen: list[str] = []
    following: str | None = ""
    while following is not None:
        page = stage.client.get(f"/api/v1/flags?limit=1&before={following}", headers=headers).json()
        seen += [one["id"] for one in page["flags"]]
        following = page["next"]
    assert seen == every
    assert len(every) >= 2


def test_without_a_record_there_is_no_answer_and_the_caller_is_told_when_to_come_back(
    strict_stage: Stage,
) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with strict_stage.house.foundation.writing():
            held.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    refused = ask(strict_stage, strict_stage.cards[0])
    done.set()
    thread.join()
    assert (refused.status_code, refused.json()["code"]) == (503, "oversight.use_not_recorded")
    assert refused.headers["retry-after"] == "1"
    assert "token" not in refused.json()
    assert ask(strict_stage, strict_stage.cards[0]).status_code == 200


def test_of_a_likely_duplicate_a_fraud_officer_sees_what_was_compared_until_it_is_decided(
    stage: Stage,
) -> None:
    first = stage.house.registry.get_holder(stage.cards[0].holder)
    assert isinstance(first.party, Person)
    twin = replace(first.party, number=str(int(first.party.number) + 7_000_001))
    by = stage.house.officers.authenticate_named("officer")
    second, _ = stage.house.registry.add_holder(twin, stage.cards[0].product.id, actor=by)
    flag = next(one for one in flags(stage) if one["subject"] == second.id)
    path, headers = f"/api/v1/flags/{flag['id']}", stage.headers("fraud_officer")
    shown = stage.client.get(path, headers=headers).json()
    assert shown["card_stage"] is None
    assert {one["id"] for one in shown["holders"]} >= {first.id, second.id}
    assert shown["holders"][0] == {
        "id": second.id,
        "kind": "person",
        "number": twin.number,
        "family_number": twin.family_number,
        "date_of_birth": twin.date_of_birth.isoformat(),
        "name": dict(twin.name),
    }
    for elsewhere in (stage.client.get("/api/v1/flags", headers=headers).text, str(flag)):
        assert twin.number not in elsewhere
    assert stage.client.get(path, headers=stage.headers("supervisor")).status_code == 403
    verdict = {"outcome": "dismissed", "ground": "different_people"}
    assert stage.client.post(f"{path}/decision", json=verdict, headers=headers).status_code == 200
    assert stage.client.get(path, headers=headers).json()["holders"] == []
