"""Would it have told? Scores made of the past alone, against what happened five and ten years later.

Every score is compared on the same cells with two that need no method: what is large now, and what grew before. A
method that does not beat them has shown nothing.
"""

from rahdari.trade.rules.backtest.driver import back_test
from rahdari.trade.rules.backtest.known_then import KnownThen
from rahdari.trade.rules.backtest.ranks import Figure, Undefined, auc, kendall, precision_at, spearman
from rahdari.trade.rules.backtest.trials import Asked, Scorer, Scores, Simple, Trial, amounts
from rahdari.trade.rules.backtest.verdicts import Verdict, to_frame

__all__ = [
    "Asked",
    "Figure",
    "KnownThen",
    "Scorer",
    "Scores",
    "Simple",
    "Trial",
    "Undefined",
    "Verdict",
    "amounts",
    "auc",
    "back_test",
    "kendall",
    "precision_at",
    "spearman",
    "to_frame",
]
