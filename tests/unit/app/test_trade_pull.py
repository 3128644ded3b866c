"""A release of BACI from its publisher, a mirror or the disk, into the cache."""

import hashlib
from pathlib import Path

import httpx
import pytest

from rahdari.app import trade_pull
from rahdari.app.downloads import Downloads
from rahdari.app.trade_data import Expected
from rahdari.app.trade_pull import BaciSource, pull_baci
from rahdari.trade import BadParameter, BadTradeFile, DataMissing, DownloadFailed, Revision
from tests.fakes.publisher import publishing
from tests.unit.app.test_trade_data import FILES, zipped

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


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return zipped(tmp_path / "small.zip", FILES)


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (Expected(sha256="a" * 64), "has the SHA-256 [0-9a-f]{64}, not aaaa"),
        (Expected(release="202301"), "holds the release 202601, not 202301"),
        (Expected(revision=Revision.HS17), "is coded by HS92, not HS17"),
    ],
)
def test_a_zip_on_the_disk_that_is_not_what_was_asked_for_is_refused_also_the_second_time(
    expected: Expected, told: str, small: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadTradeFile, match=told):
        pull_baci(small, tmp_path / "trade", expected=expected)
    assert not (tmp_path / "trade").exists()
    pull_baci(small, tmp_path / "trade")
    with pytest.raises(BadTradeFile, match=told):
        pull_baci(small, tmp_path / "trade", expected=expected)
    assert small.is_file()


def test_a_zip_on_the_disk_that_is_what_was_asked_for_is_read(small: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(small.read_bytes()).hexdigest()
    asked = Expected(revision=Revision.HS92, release="202601", sha256=digest)
    assert pull_baci(small, tmp_path / "trade", expected=asked).source.digest == digest


@pytest.mark.parametrize("digest", ["aa", "A" * 64, "g" * 64, "a" * 63])
def test_a_digest_that_is_none_is_a_bad_parameter(digest: str) -> None:
    with pytest.raises(BadParameter, match="64 hexadecimal digits"):
        Expected(sha256=digest)


@pytest.mark.loopback
def test_a_publisher_that_gives_another_release_than_was_asked_for_is_refused(
    small: Path, tmp_path: Path
) -> None:
    with publishing(small.read_bytes()) as publisher:
        for source in (
            BaciSource(publisher=f"{publisher.url}/", release="202301"),
            BaciSource(publisher=f"{publisher.url}/any.zip", release="202301"),
        ):
            with pytest.raises(BadTradeFile, match="holds the release 202601, not 202301"):
                pull_baci(source, tmp_path / "trade", open_downloads=quick)
        assert not list((tmp_path / "trade" / "downloads").glob("*.zip"))
        # A mirror's own name for a file says nothing of what is in it.
        free = BaciSource(publisher=f"{publisher.url}/any.zip")
        assert pull_baci(free, tmp_path / "trade", open_downloads=quick).source.release == "202601"
