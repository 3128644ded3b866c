"""The page on which a person reads who asked about her, without a network: who is let in, what she reads."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog

from rahdari.app.exchange.admissions import Admissions
from rahdari.app.exchange.citizen_desk import opened_citizens_log
from rahdari.app.exchange.citizen_door import OpenDoor
from rahdari.exchange import AdmissionRefused
from rahdari.web.exchange import citizens
from rahdari.web.exchange.citizen_visits import VISIT_SECONDS
from rahdari.web.exchange.citizens import (
    CODES_PER_MINUTE,
    FORM_BYTES_MAX,
    GETS_PER_MINUTE,
    CitizenPages,
    main,
)
from rahdari.web.languages import catalogue
from tests.fakes.chance import SeededChance
from tests.fakes.gateway_homes import ENVIRONMENT
from tests.unit.app.exchange.test_citizen_door import DOOR, made_door
from tests.unit.app.exchange.test_citizens_log import (
    AT,
    DAY,
    ME,
    OTHER,
    POLICE,
    Place,
    order,
    place,
)

__all__ = ["place"]

# The homes of gateways look for free ports.
pytestmark = pytest.mark.loopback
ORIGIN = "https://mylog.example.pk"


@dataclass(frozen=True)
class Got:
    """An answer as it was sent."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def cookie(self) -> str:
        return self.fields["set-cookie"].partition(";")[0]


class Visitor:
    """Asks the page without a server, as a browser at one address does."""

    def __init__(self, place: Place, folder: Path, url: str = ORIGIN) -> None:
        self.place, self.ticks, self.origin = place, 0.0, url
        home = made_door(place, folder, url)
        self.door = OpenDoor(home, DOOR, clock=place.clock, chance=SeededChance())
        self.admissions = Admissions(home.admissions_folder, clock=place.clock, chance=SeededChance(7))
        self.app = CitizenPages(
            self.door, self.admissions, clock=place.clock, chance=SeededChance(), tick=lambda: self.ticks
        )

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        address: str = "192.0.2.1",
        **fields: str,
    ) -> Got:
        path, _, query = target.partition("?")
        scope: dict[str, object] = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "client": (address, 1234),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()],
        }  # fmt: skip
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Mapping[str, Any]) -> None:
            sent.append(event)

        asyncio.run(self.app(scope, receive, send))
        lines = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Got(sent[0]["status"], lines, b"".join(one["body"] for one in sent[1:]))

    def post(self, target: str, cookie: str = "", **form: str) -> Got:
        return self.ask("POST", target, urlencode(form).encode(), origin=self.origin, cookie=cookie)

    def enter(self, person: str = ME, language: str = "en") -> str:
        """Let a person in, and give her cookie."""
        code = self.admissions.admit(person, by="Counter 3", minutes=5).code
        got = self.post(f"/enter?lang={language}", code=code)
        assert (got.status, got.fields["location"]) == (303, f"/?lang={language}")
        return got.cookie

    def choose(self, cookie: str, **form: str) -> str:
        """Choose another time, and give what she reads then."""
        got = self.post("/show?lang=en", cookie, **form)
        assert (got.status, got.fields["location"], "set-cookie" in got.fields) == (303, "/?lang=en", False)
        return self.read(cookie)

    def read(self, cookie: str, language: str = "en") -> str:
        got = self.ask("GET", f"/?lang={language}", cookie=cookie)
        assert got.status == 200
        return got.text


@pytest.fixture
def visitor(place: Place, tmp_path: Path) -> Iterator[Visitor]:
    place.write(place.asked(consent_id="c-1"), place.asked(OTHER, at=AT + DAY, purpose="tax"))
    made = Visitor(place, tmp_path / "door")
    yield made
    made.door.close()


def test_whoever_has_no_code_is_asked_for_one_and_told_nothing(visitor: Visitor) -> None:
    text = visitor.read("")
    assert 'name="code"' in text
    assert "Member 2002" not in text


def test_a_person_reads_who_asked_when_by_which_service_what_for_and_on_which_consent(
    visitor: Visitor,
) -> None:
    text = visitor.read(visitor.enter())
    for told in (
        "Member 2002",
        "PK/COM/2002/loans",
        "2027-03-20 09:00",
        "person",
        "GET /v1/persons/{id}",
        "Know your customer",
        "Banking law",
        "c-1",
        "It was answered.",
        "Record 0:",
        "Questions about you: 1.",
    ):
        assert told in text, told
    assert "Taxation" not in text, "that was another person"


