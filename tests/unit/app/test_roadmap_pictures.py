"""No picture ends a report, and every letter of a picture has a font on the page that it stands on."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from rahdari.app import roadmap_charts
from rahdari.app.charts import Chart, ChartDrawer
from rahdari.app.charts.chart import chart
from rahdari.app.errors import ChartFailed
from rahdari.app.roadmap import Findings, to_html, to_pdf, write_report
from rahdari.app.roadmap.cells import pictured
from rahdari.app.roadmap.evidence import chapters
from rahdari.app.roadmap.pages import drawable
from rahdari.app.roadmap.report import Chapter, Paragraph, Picture, Report, to_svg
from rahdari.app.roadmap.tongue import LANGUAGES, Language
from tests.unit.app.roadmap_scene import carried_findings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@cache
def _report(language: Language = "en") -> Report:
    found = carried_findings()
    return write_report(replace(found, plan=found.plan.in_language(language)), made_at=NOW, ledger="ledger")


def _space(found: Findings) -> Picture | Paragraph:
    block = next(one for one in chapters(found) if one.id == "complexity").blocks[0]
    assert isinstance(block, Picture | Paragraph)
    return block


def test_a_picture_that_cannot_be_drawn_is_a_sentence_in_its_place() -> None:
    broken = chart("broken", "Nothing.", {"mark": "no such mark", "data": {"values": []}})
    endless = chart("endless", "Too much.", {"mark": "bar", "data": {"values": [{"x": float("nan")}]}})
    pictures = Chapter("one", "One", (Picture(broken, "a"), Picture(endless, "b"), Paragraph("stays")))
    report = drawable(replace(_report(), chapters=(pictures,)), ChartDrawer())
    first, second, last = report.chapters[0].blocks
    for one in (first, second):
        assert isinstance(one, Paragraph)
        assert one.text.startswith("A picture is missing here: the chart")
    assert last == Paragraph("stays")
    assert b"A picture is missing here" in to_html(report, ChartDrawer())
    assert to_pdf(report, ChartDrawer()).startswith(b"%PDF-")


def test_a_chart_that_cannot_be_put_together_is_a_sentence_too() -> None:
    def fail() -> Chart:
        raise ChartFailed("a chart of 30000 marks; choose fewer.")

    told = pictured(carried_findings(), fail, "caption")
    assert told == Paragraph("A picture is missing here: a chart of 30000 marks; choose fewer.")


def test_of_many_products_those_that_the_world_trades_most_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roadmap_charts, "SPACE_PRODUCTS_MAX", 20)
    drawn = _space(carried_findings())
    assert isinstance(drawn, Picture)
    assert "Drawn are the 20 products that the world trades most, of 71." in drawn.caption
    assert "means of 2022–2024" in drawn.caption


def test_too_few_products_for_a_plane_leave_the_picture_out_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roadmap_charts, "SPACE_PRODUCTS_MAX", 3)
    told = _space(carried_findings())
    assert isinstance(told, Paragraph)
    assert "A picture is missing here: a product space of (3, 3) proximities" in told.text


@pytest.mark.parametrize(("language", "font"), [("zh", "Rahdari Han"), ("ur", "Rahdari Nastaliq")])
def test_a_page_in_another_script_carries_the_font_that_its_charts_name(
    language: Language, font: str
) -> None:
    page = to_html(_report(language), ChartDrawer()).decode()
    assert f'@font-face {{ font-family: "{font}"; src: url("data:font/woff2;base64,' in page
    assert "font-src data:" in page
    named = set(re.findall(r'<text[^>]* font-family="([^"]*)"', page))
    assert named
    assert all(font in one for one in named)


def test_an_english_page_carries_no_font() -> None:
    page = to_html(_report(), ChartDrawer()).decode()
    assert "@font-face" not in page
    assert "font-src" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_name_the_fonts_of_the_web_pages(language: Language) -> None:
    fonts = next(
        str(one.chart.spec["config"]["font"])  # type: ignore[index]
        for chapter in _report(language).chapters
        for one in chapter.blocks
        if isinstance(one, Picture)
    )
    assert {"Rahdari Sans", "Rahdari Han", "Rahdari Nastaliq"} <= {one.strip() for one in fonts.split(",")}


def test_letters_of_a_chart_are_drawn_and_no_boxes() -> None:
    """A missing letter is drawn as the same box each time; two different ones then look alike."""
    pictures = []
    for word in ("今天", "关税", "产能"):
        made = chart(
            "word", word, {"mark": {"type": "text", "fontSize": 30}, "data": {"values": [{"t": word}]},
                           "encoding": {"text": {"field": "t", "type": "nominal"}}},
        )  # fmt: skip
        pictures.append(ChartDrawer().png(made))
    assert len(set(pictures)) == len(pictures)
    assert min(len(one) for one in pictures) > 300
    assert np.unique([len(one) for one in pictures]).size > 1


@pytest.mark.parametrize(
    ("language", "fonts"),
    [
        ("en", {"Rahdari Sans"}),
        ("ur", {"Rahdari Sans", "Rahdari Nastaliq"}),
        ("zh", {"Rahdari Sans", "Rahdari Han"}),
    ],
)
def test_a_chart_as_a_file_of_its_own_carries_its_fonts_and_fetches_nothing(
    language: Language, fonts: set[str]
) -> None:
    drawn = chart("bars", "Bars.", {"mark": "bar", "data": {"values": [{"x": 1}]}})
    text = to_svg(drawn, ChartDrawer(), language).decode()
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Bars."
    style = root.findtext("{http://www.w3.org/2000/svg}style") or ""
    assert set(re.findall('font-family: "(.*?)"', style)) == fonts
    assert [one for one in re.findall(r"url\((.{0,12})", style) if not one.startswith('"data:font')] == []
