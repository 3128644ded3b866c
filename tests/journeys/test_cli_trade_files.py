"""What the flows do not tell is given in files: growth, distances, elasticities, wages, on the command line."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.journeys.commands import CommandLine, Ended

CARRIED = ("--release", "carried", "--year", 2019)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def noted(ended: Ended) -> dict[str, dict[str, object]]:
    assert ended.code == 0, ended.out
    notes = ended.document["notes"]
    assert isinstance(notes, list)
    return {note["code"]: note for note in notes}


def test_growth_distances_and_elasticities_come_from_files_and_are_named_with_their_digest(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    growth = written(
        tmp_path, "gdp.csv", "country,year,gdp_usd\nPAK,2015,1\nPAK,2020,1.2\nCHN,2015,1\nCHN,2020,1.3\n"
    )
    far = written(tmp_path, "km.csv", "exporter,importer,km\nPAK,CHN,3882.9\n")
    strength = written(tmp_path, "e.csv", "product,income_elasticity\n*,0.8\n")
    years = ("--growth", growth, "--growth-from", 2015, "--growth-to", 2020)
    ended = rahdari.json(
        "trade", "potential", *CARRIED, *years, "--distances", far, "--elasticities", strength, "--out",
        tmp_path / "p.json", "--table", "terms",
    )  # fmt: skip
    told = noted(ended)
    assert {"growth_over_years", "growth_not_known", "growth_without_population", "distances_from",
            "distances_not_known", "elasticities_from"} <= set(told)  # fmt: skip
    assert "from 2015 to 2020" in str(told["growth_over_years"]["words"])
    manifest = json.loads((tmp_path / "p.json.manifest.json").read_text(encoding="utf-8"))
    files = {one["role"]: one for one in manifest["parameters"]["files"]}
    assert files["growth"]["sha256"] == hashlib.sha256(growth.read_bytes()).hexdigest()
    assert (files["growth"]["years"], files["distances"]["name"]) == ([2015, 2020], "km.csv")
    rows = ended.document["table"]
    assert isinstance(rows, list)
    terms = {row["term"] for row in rows}
    assert terms == {"share", "share_growth", "imports", "income", "population", "ease", "product_distance"}


def test_a_country_is_supposed_to_grow(rahdari: CommandLine) -> None:
    ended = rahdari.json("trade", "potential", *CARRIED, "--grow", "CHN=1.25:1.0", "--market", "china")
    figures = ended.document["figures"]
    assert isinstance(figures, dict)
    assert figures["supposed_usd"] == pytest.approx(1.25 * figures["potential_usd"], rel=0.01)
    assert rahdari("trade", "potential", *CARRIED, "--grow", "CHN").code == 2
    wrong = rahdari.json("trade", "potential", *CARRIED, "--grow", "CHN=-1")
    assert wrong.problem == "trade.bad_parameter"


def test_the_terms_of_tariffs_need_a_schedule(rahdari: CommandLine, tmp_path: Path) -> None:
    asked = ("trade", "potential", *CARRIED, "--demand-tariff", "--supply-tariff", "--sigma", 2)
    assert rahdari.json(*asked).problem == "trade.no_data"
    schedule = written(
        tmp_path,
        "t.csv",
        "importer,exporter,product,rate_percent,kind\nCHN,,*,8,mfn\nCHN,PAK,26,0,preference\n",
    )
    ended = rahdari.json(*asked, "--tariffs", schedule, "--table", "terms")
    rows = ended.document["table"]
    assert isinstance(rows, list)
    assert {"supply_tariff", "demand_tariff"} <= {row["term"] for row in rows}


def test_wages_labour_and_a_schedule_are_judged_in_the_relocation_screen(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    pay = written(tmp_path, "pay.csv", "country,wage_usd,output_per_worker_usd\nPAK,1,10\nCHN,6,30\n")
    labour = written(tmp_path, "labour.csv", "product,labour_intensity\n26,0.5\n27,0.2\n")
    schedule = written(
        tmp_path,
        "t.csv",
        "importer,exporter,product,rate_percent,kind\nJPN,,*,5,mfn\nJPN,PAK,*,0,preference\n",
    )
    words = ("trade", "relocate", *CARRIED, "--wages", pay, "--labour", labour, "--tariffs", schedule)
    told = noted(rahdari.json(*words))
    assert {"wages_from", "labour_from", "rates_from"} <= set(told)
    assert not {"no_wages", "no_labour", "no_margin"} & set(told)


def test_a_choice_takes_the_same_files_and_no_longer_says_that_it_adds_nothing(
    rahdari: CommandLine, tmp_path: Path
) -> None:
    growth = written(tmp_path, "g.csv", "country,gdp_ratio\nPAK,1.2\nCHN,1.3\n")
    needs = written(tmp_path, "needs.csv", "resource,prefix,per_million_usd,fixed\nberths,,,1\n")
    few = ("--origin", "potential", "--needs", needs, "--budget", "berths=2")
    told = noted(rahdari.json("trade", "select", *CARRIED, *few, "--growth", growth))
    assert {"growth_given", "growth_not_known"} <= set(told)
    assert "static_gains" not in told


def test_diversification_takes_the_same_files(rahdari: CommandLine, tmp_path: Path) -> None:
    growth = written(tmp_path, "g.csv", "country,gdp_ratio\nPAK,1.2\nCHN,1.3\n")
    assert "growth_given" in noted(rahdari.json("trade", "diversify", *CARRIED, "--growth", growth))


@pytest.mark.parametrize(
    ("text", "problem", "words"),
    [
        ("country,year,gdp_usd\nPAK,2015,-1\n", "trade.bad_file", "g.csv: line 2: the gdp_usd is '-1'"),
        ("country,year,gdp_usd\nPakistan,2015,1\n", "trade.bad_file", "line 2: the country is 'Pakistan'"),
        (
            "country,year,gdp_usd\nPAK,2015,1\nPAK,2020,1\n",
            "trade.no_data",
            "has no gdp_usd of 2019; it has 2015 to 2020",
        ),
        ("country,gdp_ratio\nPAK,1.2\n", "trade.no_data", "CHN is none of them"),
        ("country,gdp_ratio\nCHN,1.2\n", "trade.no_data", "PAK is none of them"),
    ],
)
def test_a_file_that_will_not_do_is_refused_with_what_to_mend(
    rahdari: CommandLine, tmp_path: Path, text: str, problem: str, words: str
) -> None:
    ended = rahdari.json("trade", "potential", *CARRIED, "--growth", written(tmp_path, "g.csv", text))
    assert ended.problem == problem
    assert words in ended.out
