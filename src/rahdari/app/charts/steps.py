"""Bars that go somewhere: levers from today to a scenario, terms of a potential, stages of a chain."""

import math

import polars as pl

from rahdari.app.charts.chart import (
    BLUE,
    GREEN,
    GREY,
    INK,
    NOTHING,
    RED,
    Chart,
    Labels,
    Row,
    Spec,
    axis,
    chart,
    digits,
    labels_in,
    scale_of,
    short,
    values,
)
from rahdari.app.charts.shares import bars

_ENDS = {"baseline": "today", "supposed": "supposed"}


# A difference below a thousandth is no step that anybody sees.
_SEEN = 1e-3


def lever_steps(
    frame: pl.DataFrame, *, traded_usd: float | None = None, labels: Labels | None = None
) -> Chart:
    """Draw ``Scenario.to_frame()`` as a waterfall: today, what each lever adds (its Shapley share), the whole.

    Where the terms of the indicator make its sum another than what is traded today (``traded_usd``), the difference
    is a step of its own: the first bar is always today's trade.
    """
    words = labels or labels_in()
    steps = list(frame.select("step", "joint_usd", "total_usd").iter_rows())
    baseline = steps[0][2] if steps else 0.0
    if traded_usd is not None and abs(traded_usd - baseline) > _SEEN * max(traded_usd, baseline):
        steps = [("baseline", None, traded_usd), ("terms", baseline - traded_usd, baseline), *steps[1:]]
    unit, name = scale_of([one[2] for one in steps], words)
    rows: list[Row] = []
    for step, joint, total in steps:
        start = 0.0 if joint is None else total - joint
        told = digits(total / unit) if joint is None else f"{'+' if joint >= 0 else ''}{digits(joint / unit)}"
        rows.append(
            {
                "name": words.get(_ENDS.get(step, step), step),
                "from": start / unit,
                "value": total / unit,
                # What a bar to the left takes away is written on its right, as every other number.
                "end": max(start, total) / unit,
                "told": told,
                "color": GREY if joint is None else GREEN if joint >= 0 else RED,
            }
        )
    place = {"field": "name", "type": "nominal", "sort": None, "title": None}
    body: Spec = {
        "height": 34 * len(rows),
        "data": values(rows),
        "encoding": {"y": place, "x": axis("value", name)},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "x2": {"field": "from"},
                    "color": {"field": "color", "type": "nominal", "scale": None},
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
                "encoding": {"x": axis("end", name), "text": {"field": "told", "type": "nominal"}},
            },
        ],
    }
    alt = ", ".join(f"{row['name']} {row['told']} {name}" for row in rows)
    return chart("levers", f"{alt}.", body)


def term_bars(frame: pl.DataFrame, *, labels: Labels | None = None) -> Chart:
    """Draw ``Explanation.to_frame()``: by how many times each term moves a potential, on a scale of logarithms."""
    words = labels or labels_in()
    told = frame.filter(pl.col("log_contribution").is_not_null())
    rows: list[Row] = [
        {
            "name": words.get(term, term.replace("_", " ")),
            "value": log / math.log(2),
            "told": f"\u00d7 {digits(math.exp(min(log, 700.0)))}",
            "color": BLUE if log >= 0 else RED,
        }
        for term, log in told.select("term", "log_contribution").iter_rows()
    ]
    alt = ", ".join(f"{row['name']} {row['told']}" for row in rows)
    return chart("terms", f"{alt}.", bars(rows, words["times"]))


def ladder_steps(frame: pl.DataFrame, *, labels: Labels | None = None) -> Chart:
    """Draw the stages of a chain (``Climb.to_frame()``) that have a world unit value, by it."""
    words = labels or labels_in()
    known = frame.filter(pl.col("unit_value_usd_per_kg").is_not_null())
    rows: list[Row] = [
        {"name": short(name), "value": value, "told": digits(value), "color": BLUE}
        for name, value in known.select("tier_name", "unit_value_usd_per_kg").iter_rows()
    ]
    alt = ", ".join(f"{row['name']} {row['told']}" for row in rows)
    return chart("ladder", f"{words['unit_value']}: {alt or NOTHING}.", bars(rows, words["unit_value"]))
