"""Chapters that stand where a plan names what they take, and what is said where it does not."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from rahdari.app.charts import ChartDrawer
from rahdari.app.errors import BadPlan, FolderFailed
from rahdari.app.roadmap import Findings, Plan, open_plan, read_plan, to_html, write_report
from rahdari.app.roadmap.cells import notes
from rahdari.app.roadmap.evidence import chapters
from rahdari.app.roadmap.known import files_used
from rahdari.app.roadmap.making import ladder, substitute
from rahdari.app.roadmap.plan import SAMPLE
from rahdari.app.roadmap.report import Grid, Paragraph, Picture
from rahdari.app.roadmap.run import ask_all
from rahdari.app.roadmap.tongue import tongue_of
from rahdari.trade import BadTradeFile
from rahdari.trade.rules.backtest import Trial
from rahdari.trade.service.past import relocation_figures, relocation_trials
from tests.unit.app.roadmap_scene import carried_analyst, carried_findings
from tests.unit.wire.comtrade_tables import row, table

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPTIONAL = ("tariff", "diversify", "mirror")
TODAY = (
    "importer,exporter,product,rate_percent,kind\nCHN,,*,3,mfn\nCHN,,26,2,mfn\nCHN,PAK,2603,1,preference\n"
)
LATER = "importer,exporter,product,rate_percent,kind\nCHN,,*,3,mfn\nCHN,,26,2,mfn\nCHN,PAK,26,0,preference\n"
BY_CHINA = {
    "reporterCode": 156,
    "reporterISO": "CHN",
    "partnerCode": 586,
    "partnerISO": "PAK",
    "flowCode": "M",
}


def _text(more: str, *, is_supposed: bool = False) -> str:
    text = SAMPLE.read_text("utf-8")
    return (text if is_supposed else re.sub(r"(?m)^market_tariff_percent = .*$", "", text)) + more


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("plan")
    (folder / "today.csv").write_text(TODAY)
    (folder / "later.csv").write_text(LATER)
    reports = [row(primaryValue=1000), row(primaryValue=1500, **BY_CHINA), row(cmdCode="740319")]
    (folder / "both.csv").write_bytes(table(*reports, row(refYear=2022, period="2022", primaryValue=900)))
    tables = (
        '[tariffs]\ntoday = "today.csv"\nafter = "later.csv"\n[diversify]\nexclude = ["27"]\n'
        '[mirror]\nfiles = ["both.csv"]\n'
    )
    (folder / "plan.toml").write_text(_text(tables))
    return open_plan(folder / "plan.toml")


@pytest.fixture(scope="module")
def found(plan: Plan) -> Findings:
    return ask_all(plan, carried_analyst(), questions=OPTIONAL)


def _paragraphs(found: Findings, chapter: str) -> str:
    blocks = next(one.blocks for one in chapters(found) if one.id == chapter)
    return " ".join(one.text for one in blocks if isinstance(one, Paragraph))


def test_a_plan_without_these_tables_leaves_the_chapters_out_and_says_which_key_adds_them() -> None:
    written = {one.id: one for one in chapters(carried_findings())}
    assert not set(OPTIONAL) & set(written)
    told = _paragraphs(carried_findings(), "limits")
    assert "Not looked at" in told
    for key in ("tariffs.today", "table diversify", "mirror.files"):
        assert key in told


def test_a_plan_with_them_has_the_chapters_and_nothing_left_to_add(found: Findings) -> None:
    assert [one.id for one in chapters(found)] == [*OPTIONAL, "limits"]
    assert "Not looked at" not in _paragraphs(found, "limits")


def test_a_schedule_tells_what_is_created_diverted_and_lost(found: Findings) -> None:
    figures = found.answers["tariff"].figures
    told = _paragraphs(found, "tariff")
    assert float(str(figures["exporter_gain_usd"])) > 0 > float(str(figures["revenue_change_usd"]))
    assert "today.csv" in told
    assert "later.csv" in told
    assert found.tongue.usd(float(str(figures["creation_usd"]))) in told


def test_the_schedule_of_today_takes_the_place_of_the_rate_that_was_supposed(plan: Plan) -> None:
    answer = ask_all(plan, carried_analyst(), questions=("potential",)).answers["potential"]
    codes = [one.code for one in answer.notes]
    assert "rates_from" in codes
    assert "rates_supposed" not in codes


def test_what_could_be_begun_is_ranked_and_not_valued(found: Findings) -> None:
    grids = [
        one for chapter in chapters(found) if chapter.id == "diversify" for one in chapter.blocks
        if isinstance(one, Grid)
    ]  # fmt: skip
    assert [one[0] for one in grids[0].rows[:3]] == ["1", "2", "3"]
    assert "USD" not in " ".join(cell for one in grids[0].rows for cell in one)
    assert not found.answers["diversify"].table["product_code"].str.starts_with("27").any()


def test_both_reports_stand_side_by_side_with_their_gap(found: Findings) -> None:
    figures = found.answers["mirror"].figures
    assert (figures["exporter_usd"], figures["importer_usd"], figures["ratio"]) == (1000.0, 1500.0, 1.5)
    assert (figures["first_year"], figures["last_year"], figures["flows_both"]) == (2022, 2023, 1)
    told = _paragraphs(found, "mirror")
    assert "1.5 times the exporter's figure" in told
    assert "1.06 times" in told


def test_the_files_of_a_plan_are_named_with_their_digests(found: Findings) -> None:
    used = {str(one["name"]): str(one["sha256"]) for one in files_used(found.answers)}
    assert set(used) == {"today.csv", "later.csv", "both.csv"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in used.values())
    page = to_html(write_report(found, made_at=NOW, ledger="x", inputs=used), ChartDrawer()).decode()
    assert used["both.csv"] in page


def test_files_that_tell_of_other_countries_leave_the_question_open(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "both.csv").write_bytes(table(row(partnerCode=842, partnerISO="USA")))
    told = ask_all(replace(plan, folder=tmp_path), carried_analyst(), questions=("mirror",))
    assert "no trade from PAK to CHN" in told.missing["mirror"].why


def test_a_file_that_is_not_there_or_no_schedule_ends_the_run(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(FolderFailed):
        ask_all(replace(plan, folder=tmp_path), carried_analyst(), questions=("tariff",))
    (tmp_path / "today.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadTradeFile, match=r"today\.csv"):
        ask_all(replace(plan, folder=tmp_path), carried_analyst(), questions=("tariff",))


@pytest.mark.parametrize(
    ("more", "is_supposed", "what"),
    [
        ('[tariffs]\ntoday = "a.csv"\n', True, "given twice"),
        ("[tariffs]\nrate_percent = 1\n", False, "today"),
        ('[tariffs]\ntoday = "a.csv"\ndemand = 1\n', False, "tariffs.demand"),
        ("[mirror]\nfiles = []\n", True, "mirror.files"),
        ("[diversify]\ngrowth_years = 0\n", True, "diversify.growth_years"),
        ("[diversify]\nexcluded = []\n", True, "excluded"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(more: str, what: str, *, is_supposed: bool) -> None:
    with pytest.raises(BadPlan, match=what):
        read_plan(_text(more, is_supposed=is_supposed).encode(), name="mine.toml")


def test_a_language_that_is_not_spoken_is_refused() -> None:
    text = SAMPLE.read_text("utf-8").replace("[outputs]", '[outputs]\nlanguage = "de"')
    with pytest.raises(BadPlan, match=r"outputs\.language"):
        read_plan(text.encode(), name="mine.toml")


def test_a_table_of_dashes_is_never_shown() -> None:
    found = carried_findings()
    blocks = ladder(found, found.answers["ladder"])
    assert [type(one) for one in blocks] == [Paragraph]
    assert "trade pull baci" in str(blocks[0])
    assert notes(tongue_of(), found.answers["ladder"]) == ()


def test_only_the_steps_that_could_be_measured_are_shown() -> None:
    found = carried_findings()
    answer = found.answers["ladder"]
    at = pl.int_range(pl.len())
    steps = answer.table.with_columns(
        pl.when(at < 2).then(1.4).otherwise(None).alias("uplift_ratio"),
        pl.when(at < 2).then(250.0).otherwise(None).alias("net_usd_per_raw_tonne"),
    )
    tiers = answer.tables["tiers"].with_columns(
        pl.when(pl.col("ladder") == "copper").then(2.0).otherwise(None).alias("unit_value_usd_per_kg")
    )
    some = replace(answer, table=steps, tables={**answer.tables, "tiers": tiers})
    said, picture, grid = ladder(found, some)
    assert isinstance(said, Paragraph)
    assert isinstance(picture, Picture)
    assert isinstance(grid, Grid)
    assert f"2 of {len(steps)} steps" in said.text
    assert f"other {len(steps) - 2} steps" in said.text
    assert len(grid.rows) == 2
    assert "\u2013" not in grid.rows[0][3:5]


def test_where_every_verdict_is_open_imports_alone_are_shown_with_what_would_answer() -> None:
    found = carried_findings()
    said, grid = substitute(found, found.answers["substitute"])
    assert isinstance(said, Paragraph)
    assert isinstance(grid, Grid)
    assert "--technologies" in said.text
    assert grid.headings == ("product", "imports")


def test_the_back_test_tells_of_relocation_too() -> None:
    answer = carried_findings().answers["past"]
    moved = answer.tables["relocation"]
    assert set(moved["horizon_years"]) == {5, 10}
    assert set(moved["question"]) == {"who_takes_over", "what_leaves"}
    assert answer.figures["who_questions"] == answer.figures["what_questions"] == 4
    told = _paragraphs(carried_findings(), "past")
    assert "who takes over" in told
    assert "Where it does not lead" in told


def test_the_screen_led_where_its_order_was_nearer_to_what_happened() -> None:
    names = ("origin", "horizon_years", "question", "forecast", "cases", "rank_correlation")
    rows = [
        (2004, 10, "what_leaves", "trend_of_share", 9, 0.5),
        (2004, 10, "what_leaves", "naive_exports", 9, 0.2),
        (2009, 5, "what_leaves", "trend_of_share", 9, 0.2),
        (2009, 5, "what_leaves", "naive_exports", 9, 0.2),
        (2014, 5, "what_leaves", "trend_of_share", 9, None),
        (2014, 5, "what_leaves", "naive_exports", 9, 0.2),
        (2004, 10, "who_takes_over", "conditional_logit", 9, 0.1),
        (2004, 10, "who_takes_over", "naive_present_shares", 9, 0.2),
    ]
    told = relocation_figures(pl.DataFrame(rows, schema=names, orient="row"))
    assert told == {
        "who_questions": 1, "who_led": 0, "what_questions": 2, "what_led": 1, "who_unlearned": 0,
    }  # fmt: skip


def test_a_trial_of_a_donor_that_nobody_knows_is_open_with_its_reason() -> None:
    moved, unjudged = relocation_trials(carried_analyst().book, [Trial(2019, 5)], "QQQ")
    assert moved.is_empty()
    assert "QQQ" in unjudged["why"][0]
