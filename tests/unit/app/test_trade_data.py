"""A release is read from CEPII's zip or refused with nothing half-written; what is opened is the newest there."""

import fcntl
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rahdari.app import trade_archive
from rahdari.app.errors import FolderFailed
from rahdari.app.trade_data import find_trade_folder, import_baci, open_flows, read_chapters
from rahdari.trade import BadTradeFile, CountryCode, DataMissing, EngineFailed, Level, MixedRevisions
from rahdari.wire.flow_table import RowFault

FILES = {
    "BACI_HS92_Y2020_V202601.csv": 't,i,j,k,v,q\n2020,4,586,740311,1.5,"   2.000"\n',
    "BACI_HS92_Y2021_V202601.csv": 't,i,j,k,v,q\n2021,4,586,740311,2.5,"      NA"\n2021,586,4,10121,7.000,1\n',
    "country_codes_V202601.csv": (
        "country_code,country_name,country_iso2,country_iso3\n4,Here,HH,AAA\n586,There,TT,DDD\n8,Nowhere,NN,NNN\n"
    ),
    "product_codes_HS92_V202601.csv": "code,description\n10121,Horses\n740311,Copper\n9999AA,Unspecified\n",
    "Readme.txt": "words",
}


def zipped(path: Path, files: dict[str, str], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return path


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return zipped(tmp_path / "BACI_HS92_V202601.zip", FILES)


def test_a_zip_becomes_a_cache_that_answers(release: Path, tmp_path: Path) -> None:
    told = list[tuple[str, int, int]]()
    imported = import_baci(release, tmp_path / "trade", progress=lambda *words: told.append(words))
    assert imported.folder == tmp_path / "trade" / "HS92-202601"
    assert imported.rows_by_year == ((2020, 1), (2021, 2))
    assert [name for name, _, _ in told] == list(FILES)[:2]
    assert told[-1][1] == told[-1][2] == sum(len(FILES[name]) for name in list(FILES)[:2])
    book = open_flows(tmp_path / "trade")
    assert (book.years, [one.code for one in book.countries]) == ((2020, 2021), ["AAA", "DDD"])
    assert book.sold_by(CountryCode("AAA"), [2020, 2021], Level.HS2).of_row("DDD").tolist() == [0.0, 2_000.0]
    assert [one.name for one in book.products(Level.HS2)] == ["Live animals", "Copper"]
    assert book.source.digest == imported.source.digest
    assert "CEPII, BACI, HS92, release 202601" in book.source.attribution


def test_a_folder_with_the_same_files_is_as_good(tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()
    for name, text in FILES.items():
        (tmp_path / "unpacked" / name).write_text(text, encoding="utf-8")
    first = import_baci(tmp_path / "unpacked", tmp_path / "trade")
    assert first.rows_by_year == ((2020, 1), (2021, 2))
    assert first.source.digest == import_baci(tmp_path / "unpacked", tmp_path / "again").source.digest


def test_files_below_one_folder_of_the_zip_are_found(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {f"BACI_HS92_V202601/{name}": text for name, text in FILES.items()})
    assert import_baci(path, tmp_path / "trade").rows_by_year[1] == (2021, 2)


SPOILT = FILES | {
    "BACI_HS92_Y2021_V202601.csv": FILES["BACI_HS92_Y2021_V202601.csv"]
    + "2021,4,8,1,1,1\n2021,4,77,740311,1,1\n"
}


def test_bad_rows_are_refused_by_file_line_and_reason(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", SPOILT)
    with pytest.raises(BadTradeFile, match=r"Y2021_V202601.csv line 4: product k 1; .*line 5: country j 77"):
        import_baci(path, tmp_path / "trade", bad_rows_max=1)
    assert [one.name for one in (tmp_path / "trade").iterdir()] == [".HS92-202601.lock"]


def test_as_many_bad_rows_as_the_caller_allows_are_left_out_and_all_reported(tmp_path: Path) -> None:
    imported = import_baci(zipped(tmp_path / "x.zip", SPOILT), tmp_path / "trade", bad_rows_max=2)
    assert imported.bad_rows_total == 2
    assert [(row.line, row.fault) for _, row in imported.bad_rows] == [
        (4, RowFault.PRODUCT),
        (5, RowFault.COUNTRY),
    ]
    assert imported.rows_by_year == ((2020, 1), (2021, 2))


def without(*gone: str) -> dict[str, str]:
    return {name: text for name, text in FILES.items() if not name.startswith(gone)}


REFUSED: dict[str, tuple[dict[str, str], type[Exception], str]] = {
    "no year": (without("BACI"), BadTradeFile, "no BACI release"),
    "no country list": (without("country"), BadTradeFile, "no BACI release"),
    "no product list": (without("product"), BadTradeFile, "no BACI release"),
    "two releases": (FILES | {"BACI_HS92_Y2019_V202501.csv": "x"}, MixedRevisions, "several revisions"),
    "two revisions": (FILES | {"BACI_HS17_Y2019_V202601.csv": "x"}, MixedRevisions, "several revisions"),
    "the list of another revision": (
        without("product") | {"product_codes_HS17_V202601.csv": "x"},
        MixedRevisions,
        "several revisions",
    ),
    "an unknown revision": (
        {name.replace("HS92", "HS99"): text for name, text in FILES.items()},
        BadTradeFile,
        "HS99 is no revision",
    ),
    "a header of other columns": (
        FILES | {"BACI_HS92_Y2020_V202601.csv": "year,i,j,k,v,q\n"},
        BadTradeFile,
        "line 1",
    ),
    "a name that leads out": (FILES | {"../evil.csv": "x"}, BadTradeFile, "leads out"),
    "an absolute name": (FILES | {"/etc/evil.csv": "x"}, BadTradeFile, "leads out"),
    "a name of another system": (FILES | {"C:\\evil.csv": "x"}, BadTradeFile, "leads out"),
    "two files of one name": (
        FILES | {f"again/{next(iter(FILES))}": "x"},
        BadTradeFile,
        "two files of one name",
    ),
    "too many files": (FILES | {f"{number}.txt": "" for number in range(300)}, BadTradeFile, "at most 200"),
    "a file that swells": (FILES | {"zeros.csv": "0" * (3 << 20)}, BadTradeFile, "swell"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_zip_that_is_no_release_is_refused_with_nothing_written(case: str, tmp_path: Path) -> None:
    files, refusal, told = REFUSED[case]
    with pytest.raises(refusal, match=told):
        import_baci(zipped(tmp_path / "x.zip", files), tmp_path / "trade")
    assert not list((tmp_path / "trade").glob("HS*"))
    assert not list((tmp_path / "trade").glob(".*part"))


def truncated(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def html(_: bytes) -> bytes:
    return b"<!DOCTYPE html><html>Not found</html>"


def flipped(raw: bytes) -> bytes:
    at = raw.index(b"BACI_HS92_Y2021") + 40
    return raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]


def encrypted(raw: bytes) -> bytes:
    at = raw.index(b"PK\x01\x02") + 8
    return raw[:at] + bytes([raw[at] | 1]) + raw[at + 1 :]


def lying(raw: bytes) -> bytes:
    # The central directory says that the first file has one byte less than it has.
    at = raw.index(b"PK\x01\x02") + 24
    size = int.from_bytes(raw[at : at + 4], "little") - 1
    return raw[:at] + size.to_bytes(4, "little") + raw[at + 4 :]


def newer(raw: bytes) -> bytes:
    at = raw.index(b"PK\x01\x02") + 6
    return raw[:at] + (99).to_bytes(2, "little") + raw[at + 2 :]


def misnamed(raw: bytes) -> bytes:
    # Bit 11 says that the names are UTF-8.
    at = raw.index(b"PK\x01\x02")
    raw = raw[: at + 9] + b"\x08" + raw[at + 10 :]
    return raw[: at + 46] + b"\xff\xfe" + raw[at + 48 :]


def patched(raw: bytes) -> bytes:
    at = raw.index(b"PK\x01\x02") + 8
    return b"".join((raw[:6], bytes([raw[6] | 0x20]), raw[7:at], bytes([raw[at] | 0x20]), raw[at + 1 :]))


def moved(raw: bytes) -> bytes:
    at = raw.index(b"PK\x01\x02") + 42
    return raw[:at] + b"\xf0\xff\xff\x7f" + raw[at + 4 :]


def boasting(raw: bytes) -> bytes:
    at = raw.index(b"PK\x05\x06") + 12
    return raw[:at] + (10**9).to_bytes(4, "little") + raw[at + 4 :]


def flooded(_: bytes) -> bytes:
    entry = (
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    )
    table = entry * 6_000
    return table + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 6_000, 6_000, len(table), 0, 0)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (newer, "no whole zip file.*version 9.9"),
        (misnamed, "no whole zip file"),
        (patched, "is damaged"),
        (moved, "no whole zip file|is damaged"),
        (boasting, "no whole zip file|table of contents of 1000000000 bytes"),
        (flooded, "table of contents of 282000 bytes; a release's has at most 262144"),
        (truncated, "no whole zip file"),
        (html, "no whole zip file"),
        (flipped, "is damaged"),
        (encrypted, "is encrypted; BACI is not"),
        (lying, "is damaged"),
    ],
)
def test_a_broken_or_forged_zip_is_refused(
    harm: Callable[[bytes], bytes], told: str, release: Path, tmp_path: Path
) -> None:
    release.write_bytes(harm(release.read_bytes()))
    with pytest.raises(BadTradeFile, match=told):
        import_baci(release, tmp_path / "trade")
    assert not list((tmp_path / "trade").glob("HS*"))


def test_a_zip_is_read_in_whatever_pieces_it_takes(tmp_path: Path) -> None:
    noise = {"Readme.txt": os.urandom(400_000).hex()}
    assert import_baci(zipped(tmp_path / "x.zip", FILES | noise), tmp_path / "trade").rows_by_year


def test_an_unusual_packing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTradeFile, match="method 14"):
        import_baci(zipped(tmp_path / "x.zip", FILES, zipfile.ZIP_LZMA), tmp_path / "trade")


def test_a_zip_that_would_fill_the_disk_is_refused(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trade_archive, "UNPACKED_BYTES_MAX", 100)
    with pytest.raises(BadTradeFile, match="more than 100 bytes"):
        import_baci(release, tmp_path / "trade")


def test_a_file_that_is_not_there_is_a_failed_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderFailed, match=r"absent.zip"):
        import_baci(tmp_path / "absent.zip", tmp_path / "trade")


