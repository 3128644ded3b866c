"""Charts say what they show, hold their data themselves, and are safe wherever they are put."""

import json
import re
import time
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from rahdari.app.charts import (
    Chart,
    ChartDrawer,
    Line,
    Mark,
    Space,
    labels_in,
    ladder_steps,
    lay_out,
    lever_steps,
    lorenz_curve,
    market_bars,
    pareto_front,
    path_fan,
    product_space,
    term_bars,
)
from rahdari.app.charts import drawer as drawing
from rahdari.app.charts.chart import chart, digits, values
from rahdari.app.errors import ChartFailed
from rahdari.trade.rules.concentration import lorenz

HOSTILE = '</text><script>alert(1)</script>\n\x00 & "quoted"'


def _space(count: int = 12) -> Space:
    points = np.random.default_rng(3).random((count, 2))
    apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    return Space([f"{code:06}" for code in range(count)], 1 - apart / apart.max())


def _front() -> pl.DataFrame:
    return pl.DataFrame(
        {"number": [1, 2, 3, 4], "gain_usd": [4e8, 7e8, 9e8, 1e9], "attainable_share": [0.4, 0.7, 0.9, 1.0]}
    )


def _markets(name: str = "China") -> pl.DataFrame:
    return pl.DataFrame({"code": ["CHN", "ARE"], "name": [name, "Arab Emirates"], "value_usd": [3.2e8, 1e8]})


def _fan(years: range) -> pl.DataFrame:
    rows = [
        (year, percent, 1e9 * (1 + (year - years[0]) * percent / 100))
        for year in years
        for percent in (10.0, 25.0, 50.0, 75.0, 90.0)
    ]
    return pl.DataFrame(rows, schema=["year", "percentile", "value_usd"], orient="row")


def _path() -> Chart:
    years = range(2025, 2036)
    line = Line("needed", years, [1e9 * 5 ** (step / 10) for step in range(11)])
    return path_fan([line], fan=_fan(years), marks=[Mark("target", 2035, 5e9)])


def _levers() -> Chart:
    return lever_steps(
        pl.DataFrame(
            {
                "step": ["baseline", "ease", "supposed"],
                "joint_usd": [None, -2e8, None],
                "total_usd": [5e8, 3e8, 3e8],
            }
        )
    )


def _terms() -> Chart:
    return term_bars(pl.DataFrame({"term": ["share", "ease"], "log_contribution": [np.log(2), -np.log(4)]}))


def _ladder() -> Chart:
    return ladder_steps(pl.DataFrame({"tier_name": ["Ore", "Wire"], "unit_value_usd_per_kg": [2.0, None]}))


EVERY: list[Callable[[], Chart]] = [
    lambda: lorenz_curve(lorenz(["a", "b", "c"], np.array([6.0, 3.0, 1.0])).to_frame()),
    lambda: pareto_front(_front()),
    lambda: market_bars(_markets(), title="Who buys", mine="CHN"),
    lambda: product_space(_space(), present=["000001"], chosen=["000002"]),
    _path,
    _levers,
    _terms,
    _ladder,
]


@pytest.fixture(scope="module")
def drawer() -> ChartDrawer:
    return ChartDrawer()


@pytest.mark.parametrize("make", EVERY)
def test_every_chart_is_drawn_whole_and_fetches_runs_and_styles_nothing(
    make: Callable[[], Chart], drawer: ChartDrawer
) -> None:
    made = make()
    svg = drawer.svg(made)
    root = ET.fromstring(svg)  # noqa: S314 - our own drawing
    assert root.tag.endswith("svg")
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == made.alt
    assert len(made.alt) > 10
    outside = svg.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert not re.search(r"https?:|<script|<style| style=|<image|href=|\son\w+=", outside)
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("make", EVERY)
def test_no_specification_names_an_address_for_its_data(make: Callable[[], Chart]) -> None:
    spec = json.loads(make().text)
    spec.pop("$schema")
    assert '"url"' not in json.dumps(spec)


def test_a_strangers_name_stays_text(drawer: ChartDrawer) -> None:
    made = market_bars(_markets(HOSTILE), title=HOSTILE)
    svg = drawer.svg(made)
    assert "<script" not in svg
    ET.fromstring(svg)  # noqa: S314 - our own drawing


def test_a_picture_has_the_size_that_was_asked_for(drawer: ChartDrawer) -> None:
    small, large = (drawer.png(_ladder(), scale=scale) for scale in (1.0, 2.0))
    assert small[:8] == large[:8] == b"\x89PNG\r\n\x1a\n"
    widths = [int.from_bytes(one[16:20], "big") for one in (small, large)]
    assert abs(widths[1] - 2 * widths[0]) <= 1


