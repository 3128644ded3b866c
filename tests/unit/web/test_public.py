"""What the world fetches."""

import json
from datetime import timedelta

import pytest

from rahdari.app.status_sources import read_index
from rahdari.credentials import accept, accept_list
from rahdari.wire.keys import PublicKey
from tests.unit.web.conftest import Stage

PREFIX = "http://127.0.0.1:8440/s/"


@pytest.mark.parametrize(
    ("accept_header", "kind"),
    [
        ("application/statuslist+cwt", "application/statuslist+cwt"),
        ("application/statuslist+jwt", "application/statuslist+jwt"),
        ("*/*", "application/statuslist+jwt"),
        ("text/html", "application/statuslist+jwt"),
    ],
)
def test_a_status_list_comes_in_the_form_that_was_asked_for(
    stage: Stage, accept_header: str, kind: str
) -> None:
    answer = stage.client.get("/s/1", headers={"accept": accept_header})
    assert answer.headers["content-type"] == kind
    assert answer.headers["vary"] == "accept"
    assert answer.headers["access-control-allow-origin"] == "*"
    seconds = int(answer.headers["cache-control"].removeprefix("public, max-age="))
    assert 0 < seconds <= 86_400


def test_whoever_holds_the_list_already_is_told_so(stage: Stage) -> None:
    tag = stage.client.get("/s/1").headers["etag"]
    again = stage.client.get("/s/1", headers={"if-none-match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert stage.client.get("/s/1", headers={"if-none-match": '"other"'}).status_code == 200


def test_a_verifier_can_begin_from_the_three_files_alone(stage: Stage) -> None:
    root = PublicKey.from_jwk(json.loads(stage.client.get("/root.jwk").content))
    at = stage.clock.now()
    trust = accept(stage.client.get("/trust.jwt").text, roots=[root], held_sequence=0, at=at)
    uris = read_index(stage.client.get("/s/lists").content, PREFIX)
    assert uris == (f"{PREFIX}1",)
    for kind in ("cwt", "jwt"):
        raw = stage.client.get("/s/1", headers={"accept": f"application/statuslist+{kind}"}).content
        held = accept_list(raw, uri=uris[0], trust=trust, held=None, at=at, clock_skew=timedelta())
        assert held.issuer == stage.house.settings.issuer


def test_health_says_nothing_more(stage: Stage) -> None:
    assert stage.client.get("/health").json() == {"status": "up"}
