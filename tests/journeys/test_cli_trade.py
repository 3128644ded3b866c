"""An analyst's morning on the command line: questions, files with manifests, and what is refused."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import REPOSITORY
from tests.journeys.commands import CommandLine

CARRIED = ("--release", "carried")


def test_a_question_shows_figures_with_units_rows_and_notes(rahdari: CommandLine) -> None:
    ended = rahdari("trade", "potential", *CARRIED)
    assert ended.code == 0, ended.err
    assert "potential: PAK to CHN, 2024, hs6" in ended.out
    assert "322 m USD" in ended.out
    assert "Nothing grows in this indicator" in ended.out
    assert "Etalab Open Licence" in ended.out


def test_a_file_is_written_with_its_manifest_and_not_twice(rahdari: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "screen.csv"
    ended = rahdari.json("trade", "screen", *CARRIED, "--out", path)
    assert ended.code == 0, ended.out
    assert ended.document["files"] == [str(path), f"{path}.manifest.json"]
    assert pl.read_csv(path)["exporter_code"].unique().to_list() == ["PAK"]
    told = json.loads((tmp_path / "screen.csv.manifest.json").read_text(encoding="utf-8"))
    assert told["scope"] == {"exporter": "PAK", "level": "hs6", "market": "CHN", "years": [2022, 2023, 2024]}
    again = rahdari.json("trade", "screen", *CARRIED, "--out", path)
    assert (again.code, again.problem) == (5, "app.file_exists")
    assert rahdari("trade", "screen", *CARRIED, "--out", path, "--force").code == 0


@pytest.mark.parametrize("suffix", ["parquet", "xlsx", "json"])
def test_every_form_of_file(rahdari: CommandLine, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"path.{suffix}"
    ended = rahdari("trade", "path", *CARRIED, "--out", path)
    assert ended.code == 0, ended.err
    # Not every question looks at the market, though each has one.
    assert "path: PAK to the world, 2024, hs6" in ended.out
    assert path.stat().st_size > 500


def test_levers_are_options(rahdari: CommandLine) -> None:
    words = ("--ease", 1.0, "--capacity", "260300=2e9", "--target", 1e9, "--supposed", 5, "--tariff", 0)
    ended = rahdari.json("trade", "potential", *CARRIED, *words)
    assert ended.code == 0, ended.out
    figures = ended.document["figures"]
    assert isinstance(figures, dict)
    assert figures["levers_add_usd"] > 0
    assert figures["target_usd"] == 1e9


def test_a_tariff_schedule_and_needs_come_from_files(rahdari: CommandLine, tmp_path: Path) -> None:
    schedule, needs = tmp_path / "tariffs.csv", tmp_path / "needs.csv"
    schedule.write_text("importer,exporter,product,rate_percent,kind\nCHN,,*,6,mfn\n", encoding="utf-8")
    needs.write_text("resource,prefix,per_million_usd,fixed\nberths,,,1\n", encoding="utf-8")
    taxed = rahdari.json("trade", "tariff", *CARRIED, "--tariffs", schedule, "--rate", 3)
    assert "rates_from" in str(taxed.document["notes"])
    chosen = rahdari.json("trade", "select", *CARRIED, "--needs", needs, "--budget", "berths=3")
    figures = chosen.document["figures"]
    assert isinstance(figures, dict)
    assert figures["chosen"] == 3


def test_why_a_candidate_is_not_chosen(rahdari: CommandLine) -> None:
    words = ("trade", "select", *CARRIED, "--number-max", 1, "--why-not", "260111")
    told = rahdari.json(*words).document
    assert (told["candidate"], told["reason"]) == ("260111", "outbid")
    assert "what it needs brings more elsewhere" in rahdari(*words).out


def test_another_table_can_be_looked_at(rahdari: CommandLine) -> None:
    ended = rahdari.json("trade", "complexity", *CARRIED, "--table", "countries", "--limit", 3)
    rows = ended.document["table"]
    assert isinstance(rows, list)
    assert len(rows) == 3
    assert rows[0]["eci_rank"] == 1


def test_the_data_that_are_here_are_listed(rahdari: CommandLine) -> None:
    releases = rahdari.json("trade", "data").document["releases"]
    assert isinstance(releases, list)
    assert releases[-1]["release"] == "carried"
    assert releases[-1]["years"] == [1995, 2024]


def test_a_release_is_pulled_from_a_zip_and_asked(
    rahdari: CommandLine, shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipped = shared_folder / "data" / "trade" / "BACI_HS92_rawmaterials_V202601.zip"
    if not zipped.is_file():
        pytest.skip(f"real trade data are absent: no {zipped.name} beside the checkout")
    monkeypatch.setitem(rahdari.environment, "RAHDARI_TRADE_FOLDER", str(tmp_path / "releases"))
    pulled = rahdari.json("trade", "pull", "baci", zipped)
    assert pulled.code == 0, pulled.out
    assert (pulled.document["release"], pulled.document["years"]) == ("HS92-202601", [2019, 2024])
    asked = rahdari.json("trade", "potential")
    figures = asked.document["figures"]
    assert isinstance(figures, dict)
    assert figures["traded_usd"] == 322_329_186
    listed = rahdari.json("trade", "data").document["releases"]
    assert isinstance(listed, list)
    assert [one["release"] for one in listed] == ["HS92-202601", "carried"]


@pytest.mark.parametrize(
    ("words", "code", "problem", "said"),
    [
        ("screen --exporter Pakist", 4, "trade.unknown_country", "perhaps PAK (Pakistan)"),
        ("screen --market PAK", 2, "trade.bad_parameter", "name two countries"),
        ("screen --year 1950", 4, "trade.unknown_year", "1995 to 2024"),
        ("screen --level hs8", 2, "cli.bad_usage", "level"),
        ("screen --window 99", 2, "trade.bad_parameter", "window"),
        ("screen --limit -1", 2, "cli.bad_usage", "0 or more"),
        ("screen --out answer.doc", 2, "trade.bad_parameter", ".csv"),
        ("screen --table none", 2, "trade.bad_parameter", "exports_lorenz"),
        ("screen --release 209901", 4, "trade.no_data", "rahdari trade pull baci"),
        ("potential --tariff 0", 4, "trade.no_data", "suppose one rate"),
        ("potential --ease 2", 2, "trade.bad_parameter", "between 0 and 1"),
        ("potential --capacity 260300", 2, "cli.bad_usage", "name and an amount"),
        ("potential --capacity 999999=5", 4, "trade.unknown_product", "999999"),
        ("potential --target -1", 2, "trade.bad_parameter", "above 0"),
        ("tariff --rate -200", 2, "trade.bad_parameter", "above -1"),
        ("tariff --prefix 99", 4, "trade.unknown_product", "99"),
        ("relocate --donor XXX", 4, "trade.unknown_country", "three letters"),
        ("relocate --donor PAK", 2, "trade.bad_parameter", "itself"),
        ("ladder --chain silk", 2, "trade.bad_parameter", "copper"),
        ("select --share 0", 2, "trade.bad_parameter", "share"),
        ("select --budget acres", 2, "cli.bad_usage", "land_acres=6000"),
        ("select --why-not 999999", 4, "trade.unknown_product", "999999"),
        ("path --horizon 0", 2, "trade.bad_parameter", "years"),
        ("path --target -5", 2, "trade.bad_parameter", "target"),
        ("pull comtrade", 2, "cli.bad_usage", "--reporter"),
        ("pull comtrade --reporter XXX --year 2023", 4, "trade.unknown_country", "XXX"),
        ("pull baci --release 2026", 2, "trade.bad_parameter", "year and a month"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code_and_what_to_do(
    rahdari: CommandLine, words: str, code: int, problem: str, said: str
) -> None:
    data = () if "--release" in words or words.startswith("pull") else CARRIED
    ended = rahdari.json("trade", *words.split(), *data)
    assert (ended.code, ended.problem) == (code, problem), ended.out
    assert said in ended.out


def test_nothing_is_left_in_the_checkout(rahdari: CommandLine) -> None:
    rahdari("trade", "screen", *CARRIED, "--out", "answer.doc")
    assert not (REPOSITORY / "answer.doc").exists()
