"""Refusals: one table, one document, no traceback and no personal data."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import structlog

import rahdari
from rahdari.kernel import Problem
from rahdari.web import problems
from rahdari.web.errors import MethodNotAllowed, TooManyRequests
from rahdari.web.problems import STATUSES, find_problems, headers_of, make_document, status_of
from tests.unit.web.conftest import Stage

# Needs a library that is an extra.
OPTIONAL = ("rahdari.app.keyring_pkcs11",)


def every_problem() -> Iterator[type[Problem]]:
    for module in pkgutil.walk_packages(rahdari.__path__, "rahdari."):
        if not module.name.endswith("__main__") and module.name not in OPTIONAL:
            importlib.import_module(module.name)
    todo: list[type[Problem]] = [Problem]
    while todo:
        one = todo.pop()
        todo.extend(one.__subclasses__())
        if one.__module__.startswith("rahdari.") and not one.__module__.startswith("rahdari.cli"):
            yield one


def test_every_problem_code_of_the_house_has_a_status() -> None:
    missing = {one.code for one in every_problem()} - set(STATUSES)
    assert not missing, f"give these a status in web/problems.py and a title in web/messages: {missing}"


def test_the_table_has_no_code_that_nothing_raises() -> None:
    assert set(STATUSES) == {one.code for one in every_problem()} & set(STATUSES)
    assert set(STATUSES) <= {one.code for one in every_problem()}


def test_statuses_are_errors() -> None:
    assert all(400 <= status < 600 for status in STATUSES.values())


def test_every_kind_is_found_once_for_its_page() -> None:
    codes = [one.code for one in find_problems()]
    assert codes == sorted(set(codes))
    assert set(codes) == set(STATUSES)


class Unlisted(Problem):
    code = "test.unlisted"


def test_a_problem_that_the_table_lacks_is_our_fault() -> None:
    assert status_of(Unlisted("x")) == 500


def test_a_document_says_type_title_status_detail_code_and_instance() -> None:
    document = make_document(TooManyRequests(7), title="Too many", instance="/api/v1/checks")
    assert document.type == "/problems/web.too_many_requests"
    assert (document.status, document.code, document.instance) == (
        429,
        "web.too_many_requests",
        "/api/v1/checks",
    )


def test_headers_follow_from_the_problem() -> None:
    assert headers_of(TooManyRequests(7)) == {"retry-after": "7"}
    assert headers_of(MethodNotAllowed("GET")) == {"allow": "GET"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "web.not_found"),
        ("GET", "/api/v1/nowhere", 404, "web.not_found"),
        ("GET", "/static/../server.py", 404, "web.not_found"),
        ("GET", "/static/fonts/", 404, "web.not_found"),
        ("GET", "/problems/no.such", 404, "web.not_found"),
        ("DELETE", "/api/v1/products", 405, "web.method_not_allowed"),
        ("PUT", "/", 405, "web.method_not_allowed"),
        ("GET", "/s/0", 404, "web.not_found"),
        ("GET", "/s/x", 404, "web.not_found"),
        ("GET", "/s/99999999999999999999", 404, "web.not_found"),
    ],
)
def test_the_frameworks_own_errors_are_problems_too(
    stage: Stage, method: str, path: str, status: int, code: str
) -> None:
    answer = stage.client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 405:
        assert "," in answer.headers["allow"]


def test_a_browser_that_came_to_a_page_gets_a_page(stage: Stage) -> None:
    answer = stage.client.get("/nowhere", headers={"accept": "text/html", "accept-language": "ur"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert 'dir="rtl"' in answer.text


def test_a_browser_on_the_api_gets_a_problem(stage: Stage) -> None:
    answer = stage.client.get("/api/v1/holders", headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_breaks_here_is_told_without_its_words(stage: Stage) -> None:
    """The root's file is made unreadable: an error nobody foresaw, with a path in its words."""
    path = stage.house.authority.public_folder / "root.jwk"
    kept = path.read_bytes()
    path.write_bytes(b'{"kty": "secret-of-a-person"}')
    try:
        with structlog.testing.capture_logs() as noted:
            answer = stage.client.get("/root.jwk")
    finally:
        path.write_bytes(kept)
    assert answer.status_code >= 400
    assert "secret-of-a-person" not in answer.text
    assert "Traceback" not in answer.text
    assert "secret-of-a-person" not in str(noted)


def test_an_unforeseen_error_is_a_problem_with_status_500(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(_: object) -> None:
        raise ZeroDivisionError("0000000-personal")

    monkeypatch.setattr(type(stage.house.authority), "list_status_uris", fall)
    with structlog.testing.capture_logs() as noted:
        answer = stage.client.get("/s/lists")
    assert (answer.status_code, answer.json()["code"]) == (500, "web.broken")
    assert "personal" not in answer.text + str(noted)
    assert {"event": "broken", "kind": "ZeroDivisionError"}.items() <= noted[0].items()


def test_the_media_type_is_the_standards() -> None:
    assert problems.MEDIA_TYPE == "application/problem+json"