def test_a_place_that_cannot_be_written_to_is_a_failed_folder(release: Path, tmp_path: Path) -> None:
    (tmp_path / "trade").write_bytes(b"a file stands here")
    with pytest.raises(FolderFailed, match="nothing was changed"):
        import_baci(release, tmp_path / "trade")


def test_two_imports_of_one_release_do_not_run_at_once(release: Path, tmp_path: Path) -> None:
    (tmp_path / "trade").mkdir()
    handle = os.open(tmp_path / "trade" / ".HS92-202601.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(FolderFailed, match="another process"):
            import_baci(release, tmp_path / "trade")
    finally:
        os.close(handle)
    assert import_baci(release, tmp_path / "trade").rows_by_year


def renamed(files: dict[str, str], old: str, new: str) -> dict[str, str]:
    return {name.replace(old, new): text for name, text in files.items()}


def test_the_newest_release_is_opened_and_of_it_the_earliest_revision(release: Path, tmp_path: Path) -> None:
    trade = tmp_path / "trade"
    import_baci(release, trade)
    import_baci(zipped(tmp_path / "a.zip", renamed(FILES, "202601", "202501")), trade)
    import_baci(zipped(tmp_path / "b.zip", renamed(FILES, "HS92", "HS17")), trade)
    assert (open_flows(trade).source.release, open_flows(trade).source.revision) == ("202601", "HS92")
    assert open_flows(trade, "202501").source.release == "202501"
    assert open_flows(trade, "HS17-202601").source.revision == "HS17"


def test_a_release_that_is_not_there_is_no_data_with_the_way_to_it(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="rahdari trade pull baci"):
        open_flows(tmp_path, "199901")
    with pytest.raises(DataMissing):
        open_flows(tmp_path, "../trade")


def test_on_a_fresh_machine_the_carried_minerals_answer(tmp_path: Path) -> None:
    book = open_flows(tmp_path / "nothing here")
    assert (book.years[0], book.years[-1], len(book.countries)) == (1995, 2024, 231)
    pakistan = {
        year: book.sold_by(CountryCode("PAK"), [year], Level.HS6).of_row("CHN").sum()
        for year in range(2019, 2025)
    }
    assert [round(one / 1e6) for one in pakistan.values()] == [151, 194, 300, 343, 296, 322]
    assert book.exports([2023], Level.HS2).values.sum() == 3_007_119_898_426
    assert (
        round(book.imports([2023], Level.HS4).of_row("CHN")[_place(book.products(Level.HS4), "2603")] / 1e8)
        == 585
    )
    assert open_flows(tmp_path, "carried").source == book.source


def _place(products: tuple[object, ...], code: str) -> int:
    return [getattr(one, "code", "") for one in products].index(code)


def test_the_carried_weights_begin_where_the_note_says(tmp_path: Path) -> None:
    book = open_flows(tmp_path)
    value, weight = book.quantities([2020, 2021], Level.HS2)
    assert weight.of_row("2020").sum() == value.of_row("2020").sum() == 0
    assert weight.of_row("2021").sum() > 1e12


def test_another_engine_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed):
        open_flows(tmp_path, engine="sc://127.0.0.1:1")


