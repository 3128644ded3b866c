"""How few products are enough: number against gain, and the fewest for a share of what is attainable."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Ground, Infeasible
from rahdari.trade.rules.choice.conflict import refusal
from rahdari.trade.rules.choice.menu import Menu
from rahdari.trade.rules.choice.model import model_of
from rahdari.trade.rules.choice.optimum import USUAL, Choice, broken_limits, choose, chosen, find_best
from rahdari.trade.rules.choice.solver import Effort, relax

# A curve of more points is no better read, and each point is a proof of its own.
POINTS_MAX = 200


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The best choice of at most ``number_max`` products, and the share of the attainable that it brings."""

    number_max: int
    choice: Choice
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """Number of products against gain: gains never fall as the number grows."""

    attainable: Choice
    points: tuple[Point, ...]

    def to_the_end(self) -> "Front":
        """Give the curve with the best choice itself as its last point, whatever little its last products add."""
        most = int(self.attainable.picks.sum())
        if not self.points or self.points[-1].number_max >= most:
            return self
        return Front(self.attainable, (*self.points, Point(most, self.attainable, 1.0)))

    def to_frame(self) -> pl.DataFrame:
        """Give a row a point."""
        points = self.points
        return pl.DataFrame(
            {
                "number_max": [one.number_max for one in points],
                "number": [int(one.choice.picks.sum()) for one in points],
                "gain_usd": [one.choice.gain_usd for one in points],
                "bound_usd": [one.choice.bound_usd for one in points],
                "attainable_share": [one.share for one in points],
                "is_proven": [one.choice.is_proven for one in points],
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class Fewest:
    """The fewest products that bring a gain.

    Attributes:
        goal_usd: The gain that was asked for.
        number: So many are enough.
        number_low: Fewer than this are not enough; proven. Equal to ``number`` where the proof is whole.
        choice: Of all choices of at most ``number`` products, the best found.
        is_met_already: The goal asks for nothing, so that only what is required is chosen.
    """

    goal_usd: float
    number: int
    number_low: int
    choice: Choice
    is_met_already: bool

    @property
    def is_proven(self) -> bool:
        """Tell whether no fewer products can do it."""
        return self.number == self.number_low


def trace_front(
    menu: Menu,
    effort: Effort = USUAL,
    *,
    points: int = 24,
    stop_share: float = 0.999,
    attainable: Choice | None = None,
) -> Front:
    """Find the best gain of each number of products, up to ``stop_share`` of what is attainable.

    Attainable is the best gain within the limits with any number of products. Where the curve is longer than
    ``points``, numbers are left out, fewer at the start, where it bends.

    Raises:
        Infeasible: no choice keeps the limits.
        BadParameter: a number of points or a share that is none.
    """
    if not 1 <= points <= POINTS_MAX or not 0 < stop_share <= 1:
        raise BadParameter(f"{points} points up to a share of {stop_share}; 1 to {POINTS_MAX}, above 0 to 1")
    free = _unnumbered(menu)
    best = attainable or choose(free, effort)
    found: list[tuple[int, Choice]] = []
    for number in _numbers(int(best.picks.sum()), points):
        choice = _best_of_number(free, number, best, found[-1][1] if found else None, effort)
        if choice is not None:
            found.append((number, choice))
            if choice.gain_usd >= stop_share * best.gain_usd:
                break
    return Front(best, _tightened(found, best))


def find_fewest(
    menu: Menu, share: float = 0.8, effort: Effort = USUAL, *, attainable: Choice | None = None
) -> Fewest:
    """Find the fewest products that bring a share of the attainable gain: the "20 per cent", found.

    Raises:
        Infeasible: no choice keeps the limits.
        BadParameter: ``share`` is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise BadParameter(f"a share of {share}; it is above 0 and at most 1")
    best = attainable or choose(_unnumbered(menu), effort)
    return find_fewest_for(menu, share * best.gain_usd, effort)


def find_fewest_for(menu: Menu, goal_usd: float, effort: Effort = USUAL) -> Fewest:
    """Find the fewest products that bring a gain in dollars.

    The relaxed programme that takes as few as possible says how few it could be. From there on numbers are tried,
    each by taking as much as possible with so many: among a thousand products that is proven in a tenth of the time
    of taking as few as possible, where nearly all choices are equal.

    Raises:
        Infeasible: the goal cannot be reached within the limits; the message names those in its way.
        BadParameter: the goal is not a number.
    """
    if not math.isfinite(goal_usd):
        raise BadParameter(f"a goal of {goal_usd} dollars is none")
    free = _unnumbered(menu)
    goal = max(goal_usd, free.limits.gain_min_usd, 0.0)
    reaching = free.within(replace(free.limits, gain_min_usd=goal))
    relaxed = relax(model_of(reaching).fewest())
    if relaxed is None:
        raise _unreachable(reaching)
    # A bound of 30.2 products means 31; the solver's own tolerance must not round 30.0000001 up.
    low = max(0, math.ceil(-relaxed.value - 1e-6))
    nothing = np.zeros(len(menu.candidates), dtype=np.bool_)
    if not low and not goal and not menu.limits.required and not broken_limits(reaching, nothing):
        ceiling = _ceiling(reaching)
        choice = chosen(reaching, nothing, bound_usd=ceiling, relaxed_usd=ceiling, gap_max=effort.gap_max)
        return Fewest(goal_usd, 0, 0, choice, goal_usd <= 0)
    number, low, choice = _least(reaching, max(1, low), effort)
    return Fewest(goal_usd, number, min(low, number), choice, goal_usd <= 0)


def _ceiling(menu: Menu) -> float:
    model = model_of(menu)
    relaxed = relax(model)
    return relaxed.value * model.unit_usd if relaxed is not None else math.fsum(menu.gains_usd)


def _least(reaching: Menu, low: int, effort: Effort) -> tuple[int, int, Choice]:
    """Give the least number that was found to reach, the least that is not proven not to, and the choice.

    More products reach whatever fewer do: numbers are tried in steps that double, then by halves.
    """
    bottom, step, top = low, 0, len(reaching.candidates)
    found: Choice | None = None
    number = top + 1
    while bottom < number:
        at = min(bottom + step, top) if found is None else (bottom + number - 1) // 2
        reached, is_certain = _best_that_reaches(reaching, at, effort)
        if reached is not None:
            number, found = int(reached.picks.sum()), reached
            continue
        if found is None and at == top:
            raise _unreachable(reaching)
        bottom, step = at + 1, max(1, 2 * step)
        low = bottom if is_certain else low
    if found is None:
        raise AssertionError("the largest number either reaches or is refused")
    return number, low, found


def _best_that_reaches(reaching: Menu, number: int, effort: Effort) -> tuple[Choice | None, bool]:
    """Give the best choice of so many products where it reaches the goal; and whether that is certain."""
    goal, within = reaching.limits.gain_min_usd, _at_most(reaching, number)
    free = find_best(within.within(replace(within.limits, gain_min_usd=0.0)), effort)
    if free is None or free.bound_usd < goal:
        return None, True
    if free.gain_usd >= goal:
        return replace(free, menu=within), True
    # The goal lies in the gap of the proof: then it has to be a limit.
    try:
        return find_best(within, effort), True
    except BadParameter as error:
        if error.ground is not Ground.OUT_OF_TIME:
            raise
        return None, False


def _unreachable(reaching: Menu) -> Infeasible:
    without = reaching.within(replace(reaching.limits, gain_min_usd=0.0))
    best = find_best(without, USUAL)
    if best is None:
        return refusal(without)
    goal = reaching.limits.gain_min_usd
    return Infeasible(
        f"a gain of {goal:,.0f} dollars is out of reach: within the limits at most {best.bound_usd:,.0f} "
        f"can be had. {refusal(reaching).message}"
    )


def _unnumbered(menu: Menu) -> Menu:
    return menu.within(replace(menu.limits, number_max=None))


def _at_most(menu: Menu, number: int) -> Menu:
    return menu.within(replace(menu.limits, number_max=number))


def _numbers(most: int, points: int) -> Iterator[int]:
    """Give numbers from 1 to ``most``: all of them, or so many that lie closer where the curve bends."""
    if most <= points:
        yield from range(1, most + 1)
        return
    roots = np.linspace(1, math.sqrt(most), points)
    yield from (int(one) for one in np.unique(np.rint(roots**2)))


def _best_of_number(
    menu: Menu, number: int, best: Choice, before: Choice | None, effort: Effort
) -> Choice | None:
    if number >= best.picks.sum():
        return best
    found = find_best(_at_most(menu, number), effort)
    if found is None or before is None or found.gain_usd >= before.gain_usd:
        return found
    # Time ran out on something worse than what fewer products bring, and those may be chosen still.
    ceiling = {"bound_usd": found.bound_usd, "relaxed_usd": found.relaxed_usd}
    return chosen(found.menu, before.picks, **ceiling, gap_max=effort.gap_max)


def _tightened(found: Sequence[tuple[int, Choice]], best: Choice) -> tuple[Point, ...]:
    """Let no point's bound be above that of a later one: what fewer products bring, more can."""
    points: list[Point] = []
    bound = best.bound_usd
    for number, choice in reversed(found):
        bound = max(choice.gain_usd, min(bound, choice.bound_usd))
        share = choice.gain_usd / best.gain_usd if best.gain_usd > 0 else 1.0
        points.append(Point(number, replace(choice, bound_usd=bound), share))
    return tuple(reversed(points))
