"""The roadmap's page: whole without a script, in three languages, and patient with any address."""

import json
import re
import threading
from html import unescape

import httpx
import pytest

from rahdari.app.roadmap_view import SLIDERS, View
from rahdari.app.trade_words import words_of
from rahdari.trade import NothingTraded
from rahdari.web.languages import catalogue
from rahdari.web.pages import roadmap
from rahdari.web.roadmap_query import QUERY_BYTES_MAX, read_query, write_query
from rahdari.web.turns import Turns
from tests.unit.web.conftest import Stage
from tests.unit.web.test_pages import Outline

HTML = {"accept": "text/html"}
QUESTIONS = ("screen", "complexity", "potential", "relocate", "ladder", "select", "path")


def show(stage: Stage, query: str = "", *, language: str = "en") -> str:
    answer = stage.client.get(f"/roadmap?{query}{'&' if query else ''}lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


def links(text: str, start: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', text) if one.startswith(start)]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ur", "rtl"), ("zh", "ltr")])
def test_the_page_is_whole_in_every_language(stage: Stage, language: str, direction: str) -> None:
    text = show(stage, language=language)
    assert f'<html lang="{language}" dir="{direction}">' in text
    outline = Outline(text)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.forbidden == ["script"]
    hidden = set(re.findall(r'<input type="hidden" name="(\w+)"', text))
    assert hidden == {"data"}
    assert outline.named - {"?"} <= outline.labelled
    assert [one for one in outline.addresses if not re.match(r"/|#", one)] == []


def test_six_pictures_stand_in_the_page_each_told_in_words(stage: Stage) -> None:
    text = show(stage)
    drawn = re.findall(r'<svg [^>]*class="chart" role="img" aria-label="([^"]+)"', text)
    assert len(drawn) == 6
    assert all(len(one) > 10 for one in drawn)
    pictures = re.findall(r'<svg [^>]*class="chart".*?</svg>', text, re.DOTALL)
    assert [
        one for one in pictures if re.search(r"<script|<style|<a |style=|href=|graphics-| on\w+=", one)
    ] == []


def test_the_first_look_says_that_these_data_are_a_part_of_trade(stage: Stage) -> None:
    text = show(stage)
    assert "hold 74 products, not all trade" in text
    assert "322 mn USD" in text
    assert "Source: CEPII, BACI, HS92, release 202601. Etalab Open Licence 2.0" in text


def test_a_lever_changes_the_answer_and_its_absence_says_that_nothing_grows(stage: Stage) -> None:
    still = show(stage, "cut=0&ease=0&counts=all")
    assert "Nothing grows in this indicator" in still
    assert "Nothing grows in this indicator" not in show(stage)
    assert "they re-allocate trade and add none" in show(stage, "cut=0&ease=0")
    potential = [
        stage.client.get(f"/api/v1/trade/potential?ease={ease}").json()["figures"]["supposed_usd"]
        for ease in (60, 90)
    ]
    assert potential[0] < potential[1]


def test_each_view_has_one_address_and_it_shows_the_same(stage: Stage) -> None:
    text = show(stage, "ease=70&market=USA")
    (address,) = {one for one in links(text, "/roadmap?") if "lang=" not in one}
    assert (
        read_query(address.partition("?")[2].encode())
        == read_query(write_query(read_query(b"market=USA&ease=70")).encode())
        or "year=2024" in address
    )
    again = stage.client.get(f"{address}&lang=en").text
    assert again == text
    assert re.search(r"data=[0-9a-f]{12}", address)


def test_a_link_made_from_other_data_says_so(stage: Stage) -> None:
    assert "another release of the data" in show(stage, "data=0123456789ab")
    text = show(stage)
    assert "another release of the data" not in text
    assert "Data: carried, 1995 to 2024, 74 products." in text


def test_figures_and_files_pinned_to_other_data_are_refused(stage: Stage) -> None:
    for address in ("/api/v1/trade/screen", "/roadmap/files/screen.csv", "/roadmap/files/screen.manifest"):
        told = stage.client.get(f"{address}?data=ffffffffffff")
        assert told.status_code == 404, address
        assert "begin with the SHA-256 ffffffffffff" in told.text
    digest = stage.client.get("/api/v1/trade/screen?limit=1").json()["source"]["sha256"]
    assert stage.client.get(f"/api/v1/trade/screen?limit=1&data={digest[:12]}").status_code == 200


def test_an_address_keeps_every_digit_that_was_given() -> None:
    written = write_query(read_query(b"land=12345.67&capital=100000&ease=0.10"))
    assert "ease=0.1&" in written
    assert "&land=12345.67&capital=100000&" in written


def test_why_a_product_is_not_chosen_is_one_link_away(stage: Stage) -> None:
    text = show(stage)
    addresses = links(text, "/roadmap/why/")
    assert addresses
    answer = stage.client.get(addresses[0], headers=HTML | {"accept-language": "en"})
    assert answer.status_code == 200
    assert "Why is this product not chosen?" in answer.text
    Outline(answer.text)
    back = links(answer.text, "/roadmap?")
    assert write_query(read_query(addresses[0].partition("?")[2].encode())) in back[0]


def test_why_not_is_asked_of_what_relocates_too_and_names_its_origin(stage: Stage) -> None:
    addresses = [one for one in links(show(stage), "/roadmap/why/") if "relocate" in one]
    assert addresses, "something that relocates is left out of the choice"
    answer = stage.client.get(addresses[0], headers=HTML | {"accept-language": "en"})
    assert answer.status_code == 200
    assert "production that leaves the donor" in answer.text
    Outline(answer.text)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("999999:relocate", 404),
        ("copper:ore%3Eblister", 404),
        ("261000:flown", 400),
        ("a:b%3E%3Cscript%3E", 400),
    ],
)
def test_a_candidate_that_is_none_is_refused(stage: Stage, name: str, status: int) -> None:
    assert stage.client.get(f"/roadmap/why/{name}", headers=HTML).status_code == status


