"""An order that an officer laid down comes into the log once, whatever the disk does with its file."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from rahdari.app.exchange.withholding_desk import SeenOrders, lay_down, take_in
from tests.unit.wire.test_ndel_record_bytes import ORDER


class _Log:
    def __init__(self) -> None:
        self.records: list[bytes] = []

    async def append(self, record: bytes, particulars: bytes) -> int:
        assert not particulars
        self.records.append(record)
        return len(self.records)


def test_an_order_that_cannot_be_taken_away_is_taken_in_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (path,) = lay_down(tmp_path, [ORDER])
    log, seen = _Log(), SeenOrders()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        assert [asyncio.run(take_in(tmp_path, log, seen)) for _ in range(3)] == [1, 0, 0]
    assert path.exists()
    assert len(log.records) == 1
    assert capsys.readouterr().out.count("order_not_taken_away") == 1


def test_another_order_of_the_same_name_is_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (path,) = lay_down(tmp_path, [ORDER])
    log, seen = _Log(), SeenOrders()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        asyncio.run(take_in(tmp_path, log, seen))
    lay_down(tmp_path / "other", [replace(ORDER, id="w-2")])
    next((tmp_path / "other").iterdir()).replace(path)
    assert asyncio.run(take_in(tmp_path, log, seen)) == 1
    assert not path.exists()


def test_what_is_no_order_keeps_none_out_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "a.entry")
    (tmp_path / "b.entry").write_bytes(b"junk")
    lay_down(tmp_path, [ORDER])
    log, seen = _Log(), SeenOrders()
    assert [asyncio.run(take_in(tmp_path, log, seen)) for _ in range(2)] == [1, 0]
    assert capsys.readouterr().out.count("order_not_read") == 2
