"""The journal: a line is there whole or not at all, and two writers take turns."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange import journal as module
from rahdari.app.exchange.journal import Journal
from rahdari.exchange.errors import FolderBusy, LogDamaged


def append(journal: Journal, line: str) -> None:
    with journal.turn():
        journal.new_lines()
        journal.append(line)


def test_lines_are_read_back_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "acts" / "journal")
    assert journal.is_there is False
    append(journal, "one")
    append(journal, "two")
    assert Journal(tmp_path / "acts" / "journal").is_there
    assert journal.new_lines() == []
    other = Journal(tmp_path / "acts" / "journal")
    assert other.new_lines() == ["one", "two"]
    append(journal, "three")
    assert other.new_lines() == ["three"]


def test_a_torn_line_is_cut_off_wherever_it_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    append(Journal(path), "first line")
    whole = path.read_bytes()
    for length in range(1, 12):
        path.write_bytes(whole + b"second line"[:length])
        reader = Journal(path)
        assert reader.new_lines() == ["first line"]
        append(reader, "third line")
        assert Journal(path).new_lines() == ["first line", "third line"]
        path.write_bytes(whole)


def test_a_journal_of_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"\0" * (module._PIECE_BYTES + 5))
    journal = Journal(path)
    append(journal, "one")
    assert path.read_bytes() == b"one\n"


def test_a_journal_that_shrank_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    append(journal, "one")
    append(journal, "two")
    (tmp_path / "journal").write_bytes(b"one\n")
    with pytest.raises(LogDamaged, match="shorter"):
        journal.new_lines()


def test_a_writer_without_a_turn_is_noticed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    append(journal, "one")
    with journal.turn():
        journal.new_lines()
        with (tmp_path / "journal").open("ab") as file:
            file.write(b"stray\n")
        with pytest.raises(LogDamaged, match="another program"):
            journal.append("two")


def test_another_holder_of_the_turn_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    first, second = Journal(tmp_path / "journal"), Journal(tmp_path / "journal")
    with first.turn(), pytest.raises(FolderBusy, match="another process"), second.turn():
        pass
    append(second, "one")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "acts").write_text("a file")
    with pytest.raises(FolderFailed), Journal(tmp_path / "acts" / "journal").turn():
        pass


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands in for the full disk: a write beyond it fails with EFBIG."""
    program = """
import resource, signal, sys
from pathlib import Path
from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
with journal.turn():
    journal.new_lines()
    journal.append("a" * 10)
resource.setrlimit(resource.RLIMIT_FSIZE, (30, 30))
with journal.turn():
    try:
        journal.append("b" * 100)
    except FolderFailed:
        pass
    else:
        raise SystemExit("written")
    journal.append("c" * 10)
"""
    path = tmp_path / "journal"
    words = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=dict(os.environ))  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == b"a" * 10 + b"\n" + b"c" * 10 + b"\n"


def test_threads_take_turns(tmp_path: Path) -> None:
    def write(name: str) -> None:
        journal = Journal(tmp_path / "journal")
        for number in range(20):
            append(journal, f"{name}{number}")

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    lines = Journal(tmp_path / "journal").new_lines()
    assert sorted(lines) == sorted(f"{name}{number}" for name in "abc" for number in range(20))
