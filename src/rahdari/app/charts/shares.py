"""How much few products give, what more products would add, and who buys."""

from collections.abc import Mapping

import polars as pl

from rahdari.app.charts.chart import (
    BLUE,
    GREY,
    INK,
    NOTHING,
    ORANGE,
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
    short,
    shown,
    values,
)

BARS_MAX = 20
_BAR_HEIGHT = 22
_PERCENT = ".0%"


def lorenz_curve(frame: pl.DataFrame, *, share: float = 0.8, labels: Labels | None = None) -> Chart:
    """Draw the Lorenz curve of ``Lorenz.to_frame()``: products from the largest, their running share.

    The fewest products that give ``share`` are marked, of those that are sold.
    """
    words = labels or labels_in()
    running = frame["running_share"].to_list()
    # What is not sold at all is no product of whose largest there is a share.
    count = max(len(frame.filter(pl.col("value_usd") > 0)), 1)
    points: list[Row] = [{"x": 0.0, "y": 0.0}]
    points += [{"x": at / count, "y": y} for at, y in enumerate(running[:count], 1)]
    few = sum(one < share - 1e-12 for one in running) + 1
    percent = words["percent"].format(value=f"{share * 100:.0f}")
    told = words["of_products"].format(few=few, all=count, percent=percent)
    mark: Row = {"x": few / count, "y": float(running[few - 1]), "text": told}
    layers: list[Spec] = [
        {
            "data": values([{"x": 0, "y": 0}, {"x": 1, "y": 1}]),
            "mark": {"type": "line", "color": GREY, "strokeDash": [4, 4]},
            "encoding": {"x": axis("x", ""), "y": axis("y", "")},
        },
        {
            "data": values(points),
            "mark": {"type": "line", "color": BLUE, "strokeWidth": 2.5},
            "encoding": {
                "x": axis("x", words["products_share"], axis={"format": _PERCENT}, scale={"domain": [0, 1]}),
                "y": axis("y", words["exports_share"], axis={"format": _PERCENT}, scale={"domain": [0, 1]}),
            },
        },
        *_marked(mark, is_right=few > count / 2),
    ]
    return chart("lorenz", f"{words['exports_share']}: {told}.", {"layer": layers})


def pareto_front(frame: pl.DataFrame, *, share: float = 0.8, labels: Labels | None = None) -> Chart:
    """Draw number of products against gain (``Front.to_frame()``), the first point of ``share`` marked."""
    words = labels or labels_in()
    unit, name = scale_of(frame["gain_usd"].to_list(), words)
    rows: list[Row] = [
        {"x": number, "y": gain / unit, "share": part}
        for number, gain, part in frame.select("number", "gain_usd", "attainable_share").iter_rows()
    ]
    enough = next((row for row in rows if float(str(row["share"])) >= share - 1e-9), rows[-1])
    percent = words["percent"].format(value=f"{100 * float(str(enough['share'])):.0f}")
    told = words["share_of_gain"].format(few=enough["x"], percent=percent)
    layers: list[Spec] = [
        {
            "data": values(rows),
            "mark": {"type": "line", "color": BLUE, "strokeWidth": 2, "point": {"color": BLUE, "size": 45}},
            "encoding": {
                "x": axis(
                    "x", words["number"], axis={"tickMinStep": 1, "format": "d"}, scale={"domainMin": 0}
                ),
                "y": axis("y", words["gain"].format(unit=name), scale={"domainMin": 0}),
            },
        },
        *_marked({**enough, "text": told}, is_right=float(str(enough["x"])) > float(str(rows[-1]["x"])) / 2),
    ]
    return chart("front", f"{told}.", {"layer": layers})


def market_bars(
    frame: pl.DataFrame, *, title: str, top: int = 12, mine: str | None = None, labels: Labels | None = None
) -> Chart:
    """Draw ranked bars of ``code, name, value_usd``: a map without borders. ``mine`` is the code to stand out.

    No shapes of countries are drawn: several boundaries are disputed, and any file of them takes a side.
    """
    words = labels or labels_in()
    best = frame.filter(pl.col("value_usd") > 0).sort("value_usd", "code", descending=[True, False])
    best = best.head(min(top, BARS_MAX))
    unit, name = scale_of(best["value_usd"].to_list(), words)
    rows: list[Row] = [
        {
            "name": f"{short(called or code)}",
            "value": value / unit,
            "told": digits(value / unit),
            "color": ORANGE if code == mine else BLUE,
        }
        for code, called, value in best.select("code", "name", "value_usd").iter_rows()
    ]
    told = ", ".join(f"{row['name']} {row['told']} {name}" for row in rows[:5])
    return chart("markets", f"{shown(title)}: {told or NOTHING}.", bars(rows, name))


def bars(rows: list[Row], title: str) -> Mapping[str, object]:
    """Give horizontal bars in the order of the rows, each with its number at its end."""
    place = {"field": "name", "type": "nominal", "sort": None, "title": None}
    return {
        "height": max(_BAR_HEIGHT * len(rows), 2 * _BAR_HEIGHT),
        "data": values({**row, "end": max(float(str(row["value"])), 0.0)} for row in rows),
        "encoding": {"y": place, "x": axis("value", title, axis={"tickCount": 5})},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {"color": {"field": "color", "type": "nominal", "scale": None}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "color": INK},
                # A bar to the left has its number right of the axis.
                "encoding": {"x": axis("end", title), "text": {"field": "told", "type": "nominal"}},
            },
        ],
    }


def _marked(mark: Row, *, is_right: bool) -> list[Spec]:
    """Give a point that stands out, with its words on the side where there is room."""
    x, y = float(str(mark["x"])), float(str(mark["y"]))
    at: Spec = {"x": axis("x", ""), "y": axis("y", "")}
    return [
        {
            "data": values([{"x": x, "y": y}]),
            "mark": {
                "type": "point",
                "shape": "diamond",
                "filled": True,
                "size": 150,
                "color": ORANGE,
                "opacity": 1,
            },
            "encoding": at,
        },
        {
            "data": values([{"x": x, "y": y, "text": mark["text"]}]),
            "mark": {
                "type": "text",
                # Where the point lies far to the right, its words stand on its left.
                "align": "right" if is_right else "left",
                "dx": -12 if is_right else 12,
                "dy": 18,
                "fontSize": 13,
                "limit": WIDTH,
            },
            "encoding": {**at, "text": {"field": "text", "type": "nominal"}},
        },
    ]
