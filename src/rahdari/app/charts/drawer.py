"""The drawer: specifications to SVG and PNG, dressed for a page."""

import html
import re
from collections import OrderedDict
from threading import Lock
from typing import Final

from rahdari.app.charts.chart import Chart
from rahdari.app.charts.drawing_hand import DrawingHand
from rahdari.app.errors import ChartFailed

# A drawn chart has 5 to 300 kB; a product space of 5,000 points 2 MB.
KEPT_CHARTS_MAX: Final = 64
_ROOT: Final = re.compile(r"<svg\b[^>]*>")
_SIZE: Final = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
# The whole picture has its words; single groups with a role of their own would each want some (WCAG 2.2, 1.1.1).
_ROLES: Final = re.compile(r' (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*")')

# One process draws for the whole program: a second would only hold another hundred megabytes.
_HAND: Final = DrawingHand()


class ChartDrawer:
    """Draws charts, one at a time, and keeps what it drew last. Threads may share one.

    A process of its own draws (``DrawingHand``): one picture that takes too long is given up, and the rest of the
    program goes on meanwhile.
    """

    def __init__(self, hand: DrawingHand | None = None) -> None:
        """Draw with ``hand``, by default the one of the program."""
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()
        self._hand = hand or _HAND

    def svg(self, chart: Chart) -> str:
        """Draw as one ``<svg>`` element, scaling to its place, with the chart's words for those who do not see it.

        Raises:
            ChartFailed: the library refuses the specification, or takes too long.
        """
        key = chart.digest
        with self._lock:
            raw = self._kept.get(key)
            if raw is None:
                drawn = self._hand.ask({"do": "svg", "spec": chart.text})
                raw = self._kept[key] = _ROLES.sub("", drawn.decode())
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_CHARTS_MAX:
                self._kept.popitem(last=False)
        return _dressed(raw, chart)

    def png(self, chart: Chart, *, scale: float = 2.0) -> bytes:
        """Draw as PNG, ``scale`` pixels for each of the chart's. Raises ``ChartFailed``."""
        return self._hand.ask({"do": "png", "svg": self.svg(chart), "scale": scale})


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
