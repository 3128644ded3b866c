"""A visitor at the first page, in a real browser: show a card, see the verdict."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from rahdari.app.house import House, found_house
from rahdari.app.settings import Settings
from rahdari.credentials import Act, Card
from tests.fakes.clock import WoundClock
from tests.fakes.programs import Program
from tests.unit.web.conftest import make_entries

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
MILLISECONDS_MAX = 20_000

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


@dataclass(slots=True)
class Visited:
    """A server with its house, a page of a browser, and every address that the browser asked for."""

    house: House
    card: Card
    address: str
    page: Page
    asked: list[str]

    def picture(self, folder: Path) -> Path:
        path = folder / "card.png"
        path.write_bytes(self.house.press.card_png(self.card.number))
        return path

    def verify_picture(self, path: Path) -> None:
        self.page.goto(self.address)
        self.page.get_by_label("Picture of the code").set_input_files(path)
        self.page.get_by_role("button", name="Verify").click()

    def verify_text(self, text: str) -> None:
        self.page.goto(self.address)
        self.page.get_by_label("Text of the pass").fill(text)
        self.page.get_by_role("button", name="Verify").click()

    def expect_verdict(self, word: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(word)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser: {CHROMIUM} is absent (apt install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Card, str]]:
    home = tmp_path_factory.mktemp("house")
    house, _ = found_house(Settings(home=home, rate_per_minute=100_000), scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    clock = WoundClock(house.foundation.clock.now())
    made = house.registry.add_holders(make_entries(clock, 2), actor=officer)
    house.registry.issue_waiting(actor=officer)
    house.authority.publish()
    environment = {"RAHDARI_RATE_PER_MINUTE": "100000"}
    with Program("rahdari.web", "--home", home, "--port", 0, environment=environment) as server:
        yield house, made[0][1], json.loads(server.stdout.readline())["address"]
        server.terminate()
    house.close()


@pytest.fixture
def visited(browser: Browser, served: tuple[House, Card, str]) -> Iterator[Visited]:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(MILLISECONDS_MAX)
    page, asked = context.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    house, card, address = served
    yield Visited(house, card, address, page, asked)
    context.close()
    outside = [one for one in asked if not one.startswith((address, "data:"))]
    assert asked, "the log of requests saw nothing: it proves nothing"
    assert outside == [], "a page asked somebody else"


def test_the_picture_of_a_card_is_valid_and_shows_its_holder(visited: Visited, tmp_path: Path) -> None:
    visited.verify_picture(visited.picture(tmp_path))
    visited.expect_verdict("Valid")
    name = visited.house.registry.get_holder(visited.card.holder).party.name
    expect(visited.page.get_by_text(name["en"], exact=True)).to_be_visible()
    expect(visited.page.get_by_text(name["ur"], exact=True)).to_be_visible()
    expect(visited.page.get_by_role("img", name="Photograph in the pass")).to_be_visible()
    expect(visited.page.get_by_role("listitem")).to_have_count(14)


def test_each_check_unfolds_the_clause_that_it_follows_by_keyboard_alone(
    visited: Visited, tmp_path: Path
) -> None:
    visited.verify_picture(visited.picture(tmp_path))
    clause = visited.page.get_by_text("RFC 9052, 4.4; RFC 7515, 5.2")
    expect(clause).not_to_be_visible()
    visited.page.get_by_text("The signature is right").locator("..").focus()
    visited.page.keyboard.press("Enter")
    expect(clause).to_be_visible()


def test_a_suspension_shows_at_once_and_a_reinstatement_too(visited: Visited, tmp_path: Path) -> None:
    officer = visited.house.officers.authenticate_named("officer")
    picture = visited.picture(tmp_path)
    visited.house.registry.act(visited.card.number, Act.SUSPEND, actor=officer)
    try:
        visited.verify_picture(picture)
        visited.expect_verdict("Suspended")
        name = visited.house.registry.get_holder(visited.card.holder).party.name["en"]
        expect(visited.page.get_by_text(name)).to_have_count(0)
    finally:
        visited.house.registry.act(visited.card.number, Act.REINSTATE, actor=officer)
    visited.verify_picture(picture)
    visited.expect_verdict("Valid")


def test_a_pass_that_was_altered_is_refused(visited: Visited) -> None:
    text = visited.house.registry.get_pass(visited.card.number, "sd-jwt-vc").text
    header, payload, rest = text.split(".", 2)
    swapped = ("A" if rest[10] != "A" else "B").join((rest[:10], rest[11:]))
    visited.verify_text(f"{header}.{payload}.{swapped}")
    visited.expect_verdict("Tampered")
    expect(visited.page.get_by_text("Failed", exact=True)).to_have_count(1)


def test_something_else_than_a_pass_is_not_readable(visited: Visited) -> None:
    visited.verify_text("https://example.org/not-a-pass")
    visited.expect_verdict("Not a readable pass")


def test_a_picture_without_a_code_is_told_on_the_form(visited: Visited, tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_bytes(b"no picture")
    visited.verify_picture(path)
    expect(visited.page.get_by_role("alert")).to_contain_text("Not well formed")
    expect(visited.page.get_by_role("button", name="Verify")).to_be_visible()


def test_urdu_runs_from_right_to_left_in_nastaliq_and_is_remembered(visited: Visited) -> None:
    visited.page.goto(visited.address)
    visited.page.get_by_role("link", name="اردو").click()
    heading = visited.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("کیا یہ پاس درست ہے؟")
    assert visited.page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert visited.page.evaluate("document.fonts.check('16px \"Rahdari Nastaliq\"', 'پاس')")
    box, form = heading.bounding_box(), visited.page.locator("form").bounding_box()
    assert box
    assert form
    assert box["x"] > form["x"], "the words stand on the right, the form on the left"
    visited.page.goto(f"{visited.address}about")
    expect(visited.page.locator("html")).to_have_attribute("lang", "ur")


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
@pytest.mark.parametrize("path", ["", "products", "about", "problems", "api"])
def test_no_page_is_wider_than_a_telephone(visited: Visited, language: str, path: str) -> None:
    visited.page.set_viewport_size({"width": 360, "height": 740})
    visited.page.goto(f"{visited.address}{path}?lang={language}")
    assert visited.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_needs_no_script(browser: Browser, served: tuple[House, Card, str]) -> None:
    house, card, address = served
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(address)
    page.locator("textarea").fill(house.registry.get_pass(card.number).text)
    page.get_by_role("button", name="验证").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("有效")
    context.close()
