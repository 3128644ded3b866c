"""The holder's pages and ceremonies over HTTP: who may send what from where, and what each answer carries."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.testing import TestClient

from rahdari.access import CardState, Enrolment
from rahdari.app.citizen_codes import CitizenCodes
from rahdari.app.exchange.admissions import Admissions
from rahdari.app.house import found_house
from rahdari.app.settings import Settings
from rahdari.credentials import MOVES, Act, Card, Channel, Person, Reason
from rahdari.credentials import Stage as CardStage
from rahdari.exchange.rules.subjects import normalise
from rahdari.kernel import ActorKind
from rahdari.signals import Delivery, Method, Wanted
from rahdari.web.limits import ANSWER_BYTES_MAX
from rahdari.web.own_page import OWN_PAGE
from rahdari.web.pages.holder import DONE, REASONS
from rahdari.web.server import HANDLERS, build_app
from tests.fakes.authenticator import SoftAuthenticator, altered
from tests.fakes.chance import SeededChance
from tests.unit.web.conftest import Stage
from tests.unit.web.test_pages import Outline

ORIGIN = "http://localhost:8440"
OWN = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
COOKIE = "rahdari-holder"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Browser:
    """A holder's browser on the stage: keeps its cookie itself, so that tests may take it away."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.phone, self.cookie = stage, SoftAuthenticator(ORIGIN, "localhost"), ""

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        said = OWN | self._cookie() | headers
        self.stage.client.cookies.clear()
        return self.stage.client.post(path, json=body, headers=said, follow_redirects=False)

    def form(self, path: str, fields: str, **headers: str) -> httpx.Response:
        said = OWN | FORM | self._cookie() | headers
        self.stage.client.cookies.clear()
        return self.stage.client.post(path, content=fields, headers=said, follow_redirects=False)

    def get(self, path: str, **headers: str) -> httpx.Response:
        said = self._cookie() | {"accept": "text/html"} | headers
        self.stage.client.cookies.clear()
        return self.stage.client.get(path, headers=said, follow_redirects=False)

    def link(self, card: Card) -> str:
        opened = self.stage.client.post(
            f"/api/v1/cards/{card.number}/passkey-tickets", headers=self.stage.headers("registrar")
        )
        assert opened.status_code == 201, opened.text
        url: str = opened.json()["url"]
        return url

    def enrol(self, card: Card) -> httpx.Response:
        ticket = self.link(card).partition("ticket=")[2]
        options = self.post("/api/v1/holder/enrolments/options", {"ticket": ticket}).text
        answer = json.loads(self.phone.create(options))
        return self.post("/api/v1/holder/enrolments", {"ticket": ticket, "answer": answer})

    def sign_in(self, *, unlock: bool = False, **headers: str) -> httpx.Response:
        options = self.post("/api/v1/holder/sign-ins/options", {"unlock": unlock}).text
        answer = json.loads(self.phone.get(options))
        got = self.post("/api/v1/holder/sign-ins", {"answer": answer, "unlock": unlock}, **headers)
        self.cookie = re.sub(r".*rahdari-holder=([^;]*);.*", r"\1", got.headers.get("set-cookie", ""))
        return got

    def _cookie(self) -> dict[str, str]:
        return {"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}


@pytest.fixture
def card(stage: Stage) -> Iterator[Card]:
    """A card that is good, and is made good again after the test."""
    found, registry = stage.cards[1], stage.house.registry
    officer = stage.house.officers.authenticate_named("officer")
    yield found
    if registry.get_card(found.number).stage is CardStage.SUSPENDED:
        registry.act(found.number, Act.REINSTATE, actor=officer)
    for channel in registry.list_locks(found.number):
        registry.unlock(found.number, channel, actor=officer)
    # Links of one test do not stand in the way of the next.
    with stage.house.foundation.receiving() as (_, store):
        for one in store.find_tickets():
            store.take_ticket(one.digest)
        for passkey in store.find_passkeys(found.number):
            store.end_sessions([session.id for session in store.find_sessions(passkey.card)])


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage)


