"""One run answers every question, writes a report that a minister reads, and keeps what it foretells."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from rahdari.app.analyst import Analyst
from rahdari.app.charts import ChartDrawer
from rahdari.app.errors import BadFile, OutputTaken
from rahdari.app.forecast_ledger import ForecastLedger
from rahdari.app.manifests import csv_bytes
from rahdari.app.roadmap import (
    QUESTIONS,
    Findings,
    Plan,
    RoadmapOffice,
    claims_of,
    open_plan,
    read_plan,
    score_forecasts,
    to_html,
    to_pdf,
    write_report,
)
from rahdari.app.roadmap.forecasting import what_of
from rahdari.app.roadmap.office import read_head
from rahdari.app.roadmap.place import MANIFEST, require_free
from rahdari.app.roadmap.plan import SAMPLE
from rahdari.app.roadmap.run import Missing, ask_all, traded
from rahdari.trade import Infeasible, UnknownCountry
from rahdari.trade.rules.forecast_chain import Head
from rahdari.trade.rules.forecast_scores import Waits
from rahdari.trade.rules.forecasts import Goods, Quantiles
from rahdari.trade.values import Level
from tests.fakes.clock import WoundClock
from tests.unit.app.roadmap_scene import carried_analyst, carried_findings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _plan(**changes: str) -> Plan:
    text = SAMPLE.read_text(encoding="utf-8")
    for old, new in changes.items():
        text = re.sub(rf"(?m)^{old} = .*$", new, text, count=1)
    return read_plan(text.encode(), name="mine.toml")


@pytest.fixture(scope="module")
def found() -> Findings:
    return carried_findings()


@pytest.fixture(scope="module")
def page(found: Findings) -> str:
    return to_html(write_report(found, made_at=NOW, ledger="ledger"), ChartDrawer()).decode()


def test_every_question_is_answered_or_says_why_not(found: Findings) -> None:
    assert set(found.answers) | set(found.missing) | set(found.not_asked) == set(QUESTIONS)
    assert {"screen", "potential", "select", "national", "path"} <= set(found.answers)


def test_static_potential_is_what_is_traded_so_only_levers_add(found: Findings) -> None:
    figures = found.answers["potential"].figures
    assert figures["traded_usd"] == pytest.approx(322_329_186)
    assert float(str(figures["potential_usd"])) <= float(str(figures["traded_usd"]))


def test_the_products_stand_for_their_present_part_of_the_target(found: Findings) -> None:
    assert found.part_usd == pytest.approx(50e9 * 322_329_186 / 2.38e9)


def test_the_choice_keeps_the_land_and_every_other_limit(found: Findings) -> None:
    limits = found.answers["select"].tables["limits"]
    assert (limits["used"] <= limits["budget"] * (1 + 1e-9)).all()
    assert "land_acres" in limits["resource"].to_list()


def test_the_target_lies_among_published_decades(found: Findings) -> None:
    figures = found.answers["national"].figures
    assert figures["all_growth_share_per_year"] == pytest.approx(0.1746, abs=1e-4)
    assert (figures["all_percentile_low"], figures["all_percentile_high"]) == (90.0, 95.0)
    assert figures["all_reached_share"] == 0.083
    assert figures["market_percentile_high"] is None


def test_both_paths_end_at_the_target(found: Findings) -> None:
    ends = found.answers["national"].tables["paths"].filter(year=2035)["value_usd"]
    assert ends.to_list() == [150e9, 150e9]


def test_a_horizon_without_published_decades_has_no_place_in_them() -> None:
    plan = _plan(years="years = 7")
    analyst = carried_analyst()
    answers = ask_all(plan, analyst, questions=("national",)).answers
    assert "all_percentile_low" not in answers["national"].figures
    assert answers["national"].tables["decades"].is_empty()


def test_the_back_test_has_trials_of_both_horizons_and_scores(found: Findings) -> None:
    leads = found.answers["past"].table.filter(pl.col("figure") == "lead")
    assert set(leads["horizon_years"]) == {5, 10}
    assert {"density", "untapped"} <= set(leads["scorer"])


def test_the_same_plan_gives_the_same_tables(found: Findings) -> None:
    again = ask_all(open_plan(), carried_analyst())
    for question, answer in found.answers.items():
        assert csv_bytes(again.answers[question].table) == csv_bytes(answer.table), question


def test_a_country_that_the_data_do_not_know_ends_the_run() -> None:
    with pytest.raises(UnknownCountry):
        ask_all(_plan(exporter='exporter = "QQQ"'), carried_analyst())


def test_limits_that_contradict_one_another_end_the_run_with_their_names() -> None:
    with pytest.raises(Infeasible, match=r"programme_slots|sectors"):
        ask_all(_plan(programme_slots="programme_slots = 1"), carried_analyst())


def test_the_first_page_answers_what_how_far_and_how_sure(page: str) -> None:
    first = page[: page.index('class="evidence"')]
    for told in (
        "17.5 % a year",
        "31.9 % a year",
        "322 mn USD",
        "13.5 % of what is sold there",
        "8.3 %",
        "What to push",
        "Copper ores and concentrates",
        "What would have to be true for 50 bn USD",
        "Without levers potential only re-allocates",
        "between the 90th and the 95th percentile",
        "SAMPLE",
        "UN Comtrade",
        "74 products",
    ):
        assert told in first, told


def test_numbers_are_written_as_people_read_them(page: str) -> None:
    text = re.sub(r"<[^>]*>", " ", page)
    assert not re.search(r"\d{7,}\.\d", text)
    assert not re.search(r"\d\.\d{5,}", text)
    assert " nan" not in text.lower()
    assert "None" not in text


def test_the_page_fetches_and_runs_nothing(page: str) -> None:
    assert "default-src 'none'" in page
    for sign in ("<script", "javascript:", "<link", "<iframe", " style=", "@import", "url("):
        assert sign not in page, sign
    assert not re.search(r"\son\w+=", page)


def test_every_chart_has_its_words(page: str) -> None:
    assert page.count("<svg") == page.count("<figcaption>") == page.count('role="img"')
    assert page.count("<svg") >= 7


def test_a_strangers_title_stays_text(found: Findings) -> None:
    hostile = replace(found, plan=_plan(title='title = "<script>alert(1)</script>"'))
    raw = to_html(write_report(hostile, made_at=NOW, ledger="x"), ChartDrawer()).decode()
    assert "<script>" not in raw
    assert "&lt;script&gt;" in raw


def test_a_question_without_an_answer_is_told_with_its_reason(found: Findings) -> None:
    left = {
        name: answer for name, answer in found.answers.items() if name not in {"select", "potential", "path"}
    }
    missing = {
        name: Missing(name, "trade.no_data", f"{name} lacks data", f"{name} lacks data")
        for name in ("select", "potential", "path")
    }
    thin = replace(found, answers=left, missing=missing)
    raw = to_html(write_report(thin, made_at=NOW, ledger="x"), ChartDrawer()).decode()
    assert "Not answered: potential lacks data." in raw
    assert "No choice could be made: select lacks data." in raw


def test_the_pdf_is_the_same_each_time(found: Findings) -> None:
    report, drawer = write_report(found, made_at=NOW, ledger="ledger"), ChartDrawer()
    first = to_pdf(report, drawer)
    assert first.startswith(b"%PDF-")
    assert first == to_pdf(report, drawer)


def test_forecasts_look_ahead_and_end_with_a_chance(found: Findings) -> None:
    claims = claims_of(found, this_year=2026)
    assert [one.target_year for one in claims] == [*range(2026, 2036), 2035]
    assert all(isinstance(one.said, Quantiles) for one in claims[:-1])
    assert claims[0].known.last_usd == pytest.approx(322_329_186)
    assert {one.what for one in claims} == {what_of(found.book.source)}
    assert claims_of(found, this_year=2040) == ()


def _office(folder: Path, analyst: Analyst) -> RoadmapOffice:
    clock = WoundClock()
    return RoadmapOffice(analyst, ForecastLedger(folder / "forecasts", clock), clock)


def test_a_folder_is_written_whole_with_the_digest_of_each_file(tmp_path: Path) -> None:
    office = _office(tmp_path, carried_analyst())
    made = office.make(open_plan(), tmp_path / "out")
    document = json.loads((tmp_path / "out" / MANIFEST).read_bytes())
    written = {str(one.relative_to(made.folder)) for one in made.folder.rglob("*") if one.is_file()}
    assert written == {*document["files_sha256"], MANIFEST}
    assert {"roadmap.html", "roadmap.pdf", "plan.toml", "answers/07-select.csv"} <= written
    assert read_head(made.folder) == office.ledger.head()
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".out")]
    with pytest.raises(OutputTaken):
        office.make(open_plan(), tmp_path / "out")
    before = office.ledger.head()
    again = office.make(open_plan(), tmp_path / "out", is_replacing=True)
    assert again.forecasts == ()
    assert office.ledger.head() == before
    for name, digest in again.files.items():
        if name.startswith("answers/") and name.endswith(".csv"):
            assert made.files[name] == digest


@pytest.mark.parametrize("question", ["national", "past"])
def test_the_reports_own_questions_are_made_again_from_their_manifests(
    found: Findings, question: str
) -> None:
    analyst, answer = carried_analyst(), found.answers[question]
    again = analyst.again(json.loads(analyst.manifest(answer).to_json()))
    assert analyst.manifest(again).outputs == analyst.manifest(answer).outputs
    assert again.parameters == answer.parameters


def test_what_is_no_roadmap_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(OutputTaken, match="holds no roadmap"):
        require_free(tmp_path, is_replacing=True)
    assert (tmp_path / "precious").exists()


def test_a_head_is_read_from_a_roadmaps_folder_alone(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        read_head(tmp_path)


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    office = _office(tmp_path, carried_analyst())
    with pytest.raises(UnknownCountry):
        office.make(_plan(market='market = "QQQ"'), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_forecast_is_scored_when_its_year_is_held(tmp_path: Path, found: Findings) -> None:
    then, now = WoundClock(datetime(2023, 5, 1, tzinfo=UTC)), WoundClock(datetime(2026, 5, 1, tzinfo=UTC))
    claim = claims_of(found, this_year=2026)[0]
    past = replace(claim, target_year=2024, known=replace(claim.known, last_year=2022, earlier_year=2017))
    ForecastLedger(tmp_path, then).record([past, replace(past, what="all.other.HS92")])
    sheet = score_forecasts(ForecastLedger(tmp_path, now), found.book)
    assert [one.outcome_usd for one in sheet.scores] == [traded(found.book, found.scope)]
    assert len(sheet.waiting) == 1
    assert score_forecasts(ForecastLedger(tmp_path, now), found.book, noted=Head(0, "0" * 64)).scores


def test_a_forecast_is_scored_by_the_very_goods_that_it_is_of(tmp_path: Path, found: Findings) -> None:
    then, now = WoundClock(datetime(2023, 5, 1, tzinfo=UTC)), WoundClock(datetime(2026, 5, 1, tzinfo=UTC))
    claim = claims_of(found, this_year=2026)[0]
    assert claim.goods is not None
    assert claim.goods.count == len(found.book.products(Level.HS6))
    past = replace(claim, target_year=2024, known=replace(claim.known, last_year=2022, earlier_year=2017))
    copper = replace(past, goods=Goods.of(["260300"], level=Level.HS6))
    elsewhere = replace(past, goods=Goods.of(["260300", "620342"], level=Level.HS6))
    ForecastLedger(tmp_path, then).record([copper, elsewhere, replace(past, goods=None)])
    sheet = score_forecasts(ForecastLedger(tmp_path, now), found.book)
    sold = found.book.sold_by(found.scope.exporter, [2024], Level.HS6)
    assert [one.outcome_usd for one in sheet.scores] == [
        sold.of_row(found.scope.market)[sold.columns.index("260300")]
    ]
    assert [one.why for one in sheet.waiting] == [Waits.OTHER_GOODS, Waits.GOODS_NOT_NOTED]
