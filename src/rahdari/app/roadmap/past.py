"""The back-test of a roadmap: the engine's own, asked with the plan's donor and seed."""

from rahdari.trade.service.past import (
    PastWish,
    ask_past,
    relocation_figures,
    relocation_trials,
)

__all__ = ["PastWish", "ask_past", "relocation_figures", "relocation_trials"]
