"""An analyst at the roadmap, in a real browser: move a lever, see another answer, take it away."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rahdari.app.house import found_house
from rahdari.app.settings import Settings
from tests.journeys.test_browser_verifier_access import find_serious
from tests.journeys.test_browser_verify import MILLISECONDS_MAX, browser

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("house")
    found_house(Settings(home=home), scrypt_n=2)[0].close()
    command = [sys.executable, "-m", "rahdari.web", "--home", str(home), "--port", "0"]
    environment = {
        "RAHDARI_RATE_PER_MINUTE": "100000",
        "RAHDARI_TRADE_FOLDER": str(tmp_path_factory.mktemp("no-releases")),
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:  # noqa: S603
        assert server.stdout
        yield json.loads(server.stdout.readline())["address"]
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
    assert said == [], "the page's policy or its script complained"


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


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_language_is_wider_than_its_screen_and_axe_finds_nothing_serious(
    page: Page, address: str, language: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
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