def test_her_number_stands_nowhere_but_in_part(visitor: Visitor) -> None:
    text = visitor.read(visitor.enter("35202-1234567-1"))
    assert "\N{BULLET}671" in text
    assert "3520212345671" not in text
    assert "\N{BULLET}1" not in visitor.read(visitor.enter("352021")), "a short one is not shown at all"


@pytest.mark.parametrize(
    ("language", "direction", "word"),
    [("en", "ltr", "Know your customer"), ("ur", "rtl", "صارف کی پہچان"), ("zh", "ltr", "了解客户")],
)
def test_it_is_told_in_three_languages(visitor: Visitor, language: str, direction: str, word: str) -> None:
    text = visitor.read(visitor.enter(language=language), language)
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert word in text


def test_a_code_lets_in_once(visitor: Visitor) -> None:
    code = visitor.admissions.admit(ME, by="Counter 3", minutes=5).code
    assert visitor.post("/enter", code=code).status == 303
    again = visitor.post("/enter?lang=en", code=code)
    assert again.status == 403
    assert 'role="alert"' in again.text
    assert "set-cookie" not in again.fields


@pytest.mark.parametrize("form", [{}, {"code": ""}, {"code": "ABCD-EFGH-IJKL-MNOP"}, {"code": "<script>"}])
def test_no_other_code_lets_in(visitor: Visitor, form: dict[str, str]) -> None:
    got = visitor.post("/enter?lang=en", **form)
    assert got.status == 403
    assert "<script>" not in got.text


def test_a_code_in_the_address_is_not_looked_at(visitor: Visitor) -> None:
    code = visitor.admissions.admit(ME, by="Counter 3", minutes=5).code
    assert visitor.ask("GET", f"/enter?code={code}").status == 404
    assert visitor.post(f"/enter?code={code}").status == 403
    assert visitor.admissions.redeem(code), "nor is it spent"


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://mylog.example.pk"])
@pytest.mark.parametrize("path", ["/enter", "/show", "/leave"])
def test_a_form_of_another_site_is_not_taken(visitor: Visitor, origin: str, path: str) -> None:
    code = visitor.admissions.admit(ME, by="Counter 3", minutes=5).code
    got = visitor.ask("POST", path, f"code={code}".encode(), origin=origin)
    assert (got.status, "set-cookie" in got.fields) == (403, False)
    assert visitor.ask("POST", path, f"code={code}".encode()).status == 403, "nor one that does not say"
    assert visitor.admissions.redeem(code)


def test_her_cookie_is_for_this_site_alone_and_no_script_reads_it(visitor: Visitor) -> None:
    got = visitor.post("/enter", code=visitor.admissions.admit(ME, by="Counter 3", minutes=5).code)
    parts = got.fields["set-cookie"].split("; ")
    assert parts[0].startswith("__Host-rahdari-citizen=")
    assert {"Path=/", "HttpOnly", "SameSite=Strict", "Secure", f"Max-Age={VISIT_SECONDS}"} <= set(parts)


def test_without_tls_the_cookie_is_not_marked_as_if_there_were(place: Place, tmp_path: Path) -> None:
    place.write()
    visitor = Visitor(place, tmp_path / "plain", "http://127.0.0.1:8319")
    got = visitor.post("/enter", code=visitor.admissions.admit(ME, by="Counter 3", minutes=5).code)
    assert got.cookie.startswith("rahdari-citizen=")
    assert "Secure" not in got.fields["set-cookie"]
    assert visitor.read(got.cookie)
    visitor.door.close()


def test_a_visit_ends_when_she_leaves_or_by_itself(visitor: Visitor) -> None:
    first, second = visitor.enter(), visitor.enter()
    left = visitor.post("/leave?lang=ur", first)
    assert (left.status, left.fields["location"]) == (303, "/?lang=ur")
    assert "Max-Age=0" in left.fields["set-cookie"]
    assert 'name="code"' in visitor.read(first)
    visitor.ticks += VISIT_SECONDS - 1
    assert "Member 2002" in visitor.read(second)
    visitor.ticks += 1
    assert 'name="code"' in visitor.read(second)
    assert visitor.post("/show", second, days="30").status == 303


@pytest.mark.parametrize(
    "cookie", ["__Host-rahdari-citizen=", "__Host-rahdari-citizen=" + "0" * 64, '"', "a=\x01;="]
)
def test_no_other_cookie_is_a_visit(visitor: Visitor, cookie: str) -> None:
    visitor.enter()
    assert 'name="code"' in visitor.read(cookie)


