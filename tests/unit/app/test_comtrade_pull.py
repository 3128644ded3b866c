"""Comtrade into the cache: from downloads and from answers, one revision and one side at a time."""

import gzip
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from rahdari.app.comtrade_api import ComtradeApi, Question
from rahdari.app.comtrade_pull import import_comtrade, pull_answers, read_both_sides, read_reports
from rahdari.app.trade_countries import read_territories
from rahdari.app.trade_data import open_flows
from rahdari.app.trade_tables import Heading, import_csv
from rahdari.trade import BadParameter, BadTradeFile, DataMissing, Level, MixedRevisions, Revision
from rahdari.trade.rules.mirror import reconcile
from rahdari.wire import csv_rows
from rahdari.wire.comtrade import LeftOut, Side
from rahdari.wire.trade_csv import Layout
from tests.fakes.publisher import publishing
from tests.unit.wire.comtrade_tables import row, table


def write(folder: Path, name: str, *rows: dict[str, object]) -> Path:
    path = folder / name
    if name.endswith(".json"):
        path.write_text(json.dumps({"data": rows, "error": ""}))
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(table(*rows, sign="\t")))
    else:
        path.write_bytes(table(*rows))
    return path


def test_the_carried_numbers_are_those_of_comtrade() -> None:
    numbers = read_territories().numbering.numbers
    assert {code: numbers[code] for code in ("IND", "USA", "FRA", "CHE", "NOR", "BEL", "DEU", "SDN")} == {
        "IND": 699, "USA": 842, "FRA": 251, "CHE": 757, "NOR": 579, "BEL": 56, "DEU": 276, "SDN": 729,
    }  # fmt: skip
    assert {0, 899} <= read_territories().numbering.areas
    assert {one.name for one in read_territories().countries} >= {"Türkiye", "Côte d'Ivoire", "Curaçao"}
    assert len(read_territories().countries) > 230


def test_the_carried_numbers_agree_with_baci(shared_folder: Path) -> None:
    import polars as pl  # noqa: PLC0415 - only where the data are

    path = shared_folder / "data" / "trade" / "countries_baci.parquet"
    if not path.is_file():
        pytest.skip("published vectors are absent: no data/trade in the shared folder")
    theirs = {
        (number, code) for number, code in pl.read_parquet(path).select("m49", "iso3").rows() if number != 697
    }
    assert theirs <= {(one.number, one.code) for one in read_territories().countries}


def test_files_of_every_form_become_one_release_that_answers(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "a.csv", row(), row(partnerCode=0, partnerISO="W00", primaryValue=9e9)),
        write(tmp_path, "b.json", row(refYear=2022, primaryValue=70), row()),
        write(tmp_path, "c.txt.gz", row(reporterCode=699, reporterISO="IND", primaryValue=5)),
    ]
    seen: list[tuple[str, int, int]] = []
    got = import_comtrade(files, tmp_path, progress=lambda *told: seen.append(told))
    assert got.left_out == {LeftOut.WORLD: 1, LeftOut.REPEATED: 1}
    assert got.imported.rows_by_year == ((2022, 1), (2023, 2))
    assert got.imported.source.revision is Revision.HS22
    assert "UN Comtrade" in got.imported.source.attribution
    assert seen == [("a.csv", 1, 3), ("b.json", 2, 3), ("c.txt.gz", 3, 3)]
    book = open_flows(tmp_path, "comtrade-hs22-exports")
    assert book.years == (2022, 2023)
    assert book.bilateral([2023]).of_row("PAK").tolist() == [1200.0, 0.0, 0.0]
    assert [one.name for one in book.products(Level.HS6)] == ["Copper; cathodes"]


def test_imports_are_another_release_than_exports(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", row(), row(flowCode="M", primaryValue=44))
    import_comtrade([path], tmp_path)
    import_comtrade([path], tmp_path, side=Side.IMPORTS)
    sold, bought = (
        open_flows(tmp_path, f"comtrade-hs22-{side}").bilateral([2023]) for side in ("exports", "imports")
    )
    assert sold.values[sold.rows.index("PAK"), sold.columns.index("CHN")] == 1200
    assert bought.values[bought.rows.index("CHN"), bought.columns.index("PAK")] == 44


def test_a_figure_can_be_made_again_and_another_file_has_another_digest(tmp_path: Path) -> None:
    one, other = write(tmp_path, "a.csv", row()), write(tmp_path, "b.csv", row(primaryValue=3))
    first = import_comtrade([one], tmp_path).imported.source.digest
    assert import_comtrade([one], tmp_path).imported.source.digest == first
    assert import_comtrade([other], tmp_path).imported.source.digest != first


def test_revisions_are_never_mixed_and_the_files_are_named(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "new.csv", row()),
        write(tmp_path, "old.csv", row(refYear=1999, classificationCode="H1")),
    ]
    with pytest.raises(MixedRevisions, match=r"HS96 \(old.csv\), HS22 \(new.csv\)"):
        import_comtrade(files, tmp_path)
    assert not (tmp_path / "comtrade-hs22-exports").exists()


def test_two_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    files = [write(tmp_path, "a.csv", row()), write(tmp_path, "b.csv", row(primaryValue=1))]
    with pytest.raises(BadTradeFile, match="flow of 740311 from 586 to 156 in 2023 two values"):
        import_comtrade(files, tmp_path)


