"""A release of BACI from its publisher, a mirror or the disk, into the cache."""

import hashlib
from pathlib import Path

import httpx
import pytest

from rahdari.app import trade_pull
from rahdari.app.downloads import Downloads
from rahdari.app.trade_pull import BaciSource, pull_baci
from rahdari.trade import BadParameter, BadTradeFile, DataMissing, DownloadFailed, Revision
from tests.fakes.publisher import publishing

ZIP = "trade/BACI_HS92_rawmaterials_V202601.zip"


def quick() -> Downloads:
    return Downloads(httpx.Client(timeout=5, trust_env=False), pause=lambda _: None)


@pytest.fixture
def release(shared_folder: Path) -> Path:
    path = shared_folder / "data" / ZIP
    if not path.is_file():
        pytest.skip("published vectors are absent: no data/trade in the shared folder")
    return path


def test_the_usual_address_is_that_of_the_publisher() -> None:
    assert BaciSource().address == "https://www.cepii.fr/DATA_DOWNLOAD/baci/data/BACI_HS92_V202601.zip"
    assert BaciSource(revision=Revision.HS22, release="202501").file_name == "BACI_HS22_V202501.zip"


def test_a_mirror_is_a_folder_or_names_the_zip() -> None:
    assert (
        BaciSource(publisher="https://mirror.example/").address
        == "https://mirror.example/BACI_HS92_V202601.zip"
    )
    named = BaciSource(publisher="https://mirror.example/my.zip")
    assert (named.address, named.file_name) == ("https://mirror.example/my.zip", "my.zip")


@pytest.mark.parametrize(
    "wrong",
    [
        {"release": "2026"},
        {"release": "202613"},
        {"release": "../../x"},
        {"publisher": "https://mirror.example"},
        {"publisher": "https://mirror.example/..zip"},
        {"publisher": "https://mirror.example/a?b=.zip"},
    ],
)
def test_what_would_spoil_an_address_or_a_file_name_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        BaciSource(**wrong)  # type: ignore[arg-type]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="give the zip of a release"):
        pull_baci(tmp_path / "absent.zip", tmp_path)


@pytest.mark.loopback
def test_a_release_is_fetched_broken_off_gone_on_with_and_read(release: Path, tmp_path: Path) -> None:
    raw = release.read_bytes()
    with publishing(raw) as publisher:
        publisher.breaks_after, publisher.breaks_left = 1_000_000, 1
        source = BaciSource(publisher=f"{publisher.url}/", sha256=hashlib.sha256(raw).hexdigest())
        imported = pull_baci(source, tmp_path, open_downloads=quick)
        assert publisher.paths == ["/BACI_HS92_V202601.zip"] * 2
    assert [year for year, _ in imported.rows_by_year] == list(range(2019, 2025))
    assert imported.source.digest == source.sha256
    assert not any((tmp_path / "downloads").iterdir())


@pytest.mark.loopback
def test_a_zip_that_is_kept_is_not_fetched_again(release: Path, tmp_path: Path) -> None:
    with publishing(release.read_bytes()) as publisher:
        source = BaciSource(publisher=f"{publisher.url}/", is_kept=True)
        first = pull_baci(source, tmp_path, open_downloads=quick)
        assert pull_baci(source, tmp_path, open_downloads=quick).source == first.source
        assert len(publisher.asked) == 1


@pytest.mark.loopback
def test_a_zip_that_is_no_release_is_thrown_away(tmp_path: Path) -> None:
    with publishing(b"PK\x03\x04" + b"\0" * 5000) as publisher, pytest.raises(BadTradeFile):
        pull_baci(BaciSource(publisher=f"{publisher.url}/"), tmp_path, open_downloads=quick)
    assert not any((tmp_path / trade_pull.DOWNLOADS_FOLDER).iterdir())


@pytest.mark.loopback
def test_a_publisher_without_the_release_leaves_nothing(tmp_path: Path) -> None:
    with publishing() as publisher:
        publisher.status = 404
        with pytest.raises(DownloadFailed, match="answered 404"):
            pull_baci(BaciSource(publisher=f"{publisher.url}/"), tmp_path, open_downloads=quick)
    assert not any((tmp_path / trade_pull.DOWNLOADS_FOLDER).iterdir())
