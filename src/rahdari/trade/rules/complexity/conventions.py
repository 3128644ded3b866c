"""What people who compute economic complexity do differently, declared in one object."""

from dataclasses import dataclass
from enum import StrEnum

from rahdari.trade.errors import BadParameter

# 1,000 reflections change nothing that 100 did not; more is a slip of the hand.
REFLECTIONS_MAX = 1_000


class PresenceTest(StrEnum):
    """What must reach the threshold for a country to count as present in a product."""

    RCA = "rca"
    """Revealed comparative advantage, Balassa (1965): the product's share at home over its share in the world."""
    RSCA = "rsca"
    """(RCA - 1) / (RCA + 1), from -1 to 1."""
    RPOP = "rpop"
    """Exports per head over the world's exports per head."""
    MANUAL = "manual"
    """The table itself says who is present: 0 or 1."""


class Untraded(StrEnum):
    """What happens to a country or a product without any amount."""

    DROP = "drop"
    REFUSE = "refuse"


class Absent(StrEnum):
    """What happens to a product that nobody reaches the threshold in, or a country that reaches it nowhere."""

    DROP = "drop"
    """It leaves the table; the others keep their RCA."""
    TRIM = "trim"
    """It leaves the table and the RCA of the others is computed anew, until all are present somewhere."""
    REFUSE = "refuse"


class Split(StrEnum):
    """What happens where countries fall into groups that have no product in common."""

    REFUSE = "refuse"
    LARGEST = "largest"
    """The group of most countries stays; between equals that of most products, most trade, the smallest code."""


class Method(StrEnum):
    """How the indices are found."""

    EIGENVECTOR = "eigenvector"
    REFLECTIONS = "reflections"


class PciScale(StrEnum):
    """By whose mean and deviation PCI is standardised."""

    ECI = "eci"
    """By those of ECI: then a country's ECI is the mean PCI of its products."""
    OWN = "own"


class PciSign(StrEnum):
    """What decides the sign of PCI."""

    ECI = "eci"
    """The flip that makes ECI rise with diversity is applied to both."""
    UBIQUITY = "ubiquity"
    """PCI falls with ubiquity, whatever ECI does."""


class DensityScale(StrEnum):
    """The unit of density."""

    SHARE = "share"
    PERCENT = "percent"


class CoiScale(StrEnum):
    """Whether COI is a sum or standardised over countries (deviation with ddof 0)."""

    SUM = "sum"
    STANDARDISED = "standardised"


class OutlookPci(StrEnum):
    """Which PCI weighs the outlook (COI and COG)."""

    STANDARDISED = "standardised"
    UNCENTRED = "uncentred"
    """Divided by the deviation of ECI, its mean not removed."""


