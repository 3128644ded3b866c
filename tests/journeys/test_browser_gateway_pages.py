"""The pages of a gateway in a real browser: Urdu letters stand whole in what a person chooses from."""

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from tests.conftest import REPOSITORY
from tests.journeys.test_browser_verify import MILLISECONDS_MAX, browser

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]

STATIC = REPOSITORY / "src" / "rahdari" / "web" / "static"
# Sample purpose with some of the tallest letters.
TITLE = "کھاتہ کھولنے کے لیے گاہک کی پہچان"
PAGE = f"""<!doctype html><html lang="ur" dir="rtl"><head><meta charset="utf-8">
<link rel="stylesheet" href="/gateway.css"></head><body>
<p><select><option>{TITLE}</option></select></p><p><input value="{TITLE}"></p>
<p><span style="display: inline-block; padding: 3rem">{TITLE}</span></p></body></html>"""
KINDS = {".css": "text/css", ".woff2": "font/woff2"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(MILLISECONDS_MAX)
    opened = context.new_page()

    def give(route: Route) -> None:
        path = Path(urlsplit(route.request.url).path)
        if path.suffix in KINDS:
            route.fulfill(body=(STATIC / str(path)[1:]).read_bytes(), content_type=KINDS[path.suffix])
        else:
            route.fulfill(body=PAGE, content_type="text/html; charset=utf-8")

    opened.route("**/*", give)
    opened.goto("http://gateway.example/")
    opened.evaluate("document.fonts.ready")
    yield opened
    context.close()


def ink_height(page: Page, name: str) -> int:
    """Count the rows of an element's picture with ink in them, its frame and its arrow left aside."""
    picture = Image.open(io.BytesIO(page.locator(name).screenshot())).convert("L")
    width, height = picture.size
    ink = picture.crop((40, 3, width - 8, height - 3)).point(lambda one: 255 if one < 128 else 0)
    box = ink.getbbox()
    assert box is not None
    return box[3] - box[1]


def test_urdu_stands_whole_in_what_a_person_chooses_from_and_writes_into(page: Page) -> None:
    whole = ink_height(page, "span")
    assert whole > 20
    for name in ("select", "input"):
        assert abs(ink_height(page, name) - whole) <= 1, name