@pytest.fixture
def inside(browser: Browser, card: Card) -> Iterator[Browser]:
    """A browser that is signed in; its passkey is removed in the end."""
    browser.enrol(card)
    assert browser.sign_in().status_code == 201
    yield browser
    officer_log = browser.stage.house.foundation
    with officer_log.receiving() as (_, store):
        for passkey in store.find_passkeys(card.number):
            store.set_removed(passkey.id, browser.stage.clock.now())


def read(text: str) -> Outline:
    """Read a page strictly, its one script aside: that one is a file of ours."""
    assert re.findall(r"<script[^>]*>", text) == [
        found for found in re.findall(r"<script[^>]*>", text) if 'src="/static/holder/holder.js?v=' in found
    ]
    outline = Outline(re.sub(r"<script[^>]*></script>", "", text))
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.forbidden == []
    return outline


def test_signing_in_sets_one_cookie_that_no_script_reads_and_no_other_site_sends(
    browser: Browser, card: Card
) -> None:
    assert browser.enrol(card).status_code == 201
    answer = browser.sign_in()
    assert set(answer.json()) == {"began_at"}
    (cookie,) = answer.headers.get_list("set-cookie")
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert said == {"path=/", "httponly", "samesite=strict"}
    assert cookie.split("=", 1)[1].startswith("rhs_")


def test_over_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, public_url="https://cards.example")
    house, _ = found_house(settings, scrypt_n=2)
    phone = SoftAuthenticator()
    with TestClient(build_app(house), raise_server_exceptions=False) as client:
        own = {"origin": "https://cards.example", "sec-fetch-site": "same-origin"}
        asked = client.post("/api/v1/holder/sign-ins/options", json={}, headers=own)
        assert asked.status_code == 200
        assert asked.json()["rpId"] == phone.rp_id
        out = client.post(
            "/holder/sign-out", content="where=here", headers=own | FORM, follow_redirects=False
        )
        assert out.headers["set-cookie"].startswith("__Host-rahdari-holder=")
        assert "; Secure" in out.headers["set-cookie"]
    house.close()


