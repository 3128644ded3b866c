"""A person at her log, in a real browser: by keyboard alone, in three languages, on a telephone, on paper."""

from collections.abc import Iterator

import pytest
import pytest_socket
from playwright.sync_api import Browser, Page, expect

from tests.contract.exchange_corridor import CLIENT, serving_corridor
from tests.fakes.citizens_page import CitizensPage, serving_citizens
from tests.journeys.test_browser_verifier_access import find_serious_by_day_and_night
from tests.journeys.test_browser_verify import MILLISECONDS_MAX, browser
from tests.journeys.test_exchange_citizens import SUBJECT, read_until_told

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def citizens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CitizensPage]:
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("browsing")
    with serving_corridor(folder / "corridor") as corridor:
        assert corridor.persons("/subject").status == 200
        with serving_citizens(folder / "door", corridor.registry.home.folder) as made:
            read_until_told(made)
            yield made


@pytest.fixture
def page(browser: Browser, citizens: CitizensPage) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 800})
    context.set_default_timeout(MILLISECONDS_MAX)
    opened, asked, said = context.new_page(), list[str](), list[str]()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert [one for one in asked if not one.startswith((f"{citizens.url}/", "data:"))] == []
    assert [one for one in said if "403" not in one] == [], "the page's policy complained"


def enter(page: Page, citizens: CitizensPage, language: str = "en") -> None:
    page.goto(f"{citizens.url}/?lang={language}")
    page.locator("#code").fill(citizens.code_for(SUBJECT))
    page.keyboard.press("Enter")
    expect(page.locator("#days")).to_be_visible()


def test_she_reads_her_log_by_keyboard_alone_and_closes_it(page: Page, citizens: CitizensPage) -> None:
    page.goto(f"{citizens.url}/?lang=en")
    code = citizens.code_for(SUBJECT)
    # Two links to other languages stand before the one field.
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.type(code.lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Questions about you: 1.")
    row = page.get_by_role("rowheader", name=CLIENT)
    expect(row).to_contain_text("Member 2002")
    assert page.url == f"{citizens.url}/?lang=en"
    page.get_by_label("How far back").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("How far back")).to_have_value("91")
    page.get_by_role("button", name="Close my log").press("Enter")
    expect(page.get_by_label("Your code")).to_be_visible()
    page.go_back()
    expect(page.get_by_text(CLIENT)).to_have_count(0)


def test_a_wrong_code_is_said_where_the_field_is(page: Page, citizens: CitizensPage) -> None:
    page.goto(f"{citizens.url}/?lang=en")
    page.get_by_label("Your code").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    assert page.get_by_label("Your code").get_attribute("aria-describedby") == "code-hint refusal"


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
def test_axe_finds_nothing_serious_and_nothing_runs_off_a_telephone(
    page: Page, citizens: CitizensPage, language: str
) -> None:
    page.goto(f"{citizens.url}/?lang={language}")
    assert find_serious_by_day_and_night(page) == []
    enter(page, citizens, language)
    assert find_serious_by_day_and_night(page) == []
    for width in (390, 640, 780, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_there_is_the_log_and_no_button(page: Page, citizens: CitizensPage) -> None:
    enter(page, citizens)
    page.emulate_media(media="print")
    expect(page.get_by_text(CLIENT)).to_be_visible()
    for one in page.get_by_role("button").all():
        expect(one).to_be_hidden()
    expect(page.get_by_role("navigation")).to_be_hidden()
