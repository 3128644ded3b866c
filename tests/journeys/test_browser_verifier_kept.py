"""What the carried verifier keeps on the device is one signed state, whatever happens to the disk or the clock."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from rahdari.credentials import Act, KeyUse, Stage
from rahdari.wire.status_stream import Change, Delta, Head, Manifest, decode, read_sequence, sign
from tests.journeys.carrying import LIVE_MILLISECONDS_MAX, Server, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.loopback, pytest.mark.slow]

# A head comes every ten seconds; with it whatever a failed write left over is written.
HEAD_MILLISECONDS_MAX = 25_000

# The next transaction that writes a list is taken back, as when the disk is full.
_FAIL_ONCE = """(how) => {
  const put = IDBObjectStore.prototype.put;
  window.failed = 0;
  IDBObjectStore.prototype.put = function (value, key) {
    if (!String(key).startsWith('list:') || window.failed > 0) return put.call(this, value, key);
    window.failed += 1;
    if (how === 'throws') throw new DOMException('full', 'QuotaExceededError');
    const request = put.call(this, value, key);
    this.transaction.abort();
    return request;
  };
}"""

_RECORDS = """async (change) => {
  const asked = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const database = await asked(indexedDB.open('rahdari-verifier'));
  const store = database.transaction('held', 'readwrite').objectStore('held');
  if (change === 'save') window.saved = await asked(store.get('list:1'));
  if (change === 'put back') await asked(store.put(window.saved, 'list:1'));
  if (change === 'lose') await asked(store.delete('list:1'));
  const head = await asked(store.get('status'));
  if (change === 'version 1') {
    const { lists, ...rest } = head;
    await asked(store.put({ ...rest, version: 1, shards: lists.map(([number]) => number) }, 'status'));
    for (const [number] of lists) {
      await asked(store.put((await asked(store.get(`list:${number}`))).list, `list:${number}`));
    }
  }
  database.close();
  return head.sequence;
}"""

# The wall clock stands still from the first page on; the other one goes on, and can be hurried.
_STOPPED_CLOCK = """(() => {
  const stopped = Number(sessionStorage.stopped ??= Date.now());
  Date.now = () => stopped;
  const real = performance.now.bind(performance);
  let more = 0;
  performance.now = () => real() + more;
  window.later = (milliseconds) => { more += milliseconds; };
})()"""

_TURN = """(state) => {
  Object.defineProperty(document, 'visibilityState', { get: () => state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def last_delta(gate: Server, page: Page) -> int:
    """Ask the server for the number of its last delta."""
    raw = page.context.request.get(f"{gate.address}s/head").body()
    return decode(raw).unverified.sequence


def wait_until_kept(gate: Server, page: Page) -> None:
    """Wait until the head on the device is of the server's last delta."""
    wanted = last_delta(gate, page)
    for _ in range(HEAD_MILLISECONDS_MAX // 250):
        if page.evaluate(_RECORDS, "") >= wanted:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"delta {wanted} was not kept")


def reload_offline(visitor: Visitor) -> None:
    visitor.context.set_offline(offline=True)
    visitor.page.reload()
    expect(visitor.page.locator("#paste > summary")).to_be_visible()


@pytest.mark.parametrize("how", ["throws", "aborts"])
def test_a_suspension_whose_write_failed_is_written_with_the_next_head(
    visitor: Visitor, gate: Server, how: str
) -> None:
    card = gate.cards[1]
    visitor.open()
    visitor.check_text(gate.text(card))
    visitor.expect_verdict("Valid")
    wait_until_kept(gate, visitor.page)
    visitor.page.evaluate(_FAIL_ONCE, how)
    gate.act(card, Act.SUSPEND)
    try:
        visitor.expect_verdict("Suspended", milliseconds=LIVE_MILLISECONDS_MAX)
        assert visitor.page.evaluate("window.failed") == 1, "no write failed: this proves nothing"
        expect(visitor.page.locator("#notices")).to_contain_text("keeps nothing here")
        wait_until_kept(gate, visitor.page)
        expect(visitor.page.locator("#notices")).not_to_contain_text("keeps nothing here")
        reload_offline(visitor)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Suspended")
    finally:
        visitor.context.set_offline(offline=False)
        gate.act(card, Act.REINSTATE)
    # A write that is taken back on purpose is told to the window as a failure; that is this test's own doing.
    visitor.faults.clear()


@pytest.mark.parametrize("change", ["put back", "lose"])
def test_a_list_that_is_not_the_one_its_head_names_is_not_believed(
    visitor: Visitor, gate: Server, change: str
) -> None:
    card = gate.cards[2]
    visitor.open()
    visitor.check_text(gate.text(card))
    visitor.expect_verdict("Valid")
    wait_until_kept(gate, visitor.page)
    visitor.page.evaluate(_RECORDS, "save")
    gate.act(card, Act.SUSPEND)
    try:
        visitor.expect_verdict("Suspended", milliseconds=LIVE_MILLISECONDS_MAX)
        wait_until_kept(gate, visitor.page)
        visitor.page.evaluate(_RECORDS, change)
        reload_offline(visitor)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Status unknown")
        visitor.context.set_offline(offline=False)
        visitor.expect_verdict("Suspended", milliseconds=30_000)
        wait_until_kept(gate, visitor.page)
        reload_offline(visitor)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Suspended")
    finally:
        visitor.context.set_offline(offline=False)
        gate.act(card, Act.REINSTATE)


def test_a_book_that_an_earlier_page_kept_without_stamps_is_fetched_anew(
    visitor: Visitor, gate: Server
) -> None:
    visitor.open()
    wait_until_kept(gate, visitor.page)
    visitor.page.evaluate(_RECORDS, "version 1")
    reload_offline(visitor)
    visitor.check_text(gate.text(gate.cards[0]))
    visitor.expect_verdict("Status unknown")
    visitor.context.set_offline(offline=False)
    visitor.expect_verdict("Valid", milliseconds=30_000)


def bring_to_front(page: Page, *, before: Page | None = None) -> None:
    """Bring a tab to the front, which then opens the stream: ``before`` goes behind it.

    A tab that waits for its turn asks as soon as the other goes: what it asks is listened for before.
    """
    with page.context.expect_event("request", lambda request: "stream?" in request.url):
        if before is not None:
            before.evaluate(_TURN, "hidden")
        page.evaluate(_TURN, "visible")


def test_tabs_that_write_in_turns_leave_one_state_behind(visitor: Visitor, gate: Server) -> None:
    """The first tab suspends, the second writes that it was lifted, the first suspends again: that is kept."""
    card, page = gate.cards[3], visitor.page
    gate.act(card, Act.SUSPEND)
    try:
        visitor.open()
        wait_until_kept(gate, page)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Suspended")
        other = visitor.context.new_page()
        other.goto(f"{gate.address}verify")
        expect(other.locator("#link")).to_have_attribute("data-state", "live", timeout=30_000)
        bring_to_front(other, before=page)
        gate.act(card, Act.REINSTATE)
        visitor.expect_verdict("Valid", milliseconds=LIVE_MILLISECONDS_MAX)
        wait_until_kept(gate, other)
        other.evaluate(_TURN, "hidden")
        # Nobody listens: the suspension is the first that the other tab hears when its turn comes again.
        gate.act(card, Act.SUSPEND)
        bring_to_front(page)
        visitor.expect_verdict("Suspended", milliseconds=LIVE_MILLISECONDS_MAX)
        wait_until_kept(gate, page)
        other.close()
        reload_offline(visitor)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Suspended")
    finally:
        visitor.context.set_offline(offline=False)
        if gate.house.registry.get_card(card.number).stage is Stage.SUSPENDED:
            gate.act(card, Act.REINSTATE)


def test_a_page_begun_anew_offline_grows_stale_although_the_wall_clock_stands_still(
    visitor: Visitor, gate: Server
) -> None:
    visitor.open()
    wait_until_kept(gate, visitor.page)
    visitor.context.add_init_script(_STOPPED_CLOCK)
    reload_offline(visitor)
    visitor.check_text(gate.text(gate.cards[4]))
    visitor.expect_verdict("Valid")
    visitor.page.evaluate("window.later(61_000)")
    visitor.expect_verdict("Status unknown")
    # A second tab takes over what was kept, and counts for itself.
    other = visitor.context.new_page()
    other.goto(f"{gate.address}verify")
    other.locator("#paste > summary").click()
    other.locator("#text").fill(gate.text(gate.cards[4]))
    other.locator("#text-form button").click()
    expect(other.locator("#word")).to_have_text("Valid")
    other.evaluate("window.later(61_000)")
    expect(other.locator("#word")).to_have_text("Status unknown")
    visitor.context.set_offline(offline=False)


def answering(body: bytes, kind: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=body, content_type=kind)


def tell_another_history(gate: Server, visitor: Visitor, old: bytes) -> None:
    """From now on, answer as a server whose register was set back to ``old`` and has gone on since."""
    at, last = int(gate.house.foundation.clock.now().timestamp()), last_delta(gate, visitor.page)
    manifest, *lists = read_sequence(old, items_max=99, size_bytes_max=1 << 24)
    known = decode(manifest).unverified
    assert isinstance(known, Manifest)
    with gate.house.foundation.writing() as desk:
        signer = desk.signer(KeyUse.STATUS)
    delta = sign(signer, Delta(last + 1, at, b"\1" * 16, (Change(1, 1, 2),)))
    digest = decode(delta).digest
    copy = sign(signer, Manifest(last + 1, at, digest, known.prefix, known.shards)) + b"".join(lists)
    deltas = delta + sign(signer, Head(last + 1, at, digest))
    for address, body, kind in (
        ("**/s/stream?**", b"event: gap\ndata: \n\n", "text/event-stream"),
        ("**/s/deltas?**", deltas, "application/cbor-seq"),
        ("**/s/bundle", copy, "application/cbor-seq"),
    ):
        visitor.context.route(address, answering(body, kind))
    visitor.context.set_offline(offline=True)
    visitor.expect_link("offline")
    visitor.context.set_offline(offline=False)


def test_after_two_histories_nothing_is_taken_until_a_person_begins_anew(
    visitor: Visitor, gate: Server
) -> None:
    card, page = gate.cards[4], visitor.page
    heading = page.get_by_role("heading", name="The authority has signed two histories")
    visitor.open()
    visitor.check_text(gate.text(card))
    visitor.expect_verdict("Valid")
    old = visitor.context.request.get(f"{gate.address}s/bundle").body()
    gate.act(card, Act.SUSPEND)
    try:
        visitor.expect_verdict("Suspended", milliseconds=LIVE_MILLISECONDS_MAX)
        wait_until_kept(gate, page)
        tell_another_history(gate, visitor, old)
        expect(heading).to_be_visible(timeout=30_000)
        visitor.expect_link("behind")
        visitor.expect_verdict("Suspended")
        # Deltas that cannot be had do not let the other copy in, nor does a new start of the page.
        visitor.context.route("**/s/deltas?**", lambda route: route.fulfill(status=503))
        page.reload()
        expect(heading).to_be_visible(timeout=30_000)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Suspended")
        visitor.context.unroute_all()
        visitor.expect_link("behind")
        page.get_by_role("button", name="I have asked: begin anew").click()
        visitor.expect_link("live")
        expect(heading).to_have_count(0)
        visitor.check_text(gate.text(card))
        visitor.expect_verdict("Suspended")
    finally:
        visitor.context.unroute_all()
        gate.act(card, Act.REINSTATE)
