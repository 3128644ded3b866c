"""Files are whole or not there, and secrets are their owner's alone."""

from pathlib import Path

import pytest

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import SECRET_MODE, read_limited, write_whole


def test_what_is_written_is_read_and_the_mode_is_the_one_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "secret"
    write_whole(path, b"one", mode=SECRET_MODE)
    write_whole(path, b"two", mode=SECRET_MODE)
    assert read_limited(path, size_bytes_max=3) == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["secret"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "inside").write_bytes(b"kept")
    with pytest.raises(FolderFailed, match="nothing was changed"):
        write_whole(folder, b"a file where a folder is")
    assert (folder / "inside").read_bytes() == b"kept"
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


def test_a_file_that_is_absent_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderFailed, match="cannot read"):
        read_limited(tmp_path / "absent", size_bytes_max=9)
    with pytest.raises(FolderFailed, match="cannot read"):
        read_limited(tmp_path, size_bytes_max=9)
    (tmp_path / "large").write_bytes(b"x" * 10)
    with pytest.raises(BadFile, match="larger than 9"):
        read_limited(tmp_path / "large", size_bytes_max=9)