ELSEWHERE: dict[str, dict[str, str]] = {
    "nowhere": {"origin": "", "sec-fetch-site": ""},
    "another site": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "another origin of the same site": {"origin": "http://localhost:9999", "sec-fetch-site": "same-site"},
    "a sandboxed frame": {"origin": "null", "sec-fetch-site": "cross-site"},
    "a program that lies about the origin alone": {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    "a typed address": {"origin": ORIGIN, "sec-fetch-site": "none"},
}
FORMS = {
    "/holder/locks": "channel=online&act=lock",
    "/holder/report": "reason=lost",
    "/holder/log": "",
    "/holder/passkeys": "passkey=aaaaaaaaaaaaaaaa",
    "/holder/sign-out": "where=everywhere",
}


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("path", FORMS)
def test_a_form_from_elsewhere_does_nothing(inside: Browser, card: Card, where: str, path: str) -> None:
    answer = inside.form(path, FORMS[path], **ELSEWHERE[where])
    assert (answer.status_code, answer.json()["code"]) == (403, "web.cross_site")
    assert inside.get("/holder").status_code == 200
    assert inside.stage.house.registry.list_locks(card.number) == frozenset()


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_ceremony_from_elsewhere_is_not_even_begun(browser: Browser, where: str) -> None:
    for path in ("enrolments/options", "enrolments", "sign-ins/options", "sign-ins"):
        answer = browser.post(f"/api/v1/holder/{path}", {}, **ELSEWHERE[where])
        assert (answer.status_code, answer.json()["code"]) == (403, "web.cross_site")


def test_every_post_of_the_holder_is_marked_as_the_own_pages() -> None:
    handlers = [one for one in HANDLERS if isinstance(one, HTTPRouteHandler)]
    marked = {path for one in handlers if one.opt.get(OWN_PAGE) for path in one.paths}
    posts = {
        path for one in handlers if "POST" in one.http_methods for path in one.paths if "holder/" in path
    }
    assert marked == posts
    assert len(marked) == 9


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_a_session_leads_to_the_way_in(browser: Browser, path: str) -> None:
    answer = browser.form(path, FORMS[path])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/holder")


@pytest.mark.parametrize(
    "fields", ["", "act=lock", "act=lock&channel=x", "act=x&channel=online", "%ff=&=", "a=1&" * 9]
)
def test_a_form_that_no_page_shows_is_refused(inside: Browser, fields: str) -> None:
    assert inside.form("/holder/locks", fields).status_code == 400


def test_a_body_larger_than_any_answer_is_not_read(browser: Browser) -> None:
    answer = browser.post("/api/v1/holder/sign-ins", {"answer": "A" * ANSWER_BYTES_MAX})
    assert answer.status_code == 413


def test_locks_are_set_and_undone_by_the_form(inside: Browser, card: Card) -> None:
    registry = inside.stage.house.registry
    for act, left in (("lock", {Channel.PAYMENTS}), ("unlock", frozenset[Channel]())):
        answer = inside.form("/holder/locks", f"channel=payments&act={act}")
        assert answer.headers["location"] == f"/holder?done={act}ed"
        assert registry.list_locks(card.number) == left


def test_a_locked_sign_in_shows_the_way_to_unlock_it(inside: Browser, card: Card) -> None:
    assert inside.form("/holder/locks", "channel=login&act=lock").headers["location"] == (
        "/holder?done=login_locked"
    )
    assert "Unlock and sign in" in inside.get("/holder").text
    assert inside.sign_in().json()["code"] == "access.card_locked"
    assert inside.sign_in(unlock=True).status_code == 201
    assert inside.get("/holder").status_code == 200


def test_a_suspended_card_shows_a_plain_sentence_and_takes_the_cookie_away(
    inside: Browser, card: Card
) -> None:
    inside.stage.act(card, "suspend")
    answer = inside.get("/holder", **{"accept-language": "en"})
    assert answer.status_code == 403
    assert "Your card is suspended" in answer.text
    assert "counter" in answer.text
    (cookie,) = answer.headers.get_list("set-cookie")
    assert re.search(r'rahdari-holder="?"?;', cookie)
    assert "Max-Age=0" in cookie
    refused = inside.sign_in()
    assert (refused.status_code, refused.json()["code"]) == (403, "access.card_suspended")
    assert "set-cookie" not in refused.headers


def test_reporting_asks_once_then_suspends_and_says_what_to_do(inside: Browser, card: Card) -> None:
    asked = inside.get("/holder/report")
    assert card.number in asked.text
    read(asked.text)
    done = inside.form("/holder/report", "reason=stolen")
    assert done.headers["location"] == "/holder?done=reported"
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert inside.stage.house.holder_desk.ask(card.number) is CardState.SUSPENDED
    shown = inside.get("/holder?done=reported", **{"accept-language": "en"})
    assert "Nobody can use it" in shown.text
    assert "Your card works" not in shown.text


def test_the_holder_reads_who_asked_about_the_card_and_what_for(inside: Browser, card: Card) -> None:
    stage = inside.stage
    asked = {
        "nonce": "n" * 32,
        "pass": stage.text(card),
        "purpose": "opening_account",
        "place": {"name": "Sample branch <b>"},
    }
    answer = stage.client.post("/api/v1/verifications", json=asked, headers=stage.headers("bank"))
    assert answer.status_code == 200, answer.text
    text = inside.get("/holder", **{"accept-language": "en"}).text
    read(text)
    row = text[text.index("<tbody>") : text.index("</tbody>")]
    for word in ("Sample bank", "Sample branch &lt;b&gt;", "opening an account", ">Valid<"):
        assert word in row
    assert "Nobody has asked" not in text


def test_the_holder_reads_who_is_told_of_a_suspension_and_that_it_asked(inside: Browser, card: Card) -> None:
    house = inside.stage.house
    assert "No institution has asked to be told." in inside.get("/holder").text
    bank = house.officers.enrol(
        Enrolment(ActorKind.INSTITUTION, "Sample Watching Bank", frozenset({"verifier"}))
    ).as_actor()
    stream = house.signals.create(Wanted(Delivery(Method.POLL)), actor=bank).stream
    house.signals.add_subject(stream.id, house.registry.get_pass(card.number).text, actor=bank)
    page = inside.get("/holder").text
    assert "No institution has asked to be told." not in page
    assert "asked to be told when your card is suspended" in page
    assert page.count("Sample Watching Bank") == 2, "once among the uses, once among those who are told"
    house.signals.remove(stream.id, actor=bank)


def test_signing_out_here_and_everywhere(inside: Browser, card: Card) -> None:
    first = inside.cookie
    inside.sign_in()
    second = inside.cookie
    assert first != second
    inside.form("/holder/sign-out", "where=everywhere")
    for token in (first, second):
        inside.cookie = token
        assert inside.get("/holder").status_code == 401
        assert inside.get("/holder/report").status_code == 303


def test_a_new_session_ends_the_one_that_the_browser_brought(inside: Browser) -> None:
    planted = inside.cookie
    assert inside.sign_in().status_code == 201
    inside.cookie = planted
    assert inside.get("/holder").status_code == 401


def test_an_answer_that_was_altered_or_shown_twice_signs_nobody_in(inside: Browser) -> None:
    options = inside.post("/api/v1/holder/sign-ins/options", {}).text
    good = inside.phone.get(options)
    for answer in (altered(good, "signature"), good):
        refused = inside.post("/api/v1/holder/sign-ins", {"answer": json.loads(answer)})
        assert (refused.status_code, refused.json()["code"]) == (403, "access.ceremony_refused")
        assert "set-cookie" not in refused.headers


def test_an_answer_that_is_no_object_is_refused_like_any_other(browser: Browser) -> None:
    answers: list[object] = [None, [], "x", 5, {"rawId": 1}]
    for answer in answers:
        refused = browser.post("/api/v1/holder/sign-ins", {"answer": answer})
        assert refused.json()["code"] == "access.ceremony_refused"


def test_a_token_of_an_officer_opens_no_holders_page_and_a_session_no_officers_operation(
    inside: Browser, card: Card
) -> None:
    officer = inside.stage.headers("officer")
    inside.stage.client.cookies.clear()
    assert "Your card works" not in inside.stage.client.get("/holder", headers=officer).text
    answer = inside.get(f"/api/v1/cards/{card.number}", accept="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "web.token_missing")


def test_the_link_shows_the_way_to_a_passkey_until_it_is_spent(browser: Browser, card: Card) -> None:
    path = browser.link(card).removeprefix(ORIGIN)
    shown = browser.get(path)
    assert shown.status_code == 200
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    outline = read(shown.text)
    assert any(one.endswith("&lang=ur") for one in outline.addresses), (
        "the ticket survives a change of language"
    )
    assert browser.get("/holder/enrol?ticket=<b>").status_code == 403
    assert "<b>" not in browser.get("/holder/enrol?ticket=<b>").text
    assert browser.get("/holder/enrol").status_code == 403


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
def test_every_page_is_whole_in_every_language(inside: Browser, card: Card, language: str) -> None:
    for path in (f"/holder?lang={language}", f"/holder/report?lang={language}"):
        answer = inside.get(path)
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.text
        outline = read(answer.text)
        assert outline.named - {"?"} <= outline.labelled
    inside.cookie = ""
    for done in ("", *sorted(DONE)):
        read(inside.get(f"/holder?lang={language}&done={done}").text)
    assert "<i>" not in inside.get("/holder?done=<i>x</i>").text


@pytest.mark.parametrize("host", ["127.0.0.1:8440", "[::1]:8440"])
def test_a_loopback_address_leads_to_the_name_that_passkeys_know(browser: Browser, host: str) -> None:
    answer = browser.get("/holder/enrol?ticket=x", host=host)
    assert answer.status_code in {301, 302, 303, 307}
    assert answer.headers["location"] == f"{ORIGIN}/holder/enrol?ticket=x"


def test_the_reasons_on_the_page_are_those_of_the_table() -> None:
    move = MOVES[CardStage.ACTIVE, Act.SUSPEND]
    assert "holder" in move.roles
    assert {Reason(one) for one in REASONS} <= set(move.reasons)


def test_the_script_speaks_no_language_of_its_own(stage: Stage) -> None:
    address = re.search(r'src="(/static/holder/holder\.js\?v=[0-9a-f]+)"', stage.client.get("/holder").text)
    assert address
    answer = stage.client.get(address[1])
    assert answer.headers["content-type"].startswith("text/javascript")
    words = re.findall(r"""["'`]([A-Z][a-z]+ [^"'`]+)["'`]""", answer.text)
    assert words == []
    codes = set(re.findall(r'data-code="(\w+)"', stage.client.get("/holder").text))
    assert {"no_network", "cancelled", "passkey_taken", "no_passkeys", "otherwise"} <= codes


def test_the_forms_of_the_page_tell_where_they_come_from(inside: Browser) -> None:
    """Fetch: under no-referrer a form's origin would be null, and our own check would refuse it."""
    for path in ("/holder", "/holder/report"):
        assert inside.get(path).headers["referrer-policy"] == "same-origin"


def test_beginning_too_often_is_refused_by_the_doorman(strict_stage: Stage) -> None:
    browser = Browser(strict_stage)
    codes = [browser.post("/api/v1/holder/sign-ins/options", {}).status_code for _ in range(12)]
    assert codes[0] == 200
    assert codes[-1] == 429


@pytest.fixture
def citizens(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Admissions:
    """A page for citizens that the authority's settings name."""
    home = tmp_path / "citizens"
    home.mkdir()
    told = 'gateway = "gateway"\nlog = "ndel/PK/GOV/1/gw1"\nlog_keys = []\nurl = "https://mylog.example"\n'
    (home / "citizens.toml").write_text(told, encoding="utf-8")
    codes = CitizenCodes(
        replace(stage.house.settings, citizens_home=str(home)),
        stage.clock,
        SeededChance(),
        tick=stage.ticker,
    )
    for name in ("_home", "_made", "_tick"):
        monkeypatch.setattr(stage.house.citizens, name, getattr(codes, name))
    return Admissions(home / "admissions", clock=stage.clock, chance=SeededChance())


def test_a_holder_who_signed_in_gets_a_code_for_her_own_log(
    inside: Browser, stage: Stage, citizens: Admissions, card: Card
) -> None:
    assert 'action="/holder/log"' in inside.get("/holder").text
    got = inside.form("/holder/log", "")
    assert got.status_code == 200
    read(got.text)
    found = re.search(r'id="code" dir="ltr">([A-Z2-7-]{19})<', got.text)
    assert found is not None
    assert 'href="https://mylog.example/?lang=en"' in got.text
    assert found[1] not in str(got.url)
    holder = stage.house.registry.get_holder(card.holder)
    assert isinstance(holder.party, Person)
    assert citizens.redeem(found[1]) == (
        normalise(holder.party.number),
        f"{stage.house.settings.name} (passkey)",
    )


def test_another_code_is_a_minute_away(inside: Browser, stage: Stage, citizens: Admissions) -> None:
    assert inside.form("/holder/log", "").status_code == 200
    again = inside.form("/holder/log", "")
    assert (again.status_code, again.headers["location"]) == (303, "/holder?done=log_wait")
    assert "wait a minute" in inside.get("/holder?done=log_wait").text
    stage.ticker.seconds += 60
    assert inside.form("/holder/log", "").status_code == 200


def test_nobody_else_gets_a_code(browser: Browser, citizens: Admissions) -> None:
    got = browser.form("/holder/log", "")
    assert (got.status_code, got.headers["location"]) == (303, "/holder")
    assert browser.form("/holder/log", "", origin="https://evil.example").status_code == 403
    assert citizens.sweep() == 0


def test_where_no_page_is_named_none_is_offered(inside: Browser) -> None:
    assert "/holder/log" not in inside.get("/holder").text
    assert inside.form("/holder/log", "").status_code >= 400