def test_the_folder_is_the_setting_or_lies_among_the_users_data(tmp_path: Path) -> None:
    assert find_trade_folder("set/here", {"XDG_DATA_HOME": "/ignored"}) == Path("set/here")
    assert find_trade_folder("", {"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "rahdari" / "trade"
    assert find_trade_folder("", {"XDG_DATA_HOME": "relative"}).parts[-4:] == (
        ".local",
        "share",
        "rahdari",
        "trade",
    )


def test_chapters_have_short_names_of_their_own() -> None:
    chapters = read_chapters()
    assert len(chapters) == len({one.code for one in chapters}) == 97
    assert all(len(one.code) == 2 and 0 < len(one.name) <= 40 for one in chapters)


def test_a_published_release_is_read_to_its_known_totals(shared_folder: Path, tmp_path: Path) -> None:
    path = shared_folder / "data" / "trade" / "BACI_HS92_rawmaterials_V202601.zip"
    if not path.is_file():
        pytest.skip("published vectors are absent: no BACI zip in data/trade of the shared folder")
    imported = import_baci(path, tmp_path)
    assert (imported.bad_rows_total, len(imported.rows_by_year)) == (0, 6)
    ours, carried = open_flows(tmp_path), open_flows(tmp_path, "carried")
    for year in ours.years:
        assert ours.exports([year], Level.HS2).values.sum() == carried.exports([year], Level.HS2).values.sum()
