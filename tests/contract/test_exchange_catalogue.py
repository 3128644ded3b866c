"""The catalogue between two gateways, and its pages: what is told, to whom, and what a form may do."""

import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import pytest_socket

from rahdari.web.exchange.catalogue import AGAIN_SECONDS
from rahdari.wire.ndel.records import ExchangeRecord, Role
from tests.contract.exchange_corridor import BANK, CLIENT, REGISTRY, Corridor, entries_of, serving_corridor
from tests.fakes.peer_calls import Got

pytestmark = pytest.mark.loopback

SERVICE = "PK/GOV/1001/registry/persons"
PAGE = "/catalogue/service?" + urlencode({"id": SERVICE, "lang": "en"})


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("catalogue")) as made:
        yield made


def page(corridor: Corridor, path: str, **more: object) -> Got:
    return corridor.call(path, client=None, **more)  # type: ignore[arg-type]


def host_of(corridor: Corridor) -> str:
    return f"127.0.0.1:{corridor.bank.home.edge.port}"


def try_it(corridor: Corridor, *, origin: str | None = None, **fields: str) -> Got:
    form = {"client": CLIENT, "method": "GET", "path": "/seen", "purpose": "kyc"} | fields
    headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Origin", f"http://{host_of(corridor)}" if origin is None else origin),
    ]
    body = urlencode(form).encode()
    return page(corridor, PAGE, method="POST", body=body, headers=headers)


def test_the_catalogue_lists_what_the_other_members_gateway_offers(corridor: Corridor) -> None:
    got = page(corridor, "/catalogue?lang=en")
    assert got.status == 200
    text = got.body.decode()
    for word in ("A service of tests", "persons", "Know your customer (kyc)", "This member offers nothing"):
        assert word in text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ur", "rtl"), ("zh", "ltr")])
def test_it_is_shown_in_three_languages(corridor: Corridor, language: str, direction: str) -> None:
    text = page(corridor, f"/catalogue?lang={language}").body.decode()
    assert f'<html lang="{language}" dir="{direction}">' in text


def test_a_search_leaves_what_matches(corridor: Corridor) -> None:
    text = page(corridor, "/catalogue?lang=en&q=narrow").body.decode()
    assert "narrow" in text
    assert ">persons<" not in text


def test_a_service_shows_its_conditions_and_who_may_call_it(corridor: Corridor) -> None:
    text = page(corridor, PAGE).body.decode()
    assert "needs the person&#39;s consent" in text
    row = re.search(r"<code dir=\"ltr\">GET /slow</code>.*?</tr>", text, re.DOTALL)
    assert row is not None
    assert CLIENT in row[0]
    ungranted = re.search(r"<code dir=\"ltr\">GET /secret</code>.*?</tr>", text, re.DOTALL)
    assert ungranted is not None
    assert CLIENT not in ungranted[0]


def test_trying_it_is_a_real_call_and_leaves_evidence_on_both_sides(corridor: Corridor) -> None:
    got = try_it(corridor, path="/seen?x=<script>")
    text = got.body.decode()
    assert (got.status, "Status 200" in text) == (200, True)
    assert "<script>" not in text
    found = re.search(r"evidence export ([0-9a-f-]{36})", text)
    assert found is not None
    corridor.stop(BANK)
    corridor.stop(REGISTRY)
    for made, role in ((corridor.bank, Role.CONSUMER), (corridor.registry, Role.PROVIDER)):
        roles = [one.role for one in entries_of(made, found[1]) if isinstance(one, ExchangeRecord)]
        assert roles == [role]
    corridor.start(corridor.registry)
    corridor.start(corridor.bank)


def test_what_is_refused_is_shown_as_it_is(corridor: Corridor) -> None:
    text = try_it(corridor, path="/secret").body.decode()
    assert "server.serverproxy.access_denied" in text
    assert "x-road-error" in text


@pytest.mark.parametrize(
    "path", ["/catalogue/service?id=PK/GOV/1001/registry/zzz", "/else", "/catalogue/else"]
)
@pytest.mark.parametrize(
    ("language", "words"), [("en", "no such page"), ("ur", "کوئی صفحہ نہیں"), ("zh", "没有此页面")]
)
def test_a_wrong_link_is_told_to_a_reader_in_words(
    corridor: Corridor, path: str, language: str, words: str
) -> None:
    headers = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("Accept-Language", language)]
    got = page(corridor, path, headers=headers)
    assert (got.status, got.one("content-type")) == (404, "text/html; charset=utf-8")
    text = got.body.decode()
    assert words in text
    assert 'href="/catalogue?lang=' in text
    assert "zzz" not in text
    # Programs are told as before.
    plain = page(corridor, path)
    assert (plain.status, plain.one("x-road-error")) == (404, got.one("x-road-error"))
    assert b"<html" not in plain.body


def test_who_types_the_gateways_address_comes_to_the_catalogue(corridor: Corridor) -> None:
    got = page(corridor, "/", headers=[("Accept", "text/html")])
    assert (got.status, got.one("location")) == (303, "/catalogue")
    assert page(corridor, "/").status == 404


def test_a_form_that_is_not_taken_is_told_in_words(corridor: Corridor) -> None:
    headers = [("Accept", "text/html"), ("Origin", "http://evil.example")]
    got = page(corridor, PAGE, method="POST", body=b"client=x", headers=headers)
    assert got.status == 403
    assert b"take their own forms alone" in got.body


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "https://127.0.0.1"])
def test_a_form_of_another_origin_is_not_taken(corridor: Corridor, origin: str) -> None:
    assert try_it(corridor, origin=origin).status == 403


def test_a_page_under_another_name_is_not_served(corridor: Corridor) -> None:
    # DNS rebinding: a name of a stranger's that leads to this machine.
    got = page(corridor, "/catalogue", headers=[("Host", "evil.example")])
    assert got.status in {400, 403}


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/catalogue/service?id=PK/GOV/1001/registry/unknown", "GET", 404),
        ("/catalogue/service?id=%00", "GET", 404),
        ("/catalogue/description?id=" + SERVICE, "GET", 404),
        ("/catalogue/else", "GET", 404),
        ("/catalogue", "DELETE", 404),
        ("/catalogue?" + "&".join(f"a{one}=1" for one in range(30)), "GET", 400),
        ("/fonts/../rahdari.toml", "GET", 404),
    ],
)
def test_what_there_is_not_is_not_found(corridor: Corridor, path: str, method: str, status: int) -> None:
    assert page(corridor, path, method=method).status == status


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "TRACE"},
        {"path": "seen"},
        {"path": "/private/{id}"},
        {"path": "/seen/é"},
        {"path": "x" * 1_400_000},
    ],
)
def test_a_form_that_names_no_operation_is_refused(corridor: Corridor, fields: dict[str, str]) -> None:
    assert try_it(corridor, **fields).status in {400, 413}


def test_a_member_whose_gateway_is_away_is_shown_as_such(corridor: Corridor) -> None:
    corridor.stop(REGISTRY)
    corridor.stop(BANK)
    corridor.start(corridor.bank)
    text = page(corridor, "/catalogue?lang=en").body.decode()
    corridor.start(corridor.registry)
    assert "gateway was not reached" in text
    deadline = time.monotonic() + AGAIN_SECONDS + 20
    while "A service of tests" not in page(corridor, "/catalogue?lang=en").body.decode():
        assert time.monotonic() < deadline
        time.sleep(0.2)
