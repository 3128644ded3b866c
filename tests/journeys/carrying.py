"""A server that can be stopped and started at one address, and a visitor who carries the verifier."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from rahdari.app.house import House, found_house
from rahdari.app.settings import Settings
from rahdari.credentials import Act, Card
from rahdari.web.pages.frame import STATIC
from tests.fakes.clock import WoundClock
from tests.fakes.programs import Program
from tests.unit.web.conftest import make_entries

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MILLISECONDS_MAX = 20_000
STOPPING_SECONDS_MAX = 15
HOLDERS = 8
# The stream's promise, with room for a busy machine.
LIVE_MILLISECONDS_MAX = 10_000


@dataclass(slots=True)
class Server:
    """A house and the process that serves it."""

    house: House
    cards: list[Card]
    port: int = 0
    process: Program | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self, **settings: str) -> None:
        """Serve, with these variables of the environment too."""
        home = self.house.settings.home
        environment = {**os.environ, "RAHDARI_RATE_PER_MINUTE": "100000", **settings}
        self.process = Program("rahdari.web", "--home", home, "--port", self.port, environment=environment)
        # Port 0 the first time: whichever is free. It is the same one ever after.
        self.port = int(json.loads(self.process.stdout.readline())["address"].rstrip("/").rpartition(":")[2])

    def stop(self) -> None:
        """End the process."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOPPING_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None

    def is_gone(self) -> bool:
        """Tell whether nothing listens at the address."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0

    def act(self, card: Card, act: Act) -> None:
        officer = self.house.officers.authenticate_named("officer")
        self.house.registry.act(card.number, act, actor=officer)

    def text(self, card: Card, feature: str = "qr") -> str:
        return self.house.registry.get_pass(card.number, feature).text

    def name(self, card: Card) -> dict[str, str]:
        return dict(self.house.registry.get_holder(card.holder).party.name)


@dataclass(slots=True)
class Visitor:
    """Somebody at the page, who notes every address that the browser asks for."""

    server: Server
    context: BrowserContext
    page: Page
    asked: list[str]
    faults: list[str]

    def open(self, query: str = "") -> None:
        """Open the page and wait until it is live and kept on the device."""
        self.page.goto(f"{self.server.address}verify{query}")
        self.expect_link("live")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def check_text(self, text: str) -> None:
        summary = self.page.locator("#paste > summary")
        if not self.page.locator("#text").is_visible():
            summary.click()
        self.page.locator("#text").fill(text)
        self.page.locator("#text-form button").click()

    def check_photo(self, path: Path) -> None:
        self.page.locator("#photo").set_input_files(path)

    def expect_verdict(self, word: str, *, milliseconds: int = MILLISECONDS_MAX) -> None:
        expect(self.page.locator("#word")).to_have_text(word, timeout=milliseconds)

    def expect_link(self, state: str) -> None:
        expect(self.page.locator("#link")).to_have_attribute("data-state", state, timeout=30_000)

    def expect_nobody(self) -> None:
        """See that no name and no picture stands anywhere on the page."""
        for card in self.server.cards:
            expect(self.page.get_by_text(self.server.name(card)["en"])).to_have_count(0)
        expect(self.page.locator("#person img")).to_have_count(0)


@contextmanager
def visiting(browser: Browser, server: Server, **options: object) -> Iterator[Visitor]:
    """Open a fresh browser profile; afterwards nobody outside was asked and no script failed."""
    context = browser.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]
    context.set_default_timeout(MILLISECONDS_MAX)
    page, asked, faults = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None
    )
    try:
        yield Visitor(server, context, page, asked, faults)
    finally:
        context.close()
    outside = [one for one in asked if not one.startswith((server.address, "data:", "blob:"))]
    assert asked, "the log of requests saw nothing: it proves nothing"
    assert outside == [], "the page asked somebody else"
    assert faults == [], "a script failed"


@pytest.fixture(scope="module")
def player() -> Iterator[Playwright]:
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser: {CHROMIUM} is absent (apt install chromium)")
    if not (STATIC / "verifier" / "page.js").is_file():
        pytest.skip("the verifier's scripts are not built: npm run build in frontend/")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(player: Playwright) -> Iterator[Browser]:
    opened = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A house with a few holders, served."""
    settings = Settings(home=tmp_path_factory.mktemp("house"), rate_per_minute=100_000)
    house, _ = found_house(settings, scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    clock = WoundClock(house.foundation.clock.now())
    made = house.registry.add_holders(make_entries(clock, HOLDERS), actor=officer)
    house.registry.issue_waiting(actor=officer)
    house.authority.publish()
    server = Server(house, [house.registry.get_card(card.number) for _, card in made])
    server.start()
    yield server
    server.stop()
    house.close()


@pytest.fixture
def visitor(chromium: Browser, gate: Server) -> Iterator[Visitor]:
    with visiting(chromium, gate) as made:
        yield made
