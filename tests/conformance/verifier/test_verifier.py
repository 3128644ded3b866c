"""Every folder beside this file gives its expected answer, by the Python verifier and by the JavaScript one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.verifier.make_cases import HERE, cases, shared_contexts
from tests.conformance.verifier.sides import NO_NODE, NODE, JavaScriptSide, Json, PythonSide

CASES = sorted(path.parent.name for path in HERE.glob("*/input.txt"))
VERDICTS = {
    "valid", "suspended", "revoked", "expired", "not_yet_valid", "unknown_issuer", "tampered", "stale", "malformed",
}  # fmt: skip


@pytest.fixture(scope="module")
def python_side() -> PythonSide:
    return PythonSide()


@pytest.fixture(scope="module")
def javascript_side() -> Iterator[JavaScriptSide]:
    if NODE is None:
        pytest.skip(NO_NODE)
    with JavaScriptSide() as side:
        yield side


def load(path: Path) -> Json:
    return json.loads(path.read_text("utf-8"))


def answer_of(side: PythonSide | JavaScriptSide, name: str) -> Json:
    given = load(HERE / name / "context.json")
    context = load(HERE / "contexts" / f"{given['shared']}.json") | given.get("changes", {})
    raw = (HERE / name / "input.txt").read_bytes().decode("utf-8")
    told = side.define(name, context)
    return {**told, **side.ask(name, raw, given["at"])}


@pytest.mark.parametrize("name", CASES)
def test_the_python_verifier_answers_as_expected(name: str, python_side: PythonSide) -> None:
    assert answer_of(python_side, name) == load(HERE / name / "expected.json")


@pytest.mark.parametrize("name", CASES)
def test_the_javascript_verifier_answers_as_expected(name: str, javascript_side: JavaScriptSide) -> None:
    assert answer_of(javascript_side, name) == load(HERE / name / "expected.json")


def test_every_verdict_and_every_step_has_a_case() -> None:
    answers = [load(HERE / name / "expected.json") for name in CASES]
    assert {answer["verdict"] for answer in answers if "verdict" in answer} == VERDICTS
    assert {answer.get("step") for answer in answers} == {None, *range(1, 15)}


def test_the_folders_are_what_their_maker_writes() -> None:
    for name, context in shared_contexts().items():
        assert load(HERE / "contexts" / f"{name}.json") == context
    made = {case.name: case for case in cases()}
    assert sorted(made) == CASES
    for name, case in made.items():
        assert (HERE / name / "input.txt").read_bytes() == case.raw.encode("utf-8")
        assert load(HERE / name / "context.json").get("changes", {}) == case.changes
