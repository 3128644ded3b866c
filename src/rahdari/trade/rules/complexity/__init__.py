"""Economic complexity: who makes what few make, what is near to it, and what one more product would open.

Example:
    >>> from rahdari.trade.rules.complexity import measure
    >>> from rahdari.trade.values import Matrix
    >>> table = [[9, 1, 0, 0], [8, 6, 4, 0], [5, 5, 5, 5], [9, 5, 0, 0]]
    >>> world = measure(Matrix(("AAA", "BBB", "CCC", "DDD"), ("01", "02", "03", "04"), table))
    >>> world.to_frame()["country"].to_list()
    ['CCC', 'BBB', 'DDD', 'AAA']
"""

from rahdari.trade.rules.complexity.complementarity import Complementarity, complementarity
from rahdari.trade.rules.complexity.conventions import (
    ECOMPLEXITY_0_5_3,
    ECONCOMPLEX_1_0_1,
    ECONOMIC_COMPLEXITY_0_3_0,
    RAHDARI,
    Absent,
    CoiScale,
    Conventions,
    DensityScale,
    Gain,
    Method,
    OutlookPci,
    PciScale,
    PciSign,
    PresenceTest,
    Split,
    Untraded,
)
from rahdari.trade.rules.complexity.index import (
    Caution,
    Diagnostics,
    Fitness,
    Indices,
    find_fitness,
    find_indices,
)
from rahdari.trade.rules.complexity.measure import Complexity, measure
from rahdari.trade.rules.complexity.presence import Dropped, Presence, Reason, find_presence, rca, rpop, rsca
from rahdari.trade.rules.complexity.space import Relative, Space, continuous_proximity, proximity

__all__ = [
    "ECOMPLEXITY_0_5_3",
    "ECONCOMPLEX_1_0_1",
    "ECONOMIC_COMPLEXITY_0_3_0",
    "RAHDARI",
    "Absent",
    "Caution",
    "CoiScale",
    "Complementarity",
    "Complexity",
    "Conventions",
    "DensityScale",
    "Diagnostics",
    "Dropped",
    "Fitness",
    "Gain",
    "Indices",
    "Method",
    "OutlookPci",
    "PciScale",
    "PciSign",
    "Presence",
    "PresenceTest",
    "Reason",
    "Relative",
    "Space",
    "Split",
    "Untraded",
    "complementarity",
    "continuous_proximity",
    "find_fitness",
    "find_indices",
    "find_presence",
    "measure",
    "proximity",
    "rca",
    "rpop",
    "rsca",
]
