"""A plan names files of growth, distances and wages: read before anything is asked, named in the manifest."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from rahdari.app.errors import BadPlan, FolderFailed
from rahdari.app.roadmap import Plan, open_plan, read_plan
from rahdari.app.roadmap.known import EvidenceKeys, Known, TermKeys, files_used, read_known
from rahdari.app.roadmap.plan import SAMPLE
from rahdari.app.roadmap.run import ask_all
from rahdari.trade import BadTradeFile, DataMissing, PotentialWish, RelocateWish, Terms, WageGap
from tests.unit.app.roadmap_scene import carried_analyst

TEXT = SAMPLE.read_text(encoding="utf-8")
GROWTH = "country,gdp_ratio,population_ratio\nPAK,1.2,1.1\nCHN,1.3,1.0\n"


def planned(folder: Path, tables: str) -> Plan:
    path = folder / "plan.toml"
    path.write_text(f"{TEXT}\n{tables}", encoding="utf-8")
    return open_plan(path)


def known(plan: Plan) -> Known:
    analyst = carried_analyst()
    scope = analyst.scope(exporter="PAK", market="CHN", year=2019)
    asks = plan.asks
    return read_known(
        asks.terms, asks.relocation, plan.folder, scope=scope,
        wishes=(Terms(net_importer=True), RelocateWish(donor=asks.donor or "")), book=analyst.book,
    )  # fmt: skip


def test_the_sample_names_no_file_and_every_term_but_its_own_is_off() -> None:
    plan = open_plan()
    assert (plan.asks.terms, plan.asks.relocation) == (TermKeys(), EvidenceKeys())
    assert not plan.asks.terms.is_any
    assert known(plan) == Known(PotentialWish(terms=Terms(net_importer=True)), RelocateWish(donor="CHN"))


def test_files_are_found_beside_the_plan_and_read_into_its_wishes(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "growth.csv").write_text(GROWTH, encoding="utf-8")
    (tmp_path / "pay.csv").write_text(
        "country,wage_usd,output_per_worker_usd\nPAK,1,10\nCHN,6,30\n", encoding="utf-8"
    )
    plan = planned(
        tmp_path,
        '[terms]\ngrowth = "given/growth.csv"\nincome_elasticity = 0.9\ndemand_tariff = true\n'
        '[relocation]\nwages = "pay.csv"\n',
    )
    assert plan.asks.terms.is_any
    found = known(plan)
    assert found.potential.growth.gdp == {"PAK": 1.2, "CHN": 1.3}
    terms = found.potential.terms
    assert (terms.growth, terms.net_importer, terms.demand_tariff, terms.supply_tariff) == (
        True,
        True,
        True,
        False,
    )
    assert terms.income_elasticity.usual == 0.9
    assert found.relocate.wages == WageGap(6.0, 1.0, 30.0, 10.0)
    assert [one.name for one in (*found.potential.files, *found.relocate.files)] == ["growth.csv", "pay.csv"]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ("[terms]\ngrowths = 'a'\n", "unknown field `growths`"),
        ("[terms]\nsigma = 51\n", "at terms.sigma"),
        ("[terms]\ngrowth_from = 15\n", "at terms.growth_from"),
        ("[terms]\ngrowth = 5\n", "at terms.growth"),
        ("[relocation]\nwage = 'a'\n", "unknown field `wage`"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_its_place(tables: str, told: str) -> None:
    with pytest.raises(BadPlan) as refused:
        read_plan(f"{TEXT}\n{tables}".encode(), name="mine.toml")
    assert told in refused.value.message


def test_a_term_of_tariffs_without_tariffs_is_refused() -> None:
    text = TEXT.replace("market_tariff_percent = 3.0\n", "").replace(
        "[[levers.tariff]]", "[[levers.tariff_]]"
    )
    text = "\n".join(
        line for line in text.splitlines() if "levers.tariff" not in line and "rate_percent" not in line
    )
    with pytest.raises(BadPlan, match="a term of tariffs is on and no tariff is given"):
        read_plan(f"{text}\n[terms]\ndemand_tariff = true\n".encode(), name="mine.toml")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (None, FolderFailed),
        ("country,gdp_ratio\nPAK,-1\n", BadTradeFile),
        ("country,gdp_ratio\nPAK,1\n", DataMissing),
    ],
)
def test_a_file_that_will_not_do_ends_the_run_before_the_first_question(
    tmp_path: Path, text: str | None, refusal: type[Exception]
) -> None:
    if text is not None:
        (tmp_path / "g.csv").write_text(text, encoding="utf-8")
    asked: list[str] = []
    with pytest.raises(refusal):
        ask_all(planned(tmp_path, '[terms]\ngrowth = "g.csv"\n'), carried_analyst(), told=asked.append)
    assert asked == []


def test_the_files_of_all_answers_are_listed_once_with_their_digest(tmp_path: Path) -> None:
    path = tmp_path / "growth.csv"
    path.write_text(GROWTH, encoding="utf-8")
    found = known(planned(tmp_path, '[terms]\ngrowth = "growth.csv"\n'))
    analyst = carried_analyst()
    answer = analyst.potential(found.potential, exporter="PAK", market="CHN", year=2019)
    schedule = replace(answer, parameters={"rates": {"name": "t.csv", "sha256": "ab", "duties": []}})
    told = files_used({"potential": answer, "select": answer, "tariff": schedule})
    assert [(one["role"], one["name"]) for one in told] == [("growth", "growth.csv"), ("tariffs", "t.csv")]
    assert told[0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert files_used({"screen": replace(answer, parameters={})}) == []
