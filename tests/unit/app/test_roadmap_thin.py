"""Thin data, few products, a slow machine: a roadmap finishes, and says what it had to leave out."""

import re
from functools import cache
from pathlib import Path

import pytest

from rahdari.app.analyst import Analyst
from rahdari.app.forecast_ledger import ForecastLedger
from rahdari.app.roadmap import Plan, RoadmapOffice, ask_all, read_plan, run
from rahdari.app.roadmap.plan import SAMPLE
from rahdari.trade import BadParameter, Country, CountryCode, Ground, Product, ProductCode, Revision, Source
from rahdari.trade.rules.choice import Effort
from tests.fakes.clock import WoundClock
from tests.fakes.flows import Flow, FlowsInMemory
from tests.unit.app.roadmap_scene import carried_analyst, carried_findings

COUNTRIES = ("PAK", "CHN", "IND", "USA", "DEU")
PRODUCTS = (260300, 261000, 251110)


@cache
def _thin() -> Analyst:
    """Three products of five countries in four years: less than any question was made for."""
    flows = [
        Flow(year, seller, buyer, product, 10_000_000 * (seller + buyer) * (1 + at) + year)
        for year in range(2021, 2025)
        for seller in range(5)
        for buyer in range(5)
        for at, product in enumerate(PRODUCTS)
        if seller != buyer and (seller + at) % 3
    ]
    return Analyst(
        FlowsInMemory(
            Source("made up", "1", Revision.HS92, "0" * 64, "made up"),
            [Country(CountryCode(code), f"{code} land", number) for number, code in enumerate(COUNTRIES)],
            [Product(ProductCode(f"{one:06}"), f"Goods {one}") for one in PRODUCTS],
            flows,
            range(2021, 2025),
        )
    )


def _plan(**values: str) -> Plan:
    text = SAMPLE.read_text(encoding="utf-8")
    for key, value in {"sectors_min": "0", "pdf": "false", **values}.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text, count=1)
    return read_plan(text.encode(), name="thin.toml")


def test_three_products_of_four_years_make_a_whole_roadmap(tmp_path: Path) -> None:
    clock = WoundClock()
    office = RoadmapOffice(_thin(), ForecastLedger(tmp_path / "forecasts", clock), clock)
    made = office.make(_plan(), tmp_path / "out")
    page = (made.folder / "roadmap.html").read_text(encoding="utf-8")
    assert "What to push" in page
    assert "Not answered" in page
    assert set(made.found.missing) >= {"relocate", "past"}


def test_a_choice_leaves_out_what_the_data_cannot_tell() -> None:
    found = ask_all(_plan(), _thin(), questions=("potential", "relocate", "ladder", "select"))
    assert "relocate" in found.missing
    assert set(found.answers["select"].table["origin"]) <= {"potential", "ladder"}


def test_a_choice_that_finds_nothing_in_the_usual_time_is_given_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "EFFORTS", (Effort(seconds_max=1e-9), Effort(seconds_max=60.0)))
    found = ask_all(_plan(), _thin(), questions=("potential", "relocate", "select"))
    assert float(str(found.answers["select"].figures["gain_usd"])) > 0


def test_a_choice_that_finds_nothing_at_all_is_a_chapter_without_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(*_: object, **__: object) -> object:
        raise BadParameter("no choice was found within 60 seconds; allow more", ground=Ground.OUT_OF_TIME)

    monkeypatch.setattr(run, "ask_select", find_nothing)
    found = ask_all(_plan(), carried_analyst(), questions=("select",))
    assert "no choice was found" in found.missing["select"].why


def test_what_was_asked_already_is_not_asked_again_for_the_choice() -> None:
    found = carried_findings()
    alone = ask_all(found.plan, carried_analyst(), questions=("select",)).answers["select"]
    shared = found.answers["select"]
    assert alone.table.equals(shared.table)
    assert shared.figures == alone.figures
