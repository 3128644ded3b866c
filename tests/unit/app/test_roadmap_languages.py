"""A report says the same in English, Urdu and Chinese: catalogues are whole, numbers are as readers write them."""

import ast
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from rahdari.app.charts import ChartDrawer
from rahdari.app.roadmap import Findings, to_html, to_pdf, write_report
from rahdari.app.roadmap import tongue as module
from rahdari.app.roadmap.tongue import LANGUAGES, Language, tongue_of
from rahdari.cli.roadmap import Language as OfTheCommandLine
from rahdari.trade.rules.answers import Note
from tests.unit.app.roadmap_scene import carried_findings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FOLDER = Path(module.__file__).parent
SECTIONS = {one: tomllib.loads((FOLDER / "messages" / f"{one}.toml").read_text("utf-8")) for one in LANGUAGES}
HOLES = re.compile(r"{(\w+)}")


def _in(language: Language) -> Findings:
    found = carried_findings()
    return replace(found, plan=found.plan.in_language(language))


def _html(language: Language) -> str:
    report = write_report(_in(language), made_at=NOW, ledger="ledger")
    return to_html(report, ChartDrawer()).decode()


def _words(page: str) -> str:
    """Take out what is a name, a code, or drawn."""
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", page, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", text)


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_a_catalogue_holds_every_sentence_with_the_same_values(language: Language) -> None:
    for section, texts in SECTIONS["en"].items():
        assert set(texts) == set(SECTIONS[language][section]), section
        for name, text in texts.items():
            if isinstance(text, str):
                told = SECTIONS[language][section][name]
                assert set(HOLES.findall(text)) == set(HOLES.findall(told)), f"{section}.{name}"


def test_every_sentence_that_the_code_names_is_in_the_catalogue() -> None:
    named = set()
    for file in FOLDER.glob("*.py"):
        for one in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                section, _, name = one.value.partition(".")
                if section in SECTIONS["en"] and re.fullmatch(r"[a-z_]*[a-z0-9]", name):
                    named.add(one.value)
    assert len(named) > 60
    for key in named:
        section, _, name = key.partition(".")
        assert name in SECTIONS["en"][section], key


def test_the_command_line_and_the_plan_know_the_same_languages() -> None:
    assert get_args(OfTheCommandLine) == LANGUAGES


@pytest.mark.parametrize(
    ("language", "amount", "written"),
    [
        ("en", 1.239e9, "1.24 bn USD"),
        ("ur", 1.239e9, "1.24 ارب ڈالر"),
        ("zh", 1.239e9, "12.4 亿美元"),
        ("zh", 322_329_186.0, "3.22 亿美元"),
        ("zh", 3.5e7, "3,500 万美元"),
        ("zh", 5e12, "5 万亿美元"),
        ("en", -5e6, "-5 mn USD"),
        ("ur", -5e6, "\u200e-5 ملین ڈالر"),
        ("ur", 0.0, "0 ڈالر"),
    ],
)
def test_dollars_are_written_in_the_units_of_the_language(
    language: Language, amount: float, written: str
) -> None:
    assert tongue_of(language).usd(amount) == written


def test_shares_multiples_and_days_are_written_as_the_language_does() -> None:
    english, urdu, chinese = (tongue_of(one) for one in LANGUAGES)
    assert (english.percent(0.083), urdu.percent(0.083), chinese.percent(0.083)) == (
        "8.3 %", "8.3 فیصد", "8.3 %",
    )  # fmt: skip
    assert (english.times(21.0), urdu.times(21.0), chinese.times(21.0)) == ("21 times", "21 گنا", "21 倍")
    assert (english.date(NOW), chinese.date(NOW)) == ("1 March 2026", "2026年3月1日")
    assert "2026" in urdu.date(NOW)


def test_countries_have_their_names_and_unknown_ones_that_of_the_data() -> None:
    assert tongue_of("zh").country("PAK", "Pakistan") == "巴基斯坦"
    assert tongue_of("ur").country("CHN", "China") == "چین"
    assert tongue_of("en").country("CHN", "China (mainland)") == "China (mainland)"
    assert tongue_of("zh").country("QQQ", "Nowhere") == "Nowhere"


def test_a_notes_rate_carries_its_unit_once() -> None:
    for language in LANGUAGES:
        (told,) = tongue_of(language).notes("potential", [Note("rates_supposed", {"percent": 3.0})])
        assert told.count("%") + told.count("فیصد") == 1, told


def test_a_note_without_words_is_left_to_the_manifest() -> None:
    assert tongue_of("en").notes("screen", [Note("nobody_worded_this")]) == ()


def test_a_page_in_urdu_runs_from_right_to_left_and_names_product_codes_alike() -> None:
    page = _html("ur")
    assert '<html lang="ur" dir="rtl">' in page
    assert "کس پر زور دیا جائے" in page
    assert "(260300)" in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_no_english_sentence_is_left_but_titles_names_and_sources(language: Language) -> None:
    target = carried_findings().plan.asks.target
    # What the plan says in its own words stays as it is.
    text = _words(_html(language)).replace(target.source, "").replace(target.market_source, "")
    for word in (" which ", " a year", "Chapter", " times ", "USD", " every ", " percentile", " gain"):
        assert word not in text, word


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_a_report_in_another_script_is_set_as_pdf(language: Language) -> None:
    report = write_report(_in(language), made_at=NOW, ledger="ledger")
    assert to_pdf(report, ChartDrawer()).startswith(b"%PDF-")