class Gain(StrEnum):
    """The formula of COG; with s_p the sum of the proximities of p, and PCI_p written q_p."""

    EXACT = "exact"
    """sum over p' other than p of (1 - M_cp') phi_pp' q_p' / s_p', less density_cp q_p: what COI gains."""
    NO_OWN_TERM = "no_own_term"
    """sum over all p' of (1 - M_cp') phi_pp' q_p' / s_p': forgets that p leaves the outlook."""
    TARGET_SUM = "target_sum"
    """sum over all p' of (1 - M_cp') phi_pp' q_p' / s_p: divides by the sum of p instead of p'."""
    TARGET_SUM_LESS_OWN = "target_sum_less_own"
    """TARGET_SUM less density_cp q_p, given for products that the country has as well."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """Every choice on which complexity figures depend; two figures compare only under equal conventions.

    Attributes:
        presence: what is held against the threshold.
        threshold: present at or above it.
        tie: how far below the threshold, as a share of it (of 1 where it is 0), still counts as on it, so that
            a change of currency cannot turn a presence over by rounding.
        untraded: what happens to rows and columns of zeros.
        absent: what happens to rows and columns without a presence.
        split: what happens where the graph of countries and products falls apart.
        method: eigenvector, or reflections (Hidalgo and Hausmann 2009).
        reflections: how many for countries, an even number; products take one more.
        ddof: degrees of freedom taken off in the standard deviation of ECI (and of PCI where it has its own).
        pci_scale: by which mean and deviation PCI is standardised.
        pci_sign: what decides its sign.
        self_proximity: a product's proximity to itself, 0 or 1. An absent product adds nothing to the numerator
            of its own density either way, but the denominator grows by it.
        density_scale: unit of ``Complexity.density``.
        outlook_pci: which PCI weighs COI and COG.
        coi_scale: whether COI is standardised.
        gain: the formula of COG.

    Raises:
        BadParameter: a number outside what its formula is defined for.
    """

    presence: PresenceTest = PresenceTest.RCA
    threshold: float = 1.0
    tie: float = 1e-12
    untraded: Untraded = Untraded.DROP
    absent: Absent = Absent.DROP
    split: Split = Split.REFUSE
    method: Method = Method.EIGENVECTOR
    reflections: int = 18
    ddof: int = 0
    pci_scale: PciScale = PciScale.ECI
    pci_sign: PciSign = PciSign.ECI
    self_proximity: int = 1
    density_scale: DensityScale = DensityScale.SHARE
    outlook_pci: OutlookPci = OutlookPci.STANDARDISED
    coi_scale: CoiScale = CoiScale.SUM
    gain: Gain = Gain.EXACT

    def __post_init__(self) -> None:
        """Refuse numbers that no formula is defined for."""
        lowest = -1.0 if self.presence is PresenceTest.RSCA else 0.0
        highest = 1.0 if self.presence is PresenceTest.RSCA else float("inf")
        if not lowest < self.threshold < highest:
            raise BadParameter(
                f"a threshold of {self.threshold} for {self.presence}: it lies between {lowest} and {highest}"
            )
        if not 0.0 <= self.tie <= 1e-6:
            raise BadParameter(f"a tie of {self.tie}: rounding is 0 to 1e-6 of the threshold")
        if self.reflections % 2 or not 2 <= self.reflections <= REFLECTIONS_MAX:
            raise BadParameter(
                f"{self.reflections} reflections: countries take an even number from 2 to {REFLECTIONS_MAX}"
            )
        if self.ddof not in {0, 1} or self.self_proximity not in {0, 1}:
            raise BadParameter(f"ddof {self.ddof}, self_proximity {self.self_proximity}: each is 0 or 1")


RAHDARI = Conventions()
"""Ours: eigenvector, ECI is the mean PCI of a country's products, COG is exactly what COI gains."""

ECOMPLEXITY_0_5_3 = Conventions(
    tie=0.0,
    absent=Absent.REFUSE,
    outlook_pci=OutlookPci.UNCENTRED,
    coi_scale=CoiScale.STANDARDISED,
    gain=Gain.NO_OWN_TERM,
)
"""PyPI ``ecomplexity`` 0.5.3 (and the Stata program it follows).

Where one product or country is absent it answers NaN throughout, with several its densities and outlook are
NaN; this mode refuses in their place. Its density of nearest neighbours counts them unweighted; ours does not.
"""

ECONCOMPLEX_1_0_1 = Conventions(
    tie=0.0,
    absent=Absent.TRIM,
    pci_scale=PciScale.OWN,
    pci_sign=PciSign.UBIQUITY,
    self_proximity=0,
    density_scale=DensityScale.PERCENT,
    gain=Gain.TARGET_SUM,
)
"""PyPI ``econcomplex`` 1.0.1.

It trims for ECI and PCI alone and then multiplies densities of the whole table by a PCI with holes, so that all
its COI are NaN; this mode gives density and outlook on the trimmed table.
"""

ECONOMIC_COMPLEXITY_0_3_0 = Conventions(
    tie=0.0,
    untraded=Untraded.REFUSE,
    absent=Absent.REFUSE,
    method=Method.REFLECTIONS,
    ddof=1,
    pci_scale=PciScale.OWN,
    self_proximity=0,
    gain=Gain.TARGET_SUM_LESS_OWN,
)
"""PyPI ``economic-complexity`` 0.3.0: 20 iterations, of which 18 reach the countries and 19 the products.

It has no COI (ours is given), and answers NaN throughout where anything is absent; this mode refuses.
"""
