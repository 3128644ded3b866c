"""The carried table of raw materials is what its maker makes of the published files."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import rahdari.trade
from rahdari.trade.store import read_note
from tests.conftest import REPOSITORY

CARRIED = Path(rahdari.trade.__file__).parent / "data" / "baci-raw-materials"


def test_its_note_tells_its_bytes_its_years_and_its_owner() -> None:
    note = read_note(CARRIED)
    assert note.source.digest == hashlib.sha256((CARRIED / "flows.parquet").read_bytes()).hexdigest()
    assert note.source.attribution.startswith("Source: CEPII, BACI, HS92, release 202601")
    assert [one.year for one in note.years] == list(range(1995, 2025))
    assert sum(one.rows for one in note.years) == 1_264_888
    assert len([one for one in note.products if len(one.code) == 6]) == 74


def test_it_is_small_enough_to_carry() -> None:
    assert (CARRIED / "flows.parquet").stat().st_size <= 6_000_000


def test_its_owner_and_licence_are_named_beside_it() -> None:
    told = (CARRIED / "SOURCE.md").read_text(encoding="utf-8")
    assert "Source: CEPII, BACI, HS92, release 202601" in told
    assert "Etalab Open Licence 2.0" in told


@pytest.mark.slow
def test_its_maker_makes_it_again_byte_for_byte(shared_folder: Path, tmp_path: Path) -> None:
    trade = shared_folder / "data" / "trade"
    archive = trade / "BACI_HS92_rawmaterials_V202601.zip"
    tidy = trade / "flows_baci_hs92_6d_rawmaterials_1995_2024.parquet"
    if not archive.is_file() or not tidy.is_file():
        pytest.skip("published vectors are absent: no BACI files in data/trade of the shared folder")
    maker = REPOSITORY / "examples" / "trade_extract.py"
    subprocess.run([sys.executable, maker, archive, tidy, tmp_path], check=True, capture_output=True)  # noqa: S603
    for name in ("flows.parquet", "release.json"):
        assert (tmp_path / name).read_bytes() == (CARRIED / name).read_bytes(), name
