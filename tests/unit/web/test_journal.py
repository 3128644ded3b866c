"""The journal's lines: whole, one by one, and never the end of what they tell of."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from rahdari.web.journal import Lines


def test_a_line_that_finds_no_room_is_counted_and_told_of_once_there_is_some() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    reading, writing = os.pipe()
    lines = Lines(descriptor=full)
    try:
        for word in ("first", "second"):
            lines.error(word)
        assert lines.lost == 2
        os.dup2(writing, full)
        lines.info("third")
        lines.info("fourth")
        told, *others = os.read(reading, 4096).splitlines()
        assert json.loads(told)["lines"] == 2
        assert others == [b"third", b"fourth"]
        assert lines.lost == 2
    finally:
        for one in (full, reading, writing):
            os.close(one)


def test_nobody_needs_to_read_them() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = Lines(descriptor=writing)
    lines.info("said to nobody")
    os.close(writing)
    lines.info("said to nobody, through nothing")
    assert lines.lost == 2


def test_what_was_cut_off_stands_on_a_line_of_its_own() -> None:
    reading, writing = os.pipe()
    lines = Lines(descriptor=writing)
    try:
        # More than a pipe holds: the part that went through cannot be taken back.
        lines.warning("x" * (1 << 20))
        assert lines.lost == 1
        held = len(os.read(reading, 1 << 20))
        assert 0 < held < 1 << 20
        lines.info("whole")
        cut, told, whole = os.read(reading, 4096).splitlines()
        assert (cut, json.loads(told)["event"], whole) == (b"", "lines_lost", b"whole")
    finally:
        os.close(reading)
        os.close(writing)


def test_whoever_does_not_read_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    lines = Lines(descriptor=writing)
    try:
        began = time.monotonic()
        for _ in range(2000):
            lines.info("x" * 1000)
        assert time.monotonic() - began < 2
        assert lines.lost > 1900
        read = len(os.read(reading, 1 << 20).splitlines())
        assert read + lines.lost >= 2000
        lines.info("read again")
        assert os.read(reading, 4096).splitlines()[-1] == b"read again"
    finally:
        os.close(reading)
        os.close(writing)


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    lines = Lines(descriptor=handle)
    words = [str(number) * 2000 for number in range(8)]
    threads = [
        threading.Thread(target=lambda one=word: [lines.info(one) for _ in range(50)]) for word in words
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    os.close(handle)
    found = file.read_text(encoding="ascii").splitlines()
    assert sorted(found) == sorted(words * 50)


@pytest.mark.parametrize("line", ["اردو", "中文", "\udc80"])
def test_every_letter_can_be_written(line: str) -> None:
    reading, writing = os.pipe()
    lines = Lines(descriptor=writing)
    try:
        lines.info(line)
        assert lines.lost == 0
        assert os.read(reading, 100) == line.encode("utf-8", "backslashreplace") + b"\n"
    finally:
        os.close(reading)
        os.close(writing)
