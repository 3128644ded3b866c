"""A holder who signed in with her passkey reads who asked about her through the exchange."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import pytest_socket
from playwright.sync_api import Browser, expect

from rahdari.app.house import found_house
from rahdari.app.settings import Settings
from rahdari.credentials import Person
from rahdari.wire.ndel.records import LogEntry
from rahdari.wire.xroad import MemberId
from tests.fakes.citizens_page import CitizensPage, serving_citizens
from tests.fakes.clock import WoundClock
from tests.fakes.gateway_homes import add_gateway, make_instance
from tests.fakes.programs import Program
from tests.journeys.test_browser_holder import Served, browser, free_port
from tests.journeys.test_browser_verifier_access import find_serious_by_day_and_night
from tests.unit.app.exchange.test_citizens_log import Place
from tests.unit.web.conftest import make_entries

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Place:
    pytest_socket.enable_socket()
    now = datetime.now(UTC)
    instance = make_instance(tmp_path_factory.mktemp("instance"))
    made = add_gateway(instance, MemberId("PK", "GOV", "1001"), "registry", at=now)
    add_gateway(instance, MemberId("PK", "COM", "2002"), "loans", at=now)
    instance.publish(at=now)
    return Place(made, WoundClock(now))


def write(gateway: Place, *entries: LogEntry) -> None:
    """Let the gateway log these, in a thread of its own: the browser's driver has the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(gateway.write, *entries).result()


@pytest.fixture(scope="module")
def citizens(gateway: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CitizensPage]:
    write(gateway)
    with serving_citizens(tmp_path_factory.mktemp("door") / "door", gateway.made.home.folder) as made:
        yield made


@pytest.fixture
def served(
    browser: Browser, citizens: CitizensPage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    home, port = tmp_path_factory.mktemp("house"), free_port()
    settings = Settings(home=home, rate_per_minute=100_000, public_url=f"http://127.0.0.1:{port}")
    house, _ = found_house(settings, scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    made = house.registry.add_holders(make_entries(WoundClock(datetime.now(UTC)), 4), actor=officer)
    house.registry.issue_waiting(actor=officer)
    environment = {"RAHDARI_RATE_PER_MINUTE": "100000", "RAHDARI_CITIZENS_HOME": str(citizens.folder)}
    with Program("rahdari.web", "--home", home, "--port", port, environment=environment) as process:
        assert json.loads(process.stdout.readline())["address"]
        yield Served(house, [card for _, card in made], f"http://localhost:{port}", browser)
        process.terminate()
    house.close()


def test_from_the_passkey_to_the_log_with_a_code_between(
    served: Served, citizens: CitizensPage, gateway: Place
) -> None:
    card = served.cards[0]
    party = served.house.registry.get_holder(card.holder).party
    assert isinstance(party, Person)
    at = datetime.now(UTC) - timedelta(hours=1)
    write(gateway, gateway.asked(party.number, at=at), gateway.asked("35202-1", at=at, purpose="tax"))
    telephone = served.telephone()
    telephone.enrol(served.link(card))
    telephone.sign_in()
    telephone.press("Get a code for my log")
    expect(telephone.page.get_by_role("heading", level=1)).to_have_text("Your code")
    assert find_serious_by_day_and_night(telephone.page) == []
    code = telephone.page.locator("#code").inner_text()
    with telephone.context.expect_page() as opened:
        telephone.page.get_by_role("link", name="Open the page").click()
    log = opened.value
    assert log.url == f"{citizens.url}/?lang=en"
    assert log.evaluate("document.referrer") == ""
    log.get_by_label("Your code").fill(code)
    log.keyboard.press("Enter")
    expect(log.get_by_role("status")).to_contain_text("Questions about you: 1.")
    expect(log.get_by_role("rowheader")).to_contain_text(["Member 2002"])
    expect(log.get_by_text("Sample Identity Authority (passkey)")).to_be_visible()
    # A second code is a minute away.
    telephone.open("/holder")
    telephone.press("Get a code for my log")
    expect(telephone.page.get_by_role("status").first).to_contain_text("wait a minute")
    telephone.context.close()
    assert telephone.errors == []
