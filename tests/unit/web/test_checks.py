"""Verifying over HTTP: for anyone, and for institutions."""

import base64
import json
from io import BytesIO

import pytest
from PIL import Image

from tests.unit.web.conftest import Stage

NONCE = "n" * 20


def picture_of(stage: Stage, place: int = 0) -> bytes:
    return stage.house.press.card_png(stage.cards[place].number)


def test_a_pass_as_text_is_valid_with_its_claims(stage: Stage) -> None:
    answer = stage.check(stage.text(stage.cards[0])).json()
    assert answer["verdict"] == "valid"
    assert [one["outcome"] for one in answer["checks"]] == ["passed"] * 14
    assert answer["claims"]["name"]["en"]
    assert base64.b64decode(answer["claims"]["photo"])[:4] == b"RIFF"


@pytest.mark.parametrize("how", ["raw", "form"])
def test_a_pass_is_read_from_the_picture_of_its_card(stage: Stage, how: str) -> None:
    raw = picture_of(stage)
    if how == "raw":
        answer = stage.client.post("/api/v1/checks", content=raw, headers={"content-type": "image/png"})
    else:
        answer = stage.client.post("/api/v1/checks", files={"picture": ("card.png", raw, "image/png")})
    assert answer.json()["verdict"] == "valid"


def test_a_form_may_bring_the_text_instead(stage: Stage) -> None:
    form = {"pass": (None, stage.text(stage.cards[0]))}
    assert stage.client.post("/api/v1/checks", files=form).json()["verdict"] == "valid"


def test_a_suspension_shows_in_the_next_verdict_and_its_end_in_the_one_after(stage: Stage) -> None:
    card = stage.cards[1]
    assert stage.act(card, "suspend", reason="lost").json()["card"]["stage"] == "suspended"
    refused = stage.check(stage.text(card)).json()
    assert (refused["verdict"], refused["claims"]) == ("suspended", None)
    assert refused["code"] == "credentials.suspended"
    stage.act(card, "reinstate", reason="found")
    assert stage.check(stage.text(card)).json()["verdict"] == "valid"


def test_a_pass_that_was_altered_says_nothing_of_its_holder(stage: Stage) -> None:
    text = stage.text(stage.cards[0])
    answer = stage.check(text[:40] + ("A" if text[40] != "A" else "B") + text[41:]).json()
    assert answer["verdict"] in {"malformed", "tampered"}
    assert answer["claims"] is None


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"no picture at all", 422, "wire.malformed"),
        (b"", 422, "wire.malformed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(11 << 20), 413, "web.body_too_large"),
    ],
)
def test_bytes_that_are_no_picture_are_refused(stage: Stage, raw: bytes, status: int, code: str) -> None:
    answer = stage.client.post("/api/v1/checks", content=raw, headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_picture_without_a_code_is_refused_with_what_to_do(stage: Stage) -> None:
    sheet = BytesIO()
    Image.new("RGB", (200, 200), "white").save(sheet, "PNG")
    answer = stage.client.post(
        "/api/v1/checks", content=sheet.getvalue(), headers={"content-type": "image/png"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "app.no_code")


def test_two_codes_in_one_picture_are_refused(stage: Stage) -> None:
    codes = [
        Image.open(BytesIO(stage.house.press.qr_png(stage.cards[place].number))).convert("L")
        for place in (0, 1)
    ]
    sheet = Image.new("L", (sum(one.width for one in codes) + 80, max(one.height for one in codes)), 255)
    sheet.paste(codes[0], (0, 0))
    sheet.paste(codes[1], (codes[0].width + 80, 0))
    raw = BytesIO()
    sheet.save(raw, "PNG")
    answer = stage.client.post(
        "/api/v1/checks", content=raw.getvalue(), headers={"content-type": "image/png"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "app.several_codes")


def test_ten_megabytes_of_text_are_refused_unread(stage: Stage) -> None:
    answer = stage.check("A" * (10 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "web.body_too_large")


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"pass": 1}', '{"pass": "A", "more": 1}', "[" * 9000])
def test_a_body_of_another_shape_is_refused(stage: Stage, body: str) -> None:
    answer = stage.client.post("/api/v1/checks", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "web.bad_body")


def test_a_form_with_nothing_in_it_is_refused(stage: Stage) -> None:
    answer = stage.client.post("/api/v1/checks", files={"picture": ("", b"", "image/png")})
    assert answer.json()["code"] == "web.bad_body"


def test_a_broken_form_is_refused(stage: Stage) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = stage.client.post("/api/v1/checks", content=b"--y\r\nnothing", headers=kind)
    assert answer.status_code == 400


def test_a_body_of_another_kind_is_refused(stage: Stage) -> None:
    answer = stage.client.post("/api/v1/checks", content="A", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "web.wrong_media_type")


def ask(stage: Stage, **more: object) -> tuple[int, dict[str, object]]:
    body = {"pass": stage.text(stage.cards[0]), "nonce": NONCE} | more
    answer = stage.client.post("/api/v1/verifications", json=body, headers=stage.headers("bank"))
    return answer.status_code, answer.json()


def test_an_institution_gets_yes_and_no_in_a_signed_answer_bound_to_its_nonce(stage: Stage) -> None:
    status, answer = ask(stage, questions=["genuine", "in_good_standing", "age_over:120"])
    assert (status, answer["answers"]) == (
        200,
        {"genuine": True, "in_good_standing": True, "age_over:120": False},
    )
    payload = str(answer["token"]).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["nonce"] == NONCE
    assert claims["exp"] - claims["iat"] <= 60
    assert claims["answers"] == answer["answers"]


def test_an_attribute_is_given_where_the_institutions_record_allows_it(stage: Stage) -> None:
    _, answer = ask(stage, attributes=["name"])
    attributes = answer["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["name"]["en"]


@pytest.mark.parametrize(
    "more",
    [{"attributes": ["date_of_birth"]}, {"questions": ["mother_of:x"]}, {"questions": ["age_over:old"]}],
)
def test_what_an_institution_may_not_ask_is_refused(stage: Stage, more: dict[str, object]) -> None:
    status, answer = ask(stage, **more)
    assert (status, answer["code"]) == (422, "credentials.bad_question")


def test_a_nonce_that_is_none_is_refused(stage: Stage) -> None:
    assert ask(stage, nonce="short")[0] == 400


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"nonce": "short"}, "nonce must be 16 to 128 of A-Z a-z 0-9 _ . ~ -, drawn anew for each question"),
        ({"pass": 5}, "pass must be a string, not a whole number"),
        ({"pass": ""}, "pass must have at least 1 character"),
        ({"questions": "genuine"}, "questions must be an array, not a string"),
        ({"questions": [None]}, "questions[0] must be a string, not null"),
        ({"questions": ["genuine"] * 17}, "questions must have at most 16 elements"),
        ({"place": {"name": "x", "latitude": 91}}, "place.latitude must be at most 90"),
        ({"place": "x"}, "place must be an object or null, not a string"),
        ({"place": {"name": "x", "door": 5}}, "place: Object contains unknown field `door`"),
        ({"purpose": "watching"}, "purpose: Invalid enum value 'watching'"),
        ({"extra": 1}, "Object contains unknown field `extra`"),
    ],
)
def test_a_fault_of_the_body_is_told_in_the_words_of_the_api(
    stage: Stage, more: dict[str, object], said: str
) -> None:
    status, answer = ask(stage, **more)
    assert (status, answer["detail"]) == (400, f"the body is not what this operation takes: {said}; see /api")


