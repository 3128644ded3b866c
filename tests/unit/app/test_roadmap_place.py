"""A roadmap's folder is replaced whole, never from under anybody, and put right after a stop."""

import subprocess
import sys
from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed, OutputTaken
from rahdari.app.roadmap.place import FORMAT, MANIFEST, aside_of, move, put_right, require_free


def made(folder: Path, word: str) -> Path:
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(f'{{"format": "{FORMAT}"}}')
    (folder / "report").write_text(word)
    return folder


@pytest.fixture(scope="module")
def gone() -> int:
    """Give the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("name", [".", "..", "../out", "sub/.."])
def test_the_folder_that_one_stands_in_is_not_taken_away(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "out", "old")
    made(tmp_path / "out" / "sub", "older")
    monkeypatch.chdir(tmp_path / "out" / "sub" if name == ".." else tmp_path / "out")
    with pytest.raises(OutputTaken, match="go up and name it"):
        require_free(Path(name), is_replacing=True)


def test_a_folder_named_in_a_roundabout_way_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "out", "old")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("out")
    monkeypatch.chdir(tmp_path / "elsewhere")
    for word, name in (("new", "../out/."), ("newer", "../link")):
        folder = Path(name)
        require_free(folder, is_replacing=True)
        move(made(aside_of(folder), word), folder, is_replacing=True)
        assert (tmp_path / "out" / "report").read_text() == word
    assert sorted(one.name for one in tmp_path.iterdir()) == ["elsewhere", "link", "out"]


def test_what_came_to_be_there_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    aside = made(aside_of(tmp_path / "out"), "mine")
    made(tmp_path / "out", "another's")
    with pytest.raises(OutputTaken, match="since this began"):
        move(aside, tmp_path / "out", is_replacing=False)
    assert (tmp_path / "out" / "report").read_text() == "another's"


def test_after_a_stop_between_the_renames_the_earlier_roadmap_has_its_name_again(
    tmp_path: Path, gone: int
) -> None:
    made(tmp_path / f".out.{gone}.old", "earlier")
    made(tmp_path / f".out.{gone}.new", "half")
    with pytest.raises(OutputTaken):
        require_free(tmp_path / "out", is_replacing=False)
    assert (tmp_path / "out" / "report").read_text() == "earlier"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_a_running_process_writes_is_left_alone(tmp_path: Path) -> None:
    own = made(aside_of(tmp_path / "out"), "mine")
    (tmp_path / ".out.x.new").mkdir()
    made(tmp_path / ".other.1.new", "not ours")
    put_right(tmp_path / "out")
    assert own.is_dir()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_place_that_nobody_can_write_to_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderFailed, match="no folder that may be written to"):
        require_free(tmp_path / "file" / "out", is_replacing=False)
    require_free(tmp_path / "new" / "out", is_replacing=False)