def test_bad_rows_are_named_by_file_and_line_and_allowed_by_number(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", row(), row(refYear=2022, primaryValue="-3"))
    with pytest.raises(BadTradeFile, match=r"1 bad rows, 0 allowed: a.csv line 3: negative primaryValue -3"):
        import_comtrade([path], tmp_path)
    got = import_comtrade([path], tmp_path, bad_rows_max=1)
    assert (got.imported.bad_rows_total, got.imported.rows_by_year) == (1, ((2023, 1),))


def test_slipped_columns_are_refused_with_the_file(tmp_path: Path) -> None:
    names, cells = table(row()).split(b"\n")[:2]
    path = tmp_path / "slipped.csv"
    path.write_bytes(names + b"\n," + cells + b"\n")
    with pytest.raises(BadTradeFile, match=r"slipped.csv: line 2: the columns have slipped"):
        read_reports(path)


def test_files_that_say_nothing_leave_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", row(partnerCode=0, partnerISO="W00"))
    with pytest.raises(DataMissing, match="not one flow"):
        import_comtrade([path], tmp_path)
    with pytest.raises(DataMissing, match="not one flow between two countries is left"):
        import_comtrade([write(tmp_path, "b.csv", row())], tmp_path, side=Side.IMPORTS)
    with pytest.raises(DataMissing, match="there is no file"):
        import_comtrade([tmp_path / "absent.csv"], tmp_path)
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == []


@pytest.mark.parametrize("name", ["../x", "A", "a b", "-", "x" * 70])
def test_a_name_that_is_no_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadParameter):
        import_comtrade([write(tmp_path, "a.csv", row())], tmp_path, name=name)
    with pytest.raises(BadParameter):
        import_comtrade([], tmp_path)


def test_broken_and_swollen_gzip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "a.txt.gz", row())
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(BadTradeFile, match=r"a.txt.gz is broken"):
        read_reports(path)
    path.write_bytes(b"no gzip")
    with pytest.raises(BadTradeFile, match=r"a.txt.gz is broken"):
        read_reports(path)
    monkeypatch.setattr(csv_rows, "BYTES_MAX", 5000)
    path.write_bytes(gzip.compress(b"0" * 10_000))
    with pytest.raises(BadTradeFile, match="unpacks to more than 5000 bytes"):
        read_reports(path)


@pytest.mark.loopback
def test_a_cut_answer_is_asked_for_in_halves_and_kept_answers_are_not_asked_again(tmp_path: Path) -> None:
    partners = (156, 699, 842)

    def answer(path: str, _: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked = parse_qs(urlsplit(path).query)["partnerCode"][0].split(",")
        codes = {"156": "CHN", "699": "IND", "842": "USA"}
        rows = [row(partnerCode=int(one), partnerISO=codes[one]) for one in asked]
        cut = [row()] * 500 if len(asked) > 1 else rows
        return 200, {}, json.dumps({"data": cut, "error": ""}).encode()

    client = httpx.Client(timeout=2, trust_env=False)
    with publishing() as publisher:
        publisher.answer = answer
        with ComtradeApi(address=f"{publisher.url}/", client=client) as api:
            question = Question(586, 2023, Side.EXPORTS, partners)
            paths = pull_answers(api, [question], tmp_path)
            asked = len(publisher.asked)
            assert pull_answers(api, [Question(586, 2023, Side.EXPORTS, (156,))], tmp_path) == (paths[-1],)
            assert len(publisher.asked) == asked == 5
    assert import_comtrade(paths, tmp_path).imported.rows_by_year == ((2023, 3),)


def test_anybodys_csv_becomes_a_release(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("Jahr;Von;Nach;HS;Wert\n2023;PAK;CHN;740311;1.5\n2023;PAK;XXX;740311;9\n")
    layout = Layout(
        year="Jahr", exporter="Von", importer="Nach", product="HS", value="Wert", value_unit_usd=1000
    )
    heading = Heading("own-2023", "A customs table", Revision.HS17, "Source: a customs service")
    with pytest.raises(BadTradeFile, match=r"own.csv line 3: country Nach XXX"):
        import_csv(path, tmp_path, layout, heading)
    got = import_csv(path, tmp_path, layout, heading, bad_rows_max=1)
    assert (got.source.revision, got.bad_rows_total) == (Revision.HS17, 1)
    assert open_flows(tmp_path, "own-2023").bilateral([2023]).of_row("PAK").tolist() == [1500.0, 0.0]


def test_anybodys_csv_without_the_column_is_refused_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("a,b\n1,2\n")
    layout = Layout(year="y", exporter="e", importer="i", product="p", value="v")
    with pytest.raises(BadTradeFile, match=r"own.csv: line 1: 0 columns are called 'y'"):
        import_csv(path, tmp_path, layout, Heading("own", "x", Revision.HS17, "y"))


def test_both_sides_of_a_flow_are_put_beside_each_other(tmp_path: Path) -> None:
    sold = write(tmp_path, "pakistan.csv", row(), row(cmdCode="010121", primaryValue=3))
    china = {
        "reporterCode": 156,
        "reporterISO": "CHN",
        "partnerCode": 586,
        "partnerISO": "PAK",
        "flowCode": "M",
    }
    bought = write(tmp_path, "china.csv", row(**china, primaryValue=1500))
    both = read_both_sides([sold, bought])
    assert both.frame.rows() == [
        (2023, "PAK", "CHN", "010121", 3.0, 0.0),
        (2023, "PAK", "CHN", "740311", 1200.0, 1500.0),
    ]
    told = reconcile(both, freight_share=0.0).to_frame()
    assert told["told_by"].to_list() == ["exporter_only", "both_unrated"]
    assert told["gap_usd"].to_list() == [3.0, -300.0]


def test_both_sides_of_several_revisions_are_not_compared(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "a.csv", row()),
        write(tmp_path, "b.csv", row(flowCode="M", classificationCode="H5")),
    ]
    with pytest.raises(MixedRevisions):
        read_both_sides(files)
