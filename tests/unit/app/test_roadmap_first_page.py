"""The first page says what the data show: targets met, plans without levers, decades, gains that add up."""

import re
from dataclasses import replace
from functools import cache

import msgspec
import polars as pl
import pytest

from rahdari.app.errors import BadPlan
from rahdari.app.roadmap import Findings, Plan, ask_all, open_plan, read_plan
from rahdari.app.roadmap.evidence import chapters
from rahdari.app.roadmap.first_page import first_page
from rahdari.app.roadmap.headline import sentence
from rahdari.app.roadmap.plan import SAMPLE, NeedTable
from rahdari.app.roadmap.report import Facts, Grid, Heading, Paragraph, Picture, Points
from rahdari.app.roadmap.run import horizon
from rahdari.app.roadmap.sureness import sureness
from tests.unit.app.roadmap_scene import carried_analyst, carried_findings

_TARGET = ("exports_usd", "wanted_usd", "market_usd", "market_wanted_usd")


def _plan(text: str | None = None, **amounts: float) -> Plan:
    text = text or SAMPLE.read_text(encoding="utf-8")
    for key, amount in amounts.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {amount!r}", text, count=1)
    return read_plan(text.encode(), name="mine.toml")


def _asking(**amounts: float) -> Findings:
    """Ask the cheap question anew and take the others as they are."""
    found = carried_findings()
    plan = _plan(re.sub(r"(?m)^ceiling_usd.*$", "", SAMPLE.read_text("utf-8")), **amounts)
    national = ask_all(plan, carried_analyst(), questions=("national",)).answers["national"]
    return replace(found, plan=plan, answers={**found.answers, "national": national})


@cache
def _without_levers() -> Findings:
    text = re.sub(r"(?s)\[levers\].*?(?=\[budgets\])", "", SAMPLE.read_text("utf-8"))
    return ask_all(_plan(text), carried_analyst(), questions=("potential", "select", "national", "path"))


def _text(found: Findings) -> str:
    told = []
    for block in first_page(found):
        match block:
            case Paragraph() | Heading():
                told.append(block.text)
            case Points():
                told += block.items
            case Facts():
                told += [f"{one.value} {one.what}" for one in block.items]
            case Grid():
                told.append(block.caption)
    return " ".join(told)


def _chapter(found: Findings, name: str) -> tuple[object, ...]:
    return next(one.blocks for one in chapters(found) if one.id == name)


def test_the_own_best_decade_is_that_of_all_and_the_one_of_comparable_size_stands_beside_it() -> None:
    found = carried_findings()
    (told,) = (one for one in sureness(found) if "own best 11 years" in one)
    book, scope, years = found.book, found.scope, horizon(found.plan, found.scope)
    sold = {
        year: float(book.bilateral([year]).of_row("PAK")[book.bilateral([year]).columns.index("CHN")])
        for year in book.years
    }
    best = max(
        (sold[year + years] / sold[year], year) for year in sold if sold[year] > 0 and year + years in sold
    )
    assert best[0] > 10
    assert f"in {best[1]} to" in told
    assert f"{best[0]:.1f} times" in told
    least = sold[scope.years[-1]] / 2
    sized = max(
        sold[year + years] / sold[year] for year in sold if sold[year] >= least and year + years in sold
    )
    assert f"{sized:.2f} times" in told
    assert "161 mn USD or more" in told


def test_the_whole_target_is_held_against_decades_of_its_own_size_and_the_exporters_own() -> None:
    (told,) = (one for one in sureness(carried_findings()) if "whole countries" in one)
    assert "378 decades" in told
    assert "began with 20 bn USD to 50 bn USD, 7.4 % reached 5 times" in told
    assert "Pakistan's own best decade of all exports: 3.57 times, 1977 to 1987" in told
    larger = _asking(exports_usd=60e9, wanted_usd=180e9)
    (told,) = (one for one in sureness(larger) if "whole countries" in one)
    assert "began with 50 bn USD or more, 11.8 % reached 3 times" in told


def test_one_horizon_ends_every_path_in_the_plans_last_year() -> None:
    found = carried_findings()
    assert found.answers["path"].tables["paths"]["year"].max() == found.plan.goal.target_year == 2035
    assert found.plan.market_goal.years == 11
    assert found.answers["national"].figures["market_growth_share_per_year"] == pytest.approx(
        (50 / 2.38) ** (1 / 11) - 1
    )


def test_a_market_figure_of_a_year_after_the_target_is_refused() -> None:
    text = SAMPLE.read_text("utf-8").replace("market_year = 2024", "market_year = 2040")
    with pytest.raises(BadPlan, match=r"target\.market_year"):
        read_plan(text.encode(), name="late.toml")


def test_the_figures_of_the_first_page_add_up() -> None:
    found = carried_findings()
    figures = found.answers["potential"].figures
    traded, start, carried = (
        float(str(figures[name])) for name in ("traded_usd", "potential_usd", "supposed_usd")
    )
    tongue, told = found.tongue, sentence(found)
    for amount in (traded, traded - start, carried - start, carried):
        assert tongue.usd(amount) in told
    assert "do not add up" in _text(found)


def test_the_waterfall_begins_with_todays_trade() -> None:
    pictures = [one for one in _chapter(carried_findings(), "potential") if isinstance(one, Picture)]
    steps = pictures[0].chart
    first = steps.spec["data"]["values"][0]  # type: ignore[index]
    assert first["value"] == pytest.approx(0.322, abs=1e-3)
    assert steps.alt.startswith("today 0.322 bn USD, not counted, or by the plan's terms -0.064")