def test_each_gain_says_where_it_comes_from_and_why_in_every_language(stage: Stage) -> None:
    for language in ("en", "ur", "zh"):
        text = show(stage, language=language)
        for section, code in (("origin", "potential"), ("origin", "relocate"), ("step", "s1_share_loss")):
            assert words_of(section, code, language) in text


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
def test_a_product_that_is_no_candidate_is_told_why_in_every_language(stage: Stage, language: str) -> None:
    answer = stage.client.get("/roadmap/why/260800", headers=HTML | {"accept-language": language})
    assert answer.status_code == 200
    amounts = {"actual_usd": 0.0, "potential_usd": 0.0}
    assert words_of("choice", "sold_already", language, amounts).partition("0 ")[0] in answer.text
    assert {"en": "USD", "ur": "ڈالر", "zh": "美元"}[language] in answer.text
    Outline(answer.text)


def test_the_words_of_limits_have_one_source(stage: Stage) -> None:
    assert not [
        key for key in catalogue("en").messages if key.startswith(("roadmap.resource.", "roadmap.why."))
    ]
    text = show(stage, language="ur")
    for resource in ("capital_usd", "land_acres", "programme_slots"):
        assert words_of("resource", resource, "ur") in text


def test_a_command_in_a_caution_is_set_as_code(stage: Stage) -> None:
    assert '<code dir="ltr">rahdari trade pull baci</code>' in show(stage, language="ur")


def test_goods_that_a_country_needs_itself_are_counted_as_the_view_says(stage: Stage) -> None:
    assert "the potential can lie below what is sold today" in show(stage)
    whole = show(stage, "counts=all")
    assert "the potential can lie below what is sold today" not in whole
    assert '<option value="all" selected>' in whole


def test_a_picture_of_a_part_of_the_products_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "that the world trades most, of" not in show(stage)
    monkeypatch.setattr("rahdari.app.roadmap_charts.SPACE_PRODUCTS_MAX", 20)
    assert "Drawn are the 20 products that the world trades most, of" in show(stage, "exporter=LKA")


