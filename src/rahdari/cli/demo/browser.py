"""Step 6: the same, live on the carried verifier in a browser, where one is installed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rahdari.app.house import House
from rahdari.cli.demo.sample import Sample, read_picture
from rahdari.cli.demo.server import Server
from rahdari.cli.demo.story import Story
from rahdari.cli.session import FIRST_OFFICER
from rahdari.credentials import Act, Reason

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MILLISECONDS_MAX = 30_000
# The page's own clock notes when the word turns, so that nothing is measured but the way to it.
_WATCH = """() => new MutationObserver(() => { document.body.dataset.turned = String(Date.now()) })
    .observe(document.getElementById('word'), {childList: true, subtree: true, characterData: true})"""


def show_in_browser(story: Story, house: House, sample: Sample, server: Server) -> None:
    """Show a verdict on the screen turn over when the card is suspended, and back."""
    if server.url != house.settings.public_url:
        story.say(
            "The page follows the addresses in the trust list, and another program has their port: left out."
        )
        return
    program = _find_program()
    if program is None:
        story.say(
            "No Chromium is installed here, so nobody looked. By hand, while the server runs:",
            f"  open {server.url}/verify, choose {sample.picture}, and see VALID;",
            f"  rahdari pass suspend {sample.card.number} --reason lost --home {house.settings.home}",
            "  and see the verdict turn over on the open page.",
        )
        return
    with _page(program) as page:
        _follow(story, house, sample, server, page)


def _find_program() -> str | None:
    """Find a browser, and what steers it: a tool of developers that the package itself does not need."""
    try:
        import playwright.sync_api  # noqa: F401, PLC0415
    except ImportError:
        return None
    return next((found for one in _PROGRAMS if (found := shutil.which(one))), None)


@contextmanager
def _page(program: str) -> Iterator["Page"]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as steering:
        browser = steering.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        try:
            yield browser.new_page(viewport={"width": 900, "height": 1000}, locale="en")
        finally:
            browser.close()


def _follow(story: Story, house: House, sample: Sample, server: Server, page: "Page") -> None:
    officer, number = house.officers.authenticate_named(FIRST_OFFICER), sample.card.number
    page.goto(f"{server.url}/verify")
    page.locator("#link[data-state=live]").wait_for(timeout=_MILLISECONDS_MAX)
    page.locator("#paste > summary").click()
    page.locator("#text").fill(read_picture(sample))
    page.locator("#text-form button").click()
    _expect(page, "Valid")
    story.say(
        f"A browser has {server.url}/verify open and was shown the pass:",
        f"  page     Valid      ({_picture(page, sample, 'valid')})",
    )
    page.evaluate(_WATCH)
    for act, reason, word in (
        (Act.SUSPEND, Reason.LOST, "Suspended"),
        (Act.REINSTATE, Reason.FOUND, "Valid"),
    ):
        house.registry.act(number, act, actor=officer, reason=reason)
        acknowledged = house.foundation.clock.now().timestamp()
        _expect(page, word)
        took = float(page.locator("body").get_attribute("data-turned") or "nan") - acknowledged * 1000
        picture = _picture(page, sample, word.lower())
        story.say(f"  page     {word:<9}  ({took:.0f} ms after the {act.value} was acknowledged; {picture})")
        story.note(**{f"page_{word.lower()}_after_ms": round(took)})


def _expect(page: "Page", word: str) -> None:
    page.locator("#word", has_text=word).wait_for(timeout=_MILLISECONDS_MAX)


def _picture(page: "Page", sample: Sample, name: str) -> Path:
    path = sample.folder / f"page-{name}.png"
    page.screenshot(path=path)
    return path
