"""The API's description, and an attack on the API drawn from it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rahdari.web.api.document import describe
from rahdari.web.problems import STATUSES
from rahdari.web.rights import PUBLIC, RIGHTS
from rahdari.web.streaming import STREAM_PATH
from tests.unit.web.conftest import Stage


def document(stage: Stage) -> Mapping[str, object]:
    found: Mapping[str, object] = stage.client.get("/api/openapi.json").json()
    return found


def operations(stage: Stage) -> dict[str, dict[str, object]]:
    paths = document(stage)["paths"]
    assert isinstance(paths, dict)
    return {one["operationId"]: one for methods in paths.values() for one in methods.values()}


def test_the_description_is_valid_openapi_3_1(stage: Stage) -> None:
    validate(document(stage))
    assert document(stage)["openapi"] == "3.1.0"


def test_every_operation_of_the_api_is_described_and_says_who_may(stage: Stage) -> None:
    described = operations(stage)
    assert {name for name, roles in RIGHTS.items() if roles != PUBLIC} <= set(described)
    for name, one in described.items():
        assert one["security"] == ([{}] if RIGHTS[name] == PUBLIC else [{"token": []}])
        assert one["summary"]
        assert "Wrap a given callable" not in str(one["summary"])


def test_every_refusal_that_is_named_has_the_status_of_the_table(stage: Stage) -> None:
    for one in operations(stage).values():
        responses = one["responses"]
        assert isinstance(responses, dict)
        for status, answer in responses.items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                for code in answer["description"].split(": ")[1].split(", "):
                    assert STATUSES[code] == int(status)


def test_the_description_is_the_same_for_every_caller(stage: Stage) -> None:
    assert describe(stage.app, server="/") == document(stage)


# What every answer must satisfy, whatever was asked: no 5xx, and nothing that the description does not say.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_drawn_from_the_description_breaks_the_api(stage: Stage, mode: GenerationMode) -> None:
    """Schemathesis draws requests, right ones and wrong ones; every answer must be one that is described.

    To draw costs more than to ask: each request is made by an officer, by a bank and by nobody.
    """
    schema = schemathesis.openapi.from_dict(dict(document(stage)))
    wanted: dict[str | None, set[int]] = {"officer": {200, 404}, "bank": {200, 403}, None: {200, 401}}
    seen: dict[str | None, set[int]] = {who: set() for who in wanted}
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path == STREAM_PATH:
            continue  # it does not end; tests/unit/web/test_streaming.py has real sockets for it
        if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters:
            attack(operation, mode, stage, seen)
    for who, statuses in wanted.items():
        assert seen[who] >= (statuses if mode is GenerationMode.POSITIVE else {400}), (who, seen[who])


def attack(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    stage: Stage,
    seen: dict[str | None, set[int]],
) -> None:
    @settings(
        max_examples=5,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Case[Any]) -> None:
        for who, statuses in seen.items():
            headers = stage.headers(who) if who else {}
            asked = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
            response = send(stage, requests.Request(**asked).prepare())
            statuses.add(response.status_code)
            case.validate_response(response, checks=list(CHECKS))

    draw()


def send(stage: Stage, asked: requests.PreparedRequest) -> httpx.Response:
    """Carry a request of one library over to the client of another."""
    body = asked.body or b""
    assert isinstance(body, bytes | str)
    headers = {name: str(value) for name, value in asked.headers.items()}
    return stage.client.request(asked.method or "GET", asked.url or "", headers=headers, content=body)
