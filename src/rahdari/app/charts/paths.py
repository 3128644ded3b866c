"""The years ahead: what a target asks for, beside what comparable decades did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from rahdari.app.charts.chart import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    WIDTH,
    Chart,
    Labels,
    Row,
    Spec,
    axis,
    chart,
    digits,
    labels_in,
    scale_of,
    shown,
    values,
)

_COLOURS = (RED, BLUE, GREEN, PURPLE)
_DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (7, 4), (2, 3), (9, 3, 2, 3))


@dataclass(frozen=True, slots=True)
class Line:
    """One path by name: dollars by year."""

    name: str
    years: Sequence[int]
    values_usd: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A target: dollars in a year, and what stands beside it."""

    name: str
    year: int
    value_usd: float


def path_fan(
    lines: Sequence[Line],
    *,
    fan: pl.DataFrame | None = None,
    marks: Sequence[Mark] = (),
    band: str | None = None,
    labels: Labels | None = None,
) -> Chart:
    """Draw paths over a fan (``Fan.to_frame()``: year, percentile, value_usd) with targets marked.

    The fan is drawn as nested bands between percentiles that mirror one another (10 and 90, 25 and 75, ...), its
    median as a thin line. ``band`` words what the fan is.
    """
    words = labels or labels_in()
    amounts = [value for line in lines for value in line.values_usd] + [mark.value_usd for mark in marks]
    amounts += [] if fan is None else fan["value_usd"].to_list()
    unit, name = scale_of(amounts, words)
    layers = [*_bands(fan, unit), *_lines(lines, unit), *_marks(marks, unit, name)]
    body: Mapping[str, object] = {
        "layer": layers,
        "encoding": {
            "x": axis("year", words["year"], axis={"format": "d", "tickMinStep": 1}, scale={"zero": False}),
            "y": axis("value", words["exports"].format(unit=name), scale={"domainMin": 0}),
        },
        "resolve": {"scale": {"color": "shared"}},
    }
    told = [f"{shown(one.name)}: {_ends(one, unit, name)}" for one in lines if one.values_usd]
    told += [f"{shown(one.name)}: {digits(one.value_usd / unit)} {name} ({one.year})" for one in marks]
    told += [] if fan is None else [band or words["band"]]
    return chart("path", "; ".join(told) + ".", body)


def _ends(line: Line, unit: float, name: str) -> str:
    first, last = line.values_usd[0] / unit, line.values_usd[-1] / unit
    return f"{digits(first)} ({line.years[0]}) → {digits(last)} {name} ({line.years[-1]})"


def _bands(fan: pl.DataFrame | None, unit: float) -> list[Spec]:
    if fan is None or fan.is_empty():
        return []
    percents = sorted(set(fan["percentile"].to_list()))
    pairs = [(low, 100 - low) for low in percents if low < 50 and 100 - low in percents]
    found: list[Spec] = []
    for place, (low, high) in enumerate(pairs):
        rows: list[Row] = [
            {"year": year, "value": under / unit, "top": over / unit}
            for (year, under), over in zip(
                _of(fan, low).iter_rows(), _of(fan, high)["value_usd"].to_list(), strict=True
            )
        ]
        opacity = round(0.16 + 0.10 * place, 2)
        found.append(
            {
                "data": values(rows),
                "mark": {"type": "area", "color": SKY, "opacity": opacity},
                "encoding": {"y2": {"field": "top"}},
            }
        )
    if 50 in percents:
        middle: list[Row] = [{"year": y, "value": v / unit} for y, v in _of(fan, 50).iter_rows()]
        found.append({"data": values(middle), "mark": {"type": "line", "color": INK, "strokeWidth": 1}})
    return found


def _of(fan: pl.DataFrame, percent: float) -> pl.DataFrame:
    return fan.filter(pl.col("percentile") == percent).sort("year").select("year", "value_usd")


def _lines(lines: Sequence[Line], unit: float) -> list[Spec]:
    rows: list[Row] = [
        {"year": year, "value": value / unit, "path": shown(line.name)}
        for line in lines
        for year, value in zip(line.years, line.values_usd, strict=True)
    ]
    names = [shown(line.name) for line in lines]
    legend: Spec = {"orient": "top", "title": None, "labelLimit": WIDTH, "symbolSize": 400, "columns": 1}
    domain: Spec = {"domain": names, "range": [_COLOURS[at % len(_COLOURS)] for at in range(len(names))]}
    dashes: Spec = {"domain": names, "range": [list(_DASHES[at % len(_DASHES)]) for at in range(len(names))]}
    return [
        {
            "data": values(rows),
            "mark": {"type": "line", "strokeWidth": 2.5},
            "encoding": {
                "color": {"field": "path", "type": "nominal", "scale": domain, "legend": legend},
                "strokeDash": {"field": "path", "type": "nominal", "scale": dashes, "legend": legend},
            },
        }
    ]


def _marks(marks: Sequence[Mark], unit: float, name: str) -> list[Spec]:
    rows: list[Row] = [
        {
            "year": one.year,
            "value": one.value_usd / unit,
            "text": f"{shown(one.name)} {digits(one.value_usd / unit)} {name}",
        }
        for one in marks
    ]
    return [
        {
            "data": values(rows),
            "mark": {
                "type": "point",
                "shape": "diamond",
                "filled": True,
                "size": 140,
                "color": ORANGE,
                "opacity": 1,
            },
        },
        {
            "data": values(rows),
            "mark": {
                "type": "text",
                "align": "right",
                "dx": -10,
                "dy": -8,
                "fontSize": 13,
                "limit": WIDTH,
            },
            "encoding": {"text": {"field": "text", "type": "nominal"}},
        },
    ]
