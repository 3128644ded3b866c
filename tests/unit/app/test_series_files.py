"""Growth, distances, elasticities and wages from files: read into a wish with their digest, or refused by name."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from rahdari.app.analyst import Analyst
from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.manifests import csv_bytes, digest_of
from rahdari.app.series_files import (
    EvidenceFiles,
    SeriesFiles,
    read_distances,
    read_growth,
    read_incomes,
    read_labour,
    read_wages,
)
from rahdari.trade import (
    BadTradeFile,
    DataMissing,
    PotentialWish,
    RelocateWish,
    Terms,
    UnknownCountry,
    WageGap,
)
from rahdari.wire import country_series
from tests.unit.app.roadmap_scene import carried_analyst

HERE = {"exporter": "PAK", "market": "CHN", "year": 2019}


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def analyst() -> Analyst:
    return carried_analyst()


@pytest.fixture
def growth(tmp_path: Path) -> Path:
    rows = "PAK,2019,100,10\nPAK,2024,130,11\nCHN,2019,1000,1\nCHN,2024,1300,1\nIND,2019,5,1\n"
    return written(tmp_path, f"country,year,gdp_usd,population\n{rows}", "gdp.csv")


def test_growth_is_taken_from_the_year_asked_about_over_five_years(analyst: Analyst, growth: Path) -> None:
    wish = analyst.with_series(SeriesFiles(growth=growth), **HERE)  # type: ignore[arg-type]
    assert wish.terms == Terms(growth=True)
    assert wish.growth.gdp == {"PAK": 1.3, "CHN": 1.3}
    assert wish.growth.population == pytest.approx({"PAK": 1.1, "CHN": 1.0})
    digest = hashlib.sha256(growth.read_bytes()).hexdigest()
    assert [(one.role, one.name, one.sha256, one.years) for one in wish.files] == [
        ("growth", "gdp.csv", digest, (2019, 2024))
    ]


def test_a_country_without_both_years_has_no_growth(growth: Path) -> None:
    told, _ = read_growth(growth, 2019, 2024)
    assert "IND" not in told.gdp


def test_ratios_are_taken_as_they_stand_and_have_no_years(tmp_path: Path) -> None:
    told, used = read_growth(written(tmp_path, "country,gdp_ratio\nPAK,1.2\n"), 1900, 1800)
    assert (told.gdp, told.population, used.years) == ({"PAK": 1.2}, {}, ())


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"growth_from": 2010}, "no gdp_usd of 2010; it has 2019 to 2024. Name two of its years"),
        ({"growth_to": 2030}, "no gdp_usd of 2030"),
        ({"growth_from": 2024, "growth_to": 2019}, "growth from 2024 to 2019 is none"),
    ],
)
def test_years_that_are_missing_are_named(
    analyst: Analyst, growth: Path, files: dict[str, int], told: str
) -> None:
    with pytest.raises(DataMissing, match=told):
        analyst.with_series(SeriesFiles(growth=growth, **files), **HERE)  # type: ignore[arg-type]


def test_years_without_a_file_are_refused(analyst: Analyst) -> None:
    with pytest.raises(DataMissing, match="no file of growth"):
        analyst.with_series(SeriesFiles(growth_from=2015), **HERE)  # type: ignore[arg-type]


def test_a_file_that_does_not_tell_of_the_market_is_refused_when_it_is_read(
    analyst: Analyst, growth: Path
) -> None:
    with pytest.raises(DataMissing, match="JPN is none of them"):
        analyst.with_series(SeriesFiles(growth=growth), exporter="PAK", market="JPN", year=2019)
    with pytest.raises(UnknownCountry):
        analyst.with_series(SeriesFiles(growth=growth), exporter="XXX", market="JPN", year=2019)


def test_distances_and_elasticities_switch_their_terms_on(analyst: Analyst, tmp_path: Path) -> None:
    files = SeriesFiles(
        distances=written(tmp_path, "exporter,importer,km\nCHN,PAK,3882.9\n", "km.csv"),
        elasticities=written(tmp_path, "product,income_elasticity,sigma\n*,,1.5\n26,0.8,\n", "e.csv"),
    )
    wish = analyst.with_series(files, PotentialWish(terms=Terms(net_importer=True)), **HERE)  # type: ignore[arg-type]
    assert (wish.terms.net_importer, wish.terms.product_distance, wish.terms.growth) == (True, True, False)
    assert (wish.terms.sigma.usual, dict(wish.terms.sigma.by_prefix)) == (1.5, {})
    assert (wish.terms.income_elasticity.usual, wish.terms.income_elasticity.by_prefix) == (1.0, {"26": 0.8})
    assert [one.name for one in wish.files] == ["km.csv", "e.csv"]
    assert wish.distances.between("PAK", "CHN") == 3882.9


def test_the_same_way_back_and_a_countrys_way_to_itself_are_not_kept(tmp_path: Path) -> None:
    rows = "PAK,PAK,9\nPAK,CHN,5\nCHN,PAK,5\nPAK,IND,6\nIND,PAK,7\n"
    far, _ = read_distances(written(tmp_path, f"exporter,importer,km\n{rows}"))
    assert far.kilometres == {"PAK": {"CHN": 5.0, "IND": 6.0}, "IND": {"PAK": 7.0}}
    assert (far.between("CHN", "PAK"), far.between("IND", "PAK")) == (5.0, 7.0)


def test_an_answer_with_files_is_made_again_from_its_manifest_alone(analyst: Analyst, growth: Path) -> None:
    wish = analyst.with_series(SeriesFiles(growth=growth), **HERE)  # type: ignore[arg-type]
    answer = analyst.potential(wish, **HERE)  # type: ignore[arg-type]
    manifest = json.loads(analyst.manifest(answer).to_json())
    growth.unlink()
    again = analyst.again(manifest)
    assert digest_of(csv_bytes(again.table)) == manifest["outputs_sha256"]["table"]
    assert manifest["parameters"]["files"][0]["name"] == "gdp.csv"
    # Both grow alike, and nobody else does: the market buys 1.3 times as much, the exporter's share grows by less.
    static = analyst.potential(**HERE)  # type: ignore[arg-type]
    assert answer.figures["potential_usd"] > 1.3 * float(static.figures["potential_usd"] or 0)  # type: ignore[operator]


def test_wages_are_of_the_latest_year_that_has_all_four(tmp_path: Path) -> None:
    rows = "PAK,2017,1,10\nCHN,2017,4,20\nPAK,2018,2,10\nCHN,2018,9,\nPAK,2030,1,1\nCHN,2030,1,1\n"
    path = written(tmp_path, f"country,year,wage_usd,output_per_worker_usd\n{rows}")
    gap, used = read_wages(path, donor="CHN", host="PAK", until=2019)
    assert (gap, used.years) == (WageGap(4.0, 1.0, 20.0, 10.0), (2017,))
    with pytest.raises(DataMissing, match="no year up to 2019 with wage and output of both CHN and VNM"):
        read_wages(path, donor="CHN", host="VNM", until=2019)


def test_wages_without_a_year_are_taken_as_they_stand(tmp_path: Path) -> None:
    path = written(tmp_path, "country,wage_usd,output_per_worker_usd\nPAK,1,10\nCHN,4,20\n")
    assert read_wages(path, donor="CHN", host="PAK", until=1900)[1].years == ()


def test_incomes_are_of_the_latest_year_or_gdp_over_people(tmp_path: Path) -> None:
    heads = written(tmp_path, "country,year,gdp_per_head_usd\nPAK,2018,5\nPAK,2020,6\nCHN,2018,9\n")
    assert read_incomes(heads, until=2019)[0] == {"PAK": 5.0, "CHN": 9.0}
    with pytest.raises(DataMissing, match="of 2000 or before"):
        read_incomes(heads, until=2000)
    levels = written(tmp_path, "country,year,gdp_usd,population\nPAK,2018,50,10\nCHN,2018,9,\n")
    told, used = read_incomes(levels, until=2030)
    assert (told, used.years) == ({"PAK": 5.0}, (2018,))
    plain = written(tmp_path, "country,gdp_per_head_usd\nPAK,7\n")
    assert read_incomes(plain, until=2030)[0] == {"PAK": 7.0}


def test_evidence_is_read_for_donor_and_host(analyst: Analyst, tmp_path: Path) -> None:
    files = EvidenceFiles(
        wages=written(tmp_path, "country,wage_usd,output_per_worker_usd\nPAK,1,10\nVNM,4,20\n", "w.csv"),
        labour=written(tmp_path, "product,labour_intensity\n26,0.4\n2603,0.6\n", "l.csv"),
        incomes=written(tmp_path, "country,gdp_per_head_usd\nPAK,7\n", "i.csv"),
    )
    wish = analyst.with_evidence(files, RelocateWish(donor="vnm"), **HERE)  # type: ignore[arg-type]
    assert wish.wages == WageGap(4.0, 1.0, 20.0, 10.0)
    assert wish.labour == {"26": 0.4, "2603": 0.6}
    assert [one.role for one in wish.files] == ["wages", "labour", "incomes"]
    with pytest.raises(DataMissing, match="both CHN and PAK"):
        analyst.with_evidence(files, **HERE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (lambda path: read_growth(path, 1, 2), "country,wage_usd\nPAK,1\n", "growth needs a column gdp_usd"),
        (
            lambda path: read_growth(path, 1, 2),
            "country,year,gdp_usd\nPAK,2015,-1\n",
            "table.csv: line 2: the gdp_usd",
        ),
        (read_distances, "exporter,importer,km\nPAK,China,1\n", "table.csv: line 2: the importer"),
        (read_labour, "product,sigma\n26,1\n", "needs a column labour_intensity"),
        (read_labour, "product,labour_intensity\n*,1\n", "tells no product from another"),
        (
            lambda path: read_wages(path, donor="A", host="B", until=1),
            "country,wage_usd\nPAK,1\n",
            "wages need the columns",
        ),
        (lambda path: read_incomes(path, until=1), "country,wage_usd\nPAK,1\n", "incomes need"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_name(
    tmp_path: Path, read: object, text: str, told: str
) -> None:
    assert callable(read)
    with pytest.raises(BadTradeFile, match=told):
        read(written(tmp_path, text))


def test_elasticities_without_a_column_of_theirs_are_refused(analyst: Analyst, tmp_path: Path) -> None:
    files = SeriesFiles(elasticities=written(tmp_path, "product,labour_intensity\n26,1\n"))
    with pytest.raises(BadTradeFile, match="income_elasticity, or sigma"):
        analyst.with_series(files, **HERE)  # type: ignore[arg-type]


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderFailed):
        read_distances(tmp_path / "none.csv")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(country_series.BYTES_MAX + 1)
    with pytest.raises(BadFile):
        read_growth(large, 1, 2)


# Real data: what the World Bank and CEPII published, turned into the project's form.


@pytest.fixture(scope="module")
def published(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> SeriesFiles:
    names = ("macro_gdp_worldbank.parquet", "gravity_dist_cepii.parquet")
    sources = [shared_folder / "data" / "trade" / name for name in names]
    for source in sources:
        if not source.is_file():
            pytest.skip(f"published data are absent: no {source.name}")
    folder = tmp_path_factory.mktemp("published")
    gdp, far = folder / "gdp.csv", folder / "far.csv"
    pl.read_parquet(sources[0]).select(
        pl.col("iso3").alias("country"), "year", pl.col("gdp").alias("gdp_usd")
    ).drop_nulls().filter(pl.col("year") >= 2010).write_csv(gdp)
    pl.read_parquet(sources[1]).select(
        pl.col("iso_o").alias("exporter"), pl.col("iso_d").alias("importer"), pl.col("dist").alias("km")
    ).drop_nulls().unique(("exporter", "importer")).write_csv(far)
    return SeriesFiles(growth=gdp, growth_from=2015, growth_to=2020, distances=far)


def test_pakistans_potential_in_china_with_the_worlds_growth_of_five_years(
    analyst: Analyst, published: SeriesFiles
) -> None:
    growing = SeriesFiles(growth=published.growth, growth_from=2015, growth_to=2020)
    wish = analyst.with_series(growing, **HERE)  # type: ignore[arg-type]
    assert wish.growth.gdp["CHN"] == pytest.approx(1.331, abs=0.01)
    answer = analyst.potential(wish, **HERE)  # type: ignore[arg-type]
    static = analyst.potential(**HERE).figures["potential_usd"]  # type: ignore[arg-type]
    assert isinstance(static, float)
    assert static == pytest.approx(151_392_415)
    # Demand grows by China's 1.33; Pakistan's own GDP in dollars fell behind the world's, and its shares with it.
    potential = answer.figures["potential_usd"]
    assert isinstance(potential, float)
    assert static < potential < 1.331 * 1.05 * static
    told = {one.code: one.values for one in answer.notes}
    assert 0 < int(str(told["growth_not_known"]["countries"])) < 40


def test_distance_takes_away_and_never_adds(analyst: Analyst, published: SeriesFiles) -> None:
    wish = analyst.with_series(SeriesFiles(distances=published.distances), **HERE)  # type: ignore[arg-type]
    answer = analyst.potential(wish, **HERE)  # type: ignore[arg-type]
    factors = answer.tables["terms"].filter(pl.col("term") == "product_distance")["value"]
    assert bool(factors.is_between(0, 1, closed="right").all())
    assert float(answer.figures["potential_usd"] or 0) < 151_392_415
    told = {one.code: one.values for one in answer.notes}
    assert float(str(told["distances_not_known"]["traded_share"])) < 0.2
