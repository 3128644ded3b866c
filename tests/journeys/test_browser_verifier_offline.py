"""The network goes and comes back: the carried verifier goes on."""

import base64
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from rahdari.credentials import Act
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.status_stream import Change, Delta, decode, sign
from tests.journeys.carrying import ARGUMENTS, CHROMIUM, LIVE_MILLISECONDS_MAX, Server, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]


def test_the_network_is_cut_and_restored(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    visitor.context.set_offline(offline=True)
    visitor.expect_link("offline")
    expect(visitor.page.locator("#link-word")).to_contain_text("Offline since")
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    gate.act(gate.cards[0], Act.SUSPEND)
    try:
        visitor.context.set_offline(offline=False)
        visitor.expect_verdict("Suspended", milliseconds=LIVE_MILLISECONDS_MAX)
        visitor.expect_link("live")
    finally:
        gate.act(gate.cards[0], Act.REINSTATE)
    visitor.expect_verdict("Valid", milliseconds=LIVE_MILLISECONDS_MAX)


def test_the_server_is_stopped_and_started_again(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    visitor.check_text(gate.text(gate.cards[1]))
    visitor.expect_verdict("Valid")
    gate.stop()
    try:
        assert gate.is_gone()
        visitor.expect_link("offline")
        gate.act(gate.cards[1], Act.SUSPEND)
        visitor.expect_verdict("Valid")
    finally:
        gate.start()
    try:
        visitor.expect_verdict("Suspended", milliseconds=30_000)
        visitor.expect_link("live")
    finally:
        gate.act(gate.cards[1], Act.REINSTATE)


def test_the_page_opens_and_verifies_while_there_is_neither_network_nor_server(
    visitor: Visitor, gate: Server
) -> None:
    gate.act(gate.cards[2], Act.SUSPEND)
    try:
        visitor.open()
        gate.stop()
        assert gate.is_gone()
        visitor.context.set_offline(offline=True)
        visitor.page.reload()
        expect(visitor.page.locator("#link")).to_have_attribute("data-state", "offline")
        visitor.check_text(gate.text(gate.cards[3]))
        visitor.expect_verdict("Valid")
        visitor.page.get_by_role("button", name="Next pass").click()
        visitor.check_text(gate.text(gate.cards[2]))
        visitor.expect_verdict("Suspended")
        again = visitor.context.new_page()
        again.goto(f"{gate.address}verify")
        expect(again.get_by_role("button", name="Open the camera")).to_be_visible()
    finally:
        visitor.context.set_offline(offline=False)
        if gate.process is None:
            gate.start()
        gate.act(gate.cards[2], Act.REINSTATE)


def press_card(gate: Server, folder: Path, at: int = 3) -> Path:
    path = folder / "card.png"
    path.write_bytes(gate.house.press.card_png(gate.cards[at].number))
    return path


def test_a_picture_is_read_after_a_reload_while_there_is_neither_network_nor_server(
    visitor: Visitor, gate: Server, tmp_path: Path
) -> None:
    card = press_card(gate, tmp_path)
    visitor.open()
    gate.stop()
    try:
        assert gate.is_gone()
        visitor.context.set_offline(offline=True)
        visitor.page.reload()
        visitor.check_photo(card)
        visitor.expect_verdict("Valid")
    finally:
        visitor.context.set_offline(offline=False)
        gate.start()


def test_offline_since_is_when_the_device_last_heard_and_no_reload_changes_it(
    visitor: Visitor, gate: Server
) -> None:
    visitor.page.clock.install()
    visitor.open()
    visitor.context.set_offline(offline=True)
    visitor.expect_link("offline")
    before = visitor.page.locator("#link-word").inner_text()
    assert re.fullmatch(r"Offline since \d\d:\d\d:\d\d \S+", before)
    visitor.page.clock.fast_forward(2 * 86_400_000)
    visitor.page.reload()
    visitor.expect_link("offline")
    after = visitor.page.locator("#link-word").inner_text()
    # It is another day by now, so the day is named; the instant is the same.
    found = re.fullmatch(r"Offline since \d{1,2} [A-Z][a-z]+ \d{4} at (\d\d:\d\d:\d\d \S+)", after)
    assert found
    assert before.endswith(found[1])
    visitor.context.set_offline(offline=False)


def test_a_damaged_pass_is_told_from_a_text_that_is_none(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    text = gate.text(gate.cards[0])
    visitor.check_text(text[:60] + ("A" if text[60] != "A" else "B") + text[61:])
    visitor.expect_verdict("Not a readable pass")
    expect(visitor.page.locator("#advice")).to_contain_text("damaged, cut off or was altered")
    expect(visitor.page.locator("#as-of")).to_have_text("")
    visitor.page.get_by_role("button", name="Next pass").click()
    visitor.check_text("HELLO")
    visitor.expect_verdict("Not a readable pass")
    expect(visitor.page.locator("#advice")).to_contain_text("Scan the whole code again")


def test_a_picture_is_read_without_a_network_by_a_browser_that_was_killed(
    player: Playwright, gate: Server, tmp_path: Path
) -> None:
    profile, card = tmp_path / "profile", press_card(gate, tmp_path)
    first = player.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=ARGUMENTS)
    page = first.new_page()
    page.goto(f"{gate.address}verify")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=30_000)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kill_browser_of(profile)
    gate.stop()
    try:
        assert gate.is_gone()
        again = player.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=ARGUMENTS)
        again.set_offline(offline=True)
        page = again.new_page()
        page.goto(f"{gate.address}verify")
        page.locator("#photo").set_input_files(card)
        expect(page.locator("#word")).to_have_text("Valid", timeout=30_000)
        again.close()
    finally:
        gate.start()


