"""The pages: complete without a script, in every language."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from typing_extensions import override

from rahdari.credentials import MOVES, Act
from rahdari.web.pages.products import list_acts
from rahdari.web.pages.schemas import list_fields, sketch
from tests.unit.web.conftest import Stage

PATHS = ("/", "/products", "/about", "/problems", "/problems/credentials.wrong_stage", "/api")
VOID = {"meta", "link", "input", "img", "br", "wbr", "use", "hr"}


class Outline(HTMLParser):
    """Reads a page strictly: every element closed, every id once, every label and address noted."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.labelled: set[str] = set()
        self.named: set[str] = set()
        self.forbidden: list[str] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.addresses += [value for name, value in attrs if name in {"href", "src", "action"} and value]
        if tag == "label":
            self.labelled.add(given.get("for") or "")
        if tag in {"input", "textarea"}:
            self.named.add(given.get("id") or "?")
        if tag == "script" or any(name == "style" or name.startswith("on") for name in given):
            self.forbidden.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def read(text: str) -> Outline:
    outline = Outline(text)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.forbidden == []
    assert outline.named <= outline.labelled
    assert [one for one in outline.addresses if not re.match(r"/|#|data:image/", one)] == []
    return outline


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ur", "rtl"), ("zh", "ltr")])
def test_a_page_is_whole_in_every_language(stage: Stage, path: str, language: str, direction: str) -> None:
    answer = stage.client.get(f"{path}?lang={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    read(answer.text)


def test_every_address_on_a_page_answers(stage: Stage) -> None:
    seen: set[str] = set()
    for path in PATHS:
        seen |= {one.split("#")[0] for one in read(stage.client.get(path).text).addresses}
    assert {"/root.jwk", "/trust.jwt", "/s/lists", "/api/openapi.json"} <= seen
    for address in sorted(seen - {""}):
        assert stage.client.get(address).status_code == 200, address


def test_the_choice_of_language_is_remembered(stage: Stage) -> None:
    answer = stage.client.get("/?lang=ur", headers={"cookie": ""})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("rahdari-lang=ur;")
    assert "HttpOnly" in cookie
    later = stage.client.get("/about", headers={"cookie": "rahdari-lang=ur", "accept-language": "en"})
    assert 'lang="ur"' in later.text
    assert "set-cookie" not in stage.client.get("/?lang=xx").headers


def test_a_visitor_sees_the_verdict_on_a_valid_pass(stage: Stage) -> None:
    form = {"pass": (None, stage.text(stage.cards[0]))}
    answer = stage.client.post("/", files=form, headers={"accept-language": "en"})
    assert answer.status_code == 200
    outline = read(answer.text)
    assert "<h1" in answer.text
    assert ">Valid</h1>" in answer.text
    assert "14 of 14 steps passed" in answer.text
    assert any(one.startswith("data:image/webp;base64,") for one in outline.addresses)
    name = stage.house.registry.get_holder(stage.cards[0].holder).party.name["en"]
    assert name in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("language", "word"), [("en", "Suspended"), ("ur", "معطل"), ("zh", "已暂停")])
def test_a_visitor_sees_that_a_pass_is_suspended_and_nothing_of_its_holder(
    stage: Stage, language: str, word: str
) -> None:
    card = stage.cards[4]
    if stage.house.registry.get_card(card.number).stage.value == "active":
        stage.act(card, "suspend")
    form = {"pass": (None, stage.text(card))}
    answer = stage.client.post("/", files=form, headers={"cookie": f"rahdari-lang={language}"})
    assert f">{word}</h1>" in answer.text
    party = stage.house.registry.get_holder(card.holder).party
    assert party.name["en"] not in answer.text
    assert party.number not in answer.text
    read(answer.text)


def test_a_visitor_who_brings_nothing_sees_the_form_again_with_what_is_wrong(stage: Stage) -> None:
    answer = stage.client.post("/", files={"picture": ("", b"", "image/png")})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'name="picture"' in answer.text
    read(answer.text)