def test_the_script_is_the_one_that_is_built_from_typescript(stage: Stage) -> None:
    (address,) = re.findall(r'<script type="module" src="([^"]+)"', show(stage))
    answer = stage.client.get(address)
    assert address.startswith("/static/roadmap/roadmap.js?v=")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "retry-after" in answer.text


def test_a_chosen_product_and_one_that_is_no_candidate_have_no_such_answer(stage: Stage) -> None:
    assert stage.client.get("/roadmap/why/261000", headers=HTML).status_code == 422
    assert stage.client.get("/roadmap/why/999999", headers=HTML).status_code == 404
    assert stage.client.get("/roadmap/why/26100", headers=HTML).status_code == 400
    assert stage.client.get("/roadmap/why/2610000", headers=HTML).status_code == 400


def test_every_file_that_the_page_names_can_be_taken(stage: Stage) -> None:
    addresses = links(show(stage), "/roadmap/files/")
    assert len(addresses) > 25
    for address in addresses:
        answer = stage.client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.content


@pytest.mark.parametrize(
    ("form", "begins"), [("csv", b"candidate,"), ("xlsx", b"PK"), ("parquet", b"PAR1"), ("json", b"{")]
)
def test_a_file_is_of_the_form_that_its_name_says(stage: Stage, form: str, begins: bytes) -> None:
    assert stage.client.get(f"/roadmap/files/select.{form}").content.startswith(begins)


def test_a_manifest_tells_release_and_parameters_of_the_very_view(stage: Stage) -> None:
    told = json.loads(stage.client.get("/roadmap/files/potential.manifest?ease=65").content)
    assert told["source"]["release"] == "202601"
    assert told["parameters"]["levers"]["ease"][0]["quantile"] == 0.65
    assert told["scope"] == {"exporter": "PAK", "market": "CHN", "years": [2024], "level": "hs6"}


@pytest.mark.parametrize(
    "name",
    ["select.exe", "../passwd.csv", "flags.csv", "select-no_such_table.csv", "select-" + "x" * 99 + ".csv"],
)
def test_a_file_that_is_none_is_refused(stage: Stage, name: str) -> None:
    assert stage.client.get(f"/roadmap/files/{name}").status_code in {404, 422}


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "ease=101",
        "ease=-1",
        "ease=1e1",
        "ease=nan",
        "ease=",
        "ease=٣",
        "slots=1.5",
        "ease=5&ease=6",
        "exporter=pak",
        "exporter=PAKISTAN",
        "exporter=%3Cscript%3E",
        "year=20244",
        "level=hs8",
        "product=26'; drop",
        "data=xyz",
        "ease=%ff",
        "&".join(f"x{place}=1" for place in range(60)),
        "ease=" + "9" * QUERY_BYTES_MAX,
        "ease=90%00",
        "counts=maybe",
        "multiple=1e309",
        "capacity=99999999",
        "capacity=inf",
        "years=-0",
        "lang=en&lang=ur",
        "exporter=" + "A" * 10_000,
    ],
)
def test_a_hostile_address_is_refused_with_a_page_that_repeats_nothing_raw(stage: Stage, query: str) -> None:
    answer = stage.client.get(f"/roadmap?{query}", headers=HTML)
    assert answer.status_code == 400
    assert "<script" not in answer.text.partition("<body")[2]


