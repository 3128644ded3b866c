"""A bank asks about a person; at a counter she is handed a code; on the page she reads who asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import pytest_socket

from tests.contract.exchange_corridor import CLIENT, Corridor, serving_corridor
from tests.fakes.citizens_page import CitizensPage, serving_citizens

pytestmark = pytest.mark.loopback
# Whom the provider's system of tests names.
SUBJECT = "35202-1234567-1"


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("citizens")) as made:
        assert made.persons("/subject").status == 200
        yield made


@pytest.fixture(scope="module")
def page(corridor: Corridor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CitizensPage]:
    folder = tmp_path_factory.mktemp("door") / "door"
    with serving_citizens(folder, corridor.registry.home.folder) as made:
        yield made


@contextmanager
def visiting(page: CitizensPage, code: str, language: str = "en") -> Iterator[httpx.Client]:
    """Be let in with a code as a browser is."""
    with httpx.Client(base_url=page.url, follow_redirects=True, headers={"origin": page.url}) as browser:
        got = browser.post(f"/enter?lang={language}", data={"code": code})
        assert str(got.url) == f"{page.url}/?lang={language}"
        yield browser


def read_until_told(page: CitizensPage) -> str:
    """Read the page again and again until the bank's question stands there: a checkpoint is a second away."""
    end = time.monotonic() + 12
    with visiting(page, page.code_for(SUBJECT)) as browser:
        while CLIENT not in (text := browser.get("/?lang=en").text):
            assert time.monotonic() < end, "the question has not come to the page in time"
            time.sleep(0.2)
        return text


def test_a_question_stands_on_the_page_of_whom_it_was_about_a_moment_later(page: CitizensPage) -> None:
    text = read_until_told(page)
    for told in ("Member 2002", "GET /subject", "Know your customer", "It was answered."):
        assert told in text
    with visiting(page, page.code_for("35202-9")) as browser:
        assert "Nobody asked about you" in browser.get("/?lang=en").text


def test_the_program_says_nothing_of_anybody(page: CitizensPage) -> None:
    with visiting(page, page.code_for(SUBJECT), "ur") as browser:
        browser.post("/leave")
    httpx.post(f"{page.url}/enter", data={"code": "x"}, headers={"origin": page.url})
    said = (page.folder / "said").read_text(encoding="utf-8")
    assert said == f"Serving the citizen's log at {page.url}/ (Ctrl-C ends it)\n"


def test_behind_a_proxy_each_visitor_has_a_limit_of_her_own(page: CitizensPage) -> None:
    def attempt(address: str) -> int:
        headers = {"origin": page.url, "x-forwarded-for": address}
        return httpx.post(f"{page.url}/enter", data={"code": "x"}, headers=headers).status_code

    assert [attempt("192.0.2.1") for _ in range(11)] == [403] * 10 + [429]
    assert attempt("192.0.2.2") == 403


def test_a_page_that_is_made_already_is_not_made_again_and_a_counter_needs_one(
    page: CitizensPage, corridor: Corridor
) -> None:
    again = ("exchange", "citizen", "init", "--gateway", corridor.registry.home.folder)
    ended = page.line.json(*again, home=page.folder)
    assert (ended.code, ended.problem) == (5, "app.already_initialised")
    ended = page.line.json("exchange", "citizen", "admit", home=page.folder)
    assert (ended.code, ended.problem) == (2, "cli.bad_usage")
    ended = page.line.json("exchange", "citizen", "serve", home=corridor.bank.home.folder)
    assert ended.problem == "app.not_initialised"


def test_a_port_that_is_taken_is_said_before_anything_is_started(page: CitizensPage) -> None:
    ended = page.line.json("exchange", "citizen", "serve", home=page.folder)
    assert ended.code != 0
    assert str(page.url.rpartition(":")[2]) in ended.out + ended.err