def test_a_form_of_another_kind_sees_the_page_too(stage: Stage) -> None:
    answer = stage.client.post("/", content="a=b", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert answer.headers["content-type"].startswith("text/html")


def test_what_a_visitor_pastes_is_never_markup(stage: Stage) -> None:
    form = {"pass": (None, "<script>alert(1)</script>")}
    assert "<script" not in stage.client.post("/", files=form).text


def test_a_file_name_of_a_stranger_is_never_markup(stage: Stage) -> None:
    answer = stage.client.post("/", files={"picture": ("<b>.png", b"x", "image/png")})
    assert "<b>" not in answer.text


def test_the_life_cycle_table_is_the_rooms_own() -> None:
    shown = {(stage, row.act) for row in list_acts() for stage in row.begins}
    assert shown == set(MOVES)
    proposing = [row for row in list_acts() if row.act is Act.PROPOSE_REVOCATION]
    assert [row.ends for row in proposing] == [None]


def test_the_trust_page_shows_the_fingerprint_that_the_founding_told(stage: Stage) -> None:
    found = re.search(r'class="fingerprint" dir="ltr">([0-9a-f ]+)<', stage.client.get("/about").text)
    assert found
    assert stage.house.authority.root_public().thumbprint().hex().startswith(found[1].replace(" ", ""))


def test_a_static_file_is_kept_for_ever_under_an_address_that_changes_with_it(stage: Stage) -> None:
    (address,) = {
        one for one in read(stage.client.get("/").text).addresses if one.startswith("/static/tokens.css")
    }
    assert re.search(r"\?v=[0-9a-f]{12}$", address)
    answer = stage.client.get(address)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_no_style_sheet_leads_outside(stage: Stage) -> None:
    for name in ("tokens.css", "pages.css"):
        text = stage.client.get(f"/static/{name}").text
        for address in re.findall(r"url\(\"?([^)\"]+)", text):
            assert stage.client.get(f"/static/{address}").status_code == 200
        assert "://" not in text


def test_the_fields_of_a_schema_are_listed_with_their_paths() -> None:
    document = {
        "components": {"schemas": {"In": {"properties": {"x": {"type": "string"}}, "required": ["x"]}}}
    }
    schema = {"properties": {"many": {"type": "array", "items": {"$ref": "#/components/schemas/In"}}}}
    assert [tuple(one[:3]) for one in list_fields(schema, document)] == [
        ("many", False, "[In]"),
        ("many.x", True, "string"),
    ]


def test_the_api_page_asks_at_the_address_that_it_was_asked_at(stage: Stage) -> None:
    text = stage.client.get("/api", headers={"host": "gate.example:8443"}).text
    assert "curl http://gate.example:8443/api/v1/checks" in text
    assert stage.house.settings.public_url not in text
    hostile = stage.client.get("/api", headers={"host": '"><b>x</b>'})
    assert "<b>x</b>" not in hostile.text
    assert hostile.status_code < 500


def test_the_api_page_shows_a_body_for_every_json_operation(stage: Stage) -> None:
    text = stage.client.get("/api").text
    document = stage.client.get("/api/openapi.json").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                begin = text.index(f'id="{operation["operationId"]}"')
                part = unescape(text[begin : text.index("</details>", begin)])
                body = re.search(r"-d '(.*?)'</code>", part, re.DOTALL)
                assert body, operation["operationId"]
                assert isinstance(json.loads(body[1]), dict)
    assert "pattern ^[A-Za-z0-9_" in unescape(text)


@pytest.mark.parametrize(("language", "word"), [("ur", "حاملین"), ("zh", "持有人")])
def test_the_groups_of_the_api_page_are_named_in_the_visitors_language(
    stage: Stage, language: str, word: str
) -> None:
    assert f'<h2 id="tag-holders">{word}</h2>' in stage.client.get(f"/api?lang={language}").text


def test_a_sketch_of_a_body_has_every_field_and_comes_to_an_end() -> None:
    loop: dict[str, object] = {"properties": {"a": {"$ref": "#/l"}, "n": {"type": "integer"}}}
    assert '"n": 0' in json.dumps(sketch(loop, {"l": loop}))
    assert sketch({"type": "array", "items": {"enum": ["x", "y"]}}, {}) == ["x"]


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    document: dict[str, object] = {"components": {"schemas": {}}}
    loop = {"properties": {"a": {"$ref": "#/components/schemas/Loop"}}}
    document["components"] = {"schemas": {"Loop": loop}}
    assert len(list_fields(loop, document)) < 20