@pytest.mark.parametrize(
    ("query", "status"),
    [("exporter=XXX", 404), ("year=1900", 404), ("product=999999", 404), ("market=PAK", 422)],
)
def test_what_the_data_do_not_hold_is_refused_by_name(stage: Stage, query: str, status: int) -> None:
    answer = stage.client.get(f"/roadmap?{query}", headers=HTML)
    assert answer.status_code == status
    assert stage.client.get(f"/api/v1/trade/screen?{query}").status_code == status


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("lang=ur&year=1900", "ڈیٹا 1995 سے 2024 تک ہے؛ 1900 اس میں نہیں۔"),
        ("lang=zh&market=PAK", "巴基斯坦 同时是出口国和市场。请选择两个国家。"),
        ("lang=zh&product=999999", "数据在这一级没有产品 999999。"),
    ],
)
def test_what_the_data_do_not_hold_is_told_in_the_visitors_words(stage: Stage, query: str, told: str) -> None:
    assert f'<p class="lead">{told}</p>' in stage.client.get(f"/roadmap?{query}", headers=HTML).text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Too few years lie up to the one chosen. Needed: 3; held: 1. Choose a later year."),
        ("ur", "منتخب سال تک کے سال کم ہیں: درکار 3، موجود 1۔ بعد کا کوئی سال چنیں۔"),
        ("zh", "所选年份为止的年数不够：需要 3 年，现有 1 年。请选择较晚的年份。"),
    ],
)
def test_every_question_without_an_answer_says_why_in_the_visitors_words(
    stage: Stage, language: str, told: str
) -> None:
    text = show(stage, "year=1995&exporter=SSD", language=language)
    refused = re.findall(r'<section class="notice" aria-labelledby="refused-(.*?)</section>', text, re.DOTALL)
    assert [one.partition('"')[0] for one in refused] == [
        "screen",
        "complexity",
        "potential",
        "relocate",
        "select",
        "path",
    ]
    assert f"<p>{told}</p>" in refused[0]
    assert [one for one in refused if 'lang="en"' in one or "SSD" in one or "1 years" in one] == []


@pytest.mark.parametrize(
    "query", ["land=0&capital=0", "slots=1", "multiple=1", "year=1995", "tariff=0&cut=0&ease=0"]
)
def test_the_ends_of_the_sliders_are_answered(stage: Stage, query: str) -> None:
    show(stage, query)


@pytest.mark.parametrize("level", ["hs2", "hs4"])
def test_coarser_products_are_answered_too(stage: Stage, level: str) -> None:
    assert f'value="{level}" selected' in show(stage, f"level={level}&product=260300&capacity=100")


def test_a_question_without_an_answer_leaves_the_others_theirs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = stage.house.roadmap.desk()
    asked = desk.ask

    def ask(question: object, view: View) -> object:
        if str(question) == "select":
            raise NothingTraded("nothing is left to choose from")
        return asked(question, view)  # type: ignore[arg-type]

    monkeypatch.setattr(type(desk), "ask", lambda _, question, view: ask(question, view))
    text = show(stage)
    assert "nothing is left to choose from" in text
    assert "Sold there in this year" in text


def test_whoever_comes_beyond_the_waiting_is_told_when_to_come_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roadmap, "TURNS", Turns(1, 0, wait_seconds=3))
    desk, began, release = stage.house.roadmap.desk(), threading.Event(), threading.Event()
    settle = type(desk).settle

    def wait(self: object, view: View) -> View:
        began.set()
        release.wait(20)
        return settle(desk, view)

    monkeypatch.setattr(type(desk), "settle", wait)
    first: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: first.append(stage.client.get("/roadmap", headers=HTML)))
    thread.start()
    try:
        assert began.wait(20)
        second = stage.client.get("/roadmap", headers=HTML)
    finally:
        release.set()
        thread.join()
    assert second.status_code == 503
    assert second.headers["retry-after"] == "3"
    assert first[0].status_code == 200


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_api_answers_with_as_many_rows_as_are_asked_for(stage: Stage, question: str) -> None:
    told = stage.client.get(f"/api/v1/trade/{question}?limit=2").json()
    assert told["question"] == question
    assert all(len(rows) <= 2 for rows in told["tables"].values())
    assert told["rows"]["table"] > 2
    assert told["manifest"]["source"]["sha256"].startswith(stage.house.roadmap.desk().digest)


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", ""])
def test_the_api_refuses_a_limit_that_is_none(stage: Stage, limit: str) -> None:
    assert stage.client.get(f"/api/v1/trade/screen?limit={limit}").status_code == 400


def test_the_api_knows_its_questions(stage: Stage) -> None:
    assert stage.client.get("/api/v1/trade/everything").status_code == 400


