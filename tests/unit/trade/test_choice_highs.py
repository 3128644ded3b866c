"""HiGHS behind its two questions: every word it has is understood, and the same question has the same answer."""

import ctypes
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import highspy
import numpy as np
import pytest
from highspy import HighsModelStatus
from typing_extensions import override

from rahdari.trade.errors import Degenerate
from rahdari.trade.rules.choice import Effort, Limits, Menu
from rahdari.trade.rules.choice import highs as asking
from rahdari.trade.rules.choice.highs import Found, Outcome, find_parts, find_whole
from rahdari.trade.rules.choice.model import Model, model_of
from rahdari.trade.rules.choice.solver import solve
from tests.unit.trade.choice_scene import land, large_menu, product

TRAP = model_of(Menu((product("a", 60, 6), product("b", 50, 5), product("c", 45, 5)), land(10)))
IMPOSSIBLE = model_of(Menu((product("a", 60, 6),), land(5, required=("a",))))
LARGE = model_of(large_menu(400, seed=3))


def whole(model: Model, **more: object) -> Found:
    return find_whole(model, **{"gap_max": 0.0, "seconds_max": 60.0, **more})  # type: ignore[arg-type]


def test_whole_columns_are_the_best_and_the_bound_is_theirs() -> None:
    found = whole(TRAP)
    assert found.outcome is Outcome.PROVEN
    assert found.columns is not None
    assert found.columns.round().tolist() == [0, 1, 1]
    assert found.bound == pytest.approx(95 / 60)


def test_fractions_have_the_prices_of_the_rows() -> None:
    found = find_parts(TRAP)
    assert found.columns is not None
    # At 10 dollars an acre, a and b are worth their acres exactly, and the tenth acre brings 10 more.
    assert found.row_prices[0] / TRAP.rows[0].scale * TRAP.unit_usd == pytest.approx(10)
    assert found.bound * TRAP.unit_usd == pytest.approx(100)
    ceiling = (
        found.row_prices @ TRAP.bounds + np.maximum(TRAP.gains - found.row_prices @ TRAP.matrix, 0).sum()
    )
    assert found.bound == pytest.approx(ceiling)


@pytest.mark.parametrize("ask", [whole, find_parts])
def test_what_cannot_be_is_told_as_such(ask: object) -> None:
    assert callable(ask)
    found = ask(IMPOSSIBLE)
    assert found.outcome is Outcome.IMPOSSIBLE
    assert found.columns is None


def test_columns_that_are_all_decided_are_an_answer() -> None:
    decided = replace(TRAP, lower=np.array([0.0, 1, 0]), upper=np.array([0.0, 1, 0]))
    for found in (whole(decided), find_parts(decided)):
        assert found.outcome is Outcome.PROVEN
        assert found.columns is not None
        assert found.columns.tolist() == [0, 1, 0]
        assert found.bound == pytest.approx(50 / 60)


def test_no_rows_leave_every_column_at_its_better_end() -> None:
    free = replace(TRAP, rows=())
    for found in (whole(free), find_parts(free)):
        assert found.columns is not None
        assert found.columns.tolist() == [1, 1, 1]


class Speaking(highspy.Highs):
    """A solver that says what it is told to say."""

    def __init__(self, status: HighsModelStatus) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._says = status

    @override
    def run(self) -> highspy.HighsStatus:
        return highspy.HighsStatus.kOk

    @override
    def getModelStatus(self) -> HighsModelStatus:
        return self._says


UNDERSTOOD = {
    HighsModelStatus.kOptimal: Outcome.PROVEN,
    HighsModelStatus.kModelEmpty: Outcome.PROVEN,
    HighsModelStatus.kTimeLimit: Outcome.STOPPED,
    HighsModelStatus.kSolutionLimit: Outcome.STOPPED,
    HighsModelStatus.kInfeasible: Outcome.IMPOSSIBLE,
    HighsModelStatus.kUnboundedOrInfeasible: Outcome.IMPOSSIBLE,
}


@pytest.mark.parametrize("name", sorted(HighsModelStatus.__members__))
def test_every_status_has_its_place(name: str) -> None:
    status = HighsModelStatus.__members__[name]
    if status in UNDERSTOOD:
        assert asking._outcome(Speaking(status)) is UNDERSTOOD[status]
    else:
        with pytest.raises(Degenerate, match="the solver could not decide"):
            asking._outcome(Speaking(status))


def test_a_programme_without_an_end_is_refused_not_answered() -> None:
    endless = replace(TRAP, rows=(), upper=np.full(3, math.inf))
    with pytest.raises(Degenerate, match=r"could not decide \(Unbounded"):
        find_parts(endless)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e30])
def test_numbers_that_are_none_are_refused(bad: float) -> None:
    row = replace(TRAP.rows[0], values=np.array([bad, 1.0, 1.0]))
    for ask in (whole, find_parts):
        with pytest.raises(Degenerate, match="it does not take the numbers"):
            ask(replace(TRAP, rows=(row,)))


def test_no_time_leaves_no_columns_and_no_bound_that_is_not_one() -> None:
    found = whole(LARGE, seconds_max=1e-9)
    assert found.outcome is Outcome.STOPPED
    assert found.columns is None
    assert found.bound == math.inf


def test_branches_that_are_counted_stop_the_search_with_what_it_holds() -> None:
    found = whole(LARGE, nodes_max=1)
    assert found.outcome is Outcome.STOPPED
    assert found.columns is not None
    assert found.bound > LARGE.gains @ found.columns


def test_a_start_is_what_is_answered_where_nothing_may_be_searched() -> None:
    good = whole(LARGE, gap_max=1e-2)
    assert good.columns is not None
    begun = whole(LARGE, nodes_max=0, start=good.columns)
    assert begun.columns is not None
    assert LARGE.gains @ begun.columns >= LARGE.gains @ good.columns - 1e-9


def test_a_start_that_breaks_a_row_is_passed_over() -> None:
    found = whole(TRAP, start=np.ones(3))
    assert found.columns is not None
    assert found.columns.round().tolist() == [0, 1, 1]


def test_the_same_question_has_the_same_answer_in_any_thread() -> None:
    model, effort = model_of(large_menu(150, seed=3)), Effort(gap_max=1e-2, seconds_max=60)
    alone = solve(model, effort)
    assert alone is not None
    with ThreadPoolExecutor(3) as threads:
        for one in threads.map(lambda _: solve(model, effort), range(3)):
            assert one is not None
            assert one.picks.tolist() == alone.picks.tolist()
            assert one.bound == alone.bound


def test_nothing_is_said_on_the_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    for seed in range(4):
        solve(model_of(large_menu(90, seed=seed, sectors=2)), Effort(seconds_max=5))
    ctypes.CDLL(None).fflush(None)
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")


def test_a_setting_that_the_library_does_not_have_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="no setting mip_wishes"):
        asking._solver(TRAP, {"mip_wishes": 1}, is_whole=True)


def test_the_library_is_loaded_by_the_first_question_alone() -> None:
    program = "import sys, rahdari.trade, rahdari.trade.rules.choice; print('highspy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.strip() == "False"


def test_a_row_of_very_different_numbers_is_not_presolved() -> None:
    near = Menu((product("a", 60, 6), product("b", 50, 5)), Limits({"land_acres": 10.0}))
    assert not asking._is_wide(model_of(near))
    far = Menu((product("a", 60, 6), product("b", 50, 5e-7)), Limits({"land_acres": 10.0}))
    assert asking._is_wide(model_of(far))
