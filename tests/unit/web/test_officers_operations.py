"""Holders, cards and the authority's affairs over HTTP."""

import pytest

from tests.unit.web.conftest import Stage

HEADING = "product,number,name.en,name.ur,nationality,gender,date_of_birth,guardian.en,family_number,"
HEADING += "address.en,permanent_address.en,permanent_region,guardian.ur,address.ur,permanent_address.ur"


def new_person(stage: Stage, number: str) -> dict[str, object]:
    known = stage.client.get(f"/api/v1/holders/{stage.cards[0].holder}", headers=stage.headers("officer"))
    party: dict[str, object] = known.json()["holder"]["party"]
    return {"product": stage.cards[0].product.id, "party": party | {"number": number}}


def free_number(stage: Stage, digits: int) -> str:
    """A number of the same shape that nobody has: the last digit tells the gender, so it stays."""
    number = stage.house.registry.get_holder(stage.cards[0].holder).party.number
    return f"{number[:5]}{digits:07d}{number[12:]}"


def test_a_registered_holder_can_be_issued_a_pass_that_verifies(stage: Stage) -> None:
    made = stage.client.post(
        "/api/v1/holders", json=new_person(stage, free_number(stage, 7)), headers=stage.headers("registrar")
    )
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/holders/{made.json()['holder']['id']}"
    number = made.json()["card"]["number"]
    acts = f"/api/v1/cards/{number}/acts"
    for act, stands in (("issue", "issued"), ("activate", "active")):
        done = stage.client.post(acts, json={"act": act}, headers=stage.headers("issuer"))
        assert done.json()["card"]["stage"] == stands
    found = stage.client.get(f"/api/v1/cards/{number}/passes/qr", headers=stage.headers("issuer")).json()
    assert stage.check(found["text"]).json()["verdict"] == "valid"


def test_a_holder_who_is_registered_already_is_refused(stage: Stage) -> None:
    number = stage.house.registry.get_holder(stage.cards[0].holder).party.number
    answer = stage.client.post(
        "/api/v1/holders", json=new_person(stage, number), headers=stage.headers("registrar")
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "credentials.holder_taken")


def test_a_wrong_field_of_a_holder_is_named(stage: Stage) -> None:
    answer = stage.client.post(
        "/api/v1/holders", json=new_person(stage, "123"), headers=stage.headers("registrar")
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "credentials.bad_holder")
    assert answer.json()["field"] == "number"


def test_a_portrait_that_is_no_picture_is_refused(stage: Stage) -> None:
    body = new_person(stage, free_number(stage, 8)) | {"portrait": "bm8gcGljdHVyZQ=="}
    answer = stage.client.post("/api/v1/holders", json=body, headers=stage.headers("registrar"))
    assert (answer.status_code, answer.json()["code"]) == (422, "wire.malformed")


def test_holders_are_listed_page_by_page(stage: Stage) -> None:
    seen: list[str] = []
    after = ""
    for _ in range(20):
        query = f"?limit=2&after={after}" if after else "?limit=2"
        page = stage.client.get(f"/api/v1/holders{query}", headers=stage.headers("registrar")).json()
        seen += [one["id"] for one in page["holders"]]
        after = page["next"]
        if after is None:
            break
    assert len(set(seen)) == len(seen)
    assert {str(card.holder) for card in stage.cards} <= set(seen)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=1e3",
        "limit=99999999999999999999",
        "limit=000000001" + "9" * 5000,
        "limit=00001",
        "limit=",
        "limit=5%0A",
        "limit=%D9%A5",
        "after=x",
    ],
)
def test_a_parameter_out_of_its_bounds_is_refused(stage: Stage, query: str) -> None:
    answer = stage.client.get(f"/api/v1/holders?{query}", headers=stage.headers("registrar"))
    assert (answer.status_code, answer.json()["code"]) == (400, "web.bad_parameter")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country_of_stay", "ARE\n"),
        ("nationality", "PAK\n"),
        ("permanent_region", "PK-PB\n"),
        ("passport_number", "AB1234567\n"),
        ("number", "1234567890123\n"),
    ],
)
def test_a_line_feed_at_the_end_of_a_field_is_refused(stage: Stage, field: str, value: str) -> None:
    body = new_person(stage, free_number(stage, 9))
    party = body["party"]
    assert isinstance(party, dict)
    answer = stage.client.post(
        "/api/v1/holders",
        json=body | {"party": party | {field: value}},
        headers=stage.headers("registrar"),
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "web.bad_body")