def test_the_same_chart_is_drawn_once() -> None:
    fresh = ChartDrawer()
    first = fresh.svg(_terms())
    began = time.perf_counter()
    assert fresh.svg(_terms()) == first
    assert time.perf_counter() - began < 0.05


def test_a_specification_that_cannot_be_drawn_is_refused(drawer: ChartDrawer) -> None:
    with pytest.raises(ChartFailed, match="cannot be drawn"):
        drawer.svg(chart("bad", "bad", {"mark": {"no": "mark"}}))


def test_an_infinite_number_is_refused(drawer: ChartDrawer) -> None:
    with pytest.raises(ChartFailed, match="infinite"):
        drawer.svg(chart("bad", "bad", {"data": values([{"x": float("inf")}]), "mark": "bar"}))


def test_too_many_marks_are_refused() -> None:
    with pytest.raises(ChartFailed, match="choose fewer"):
        values({"x": at} for at in range(20_001))


def test_only_so_many_drawings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "KEPT_CHARTS_MAX", 1)
    fresh = ChartDrawer()
    first = fresh.svg(_terms())
    fresh.svg(_ladder())
    assert fresh.svg(_terms()) == first


def test_the_eighty_percent_point_is_the_first_that_reaches_it() -> None:
    assert pareto_front(_front()).alt == "3 products: 90 % of the attainable gain."


def test_the_lorenz_curve_counts_the_fewest_products() -> None:
    made = lorenz_curve(lorenz(["a", "b", "c", "d"], np.array([5.0, 3.0, 1.0, 1.0])).to_frame())
    assert "2 of 4 products give 80 %" in made.alt


def test_a_path_tells_its_ends_and_its_target() -> None:
    alt = _path().alt
    assert "needed: 1 (2025) \u2192 5 bn USD (2035)" in alt
    assert "target: 5 bn USD (2035)" in alt


def test_a_lever_that_takes_away_is_told_as_such() -> None:
    assert _levers().alt == "today 500 mn USD, ease of trade -200 mn USD, with all levers 300 mn USD."


def test_terms_are_told_as_factors() -> None:
    assert _terms().alt == "share \u00d7 2, ease of trade \u00d7 0.25."


def test_the_layout_is_the_same_each_time_and_keeps_neighbours_near() -> None:
    space = _space(30)
    places = lay_out(space.proximity)
    assert np.array_equal(places, lay_out(space.proximity))
    assert places.min() >= 0
    assert places.max() <= 1
    apart = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    above = np.triu_indices(30, k=1)
    assert np.corrcoef(apart[above], 1 - space.proximity[above])[0, 1] > 0.9


def test_products_that_are_all_alike_are_laid_out_too() -> None:
    assert np.isfinite(lay_out(np.ones((5, 5)))).all()


@pytest.mark.parametrize(
    "proximity",
    [np.ones((3, 3)), np.ones((4, 5)), np.full((5, 5), 2.0), np.full((5, 5), np.nan), np.full((5, 5), -0.1)],
)
def test_what_is_no_proximity_is_refused(
    proximity: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
) -> None:
    with pytest.raises(ChartFailed):
        lay_out(proximity)


def test_names_of_chosen_products_do_not_run_into_one_another() -> None:
    space = Space(["1", "2", "3", "4"], np.full((4, 4), 0.5) + 0.5 * np.eye(4))
    made = product_space(space, present=[], chosen=["1", "2", "3", "4"], sizes_usd={"2": 9.0})
    layers = json.loads(made.text)["layer"]
    shown = [one["text"] for one in layers[2]["data"]["values"]]
    assert shown[0] == "2"
    assert len(shown) <= 4


def test_labels_are_there_in_three_languages() -> None:
    english, urdu, chinese = (labels_in(one) for one in ("en", "ur", "zh"))
    assert set(english) == set(urdu) == set(chinese)
    assert urdu["year"] != english["year"] != chinese["year"]
    assert labels_in("de") == english
    for key, text in english.items():
        holes = set(re.findall(r"{(\w+)}", text))
        assert holes == set(re.findall(r"{(\w+)}", urdu[key])) == set(re.findall(r"{(\w+)}", chinese[key]))


def test_a_chart_in_urdu_and_chinese_is_drawn(drawer: ChartDrawer) -> None:
    for language in ("ur", "zh"):
        made = pareto_front(_front(), labels=labels_in(language))
        assert labels_in(language)["number"] in drawer.svg(made)
        assert drawer.png(made)


@pytest.mark.parametrize(
    ("value", "written"), [(0.9999, "1"), (9.96, "10"), (99.96, "100"), (0.0123, "0.012"), (-1.5, "-1.5")]
)
def test_three_digits_count(value: float, written: str) -> None:
    assert digits(value) == written
