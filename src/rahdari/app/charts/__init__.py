"""Charts of the roadmap as SVG and PNG: made from frames, drawn by Vega-Lite on the server, no script in them.

There is no map of countries: boundaries are disputed, and a drawn border takes a side. Markets are ranked bars.

Example:
    >>> import polars as pl
    >>> from rahdari.app.charts import market_bars
    >>> sold = pl.DataFrame({"code": ["CHN", "ARE"], "name": ["China", "UAE"], "value_usd": [3.2e8, 1.1e8]})
    >>> market_bars(sold, title="Who buys").alt
    'Who buys: China 320 mn USD, UAE 110 mn USD.'
"""

from rahdari.app.charts.chart import Chart, Labels, labels_in
from rahdari.app.charts.drawer import ChartDrawer
from rahdari.app.charts.paths import Line, Mark, path_fan
from rahdari.app.charts.shares import lorenz_curve, market_bars, pareto_front
from rahdari.app.charts.space import Space, lay_out, product_space
from rahdari.app.charts.steps import ladder_steps, lever_steps, term_bars

__all__ = [
    "Chart",
    "ChartDrawer",
    "Labels",
    "Line",
    "Mark",
    "Space",
    "labels_in",
    "ladder_steps",
    "lay_out",
    "lever_steps",
    "lorenz_curve",
    "market_bars",
    "pareto_front",
    "path_fan",
    "product_space",
    "term_bars",
]