def test_gains_count_only_what_lies_above_todays_sales() -> None:
    chosen = carried_findings().answers["select"].table.filter(pl.col("origin") == "potential")
    assert not {"260800", "260700", "261510"} & set(chosen["product_code"])
    known = carried_findings().answers["potential"].table
    below = known.filter(pl.col("potential_usd") <= pl.col("actual_usd"))
    assert len(below) > 1
    assert below["gain_usd"].sum() == 0


def test_new_capacity_is_no_strength_of_today() -> None:
    found = carried_findings()
    reasons = found.answers["potential"].tables["reasons"].filter(pl.col("product_code") == "260300")
    assert "new_capacity" in reasons["why"]
    assert "specialised" not in reasons["why"]
    rows = next(one.rows for one in first_page(found) if isinstance(one, Grid))
    assert rows[0][3].startswith("new capacity of the plan")


def test_the_page_says_that_few_products_are_the_plan_and_what_the_rest_brings() -> None:
    told = _text(carried_findings())
    assert re.search(r"In truth the plan rests on 2 of them: 9\d", told)
    assert re.search(r"and 1\.0\d bn USD a year of that is there only if somebody builds it", told)
    assert "The fewest that keep every limit and bring 80 % of that are 3: they bring 98." in told
    assert re.search(r"The other 10 of the choice bring [\d.]+ mn USD a year together", told)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (1e12, "more than in any of 759 published decades of 69 countries (the largest: 8.98 times)"),
        (150e9, "is rare but has been done: 8.3 % of 759"),
        (220e9, "is rare but has been done: of 100 published decades of 69 countries 95 stayed below that"),
        (90e9, "more than the middle one of 759"),
        (60e9, "reached as much or more (2.12 times)"),
        (20e9, "20 bn USD is met already: exports were 30 bn USD in 2025"),
    ],
)
def test_how_rare_a_target_is_follows_from_where_it_lies(wanted: float, told: str) -> None:
    found = _asking(wanted_usd=wanted, market_wanted_usd=min(wanted, 50e9))
    assert told in sentence(found)
    assert ("rare" in sentence(found)) == ("rare" in told)
    assert "0th" not in _text(found).replace("50th", "").replace("90th", "")


def test_a_market_target_that_is_met_asks_for_nothing() -> None:
    found = _asking(wanted_usd=20e9, market_wanted_usd=2e9)
    told = _text(found)
    assert told.count("met already") >= 4
    assert "What would have to be true" not in told
    assert "would close it" not in told
    assert "published" not in " ".join(sureness(found))


def test_a_plan_without_levers_says_that_its_gains_add_nothing() -> None:
    found = _without_levers()
    told = _text(found)
    assert "This plan pulls no lever" in told
    assert "every lever of this plan" not in told
    assert "with all levers pulled" not in told
    assert "add none in sum" in told
    assert "above what is sold" not in told
    assert any(
        isinstance(one, Paragraph) and one.is_strong and "add none" in one.text
        for one in _chapter(found, "select")
    )
    assert "No lever is pulled, so nothing is added." in str(_chapter(found, "potential")[0])


def test_what_other_sellers_did_is_told_with_their_size_and_the_markets_growth_and_no_more() -> None:
    (told,) = (one for one in sureness(carried_findings()) if "windows of 11 years" in one)
    assert "began with 161 mn USD or more" in told
    assert "came to buy" in told
    assert "never before" not in told


def test_captions_name_the_years_that_were_looked_at() -> None:
    found = carried_findings()
    (curve,) = (one for one in _chapter(found, "screen") if isinstance(one, Picture))
    assert "means of 2022–2024" in curve.caption
    assert "6 of 53 products" in curve.chart.alt
    steps = next(one for one in _chapter(found, "potential") if isinstance(one, Picture))
    assert "202601, 2024." in steps.caption


def test_the_front_ends_where_the_choice_ends() -> None:
    answer = carried_findings().answers["select"]
    front = answer.tables["front"]
    assert front["number"].max() == answer.figures["chosen"]
    assert front["gain_usd"].max() == pytest.approx(answer.figures["gain_usd"])


def test_a_table_of_published_figures_names_each() -> None:
    table = [one for one in _chapter(carried_findings(), "national") if isinstance(one, Grid)][-1]
    assert table.headings == ("what was published", "figure")
    assert ("share that reached 5 times", "8.3 %") in table.rows
    assert ("multiple that 50 of 100 decades stayed below", "2.12 times") in table.rows


def test_the_sample_is_the_plan_that_these_tests_change() -> None:
    assert all(re.search(rf"(?m)^{key} = ", open_plan().raw.decode()) for key in _TARGET)


def test_what_speaks_against_a_product_is_no_reason_to_push_it() -> None:
    rows = next(one.rows for one in first_page(carried_findings()) if isinstance(one, Grid))
    assert [row for row in rows if "weak" in row[3] or "little" in row[3]] == []


def test_a_plan_whose_whole_is_less_than_its_part_is_told_so() -> None:
    assert "One of the two figures is wrong" not in _text(carried_findings())
    told = _text(_asking(market_usd=1e8, market_wanted_usd=1e9))
    assert "more than the 100 mn USD (2024) that the plan gives for all products" in told


def test_without_needs_nothing_is_called_a_sample_and_no_acres_are_shown() -> None:
    found = carried_findings()
    asks = msgspec.structs.replace(found.plan.asks, needs=NeedTable(is_sample=True, source="nobody"))
    chosen = found.answers["select"]
    bare = replace(chosen, table=chosen.table.drop("need_land_acres"))
    changed = replace(found, plan=replace(found.plan, asks=asks), answers={**found.answers, "select": bare})
    grid = next(one for one in first_page(changed) if isinstance(one, Grid))
    assert len(grid.headings) == 3
    assert "SAMPLE" not in grid.caption
    assert "sample coefficients" not in _text(changed)
    assert "sample coefficients" in _text(found)
