"""The fewest products that give most of the attainable gain, found under limits and not assumed.

Example:
    >>> from rahdari.trade.rules.choice import Candidate, Limits, Menu, choose
    >>> land = Limits(budgets={"land_acres": 10})
    >>> menu = Menu(
    ...     (
    ...         Candidate("7403", "metals", 60e6, {"land_acres": 6}),
    ...         Candidate("7409", "metals", 50e6, {"land_acres": 5}),
    ...         Candidate("4107", "leather", 45e6, {"land_acres": 5}),
    ...     ),
    ...     land,
    ... )
    >>> choose(menu).codes
    ('7409', '4107')
"""

from rahdari.trade.rules.choice.caution import Cautious, choose_cautiously
from rahdari.trade.rules.choice.concentration import Concentration, Spread, concentration_of
from rahdari.trade.rules.choice.conflict import contradiction
from rahdari.trade.rules.choice.front import Fewest, Front, Point, find_fewest, find_fewest_for, trace_front
from rahdari.trade.rules.choice.greedy import choose_greedily, loss_share
from rahdari.trade.rules.choice.menu import Candidate, Limit, LimitKind, Limits, Menu
from rahdari.trade.rules.choice.model import shut_out
from rahdari.trade.rules.choice.odds import Odds, Robustness, Shocks, draw_gains, draw_totals, find_robust
from rahdari.trade.rules.choice.optimum import Choice, Price, broken_limits, choose, find_prices
from rahdari.trade.rules.choice.solver import Effort
from rahdari.trade.rules.choice.why import Charge, Reason, WhyNot, explain_absence, explain_absences

__all__ = [
    "Candidate",
    "Cautious",
    "Charge",
    "Choice",
    "Concentration",
    "Effort",
    "Fewest",
    "Front",
    "Limit",
    "LimitKind",
    "Limits",
    "Menu",
    "Odds",
    "Point",
    "Price",
    "Reason",
    "Robustness",
    "Shocks",
    "Spread",
    "WhyNot",
    "broken_limits",
    "choose",
    "choose_cautiously",
    "choose_greedily",
    "concentration_of",
    "contradiction",
    "draw_gains",
    "draw_totals",
    "explain_absence",
    "explain_absences",
    "find_fewest",
    "find_fewest_for",
    "find_prices",
    "find_robust",
    "loss_share",
    "shut_out",
    "trace_front",
]