def test_she_chooses_how_far_back(visitor: Visitor) -> None:
    place = visitor.place
    place.write(place.asked(at=AT - 60 * DAY, purpose="tax"))
    cookie = visitor.enter()
    assert "Questions about you: 2." in visitor.read(cookie)
    month = visitor.choose(cookie, days="30")
    assert "Questions about you: 1." in month
    assert re.search(r'value="30" selected', month)
    assert re.search(r'value="30" selected', visitor.read(cookie, "ur")), "in another language too"
    for odd in ("7", "-1", "x", "9" * 99):
        assert "Questions about you: 2." in visitor.choose(cookie, days=odd)


def test_older_ones_are_a_form_away(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    from rahdari.app.exchange import citizens_log  # noqa: PLC0415

    for module in (citizens, citizens_log):
        monkeypatch.setattr(module, "ANSWERED_MAX", 2)
    place = visitor.place
    place.write(*(place.asked(at=AT - number * DAY) for number in range(1, 4)))
    cookie = visitor.enter()
    found = re.search(r'name="before" value="(\d+)"', visitor.read(cookie))
    assert found is not None
    older = visitor.choose(cookie, days="36500", before=found[1])
    # The instant of the last one is told again: two may have come in one millisecond.
    assert re.findall(r"Record (\d+):", older) == ["2", "3"]


def test_a_strange_instant_is_not_taken(visitor: Visitor) -> None:
    cookie = visitor.enter()
    for odd in ("-1", "1e9", "9" * 15, "\N{ARABIC-INDIC DIGIT TWO}"):
        assert "Questions about you: 1." in visitor.choose(cookie, before=odd)


def test_what_an_order_withholds_is_not_shown_and_once_it_ended_its_kind_and_end_are(
    visitor: Visitor,
) -> None:
    place = visitor.place
    place.write(place.asked(at=AT + timedelta(hours=1), client=POLICE))
    with opened_citizens_log(
        place.made.home.folder, ENVIRONMENT, clock=place.clock, chance=SeededChance()
    ) as desk:
        desk.order(order())
    place.write()
    text = visitor.read(visitor.enter())
    assert "police" not in text
    assert "Kept from you" not in text
    assert re.search(r"criminal investigation</th><td>1</td><td>1</td>", text), "how many there are is public"
    place.clock.wind(30 * DAY)
    text = visitor.read(visitor.enter())
    assert "PK/GOV/3003/police" in text
    assert text.count("Kept from you until") == 1
    assert "2027-04-19 09:00 UTC" in text
    for secret in ("7/2027", "District court"):
        assert secret not in text


def test_every_opening_is_shown_with_who_let_her_in_and_nobody_elses_is(visitor: Visitor) -> None:
    cookie = visitor.enter(OTHER)
    assert visitor.read(cookie).count("Counter 3") == 1
    visitor.place.clock.wind(DAY)
    code = visitor.admissions.admit(ME, by="<Counter 4>", minutes=5).code
    text = visitor.read(visitor.post("/enter", code=code).cookie)
    assert "2027-03-21 09:00 UTC" in text
    assert "&lt;Counter 4&gt;" in text
    assert "Counter 3" not in text


def test_a_log_whose_opening_cannot_be_written_down_stays_closed(visitor: Visitor) -> None:
    (visitor.door.home.folder / "openings").write_bytes(b"")
    code = visitor.admissions.admit(ME, by="Counter 3", minutes=5).code
    with structlog.testing.capture_logs() as said:
        got = visitor.post("/enter", code=code)
    assert (got.status, "set-cookie" in got.fields) == (503, False)
    assert [one["code"] for one in said] == ["app.folder_failed"]


def test_a_kind_that_this_version_does_not_know_is_told_by_its_code(visitor: Visitor) -> None:
    assert citizens._kind("strange_kind", catalogue("en")) == "strange_kind"


def test_nothing_of_her_is_logged_or_stands_in_an_address(visitor: Visitor) -> None:
    code = visitor.admissions.admit("35202-1234567-1", by="Counter 3", minutes=5).code
    with structlog.testing.capture_logs() as said:
        got = visitor.post("/enter", code=code)
        visitor.read(got.cookie)
        visitor.post("/show", got.cookie, days="30")
        visitor.post("/enter", code=code)
        visitor.post("/leave", got.cookie)
    assert said == []
    text = visitor.read(visitor.enter())
    for link in re.findall(r'(?:href|action)="([^"]*)"', text):
        assert re.fullmatch(r"/(?:show|leave)?\?lang=(?:en|ur|zh)|/gateway\.css", link), link


def test_a_log_that_cannot_be_read_is_said_so_and_told_to_the_operator_without_her(visitor: Visitor) -> None:
    cookie = visitor.enter("35202-1234567-1")
    for path in (visitor.place.made.home.folder / "log").rglob("checkpoint*"):
        if path.is_file():
            path.write_bytes(b"junk")
    with structlog.testing.capture_logs() as said:
        got = visitor.ask("GET", "/?lang=en", cookie=cookie)
    assert got.status == 503
    assert "cannot be read now" in got.text
    assert [one["code"] for one in said] == ["exchange.log_damaged"]
    assert "3520212345671" not in repr(said)


def test_pages_hold_no_script_and_are_kept_nowhere(visitor: Visitor) -> None:
    got = visitor.ask("GET", "/", cookie=visitor.enter())
    policy = got.fields["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<script" not in got.text
    assert "style=" not in got.text
    assert got.fields["cache-control"] == "no-store"
    assert got.fields["referrer-policy"] == "same-origin"


def test_codes_are_tried_ten_times_a_minute_at_most(visitor: Visitor) -> None:
    got = [visitor.post("/enter", code="x").status for _ in range(CODES_PER_MINUTE + 1)]
    assert got == [403] * CODES_PER_MINUTE + [429]
    refused = visitor.post(
        "/enter?lang=en", code=visitor.admissions.admit(ME, by="Counter 3", minutes=5).code
    )
    assert (refused.status, refused.fields["retry-after"]) == (429, "6")
    assert "Too many tries" in refused.text
    assert visitor.ask("GET", "/").status == 200, "reading goes on"
    other = visitor.ask("POST", "/enter", b"code=x", address="192.0.2.2", origin=ORIGIN)
    assert other.status == 403, "and so do others"
    visitor.ticks += 6
    assert visitor.post("/enter", code="x").status == 403


def test_reading_has_a_limit_too(visitor: Visitor) -> None:
    got = [visitor.ask("GET", "/health").status for _ in range(GETS_PER_MINUTE + 1)]
    assert (got[-2], got[-1]) == (200, 429)


@pytest.mark.parametrize("body", [b"x" * (FORM_BYTES_MAX + 1), b"\xff", b"&".join([b"a=1"] * 20)])
def test_what_is_no_form_is_not_taken(visitor: Visitor, body: bytes) -> None:
    got = visitor.ask("POST", "/enter", body, origin=ORIGIN)
    assert (got.status, "set-cookie" in got.fields) == (413, False)


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/health", 200, "text/plain"),
        ("GET", "/gateway.css", 200, "text/css"),
        ("GET", "/fonts/noto-sans-regular.woff2", 200, "font/woff2"),
        ("GET", "/fonts/../rahdari.toml", 404, "text/plain"),
        ("GET", "/show", 404, "text/plain"),
        ("GET", "/catalogue", 404, "text/plain"),
        ("POST", "/", 404, "text/plain"),
        ("DELETE", "/", 404, "text/plain"),
        ("HEAD", "/", 200, "text/html"),
    ],
)
def test_what_else_there_is(visitor: Visitor, method: str, path: str, status: int, kind: str) -> None:
    got = visitor.ask(method, path, origin=ORIGIN)
    assert (got.status, got.fields["content-type"].partition(";")[0]) == (status, kind)
    assert (got.body == b"") == (method == "HEAD")


def test_what_stands_in_a_record_is_not_markup(visitor: Visitor) -> None:
    place = visitor.place
    place.write(place.asked(at=AT + timedelta(minutes=1), consent_id="<b>c</b>"))
    text = visitor.read(visitor.enter())
    assert "&lt;b&gt;c&lt;/b&gt;" in text
    assert "<b>" not in text


def test_without_a_home_or_with_another_passphrase_it_does_not_begin(
    visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "nowhere")]) == 2
    monkeypatch.setenv("RAHDARI_CITIZENS_PASSPHRASE", "others")
    assert main(["--home", str(visitor.door.home.folder)]) == 2
    said = capsys.readouterr().err
    assert "exchange citizen init" in said
    assert "passphrase" in said


def test_a_code_is_spent_even_where_the_visit_cannot_begin(visitor: Visitor) -> None:
    code = visitor.admissions.admit(ME, by="Counter 3", minutes=5).code
    visitor.post("/enter", code=code)
    with pytest.raises(AdmissionRefused):
        visitor.admissions.redeem(code)