def test_what_was_known_to_be_suspended_stays_so_however_old(visitor: Visitor, gate: Server) -> None:
    gate.act(gate.cards[2], Act.SUSPEND)
    try:
        visitor.page.clock.install()
        visitor.open()
        visitor.context.set_offline(offline=True)
        visitor.expect_link("offline")
        visitor.page.clock.fast_forward(7 * 86_400_000)
        visitor.check_text(gate.text(gate.cards[2]))
        visitor.expect_verdict("Suspended")
        visitor.page.get_by_role("button", name="Next pass").click()
        visitor.check_text(gate.text(gate.cards[3]))
        visitor.expect_verdict("Status unknown")
    finally:
        visitor.context.set_offline(offline=False)
        gate.act(gate.cards[2], Act.REINSTATE)


def test_the_language_changes_with_the_network_off(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    visitor.context.set_offline(offline=True)
    visitor.page.reload()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    visitor.page.get_by_role("button", name="اردو").click()
    visitor.expect_verdict("درست")
    expect(visitor.page.locator("html")).to_have_attribute("dir", "rtl")
    style = "one => { const s = getComputedStyle(one); return parseFloat(s.lineHeight) / parseFloat(s.fontSize); }"
    for element in ("#word", "#advice", "#as-of", "#next"):
        assert visitor.page.locator(element).evaluate(style) >= 1.85, element
    visitor.page.evaluate("document.fonts.ready.then(() => true)")
    assert visitor.page.evaluate("document.fonts.check('16px \"Rahdari Nastaliq\"', 'درست')")
    visitor.page.get_by_role("button", name="中文").click()
    visitor.expect_verdict("有效")
    visitor.page.reload()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "zh")
    visitor.context.set_offline(offline=False)


