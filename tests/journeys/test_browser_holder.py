"""A holder with a telephone, in a real browser: from the counter's link to a card reported lost."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Response, expect, sync_playwright

from rahdari.app.house import House, found_house
from rahdari.app.settings import Settings
from rahdari.credentials import Act, Card, Channel, Stage
from tests.fakes.clock import WoundClock
from tests.fakes.programs import Program
from tests.journeys.test_browser_verify import ARGUMENTS, CHROMIUM, MILLISECONDS_MAX
from tests.unit.web.conftest import make_entries

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(slots=True)
class Telephone:
    """One browser with an authenticator of its own."""

    context: BrowserContext
    page: Page
    wire: CDPSession
    authenticator: str
    address: str
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> Response:
        answer = self.page.goto(self.address + path)
        assert answer
        return answer

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def enrol(self, url: str) -> None:
        self.page.goto(url)
        self.press("Make the passkey")
        expect(self.page.get_by_text("Your passkey is ready")).to_be_visible()

    def sign_in(self) -> None:
        self.open("/holder")
        self.press("Sign in with your passkey")

    def credentials(self) -> list[dict[str, Any]]:
        told = self.wire.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        found: list[dict[str, Any]] = told["credentials"]
        return found

    def copy_to(self, other: "Telephone", sign_count: int) -> None:
        """Put this telephone's passkey into another one: what a thief of keys would do."""
        copied = self.credentials()[0] | {"signCount": sign_count}
        other.wire.send(
            "WebAuthn.addCredential", {"authenticatorId": other.authenticator, "credential": copied}
        )

    def cookie(self) -> dict[str, Any]:
        return next(dict(one) for one in self.context.cookies() if "holder" in str(one["name"]))

    def expect_state(self, word: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(word)


@dataclass(slots=True)
class Served:
    """A server on its own house, and telephones that reach it."""

    house: House
    cards: list[Card]
    address: str
    browser: Browser
    telephones: list[Telephone] = field(default_factory=list)

    def telephone(self, locale: str = "en-GB") -> Telephone:
        context = self.browser.new_context(locale=locale, viewport={"width": 390, "height": 844})
        context.set_default_timeout(MILLISECONDS_MAX)
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("WebAuthn.enable")
        made = wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        telephone = Telephone(context, page, wire, made["authenticatorId"], self.address)
        page.on("pageerror", lambda error: telephone.errors.append(str(error)))
        self.telephones.append(telephone)
        return telephone

    def link(self, card: Card) -> str:
        officer = self.house.officers.authenticate_named("officer")
        return self.house.holder_desk.open_ticket(card.number, actor=officer).url

    def act(self, card: Card, act: Act) -> None:
        self.house.registry.act(card.number, act, actor=self.house.officers.authenticate_named("officer"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser: {CHROMIUM} is absent (apt install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


def free_port() -> int:
    """A passkey is bound to the origin, port and all, so the port stands before the server does."""
    # In a process of its own: the sockets of this one are shut while a module's fixtures are made.
    asking = "import socket; one = socket.socket(); one.bind(('127.0.0.1', 0)); print(one.getsockname()[1])"
    return int(subprocess.check_output([sys.executable, "-c", asking]))  # noqa: S603


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, list[Card], str]]:
    home, port = tmp_path_factory.mktemp("house"), free_port()
    settings = Settings(home=home, rate_per_minute=100_000, public_url=f"http://127.0.0.1:{port}")
    house, _ = found_house(settings, scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    clock = WoundClock(house.foundation.clock.now())
    made = house.registry.add_holders(make_entries(clock, 12), actor=officer)
    house.registry.issue_waiting(actor=officer)
    environment = {"RAHDARI_RATE_PER_MINUTE": "100000"}
    with Program("rahdari.web", "--home", home, "--port", port, environment=environment) as process:
        assert json.loads(process.stdout.readline())["address"]
        yield house, [card for _, card in made], f"http://localhost:{port}"
        process.terminate()
    house.close()


@pytest.fixture
def served(browser: Browser, server: tuple[House, list[Card], str]) -> Iterator[Served]:
    house, cards, address = server
    made = Served(house, cards, address, browser)
    yield made
    for telephone in made.telephones:
        telephone.context.close()
        assert telephone.errors == [], "a script of the page broke"


@pytest.fixture
def card(served: Served) -> Card:
    """A card that no story has touched yet."""
    for one in served.cards:
        if served.house.registry.get_card(one.number).stage is Stage.ACTIVE and not list_acts(served, one):
            return one
    raise AssertionError("the house has too few cards for the stories")


def list_acts(served: Served, card: Card) -> list[str]:
    first = {"apply", "issue", "activate"}
    return [
        one.event.act for one in served.house.registry.get_history(card.number) if one.event.act not in first
    ]


def test_from_the_counter_to_a_lost_card(served: Served, card: Card) -> None:
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    telephone.press("Sign in with your passkey")
    telephone.expect_state("Your card works")
    name = served.house.registry.get_holder(card.holder).party.name["en"]
    expect(telephone.page.get_by_text(name)).to_be_visible()

    telephone.page.get_by_role("link", name="Report lost or stolen").click()
    expect(telephone.page.get_by_text(card.number)).to_be_visible()
    telephone.page.get_by_label("It was stolen").check()
    telephone.press("Suspend the card now")
    expect(telephone.page.get_by_text("Your card is suspended. Nobody can use it")).to_be_visible()
    assert served.house.registry.get_card(card.number).stage is Stage.SUSPENDED
    assert list_acts(served, card) == ["open_passkey_ticket", "register_passkey", "suspend"]

    telephone.sign_in()
    expect(telephone.page.get_by_role("alert").filter(has_text="Your card is suspended")).to_be_visible()
    served.act(card, Act.REINSTATE)
    telephone.sign_in()
    telephone.expect_state("Your card works")
    assert served.house.authority.verify_log().is_intact


def test_a_suspension_ends_a_session_on_every_telephone_at_the_next_touch(served: Served, card: Card) -> None:
    telephones = [served.telephone() for _ in range(2)]
    for telephone in telephones:
        telephone.enrol(served.link(card))
        telephone.press("Sign in with your passkey")
        telephone.expect_state("Your card works")
    served.act(card, Act.SUSPEND)
    for telephone in telephones:
        assert telephone.open("/holder").status == 403
        expect(telephone.page.get_by_role("alert").filter(has_text="Your card is suspended")).to_be_visible()
    served.act(card, Act.REINSTATE)
    # The browser was told to forget the cookie: what was dead does not come back to life by itself.
    telephones[0].open("/holder")
    expect(telephones[0].page.get_by_role("button", name="Sign in with your passkey")).to_be_visible()


def test_a_holder_locks_and_unlocks_by_keyboard_alone(served: Served, card: Card) -> None:
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    telephone.press("Sign in with your passkey")
    telephone.expect_state("Your card works")
    row = telephone.page.get_by_role("listitem").filter(has_text="Online checks")
    row.get_by_role("button", name="Lock").focus()
    telephone.page.keyboard.press("Enter")
    expect(telephone.page.get_by_text("Locked. It holds from this second on.")).to_be_visible()
    assert served.house.registry.list_locks(card.number) == {Channel.ONLINE}
    row.get_by_role("button", name="Unlock").focus()
    telephone.page.keyboard.press("Enter")
    expect(telephone.page.get_by_text("Unlocked.", exact=True)).to_be_visible()
    assert served.house.registry.list_locks(card.number) == frozenset()


def test_locking_sign_in_shuts_the_holder_out_and_the_passkey_opens_again(served: Served, card: Card) -> None:
    telephone, other = served.telephone(), served.telephone()
    for one in (telephone, other):
        one.enrol(served.link(card))
        one.press("Sign in with your passkey")
        one.expect_state("Your card works")
    row = telephone.page.get_by_role("listitem").filter(has_text="Signing in")
    row.get_by_role("button", name="Lock").click()
    expect(telephone.page.get_by_text("you were signed out everywhere")).to_be_visible()
    other.sign_in()
    expect(other.page.get_by_role("heading", name="Signing in with this card is locked")).to_be_visible()
    other.press("Unlock and sign in")
    other.expect_state("Your card works")
    assert served.house.registry.list_locks(card.number) == frozenset()


def test_a_link_opens_once(served: Served, card: Card) -> None:
    link = served.link(card)
    served.telephone().enrol(link)
    late = served.telephone()
    answer = late.page.goto(link)
    assert answer
    assert answer.status == 403
    expect(late.page.get_by_text("This link does not open anything")).to_be_visible()


def test_the_same_telephone_makes_no_second_passkey_for_the_card(served: Served, card: Card) -> None:
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    telephone.page.goto(served.link(card))
    telephone.press("Make the passkey")
    expect(telephone.page.get_by_role("alert")).to_contain_text("has a passkey for the card already")
    assert len(telephone.credentials()) == 1


def test_a_copied_passkey_is_noticed_refused_and_noted(served: Served, card: Card) -> None:
    telephone, thief = served.telephone(), served.telephone()
    telephone.enrol(served.link(card))
    telephone.copy_to(thief, sign_count=0)
    for _ in range(2):
        telephone.sign_in()
        telephone.expect_state("Your card works")
        telephone.context.clear_cookies()
    thief.sign_in()
    expect(thief.page.get_by_role("alert")).to_contain_text("may have been copied")
    assert list_acts(served, card)[-1] == "suspect_passkey"


def test_a_telephone_that_verifies_nobody_is_refused(served: Served, card: Card) -> None:
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    verified = {"authenticatorId": telephone.authenticator, "isUserVerified": False}
    telephone.wire.send("WebAuthn.setUserVerified", verified)
    telephone.sign_in()
    expect(telephone.page.get_by_role("alert")).to_contain_text("it was cancelled, or took too long")


def test_removing_the_passkey_signs_out_for_good(served: Served, card: Card) -> None:
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    telephone.press("Sign in with your passkey")
    telephone.expect_state("Your card works")
    row = telephone.page.get_by_role("listitem").filter(has_text="You are signed in with this one")
    row.locator("summary").click()
    expect(row.get_by_text("It is your only one")).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    expect(telephone.page.get_by_text("The passkey is removed")).to_be_visible()
    telephone.press("Sign in with your passkey")
    expect(telephone.page.get_by_role("alert").filter(has_text="belongs to no card here")).to_be_visible()
    assert served.house.authority.verify_log().is_intact


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(served: Served, card: Card) -> None:
    telephone, thief = served.telephone(), served.telephone()
    telephone.enrol(served.link(card))
    telephone.press("Sign in with your passkey")
    telephone.expect_state("Your card works")
    cookie = telephone.cookie()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    thief.context.add_cookies(
        [{"name": str(cookie["name"]), "value": str(cookie["value"]), "url": served.address}]
    )
    thief.open("/holder")
    thief.expect_state("Your card works")
    telephone.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(telephone.page.get_by_text("You are signed out.", exact=True)).to_be_visible()
    assert thief.open("/holder").status == 401


def test_whoever_comes_by_the_loopback_address_is_led_to_the_name(served: Served) -> None:
    telephone = served.telephone()
    telephone.page.goto(served.address.replace("localhost", "127.0.0.1") + "/holder")
    assert telephone.page.url == f"{served.address}/holder"


@pytest.mark.parametrize(
    ("language", "button", "word"),
    [("ur", "داخلہ کلید سے داخل ہوں", "آپ کا کارڈ کارآمد ہے"), ("zh", "用通行密钥登录", "您的证件有效")],
)
def test_a_holder_reads_the_page_in_the_own_language(
    served: Served, card: Card, language: str, button: str, word: str
) -> None:
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    telephone.open(f"/holder?lang={language}")
    telephone.press(button)
    telephone.expect_state(word)
    for width in (360, 1280):
        telephone.page.set_viewport_size({"width": width, "height": 800})
        assert telephone.page.evaluate("document.documentElement.scrollWidth") <= width