@pytest.mark.parametrize("kind", ["person\n", "persons", "", "\nperson"])
def test_a_kind_of_holder_that_is_none_is_refused(stage: Stage, kind: str) -> None:
    body = {"number": "1234567890123", "kind": kind}
    answer = stage.client.post("/api/v1/holders/search", json=body, headers=stage.headers("status_officer"))
    assert (answer.status_code, answer.json()["code"]) == (400, "web.bad_body")


def test_a_holder_is_found_by_the_number_on_the_card(stage: Stage) -> None:
    number = stage.house.registry.get_holder(stage.cards[0].holder).party.number
    body = {"number": f"{number[:5]}-{number[5:12]}-{number[12:]}"}
    found = stage.client.post(
        "/api/v1/holders/search", json=body, headers=stage.headers("status_officer")
    ).json()
    assert found["holder"]["id"] == stage.cards[0].holder
    assert stage.cards[0].number in [card["number"] for card in found["cards"]]


def test_a_number_that_nobody_has_is_not_found(stage: Stage) -> None:
    answer = stage.client.post(
        "/api/v1/holders/search", json={"number": "1"}, headers=stage.headers("supervisor")
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "credentials.unknown_holder")


def import_rows(stage: Stage, *rows: str) -> tuple[int, dict[str, object]]:
    answer = stage.client.post(
        "/api/v1/holders/import",
        content="\n".join([HEADING, *rows]).encode(),
        headers=stage.headers("registrar") | {"content-type": "text/csv; charset=utf-8"},
    )
    return answer.status_code, answer.json()


def row(number: str, *, gender: str = "M", born: str = "1990-01-01") -> str:
    person = (
        f"nic,{number},Sample Person,نمونہ,PAK,{gender},{born},Sample Guardian,F1,Street 1,Street 1,PK-PB"
    )
    return f"{person},نمونہ سرپرست,گلی,گلی"


def test_a_file_of_holders_is_imported(stage: Stage) -> None:
    status, told = import_rows(stage, row("35202-5550001-1"), row("35202-5550003-1"))
    assert (status, told) == (200, {"imported": 2})


def test_every_bad_row_is_listed_by_line_and_column_and_nothing_is_imported(stage: Stage) -> None:
    before = len(stage.house.registry.list_holders(limit=500))
    status, told = import_rows(stage, row("35202-5550005-1"), row("12"), row("35202-5550007-1", born="soon"))
    assert (status, told["code"]) == (422, "credentials.bad_rows")
    rows = told["rows"]
    assert isinstance(rows, list)
    assert [(one["line"], one["column"]) for one in rows] == [(3, "number"), (4, "date_of_birth")]
    assert len(stage.house.registry.list_holders(limit=500)) == before


