"""A choice that weighs the bad cases: mean gain plus a multiple of the mean of the worst cases.

Over S drawn scenarios of equal weight, the mean of the worst share a of the totals G_s is, as a linear programme,

    max t - 1 / (a S) * sum_s u_s,   u_s >= t - G_s,   u_s >= 0

(Rockafellar and Uryasev 2000, equation 17, for losses; here for gains), which joins the choice's own rows.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.choice.conflict import refusal
from rahdari.trade.rules.choice.menu import Limit, LimitKind, Menu
from rahdari.trade.rules.choice.model import Model, Numbers, Row, model_of
from rahdari.trade.rules.choice.odds import tail_mean
from rahdari.trade.rules.choice.optimum import USUAL, Choice, chosen
from rahdari.trade.rules.choice.solver import Effort, relax, solve

# Scenarios x candidates in the programme: what HiGHS proves within a minute or so.
CELLS_MAX = 200_000
CAUTION_MAX = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Cautious:
    """A choice by mean and bad cases; ``choice`` counts the expected gains of the menu.

    Attributes:
        choice: What is chosen. Its bound is that of the expected gain, which it does not seek alone.
        caution: The weight of the worst cases against the mean's weight of 1.
        mean_usd: Mean of the scenarios.
        tail_mean_usd: Mean of the worst share of the scenarios.
        score_usd, score_bound_usd: mean + caution x tail mean, and what no choice exceeds.
    """

    choice: Choice
    caution: float
    mean_usd: float
    tail_mean_usd: float
    score_usd: float
    score_bound_usd: float


def choose_cautiously(
    menu: Menu, gains_usd: Numbers, *, caution: float = 1.0, tail_share: float = 0.05, effort: Effort = USUAL
) -> Cautious:
    """Choose by mean + ``caution`` x mean of the worst ``tail_share`` of the scenarios.

    With the loss written as the negative of the gain this is the usual mean - lambda x CVaR. Caps on shares of the
    gain keep to the expected gains of the menu.

    Args:
        menu: What there is to choose from, within which limits.
        gains_usd: Drawn gains, scenarios x candidates (see ``draw_gains``).
        caution: 0 looks at the mean alone.
        tail_share: Which share of the scenarios counts as bad.
        effort: Gap and seconds.

    Raises:
        Infeasible: no choice keeps the limits.
        BadParameter: more than ``CELLS_MAX`` numbers, or a parameter outside its range.
    """
    _check(menu, gains_usd, caution, tail_share)
    model = _with_tail(model_of(menu), gains_usd, caution, tail_share)
    relaxed = relax(model)
    best = solve(model, effort) if relaxed is not None else None
    if best is None or relaxed is None:
        raise refusal(menu)
    totals = gains_usd[:, best.picks].sum(axis=1)
    mean, tail = float(totals.mean()), tail_mean(totals, tail_share)
    score = mean + caution * tail
    bound = max(score, min(best.bound, relaxed.value) * model.unit_usd)
    plain = relax(model_of(menu))
    ceiling = plain.value * model.unit_usd if plain is not None else math.fsum(menu.gains_usd)
    choice = chosen(menu, best.picks, bound_usd=ceiling, relaxed_usd=ceiling, gap_max=1.0)
    return Cautious(choice, caution, mean, tail, score, bound)


def _check(menu: Menu, gains_usd: Numbers, caution: float, tail_share: float) -> None:
    if gains_usd.ndim != 2 or gains_usd.shape[1] != len(menu.candidates) or not len(gains_usd):
        raise BadParameter(f"scenarios of the shape {gains_usd.shape} for {len(menu.candidates)} candidates")
    if gains_usd.size > CELLS_MAX:
        raise BadParameter(
            f"{len(gains_usd)} scenarios of {len(menu.candidates)} candidates are more than {CELLS_MAX:,} numbers; "
            "draw fewer, or leave out candidates that are never chosen"
        )
    if not (np.isfinite(gains_usd).all() and (gains_usd >= 0).all()):
        raise BadParameter("a scenario holds a gain that is negative or no number")
    if not 0 <= caution <= CAUTION_MAX or not 0 < tail_share <= 1:
        raise BadParameter(
            f"a caution of {caution} on the worst {tail_share}; 0 to {CAUTION_MAX:g}, and above 0 to 1"
        )


def _with_tail(model: Model, gains_usd: Numbers, caution: float, tail_share: float) -> Model:
    """Add t and u_s behind the model's columns, and a row a scenario: t - u_s - G_s . y <= 0."""
    scenarios, own = len(gains_usd), len(model.lower)
    drawn = gains_usd / model.unit_usd
    objective = np.concatenate(
        [np.zeros(own), [caution], np.full(scenarios, -caution / (tail_share * scenarios))]
    )
    objective[: model.count] = drawn.mean(axis=0)
    limit = Limit(LimitKind.SCENARIO, "", 0.0)
    columns = np.arange(model.count)
    rows = tuple(
        Row(
            limit,
            np.concatenate([columns, [own, own + 1 + at]]).astype(np.intp),
            np.concatenate([-drawn[at], [1.0, -1.0]]),
            0.0,
        )
        for at in range(scenarios)
    )
    ceiling = float(drawn.sum(axis=1).max())
    extra = np.zeros(1 + scenarios)
    return replace(
        model,
        gains=objective,
        rows=(*model.rows, *rows),
        lower=np.concatenate([model.lower, extra]),
        # t is at most the best scenario's total, and no shortfall below it is larger.
        upper=np.concatenate([model.upper, extra + max(ceiling, 1.0)]),
        is_whole=np.concatenate([model.is_whole, extra]),
    )
