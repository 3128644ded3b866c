"""What a log shows over HTTP: its checkpoint and tiles; its records to nobody."""

import asyncio
from pathlib import Path

import pytest

from rahdari.app.exchange.log.serving import show
from rahdari.wire.tlog import read_note
from tests.unit.app.exchange_log.log_scene import Place, opened, put, records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = Place(tmp_path / "log")

    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(300), b"particulars")

    asyncio.run(run())
    return place.folder


def test_the_checkpoint_is_shown_and_never_kept(folder: Path) -> None:
    shown = show(folder, "/log/checkpoint")
    assert (shown.status, shown.media_type, shown.cache_control) == (
        200,
        "text/plain; charset=utf-8",
        "no-store",
    )
    assert read_note(shown.body).text.split("\n")[1] == "300"


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("tile/0/000", 8192),
        ("tile/0/000.p/17", 17 * 32),
        ("tile/0/001.p/44", 44 * 32),
        ("tile/1/000.p/1", 32),
    ],
)
def test_tiles_are_shown_the_partial_ones_of_older_sizes_too(folder: Path, path: str, size: int) -> None:
    shown = show(folder, f"/log/{path}")
    assert (shown.status, len(shown.body)) == (200, size)
    assert "immutable" in shown.cache_control


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/log", "/log/", "/log/lock", "/log/tile/0/002", "/log/tile/0/001", "/log/tile/5/000", "/log/tile",
        "/log/tile/entries/000", "/log/tile/entries/001.p/44", "/log/journal", "/log/../log/checkpoint",
        "/log/tile/0/../../checkpoint", "/log//checkpoint", "/log/checkpoint/", "/log/checkpoint\0", "/checkpoint",
        "/log/tile/0/000.p/256", "/log/kept", "/log/particulars", "/log/tile/0/x000/000",
    ],
)  # fmt: skip
def test_nothing_else_is_shown(folder: Path, path: str) -> None:
    shown = show(folder, path)
    assert shown.status == 404
    assert b"request-" not in shown.body


def test_a_folder_without_a_log_shows_nothing(tmp_path: Path) -> None:
    assert show(tmp_path, "/log/checkpoint").status == 404