def test_the_api_tells_why_something_is_not_chosen_as_the_page_does(stage: Stage) -> None:
    answers = {
        row["candidate"]: row["is_chosen"]
        for row in stage.client.get("/api/v1/trade/select").json()["tables"]["table"]
    }
    left, chosen = ([name for name, is_in in answers.items() if is_in is wanted] for wanted in (False, True))
    told = stage.client.get(f"/api/v1/trade/why-not/{left[0]}").json()
    assert told["candidate"] == left[0]
    assert told["cost_low_usd"] <= told["cost_usd"] <= told["cost_high_usd"]
    assert told["threshold_usd"] >= told["gain_usd"]
    assert set(told["displaced"]) <= set(chosen)
    assert told["words"] in show_why(stage, left[0])
    assert {one["limit"]["kind"] for one in told["charges"]} <= {"budget", "variants"}


def test_the_api_tells_of_what_is_no_candidate_and_refuses_what_is_chosen_or_none(stage: Stage) -> None:
    told = stage.client.get("/api/v1/trade/why-not/260800").json()
    assert (told["reason"], told["threshold_usd"]) == ("sold_already", None)
    assert told["amounts_usd"]["actual_usd"] >= told["amounts_usd"]["potential_usd"] > 0
    for address, status, code in (
        ("261000", 422, "trade.bad_parameter"),
        ("999999", 404, "trade.unknown_product"),
        ("a%3Cb", 400, "web.bad_parameter"),
        ("260800?data=000000000000", 404, "trade.no_data"),
        ("260800?limit=x&limit=y", 400, "web.bad_parameter"),
    ):
        answer = stage.client.get(f"/api/v1/trade/why-not/{address}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), address


def show_why(stage: Stage, candidate: str) -> str:
    return unescape(stage.client.get(f"/roadmap/why/{candidate}", headers=HTML).text)


def test_where_todays_sales_do_not_all_count_the_glance_says_how_much_does_not(stage: Stage) -> None:
    told = "of today&#39;s sales not counted"
    figures = stage.client.get("/api/v1/trade/potential?limit=1").json()["figures"]
    left = stage.house.roadmap.desk().money(figures["traded_usd"] - figures["potential_usd"], "en")
    assert re.search(rf"{told}[^<]*</dt><dd><bdi>{left}<", show(stage))
    assert told not in show(stage, "counts=all")


def test_every_slider_has_its_words_and_stays_within_its_ends() -> None:
    view = View()
    for one in SLIDERS:
        assert one.low <= getattr(view, one.name) <= one.high
        assert read_query(f"{one.name}={one.high:g}".encode()) == read_query(
            write_query(read_query(f"{one.name}={one.high:g}".encode())).encode()
        )


def test_a_view_is_read_back_as_it_was_written() -> None:
    view = View(exporter="LKA", market="USA", year="2019", ease=72.5, product="260300", capacity=150.0)
    assert read_query(write_query(view).encode()) == view


REFUSED = (
    "/roadmap?exporter=XXX",
    "/roadmap?exporter=PAK&exporter=CHN",
    "/roadmap?foo=1",
    "/roadmap?tariff=999",
    "/roadmap?tariff=abc",
    "/roadmap?level=hs9",
    "/roadmap?slots=1.5",
    "/roadmap?exporter=%00%ff",
    f"/roadmap?exporter={'A' * QUERY_BYTES_MAX}",
    "/roadmap?year=1900",
    "/roadmap?market=PAK",
    "/roadmap?product=999999",
    "/roadmap/why/261000",
    "/roadmap/why/999999",
    "/roadmap/why/abc",
    "/roadmap/files/screen.exe",
    "/roadmap/files/screen-nothing.csv",
    "/roadmap/files/screen.csv?data=000000000000",
)


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_every_refusal_of_the_page_speaks_the_visitors_language(stage: Stage, language: str) -> None:
    headers = {**HTML, "accept-language": language}
    for address in REFUSED:
        answer = stage.client.get(address, headers=headers)
        assert answer.status_code in {400, 404, 422}, address
        main = answer.text.partition("<main")[2]
        assert 'lang="en"' not in main.partition("</main>")[0], address