def test_a_file_that_is_none_of_holders_is_refused(stage: Stage) -> None:
    answer = stage.client.post(
        "/api/v1/holders/import",
        content=b"\xff\xfe",
        headers=stage.headers("registrar") | {"content-type": "text/csv"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "app.bad_file")


@pytest.mark.parametrize(
    ("path", "kind", "begins"),
    [
        ("qr.png", "image/png", b"\x89PNG"),
        ("card.png", "image/png", b"\x89PNG"),
        ("card.pdf", "application/pdf", b"%PDF"),
    ],
)
def test_a_card_is_drawn(stage: Stage, path: str, kind: str, begins: bytes) -> None:
    answer = stage.client.get(
        f"/api/v1/cards/{stage.cards[0].number}/{path}", headers=stage.headers("issuer")
    )
    assert answer.headers["content-type"] == kind
    assert answer.content.startswith(begins)
    assert answer.headers["cache-control"] == "no-store"


def test_a_wallet_file_is_a_pass_too(stage: Stage) -> None:
    path = f"/api/v1/cards/{stage.cards[0].number}/passes/sd-jwt-vc"
    found = stage.client.get(path, headers=stage.headers("issuer")).json()
    assert stage.check(found["text"]).json()["verdict"] == "valid"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("0000-0000-0000", 404, "credentials.unknown_card"),
        ("0000-0000-0000/history", 404, "credentials.unknown_card"),
        ("not-a-card", 400, "web.bad_parameter"),
        ("0000-0000-000I", 400, "web.bad_parameter"),
        ("0000-0000-0000-0000", 400, "web.bad_parameter"),
    ],
)
def test_a_card_that_does_not_exist_is_refused(stage: Stage, path: str, status: int, code: str) -> None:
    answer = stage.client.get(f"/api/v1/cards/{path}", headers=stage.headers("supervisor"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_pass_of_a_kind_that_the_card_lacks_is_refused(stage: Stage) -> None:
    path = f"/api/v1/cards/{stage.cards[0].number}/passes/hologram"
    answer = stage.client.get(path, headers=stage.headers("issuer"))
    assert (answer.status_code, answer.json()["code"]) == (404, "credentials.unknown_feature")


def test_revoking_takes_two_supervisors(stage: Stage) -> None:
    card = stage.cards[2]
    assert stage.act(card, "revoke", by="supervisor").json()["code"] == "credentials.nothing_proposed"
    proposed = stage.act(card, "propose_revocation", by="supervisor", reason="court_order").json()
    assert proposed["card"]["revocation_proposed"] is True
    alone = stage.act(card, "revoke", by="supervisor")
    assert (alone.status_code, alone.json()["code"]) == (403, "credentials.same_officer")
    assert stage.act(card, "revoke", by="officer").json()["card"]["stage"] == "revoked"
    assert stage.check(stage.text(card)).json()["verdict"] == "revoked"
    history = stage.client.get(
        f"/api/v1/cards/{card.number}/history", headers=stage.headers("auditor")
    ).json()
    assert [one["act"] for one in history["entries"]][-2:] == ["propose_revocation", "revoke"]


def test_replacing_kills_the_old_card_and_makes_a_new_one(stage: Stage) -> None:
    card, old = stage.cards[3], stage.text(stage.cards[3])
    assert stage.act(card, "replace", by="issuer").json()["code"] == "web.bad_body"
    done = stage.act(card, "replace", by="issuer", reason="damaged").json()
    assert done["card"]["stage"] == "replaced"
    assert done["successor"]["replaces"] == card.number
    assert stage.check(old).json()["verdict"] == "revoked"


def test_an_act_that_the_table_does_not_have_is_refused(stage: Stage) -> None:
    answer = stage.act(stage.cards[0], "reinstate")
    assert (answer.status_code, answer.json()["code"]) == (409, "credentials.wrong_stage")
    wrong = stage.act(stage.cards[0], "suspend", reason="deceased")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "credentials.wrong_reason")


def test_the_room_decides_which_office_may_do_which_act(stage: Stage) -> None:
    answer = stage.act(stage.cards[0], "suspend", by="issuer")
    assert (answer.status_code, answer.json()["code"]) == (403, "credentials.not_allowed")


def test_a_holder_may_apply_for_a_card_of_another_product_once(stage: Stage) -> None:
    body = {"holder": stage.cards[0].holder, "product": stage.cards[0].product.id}
    answer = stage.client.post("/api/v1/cards", json=body, headers=stage.headers("registrar"))
    assert (answer.status_code, answer.json()["code"]) == (409, "credentials.card_taken")


def test_products_are_listed_for_anyone(stage: Stage) -> None:
    listed = stage.client.get("/api/v1/products").json()["products"]
    assert {one["id"] for one in listed} == {"nic", "nicop", "poc", "juvenile"}


def test_publishing_signs_the_lists_that_changed(stage: Stage) -> None:
    stage.act(stage.cards[0], "suspend")
    stage.act(stage.cards[0], "reinstate")
    answer = stage.client.post("/api/v1/status/publications", headers=stage.headers("status_officer"))
    assert answer.status_code == 201
    assert [one["uri"] for one in answer.json()["published"]] == ["http://127.0.0.1:8440/s/1"]


def test_the_auditor_is_told_that_the_log_is_whole(stage: Stage) -> None:
    finding = stage.client.get("/api/v1/audit/finding", headers=stage.headers("auditor")).json()
    assert finding["is_intact"] is True
    assert finding["entries"] > 10


def test_a_locked_database_is_a_problem_with_a_time_to_come_back(strict_stage: Stage) -> None:
    with strict_stage.house.foundation.writing():
        answer = strict_stage.act(strict_stage.cards[0], "suspend")
    assert (answer.status_code, answer.json()["code"]) == (503, "database.locked")
    assert answer.headers["retry-after"] == "1"
    assert strict_stage.check(strict_stage.text(strict_stage.cards[0])).json()["verdict"] == "valid"
