"""Every problem of the house has its exit code, and so has every verdict."""

import pytest

from rahdari.access import errors as access_errors
from rahdari.app import errors as app_errors
from rahdari.cli import errors as cli_errors
from rahdari.cli.exit_codes import MEANINGS, PROBLEMS, ExitCode, exit_code_of, verdict_exit_code
from rahdari.credentials import VerdictKind
from rahdari.credentials import errors as credentials_errors
from rahdari.database import errors as database_errors
from rahdari.kernel import CounterpartFailed, Problem, Refused
from rahdari.wire import errors as wire_errors

ROOMS = (access_errors, app_errors, cli_errors, credentials_errors, database_errors, wire_errors)


def _problems() -> list[type[Problem]]:
    found: list[type[Problem]] = []
    todo: list[type[Problem]] = [Problem]
    while todo:
        one = todo.pop()
        todo += one.__subclasses__()
        if one.__module__.startswith("rahdari."):
            found.append(one)
    return found


@pytest.mark.parametrize("problem", _problems(), ids=lambda one: one.code)
def test_every_problem_ends_with_a_code_that_says_whose_fault_it_is(problem: type[Problem]) -> None:
    code = exit_code_of(problem.code, family=problem)
    assert code not in (ExitCode.DONE, ExitCode.INTERNAL)
    if issubclass(problem, CounterpartFailed):
        assert code in (ExitCode.COUNTERPART, ExitCode.CONFLICT)


def test_the_table_names_no_problem_that_does_not_exist() -> None:
    assert len(_problems()) > 50
    assert set(PROBLEMS) <= {one.code for one in _problems()}


def test_a_verdict_ends_with_the_same_code_as_its_refusal() -> None:
    for verdict in VerdictKind:
        code = verdict_exit_code(verdict.value)
        if verdict is VerdictKind.VALID:
            assert code == 0
        else:
            assert 10 <= code <= 18
            assert PROBLEMS[f"credentials.{verdict.value}"] is code
    assert len({verdict_exit_code(one.value) for one in VerdictKind}) == len(VerdictKind)


def test_a_problem_of_tomorrow_ends_by_its_family() -> None:
    class Tomorrow(Refused):
        code = "cases.tomorrow"

    class Elsewhere(CounterpartFailed):
        code = "cases.elsewhere"

    assert exit_code_of(Tomorrow.code, family=Tomorrow) is ExitCode.USAGE
    assert exit_code_of(Elsewhere.code, family=Elsewhere) is ExitCode.COUNTERPART


def test_every_exit_code_says_what_it_means() -> None:
    assert set(MEANINGS) == set(ExitCode)