def test_tabs_of_one_device_share_one_stream_and_agree(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    streams: list[str] = []
    visitor.context.on(
        "request", lambda request: streams.append(request.url) if "stream?" in request.url else None
    )
    other = visitor.context.new_page()
    other.goto(f"{gate.address}verify")
    other.locator("#paste > summary").click()
    other.locator("#text").fill(gate.text(gate.cards[1]))
    other.locator("#text-form button").click()
    expect(other.locator("#word")).to_have_text("Valid")
    gate.act(gate.cards[1], Act.SUSPEND)
    try:
        expect(other.locator("#word")).to_have_text("Suspended", timeout=LIVE_MILLISECONDS_MAX)
    finally:
        gate.act(gate.cards[1], Act.REINSTATE)
    assert streams == [], "the second tab opened a stream of its own"


def test_a_tab_takes_the_stream_over_when_the_one_that_held_it_is_closed(
    visitor: Visitor, gate: Server
) -> None:
    visitor.open()
    other = visitor.context.new_page()
    other.goto(f"{gate.address}verify")
    expect(other.locator("#link")).to_have_attribute("data-state", "live", timeout=30_000)
    with visitor.context.expect_event("request", lambda request: "stream?" in request.url):
        visitor.page.close()
    expect(other.locator("#link")).to_have_attribute("data-state", "live", timeout=30_000)


def test_a_newer_version_of_the_page_waits_until_its_reader_agrees(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    gate.stop()
    gate.start(RAHDARI_VERIFIER_AGE_MAX_SECONDS="90")
    try:
        visitor.page.reload()
        notice = visitor.page.get_by_text("A newer version of this page is here.")
        expect(notice).to_be_visible(timeout=30_000)
        visitor.page.locator("#held > summary").click()
        expect(visitor.page.locator("#held")).to_contain_text("at most 60 seconds old")
        visitor.page.get_by_role("button", name="Use it now").click()
        expect(notice).to_have_count(0)
        visitor.page.locator("#held:not([open]) > summary").click()
        expect(visitor.page.locator("#held")).to_contain_text("at most 90 seconds old")
    finally:
        gate.stop()
        gate.start()


def test_a_forged_delta_changes_nothing_and_is_told(visitor: Visitor, gate: Server) -> None:
    """Somebody on the way answers in the server's place: with a delta that another key signed."""
    visitor.open()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")
    held = visitor.page.evaluate(
        "fetch('/s/head').then((r) => r.arrayBuffer()).then((b) => Array.from(new Uint8Array(b)))"
    )
    forger = SoftwareSigner.generate()
    sequence = decode(bytes(held)).unverified.sequence
    at = int(gate.house.foundation.clock.now().timestamp())
    forged = sign(forger, Delta(sequence + 1, at, bytes(16), (Change(1, 1, 2),)))
    event = f"data:{base64.urlsafe_b64encode(forged).decode().rstrip('=')}\n\n"
    visitor.context.route(
        "**/s/stream?**", lambda route: route.fulfill(body=event, content_type="text/event-stream")
    )
    visitor.context.set_offline(offline=True)
    visitor.expect_link("offline")
    visitor.context.set_offline(offline=False)
    expect(visitor.page.get_by_text("claimed to be the authority's was refused")).to_be_visible(
        timeout=30_000
    )
    visitor.expect_link("behind")
    visitor.expect_verdict("Valid")
    visitor.context.unroute("**/s/stream?**")
    visitor.expect_link("live")


def test_a_root_that_changed_is_not_believed_until_its_reader_says_so(visitor: Visitor, gate: Server) -> None:
    visitor.open()
    other = SoftwareSigner.generate().public.as_jwk()
    visitor.page.evaluate(_PIN_ANOTHER, other)
    visitor.page.reload()
    expect(
        visitor.page.get_by_role("heading", name="The root key of the authority is another one")
    ).to_be_visible()
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Status unknown")
    visitor.page.get_by_role("button", name="Trust the new root").click()
    visitor.expect_link("live")
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Valid")


# As a device that pinned its root before the server changed its own.
_PIN_ANOTHER = """async (jwk) => {
  const asked = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const database = await asked(indexedDB.open('rahdari-verifier'));
  const transaction = database.transaction('held', 'readwrite');
  transaction.objectStore('held').clear();
  transaction.objectStore('held').put(jwk, 'root');
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
}"""


def test_a_browser_that_is_killed_opens_again_with_what_it_knew(
    player: Playwright, gate: Server, tmp_path: Path
) -> None:
    """As when the power goes while changes arrive: the state is one that was signed, and it verifies."""
    profile = tmp_path / "profile"
    gate.act(gate.cards[2], Act.SUSPEND)
    try:
        first = player.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=ARGUMENTS)
        page = first.new_page()
        page.goto(f"{gate.address}verify")
        expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=30_000)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        gate.act(gate.cards[4], Act.SUSPEND)
        kill_browser_of(profile)
        gate.stop()
        again = player.chromium.launch_persistent_context(profile, executable_path=CHROMIUM, args=ARGUMENTS)
        page = again.new_page()
        page.goto(f"{gate.address}verify")
        page.locator("#paste > summary").click()
        page.locator("#text").fill(gate.text(gate.cards[2]))
        page.locator("#text-form button").click()
        expect(page.locator("#word")).to_have_text("Suspended", timeout=30_000)
        again.close()
    finally:
        if gate.process is None:
            gate.start()
        for card in (gate.cards[2], gate.cards[4]):
            gate.act(card, Act.REINSTATE)


def kill_browser_of(profile: Path) -> None:
    """Kill the browser of this profile, and no other, without a word of warning."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            told = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in told:
            os.kill(int(entry.parent.name), signal.SIGKILL)
