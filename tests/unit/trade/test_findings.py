"""Findings: reasons are codes, each used somewhere, and a number that is absent is refused by name."""

import re
from pathlib import Path

import pytest

import rahdari.trade.rules
from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.findings import Because, Outcome, judged, not_judged, require_share
from rahdari.trade.rules.relocation import TrendState
from rahdari.trade.rules.substitution import ValueAdded


def test_a_finding_holds_its_numbers() -> None:
    found = judged("scale", is_met=True, code=Because.LARGE_ENOUGH, numbers={"ratio": 2})
    assert found.outcome is Outcome.MET
    assert found.number("ratio") == 2.0
    with pytest.raises(Degenerate, match="large_enough, which has no number 'more'"):
        found.number("more")


def test_what_is_not_judged_neither_passes_nor_fails() -> None:
    assert not_judged("scale", Because.NOT_GIVEN).outcome is Outcome.NOT_JUDGED
    assert judged("scale", is_met=False, code=Because.TOO_SMALL).outcome is Outcome.NOT_MET


def test_every_reason_is_used_and_says_its_own_name() -> None:
    folder = Path(rahdari.trade.rules.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    spoken = set(re.findall(r"Because\.([A-Z_]+)", text))
    # These are made from the states of a trend, which stand in one place.
    states = {state.value.upper() for state in TrendState} - {"FITTED"}
    assert {reason.name for reason in Because} == spoken | states
    assert all(reason.value == reason.name.lower() for reason in Because)


def test_states_have_their_reasons() -> None:
    for state in TrendState:
        assert state is TrendState.FITTED or Because(state.value)
    for value in ValueAdded:
        assert Because(value.value)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(BadParameter, match="a share is 0 to 1"):
        require_share(share, "it")
