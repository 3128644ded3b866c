"""Relocation: which of a donor's products are leaving, who took them so far, and what a host may expect.

The steps and the score are explained in ``docs/understand/trade-relocation.md``.
"""

from rahdari.trade.rules.relocation.backtest import Mark, RelocationBackTest, back_test
from rahdari.trade.rules.relocation.logit import Choices, Fit, FitNote, chances, fit
from rahdari.trade.rules.relocation.odds import Basis, TakeoverOdds, learn
from rahdari.trade.rules.relocation.panel import Panel, advantage, rank_correlation
from rahdari.trade.rules.relocation.screen import Relocation, preference, relocate, revealed_labour
from rahdari.trade.rules.relocation.settings import (
    Evidence,
    RelocationConventions,
    RelocationStep,
    Vacating,
    WageGap,
)
from rahdari.trade.rules.relocation.takers import Occasions, Shift, herfindahl, occasions, shift
from rahdari.trade.rules.relocation.trends import Trends, TrendState, bandwidth, log_trends

__all__ = [
    "Basis",
    "Choices",
    "Evidence",
    "Fit",
    "FitNote",
    "Mark",
    "Occasions",
    "Panel",
    "Relocation",
    "RelocationBackTest",
    "RelocationConventions",
    "RelocationStep",
    "Shift",
    "TakeoverOdds",
    "TrendState",
    "Trends",
    "Vacating",
    "WageGap",
    "advantage",
    "back_test",
    "bandwidth",
    "chances",
    "fit",
    "herfindahl",
    "learn",
    "log_trends",
    "occasions",
    "preference",
    "rank_correlation",
    "relocate",
    "revealed_labour",
    "shift",
]
