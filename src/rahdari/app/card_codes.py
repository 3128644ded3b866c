"""The QR code as a card shows it: its level, the size of its modules, its quiet zone."""

from dataclasses import dataclass
from typing import ClassVar

from rahdari.app.errors import CardNotDrawable
from rahdari.wire import qr
from rahdari.wire.errors import TooLarge

# 16 pixels a millimetre: a QR module of a whole number of sixteenths is a whole number of pixels.
PX_PER_MM = 16
# The square that the back has for the QR code with its quiet zone.
SQUARE_MM = 41.7
# ISO/IEC 18004, 9.1: the quiet zone is four modules wide.
QUIET_MODULES = 4
# Below 0.25 mm a phone's camera no longer parts two modules of a worn print.
MODULE_MM_MIN = 0.25
# What prints and reads comfortably: a stronger level is taken only while modules stay as large as this.
MODULE_MM_COMFORT = 0.3125
_STRONGEST_FIRST = ("H", "Q", "M", "L")
# Level H buys less against wear than the larger modules of Q do, so it is drawn only where a product asks for it.
_OFFERED = ("Q", "M", "L")


class QrTooDense(CardNotDrawable):
    """The QR code's modules would be smaller than phones read from a printed card."""

    code: ClassVar[str] = "app.qr_too_dense"


@dataclass(frozen=True, slots=True)
class CardCode:
    """A QR code as drawn: ``modules`` counts a side with its quiet zone."""

    level: str
    modules: int
    module_mm: float
    path: str

    @property
    def side_mm(self) -> float:
        """The side of its square, with the quiet zone."""
        return self.modules * self.module_mm

    @property
    def svg(self) -> str:
        """The code as SVG, a unit a module."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.modules} {self.modules}">'
            f'<rect width="{self.modules}" height="{self.modules}" fill="#fff"/>'
            f'<path d="{self.path}" fill="#000" shape-rendering="crispEdges"/></svg>'
        )


def fit_code(text: str, weakest: str = "L") -> CardCode:
    """Draw the code at the strongest level whose modules print comfortably, at ``weakest`` at least.

    Raises:
        QrTooDense: at the weakest level admitted modules are under ``MODULE_MM_MIN``, or no symbol
            holds the text.
    """
    levels = [level for level in _OFFERED if _STRONGEST_FIRST.index(level) < _STRONGEST_FIRST.index(weakest)]
    for level in (*levels, weakest):
        modules = _count_modules(text, level)
        module_mm = int(SQUARE_MM * PX_PER_MM / modules) / PX_PER_MM if modules else 0.0
        if module_mm >= (MODULE_MM_MIN if level == weakest else MODULE_MM_COMFORT):
            _, path = qr.write_svg_path(text, ec_level=level, quiet_modules=QUIET_MODULES)
            return CardCode(level, modules, module_mm, path)
    raise QrTooDense(
        f"the QR code of {len(text)} characters at level {weakest} would need modules under {MODULE_MM_MIN} mm, "
        "which phones do not read from a card; let the product carry fewer claims or a smaller photo profile"
    )


def _count_modules(text: str, level: str) -> int:
    try:
        return qr.count_modules(text, ec_level=level) + 2 * QUIET_MODULES
    except TooLarge:
        return 0
