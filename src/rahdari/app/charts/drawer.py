"""The drawer: specifications to SVG and PNG. Nothing else in the house knows the library that does it."""

import html
import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

import vl_convert

from rahdari.app.charts.chart import Chart
from rahdari.app.errors import ChartFailed

# A drawn chart has 5 to 300 kB; a product space of 5,000 points 2 MB.
KEPT_CHARTS_MAX: Final = 64
_FONTS: Final = Path(__file__).parents[1] / "cards" / "fonts"
_ROOT: Final = re.compile(r"<svg\b[^>]*>")
_SIZE: Final = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')

Drawn = TypeVar("Drawn")


class ChartDrawer:
    """Draws charts, one at a time, and keeps what it drew last. Threads may share one.

    No address is fetched: a specification holds its data itself, and the library may open none. While it
    draws, the library holds the interpreter, so that no time-out of ours could end it; ``ROWS_MAX`` bounds it.
    """

    def __init__(self) -> None:
        """Load no library part yet but its fonts."""
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()
        vl_convert.register_font_directory(str(_FONTS))

    def svg(self, chart: Chart) -> str:
        """Draw as one ``<svg>`` element, scaling to its place, with the chart's words for those who do not see it.

        Raises:
            ChartFailed: the library refuses the specification.
        """
        key = chart.digest
        with self._lock:
            if key not in self._kept:
                raw = _drawn(
                    lambda: vl_convert.vegalite_to_svg(chart.text, vl_version="6.1", allowed_base_urls=[])
                )
                self._kept[key] = raw
                while len(self._kept) > KEPT_CHARTS_MAX:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return _dressed(self._kept[key], chart)

    def png(self, chart: Chart, *, scale: float = 2.0) -> bytes:
        """Draw as PNG, ``scale`` pixels for each of the chart's. Raises ``ChartFailed``."""
        svg = self.svg(chart)
        with self._lock:
            return _drawn(lambda: vl_convert.svg_to_png(svg, scale=scale))


def _drawn(draw: Callable[[], Drawn]) -> Drawn:
    try:
        return draw()
    # The library raises ValueError with the message of its JavaScript; whatever it is, no chart is there.
    except Exception as error:  # noqa: BLE001
        told = str(error).strip().partition("\n")[0][:200]
        raise ChartFailed(f"the chart cannot be drawn: {told or type(error).__name__}") from None


def _dressed(raw: str, chart: Chart) -> str:
    """Put the chart's words in, and let its place decide its size."""
    size = _SIZE.search(raw)
    if not size:
        raise ChartFailed("the chart cannot be drawn: the library gave a picture without a size")
    words = html.escape(chart.alt, quote=True)
    width, height = size.groups()
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="chart" '
        f'role="img" aria-label="{words}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{words}</title>"
    )
    return _ROOT.sub(lambda _: root, raw, count=1)
