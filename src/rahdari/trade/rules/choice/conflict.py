"""When no choice keeps every limit: which few limits contradict one another.

The set is found by QuickXplain (Junker, AAAI 2004): it is irreducible - take any one of its limits away, and the
rest can be kept together - though another irreducible set may exist beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from rahdari.trade.errors import Infeasible
from rahdari.trade.rules.choice.menu import Limit, LimitKind, Menu
from rahdari.trade.rules.choice.model import model_of, rows_of
from rahdari.trade.rules.choice.solver import Effort, relax, solve

# Only whether a choice exists is asked: any will do.
_ANY = Effort(gap_max=0.5, seconds_max=30.0)


def contradiction(menu: Menu) -> tuple[Limit, ...]:
    """Name limits that cannot be kept together, none of which is superfluous; none where a choice exists.

    Source: U. Junker, QuickXplain, AAAI 2004, algorithm 1.
    """
    everything = _limits(menu)

    def is_possible(kept: Sequence[Limit]) -> bool:
        return _is_possible(menu, frozenset(kept))

    if is_possible(everything):
        return ()
    return tuple(_explain([], everything, is_possible, is_new=False))


def refusal(menu: Menu) -> Infeasible:
    """Word the contradiction of a menu that has no choice."""
    # Where the search for the few is at its wits' end, all of them are named rather than none.
    named = "; ".join(str(limit) for limit in contradiction(menu) or _limits(menu))
    return Infeasible(f"no choice keeps these limits together: {named}. Loosen or give up one of them")


def _limits(menu: Menu) -> list[Limit]:
    of_rows = dict.fromkeys(row.limit for row in rows_of(menu))
    required = [Limit(LimitKind.REQUIRED, code, 1) for code in dict.fromkeys(menu.limits.required)]
    barred = [Limit(LimitKind.BARRED, code, 1) for code in dict.fromkeys(menu.limits.barred)]
    return [*of_rows, *barred, *required]


def _is_possible(menu: Menu, kept: frozenset[Limit]) -> bool:
    part = model_of(menu, kept)
    part = replace(part, gains=np.zeros_like(part.gains))
    return relax(part) is not None and solve(part, _ANY) is not None


def _explain(
    background: list[Limit],
    ahead: list[Limit],
    is_possible: Callable[[Sequence[Limit]], bool],
    *,
    is_new: bool,
) -> list[Limit]:
    if is_new and not is_possible(background):
        return []
    if len(ahead) == 1:
        return ahead
    first, second = ahead[: len(ahead) // 2], ahead[len(ahead) // 2 :]
    later = _explain([*background, *first], second, is_possible, is_new=True)
    return [*_explain([*background, *later], first, is_possible, is_new=bool(later)), *later]