def test_every_pattern_of_a_body_has_words_and_no_answer_shows_one(stage: Stage) -> None:
    asked = {"product": "nic", "party": {"kind": "person", "number": "1", "name": {}, "gender": "M"}}
    for name, value, said in (
        ("nationality", "pk", "a country code"),
        ("permanent_region", "Punjab", "a region code"),
        ("number", "1\n2", "one line"),
    ):
        party = {"date_of_birth": "1990-01-01", "nationality": "PAK", **asked["party"], name: value}  # type: ignore[dict-item]
        answer = stage.client.post(
            "/api/v1/holders", json={**asked, "party": party}, headers=stage.headers("officer")
        )
        assert f"party.{name} must be {said}" in answer.json()["detail"]
    searched = stage.client.post(
        "/api/v1/holders/search", json={"number": "1", "kind": "robot"}, headers=stage.headers("officer")
    )
    assert "kind must be person or organisation" in searched.json()["detail"]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"questions": ["age_over:0"]}, "1 to 130"),
        ({"questions": ["product_is:nope"]}, "nope"),
        ({"questions": ["resident_of:XX"]}, "XX"),
        ({"questions": ["age_over:18", "age_over:21", "age_over:60"]}, "at most 2"),
        ({"attributes": ["gender"]}, "may not be told: gender"),
    ],
)
def test_what_is_wrong_with_a_question_is_named(stage: Stage, more: dict[str, object], named: str) -> None:
    status, answer = ask(stage, **more)
    assert (status, answer["code"]) == (422, "credentials.bad_question")
    assert named in str(answer["detail"])


def test_an_age_that_is_guessed_call_by_call_is_not_answered(stage: Stage) -> None:
    statuses = [
        ask(stage, **{"pass": stage.text(stage.cards[1]), "questions": [f"age_over:{age}"]})
        for age in (90, 91, 92, 93)
    ]
    assert [status for status, _ in statuses] == [200, 200, 200, 422]
    assert statuses[-1][1]["code"] == "oversight.too_many_ages"


def test_an_officer_is_no_institution(stage: Stage) -> None:
    answer = stage.client.post("/api/v1/verifications", json={}, headers=stage.headers("officer"))
    assert (answer.status_code, answer.json()["code"]) == (403, "access.not_allowed")
