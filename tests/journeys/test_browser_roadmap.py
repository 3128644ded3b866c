"""An analyst at the roadmap, in a real browser: move a lever, see another answer, take it away."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from rahdari.app.house import found_house
from rahdari.app.settings import Settings
from tests.fakes.programs import Program
from tests.journeys.test_browser_verifier_access import find_serious
from tests.journeys.test_browser_verify import MILLISECONDS_MAX, browser

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("house")
    found_house(Settings(home=home), scrypt_n=2)[0].close()
    environment = {
        "RAHDARI_RATE_PER_MINUTE": "100000",
        "RAHDARI_TRADE_FOLDER": str(tmp_path_factory.mktemp("no-releases")),
    }
    with Program("rahdari.web", "--home", home, "--port", 0, environment=environment) as server:
        try:
            found = json.loads(server.stdout.readline())["address"]
            # The first visitor waits for libraries and sums over thirty years; the tests are of those who follow.
            first = browser.new_page()
            first.goto(f"{found}roadmap", timeout=120_000)
            first.close()
            yield found
        finally:
            server.terminate()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(MILLISECONDS_MAX)
    opened, asked, said = context.new_page(), list[str](), list[str]()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert [one for one in asked if not one.startswith((address, "data:"))] == []
    assert [one for one in said if "503" not in one] == [], "the page's policy or its script complained"


def potential(page: Page) -> str:
    return page.locator(".glance dd").nth(1).inner_text()


def test_a_lever_that_is_moved_by_keyboard_changes_the_answer_and_the_address(
    page: Page, address: str
) -> None:
    page.goto(f"{address}roadmap")
    before = potential(page)
    slider = page.get_by_label("percentile of exporters")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(page.locator('output[for="f-ease"]')).to_have_text("70")
    expect(page).to_have_url(re.compile("ease=70"))
    assert potential(page) != before
    expect(page.locator("#answered")).to_have_text("The answers are up to date.")
    after = potential(page)
    page.reload()
    assert potential(page) == after


def test_a_slider_that_moves_on_and_on_asks_one_question_at_a_time(page: Page, address: str) -> None:
    page.goto(f"{address}roadmap?lang=en")
    under_way, most = list[str](), list[int]()

    def begin(one: Request) -> None:
        # A font that the page fetches for a new word is no question.
        if "/roadmap?" in one.url:
            under_way.append(one.url)
            most.append(len(under_way))

    def end(one: Request) -> None:
        if one.url in under_way:
            under_way.remove(one.url)

    page.on("request", begin)
    page.on("requestfinished", end)
    page.on("requestfailed", end)
    slider = page.get_by_label("Years to the target")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(230)
    expect(page).to_have_url(re.compile("years=16"))
    expect(page.locator("#answers")).to_have_attribute("aria-busy", "false")
    assert max(most) == 1
    assert slider.evaluate("node => node === document.activeElement"), "the keyboard's place is kept"
    assert slider.evaluate("node => getComputedStyle(node).outlineStyle") == "solid", "and is seen"


def test_a_busy_server_is_asked_again_when_it_said_and_the_visitor_is_told(page: Page, address: str) -> None:
    page.goto(f"{address}roadmap?lang=en")
    refusals = ["busy"]

    def answer(route: Route) -> None:
        # The browser's own answer, so that no real server need be brought down.
        if refusals:
            route.fulfill(status=503, headers={"retry-after": "1"}, body=refusals.pop())
        else:
            route.continue_()

    page.route(re.compile("multiple=6"), answer)
    told = page.locator("#unanswered")
    expect(told).to_be_hidden()
    page.get_by_label("Times today's exports").fill("6")
    expect(told).to_have_text(re.compile("Many are asking"))
    expect(page).to_have_url(re.compile("multiple=6"))
    expect(told).to_be_hidden()


def test_the_page_needs_no_script(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}roadmap?ease=0&cut=0")
    page.get_by_label("Market", exact=True).select_option("USA")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("market=USA"))
    expect(page.get_by_role("img")).to_have_count(6)
    context.close()


def test_the_question_why_not_is_answered_and_leads_back(page: Page, address: str) -> None:
    page.goto(f"{address}roadmap")
    page.get_by_role("link", name="Why not?").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why is this product not chosen?")
    page.get_by_role("link", name="Back to the roadmap").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which exports to push, and how far they carry")


def test_a_table_is_taken_away_as_a_file(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}roadmap")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Choice xlsx").click()
    assert coming.value.suggested_filename == "rahdari-select.xlsx"
    coming.value.save_as(tmp_path / "select.xlsx")
    assert (tmp_path / "select.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [
        ("en", 390, "dark"),
        ("en", 1280, "light"),
        ("ur", 390, "light"),
        ("ur", 1280, "dark"),
        ("zh", 390, "dark"),
    ],
)
def test_no_language_is_wider_than_its_screen_and_axe_finds_nothing_serious(
    page: Page, address: str, language: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{address}roadmap?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert find_serious(page) == []


def test_in_urdu_the_page_runs_from_the_right_and_its_drawings_do_not(page: Page, address: str) -> None:
    page.goto(f"{address}roadmap?lang=ur")
    direction = "node => getComputedStyle(node).direction"
    assert page.locator("body").evaluate(direction) == "rtl"
    assert page.locator("svg.chart").first.evaluate(direction) == "ltr"
    form, answers = page.locator("#levers").bounding_box(), page.locator("#answers").bounding_box()
    assert form
    assert answers
    assert form["x"] > answers["x"], "the levers stand on the right"
