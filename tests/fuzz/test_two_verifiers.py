"""The Python verifier and the JavaScript verifier give one answer, whatever the text."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conformance.verifier.make_cases import shared_contexts
from tests.conformance.verifier.sides import NO_NODE, NODE, JavaScriptSide, Json, PythonSide
from tests.fuzz.pass_mutants import Mutant, mutants

COUNT, SEED = 2000, 1
REACHED_MIN = 11  # of the fourteen steps; what mutants cannot reach, the conformance folder does


def disagreements(count: int, seed: int, mix: Counter[str]) -> Iterator[tuple[Mutant, Json, Json]]:
    """Examine mutants by both and yield each on which they differ; ``mix`` counts verdict and step."""
    python = PythonSide()
    with JavaScriptSide() as javascript:
        for name, context in shared_contexts().items():
            assert python.define(name, context) == javascript.define(name, context)
        for mutant in mutants(seed, count):
            question = (mutant.context, mutant.raw, mutant.at)
            javascript.begin(*question)
            ours = python.ask(*question)
            theirs = javascript.answer()
            mix[f"{ours['verdict']} {ours['step'] or '-'}"] += 1
            if ours != theirs:
                yield mutant, ours, theirs


@pytest.mark.skipif(NODE is None, reason=NO_NODE)
def test_the_two_verifiers_agree_on_every_mutant() -> None:
    mix: Counter[str] = Counter()
    found = list(disagreements(COUNT, SEED, mix))
    print("\n" + ", ".join(f"{name}: {count}" for name, count in mix.most_common()))  # noqa: T201 - shown by -s: how deep they reach
    assert not found, "\n".join(json.dumps([m.sort, m.raw[:300], a, b]) for m, a, b in found[:5])
    reached = {name.split()[1] for name in mix}
    assert len(reached) >= REACHED_MIN
    assert mix["valid -"] > COUNT // 20
