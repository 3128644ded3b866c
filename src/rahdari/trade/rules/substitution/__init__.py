"""Import substitution: what is worth making at home, and what it saves net of its imported parts.

The tests and their limits are explained in ``docs/understand/trade-substitution.md``.
"""

from rahdari.trade.rules.substitution.judging import saving
from rahdari.trade.rules.substitution.screen import Candidate, Substitution, candidate, substitute
from rahdari.trade.rules.substitution.settings import (
    Saving,
    Substitutable,
    SubstitutionConventions,
    SubstitutionTest,
    SubstitutionVerdict,
)
from rahdari.trade.rules.substitution.technology import (
    Input,
    Technology,
    ValueAdded,
    domestic_resource_cost,
    effective_protection,
    needed_protection,
    value_added,
)

__all__ = [
    "Candidate",
    "Input",
    "Saving",
    "Substitutable",
    "Substitution",
    "SubstitutionConventions",
    "SubstitutionTest",
    "SubstitutionVerdict",
    "Technology",
    "ValueAdded",
    "candidate",
    "domestic_resource_cost",
    "effective_protection",
    "needed_protection",
    "saving",
    "substitute",
    "value_added",
]
