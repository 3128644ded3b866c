"""The export roadmap: flows, complexity, potential, tariffs, choice under limits, paths and their odds.

Example:
    >>> from rahdari.trade import Matrix
    >>> exports = Matrix(("PAK", "CHN"), ("copper ore", "refined copper"), [[3.0, 0.0], [0.0, 5.0]])
    >>> exports.of_row("PAK").tolist()
    [3.0, 0.0]
"""

from rahdari.trade.errors import (
    BadParameter,
    BadTable,
    BadTradeFile,
    DataDamaged,
    DataMissing,
    Degenerate,
    DownloadFailed,
    EngineFailed,
    Ground,
    Infeasible,
    MixedRevisions,
    NothingTraded,
    TradeRefused,
    UnknownCountry,
    UnknownTradeProduct,
    UnknownYear,
)
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.choice import (
    Candidate,
    Choice,
    Effort,
    Limit,
    LimitKind,
    Limits,
    Menu,
    Shocks,
    WhyNot,
    choose,
)
from rahdari.trade.rules.choice import Reason as NotChosenReason
from rahdari.trade.rules.complexity import (
    ECOMPLEXITY_0_5_3,
    ECONCOMPLEX_1_0_1,
    ECONOMIC_COMPLEXITY_0_3_0,
    RAHDARI,
    Absent,
    Caution,
    CoiScale,
    Complementarity,
    Complexity,
    Conventions,
    DensityScale,
    Diagnostics,
    Dropped,
    Fitness,
    Gain,
    Method,
    OutlookPci,
    PciScale,
    PciSign,
    Presence,
    PresenceTest,
    Relative,
    Split,
    Untraded,
    complementarity,
    continuous_proximity,
    find_fitness,
    find_indices,
    find_presence,
    measure,
    proximity,
    rca,
    rpop,
    rsca,
)
from rahdari.trade.rules.complexity import Reason as DroppedReason
from rahdari.trade.rules.findings import Because, Finding, Outcome
from rahdari.trade.rules.ladders import Ladder, LadderConventions, read_ladder
from rahdari.trade.rules.potential.conventions import STATIC, Exponent, Terms
from rahdari.trade.rules.potential.diversification import Barred
from rahdari.trade.rules.potential.levers import (
    CapacityLever,
    EaseLever,
    GrowthLever,
    Lever,
    Levers,
    TariffLever,
)
from rahdari.trade.rules.potential.reasons import Why
from rahdari.trade.rules.potential.world import Growth
from rahdari.trade.rules.ramps import Project
from rahdari.trade.rules.relocation import RelocationConventions, RelocationStep, WageGap
from rahdari.trade.rules.substitution import (
    Input,
    SubstitutionConventions,
    SubstitutionTest,
    SubstitutionVerdict,
    Technology,
)
from rahdari.trade.service.complexity import ComplexityWish
from rahdari.trade.service.diversify import DiversifyWish
from rahdari.trade.service.given import Distances, FileUsed
from rahdari.trade.service.ladder import LadderWish
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.mirror import MirrorWish
from rahdari.trade.service.needs import SAMPLE_NEEDS, Budgets, Need, Needs
from rahdari.trade.service.path import PathWish
from rahdari.trade.service.potential import PotentialWish
from rahdari.trade.service.rates import Rates
from rahdari.trade.service.relocate import RelocateWish
from rahdari.trade.service.screen import ScreenWish
from rahdari.trade.service.select import SelectWish
from rahdari.trade.service.substitute import SubstituteWish
from rahdari.trade.service.tariff import Charged, TariffWish
from rahdari.trade.values import (
    Amounts,
    Country,
    CountryCode,
    Level,
    Matrix,
    Product,
    ProductCode,
    Revision,
    Source,
)

__all__ = [
    "ECOMPLEXITY_0_5_3",
    "ECONCOMPLEX_1_0_1",
    "ECONOMIC_COMPLEXITY_0_3_0",
    "RAHDARI",
    "SAMPLE_NEEDS",
    "STATIC",
    "Absent",
    "Amounts",
    "Answer",
    "BadParameter",
    "BadTable",
    "BadTradeFile",
    "Barred",
    "Because",
    "Budgets",
    "Candidate",
    "CapacityLever",
    "Caution",
    "Charged",
    "Choice",
    "CoiScale",
    "Complementarity",
    "Complexity",
    "ComplexityWish",
    "Conventions",
    "Country",
    "CountryCode",
    "DataDamaged",
    "DataMissing",
    "Degenerate",
    "DensityScale",
    "Diagnostics",
    "Distances",
    "DiversifyWish",
    "DownloadFailed",
    "Dropped",
    "DroppedReason",
    "EaseLever",
    "Effort",
    "EngineFailed",
    "Exponent",
    "FileUsed",
    "Finding",
    "Fitness",
    "FlowBook",
    "Gain",
    "Ground",
    "Growth",
    "GrowthLever",
    "Infeasible",
    "Input",
    "Ladder",
    "LadderConventions",
    "LadderWish",
    "Level",
    "Lever",
    "Levers",
    "Limit",
    "LimitKind",
    "Limits",
    "Matrix",
    "Menu",
    "Method",
    "MirrorWish",
    "MixedRevisions",
    "Need",
    "Needs",
    "NotChosenReason",
    "Note",
    "NothingTraded",
    "Number",
    "Origin",
    "Outcome",
    "OutlookPci",
    "PathWish",
    "PciScale",
    "PciSign",
    "PotentialWish",
    "Presence",
    "PresenceTest",
    "Product",
    "ProductCode",
    "Project",
    "Rates",
    "Relative",
    "RelocateWish",
    "RelocationConventions",
    "RelocationStep",
    "Revision",
    "Scope",
    "ScreenWish",
    "SelectWish",
    "Shocks",
    "Source",
    "Split",
    "SubstituteWish",
    "SubstitutionConventions",
    "SubstitutionTest",
    "SubstitutionVerdict",
    "TariffLever",
    "TariffWish",
    "Technology",
    "Terms",
    "TradeRefused",
    "UnknownCountry",
    "UnknownTradeProduct",
    "UnknownYear",
    "Untraded",
    "WageGap",
    "Why",
    "WhyNot",
    "choose",
    "complementarity",
    "continuous_proximity",
    "find_fitness",
    "find_indices",
    "find_presence",
    "measure",
    "proximity",
    "rca",
    "read_ladder",
    "rpop",
    "rsca",
]
