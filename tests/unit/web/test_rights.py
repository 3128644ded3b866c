"""Who may do what: the table of rights holds for every route."""

import re

import pytest

from rahdari.access import Role
from rahdari.credentials import ROLES
from rahdari.web.api.document import find_operations
from rahdari.web.doors import operation_of
from rahdari.web.rights import ACTING, PUBLIC, RIGHTS
from rahdari.web.server import HANDLERS
from tests.unit.web.conftest import Stage, enrol

EXAMPLES = {
    "stream": "st_" + "a" * 16,
    "number": "0000-0000-0000",
    "holder": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    "feature": "qr",
    "attribute": "name",
    "flag": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
}


def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(stage: Stage) -> None:
    served = {
        operation_of(handler)
        for route in stage.app.routes
        for handler in getattr(route, "route_handlers", ())
    }
    assert served - {""} == set(RIGHTS)
    assert len(HANDLERS) == len(RIGHTS)


def test_the_table_names_roles_that_exist() -> None:
    named = frozenset().union(*RIGHTS.values()) - PUBLIC
    # Flags are decided in a room of its own, and the gateway acts on nothing: the table of acts knows neither.
    assert named <= {role.value for role in Role} <= ROLES | {"fraud_officer", "exchange"}


def test_no_line_of_the_table_is_empty() -> None:
    assert all(RIGHTS.values())


def test_what_needs_no_token_is_just_this() -> None:
    """Written out a second time on purpose: opening an operation to everyone takes two edits."""
    pages = {name for name in RIGHTS if name.startswith("show")} | {
        "submitVerify",
        "getStatic",
        "getDocument",
        "getVerifierWorker",
        "getVerifierManifest",
        "getVerifierPart",
    }
    fetched = {"getSsfConfiguration", "getJwks"} | {
        "getHealth",
        "listStatusLists",
        "getStatusList",
        "getStatusHead",
        "getStatusManifest",
        "getStatusBundle",
        "listStatusDeltas",
        "followStatus",
        "getTrustList",
        "getRoot",
        "listProducts",
    }
    # A session proves the holder, and the own page alone sends it: tests/unit/web/test_holder_pages.py.
    holders = {"lockChannel", "reportCard", "openOwnLog", "removePasskey", "signOut"}
    holders |= {"beginEnrolment", "finishEnrolment", "beginSignIn", "finishSignIn"}
    trade = {"getRoadmapFile", "askTrade", "askWhyNot"}
    public = pages | fetched | holders | trade | {"checkPass"}
    assert {name for name, roles in RIGHTS.items() if roles == PUBLIC} == public


def test_the_systems_own_acts_are_nobodys() -> None:
    assert "system" not in ACTING


@pytest.mark.parametrize("operation", sorted(name for name, roles in RIGHTS.items() if roles != PUBLIC))
def test_a_protected_operation_refuses_whoever_lacks_the_role(stage: Stage, operation: str) -> None:
    path, handler, said = next(
        one for one in find_operations(stage.app) if str(one[1].operation_id) == operation
    )
    for name, example in EXAMPLES.items():
        path = path.replace(f"{{{name}}}", example)
    method = next(iter(handler.http_methods))
    kind = {"content-type": next(iter(said.takes), "application/json")}

    stranger = stage.client.request(method, path, headers=kind)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "web.token_missing")
    assert stranger.headers["www-authenticate"] == 'Bearer realm="rahdari"'

    for role in Role:
        token = "bank" if role is Role.VERIFIER else role.value
        answer = stage.client.request(method, path, headers=kind | stage.headers(token), content=b"")
        if role.value in RIGHTS[operation]:
            assert answer.status_code not in {401, 403}, (role, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "access.not_allowed"), role
            assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("presented", ["Bearer nonsense", "Bearer ", "Bearer " + "x" * 5000])
def test_a_token_that_proves_nobody_is_refused_everywhere(stage: Stage, presented: str) -> None:
    for path in ("/api/v1/products", "/api/v1/holders", "/nowhere"):
        answer = stage.client.get(path, headers={"authorization": presented})
        assert (answer.status_code, answer.json()["code"]) == (401, "access.not_authenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="rahdari", error="invalid_token"'


def test_another_scheme_than_bearer_is_refused(stage: Stage) -> None:
    answer = stage.client.get("/api/v1/products", headers={"authorization": "Basic eDp5"})
    assert (answer.status_code, answer.json()["code"]) == (401, "web.token_missing")


def test_a_disabled_officer_is_out_at_once(stage: Stage) -> None:
    officers = stage.house.officers
    stage.tokens["leaving"] = enrol(stage.house, "Sample leaving auditor", Role.AUDITOR)
    assert stage.client.get("/api/v1/audit/finding", headers=stage.headers("leaving")).status_code == 200
    found = officers.find_named("Sample leaving auditor")
    assert found
    officers.disable(found.id)
    assert stage.client.get("/api/v1/audit/finding", headers=stage.headers("leaving")).status_code == 401


def test_what_an_address_takes_is_told_to_everyone_and_nothing_else_is(stage: Stage) -> None:
    """OPTIONS (RFC 9110, 9.3.7), asked of every address that there is."""
    for path in sorted({route.path for route in stage.app.routes}):
        answer = stage.client.options(
            re.sub(r"[{](\w+)[^}]*[}]", lambda found: EXAMPLES.get(found[1], "1"), path)
        )
        assert (answer.status_code, answer.content) == (204, b""), path
        assert "OPTIONS" in answer.headers["allow"]
