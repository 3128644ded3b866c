"""The pages of a gateway in a real browser: catalogue, service, a question that is tried, status."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import pytest_socket
from playwright.sync_api import Browser, Page, expect

from tests.contract.exchange_corridor import CLIENT, Corridor, serving_corridor
from tests.journeys.test_browser_verifier_access import find_serious_by_day_and_night
from tests.journeys.test_browser_verify import MILLISECONDS_MAX, browser

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]

SERVICE = "PK/GOV/1001/registry/persons"
WIDTHS = (320, 390, 640, 780, 1280)


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture
def page(browser: Browser, corridor: Corridor) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(MILLISECONDS_MAX)
    opened, asked, said = context.new_page(), list[str](), list[str]()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert [one for one in asked if not one.startswith((url_of(corridor), "data:"))] == []
    assert said == [], "the page's policy complained"


def url_of(corridor: Corridor, path: str = "/", **query: str) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    return f"http://127.0.0.1:{corridor.bank.home.edge.port}{path}{asked}"


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
@pytest.mark.parametrize("path", ["/catalogue", "/catalogue/service", "/status"])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_its_screen(
    page: Page, corridor: Corridor, language: str, path: str
) -> None:
    more = {"id": SERVICE} if path.endswith("service") else {}
    page.goto(url_of(corridor, path, lang=language, **more))
    assert find_serious_by_day_and_night(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_a_question_is_found_and_tried_without_a_mouse(page: Page, corridor: Corridor) -> None:
    page.goto(url_of(corridor, "/catalogue", lang="en"))
    page.get_by_label("Search by name or code").fill("persons")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="A service of tests").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("A service of tests")
    expect(page.locator("#client")).to_have_value(CLIENT)
    page.locator("#path").fill("/seen/by-a-browser")
    page.locator("#path").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("200")
    expect(page.get_by_role("heading", name="Answer")).to_be_in_viewport()
    assert ("GET", "/seen/by-a-browser") in corridor.system.asked
