"""Files are whole or not there, and secrets are their owner's alone."""

import os
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

import pytest

from rahdari.app import files
from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import SECRET_MODE, read_limited, write_at, write_whole


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


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    # A writer that is not there would be waited for without end; one that is, for as long as it says nothing.
    reading: Future[bytes] = Future()

    def read() -> None:
        try:
            reading.set_result(read_limited(tmp_path / "pipe", size_bytes_max=9))
        except FolderFailed as refusal:
            reading.set_exception(refusal)

    Thread(target=read, daemon=True).start()
    with pytest.raises(FolderFailed, match="no file, but a folder, a pipe"):
        reading.result(timeout=5)
    with pytest.raises(FolderFailed, match="no file, but a folder, a pipe"):
        read_limited(tmp_path, size_bytes_max=9)


def test_what_a_shell_hands_over_is_read_as_it_comes() -> None:
    read, write = os.pipe()
    os.write(write, b"a pass")
    os.close(write)
    try:
        assert read_limited(Path(f"/dev/fd/{read}"), size_bytes_max=9) == b"a pass"
    finally:
        os.close(read)


def test_what_a_cut_left_behind_the_end_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    write_at(file, 0, b"one\n", mode=0o600)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"one\nhalf of tw")
    write_at(file, 4, b"two\n")
    assert file.read_bytes() == b"one\ntwo\n"


def test_a_part_at_a_time_is_written_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, bytes(content[:3])))
    write_at(tmp_path / "lines", 0, b"a longer line\n")
    assert (tmp_path / "lines").read_bytes() == b"a longer line\n"


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_nothing_is_left_of_what_was_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    file = tmp_path / "lines"
    write_at(file, 0, b"one\n")
    write = os.write

    def fail(handle: int, content: bytes = b"") -> int:
        write(handle, bytes(content[:2]))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, fail)
        with pytest.raises(OSError, match="No space"):
            write_at(file, 4, b"two\n")
    assert file.read_bytes() == b"one\n"


def test_a_name_that_is_not_durable_is_no_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "sync_folder", fail)
    with pytest.raises(OSError, match="Input"):
        write_at(tmp_path / "lines", 0, b"one\n")
    assert (tmp_path / "lines").read_bytes() == b""
