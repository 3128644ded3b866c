"""At the gate, with the carried verifier in a real browser: one verdict after the other."""

import re

import pytest
from playwright.sync_api import expect

from rahdari.credentials import Act
from tests.journeys.carrying import LIVE_MILLISECONDS_MAX, Server, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


def test_a_valid_pass_shows_photograph_name_and_verdict_and_no_more(visitor: Visitor, gate: Server) -> None:
    card = next(
        one
        for one in gate.cards
        if gate.house.registry.get_holder(one.holder).party.number and _photo(gate, one)
    )
    visitor.open()
    visitor.check_text(gate.text(card))
    visitor.expect_verdict("Valid")
    for text in gate.name(card).values():
        expect(visitor.page.locator("#person").get_by_text(text, exact=True)).to_be_visible()
    expect(visitor.page.get_by_role("img", name="Photograph in the pass")).to_be_visible()
    expect(visitor.page.locator("#as-of")).to_have_text(
        re.compile(r"^As of \d\d:\d\d:\d\d \S+ \((just now|1 second ago|\d+ seconds ago)\)$")
    )
    number = visitor.page.get_by_text(gate.house.registry.get_holder(card.holder).party.number)
    expect(number).not_to_be_visible()
    visitor.page.locator("#details > summary").click()
    expect(number).to_be_visible()
    expect(visitor.page.locator("#details .checks li")).to_have_count(14)


def _photo(gate: Server, card: object) -> bool:
    return any(one is card for one in gate.cards[:2])


def test_the_verdict_is_a_word_a_shape_and_a_ground(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    expect(visitor.page.locator("#stamp")).to_have_class("stamp tone--good")
    assert str(visitor.page.locator("#sign").get_attribute("href")).endswith("#valid")
    size = visitor.page.locator("#word").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert size >= 48, "read at arm's length"


def test_a_suspension_reaches_the_verdict_that_is_on_the_screen(visitor: Visitor, gate: Server) -> None:
    card = gate.cards[1]
    visitor.open()
    visitor.check_text(gate.text(card))
    visitor.expect_verdict("Valid")
    gate.act(card, Act.SUSPEND)
    try:
        visitor.expect_verdict("Suspended", milliseconds=LIVE_MILLISECONDS_MAX)
        spoken = visitor.page.locator("#announcement")
        expect(spoken).to_have_attribute("aria-live", "assertive")
        expect(spoken).to_contain_text("The verdict changed: Suspended")
        visitor.expect_nobody()
    finally:
        gate.act(card, Act.REINSTATE)
    visitor.expect_verdict("Valid", milliseconds=LIVE_MILLISECONDS_MAX)
    # By the stream itself: what a later head reveals as missing would be fetched, and that takes up to ten seconds.
    assert [one for one in visitor.asked if "/s/deltas" in one] == []


def test_a_suspension_of_another_card_leaves_the_verdict_alone(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    held = visitor.page.locator("#held")
    held.locator("summary").click()
    before = held.locator("dd").nth(1).inner_text()
    gate.act(gate.cards[2], Act.SUSPEND)
    try:
        expect(held.locator("dd").nth(1)).not_to_have_text(before, timeout=LIVE_MILLISECONDS_MAX)
        visitor.expect_verdict("Valid")
    finally:
        gate.act(gate.cards[2], Act.REINSTATE)


def test_a_wallet_file_is_checked_as_well(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    visitor.check_text(gate.text(gate.cards[0], "sd-jwt-vc"))
    visitor.expect_verdict("Valid")


def test_an_altered_pass_is_tampered_and_nothing_of_it_is_shown(visitor: Visitor, gate: Server) -> None:
    text = gate.text(gate.cards[0], "sd-jwt-vc")
    header, payload, rest = text.split(".", 2)
    swapped = ("A" if rest[10] != "A" else "B").join((rest[:10], rest[11:]))
    visitor.open()
    visitor.check_text(f"{header}.{payload}.{swapped}")
    visitor.expect_verdict("Tampered")
    visitor.expect_nobody()
    expect(visitor.page.locator("#stamp")).to_have_class("stamp tone--bad")


def test_something_else_than_a_pass_is_not_readable(visitor: Visitor) -> None:
    visitor.open()
    visitor.check_text("https://example.org/not-a-pass")
    visitor.expect_verdict("Not a readable pass")


def test_a_verdict_grows_stale_on_the_screen_when_the_network_is_gone(visitor: Visitor, gate: Server) -> None:
    visitor.page.clock.install()
    visitor.open()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    visitor.context.set_offline(offline=True)
    visitor.expect_link("offline")
    visitor.page.clock.fast_forward(50_000)
    visitor.expect_verdict("Valid")
    visitor.page.clock.fast_forward(15_000)
    visitor.expect_verdict("Status unknown")
    expect(visitor.page.locator("#advice")).to_contain_text("older than 60 seconds")
    visitor.expect_nobody()
    visitor.context.set_offline(offline=False)


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_is_wrong_makes_nothing_valid_and_is_told(
    visitor: Visitor, gate: Server, hours: int
) -> None:
    visitor.open()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    # The wall clock alone: the one that never goes back runs on.
    visitor.page.evaluate(
        f"(() => {{ const real = Date.now; Date.now = () => real() + {hours * 3_600_000}; }})()"
    )
    expect(visitor.page.locator("#word")).not_to_have_text("Valid")
    expect(visitor.page.get_by_role("heading", name="The clock of this device is wrong")).to_be_visible()
    visitor.expect_nobody()


def test_the_next_pass_leaves_nothing_of_the_last_one(visitor: Visitor, gate: Server) -> None:
    card = gate.cards[0]
    visitor.open()
    visitor.check_text(gate.text(card))
    visitor.expect_verdict("Valid")
    visitor.page.get_by_role("button", name="Next pass").click()
    expect(visitor.page.locator("#answer")).not_to_be_visible()
    visitor.expect_nobody()
    assert visitor.page.locator("#text").input_value() == ""
    for text in (gate.text(card), gate.name(card)["en"]):
        assert text not in visitor.page.content()
        assert text not in visitor.page.evaluate(_EVERYTHING_KEPT)


# Every text that this origin keeps: both storages, every record of every database, the keys of every cache.
_EVERYTHING_KEPT = """async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  for (const { name } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const records = await asked(database.transaction(store).objectStore(store).getAll());
      found.push(JSON.stringify(records, (_, value) =>
        ArrayBuffer.isView(value) ? new TextDecoder('latin1').decode(value) : value));
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    found.push(...(await (await caches.open(name)).keys()).map((one) => one.url));
  }
  return found.join('\\n');
}"""
